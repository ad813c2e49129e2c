"""The record of a run: enough to run it again, and to see what it was run with."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsmodel import reference as shipped
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.model.parameters import MEAN_TOLERANCE
from nbsmodel.model.screening_text import tree_text
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.resolved import copy_model, resolved_config, write_reference
from nbsmodel.run.scenarios import write_scenarios

if TYPE_CHECKING:
    import pandas as pd

LIBRARIES = (
    "numpy", "scipy", "pandas", "pydantic", "ruamel.yaml", "matplotlib", "jinja2", "numba", "pyarrow", "SALib",
)  # fmt: skip


def write_record(
    folder: Path,
    scenario: Scenario,
    nbsmodel_version: str,
    times: dict[str, float],
    of_engine: Mapping[str, Any],
    confidential: Sequence[str] = (),
) -> None:
    """Write ``manifest.json``, ``resolved_config.yaml``, ``run.log`` and a copy of the model.

    For a model with a declared screening programme, ``tree.yaml`` has its tree as well.

    ``nbsmodel run resolved_config.yaml`` in the output folder gives the same results again, with
    nothing else at hand, but for the verdict at confidential prices, whose file is not kept.
    """
    copied = copy_model(folder / "model", scenario)
    if scenario.model.programme is not None:
        (folder / "tree.yaml").write_text(tree_text(scenario.model.programme), encoding="utf-8")
    analyses = _analyses(scenario, folder)
    if scenario.analyses.scenarios:
        analyses["scenarios"] = write_scenarios(folder, scenario)
    resolved = resolved_config(scenario, analyses, reference=write_reference(folder, scenario))
    (folder / "resolved_config.yaml").write_text(resolved, encoding="utf-8")
    (folder / "run.log").write_text(
        "\n".join([*log_lines(scenario), *_of_confidential(confidential)]) + "\n", encoding="utf-8"
    )
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
        "analyses": list(scenario.analyses_given),
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
        "confidential_parameters": list(confidential),
        "inputs": {_input_name(p): _sha256(p) for p in dict.fromkeys([*scenario.files, *_read_beside(scenario)])},
        "model_copy": {name: _sha256(folder / "model" / name) for name in copied},
        **of_engine,
        "seconds": {name: round(value, 3) for name, value in times.items()},
        "run_again": "nbsmodel run resolved_config.yaml --out again",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _input_name(path: Path) -> str:
    """A file as the manifest calls it; a shipped table by its place in the package, wherever that is installed."""
    return f"nbsmodel/reference/{path.name}" if path.parent == shipped.FOLDER else shown(path)


def _read_beside(scenario: Scenario) -> list[Path]:
    """Files that analyses read: draws, shipped tables."""
    weights = scenario.analyses.qaly_weights
    tables = () if weights is None else weights.references
    return [*_draws_file(scenario), *(shipped.reference(name).path for name in tables)]


def _draws_file(scenario: Scenario) -> list[Path]:
    """The file of draws that was read, if any."""
    psa = scenario.analyses.psa
    return [] if psa is None or psa.file is None else [Path(psa.file)]


def _analyses(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """The analyses as the results folder has them: what they read from other files stands there too."""
    found = dict(scenario.analyses_given)
    if scenario.analyses.psa is not None and scenario.analyses.psa.file is not None:
        (given,) = _draws_file(scenario)  # all of it: refused draws too, which its numbers count
        copied = f"given_draws{''.join(given.suffixes[-2:])}"
        shutil.copyfile(given, folder / copied)
        found["psa"] = found["psa"] | {"file": copied}
    return found


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


def _of_confidential(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"confidential values of {', '.join(names)} were used for confidential.csv alone; they are not recorded"]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
