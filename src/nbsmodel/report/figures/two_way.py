"""Figures: net benefit over grids of two values."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.lines import Line2D

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.heat import colour_bar, line_at, mark_base, parted, side_text, sides, surface
from nbsmodel.report.figures.style import INK, NORMAL, WIDTH, Sketch, new_figure
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, listing, money, number, scale

SIDE, LEFT, GAP, BAR, TITLE, LEGEND = 2.25, 0.95, 0.3, 0.14, 0.3, 0.36
#: Strategies with a panel; others are in the table only.
MOST = 2
BREAK_EVEN = {"colors": INK, "linewidths": 1.8, "zorder": 4}


def draw_two_way(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> dict[str, Sketch]:
    """A figure a grid, by file name: ``two_way_1``, ``two_way_2``, ..."""
    if "two_way" not in tables:
        return {}
    found = {}
    for number_, summary in tables["two_way_summary"].groupby("grid", sort=False):
        grid = tables["two_way"][tables["two_way"]["grid"] == number_]
        found[f"two_way_{number_}"] = _draw(scenario, grid, summary)
    return found


def _draw(scenario: Scenario, grid: pd.DataFrame, summary: pd.DataFrame) -> Sketch:
    named = labels(scenario)
    rows = list(summary.head(MOST).itertuples())
    first = rows[0]
    divisor, word = scale(grid["inmb"])
    ruler = Ruler(new_figure(1, 1))
    side = (WIDTH - LEFT - BAR - 0.85 - GAP * len(rows)) / max(len(rows), 2) if len(rows) > 1 else 2 * SIDE
    tall = min(side, 3.3)
    x_text = "\n".join(ruler.balanced(side_text(str(first.x_label), str(first.x_unit)), NORMAL, side))
    y_text = "\n".join(ruler.balanced(side_text(str(first.y_label), str(first.y_unit)), NORMAL, tall))
    left = 0.62 + line_height(NORMAL) * (y_text.count("\n") + 1)
    bottom = LEGEND + 0.28 + line_height(NORMAL) * (x_text.count("\n") + 1)
    height = bottom + tall + (TITLE if len(named) > 2 else 0.12)
    figure = new_figure(WIDTH, height)
    passes, marked = False, False
    low, high = float(grid["inmb"].min()), float(grid["inmb"].max())
    for i, row in enumerate(rows):
        part = grid[(grid["strategy"] == row.strategy) & (grid["against"] == row.against)]
        x, y, values = surface(part, "inmb")
        box = ((left + i * (side + GAP)) / WIDTH, bottom / height, side / WIDTH, tall / height)
        axes = figure.add_axes(box)
        filled = parted(axes, x, y, values / divisor, (low / divisor, high / divisor))
        passes |= line_at(axes, x, y, values, 0.0, **BREAK_EVEN)
        sides(axes, (x_text, y_text if i == 0 else ""), (str(first.x_unit), str(first.y_unit)))
        if i:
            axes.tick_params(labelleft=False)
        marked |= mark_base(axes, float(row.x_base), float(row.y_base))  # type: ignore[arg-type]
        if len(named) > 2:
            axes.set_title("\n".join(ruler.wrap(named[str(row.strategy)], NORMAL, side)), fontsize=NORMAL)
    edge = left + len(rows) * side + (len(rows) - 1) * GAP + 0.18
    colour_bar(figure, (edge / WIDTH, bottom / height, BAR / WIDTH, tall / height), filled,
               f"Incremental net monetary benefit\n{basis(scenario)} ({currency(scenario, word)})", False)  # fmt: skip
    handles = []
    if passes:
        handles.append(Line2D([], [], color=INK, linewidth=1.8, label="break-even: zero"))
    if marked:
        handles.append(Line2D([], [], linestyle="", marker="o", color="white", markeredgecolor=INK, markersize=7,
                              markeredgewidth=1.2, label="base case"))  # fmt: skip
    if handles:
        figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(left / WIDTH - 0.02, 0), ncols=2,
                      borderaxespad=0.3)  # fmt: skip
    threshold = f"{number(float(first.threshold))} {scenario.model.about['currency']} per {effect_unit(scenario)}"  # type: ignore[arg-type]
    caption = f"Incremental net monetary benefit at {threshold} over {first.x_label} and {first.y_label}. "
    caption += "Blue: worth its cost; orange: not." if passes else _one_sign(summary.head(MOST))
    if len(summary) > MOST:
        caption += " The other strategies are in the table only."
    return Sketch(figure, "Two-way analysis", caption, _alt(scenario, rows, threshold))


def _one_sign(summary: pd.DataFrame) -> str:
    if (summary["positive"] == 1).all():
        return "It is positive over the whole grid, so no line of break-even is drawn."
    if (summary["positive"] == 0).all():
        return "It is nowhere positive, so no line of break-even is drawn."
    return "It changes its sign on no panel, so no line of break-even is drawn."


def _alt(scenario: Scenario, rows: list[Any], threshold: str) -> str:
    named, told = labels(scenario), []
    for r in rows:
        ends = (
            f"from {money(r.inmb_lowest)} (at {number(r.x_lowest)} and {number(r.y_lowest)}) to "
            f"{money(r.inmb_highest)} (at {number(r.x_highest)} and {number(r.y_highest)}), positive on "
            f"{100 * r.positive:.0f}% of the grid"
        )
        told.append(f"{named[r.strategy]} against {named[r.against]} {ends}")
    return (
        f"Heat map of the incremental net monetary benefit ({basis(scenario)}, {currency(scenario)}) at {threshold} "
        f"over {rows[0].x_label} and {rows[0].y_label}: {listing(told)}."
    )
