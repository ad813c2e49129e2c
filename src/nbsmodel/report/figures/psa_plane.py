"""Figure: the draws on the cost-effectiveness plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.legend import legend_below, wrapped
from nbsmodel.report.figures.plane import BACKGROUND
from nbsmodel.report.figures.style import (
    FAINT,
    INK,
    LINES,
    MARKERS,
    NORMAL,
    PALETTE,
    SMALL,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import basis, currency, effect_label, effect_unit, labels, number, scale
from nbsmodel.report.format import share

HEIGHT = 3.9
#: 95% of a normal cloud lie within this distance of its centre, in standard deviations (chi-square, 2 df).
WITHIN = math.sqrt(5.991464547107979)
#: Shares are written into the corners for no more strategies than this; the table has them all.
MOST_SHARES = 3
#: Corner of the plane by quadrant: right or left, top or bottom, and what it means.
CORNERS = {
    "north-east": (1, 1, "costs more, does more"),
    "dominant": (1, 0, "costs less, does more"),
    "dominated": (0, 1, "costs more, does less"),
    "south-west": (0, 0, "costs less, does less"),
}


def draw_psa_plane(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Points, 95% ellipses and means of the draws; None without draws or with a single strategy."""
    if "psa_points" not in tables or tables["psa_points"].empty:
        return None
    points, cloud, shares = (tables[name] for name in ("psa_points", "psa_cloud", "quadrants"))
    named, (divisor, word) = labels(scenario), scale(points["inc_cost"])
    order = [s for s in scenario.model.strategy_names if s != scenario.model.comparator]
    figure = new_figure(WIDTH, HEIGHT)
    axes, ruler = figure.subplots(), Ruler(figure)
    handles: list[Any] = []
    drawn = [(0.0, 0.0)]
    for i, strategy in enumerate(scenario.model.strategy_names):
        mark: dict[str, Any] = {
            "marker": MARKERS[i % 8],
            "color": PALETTE[i % 8],
            "markeredgecolor": INK,
            "linestyle": "none",
        }
        if strategy not in order:
            label = wrapped(ruler, f"{named[strategy]} (at 0)")
            handles += axes.plot([0], [0], markersize=5, zorder=4, label=label, **mark)
            continue
        mine = points[points["strategy"] == strategy]
        axes.scatter(mine["inc_effect"], mine["inc_cost"] / divisor, s=4, color=PALETTE[i % 8], alpha=0.35,
                     linewidths=0, rasterized=True, zorder=2)  # fmt: skip
        row = cloud[cloud["strategy"] == strategy].iloc[0]
        outline = _ellipse(row, divisor)
        axes.plot(*outline, color=PALETTE[i % 8], linewidth=1.2, zorder=3)
        handles += axes.plot([row["inc_effect"]], [row["inc_cost"] / divisor], markersize=7, zorder=4.5,
                             label=wrapped(ruler, named[strategy]), **mark)  # fmt: skip
        drawn += [*zip(mine["inc_effect"], mine["inc_cost"] / divisor, strict=True), *zip(*outline, strict=True)]
    _limits(axes, drawn)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
    for i, threshold in enumerate(sorted(scenario.settings.thresholds)):
        label = f"{number(threshold)} {scenario.model.about['currency']} per {effect_unit(scenario)}"
        look: dict[str, Any] = {"color": INK, "linewidth": 0.8, "linestyle": LINES[(i + 1) % len(LINES)]}
        handles.append(axes.axline((0, 0), slope=threshold / divisor, label=wrapped(ruler, label), zorder=2.5, **look))
    handles += axes.plot([], [], color=FAINT, linewidth=1.2, label="95% ellipse")
    axes.set_xlabel(f"Difference in {effect_label(scenario)} {basis(scenario)}, discounted")
    axes.set_ylabel(f"Difference in cost {basis(scenario)}, discounted\n({currency(scenario, word)})")
    below = 0.58 + legend_below(figure, ruler, handles)
    figure.set_figheight(HEIGHT + below)
    figure.subplots_adjust(left=0.95 / WIDTH, right=0.97, top=1 - 0.12 / (HEIGHT + below),
                           bottom=below / (HEIGHT + below))  # fmt: skip
    if len(order) <= MOST_SHARES:
        _write_shares(axes, ruler, shares, {s: named[s] for s in order})
    return Sketch(figure, "Draws on the cost-effectiveness plane", _caption(scenario, points, cloud, len(order)),
                  _alt(scenario, cloud, shares))  # fmt: skip


def _ellipse(row: Any, divisor: float) -> tuple[Any, Any]:
    """Outline around the mean; a line where cost and effect go together or one of them stands still."""
    turn = np.linspace(0, 2 * np.pi, 181)
    linked = 0.0 if math.isnan(row["correlation"]) else float(row["correlation"])
    across = np.cos(turn)
    up = linked * np.cos(turn) + math.sqrt(max(0.0, 1 - linked**2)) * np.sin(turn)
    x = row["inc_effect"] + WITHIN * row["sd_effect"] * across
    return x, (row["inc_cost"] + WITHIN * row["sd_cost"] * up) / divisor


def _limits(axes: Any, drawn: list[tuple[float, float]]) -> None:
    """Around all that is drawn and the origin, with room for the shares in every corner."""
    for values, setter in zip(zip(*drawn, strict=True), (axes.set_xlim, axes.set_ylim), strict=True):
        low, high = min(values), max(values)
        room = 0.16 * (high - low) or 1.0
        setter(low - room, high + room)
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)


def _write_shares(axes: Any, ruler: Ruler, shares: pd.DataFrame, named: dict[str, str]) -> None:
    """Share of the draws in each quadrant, in its corner; quadrants without draws stay empty."""
    for quadrant, (right, top, meaning) in CORNERS.items():
        rows = shares[(shares["quadrant"] == quadrant) & (shares["share"] > 0)]
        if rows.empty:
            continue
        lines = [meaning]
        for strategy, part in zip(rows["strategy"], rows["share"], strict=True):
            text = share(part)
            lines += [text] if len(named) == 1 else ruler.wrap(f"{named[strategy]}: {text}", SMALL, 2.2)
        axes.text(
            0.99 if right else 0.01, 0.985 if top else 0.015, "\n".join(lines), transform=axes.transAxes,
            ha="right" if right else "left", va="top" if top else "bottom", multialignment="right" if right else "left",
            fontsize=NORMAL if len(named) == 1 else SMALL, color=INK, bbox=BACKGROUND, zorder=5,
        )  # fmt: skip


def _caption(scenario: Scenario, points: pd.DataFrame, cloud: pd.DataFrame, others: int) -> str:
    draws, shown = int(cloud["draws"].iloc[0]), len(points) // others
    which = f"{draws:,} draws" if shown == draws else f"{shown:,} of {draws:,} draws, chosen at random,"
    return (
        f"Differences from {labels(scenario)[scenario.model.comparator]} in discounted cost and "
        f"{effect_label(scenario)} {basis(scenario)}: {which} as points, the mean of all draws as a large mark. The "
        "ellipse holds 95% of the draws if they are jointly normal, which is an approximation. A draw below and to the "
        "right of a threshold line favours the strategy at that threshold."
    )


def _alt(scenario: Scenario, cloud: pd.DataFrame, shares: pd.DataFrame) -> str:
    named, parts = labels(scenario), []
    for strategy, cost, gained in zip(cloud["strategy"], cloud["inc_cost"], cloud["inc_effect"], strict=True):
        rows = shares[(shares["strategy"] == strategy) & (shares["share"] > 0)]
        where = ", ".join(f"{share(s)} {q}" for q, s in zip(rows["quadrant"], rows["share"], strict=True))
        mean = f"{number(cost)} {scenario.model.about['currency']}, {number(gained)} {effect_label(scenario)}"
        parts.append(f"{named[strategy]}: mean {mean}; {where}")
    what = f"Draws on the cost-effectiveness plane, differences {basis(scenario)} from"
    return f"{what} {named[scenario.model.comparator]}. {'. '.join(parts)}."
