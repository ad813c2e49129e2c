"""`run_panel`: several conditions on one shared test, from a config to a folder of tables, figures and a report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbsmodel.config.panel import load_panel
from nbsmodel.config.panel_parts import Panel
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.output import check_free, results_folder
from nbsmodel.run.panel_base import PanelBase, run_base
from nbsmodel.run.panel_psa import PanelPsa, run_panel_psa
from nbsmodel.run.panel_record import write_panel_record
from nbsmodel.run.runs import Step, silent

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES_FILE = "panel_psa_outcomes.parquet"


@dataclass(frozen=True)
class PanelOutput:
    """What a run of a panel gave.

    Parameters
    ----------
    panel : Panel
    base : PanelBase
    tables : dict of str to DataFrame
        By file name without its ending: ``panel``, ``panel_marginal``, ``panel_screening``, ...
    folder : Path or None
        Where they were written.
    psa : PanelPsa or None
    """

    panel: Panel
    base: PanelBase
    tables: dict[str, pd.DataFrame]
    folder: Path | None
    psa: PanelPsa | None = None


def run_panel(
    config: str | Path,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    force: bool = False,
    write: bool = True,
    *,
    threads: int | None = None,
    block: int | None = None,
    step: Step = silent,
) -> PanelOutput:
    """Run a config with the key ``panel``.

    Parameters
    ----------
    config : str or Path
    sets : sequence of str
        Changes as ``key=value``, for example ``panel.parameters.c_shared.value=5``.
    out : str or Path, optional
        Output folder, by default ``results/<config name>``.
    force : bool
        Replace earlier results there.
    write : bool
        Write the output folder; without it only the tables are returned.
    threads, block : int, optional
        Threads, and draws evaluated together; the results do not depend on them.
    step : callable
        Told what is done, how much of it, and how much there is.

    Returns
    -------
    PanelOutput

    Raises
    ------
    InputError
        With every problem found; nothing is written and earlier results stay.
    """
    from nbsmodel.run.run import CSV_FORMAT, default_threads  # which asks this module for panels

    started = time.perf_counter()
    panel = load_panel(config, sets)
    target = Path(out) if out is not None else Path("results") / panel.name
    if write:
        check_free(target, force)
    loaded = time.perf_counter()
    threads = threads or default_threads()
    base = run_base(panel, lambda done: step("running conditions", done, len(panel.conditions)))
    from nbsmodel.run.panel_tables import base_tables, psa_tables, write_outcomes  # loads pandas

    tables = base_tables(panel, base)
    psa = None if panel.analyses.psa is None else run_panel_psa(panel, base, threads, block, step)
    if psa is not None:
        tables |= psa_tables(panel, base, psa)
    evaluated = time.perf_counter()
    if not write:
        return PanelOutput(panel, base, tables, None, psa)
    step("drawing figures and writing the report", 0, 0)
    from nbsmodel.report.panel_report import write_panel_report  # drawing takes a second to load

    with results_folder(target, force) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format=CSV_FORMAT, lineterminator="\n")
        if psa is not None:
            write_outcomes(psa, str(folder / OUTCOMES_FILE))
        copies = write_panel_copies(folder, panel)
        write_panel_report(folder, panel, tables)
        times = {
            "load": loaded - started,
            "evaluate": evaluated - loaded,
            "report": time.perf_counter() - evaluated,
        }
        write_panel_record(folder, panel, copies, times)
    return PanelOutput(panel, base, tables, target, psa)


def refuse_options(config: str | Path, resume: bool, confidential: object) -> None:
    """Refuse what a run of a single model can do and one of a panel cannot.

    Raises
    ------
    InputError
    """
    asked = {"--resume": resume, "--confidential": confidential is not None}
    found = [name for name, given in asked.items() if given]
    if found:
        text = f"a panel cannot be run with {' and '.join(found)}."
        raise InputError([Problem(shown(Path(config)), text, "Use it with the config of a condition.")])


def validate_panel(config: str | Path) -> Panel:
    """Check a panel by loading it and running it at base values, without writing anything.

    Raises
    ------
    InputError
        With every problem found.
    """
    from nbsmodel.run.panel_tables import base_tables

    panel = load_panel(config)
    base_tables(panel, run_base(panel, lambda done: None))
    return panel


def write_panel_copies(folder: Path, panel: Panel) -> list[str]:
    """Write the configs of the conditions and their models into the results folder; where each stands."""
    from nbsmodel.run.scenarios import write_copies

    return write_copies(folder, {name: c.own for name, c in panel.conditions.items()}, {})
