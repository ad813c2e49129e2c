"""Figure: expected loss of choosing each strategy."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.curves import CurvePanel
from nbsmodel.report.figures.style import INK, LINES, PALETTE, Sketch, plain_ticks
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, money, number, scale

HEIGHT = 3.6


def draw_expected_loss(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A curve a strategy, their lowest marked; None without draws or with a single strategy."""
    if "ceac" not in tables or len(scenario.model.strategies) < 2:
        return None
    table, named = tables["ceac"], labels(scenario)
    divisor, word = scale(table["expected_loss"])
    panel = CurvePanel(scenario, float(table["threshold"].max()), named, HEIGHT, legend=True)
    axes = panel.axes
    ends, colours = {}, {}
    for i, strategy in enumerate(named):
        line = table[table["strategy"] == strategy]
        loss = line["expected_loss"] / divisor
        colours[strategy], ends[strategy] = PALETTE[i % 8], float(loss.iloc[-1])
        axes.plot(line["threshold"], loss, color=PALETTE[i % 8], linestyle=LINES[i % 8], zorder=3, clip_on=False)
    lowest = table.groupby("threshold")["expected_loss"].min() / divisor
    axes.plot(lowest.index, lowest, color=INK, linewidth=4.5, alpha=0.35, zorder=2, clip_on=False,
              label="lowest: expected value of perfect information")  # fmt: skip
    axes.set_ylim(0, 1.05 * max(float(table["expected_loss"].max()) / divisor, 1e-12))
    plain_ticks(axes.yaxis)
    axes.set_ylabel(f"Expected loss\n{basis(scenario)} ({currency(scenario, word)})")
    panel.finish(ends, colours)
    panel.figure.legend(loc="lower center", borderaxespad=0.2)
    caption = (
        "Net monetary benefit that is forgone on average by choosing a strategy where in some draws another is better, "
        f"{basis(scenario)}, by threshold. The strategy with the lowest curve is the best choice on average; what it "
        "still loses is the expected value of perfect information. Dotted lines: thresholds of the analysis."
    )
    return Sketch(panel.figure, "Expected loss", caption, _alt(scenario, table))


def _alt(scenario: Scenario, table: pd.DataFrame) -> str:
    named, parts = labels(scenario), []
    for threshold in sorted(scenario.settings.thresholds):
        rows = table[table["threshold"] == threshold]
        values = ", ".join(
            f"{named[s]} {money(v)}" for s, v in zip(rows["strategy"], rows["expected_loss"], strict=True)
        )
        parts.append(f"at {number(threshold)} per {effect_unit(scenario)}: {values}")
    return f"Expected loss ({basis(scenario)}, {currency(scenario)}) of each strategy {'; '.join(parts)}."
