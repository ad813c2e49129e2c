"""`run`: a config from YAML to a folder of tables, figures and a report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbsmodel.config.panel import is_panel
from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.engine.evaluate import Progress, evaluate
from nbsmodel.engine.result import Result
from nbsmodel.errors import InputError
from nbsmodel.run.analyses import Job, analysis_tables, check_analyses
from nbsmodel.run.confidential import confidential_table, read_confidential
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.psa import Psa, run_psa
from nbsmodel.run.psa_files import write_psa
from nbsmodel.run.psa_store import Store
from nbsmodel.run.record import of_engine, write_record
from nbsmodel.run.runs import Runs, Step, silent
from nbsmodel.run.tier_checks import check_tests

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.panel import PanelOutput

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
    psa : Psa or None
        Draws and outcomes of the probabilistic analysis.
    """

    scenario: Scenario
    result: Result
    tables: dict[str, pd.DataFrame]
    folder: Path | None
    psa: Psa | None = None


def run(
    config: str | Path,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    force: bool = False,
    write: bool = True,
    *,
    threads: int | None = None,
    block: int | None = None,
    resume: bool = False,
    confidential: str | Path | None = None,
    step: Step = silent,
    tell: Callable[[str], None] | None = None,
) -> RunOutput | PanelOutput:
    """Run a config, and the analyses it asks for.

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
    threads, block : int, optional
        Threads, and draws evaluated together; the results do not depend on them.
    resume : bool
        Go on with the draws of a run that was stopped.
    confidential : str or Path, optional
        File with confidential prices, for a verdict in words; neither they nor what gives them away is written.
    step : callable
        Told what is done, how much of it, and how much there is.
    tell : callable, optional
        Told in words what takes a moment.

    Returns
    -------
    RunOutput
        A `PanelOutput` for a config with the key ``panel``.

    Raises
    ------
    InputError
        With every problem found; nothing is written and earlier results stay.
    """
    if is_panel(config, sets):
        from nbsmodel.run.panel import refuse_options, run_panel

        refuse_options(config, resume, confidential)
        return run_panel(config, sets, out, force, write, threads=threads, block=block, step=step)
    started = time.perf_counter()
    scenario = load_scenario(config, sets)
    target = Path(out) if out is not None else Path("results") / scenario.name
    if write:
        check_free(target, force)
    check_analyses(scenario)
    secret = None if confidential is None else read_confidential(Path(confidential), scenario)
    loaded = time.perf_counter()
    threads = threads or default_threads()
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        if tell is not None:
            tell(text)

    def simulated(done: int, work: int) -> None:
        step("simulating children", done, work)

    result = evaluate_scenario(scenario, threads, simulated, say)
    from nbsmodel.run.tables import make_tables  # loads pandas, which a third of a second goes to

    tables = make_tables(scenario, result)
    analysed = scenario
    if result.simulation is not None:  # as many children as the base run took, where it stopped at a precision
        analysed = replace(scenario, individuals=result.simulation.individuals, precision=None)
    store = _begin(target, analysed, resume, force) if write else None
    try:
        psa = None if scenario.analyses.psa is None else run_psa(analysed, threads, block, step, store)
    except InputError:
        if store is not None:  # what cannot be run as it is need not be gone on with
            store.clear()
        raise
    except KeyboardInterrupt:
        if store is not None and store.held:
            say(f"{store.held:,} draws are kept; --resume goes on with them")
        raise
    job = Job(analysed, result, Runs(analysed, threads), psa, step)
    tables |= analysis_tables(job)
    if secret is not None:
        tables["confidential"] = confidential_table(job, secret)
    evaluated = time.perf_counter()
    if not write:
        return RunOutput(scenario, result, tables, None, psa)
    step("drawing figures and writing the report", 0, 0)
    from nbsmodel.report.report import write_report  # drawing takes a second to load

    with results_folder(target, force) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format=CSV_FORMAT, lineterminator="\n")
        if psa is not None:
            write_psa(psa, folder)
        write_report(folder, scenario, tables)
        times = {
            "load": loaded - started,
            "evaluate": evaluated - loaded,
            "report": time.perf_counter() - evaluated,
        }
        from nbsmodel import __version__

        engine = of_engine(result, tables.get("simulation_summary"), threads, compiled=bool(told))
        write_record(folder, scenario, __version__, times, engine, sorted(secret or ()))
    if store is not None:
        store.clear()
    return RunOutput(scenario, result, tables, target, psa)


def _begin(target: Path, scenario: Scenario, resume: bool, force: bool) -> Store | None:
    """Where the draws are kept until all is written."""
    if scenario.analyses.psa is None:
        return None
    store = Store(target, scenario)
    store.begin(resume, force)
    return store


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

            result = simulate_scenario(scenario, threads, progress, tell, most)
        else:
            result = evaluate(
                scenario.model,
                settings=scenario.settings,
                base=scenario.overrides,
                options=scenario.choices,
                keep_trace=True,
                detail=True,
            )
    check_tests(result)
    return result
