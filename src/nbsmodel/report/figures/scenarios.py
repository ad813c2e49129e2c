"""Figure: incremental net monetary benefit in each scenario."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import RankedPanels
from nbsmodel.report.figures.style import FAINT, INK, PALETTE, WIDTH, Sketch
from nbsmodel.report.figures.words import currency, effect_unit, labels, listing, money, number, scale
from nbsmodel.report.report_scenarios import Comparison, comparison

ROW, BOTTOM, Z95 = 0.3, 0.78, 1.959963984540054
#: Scenarios for which there is room; of more, those that move most.
MOST = 28


def draw_scenarios(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A dot a scenario, joined to the line of the reference; None without scenarios to compare."""
    if "scenarios" not in tables:
        return None
    found = comparison(tables["scenarios"])
    if found is None or found.rows["scenario"].nunique() < 2:
        return None
    strategies = list(found.reference["strategy"])
    parts = {s: _largest(found, s, MOST // len(strategies)) for s in strategies}
    divisor, word = scale(v for part in parts.values() for v in part[found.column])
    named = labels(scenario)
    panels = RankedPanels({named[s]: [found.titles[n] for n in part["scenario"]] for s, part in parts.items()},
                          ROW, BOTTOM)  # fmt: skip
    ends = [0.0]
    for axes, part in zip(panels.axes, parts.values(), strict=True):
        values = part[found.column] / divisor
        half = Z95 * part[f"{found.column}_se"].fillna(0.0) / divisor if _simulated(found) else 0 * values
        base = float(values[part["is_reference"]].iloc[0])
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        axes.axvline(base, color=FAINT, linewidth=1.1, linestyle="--", zorder=1, label="reference")
        for y, (value, width, own) in enumerate(zip(values, half, part["is_reference"], strict=True)):
            axes.plot([base, value], [y, y], color=FAINT, linewidth=0.9, zorder=2)
            if width > 0:
                axes.plot([value - width, value + width], [y, y], color=INK, linewidth=2.4, zorder=3)
            colour = PALETTE[0] if value >= 0 else PALETTE[5]
            axes.plot([value], [y], "D" if own else ("o" if value >= 0 else "s"), color=colour, markersize=6,
                      markeredgecolor=INK, markeredgewidth=0.6, zorder=4)  # fmt: skip
        ends += [*(values - half), *(values + half)]
    room = 0.06 * ((max(ends) - min(ends)) or 1.0)
    label = f"Incremental net monetary benefit per {found.per} ({currency(scenario, word)})"
    panels.across(min(ends) - room, max(ends) + room, label)
    panels.figure.legend(*panels.axes[0].get_legend_handles_labels(), loc="lower left", borderaxespad=0.3,
                         bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0))  # fmt: skip
    threshold = f"{number(found.threshold)} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    return Sketch(panels.figure, "Scenarios", _caption(scenario, found, parts, threshold), _alt(scenario, found, parts))


def _largest(found: Comparison, strategy: str, most: int) -> pd.DataFrame:
    """Rows of a strategy in their order; of too many the reference and those that move most."""
    rows = found.of_strategy(strategy)
    if len(rows) <= most:
        return rows
    base = float(rows.loc[rows["is_reference"], found.column].iloc[0])
    moved = (rows[found.column] - base).abs().where(~rows["is_reference"], float("inf"))
    return rows.loc[sorted(moved.sort_values(ascending=False, kind="stable").index[:most])]


def _simulated(found: Comparison) -> bool:
    return f"{found.column}_se" in found.rows


def _caption(scenario: Scenario, found: Comparison, parts: dict[str, pd.DataFrame], threshold: str) -> str:
    text = (
        f"Incremental net monetary benefit at {threshold} against {labels(scenario)[scenario.model.comparator]}, per "
        f"{found.per}, at base values. Dashed line: the reference (diamond). Right of zero a strategy is worth its "
        "cost; squares lie left of it."
    )
    if _simulated(found) and found.rows[f"{found.column}_se"].notna().any():
        text += " Thick lines: 95% intervals of simulation."
    if len(found.apart):
        names = [found.titles[n] for n in dict.fromkeys(found.apart["scenario"])]
        text += f" Left out, as they count in other money or another effect: {listing(names)}."
    if any(len(part) < len(found.of_strategy(s)) for s, part in parts.items()):
        text += " Only the scenarios that move most are shown."
    return text


def _alt(scenario: Scenario, found: Comparison, parts: dict[str, pd.DataFrame]) -> str:
    named, told = labels(scenario), []
    for strategy, part in parts.items():
        values = zip(part["scenario"], part[found.column], strict=True)
        told.append(f"{named[strategy]}: " + ", ".join(f"{found.titles[n]} {money(v)}" for n, v in values))
    unit = f"per {found.per}, {currency(scenario)}"
    return (
        f"Dots of the incremental net monetary benefit ({unit}) against "
        f"{named[scenario.model.comparator]} by scenario. {'; '.join(told)}."
    )
