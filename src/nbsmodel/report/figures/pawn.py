"""Figure: PAWN indices of the parameters that matter most, with what chance alone would give."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import MOST_PANELS, MOST_ROWS, RankedPanels
from nbsmodel.report.figures.style import INK, PALETTE, WIDTH, Sketch
from nbsmodel.report.figures.words import effect_unit, labels, listing, number

ROW, BOTTOM = 0.3, 0.78
KEYS = ("median slice", "slice that differs most", "no influence: median by chance")


def draw_pawn(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars of the median with a line to the maximum, and the noise; None where nothing varies."""
    if "pawn" not in tables:
        return None
    table, named = tables["pawn"], labels(scenario)
    strategies = [s for s, part in table.groupby("strategy", sort=False) if (part["median"] > 0).any()][:MOST_PANELS]
    if not strategies:
        return None
    parts = {str(s): table[table["strategy"] == s].head(MOST_ROWS[len(strategies)]) for s in strategies}
    panels = RankedPanels({named[s]: list(part["label"]) for s, part in parts.items()}, ROW, BOTTOM)
    for axes, part in zip(panels.axes, parts.values(), strict=True):
        rows = range(len(part))
        axes.barh(rows, part["median"], 0.55, color=PALETTE[0], edgecolor=INK, linewidth=0.4, label=KEYS[0])
        axes.axvline(part["noise"].iloc[0], color=PALETTE[5], linewidth=1.2, linestyle="--", zorder=4,
                     label=KEYS[2])  # fmt: skip
        axes.plot(part["maximum"], rows, "D", color=PALETTE[1], markeredgecolor=INK, markeredgewidth=0.5,
                  markersize=4, label=KEYS[1], zorder=3)  # fmt: skip
    every = pd.concat(parts.values())
    panels.across(0, 1.05 * float(every["maximum"].max()), "Distance between distribution functions (0 to 1)")
    keys = dict(zip(*reversed(panels.axes[0].get_legend_handles_labels()), strict=True))
    panels.figure.legend(
        [keys[text] for text in KEYS], KEYS, loc="lower left", bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0),
        ncols=3, borderaxespad=0.3, columnspacing=1.4,
    )  # fmt: skip
    threshold = f"{number(table['threshold'].iloc[0])} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = (
        f"PAWN indices of the incremental net monetary benefit at {threshold}, against "
        f"{named[scenario.model.comparator]}: largest distance between the distribution function of all draws and of "
        "those in which the parameter lies in one tenth of its range of probability. A bar that ends before the "
        "dashed line cannot be told from a parameter without influence."
    )
    return Sketch(panels.figure, "PAWN indices", caption, _alt(scenario, parts, threshold))


def _alt(scenario: Scenario, parts: dict[str, pd.DataFrame], threshold: str) -> str:
    named, told = labels(scenario), []
    for strategy, part in parts.items():
        top = part.head(4)
        values = [f"{label} {v:.2f}" for label, v in zip(top["label"], top["median"], strict=True)]
        told.append(f"{named[strategy]}: {listing(values)}, noise {part['noise'].iloc[0]:.3f}")
    return (
        f"Bars of PAWN indices of the incremental net monetary benefit at {threshold} against "
        f"{named[scenario.model.comparator]}. Largest medians: {'; '.join(told)}."
    )
