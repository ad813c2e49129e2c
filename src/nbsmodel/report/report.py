"""The report of a run: figures and one page that opens anywhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures import make_figures, write_figures
from nbsmodel.report.report_page import page


def write_report(folder: Path, scenario: Scenario, tables: dict[str, pd.DataFrame]) -> None:
    """Write figures and ``report.html`` into a results folder.

    Parameters
    ----------
    folder : Path
    scenario : Scenario
    tables : dict of str to DataFrame
        By file name without its ending, as `run` made them.
    """
    drawings = make_figures(scenario, tables)
    write_figures(folder, drawings)
    (folder / "report.html").write_text(page(scenario, tables, drawings), encoding="utf-8", newline="\n")
