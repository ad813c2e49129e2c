"""Figure: Sobol' indices of the parameters that matter most."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import MOST_PANELS, MOST_ROWS, RankedPanels
from nbsmodel.report.figures.style import INK, PALETTE, WIDTH, Sketch
from nbsmodel.report.figures.words import effect_unit, labels, listing, number

ROW, BOTTOM, BAR = 0.33, 0.78, 0.36
WHISKER = {"ecolor": INK, "elinewidth": 0.8, "capsize": 1.8, "capthick": 0.8}


def draw_sobol(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars of the total and the first-order index with intervals; None where nothing varies."""
    if "sobol" not in tables:
        return None
    moving = tables["sobol_summary"].loc[tables["sobol_summary"]["sd"] > 0, "strategy"]
    strategies = list(moving)[:MOST_PANELS]
    if not strategies:
        return None
    named = labels(scenario)
    table = tables["sobol"]
    parts = {s: table[table["strategy"] == s].head(MOST_ROWS[len(strategies)]) for s in strategies}
    panels = RankedPanels({named[s]: list(part["label"]) for s, part in parts.items()}, ROW, BOTTOM)
    kinds = (("st", -BAR / 2, PALETTE[0], "", "total: alone and with others"),
             ("s1", BAR / 2, PALETTE[4], "////", "first order: alone"))  # fmt: skip
    for axes, part in zip(panels.axes, parts.values(), strict=True):
        axes.axvline(0, color=INK, linewidth=0.6)
        for column, shift, colour, hatch, text in kinds:
            axes.barh(
                [y + shift for y in range(len(part))], part[column], BAR, xerr=part[f"{column}_half_width"],
                color=colour, hatch=hatch, edgecolor=INK, linewidth=0.4, error_kw=WHISKER, label=text,
            )  # fmt: skip
    every = pd.concat(parts.values())
    low = min(0.0, float((every["s1"] - every["s1_half_width"]).min()))
    high = max(float((every[c] + every[f"{c}_half_width"]).max()) for c in ("s1", "st"))
    panels.across(low * 1.05, high * 1.05, "Share of the variance of the incremental net monetary benefit")
    handles, texts = panels.axes[0].get_legend_handles_labels()
    panels.figure.legend(handles, texts, loc="lower left", bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0), ncols=2,
                         borderaxespad=0.3, columnspacing=1.6)  # fmt: skip
    threshold = f"{number(table['threshold'].iloc[0])} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = (
        f"Sobol' indices of the incremental net monetary benefit at {threshold}, against "
        f"{named[scenario.model.comparator]}; lines are 95% intervals. "
        f"{_shown(len(every), len(table), len(strategies))}"
    )
    return Sketch(panels.figure, "Sobol' indices", caption, _alt(scenario, parts, threshold))


def _shown(rows: int, of: int, strategies: int) -> str:
    """Whether the table has more rows than are drawn."""
    if rows >= of:
        return "All parameters are shown."
    return f"The largest {rows // strategies} are shown{' for each strategy' if strategies > 1 else ''}."


def _alt(scenario: Scenario, parts: dict[str, pd.DataFrame], threshold: str) -> str:
    named, told = labels(scenario), []
    for strategy, part in parts.items():
        top = part.head(4)
        values = [
            f"{label} {t:.2f} and {s:.2f}" for label, t, s in zip(top["label"], top["st"], top["s1"], strict=True)
        ]
        told.append(f"{named[strategy]}: {listing(values)}")
    return (
        f"Bars of the total and first-order Sobol' indices of the incremental net monetary benefit at {threshold} "
        f"against {named[scenario.model.comparator]}. Largest, total and first order: {'; '.join(told)}."
    )
