"""Figure: running means of the probabilistic analysis."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.legend import legend_below, wrapped
from nbsmodel.report.figures.style import LINES, PALETTE, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, money, number, scale

PANEL, GAP = 1.55, 0.2
MOST_COLUMNS = 3
#: Share of the draws before which the axes need not hold the bands.
EARLY = 0.05


def draw_convergence(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Running incremental net benefit above, running probability below, a column a threshold."""
    if "psa_convergence" not in tables or len(scenario.model.strategies) < 2:
        return None
    table, named = tables["psa_convergence"], labels(scenario)
    chosen = _chosen(sorted(scenario.settings.thresholds))
    figure = new_figure(WIDTH, 2 * PANEL)
    ruler = Ruler(figure)
    panels = figure.subplots(2, len(chosen), sharex=True, sharey="row", squeeze=False)
    divisor, word = scale(table["inmb"].dropna())
    for column, threshold in zip(panels.T, chosen, strict=True):
        part = table[table["threshold"] == threshold]
        for i, strategy in enumerate(named):
            line, look = part[part["strategy"] == strategy], (PALETTE[i % 8], LINES[i % 8])
            if strategy != scenario.model.comparator:
                _running(column[0], line, "inmb", divisor, look)
            _running(column[1], line, "probability", 0.01, look, wrapped(ruler, named[strategy]))
        at = f"{number(threshold)} {scenario.model.about['currency']} per {effect_unit(scenario)}"
        column[0].set_title(at, fontsize="medium")
        column[1].set_xlabel("Draws")
        plain_ticks(column[1].xaxis)
        column[1].locator_params(axis="x", nbins=3)
    _frame(panels[0], table, "inmb", divisor)
    _frame(panels[1], table, "probability", 0.01)
    unit = f"{word}{scenario.model.about['currency']}"  # the price year would be longer than the panel
    panels[0][0].set_ylabel(f"Incremental net benefit\n{basis(scenario)} ({unit})")
    panels[1][0].set_ylabel("Probability of the\nhighest net benefit (%)")
    figure.align_ylabels()
    below = 0.55 + legend_below(figure, ruler, panels[1][0].get_legend_handles_labels()[0])
    height = 2 * PANEL + GAP + 0.3 + below
    figure.set_figheight(height)
    figure.subplots_adjust(left=0.92 / WIDTH, right=1 - 0.2 / WIDTH, top=1 - 0.3 / height, bottom=below / height,
                           hspace=GAP / PANEL, wspace=0.18)  # fmt: skip
    more = "" if len(chosen) == len(scenario.settings.thresholds) else " The table has the other thresholds."
    caption = (
        "Means over the first draws, with the 95% interval of their error as a band. Above: net monetary benefit less "
        f"that of {named[scenario.model.comparator]} ({currency(scenario)}). Below: probability that a strategy has "
        "the highest net benefit. Enough draws were taken where the lines have become level and the bands are narrow "
        f"enough.{more}"
    )
    return Sketch(figure, "Precision with the number of draws", caption, _alt(scenario, table))


def _chosen(thresholds: list[float]) -> list[float]:
    """The first, the middle and the last where there are more than fit."""
    if len(thresholds) <= MOST_COLUMNS:
        return thresholds
    return [thresholds[0], thresholds[len(thresholds) // 2], thresholds[-1]]


def _running(axes: Any, line: pd.DataFrame, what: str, divisor: float, look: tuple[str, Any], label: str = "") -> None:
    colour, style = look
    value, half = line[what] / divisor, line[f"{what}_half_width"] / divisor
    low, high = value - half, value + half
    if what == "probability":
        low, high = low.clip(0, 100), high.clip(0, 100)
    axes.fill_between(line["draws"], low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(line["draws"], value, color=colour, linestyle=style, linewidth=1.2, label=label or None)


def _frame(row: Any, table: pd.DataFrame, what: str, divisor: float) -> None:
    """Axes wide enough for the bands once the first few draws are in."""
    late = table[table["draws"] >= EARLY * table["draws"].max()].dropna(subset=[what, f"{what}_half_width"])
    low = float((late[what] - late[f"{what}_half_width"]).min()) / divisor
    high = float((late[what] + late[f"{what}_half_width"]).max()) / divisor
    if what == "probability":
        low, high = max(low, 0.0), min(high, 100.0)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.05
    row[0].set_ylim(low - room, high + room)
    row[0].set_xlim(0, float(table["draws"].max()))
    plain_ticks(row[0].yaxis)


def _alt(scenario: Scenario, table: pd.DataFrame) -> str:
    named, last = labels(scenario), table[table["draws"] == table["draws"].max()]
    parts = []
    for threshold in sorted(scenario.settings.thresholds):
        said = []
        for row in last[last["threshold"] == threshold].to_dict("records"):
            chance, half = (number(100 * row[key]) for key in ("probability", "probability_half_width"))
            benefit = f"net benefit {money(row['inmb'])} within {money(row['inmb_half_width'])}, "
            known = benefit if row["inmb"] == row["inmb"] else ""
            said.append(f"{named[row['strategy']]} {known}probability {chance}% within {half}")
        parts.append(f"at {number(threshold)} per {effect_unit(scenario)}: {'; '.join(said)}")
    draws = int(table["draws"].max())
    return f"Running means, level by {draws:,} draws at the values that follow, with half-widths {'. '.join(parts)}."
