"""Figure: cost-effectiveness acceptability curves and their frontier."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.curves import CurvePanel
from nbsmodel.report.figures.style import INK, LINES, PALETTE, Sketch
from nbsmodel.report.figures.words import effect_unit, labels, listing, number
from nbsmodel.report.format import share

HEIGHT = 3.6


def draw_ceac(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A curve a strategy, the frontier as a broad band; None without draws or with a single strategy."""
    if "ceac" not in tables or len(scenario.model.strategies) < 2:
        return None
    table, named = tables["ceac"], labels(scenario)
    panel = CurvePanel(scenario, float(table["threshold"].max()), named, HEIGHT, legend=True)
    axes = panel.axes
    ends, colours = {}, {}
    for i, strategy in enumerate(named):
        line = table[table["strategy"] == strategy]
        colours[strategy] = PALETTE[i % 8]
        axes.plot(line["threshold"], line["probability"], color=PALETTE[i % 8], linestyle=LINES[i % 8],
                  zorder=3, clip_on=False)  # fmt: skip
        ends[strategy] = float(line["probability"].iloc[-1])
        for part in _stretches(line):
            axes.plot(part["threshold"], part["probability"], color=PALETTE[i % 8], linewidth=6, alpha=0.3,
                      solid_capstyle="butt", marker="s" if len(part) == 1 else None, zorder=2)  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.set_ylabel("Probability of having the highest\nnet monetary benefit")
    panel.finish(ends, colours)
    axes.plot([], [], color=INK, linewidth=6, alpha=0.3, label="acceptability frontier: highest expected net benefit")
    panel.figure.legend(loc="lower center", borderaxespad=0.2)
    precision = tables["psa_precision"]
    worst = float(precision.loc[precision["quantity"] == "probability", "half_width"].max())
    caption = (
        "Share of the draws in which each strategy has the highest net monetary benefit, by threshold. The broad band "
        "(acceptability frontier) marks the strategy with the highest expected net benefit, which need not be the one "
        f"most probably best. The number of draws leaves the curves uncertain by {number(100 * worst, 2)} percentage "
        "points or less at the thresholds of the analysis (dotted lines)."
    )
    return Sketch(panel.figure, "Cost-effectiveness acceptability", caption, _alt(scenario, table))


def _stretches(line: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The parts of a curve on the frontier, threshold after threshold."""
    on = line["frontier"].astype(bool)
    for _, part in line[on].groupby((~on).cumsum()[on]):
        yield part


def _alt(scenario: Scenario, table: pd.DataFrame) -> str:
    named, parts = labels(scenario), []
    for threshold in sorted(scenario.settings.thresholds):
        rows = table[table["threshold"] == threshold]
        values = ", ".join(f"{named[s]} {share(p)}" for s, p in zip(rows["strategy"], rows["probability"], strict=True))
        best = listing([named[s] for s in rows.loc[rows["frontier"].astype(bool), "strategy"]])
        parts.append(f"at {number(threshold)} per {effect_unit(scenario)}: {values}, on the frontier {best}")
    return f"Acceptability curves; probability of having the highest net monetary benefit {'; '.join(parts)}."
