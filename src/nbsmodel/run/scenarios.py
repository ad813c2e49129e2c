"""Scenario files: loaded, named, and written into a results folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.errors import Problems
from nbsmodel.run.find import find_configs
from nbsmodel.run.resolved import copy_model, resolved_config

#: Name of the config that is run, in tables: its file name changes when a run is repeated from its results.
REFERENCE = "reference"
#: Folders of a results folder with the scenarios compared and their models.
SCENARIOS, MODELS = "scenarios", "models"


def load_configs(
    paths: Sequence[Path], problems: Problems, sets: Sequence[str] = ()
) -> dict[Path, Scenario]:  # fmt: skip
    """Scenarios of config files; what is wrong with any of them is noted."""
    found = {}
    for path in paths:
        with problems.gather():
            found[path] = load_scenario(path, sets)
    return found


def listed_scenarios(scenario: Scenario, problems: Problems) -> dict[str, Scenario]:
    """The scenarios that a config lists for comparison, by name; itself is left out.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.scenarios``.
    problems : Problems
    """
    place = scenario.places.get("analyses.scenarios", "analyses.scenarios")
    itself = Path(os.path.abspath(scenario.files[0]))
    paths = [p for p in find_configs(scenario.analyses.scenarios, problems, place) if p != itself]
    if not paths and not problems.items:
        problems.add(place, "no scenario beside this one is named.", "Name configs, or a folder of them.")
    return named(load_configs(paths, problems), taken=(REFERENCE,))


def named(scenarios: Mapping[Path, Scenario], taken: Sequence[str] = ()) -> dict[str, Scenario]:
    """Scenarios by names that differ: file names, with their folder where two are the same, then a number."""
    stems = [s.name for s in scenarios.values()]
    found: dict[str, Scenario] = {}
    for path, scenario in scenarios.items():
        name = scenario.name if stems.count(scenario.name) == 1 else f"{path.parent.name}_{scenario.name}"
        unique, number = name, 2
        while unique in found or unique in taken:
            unique, number = f"{name}_{number}", number + 1
        found[unique] = scenario
    return found


def most_extended(scenarios: Mapping[Path, Scenario]) -> Path:
    """The config that most of the others extend; the first when none is extended."""
    others = [(path, {Path(os.path.abspath(f)) for f in s.files}) for path, s in scenarios.items()]
    return max(scenarios, key=lambda path: sum(path in files for other, files in others if other != path))


def write_scenarios(folder: Path, scenario: Scenario) -> list[str]:
    """Write the scenarios that a config lists into its results folder, with all they need.

    Parameters
    ----------
    folder : Path
        Results folder; the model of the config itself stands in ``model``.
    scenario : Scenario
        With ``analyses.scenarios``.

    Returns
    -------
    list of str
        The files, seen from `folder`: what ``analyses.scenarios`` of the resolved config names.

    Raises
    ------
    InputError
        When one cannot be loaded any more.
    """
    problems = Problems()
    scenarios = listed_scenarios(scenario, problems)
    problems.raise_if_any()
    return write_copies(folder, scenarios, {_same(scenario): "model"})


def write_copies(folder: Path, scenarios: Mapping[str, Scenario], models: Mapping[Path, str]) -> list[str]:
    """Write scenarios that say everything to ``scenarios/``, and models that are not there yet to ``models/``.

    Parameters
    ----------
    folder : Path
    scenarios : mapping of str to Scenario
    models : mapping of Path to str
        Where in `folder` a model stands already.

    Returns
    -------
    list of str
        The configs written, seen from `folder`.
    """
    there = dict(models)
    (folder / SCENARIOS).mkdir(exist_ok=True)
    written = []
    for name, scenario in scenarios.items():
        source = _same(scenario)
        if source not in there:
            place = f"{MODELS}/{source.name}"
            number = 2
            while place in there.values():
                place, number = f"{MODELS}/{source.name}_{number}", number + 1
            there[source] = place
            copy_model(folder / place, scenario)
        text = resolved_config(scenario, {}, f"../{there[source]}")
        (folder / SCENARIOS / f"{name}.yaml").write_text(text, encoding="utf-8")
        written.append(f"{SCENARIOS}/{name}.yaml")
    return written


def _same(scenario: Scenario) -> Path:
    """A model's folder, the same for all scenarios that use it."""
    return scenario.model.folder.resolve()
