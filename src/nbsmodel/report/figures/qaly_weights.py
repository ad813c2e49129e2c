"""Figure: QALYs of an affected child and of the general population, and where each severity weight applies."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import RankedPanels
from nbsmodel.report.figures.style import FAINT, INK, NORMAL, PALETTE, SMALL, Sketch
from nbsmodel.report.figures.words import labels, number
from nbsmodel.report.format import records

ROW, BOTTOM, BAR = 0.42, 0.5, 0.5
#: Room above the bars for the names of the weights, in rows.
HEAD = 0.75
BANDS = {"1.7": "#d9d9d9", "1.2": "#ededed"}


def draw_qaly_weights(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A bar for the general population and each strategy, before bands of the weights; None without the analysis."""
    if "qaly_weights" not in tables:
        return None
    rows = records(tables["qaly_weights"])
    named, first = labels(scenario), rows[0]
    bars = {"General population": first["qale"], named[first["against"]]: first["qaly_comparator"]}
    bars |= {named[r["strategy"]]: r["qaly_strategy"] for r in rows}
    panels = RankedPanels({"": list(bars)}, ROW, BOTTOM + HEAD * ROW)
    axes = panels.axes[0]
    axes.set_position((axes.get_position().x0, BOTTOM / panels.height, axes.get_position().width,
                       (panels.height - BOTTOM - 0.08) / panels.height))  # fmt: skip
    axes.set_ylim(len(bars) - 0.5, -0.5 - HEAD)
    last = 1.1 * max(bars.values())
    edges = {"1.7": (min(0.0, *bars.values()), first["qaly_for_1.7"]),
             "1.2": (first["qaly_for_1.7"], first["qaly_for_1.2"])}  # fmt: skip
    for weight, (low, high) in edges.items():
        axes.axvspan(low, high, color=BANDS[weight], linewidth=0, zorder=0)
        axes.axvline(high, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
        axes.text((low + high) / 2, -0.5 - HEAD / 2, f"weight {weight}", ha="center", va="center", fontsize=SMALL)
    axes.text((edges["1.2"][1] + last) / 2, -0.5 - HEAD / 2, "weight 1", ha="center", va="center", fontsize=SMALL)
    for i, value in enumerate(bars.values()):
        axes.barh(i, value, BAR, color=FAINT if i == 0 else PALETTE[(i - 1) % 8], zorder=2)
        axes.annotate(f"{value:.1f}", (max(value, 0), i), (4, 0), textcoords="offset points", va="center",
                      fontsize=NORMAL, zorder=4,
                      bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    if "qaly_comparator_low95" in first:
        ends = [first["qaly_comparator_low95"], first["qaly_comparator_high95"]]
        axes.plot(ends, [1 + BAR / 2 + 0.09] * 2, color=INK, linewidth=1.4, marker="|", markersize=5, zorder=3)
    panels.across(edges["1.7"][0], last, f"QALYs per affected child, discounted at {100 * first['rate']:g}%")
    comparator = named[first["against"]]
    caption = (
        f"Quality-adjusted life expectancy of the general population and of affected children. The severity weight "
        f"goes by the bar of {comparator}: grey bands show in which range of QALYs each weight applies."
    )
    if "qaly_comparator_low95" in first:
        caption += " The line below that bar is its 95% interval over the draws."
    values = ", ".join(f"{name} {number(value)}" for name, value in bars.items())
    alt = (
        f"QALYs per affected child, discounted: {values}. The severity weight is 1.7 up to "
        f"{number(first['qaly_for_1.7'])} QALYs under {comparator} and 1.2 up to {number(first['qaly_for_1.2'])}."
    )
    return Sketch(panels.figure, "QALYs of affected children and severity weights", caption, alt)
