"""Figure: what it would be worth to know each parameter, the largest first."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import RankedPanels
from nbsmodel.report.figures.style import INK, PALETTE, WIDTH, Sketch
from nbsmodel.report.figures.words import basis, currency, effect_unit, listing, money, number, scale

ROW, BOTTOM = 0.3, 0.9
#: Parameters and groups that there is room for.
MOST, MOST_GROUPS = 10, 6
#: One bar compares nothing; its value is in the text.
FEWEST = 2
ALL, Z95 = "all", 1.96
KEYS = ("value of knowing it", "95% interval", "knowing everything (EVPI)")


def draw_evppi(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars with their intervals at the first threshold; None where fewer than two things are worth knowing."""
    if "evppi" not in tables:
        return None
    table = tables["evppi"]
    first = table["threshold"].iloc[0]
    table = table[table["threshold"] == first]
    rows = table[table["set"] != ALL]
    asked = scenario.analyses.evppi
    grouped = rows["set"].isin(asked.groups if asked is not None else {})
    parts = {
        "Parameters one by one (those drawn together as one)": rows[~grouped].head(MOST),
        "Groups": rows[grouped].head(MOST_GROUPS),
    }
    parts = {title: part[part["evppi"] > 0] for title, part in parts.items()}
    parts = {title: part for title, part in parts.items() if len(part)}
    if sum(map(len, parts.values())) < FEWEST:
        return None
    populated = bool(table["population"].notna().all())
    column, error = ("population", "population_se") if populated else ("evppi", "se")
    evpi = float(table.loc[table["set"] == ALL, column].iloc[0])
    high = max(evpi, *(float(part[column].max()) for part in parts.values()))
    divisor, word = scale([high])
    panels = RankedPanels({title: list(part["label"]) for title, part in parts.items()}, ROW, BOTTOM)
    for axes, part in zip(panels.axes, parts.values(), strict=True):
        _bars(axes, part[column] / divisor, Z95 * part[error] / divisor, high / divisor)
        axes.axvline(evpi / divisor, color=PALETTE[5], linewidth=1.2, linestyle="--", zorder=4, label=KEYS[2])
    per = f"for the births of {_horizon(scenario)}" if populated else basis(scenario)
    panels.across(0, 1.04 * high / divisor, f"Value of knowing it for certain, {per}\n({currency(scenario, word)})")
    keys = dict(zip(*reversed(panels.axes[0].get_legend_handles_labels()), strict=True))
    panels.figure.legend(
        [keys[text] for text in KEYS], KEYS, loc="lower left", bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0),
        ncols=3, borderaxespad=0.3, columnspacing=1.4,
    )  # fmt: skip
    threshold = f"{number(float(first))} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = (
        f"Expected value of partial perfect information at {threshold}: what it would be worth, {per}, to know a "
        "parameter (or a group) for certain before choosing. Intervals end at 0 and at the value of knowing "
        "everything. Values do not add up: together parameters can be worth more, or less, than one by one."
    )
    return Sketch(
        panels.figure, "What it would be worth to know", caption, _alt(scenario, parts, column, evpi, per, threshold)
    )


def _bars(axes: Any, values: pd.Series, half: pd.Series, most: float) -> None:
    rows = range(len(values))
    axes.barh(rows, values, 0.55, color=PALETTE[0], edgecolor=INK, linewidth=0.4, label=KEYS[0])
    low, high = (values - half).clip(lower=0), (values + half).clip(upper=most)
    for row, a, b in zip(rows, low, high, strict=True):
        axes.plot([a, b], [row, row], color=INK, linewidth=1.0, marker="|", markersize=6, zorder=5,
                  label=KEYS[1] if row == 0 else "_")  # fmt: skip


def _horizon(scenario: Scenario) -> str:
    years = float(scenario.analyses.population.horizon)
    return f"{number(years)} year{'' if years == 1 else 's'}"


def _alt(scenario: Scenario, parts: dict[str, pd.DataFrame], column: str, evpi: float, per: str, threshold: str) -> str:
    told = []
    for title, part in parts.items():
        values = [f"{label} {money(v)}" for label, v in zip(part["label"], part[column], strict=True)]
        told.append(f"{title}: {listing(values)}")
    return (
        f"Bars of the value of partial perfect information at {threshold}, {per} ({currency(scenario)}). "
        f"{'. '.join(told)}. Knowing everything would be worth {money(evpi)}."
    )
