"""A legend below the axes that fits the page, whatever the labels."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.style import SMALL

#: Widest label of a legend in three columns, and in four, in inches.
WIDE, NARROW = 1.85, 1.28
LINE = 0.15


def wrapped(ruler: Ruler, label: str) -> str:
    """A label in lines that fit a column."""
    return "\n".join(ruler.wrap(label, SMALL, WIDE))


def legend_below(figure: Figure, ruler: Ruler, handles: list[Any]) -> float:
    """Write a legend that reads row by row at the foot of a figure.

    Parameters
    ----------
    figure : Figure
    ruler : Ruler
    handles : list
        Of things drawn, with labels from `wrapped`.

    Returns
    -------
    float
        Its height in inches, for which the figure has to leave room.
    """
    widest = max(ruler.width(line, SMALL) for h in handles for line in h.get_label().split("\n"))
    columns = 4 if widest <= NARROW else 3
    rows = [handles[k : k + columns] for k in range(0, len(handles), columns)]
    down_columns = [h for c in range(columns) for h in handles[c::columns]]  # the order in which legends are filled
    figure.legend(
        handles=down_columns, loc="lower center", ncols=columns, handlelength=2.4, columnspacing=1.2, borderaxespad=0.2
    )
    return LINE * sum(max(h.get_label().count("\n") + 1 for h in row) for row in rows)
