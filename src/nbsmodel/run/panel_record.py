"""The record of a panel: a config that runs again with nothing else at hand, and what it was run with."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nbsmodel.config.panel_parts import Panel
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.panel_psa import condition_seed
from nbsmodel.run.record import LIBRARIES, log_lines


def write_panel_record(folder: Path, panel: Panel, copies: list[str], times: dict[str, float]) -> None:
    """Write ``manifest.json``, ``resolved_config.yaml`` and ``run.log``.

    Parameters
    ----------
    folder : Path
        Results folder that holds the copies already.
    panel : Panel
    copies : list of str
        Configs of the conditions, seen from the folder, in the order of ``panel.conditions``.
    times : dict of str to float
        Seconds.
    """
    from nbsmodel import __version__

    (folder / "resolved_config.yaml").write_text(resolved_panel(panel, copies), encoding="utf-8")
    (folder / "run.log").write_text("\n".join(_log(panel)) + "\n", encoding="utf-8")
    written = sorted(p for part in ("scenarios", "models") for p in (folder / part).rglob("*") if p.is_file())
    about = panel.about
    manifest = {
        "nbsmodel": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "config": panel.name,
        "title": panel.title,
        "panel": {name: c.own.model.name for name, c in panel.conditions.items()},
        "basis": about["basis"],
        "currency": about["currency"],
        "price_year": about["price_year"],
        "seed": panel.seed,
        "seeds": {name: condition_seed(panel.seed, name) for name in sorted(panel.conditions)},
        "analyses": list(panel.given),
        "settings": panel.settings.as_written(),
        "overrides": {name: c.assay.overrides for name, c in panel.conditions.items()},
        "choices": {name: c.assay.choices for name, c in panel.conditions.items()},
        "conventions": {
            "amounts": "screening less no screening, per birth",
            "marginal": "all conditions less all without it; the shared cost stays",
            "rates": "fractions",
            "icer": "ratio of mean increments",
        },
        "inputs": {shown(p): _sha256(p) for p in panel.files},
        "copies": {str(p.relative_to(folder)): _sha256(p) for p in written},
        "seconds": {name: round(value, 3) for name, value in times.items()},
        "run_again": "nbsmodel run resolved_config.yaml --out again",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def resolved_panel(panel: Panel, copies: list[str]) -> str:
    """A config that says everything, beside copies of the conditions' configs and models."""
    asked = panel.asked
    block: dict[str, Any] = {} if asked.births is None else {"births": asked.births}
    test: dict[str, Any] = {"label": asked.shared_test.label, "cost": asked.shared_test.cost,
                            "tested": asked.shared_test.tested}  # fmt: skip
    if asked.shared_test.set_up is not None:
        from nbsmodel.config.settings import length_text

        years = length_text(asked.shared_test.set_up.years)
        test["set_up"] = {"cost": asked.shared_test.set_up.cost, "years": years}
    block["shared_test"] = test
    rows = {name: row.model_dump() for name, row in asked.parameters.items()}
    block["parameters"] = {name: {k: v for k, v in row.items() if v != ""} for name, row in rows.items()}
    if asked.sources:
        block["sources"] = {key: source.model_dump() for key, source in asked.sources.items()}
    if asked.shared_parameters:
        block["shared_parameters"] = list(asked.shared_parameters)
    block["conditions"] = {
        name: {
            "config": copy, "label": condition.label, "test_cost": condition.test_cost,
            "marginal_cost": condition.marginal_cost, "strategy": condition.strategy,
            "comparator": condition.comparator,
        }
        for (name, condition), copy in zip(panel.conditions.items(), copies, strict=True)
    }  # fmt: skip
    data: dict[str, Any] = {"title": panel.title}
    if panel.note:
        data["note"] = panel.note
    data |= {
        "seed": panel.seed,
        "settings": {key: value for key, value in panel.settings.as_written().items() if value is not None},
        "panel": block,
    }
    if panel.given:
        data["analyses"] = dict(panel.given)
    stream = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(data, stream)
    return stream.getvalue()


def _log(panel: Panel) -> list[str]:
    lines = [f"{panel.name}: {panel.title}"]
    for name, condition in panel.conditions.items():
        lines += ["", f"condition {name} (seed {condition_seed(panel.seed, name)})", *log_lines(condition.assay)]
    return lines


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
