"""Figure: what a new strategy changes in the budget of each year, by component."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.legend import legend_below, wrapped
from nbsmodel.report.figures.style import (
    HATCHES,
    INK,
    NORMAL,
    PALETTE,
    SMALL,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import currency, labels, listing, money, number, scale, sentence
from nbsmodel.report.format import records

MOST = len(PALETTE)
HEIGHT, LEFT, RIGHT, TOP, AXIS = 2.9, 0.85, 0.15, 0.12, 0.3
#: The line of the test is drawn where it is no further from zero than this multiple of the largest bar.
FAR = 2.0
Part = Any


def draw_budget_impact(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> dict[str, Sketch]:
    """A figure a new strategy: ``budget_impact``, and with several ``budget_impact_<strategy>``."""
    if "budget_impact" not in tables:
        return {}
    strategies = list(dict.fromkeys(tables["budget_impact"]["strategy"]))
    found = {s: _draw(scenario, tables, s) for s in strategies}
    return {
        "budget_impact" if len(strategies) == 1 else f"budget_impact_{s}": sketch
        for s, sketch in found.items()
        if sketch is not None
    }


def _draw(scenario: Scenario, tables: dict[str, pd.DataFrame], strategy: str) -> Sketch | None:
    parts, net = _parts(tables, strategy)
    if parts.empty:
        return None
    limit = _limit(tables, strategy)
    up, down = parts.clip(lower=0).sum(axis=1), parts.clip(upper=0).sum(axis=1)
    reach = max(float(up.max()), -float(down.min()))
    shown = limit if limit is not None and limit[0] <= FAR * reach else None
    ends = [*up, *down, *net, *([shown[0]] if shown else [])]
    divisor, word = scale(ends)
    handles = _handles(parts, shown)
    ruler = Ruler(new_figure(1, 1))
    below = legend_below(new_figure(WIDTH, HEIGHT), ruler, handles)
    height = TOP + HEIGHT + AXIS + below + 0.1
    figure = new_figure(WIDTH, height)
    legend_below(figure, ruler, handles)
    bottom = (AXIS + below + 0.1) / height
    axes = figure.add_axes((LEFT / WIDTH, bottom, (WIDTH - LEFT - RIGHT) / WIDTH, HEIGHT / height))
    _bars(axes, parts / divisor)
    years = list(parts.index)
    axes.axhline(0, color=INK, linewidth=0.8, zorder=3)
    axes.plot(years, net / divisor, color=INK, linewidth=1.0, marker="D", markersize=5.5, markerfacecolor="white",
              markeredgewidth=1.1, zorder=4)  # fmt: skip
    if shown:
        axes.plot([0.5, shown[1] + 0.5], [shown[0] / divisor] * 2, color=PALETTE[5], linestyle="--", zorder=3)
    low, high = min(0.0, *ends) / divisor, max(0.0, *ends) / divisor
    room = 0.09 * (high - low)
    for year, value in net.items():
        axes.text(year, value / divisor + 0.75 * room, number(value / divisor), ha="center", va="center",
                  fontsize=SMALL, weight="bold", zorder=5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85})  # fmt: skip
    axes.set_ylim(low - (room if low < 0 else 0), high + 1.6 * room)
    axes.set_xlim(0.5, len(years) + 0.5)
    axes.set_xticks(years, [f"Year {y}" for y in years], fontsize=NORMAL)
    axes.tick_params(axis="x", length=0)
    plain_ticks(axes.yaxis)
    axes.set_ylabel(f"Difference in cost a year, undiscounted\n({currency(scenario, word)})")
    return Sketch(figure, "Budget impact", _caption(scenario, strategy, shown, limit, float(down.min()) < 0),
                  _alt(scenario, strategy, parts, net))  # fmt: skip


def _parts(tables: dict[str, pd.DataFrame], strategy: str) -> tuple[pd.DataFrame, Any]:
    """Difference by year and component (headline payers), the largest first, the smallest joined; and its sum."""
    table = tables["budget_impact"]
    rows = table[(table["strategy"] == strategy) & (table["world"] == "difference") & table["headline"].astype(bool)]
    found = rows.pivot_table(index="year", columns="component", values="amount", aggfunc="sum", fill_value=0.0)
    net = found.sum(axis=1)
    size = found.abs().max()
    found = found[[c for c in sorted(found.columns, key=lambda c: (-size[c], c)) if size[c] > 0]]
    if found.shape[1] > MOST:
        rest = found.iloc[:, MOST - 1 :]
        found = found.iloc[:, : MOST - 1].assign(**{f"other ({rest.shape[1]} components)": rest.sum(axis=1)})
    return found, net


def _limit(tables: dict[str, pd.DataFrame], strategy: str) -> tuple[float, int] | None:
    if "budget_impact_test" not in tables:
        return None
    row = next(r for r in records(tables["budget_impact_test"]) if r["strategy"] == strategy)
    return float(row["amount"]), int(row["years"])


def _bars(axes: Any, parts: pd.DataFrame) -> None:
    up, down = 0.0 * parts.iloc[:, 0], 0.0 * parts.iloc[:, 0]
    for i, component in enumerate(parts.columns):
        values = parts[component]
        start = up.where(values >= 0, down)
        axes.bar(parts.index, values, bottom=start, width=0.56, color=PALETTE[i], hatch=HATCHES[i], edgecolor="white",
                 linewidth=0.5, zorder=2)  # fmt: skip
        axes.bar(
            parts.index, values, bottom=start, width=0.56, facecolor="none", edgecolor=INK, linewidth=0.4, zorder=2
        )
        up, down = up + values.clip(lower=0), down + values.clip(upper=0)


def _handles(parts: pd.DataFrame, limit: tuple[float, int] | None) -> list[Any]:
    ruler = Ruler(new_figure(1, 1))
    found: list[Any] = [
        Patch(facecolor=PALETTE[i], hatch=HATCHES[i], edgecolor="white", linewidth=0.5, label=wrapped(ruler, str(c)))
        for i, c in enumerate(parts.columns)
    ]
    found.append(
        Line2D([], [], color=INK, marker="D", markerfacecolor="white", markersize=5.5, linewidth=1.0,
               label="net difference")
    )  # fmt: skip
    if limit:
        found.append(Line2D([], [], color=PALETTE[5], linestyle="--", label=f"test amount, {money(limit[0])}"))
    return found


def _caption(
    scenario: Scenario, strategy: str, shown: tuple[float, int] | None, limit: tuple[float, int] | None, saves: bool
) -> str:
    named = labels(scenario)
    text = (
        f"{named[strategy]} against {named[scenario.model.comparator]}: difference in cost in each calendar year by "
        f"component, undiscounted ({currency(scenario)}), with births entering in every year. Diamonds: the net "
        "difference."
    )
    if saves:
        text += " Bars below zero are costs avoided."
    if shown:
        text += f" Dashed line: the amount of the budget impact test over the {_first(shown[1])}, which it looks at."
    elif limit:
        text += f" The amount of the budget impact test ({money(limit[0])}) lies far above the bars and is not drawn."
    return text


def _first(years: int) -> str:
    return "first year" if years == 1 else f"first {years} years"


def _alt(scenario: Scenario, strategy: str, parts: pd.DataFrame, net: Any) -> str:
    told = []
    for year, value in net.items():
        of = listing([f"{c} {money(parts.loc[year, c])}" for c in parts.columns if parts.loc[year, c] != 0])
        told.append(f"year {number(year)} {money(value)}" + (f" ({of})" if of else ""))
    return (
        f"Stacked bars of the yearly difference in cost ({currency(scenario)}, undiscounted) of "
        f"{labels(scenario)[strategy]} by component. " + sentence("; ".join(told))
    )
