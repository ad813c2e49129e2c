"""Figure: incremental net monetary benefit against the threshold."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height, spread
from nbsmodel.report.figures.style import (
    FAINT,
    INK,
    LINES,
    NORMAL,
    PALETTE,
    SMALL,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, money, number, scale

HEIGHT, LEFT, TOP, BOTTOM = 3.4, 0.92, 0.28, 0.5


def draw_net_benefit(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A straight line a strategy; None with a single strategy."""
    pairs = tables["pairwise"]
    if pairs.empty:
        return None
    named, comparator = labels(scenario), scenario.model.comparator
    thresholds = sorted(scenario.settings.thresholds)
    last = 1.5 * thresholds[-1]
    lines = {comparator: (0.0, 0.0)}
    for strategy, effect, cost in zip(
        pairs["strategy"], pairs[f"inc_{scenario.settings.effect}"], pairs["inc_cost"], strict=True
    ):
        lines[strategy] = (-float(cost), last * float(effect) - float(cost))
    divisor, word = scale(v for ends in lines.values() for v in ends)
    figure = new_figure(WIDTH, HEIGHT)
    ruler = Ruler(figure)
    texts = {s: ruler.wrap(named[s], NORMAL, 1.45) for s in lines}
    right = max(ruler.width(t, NORMAL) for lines_ in texts.values() for t in lines_) + 0.2
    box = (LEFT / WIDTH, BOTTOM / HEIGHT, (WIDTH - LEFT - right) / WIDTH, (HEIGHT - BOTTOM - TOP) / HEIGHT)
    axes = figure.add_axes(box)
    axes.set_xlim(0, last)
    order = [s for s in scenario.model.strategy_names if s in lines]
    for i, strategy in enumerate(order):
        style, wide = ("-", 1.0) if strategy == comparator else (LINES[i % 8], 1.7)
        ends = [v / divisor for v in lines[strategy]]
        axes.plot([0, last], ends, color=PALETTE[i % 8], linestyle=style, linewidth=wide, zorder=3, clip_on=False)
    axes.margins(y=0.06)
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    taken = -1.0
    for threshold in thresholds:
        axes.axvline(threshold, color=FAINT, linewidth=0.6, linestyle=":", zorder=1)
        text = number(threshold)
        start = threshold / last * (WIDTH - LEFT - right) - ruler.width(text, SMALL) / 2
        if start > taken:
            axes.text(threshold, 1.01, text, transform=axes.get_xaxis_transform(), ha="center", va="bottom",
                      fontsize=SMALL, color=INK)  # fmt: skip
            taken = start + ruler.width(text, SMALL) + 0.06
    inches = (HEIGHT - BOTTOM - TOP) / (high - low)
    tallest = max(len(t) for t in texts.values()) * line_height(NORMAL) / inches
    places = spread([lines[s][1] / divisor for s in order], tallest, low + tallest / 2, high - tallest / 2)
    aside = 1 + 0.12 / (WIDTH - LEFT - right)
    for i, (strategy, y) in enumerate(zip(order, places, strict=True)):
        pointer = {"arrowstyle": "-", "color": PALETTE[i % 8], "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            "\n".join(texts[strategy]), (last, lines[strategy][1] / divisor), (aside, y), fontsize=NORMAL, va="center",
            textcoords=axes.get_yaxis_transform(), annotation_clip=False, arrowprops=pointer,
        )  # fmt: skip
    unit = effect_unit(scenario)
    axes.set_xlabel(f"Threshold ({scenario.model.about['currency']} per {unit})")
    axes.set_ylabel(f"Incremental net monetary benefit\n{basis(scenario)} ({currency(scenario, word)})")
    caption = (
        f"Threshold times the difference in effect less the difference in cost, against {named[comparator]}, "
        f"{basis(scenario)}, discounted. Above zero a strategy is worth its cost. "
        "Dotted lines: thresholds of the analysis."
    )
    return Sketch(figure, "Incremental net monetary benefit", caption, _alt(scenario, tables["net_benefit"]))


def _alt(scenario: Scenario, table: pd.DataFrame) -> str:
    named, comparator = labels(scenario), scenario.model.comparator
    parts = []
    for threshold in sorted(scenario.settings.thresholds):
        rows = table[(table["threshold"] == threshold) & (table["strategy"] != comparator)]
        values = ", ".join(f"{named[s]} {money(v)}" for s, v in zip(rows["strategy"], rows["inc_nmb"], strict=True))
        parts.append(f"at {number(threshold)} per {effect_unit(scenario)}: {values}")
    unit = f"{basis(scenario)}, {currency(scenario)}"
    return f"Incremental net monetary benefit ({unit}) against {named[comparator]}; {'; '.join(parts)}."
