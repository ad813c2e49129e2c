"""``published.yaml``: published results of a model and how ours are read off for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from nbsmodel.config.scenario import check_changes, make_settings
from nbsmodel.errors import Problems, nearest
from nbsmodel.model.parts import Model, paths
from nbsmodel.model.schema import CLASSES, FormulaText, Name, Num, Strict, Text
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import read_yaml
from nbsmodel.run.find import find_models

FILE = "published.yaml"

_KINDS = ("total", "difference", "icer", "nmb", "occupancy", "class_", "path", "value")


class MeasureSchema(Strict):
    """What is read off a run; see section 7 of the model language."""

    total: Name | None = None
    difference: Name | None = None
    icer: Name | None = None
    nmb: Name | None = None
    occupancy: Name | None = None
    class_: Name | None = Field(None, alias="class")
    path: list[Name] | None = None
    value: FormulaText | None = None
    strategy: Name | None = None
    versus: Name | None = None
    component: Text | None = None
    cohort: Name | None = None
    cycle: Annotated[int, Field(ge=0, strict=True)] | None = None
    threshold: Num | None = None
    undiscounted: Annotated[bool, Field(strict=True)] = False
    per: Literal["birth", "patient", "year", "case"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> MeasureSchema:
        kinds = [k for k in _KINDS if getattr(self, k) is not None]
        if self.path is not None and self.total is not None:
            kinds.remove("total")
        if len(kinds) != 1:
            raise ValueError("give exactly one of total, difference, icer, nmb, occupancy, class, path, value")
        needed = {
            "total": ["strategy"], "difference": ["strategy", "versus"], "icer": ["versus"], "nmb": ["threshold"],
            "occupancy": ["cohort", "cycle", "strategy"], "class_": ["strategy"], "path": ["strategy"], "value": [],
        }[kinds[0]]  # fmt: skip
        missing = [n for n in needed if getattr(self, n) is None]
        if missing:
            raise ValueError(f"{kinds[0].rstrip('_')} needs {' and '.join(missing)}")
        return self

    @property
    def kind(self) -> str:
        """Which measure this is."""
        if self.path is not None:
            return "path"
        return next(k for k in _KINDS if getattr(self, k) is not None)


class WithSchema(Strict):
    """The run a target belongs to."""

    settings: dict[str, Any] = {}
    overrides: dict[Name, Num] = {}
    choices: dict[Name, Name] = {}


class Cited(Strict):
    """A quantity of a source, and how ours is read off."""

    quantity: Text
    measure: MeasureSchema
    source: Text
    where: Text = ""
    note: Text = ""
    with_: WithSchema = Field(WithSchema(), alias="with")


class TargetSchema(Cited):
    """One published quantity."""

    value: Num | None = None
    range: tuple[Num, Num] | None = None
    tolerance: Annotated[Num, Field(ge=0)] | None = None
    within: Annotated[Num, Field(ge=0)] | None = None
    noise: Annotated[bool, Field(strict=True)] = False
    kind: Literal["exact", "published", "benchmark", "calibrated"]
    reason: Text = ""

    @model_validator(mode="after")
    def _complete(self) -> TargetSchema:
        if (self.value is None) == (self.range is None):
            raise ValueError("give exactly one of `value` and `range`")
        if self.range is not None and self.kind != "benchmark":
            raise ValueError("a `range` is a benchmark")
        if self.kind in ("exact", "published") and self.tolerance is None and self.within is None:
            raise ValueError("give a `tolerance` (relative) or `within` (absolute)")
        return self


class SimulationSchema(Strict):
    """How a model is simulated whose children cannot be followed as a cohort."""

    individuals: Annotated[int, Field(ge=1, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)] = 1


class PublishedSchema(Strict):
    """``published.yaml``."""

    study: Text
    note: Text = ""
    simulation: SimulationSchema | None = None
    results: Annotated[list[TargetSchema], Field(min_length=1)]


def load_published(model: Model) -> PublishedSchema | None:
    """Published results of a model, or None when it has none.

    Raises
    ------
    InputError
        With every problem found.
    """
    path = model.folder / FILE
    if not path.is_file():
        return None
    problems = Problems()
    document = read_yaml(path)
    schema = check_shape(document, PublishedSchema, problems)
    problems.raise_if_any()
    assert schema is not None
    for i, target in enumerate(schema.results):
        for found, fix in unknown_names(target, model):
            problems.add(document.place("results", i), found, fix)
        with problems.gather():
            check_changes(model, target.with_.overrides, target.with_.choices)
            make_settings(model, target.with_.settings, document.place("results", i, "with", "settings"))
    problems.raise_if_any()
    return schema


def unknown_names(target: Cited, model: Model) -> Iterator[tuple[str, str]]:
    """What a target names that its model does not have, each with the nearest name."""
    measure = target.measure
    if target.source not in model.sources:
        yield f"the source {target.source} is not in sources.yaml.", nearest(target.source, model.sources)
    for name in (measure.strategy, measure.versus, measure.icer, measure.nmb):
        if name is not None and name not in model.strategy_names:
            yield f"no strategy is named {name}.", nearest(name, model.strategy_names)
    if measure.class_ is not None and measure.class_ not in CLASSES:
        yield f"no class is named {measure.class_}.", nearest(measure.class_, CLASSES)
    if measure.component is not None and measure.component not in components(model):
        yield f"no payoff has the component {measure.component}.", nearest(measure.component, components(model))
    if measure.per in ("birth", "patient") and measure.per != model.about["basis"]:
        yield f"results are per {model.about['basis']}, not per {measure.per}.", f"Write per: {model.about['basis']}."
    for name in (measure.total, measure.difference):
        if name is not None and name not in model.outcomes:
            yield f"no outcome is named {name}.", nearest(name, model.outcomes)
    if measure.cohort is not None:
        if measure.cohort not in model.cohorts:
            yield f"no cohort is named {measure.cohort}.", nearest(measure.cohort, model.cohorts)
        elif measure.occupancy is not None and measure.occupancy not in model.cohorts[measure.cohort].state_names:
            states = model.cohorts[measure.cohort].state_names
            yield f"{measure.cohort} has no state {measure.occupancy}.", nearest(measure.occupancy, states)


def components(model: Model) -> set[str]:
    """Every component that some payoff of a model is booked under."""
    of_tree = {p.account.component for path in paths(model.tree) for b in path for p in b.payoffs}
    found = set(of_tree)
    for cohort in model.cohorts.values():
        found |= {p.account.component for p in cohort.state_payoffs}
        found |= {p.account.component for p in cohort.start_payoffs}
        found |= {p.account.component for p in cohort.move_payoffs}
    return found


def models_with_published(folder: Path) -> list[Path]:
    """Model folders below a folder that hold published results, in the order of their names."""
    return [path for path in find_models(folder) if (path / FILE).is_file()]
