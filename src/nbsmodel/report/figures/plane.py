"""Figure: the cost-effectiveness plane."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Box, Ruler, inside, overlap, text_box
from nbsmodel.report.figures.style import (
    FAINT,
    INK,
    LINES,
    MARKERS,
    NORMAL,
    PALETTE,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import basis, currency, effect_label, effect_unit, labels, number, scale

HEIGHT = 4.2
POINTER = {"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
BACKGROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8}


def draw_plane(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Differences in cost and effect from the comparator; None with a single strategy."""
    pairs, comparator = tables["pairwise"], scenario.model.comparator
    if pairs.empty:
        return None
    effect = f"inc_{scenario.settings.effect}"
    divisor, word = scale(pairs["inc_cost"])
    points = {comparator: (0.0, 0.0)}
    for strategy, x, y in zip(pairs["strategy"], pairs[effect], pairs["inc_cost"], strict=True):
        points[strategy] = (float(x), float(y) / divisor)
    frontier = [s for s in tables["cea"].loc[tables["cea"]["status"] == "frontier", "strategy"] if s in points]
    joined = len(points) > 2 and len(frontier) > 1
    rows = -(-(len(scenario.settings.thresholds) + joined) // 4)
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.95 / WIDTH, right=0.97, top=0.97, bottom=(0.55 + 0.17 * rows) / HEIGHT)
    _limits(axes, points, max(scenario.settings.thresholds) / divisor)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
    for i, threshold in enumerate(sorted(scenario.settings.thresholds)):
        label = f"{number(threshold)} {scenario.model.about['currency']} per {effect_unit(scenario)}"
        axes.axline((0, 0), slope=threshold / divisor, color=FAINT, linewidth=0.9, label=label,
                    linestyle=LINES[(i + 1) % len(LINES)], zorder=2)  # fmt: skip
    if joined:
        axes.plot(
            *zip(*(points[s] for s in frontier), strict=True), color=INK, linewidth=1.3, label="frontier", zorder=3
        )
    order = [s for s in scenario.model.strategy_names if s in points]
    for i, strategy in enumerate(order):
        axes.plot(*points[strategy], MARKERS[i % 8], color=PALETTE[i % 8], markeredgecolor=INK, markersize=7, zorder=4)
    axes.set_xlabel(f"Difference in {effect_label(scenario)} {basis(scenario)}, discounted")
    axes.set_ylabel(f"Difference in cost {basis(scenario)}, discounted\n({currency(scenario, word)})")
    figure.legend(loc="lower center", ncols=4, handlelength=2.6, borderaxespad=0.2, columnspacing=1.4)
    named, ruler = labels(scenario), Ruler(figure)
    name_points(
        figure, axes, [points[s] for s in order], ["\n".join(ruler.balanced(named[s], NORMAL, 2.0)) for s in order]
    )
    caption = (
        f"Differences from {named[comparator]} (at the origin) in discounted cost and {effect_label(scenario)} "
        f"{basis(scenario)}. A strategy below and to the right of a threshold line is worth its cost at that threshold."
    )
    if len(points) > 2:
        caption += " The frontier joins the strategies that are neither dominated nor extendedly dominated."
    return Sketch(figure, "Cost-effectiveness plane", caption, _alt(scenario, pairs, effect))


def _limits(axes: Any, points: dict[str, tuple[float, float]], threshold: float) -> None:
    """Around the points, with room for the labels and for the threshold lines above or below the origin."""
    xs, ys = zip(*points.values(), strict=True)
    across, up = max(xs) - min(xs), max(ys) - min(ys)
    across = across or up / threshold or 1.0
    up = up or across * threshold
    axes.set_xlim(min(xs) - 0.22 * across, max(xs) + 0.22 * across)
    axes.set_ylim(min(ys) - (0.45 if min(ys) == 0 else 0.22) * up, max(ys) + (0.45 if max(ys) == 0 else 0.22) * up)
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)


def name_points(figure: Any, axes: Any, points: list[tuple[float, float]], names: list[str]) -> None:
    """Write each label next to its point where it covers the least."""
    pixels = [tuple(axes.transData.transform(p)) for p in points]
    lines = [p for line in axes.lines if len(line.get_xdata()) > 1 for p in _along(axes, line)]
    frame = axes.get_window_extent()
    taken: list[Box] = []
    for point, name in zip(points, names, strict=True):
        best: tuple[float, int, Any] | None = None
        for n, (dx, dy) in enumerate(_around()):
            where = {"ha": ("right", "center", "left")[_sign(dx) + 1], "va": ("top", "center", "bottom")[_sign(dy) + 1]}
            far = math.hypot(dx, dy) > 20
            text = axes.annotate(
                name, point, (dx, dy), textcoords="offset points", fontsize=NORMAL, zorder=3.5, bbox=BACKGROUND,
                arrowprops=POINTER if far else None, **where,
            )  # fmt: skip
            box = text_box(text, figure)
            out = box[0] < frame.x0 or box[2] > frame.x1 or box[1] < frame.y0 or box[3] > frame.y1
            cost = 1000.0 * out + 300.0 * sum(overlap(box, b, 2) for b in taken) + 100.0 * inside(pixels, box, 8)
            cost += inside(lines, box, 2) + n / 100
            if best is None or cost < best[0]:
                if best:
                    best[2].remove()
                best = (cost, n, text)
            else:
                text.remove()
        assert best is not None
        taken.append(text_box(best[2], figure))


def _around() -> list[tuple[float, float]]:
    turns = [math.radians(a) for a in (0, 90, 270, 180, 45, 315, 135, 225)]
    return [(round(r * math.cos(t), 3), round(r * math.sin(t), 3)) for r in (8, 16, 30) for t in turns]


def _sign(x: float) -> int:
    return (x > 0.5) - (x < -0.5)


def _along(axes: Any, line: Any) -> list[tuple[float, float]]:
    """Points on a drawn line, in pixels."""
    path = line.get_transform().transform_path(line.get_path()).interpolated(150)
    return [(float(x), float(y)) for x, y in path.vertices]


def _alt(scenario: Scenario, pairs: pd.DataFrame, effect: str) -> str:
    named, parts = labels(scenario), []
    for strategy, cost, gained, icer, where in zip(
        pairs["strategy"], pairs["inc_cost"], pairs[effect], pairs["icer"], pairs["quadrant"], strict=True
    ):
        ratio = "" if math.isnan(icer) else f", {number(icer)} per {effect_unit(scenario)}"
        amounts = f"{_signed(cost)} {scenario.model.about['currency']}, {_signed(gained)} {effect_label(scenario)}"
        parts.append(f"{named[strategy]}: {amounts} ({where}{ratio})")
    what = f"Differences in cost and effect {basis(scenario)} from {named[scenario.model.comparator]}"
    return f"Cost-effectiveness plane. {what}: {'; '.join(parts)}."


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)
