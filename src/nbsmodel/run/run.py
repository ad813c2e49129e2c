"""`run`: a config from YAML to a folder of tables, figures and a report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.record import write_record
from nbsmodel.run.tables import make_tables

#: Printed with this many significant digits: enough to reproduce every double exactly.
CSV_FORMAT = "%.17g"


@dataclass(frozen=True)
class RunOutput:
    """What a run gave.

    Parameters
    ----------
    scenario : Scenario
    result : Result
    tables : dict of str to DataFrame
        By file name without its ending: ``cea``, ``outcomes``, ``screening``, ``programme``, ...
    folder : Path or None
        Where they were written.
    """

    scenario: Scenario
    result: Result
    tables: dict[str, pd.DataFrame]
    folder: Path | None


def run(
    config: str | Path, sets: Sequence[str] = (), out: str | Path | None = None, force: bool = False, write: bool = True
) -> RunOutput:
    """Run a config.

    Parameters
    ----------
    config : str or Path
        Config file, or a model folder as it is.
    sets : sequence of str
        Changes as ``key=value``, for example ``settings.discount_rate_costs=0.015``.
    out : str or Path, optional
        Output folder, by default ``results/<config name>``.
    force : bool
        Replace earlier results there.
    write : bool
        Write the output folder; without it only the tables are returned.

    Returns
    -------
    RunOutput

    Raises
    ------
    InputError
        With every problem found; nothing is written and earlier results stay.
    """
    started = time.perf_counter()
    scenario = load_scenario(config, sets)
    target = Path(out) if out is not None else Path("results") / scenario.name
    if write:
        check_free(target, force)
    loaded = time.perf_counter()
    with scenario.locating():
        result = evaluate(
            scenario.model,
            settings=scenario.settings,
            base=scenario.overrides,
            options=scenario.choices,
            keep_trace=True,
            detail=True,
        )
    tables = make_tables(scenario, result)
    evaluated = time.perf_counter()
    if not write:
        return RunOutput(scenario, result, tables, None)
    from nbsmodel.report.report import write_report  # drawing takes a second to load

    with results_folder(target, force) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format=CSV_FORMAT, lineterminator="\n")
        write_report(folder, scenario, tables)
        times = {
            "load": loaded - started,
            "evaluate": evaluated - loaded,
            "report": time.perf_counter() - evaluated,
        }
        from nbsmodel import __version__

        write_record(folder, scenario, __version__, times, result.bytes_per_draw)
    return RunOutput(scenario, result, tables, target)
