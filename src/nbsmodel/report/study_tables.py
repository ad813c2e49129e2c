"""The table of studies, as the figures and the section on them read it."""

from __future__ import annotations

import pandas as pd

#: All data of a study, everything that could be known, and what a study is set against.
ALL, EVERYTHING, NO_STUDY = "all", "everything", "no study"


def numbers_of(table: pd.DataFrame) -> list[str]:
    """Columns of the numbers that designs are described by."""
    columns = list(table.columns)
    return columns[columns.index("years") + 1 : columns.index("data")]


def worded(name: str) -> str:
    """A name of a number as words."""
    return name.replace("_", " ")


def shown_design(table: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
    """Rows of the design with the highest net benefit, or else of the most valuable data.

    Parameters
    ----------
    table : DataFrame
        ``evsi``.
    threshold : float, optional
        The first of the table when left out.
    """
    threshold = table["threshold"].iloc[0] if threshold is None else threshold
    rows = table[(table["threshold"] == threshold) & (table["design"] != NO_STUDY)]
    whole = rows[rows["data"] == ALL]
    column = "net_benefit" if whole["net_benefit"].notna().all() else "evsi"
    return rows[rows["design"] == whole.sort_values(column, kind="stable")["design"].iloc[-1]]
