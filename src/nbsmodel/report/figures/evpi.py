"""Figure: the value of perfect information against the threshold."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.curves import CurvePanel
from nbsmodel.report.figures.style import PALETTE, Sketch, plain_ticks
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, listing, money, number, scale

HEIGHT, RIGHT = 3.2, 0.95


def draw_evpi(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """EVPI with its error, per birth and for the population; None without draws or where it is 0 throughout."""
    if "evpi" not in tables or not tables["evpi"]["evpi"].any():
        return None
    table = tables["evpi"]
    populated = bool(table["population"].notna().all() and table["population"].max() > 0)
    high = table["evpi"] + 1.96 * table["evpi_se"]
    divisor, word = scale(high)
    panel = CurvePanel(scenario, float(table["threshold"].max()), {}, HEIGHT, RIGHT if populated else 0.3)
    axes = panel.axes
    axes.fill_between(
        table["threshold"], (table["evpi"] - 1.96 * table["evpi_se"]).clip(lower=0) / divisor, high / divisor,
        color=PALETTE[0], alpha=0.2, linewidth=0,
    )  # fmt: skip
    axes.plot(table["threshold"], table["evpi"] / divisor, color=PALETTE[0])
    top = 1.06 * float(high.max())
    axes.set_ylim(0, top / divisor)
    plain_ticks(axes.yaxis)
    axes.set_ylabel(f"Value of perfect information\n{basis(scenario)} ({currency(scenario, word)})")
    panel.finish({}, {})
    if populated:
        years = float(scenario.analyses.population.horizon)
        each = float((table["population"] / table["evpi"]).max())
        by, of = scale([top * each])
        twin = axes.twinx()
        twin.spines["right"].set_visible(True)
        twin.set_ylim(0, top * each / by)
        plain_ticks(twin.yaxis)
        twin.set_ylabel(f"for the births of {number(years)} years\n({currency(scenario, of)})")
    sides = f"Left {basis(scenario)}, right for all births of the horizon, discounted. " if populated else ""
    caption = (
        "What it would be worth to know all parameters for certain before choosing, by threshold: an upper limit to "
        f"the value of any research. {sides}The band is the 95% interval of the error of the draws. Dotted lines: "
        "thresholds of the analysis."
    )
    return Sketch(panel.figure, "Expected value of perfect information", caption, _alt(scenario, table, populated))


def _alt(scenario: Scenario, table: pd.DataFrame, populated: bool) -> str:
    named, parts = labels(scenario), []
    for threshold in sorted(scenario.settings.thresholds):
        row = table[table["threshold"] == threshold].iloc[0]
        whole = f", {money(row['population'])} for the population" if populated else ""
        parts.append(
            f"at {number(threshold)} per {effect_unit(scenario)}: {money(row['evpi'])}{whole}, "
            f"{named[row['strategy']]} being the best on average"
        )
    what = f"Expected value of perfect information ({basis(scenario)}, {currency(scenario)}) in choosing between"
    return f"{what} {listing(list(named.values()))} {'; '.join(parts)}."
