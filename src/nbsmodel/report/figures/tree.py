"""Figure: the decision tree, from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.style import FAINT, INK, PALETTE, SMALL, WIDTH, Sketch, new_figure, paper
from nbsmodel.report.figures.tree_shape import Shown, shown_tree
from nbsmodel.report.figures.words import labels, listing

MARGIN, FAN, PAD, ROW_GAP = 0.1, 0.2, 0.05, 0.09
NARROWEST, LONGEST_WORD, WIDEST_END, LEAST_END = 0.6, 0.95, 2.3, 0.95
LINE = line_height(SMALL)
ASCENT = 0.76 * SMALL / 72
CLASS_COLOURS = {
    "true_positive": PALETTE[2], "false_negative": PALETTE[5], "false_positive": PALETTE[1],
    "true_negative": PALETTE[4], "not_screened": PALETTE[7], "known_before": PALETTE[0], "incidental": PALETTE[3],
}  # fmt: skip


@dataclass
class _Placed:
    """A branch with its lines of text and its place, in inches from the top left."""

    shown: Shown
    depth: int
    label: list[str]
    p: list[str]
    end: list[str]
    below: list[_Placed]
    y: float = 0.0
    height: float = 0.0

    def shift(self, by: float) -> None:
        self.y += by
        for branch in self.below:
            branch.shift(by)

    def every(self) -> Iterator[_Placed]:
        yield self
        for branch in self.below:
            yield from branch.every()


def draw_tree(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch:
    """The decision tree of a model."""
    shown = shown_tree(scenario, tables["paths"])
    ruler = Ruler(new_figure(1, 1))
    columns, width = _columns(shown, ruler)
    starts = [MARGIN + 0.08 + sum(columns[:d]) for d in range(len(columns) + 1)]
    branches = [_place(b, 0, columns, starts, width, ruler) for b in shown]
    height = _stack(branches) + 2 * MARGIN
    figure, axes = paper(width, max(height, 0.6))
    _draw(axes, branches, starts, height)
    return Sketch(figure, "Decision tree", _caption(scenario), _alt(scenario, tables["paths"]))


def _columns(shown: Sequence[Shown], ruler: Ruler) -> tuple[list[float], float]:
    """Width of the column of each depth, and of the figure: as much as the text asks for and the page has."""
    wanted: dict[int, float] = {}
    needed: dict[int, float] = {}
    for depth, branch in _every(shown, 0):
        for text, style in ((branch.label, "normal"), (branch.p, "italic")):
            whole, word = (max(ruler.width(t, SMALL, style) for t in ts) for ts in ([text], text.split()))
            wanted[depth] = max(wanted.get(depth, NARROWEST), whole + FAN + 3 * PAD)
            needed[depth] = max(needed.get(depth, NARROWEST), min(word, LONGEST_WORD) + FAN + 3 * PAD)
    natural, least = ([by[d] for d in range(len(by))] for by in (wanted, needed))
    room = WIDTH - 2 * MARGIN - LEAST_END
    if sum(natural) <= room:
        return natural, WIDTH
    room = max(room, sum(least))
    low, high = 0.0, max(natural)
    for _ in range(40):  # the cap at which the columns fill the room
        cap = (low + high) / 2
        full = sum(max(few, min(n, cap)) for n, few in zip(natural, least, strict=True)) > room
        low, high = (low, cap) if full else (cap, high)
    return [max(few, min(n, low)) for n, few in zip(natural, least, strict=True)], room + 2 * MARGIN + LEAST_END


def _every(shown: Sequence[Shown], depth: int) -> Iterator[tuple[int, Shown]]:
    for branch in shown:
        yield depth, branch
        yield from _every(branch.below, depth + 1)


def _place(shown: Shown, depth: int, columns: list[float], starts: list[float], width: float, ruler: Ruler) -> _Placed:
    room = columns[depth] - FAN - 2 * PAD
    end_room = min(width - MARGIN - starts[depth + 1] - 0.12, WIDEST_END)
    below = [_place(b, depth + 1, columns, starts, width, ruler) for b in shown.below]
    label = ruler.balanced(shown.label, SMALL, room)
    p = ruler.wrap(shown.p, SMALL, room, "italic")
    end = [line for text in shown.end for line in ruler.wrap(text, SMALL, end_room)]
    placed = _Placed(shown, depth, label, p, end, below)
    up = max(len(label) * LINE, len(end) * LINE / 2) + ROW_GAP / 2
    down = max(len(p) * LINE, len(end) * LINE / 2) + ROW_GAP / 2
    inner = _stack(below)
    y = (below[0].y + below[-1].y) / 2 if below else up
    extra = max(0.0, up - y)
    for branch in below:
        branch.shift(extra)
    placed.y, placed.height = y + extra, max(inner + extra, y + extra + down)
    return placed


def _stack(branches: Sequence[_Placed]) -> float:
    """Put blocks under each other; their joint height."""
    top = 0.0
    for branch in branches:
        branch.shift(top)
        top += branch.height
    return top


def _draw(axes: Any, branches: list[_Placed], starts: list[float], height: float) -> None:
    def flip(y: float) -> float:
        return height - MARGIN - y

    def node(x: float, below: list[_Placed], y: float) -> None:
        for branch in below:
            axes.plot([x, x + FAN, starts[branch.depth + 1]], [flip(y), flip(branch.y), flip(branch.y)],
                      color=FAINT, linewidth=0.7, solid_joinstyle="round", zorder=1)  # fmt: skip
        axes.plot(x, flip(y), "o", markersize=6, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=0.8)

    node(starts[0], branches, (branches[0].y + branches[-1].y) / 2)
    for branch in (b for root in branches for b in root.every()):
        x, y, end = starts[branch.depth] + FAN + PAD, flip(branch.y), starts[branch.depth + 1]
        _write(axes, x, y + 0.045 + LINE * (len(branch.label) - 1), branch.label)
        _write(axes, x, y - 0.03 - ASCENT, branch.p, style="italic", color=FAINT)
        if branch.below:
            node(end, branch.below, branch.y)
            continue
        colour = CLASS_COLOURS.get(branch.shown.class_ or "", "white")
        axes.plot(end, y, "<", markersize=6, markerfacecolor=colour, markeredgecolor=INK, markeredgewidth=0.7, zorder=3)
        _write(axes, end + 0.08, y + LINE * (len(branch.end) - 1) / 2 - ASCENT / 2 + 0.01, branch.end)


def _write(axes: Any, x: float, y: float, lines: list[str], **look: Any) -> None:
    """Lines of text from a first baseline down."""
    for i, line in enumerate(lines):
        axes.text(x, y - i * LINE, line, va="baseline", fontsize=SMALL, **look)


def _caption(scenario: Scenario) -> str:
    return (
        f"The same tree serves every strategy ({listing(list(labels(scenario).values()))}); they differ in the numbers "
        "that their levers give to its formulas. Circles: chance nodes, with the probability of each branch in italics "
        "('rest': what the others leave; a formula too long to print gives way to its base value). Triangles: ends, "
        "with the screening class and the cohort that is entered."
    )


def _alt(scenario: Scenario, paths: pd.DataFrame) -> str:
    first = paths[paths["strategy"] == scenario.model.comparator]
    text = f"Decision tree with {len(first)} {'ends' if len(first) != 1 else 'end'}, drawn from left to right."
    roots = [b.label for b in scenario.model.tree]
    if len(roots) > 1:
        text += f" It first divides into {listing(roots)}."
    classes = [f"{n} {str(c).replace('_', ' ')}" for c, n in first["class"].value_counts(sort=False).items() if c]
    return text + (f" Ends by class: {listing(classes)}." if classes else "")
