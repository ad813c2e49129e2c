"""A scenario as a config that needs nothing else: everything said, and a copy of its model."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nbsmodel.config.scenario import Scenario
from nbsmodel.run.published import FILE


def resolved_config(
    scenario: Scenario, analyses: Mapping[str, Any], model: str = "model", reference: str | None = None
) -> str:
    """A config that says everything: all settings, overrides, choices and analyses.

    Parameters
    ----------
    scenario : Scenario
    analyses : mapping of str to object
        The block ``analyses``.
    model : str
        Where the copy of the model stands, seen from the config.
    reference : str, optional
        Where the reference case stands, seen from the config; without it none is named.
    """
    data: dict[str, Any] = {
        "model": model,
        "title": scenario.title,
        "engine": scenario.engine,
        "seed": scenario.seed,
        **_of_simulation(scenario),
        "settings": {k: v for k, v in scenario.settings.as_written().items() if v is not None},
    }
    if scenario.note:
        data["note"] = scenario.note
    if scenario.model.prices.year != scenario.model.prices.own:
        data["price_year"] = scenario.model.prices.year
    if reference is not None:
        data["reference_case"] = reference
        data["departures"] = dict(scenario.reasons)
    if scenario.overrides:
        data["overrides"] = dict(scenario.overrides)
    if scenario.choices:
        data["choices"] = dict(scenario.choices)
    if analyses:
        data["analyses"] = dict(analyses)
    return _as_yaml(data)


def write_reference(folder: Path, scenario: Scenario) -> str | None:
    """Write every setting of the reference case as a config; returns its name in `folder`, None without one."""
    if scenario.reference_case is None:
        return None
    path, settings = scenario.reference_case
    name = f"reference/{path.stem}.yaml"
    (folder / name).parent.mkdir(exist_ok=True)
    text = _as_yaml({"settings": {k: v for k, v in settings.as_written().items() if v is not None}})
    (folder / name).write_text(text, encoding="utf-8")
    return name


def _as_yaml(data: Mapping[str, Any]) -> str:
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(data, stream)
    return stream.getvalue()


def _of_simulation(scenario: Scenario) -> dict[str, Any]:
    """Keys of a config that say how children are simulated."""
    if not scenario.simulated:
        return {}
    found: dict[str, Any] = {"individuals": scenario.individuals}
    if scenario.precision is not None:
        found["precision"] = scenario.precision.as_written()
    return found | ({"children": True} if scenario.children else {})


def copy_model(target: Path, scenario: Scenario) -> list[str]:
    """Copy the files of a scenario's model; returns their names in the folder `target`."""
    source = scenario.model.folder
    files = [p for p in scenario.model.files if p.is_relative_to(source)]
    files += [p for p in (source / FILE, source / "README.md") if p.is_file()]
    names = []
    for path in dict.fromkeys(files):
        name = path.relative_to(source)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
        names.append(str(name))
    return names
