"""Figure: what studies would be worth, by their size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import length_text
from nbsmodel.report.figures.style import (
    FAINT,
    LINES,
    MARKERS,
    PALETTE,
    SMALL,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import basis, currency, effect_unit, listing, money, number, scale
from nbsmodel.report.study_tables import ALL, EVERYTHING, numbers_of, worded

Z95 = 1.96
HEIGHT, LEFT, GAP, RIGHT, TOP, BOTTOM, LEGEND = 2.9, 0.85, 0.8, 0.32, 0.3, 0.5, 0.2
LEGEND_COLUMNS = 3
TITLES = ("Value of the data, for births after it", "Net benefit of the study")
#: A value of knowing everything beyond this multiple of the rest is left out, for it would flatten the rest.
FAR = 2.0
#: Lines that can be told apart, and sizes that call for a logarithmic axis.
MOST_LINES, WIDE = 6, 20


def draw_evsi(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Value, and net benefit where it is known, by the size of a study; None without designs to compare."""
    if "evsi" not in tables:
        return None
    table = tables["evsi"]
    first = table["threshold"].iloc[0]
    rows = table[(table["threshold"] == first) & (table["data"] == ALL)]
    axis, lines = _axes_of(rows)
    if axis is None:
        return None
    populated = bool(rows["population"].notna().all())
    priced = populated and bool(rows["net_benefit"].notna().all())
    panels = [("population", "population_se") if populated else ("evsi", "se")]
    panels += [("net_benefit", "net_benefit_se")] if priced else []
    limits = tables["evsi_limits"]
    limits = limits[limits["threshold"] == first].set_index("data")["population" if populated else "evppi"]
    known = {"data": float(limits[ALL]), "all": float(limits[EVERYTHING])}
    divisor, word = scale([known["data"], *rows[panels[0][0]]])
    below = BOTTOM + LEGEND * -(-(len(lines) + 2) // LEGEND_COLUMNS) + 0.05
    height = HEIGHT - BOTTOM + below
    figure = new_figure(WIDTH, height)
    wide = (WIDTH - LEFT - RIGHT - GAP * (len(panels) - 1)) / len(panels)
    keys: list[Any] = []
    for i, columns in enumerate(panels):
        box = ((LEFT + i * (wide + GAP)) / WIDTH, below / height, wide / WIDTH, (height - below - TOP) / height)
        axes = figure.add_axes(box)
        drawn = _lines(axes, rows, axis, lines, columns, divisor)
        if i == 0:
            keys = drawn + _references(axes, rows, columns, known, divisor)
        axes.set_title(TITLES[i] if populated else TITLES[0].partition(",")[0], fontsize=SMALL + 1)
        axes.set_xlabel(worded(axis).capitalize())
        plain_ticks(axes.yaxis)
    figure.axes[0].set_ylabel(f"{currency(scenario, word)}{'' if populated else ' ' + basis(scenario)}")
    if priced:
        figure.axes[1].axhline(0, color=FAINT, linewidth=0.8)
    figure.legend(handles=keys, loc="lower left", bbox_to_anchor=(LEFT / WIDTH - 0.02, 0.0), ncols=LEGEND_COLUMNS,
                  borderaxespad=0.3, columnspacing=1.4)  # fmt: skip
    threshold = f"{number(float(first))} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = _caption(scenario, threshold, populated, priced)
    return Sketch(figure, "What studies would be worth", caption, _alt(scenario, rows, axis, priced, threshold))


def _references(
    axes: Any, rows: pd.DataFrame, columns: tuple[str, str], known: dict[str, float], divisor: float
) -> list[Any]:
    """Lines of perfect information, and an axis that holds them."""
    high = max(known["data"], float((rows[columns[0]] + Z95 * rows[columns[1]]).max()))
    style: dict[str, Any] = {"linewidth": 1.2}
    drawn = [axes.axhline(known["data"] / divisor, color=PALETTE[5], linestyle="--",
                          label="knowing these for certain (EVPPI)", **style)]  # fmt: skip
    if known["all"] <= FAR * high:
        line = axes.axhline(
            known["all"] / divisor, color=FAINT, linestyle=":", label="knowing everything (EVPI)", **style
        )
        drawn.append(line)
        high = max(high, known["all"])
    axes.set_ylim(0, 1.08 * high / divisor if high > 0 else 1.0)
    return drawn


def _caption(scenario: Scenario, threshold: str, populated: bool, priced: bool) -> str:
    years = length_text(scenario.analyses.population.horizon)
    births = ", for the births from the end of the study to that of the horizon, discounted" if populated else ""
    per = f"for the births of {years}" if populated else basis(scenario)
    right = (
        "Right: that value less the cost of the study and of waiting for it; above zero a study is worth making. "
        if priced
        else ""
    )
    return (
        f"Designs of the study at {threshold}. {'Left: expected' if priced else 'Expected'} value of its data "
        f"(EVSI){births}; the dashed line is what knowing the same parameters for certain would be worth {per}. {right}"
        "Bars are 95% intervals of the estimates, whose errors designs largely share."
    )


def _axes_of(rows: pd.DataFrame) -> tuple[str | None, list[dict[str, float]]]:
    """The number along the axis (that with most values), and the values of the others, a line each."""
    numbers = [n for n in numbers_of(rows) if rows[n].notna().all()]
    values = {n: sorted(rows[n].unique()) for n in numbers}
    if not numbers or max(map(len, values.values())) < 2:
        return None, []
    axis = max(numbers, key=lambda n: len(values[n]))
    others = [n for n in numbers if n != axis and len(values[n]) > 1]
    lines = rows[others].drop_duplicates() if others else pd.DataFrame(index=[0])
    return axis, [{str(k): float(v) for k, v in line.items()} for line in lines.head(MOST_LINES).to_dict("records")]


def _lines(
    axes: Any, rows: pd.DataFrame, axis: str, lines: Sequence[dict[str, float]], columns: tuple[str, str],
    divisor: float,
) -> list[Any]:  # fmt: skip
    drawn = []
    for i, line in enumerate(lines):
        mine = rows.sort_values(axis)
        for key, value in line.items():
            mine = mine[mine[key] == value]
        label = ", ".join(f"{number(v)} {worded(k)}" for k, v in line.items()) or "all data"
        drawn.append(
            axes.errorbar(mine[axis], mine[columns[0]] / divisor, Z95 * mine[columns[1]] / divisor, color=PALETTE[i],
                          linestyle=LINES[i], marker=MARKERS[i], markersize=4, elinewidth=0.8, capsize=2, label=label)
        )  # fmt: skip
    if rows[axis].max() > WIDE * rows[axis].min():
        axes.set_xscale("log")
        ticks = sorted(rows[axis].unique())
        axes.set_xticks(ticks, [number(t) for t in ticks])
        axes.minorticks_off()
    else:
        axes.set_xlim(0, 1.06 * rows[axis].max())
        axes.locator_params(axis="x", nbins=4)
        plain_ticks(axes.xaxis)
    return drawn


def _alt(scenario: Scenario, rows: pd.DataFrame, axis: str, priced: bool, threshold: str) -> str:
    column = "population" if rows["population"].notna().all() else "evsi"
    ordered = rows.sort_values(column)
    ends = (ordered.iloc[0], ordered.iloc[-1])
    told = [f"{money(float(row[column]))} with {number(float(row[axis]))} {worded(axis)}" for row in ends]
    text = (
        f"Lines of the expected value of sample information at {threshold} against {worded(axis)} "
        f"({currency(scenario)}), from {told[0]} to {told[1]}."
    )
    if priced:
        best = rows.sort_values("net_benefit").iloc[-1]
        sizes = listing([f"{number(float(best[n]))} {worded(n)}" for n in numbers_of(rows) if best[n] == best[n]])
        text += (
            f" A second panel shows the net benefit of the study; it is highest, {money(float(best['net_benefit']))}, "
            f"with {sizes}."
        )
    return text
