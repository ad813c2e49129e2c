"""`calibrate`: fit parameters of a model to declared targets, and show what else would fit as well."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.scenario import Scenario, load_scenario, make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.calibration_file import FILE, CalibrationSchema, bounds, required
from nbsmodel.run.calibration_tables import calibration_tables, met
from nbsmodel.run.measure import measure_by_draw
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.run import CSV_FORMAT
from nbsmodel.run.runs import Runs, Step, silent

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.calibration import Calibration

Array = Any
OUT = Path("results") / "calibration"
#: Starts of a fit of a profile whose first, from the solution found before, misses a target.
PROFILE_STARTS = 4


@dataclass(frozen=True)
class Calibrated:
    """What a calibration gave.

    Parameters
    ----------
    scenario : Scenario
    schema : CalibrationSchema
    fit : Calibration
    tables : dict of str to DataFrame
        See `nbsmodel.run.calibration_tables.calibration_tables`.
    folder : Path or None
        Where they were written.
    """

    scenario: Scenario
    schema: CalibrationSchema
    fit: Calibration
    tables: dict[str, pd.DataFrame]
    folder: Path | None

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return bool(self.tables["calibration_targets"]["met"].all())


def calibrate(
    config: str | Path,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    force: bool = False,
    write: bool = True,
    *,
    step: Step = silent,
) -> Calibrated:
    """Fit the parameters that ``calibration.yaml`` of a model names to its targets.

    Parameters
    ----------
    config : str or Path
        A model folder, or a config, whose overrides, choices and settings then hold.
    sets : sequence of str
        Changes as ``key=value``, ``seed=2`` among them.
    out : str or Path, optional
        Output folder, by default ``results/calibration/<name>``.
    force : bool
        Replace earlier results there.
    write : bool
        Write the output folder; without it only the tables are returned.
    step : callable
        Told what is done, how much of it, and how much there is.

    Returns
    -------
    Calibrated
        The model itself is left as it is: what is fitted is copied into ``parameters.csv`` by hand, where a source
        and a status stand beside it.

    Raises
    ------
    InputError
        With every problem found; nothing is written and earlier results stay.
    """
    scenario = load_scenario(config, sets)
    target = OUT / scenario.name if out is None else Path(out)
    if write:
        check_free(target, force)
    if scenario.simulated:
        place = scenario.places.get("engine", "engine")
        raise InputError([Problem(place, "a calibration runs the cohort engine.", "Set engine: cohort.")])
    schema = required(scenario)
    fit = _fit(scenario, schema, step)
    profiles = [_profile(scenario, schema, i, fit, step) for i in range(len(schema.profiles))]
    tables = calibration_tables(scenario, schema, fit, profiles)
    if not write:
        return Calibrated(scenario, schema, fit, tables, None)
    step("drawing the figures", 0, 0)
    with results_folder(target, force) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format=CSV_FORMAT, lineterminator="\n")
        _draw(folder, scenario, tables)
        _record(folder, scenario)
    return Calibrated(scenario, schema, fit, tables, target)


def _fit(scenario: Scenario, schema: CalibrationSchema, step: Step) -> Calibration:
    from nbsmodel.analysis.calibration import calibrate as fit_to_targets

    ends = bounds(scenario, schema)
    names = list(ends)
    base = Runs(scenario).values
    first = np.array([base[n] for n in names])
    residuals(scenario, schema, names, {}, first[None], lenient=False)  # mistakes show at the values in force
    low, high = np.array(list(ends.values())).T
    fit = fit_to_targets(
        partial(residuals, scenario, schema, names, {}), low, high, first,
        starts=schema.starts, seed=scenario.seed, as_good=schema.as_good, names=names,
        on_start=lambda done, work: step("calibrating: starts", done, work),
    )  # fmt: skip
    if fit is None:
        place = shown(scenario.model.folder / FILE)
        raise InputError([Problem(place, "the model gives no value of a target at any start.", "Narrow the bounds.")])
    return fit


def _profile(
    scenario: Scenario, schema: CalibrationSchema, number: int, whole: Calibration, step: Step
) -> list[Calibration | None]:
    """The others fitted again at every value of one parameter."""
    from nbsmodel.analysis.calibration import calibrate as fit_to_targets

    profile, ends = schema.profiles[number], bounds(scenario, schema)
    every = list(ends)
    names = [n for n in every if n != profile.fix]
    low, high = np.array([ends[n] for n in names]).T
    first = np.array([v for n, v in zip(every, whole.chosen.values, strict=True) if n != profile.fix])
    found = []
    for i, value in enumerate(profile.at):
        again = partial(
            fit_to_targets, partial(residuals, scenario, schema, names, {profile.fix: value}), low, high, first,
            seed=scenario.seed, as_good=schema.as_good, names=names,
        )  # fmt: skip
        fit = again(starts=1)
        if fit is None or not all(met(schema, fit.chosen)):
            fit = again(starts=min(schema.starts, PROFILE_STARTS))
        found.append(fit)
        first = first if fit is None else np.clip(fit.chosen.values, low, high)
        step(f"profile of {profile.fix}", i + 1, len(profile.at))
    return found


def residuals(
    scenario: Scenario,
    schema: CalibrationSchema,
    names: Sequence[str],
    fixed: Mapping[str, float],
    rows: Array,
    lenient: bool = True,
) -> Array:
    """Ours less the target, divided by its scale, (row, target).

    Parameters
    ----------
    scenario : Scenario
    schema : CalibrationSchema
    names : sequence of str
        Parameters in the columns of `rows`.
    fixed : mapping of str to float
        Parameters that stand at another value than the scenario's.
    rows : array (row, parameter)
    lenient : bool
        Give nan in every row where the model cannot run, instead of raising.
    """
    columns = {name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(names)}
    runs: dict[str, Any] = {}
    traced = any(target.measure.occupancy is not None for target in schema.targets)
    found = np.full((len(rows), len(schema.targets)), np.nan)
    for i, target in enumerate(schema.targets):
        given = target.with_
        key = json.dumps(given.model_dump(), sort_keys=True)
        place = f"{shown(scenario.model.folder / FILE)} targets[{i + 1}]"
        try:
            if key not in runs:
                base = {k: v for k, v in {**scenario.overrides, **given.overrides, **fixed}.items() if k not in columns}
                runs[key] = evaluate(
                    scenario.model,
                    columns,
                    make_settings(scenario.model, scenario.settings.as_written() | given.settings, place),
                    base=base,
                    options={**scenario.choices, **given.choices},
                    keep_trace=traced,
                    block=len(rows),
                )
            found[:, i] = (measure_by_draw(runs[key], target.measure, place) - target.value) / target.scale
        except InputError:
            if not lenient:
                raise
            return np.full_like(found, np.nan)
    return found


def _draw(folder: Path, scenario: Scenario, tables: dict[str, pd.DataFrame]) -> None:
    from nbsmodel.report.figures import write_figures
    from nbsmodel.report.figures.calibration import draw_calibration
    from nbsmodel.report.figures.style import finish, house_style

    with house_style():
        sketches = draw_calibration(tables)
    write_figures(folder, {name: finish(name, sketch) for name, sketch in sketches.items()})


def _record(folder: Path, scenario: Scenario) -> None:
    from nbsmodel import __version__

    files = [*scenario.files, scenario.model.folder / FILE]
    manifest = {
        "nbsmodel": __version__,
        "calibration": scenario.title,
        "seed": scenario.seed,
        "changes": {c.key: [c.old, c.new] for c in scenario.changes},
        "inputs": {shown(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in dict.fromkeys(files)},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, default=str) + "\n", encoding="utf-8")
