"""The record of a run: enough to run it again, and to see what it was run with."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.model.parameters import MEAN_TOLERANCE
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.published import FILE

if TYPE_CHECKING:
    import pandas as pd

LIBRARIES = ("numpy", "scipy", "pandas", "pydantic", "ruamel.yaml", "matplotlib", "jinja2", "numba")


def write_record(
    folder: Path,
    scenario: Scenario,
    nbsmodel_version: str,
    times: dict[str, float],
    of_engine: Mapping[str, Any],
) -> None:
    """Write ``manifest.json``, ``resolved_config.yaml``, ``run.log`` and a copy of the model.

    ``nbsmodel run resolved_config.yaml`` in the output folder gives the same results again, with
    nothing else at hand.
    """
    copied = _copy_model(folder / "model", scenario)
    (folder / "resolved_config.yaml").write_text(resolved_config(scenario), encoding="utf-8")
    (folder / "run.log").write_text("\n".join(log_lines(scenario)) + "\n", encoding="utf-8")
    manifest = {
        "nbsmodel": nbsmodel_version,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "config": scenario.name,
        "title": scenario.title,
        "model": scenario.model.name,
        "basis": scenario.model.about["basis"],
        "currency": scenario.model.about["currency"],
        "price_year": scenario.model.about["price_year"],
        "engine": scenario.engine,
        "seed": scenario.seed,
        "settings": scenario.settings.as_written(),
        "overrides": scenario.overrides,
        "choices": scenario.choices,
        "legacy_countings": scenario.settings.legacy,
        "conventions": {
            "axes": ["draw", "strategy", "cycle", "state"],
            "trace_rows": "cycles + 1; row 0 is the start",
            "rates": "fractions",
            "icer": "ratio of mean increments",
        },
        "inputs": {shown(p): _sha256(p) for p in dict.fromkeys(scenario.files)},
        "model_copy": {name: _sha256(folder / "model" / name) for name in copied},
        **of_engine,
        "seconds": {name: round(value, 3) for name, value in times.items()},
        "run_again": "nbsmodel run resolved_config.yaml --out again",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def resolved_config(scenario: Scenario) -> str:
    """A config that says everything: all settings, overrides and choices, and the copied model."""
    data: dict[str, Any] = {
        "model": "model",
        "title": scenario.title,
        "engine": scenario.engine,
        "seed": scenario.seed,
        **_of_simulation(scenario),
        "settings": {k: v for k, v in scenario.settings.as_written().items() if v is not None},
    }
    if scenario.note:
        data["note"] = scenario.note
    if scenario.overrides:
        data["overrides"] = dict(scenario.overrides)
    if scenario.choices:
        data["choices"] = dict(scenario.choices)
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(data, stream)
    return stream.getvalue()


def of_engine(result: Result, summary: pd.DataFrame | None, threads: int, compiled: bool) -> dict[str, Any]:
    """What the engine that was used says of itself."""
    error = result.simulation
    if error is None or summary is None:
        return {"estimated_mb_per_draw": round(result.bytes_per_draw / 1e6, 3)}
    asked, width = error.asked, float(summary["inmb_half_width"].max())
    return {
        "simulation": {
            "individuals": error.individuals,
            "individuals_asked": asked.individuals,
            "half_width_asked": asked.half_width,
            "half_width": width if width == width else None,
            "precision_reached": None if asked.half_width is None else not width > asked.half_width,
            "generator": "Philox 4x32-10",
            "threads": threads,
            "compiled_in_this_run": compiled,
        }
    }


def _of_simulation(scenario: Scenario) -> dict[str, Any]:
    """Keys of a config that say how children are simulated."""
    if not scenario.simulated:
        return {}
    found: dict[str, Any] = {"individuals": scenario.individuals}
    if scenario.precision is not None:
        found["precision"] = scenario.precision.as_written()
    return found | ({"children": True} if scenario.children else {})


def log_lines(scenario: Scenario) -> list[str]:
    """Changes and remarks, one a line."""
    lines = [f"{scenario.name}: {scenario.title}", f"model {scenario.model.name}"]
    for change in scenario.changes:
        lines.append(f"changed {change.key}: {change.old} -> {change.new} ({change.place})")
    for name, base, mean in scenario.model.parameters.disagreements:
        lines.append(
            f"note {name}: base value {base:g} and distribution mean {mean:g} differ by more than "
            f"{100 * MEAN_TOLERANCE:g}%"
        )
    for outcome, counting in scenario.settings.legacy.items():
        lines.append(f"legacy counting {counting} ({outcome}): only to reproduce a published model")
    return lines


def _copy_model(target: Path, scenario: Scenario) -> list[str]:
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


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
