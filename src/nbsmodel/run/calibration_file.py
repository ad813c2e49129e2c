"""``calibration.yaml``: which parameters of a model are fitted, between which bounds, to which targets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from nbsmodel.config.analyses_points import Between
from nbsmodel.config.scenario import Scenario, check_changes, make_settings
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.formula.parse import FormulaError
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.parameters import constant
from nbsmodel.model.schema import Name, Num, Strict, Text, Whole
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import Document, read_yaml, shown
from nbsmodel.run.published import Cited, unknown_names
from nbsmodel.run.runs import Runs

FILE = "calibration.yaml"

#: A target with a standard error is met within its 95% interval.
Z95 = 1.959963984540054
MOST_STARTS, MOST_VALUES = 1_000, 200


def _constant(value: object) -> object:
    """Arithmetic such as 1/46000 is allowed, as in parameters.csv."""
    if not isinstance(value, str):
        return value
    try:
        return constant(value)
    except FormulaError as error:
        raise ValueError(f"{value!r}: {error}") from None


Value = Annotated[Num, BeforeValidator(_constant)]


class FittedSchema(Strict):
    """A parameter that is fitted."""

    between: Between
    note: Text = ""


class CalibrationTarget(Cited):
    """What is known of the results, and how closely it is to be met."""

    value: Num
    se: Annotated[Num, Field(gt=0)] | None = None
    within: Annotated[Num, Field(gt=0)] | None = None
    tolerance: Annotated[Num, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> CalibrationTarget:
        if sum(v is not None for v in (self.se, self.within, self.tolerance)) != 1:
            raise ValueError("give exactly one of `se`, `within` (absolute) and `tolerance` (relative)")
        if self.tolerance is not None and self.value == 0:
            raise ValueError("a `tolerance` is a share of the value, which is 0; give `within`")
        return self

    @property
    def scale(self) -> float:
        """What the residual is divided by."""
        if self.tolerance is not None:
            return self.tolerance * abs(self.value)
        return self.se if self.se is not None else self.within or 1.0

    @property
    def allowed(self) -> float:
        """How far ours may lie from the target."""
        return self.scale * (Z95 if self.se is not None else 1.0)


class ProfileSchema(Strict):
    """A parameter that is fixed at each of some values, while the others are fitted again."""

    fix: Name
    at: Annotated[list[Value], Field(min_length=1, max_length=MOST_VALUES)]


class CalibrationSchema(Strict):
    """``calibration.yaml``."""

    title: Text
    note: Text = ""
    parameters: Annotated[dict[Name, FittedSchema], Field(min_length=1)]
    targets: Annotated[list[CalibrationTarget], Field(min_length=1)]
    starts: Annotated[Whole, Field(ge=1, le=MOST_STARTS)] = 20
    as_good: Annotated[Num, Field(ge=0)] = 0.01
    profiles: list[ProfileSchema] = []


def load_calibration(scenario: Scenario) -> CalibrationSchema | None:
    """What a model says of its calibration, checked; None when it has no ``calibration.yaml``.

    Parameters
    ----------
    scenario : Scenario
        Its overrides are the values in force.

    Raises
    ------
    InputError
        With every problem found.
    """
    path = scenario.model.folder / FILE
    if not path.is_file():
        return None
    problems = Problems()
    document = read_yaml(path)
    schema = check_shape(document, CalibrationSchema, problems)
    problems.raise_if_any()
    assert schema is not None
    for name in schema.parameters:
        _check_fitted(scenario, schema, name, document, problems)
    for i, profile in enumerate(schema.profiles):
        place = document.place("profiles", i, "fix")
        if _is_free(scenario, profile.fix, place, problems):
            for k, value in enumerate(profile.at):
                _check_value(scenario, profile.fix, value, document.place("profiles", i, "at", k), problems)
            if set(schema.parameters) == {profile.fix}:
                problems.add(place, f"{profile.fix} is all that is fitted; fixing it leaves nothing.", "Leave it out.")
    for i, target in enumerate(schema.targets):
        _check_target(scenario, schema, target, i, document, problems)
    problems.raise_if_any()
    return schema


def required(scenario: Scenario) -> CalibrationSchema:
    """The same, refused when the model has none."""
    schema = load_calibration(scenario)
    if schema is None:
        fix = "Write one: which parameters move between which bounds, and the targets."
        raise InputError([Problem(shown(Path(scenario.model.folder)), f"this model has no {FILE}.", fix)])
    return schema


def bounds(scenario: Scenario, schema: CalibrationSchema) -> dict[str, tuple[float, float]]:
    """Bounds of every fitted parameter; a percentage is of its value in force."""
    base = Runs(scenario).values
    return {name: fitted.between.around(base[name]) for name, fitted in schema.parameters.items()}


def _check_fitted(
    scenario: Scenario, schema: CalibrationSchema, name: str, document: Document, problems: Problems
) -> None:
    place = document.place("parameters", name)
    if not _is_free(scenario, name, place, problems):
        return
    value = Runs(scenario).values[name]
    low, high = schema.parameters[name].between.around(value)
    at = document.place("parameters", name, "between")
    if not low < high:
        problems.add(at, f"a percentage of the value in force, {low:g}.", "Write [low, high].")
        return
    for end in (low, high):
        _check_value(scenario, name, end, at, problems)
    if not low <= value <= high:
        problems.add(at, f"the value in force, {value:g}, lies outside {low:g} to {high:g}.", "Widen the bounds.")


def _is_free(scenario: Scenario, name: str, place: str, problems: Problems) -> bool:
    """Whether a name is a parameter that may move by itself."""
    model = scenario.model
    if name not in model.parameters.rows:
        derived = name in model.derived
        found = f"{name} is a derived value." if derived else f"no parameter is named {name}."
        fix = f"Name a parameter behind it: {model.derived[name].formula.text}" if derived else ""
        problems.add(place, found, fix or nearest(name, model.parameters.rows))
        return False
    for group in model.parameters.groups:
        if isinstance(group, Dirichlet) and name in group.members:
            found = f"{name} is a share of one whole ({', '.join(group.members)}) and cannot move by itself."
            problems.add(place, found, "Calibrate a parameter that is no share, and derive the shares from it.")
            return False
    return True


def _check_value(scenario: Scenario, name: str, value: float, place: str, problems: Problems) -> None:
    unit = scenario.model.parameters.rows[name].unit
    low, high = legal_range(unit)
    if not low <= value <= high:
        problems.add(place, f"{value:g} is no {unit}.", f"It must be {range_text(unit)}.")


def _check_target(
    scenario: Scenario, schema: CalibrationSchema, target: CalibrationTarget, i: int, document: Document,
    problems: Problems,
) -> None:  # fmt: skip
    place = document.place("targets", i)
    for found, fix in unknown_names(target, scenario.model):
        problems.add(place, found, fix)
    given = target.with_
    try:
        check_changes(scenario.model, given.overrides, given.choices)
        make_settings(scenario.model, scenario.settings.as_written() | given.settings, "settings")
    except InputError as error:
        problems.items += [Problem(f"{place} with > {p.place}", p.found, p.fix) for p in error.problems]
    moved = {*schema.parameters, *(p.fix for p in schema.profiles)}
    for name in given.overrides:
        if name in moved:
            problems.add(
                f"{place} with", f"{name} is fitted or profiled, so it cannot stand at a number.", "Remove it."
            )
