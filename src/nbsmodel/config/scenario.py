"""A scenario: a config with all it extends, merged, checked and frozen; every change logged.

Order of priority, from weakest to strongest: defaults of `Settings`, ``settings`` of the model file,
then the config as `merge` puts it together.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbsmodel.config.analyses import Analyses
from nbsmodel.config.merge import (
    SIMULATED,
    ConfigSchema,
    Merged,
    Part,
    merge_document,
    merge_file,
    merge_set,
    onto,
    validated,
)
from nbsmodel.config.reference_case import departures, reference_settings
from nbsmodel.config.settings import INDIVIDUALS, MOST_FOR_PRECISION, Precision, Settings, presets_in
from nbsmodel.config.shares import check_shares
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.attributes import individual_places
from nbsmodel.model.load import load_model
from nbsmodel.model.parts import Model
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import Document, shown
from nbsmodel.reference.thresholds import Preset

ENGINES = ("cohort", "microsimulation")


@dataclass(frozen=True)
class Change:
    """A value that a config changed."""

    key: str
    old: Any
    new: Any
    place: str


@dataclass(frozen=True)
class Scenario:
    """A model with everything needed to run it.

    Parameters
    ----------
    name : str
        File name of the config without its ending.
    title, note : str
    model : Model
    settings : Settings
    overrides : dict of str to float
        Parameters and derived values replaced by a number.
    choices : dict of str to str
        The option in force, for every choice of the model.
    engine : str
    seed : int
    reference_case : tuple of (Path, Settings) or None
    reasons : mapping of str to str
        Why a setting departs from the reference case, by setting.
    changes : tuple of Change
        Old and new of everything that differs from the model as its folder has it.
    files : tuple of Path
        Every file read.
    places : dict of str to str
        File and line of every setting that stands in a file, and of what is asked of a simulation.
    individuals : int
        Children simulated by a microsimulation; the most, where a precision is asked for.
    precision : Precision or None
        When to stop earlier.
    children : bool
        Whether the simulated children are written out one by one.
    analyses : Analyses
        What is made beyond the run at base values.
    analyses_given : mapping of str to object
        The same as the configs have it.
    presets : tuple of Preset
        Presets that the thresholds were taken from.
    """

    name: str
    title: str
    note: str
    model: Model
    settings: Settings
    overrides: dict[str, float]
    choices: dict[str, str]
    engine: str
    seed: int
    reference_case: tuple[Path, Settings] | None
    changes: tuple[Change, ...]
    files: tuple[Path, ...]
    places: dict[str, str]
    individuals: int = INDIVIDUALS
    precision: Precision | None = None
    children: bool = False
    analyses: Analyses = Analyses()
    analyses_given: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    presets: tuple[Preset, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether children are simulated."""
        return self.engine == "microsimulation"

    @contextmanager
    def locating(self) -> Iterator[None]:
        """Add file and line to problems of a run that name only the setting."""
        try:
            yield
        except InputError as error:
            raise InputError([self._located(p) for p in error.problems]) from None

    def _located(self, problem: Problem) -> Problem:
        place = re.match(rf"settings\.(\w+)|({'|'.join(SIMULATED)})$", problem.place)
        key = place[1] or place[2] if place else ""
        if place is None or key not in self.places:
            return problem
        return Problem(self.places[key] + problem.place[place.end() :], problem.found, problem.fix)

    def departures(self) -> list[tuple[str, Any, Any]]:
        """Settings that differ from the reference case: key, reference, ours."""
        if self.reference_case is None:
            return []
        return departures(self.reference_case[1], self.settings)


def load_scenario(
    config: str | Path, sets: Sequence[str] = (), over: Callable[[Merged], None] | None = None
) -> Scenario:
    """Load a config, or a model folder as it is.

    Parameters
    ----------
    config : str or Path
        A config file, or a model folder.
    sets : sequence of str
        ``key=value`` changes, as on the command line.
    over : callable, optional
        Handed what was merged, to put more over it.

    Raises
    ------
    InputError
        With every problem of the config and its model.
    """
    config = Path(config)
    problems = Problems()
    merged = Merged()
    files: list[Path] = []
    if os.path.isdir(config):
        merged.single["model"] = (".", shown(config), config)
    else:
        merge_file(config, merged, files, problems)
    for text in sets:
        merge_set(text, merged, problems)
    if over is not None:
        over(merged)
    return _build(config, merged, files, problems)


def make_settings(model: Model, given: Mapping[str, Any], place: str = "settings") -> Settings:
    """Settings of a model with some of them changed, checked."""
    merged = _settings_of(model) | {key: (value, place) for key, value in given.items()}
    problems = Problems()
    settings = _settings(merged, problems)
    problems.raise_if_any()
    assert settings is not None
    return settings


def check_changes(
    model: Model, overrides: Mapping[str, Any], choices: Mapping[str, Any]
) -> tuple[dict[str, float], dict[str, str]]:
    """Overrides and choices given from Python or a list of targets, checked like those of a config."""
    problems = Problems()
    merged = Merged()
    document = Document(Path("changes"), {"overrides": dict(overrides), "choices": dict(choices)})
    schema = check_shape(document, ConfigSchema, problems)
    problems.raise_if_any()
    assert schema is not None
    merge_document(document, schema, merged)
    found = _overrides(model, merged, problems), _choices(model, merged, problems)
    problems.raise_if_any()
    return found


def _settings_of(model: Model) -> dict[str, tuple[Any, str]]:
    return {key: (value, model.settings_places[key]) for key, value in model.settings.items()}


def _onto_model(
    model: Mapping[str, tuple[Any, str]], given: Mapping[str, tuple[Any, str]]
) -> dict[str, tuple[Any, str]]:
    """Settings of a config put over those of the model file."""
    whole = dict(model)
    defaults = Settings().as_written()
    for key, (value, place) in given.items():
        if isinstance(value, Part):
            value = onto(whole[key][0] if key in whole else defaults.get(key), value)
        whole[key] = (value, place)
    return whole


def _build(config: Path, merged: Merged, files: list[Path], problems: Problems) -> Scenario:
    if merged.panel:
        place = next(iter(merged.panel.values()))[1]
        problems.add(place, "this is a panel of several conditions; one condition is needed here.", "Name its config.")
        problems.raise_if_any()
    if "model" not in merged.single:
        problems.raise_if_any()
        problems.add(
            shown(config),
            "the key model is missing.",
            "Name its folder, as in `model: ../../models/x/y`.",
        )
        problems.raise_if_any()
    folder = merged.single["model"][2] / merged.single["model"][0]
    try:
        model = load_model(folder, *merged.single.get("price_year", ())[:2])
    except InputError as error:
        if not os.path.isdir(folder):
            first = error.problems[0]
            raise InputError(
                [*problems.items, Problem(merged.single["model"][1], f"{first.place}: {first.found}", first.fix)]
            ) from None
        raise InputError([*problems.items, *error.problems]) from None
    of_model = _settings_of(model)
    all_settings = _onto_model(of_model, merged.settings)
    base = _settings(of_model, problems)
    settings = _settings(all_settings, problems)
    overrides = _overrides(model, merged, problems)
    choices = _choices(model, merged, problems)
    reference = reference_settings(merged, problems, files)
    presets = _presets(model, all_settings, problems)
    precision = _precision(model, merged, problems)
    analyses = _analyses(merged, problems)
    problems.raise_if_any()
    assert settings is not None and base is not None
    return Scenario(
        name=config.stem if not os.path.isdir(config) else model.folder.name,
        title=merged.single.get("title", (model.about["title"],))[0],
        note=" ".join(str(merged.single.get("note", ("",))[0] or "").split()),
        model=model,
        settings=settings,
        overrides=overrides,
        choices=choices,
        engine=merged.single.get("engine", ("cohort",))[0],
        seed=merged.single.get("seed", (1,))[0],
        reference_case=reference,
        changes=tuple(_changes(model, base, settings, overrides, choices, merged)),
        files=(*dict.fromkeys(files), *model.files),
        places={key: place for key, (_, place) in all_settings.items()}
        | {key: merged.single[key][1] for key in SIMULATED if key in merged.single}
        | {f"analyses.{key}": place for key, (_, place) in merged.analyses.items()}
        | {f"departures.{key}": place for key, (_, place) in merged.departures.items()},
        individuals=merged.single.get("individuals", (INDIVIDUALS if precision is None else MOST_FOR_PRECISION,))[0],
        precision=precision,
        children=merged.single.get("children", (False,))[0],
        analyses=analyses,
        analyses_given={key: block for key, (block, _) in merged.analyses.items() if block is not None},
        reasons={key: reason for key, (reason, _) in merged.departures.items()},
        presets=presets,
    )


def refuse_individual(model: Model, replaced: Iterable[str]) -> None:
    """Refuse what the cohort engine cannot follow: formulas that differ between the children of a cohort.

    Parameters
    ----------
    model : Model
    replaced : iterable of str
        Derived values that stand at a number.

    Raises
    ------
    InputError
        At the first such formula, with the attributes and counts that are used.
    """
    places = individual_places(model, replaced)
    if places:
        names = list(dict.fromkeys(name for _, name in places))
        listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        found = f"the cohort engine cannot follow {listed}: they differ between the children of a cohort."
        raise InputError(
            [
                Problem(
                    places[0][0],
                    found,
                    "Add `engine: microsimulation` to the config (or --set engine=microsimulation).",
                )
            ]
        )


def _precision(model: Model, merged: Merged, problems: Problems) -> Precision | None:
    schema, place, _ = merged.single.get("precision", (None, "", None))
    if schema is None:
        return None
    precision: Precision = schema.inmb
    basis = model.about["basis"]
    if precision.per not in (basis, "case"):
        fix = f"Write per {basis}, or per case for a child with the condition."
        problems.add(place, f"results are per {basis}, not per {precision.per}.", fix)
    return precision


def _settings(merged: Mapping[str, tuple[Any, str]], problems: Problems) -> Settings | None:
    return validated(Settings, "settings", merged, problems)


def _analyses(merged: Merged, problems: Problems) -> Analyses:
    given = {key: value for key, value in merged.analyses.items() if value[0] is not None}
    analyses = validated(Analyses, "analyses", given, problems) or Analyses()
    for name in analyses.without_draws:
        problems.add(given[name][1], "this reads the draws of a probabilistic analysis.", "Add `psa`.")
    return analyses


def _overrides(model: Model, merged: Merged, problems: Problems) -> dict[str, float]:
    found = {}
    for name, (value, place) in merged.overrides.items():
        row = model.parameters.rows.get(name)
        if row is None and name not in model.derived:
            known = [*model.parameters.rows, *model.derived]
            problems.add(place, f"no such parameter in {shown(model.folder)}.", nearest(name, known))
            continue
        unit = row.unit if row is not None else model.derived[name].unit
        low, high = legal_range(unit)
        if not (math.isfinite(value) and low <= value <= high):
            problems.add(place, f"{value:g} is no {unit}.", f"It must be {range_text(unit)}.")
        found[name] = value
    check_shares(model, found, {name: place for name, (_, place) in merged.overrides.items()}, problems)
    return found


def _choices(model: Model, merged: Merged, problems: Problems) -> dict[str, str]:
    found = {name: choice.options[0] for name, choice in model.choices.items()}
    for name, (option, place) in merged.choices.items():
        if name not in model.choices:
            problems.add(place, f"no such choice in {shown(model.folder)}.", nearest(name, model.choices))
        elif option not in model.choices[name].options:
            problems.add(place, f"{name} has no option {option}.", nearest(option, model.choices[name].options))
        else:
            found[name] = option
    return found


def _presets(model: Model, merged: Mapping[str, tuple[Any, str]], problems: Problems) -> tuple[Preset, ...]:
    """Presets that the thresholds name; those in another currency than the model's are refused."""
    given, place = merged.get("thresholds", (None, ""))
    found, own = presets_in(given), model.about["currency"]
    for preset in found:
        if preset.currency != own:
            words = f"the preset {preset.name} is in {preset.currency}, the model in {own}."
            problems.add(place, words, "Write numbers.")
    return found


def _changes(
    model: Model,
    base: Settings,
    settings: Settings,
    overrides: dict[str, float],
    choices: dict[str, str],
    merged: Merged,
) -> list[Change]:
    changes = []
    if model.prices.year != model.prices.own:
        changes.append(Change("price_year", model.prices.own, model.prices.year, merged.single["price_year"][1]))
    old, new = base.as_written(), settings.as_written()
    for key in new:
        if new[key] != old[key]:
            changes.append(Change(f"settings.{key}", old[key], new[key], merged.settings.get(key, (None, ""))[1]))
    for name, value in overrides.items():
        row = model.parameters.rows.get(name)
        before = row.value if row is not None else model.derived[name].formula.text
        changes.append(Change(f"overrides.{name}", before, value, merged.overrides[name][1]))
    for name, option in choices.items():
        if option != model.choices[name].options[0]:
            changes.append(Change(f"choices.{name}", model.choices[name].options[0], option, merged.choices[name][1]))
    return changes
