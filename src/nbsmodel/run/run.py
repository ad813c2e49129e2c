"""`run`: a config from YAML to a folder of tables, figures and a report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.engine.evaluate import Progress, evaluate
from nbsmodel.engine.result import Result
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.record import of_engine, write_record

if TYPE_CHECKING:
    import pandas as pd

#: Printed with this many significant digits: enough to reproduce every double exactly.
CSV_FORMAT = "%.17g"
MOST_THREADS = 8


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
    config: str | Path,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    force: bool = False,
    write: bool = True,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
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
    threads, progress, tell
        See `evaluate_scenario`.

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
    threads = threads or default_threads()
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        if tell is not None:
            tell(text)

    result = evaluate_scenario(scenario, threads, progress, say)
    from nbsmodel.run.tables import make_tables  # loads pandas, which a third of a second goes to

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

        engine = of_engine(result, tables.get("simulation_summary"), threads, compiled=bool(told))
        write_record(folder, scenario, __version__, times, engine)
    return RunOutput(scenario, result, tables, target)


def default_threads() -> int:
    """Threads used when nothing is said: one for each processor, at most 8."""
    return min(MOST_THREADS, os.cpu_count() or 1)


def evaluate_scenario(
    scenario: Scenario,
    threads: int = 1,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    most: int | None = None,
) -> Result:
    """Evaluate a scenario at base values with the engine that it names.

    Parameters
    ----------
    scenario : Scenario
    threads : int
        Of a simulation; the results do not depend on it.
    progress : callable, optional
        Told the work done and the work there is, while children are simulated.
    tell : callable, optional
        Told in words what takes a moment before that.
    most : int, optional
        Check what the scenario asks for, but simulate no more children than this.

    Raises
    ------
    InputError
        With file and line.
    """
    with scenario.locating():
        if scenario.simulated:
            from nbsmodel.run.simulate import simulate_scenario  # compiling takes a second to load

            return simulate_scenario(scenario, threads, progress, tell, most)
        return evaluate(
            scenario.model,
            settings=scenario.settings,
            base=scenario.overrides,
            options=scenario.choices,
            keep_trace=True,
            detail=True,
        )
