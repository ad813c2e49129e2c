"""What figures with a row for each parameter or scenario share: wrapped names on the left, a panel a strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.style import NORMAL, WIDTH, new_figure, plain_ticks

#: Rows that a figure has room for, by the number of its panels; strategies beyond the last are left out.
MOST_ROWS = {1: 12, 2: 8, 3: 6}
MOST_PANELS = max(MOST_ROWS)
NAME_WIDTH, BESIDE, RIGHT, TITLE = 2.5, 0.14, 0.15, 0.3


class RankedPanels:
    """Panels below each other, with rows from top to bottom and one scale for all.

    Parameters
    ----------
    panels : mapping of str to sequence of str
        Names of the rows, by the title of the panel; an only panel needs no title.
    row : float
        Height of a row in inches; one with a name of several lines is no higher, so they must fit.
    bottom : float
        Room below the lowest panel, for the axis and a legend.
    """

    def __init__(self, panels: Mapping[str, Sequence[str]], row: float, bottom: float) -> None:
        ruler = Ruler(new_figure(1, 1))
        lines = max(1, int(row / line_height(NORMAL)))
        wrapped = {title: [_fit(ruler, name, lines) for name in names] for title, names in panels.items()}
        widest = max(ruler.width(t, NORMAL) for names in wrapped.values() for name in names for t in name)
        self.left, self.row = widest + BESIDE + 0.06, row
        above = TITLE if len(panels) > 1 else 0.08
        heights = [row * len(names) for names in panels.values()]
        gaps = above + 0.32
        self.height = bottom + sum(heights) + above + gaps * (len(panels) - 1)
        self.width = WIDTH - self.left - RIGHT
        self.figure: Figure = new_figure(WIDTH, self.height)
        self.axes: list[Axes] = []
        top = self.height - above
        for (title, names), height in zip(wrapped.items(), heights, strict=True):
            box = (self.left / WIDTH, (top - height) / self.height, self.width / WIDTH, height / self.height)
            axes = self.figure.add_axes(box)
            axes.set_yticks(range(len(names)), ["\n".join(name) for name in names], fontsize=NORMAL)
            axes.set_ylim(len(names) - 0.5, -0.5)
            axes.tick_params(axis="y", length=0)
            plain_ticks(axes.xaxis)
            if len(panels) > 1:
                self.figure.text(0.06 / WIDTH, (top + 0.08) / self.height, title, fontsize=NORMAL, weight="bold")
            self.axes.append(axes)
            top -= height + gaps

    def across(self, low: float, high: float, label: str) -> None:
        """Give all panels the same scale, with a label below the lowest."""
        for axes in self.axes:
            axes.set_xlim(low, high)
        lines = Ruler(self.figure).balanced(label, NORMAL, self.width)
        self.axes[-1].set_xlabel("\n".join(lines))


def _fit(ruler: Ruler, name: str, lines: int) -> list[str]:
    """A name in a few lines, cut short where it does not fit."""
    found = ruler.wrap(name, NORMAL, NAME_WIDTH)
    if len(found) <= lines:
        return ruler.balanced(name, NORMAL, NAME_WIDTH)
    words = " ".join(found[:lines]).split()
    while words:
        short = ruler.wrap(f"{' '.join(words)} ...", NORMAL, NAME_WIDTH)
        if len(short) <= lines:
            return short
        words.pop()
    return found[:lines]
