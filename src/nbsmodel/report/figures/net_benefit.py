"""Figure: incremental net monetary benefit against the threshold."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.curves import CurvePanel
from nbsmodel.report.figures.style import LINES, PALETTE, Sketch, plain_ticks
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, money, number, scale

HEIGHT = 3.4


def draw_net_benefit(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A straight line a strategy; None with a single strategy."""
    pairs = tables["pairwise"]
    if pairs.empty:
        return None
    named, comparator = labels(scenario), scenario.model.comparator
    last = 1.5 * max(scenario.settings.thresholds)
    lines = {comparator: (0.0, 0.0)}
    for strategy, effect, cost in zip(
        pairs["strategy"], pairs[f"inc_{scenario.settings.effect}"], pairs["inc_cost"], strict=True
    ):
        lines[strategy] = (-float(cost), last * float(effect) - float(cost))
    divisor, word = scale(v for ends in lines.values() for v in ends)
    panel = CurvePanel(scenario, last, {s: named[s] for s in lines}, HEIGHT)
    axes = panel.axes
    order = [s for s in scenario.model.strategy_names if s in lines]
    for i, strategy in enumerate(order):
        style, wide = ("-", 1.0) if strategy == comparator else (LINES[i % 8], 1.7)
        ends = [v / divisor for v in lines[strategy]]
        axes.plot([0, last], ends, color=PALETTE[i % 8], linestyle=style, linewidth=wide, zorder=3, clip_on=False)
    axes.margins(y=0.06)
    plain_ticks(axes.yaxis)
    axes.set_ylim(*axes.get_ylim())
    panel.finish({s: lines[s][1] / divisor for s in order}, {s: PALETTE[i % 8] for i, s in enumerate(order)})
    axes.set_ylabel(f"Incremental net monetary benefit\n{basis(scenario)} ({currency(scenario, word)})")
    caption = (
        f"Threshold times the difference in effect less the difference in cost, against {named[comparator]}, "
        f"{basis(scenario)}, discounted. Above zero a strategy is worth its cost. "
        "Dotted lines: thresholds of the analysis."
    )
    return Sketch(panel.figure, "Incremental net monetary benefit", caption, _alt(scenario, tables["net_benefit"]))


def _alt(scenario: Scenario, table: pd.DataFrame) -> str:
    named, comparator = labels(scenario), scenario.model.comparator
    parts = []
    for threshold in sorted(scenario.settings.thresholds):
        rows = table[(table["threshold"] == threshold) & (table["strategy"] != comparator)]
        values = ", ".join(f"{named[s]} {money(v)}" for s, v in zip(rows["strategy"], rows["inc_nmb"], strict=True))
        parts.append(f"at {number(threshold)} per {effect_unit(scenario)}: {values}")
    unit = f"{basis(scenario)}, {currency(scenario)}"
    return f"Incremental net monetary benefit ({unit}) against {named[comparator]}; {'; '.join(parts)}."
