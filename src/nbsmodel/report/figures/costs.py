"""Figure: discounted cost of each strategy by component."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.patches import Patch

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import COST
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.style import HATCHES, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import basis, currency, labels, listing, money, scale

MOST = len(PALETTE)


def draw_costs(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Stacked bars of cost by component; None when nothing costs anything."""
    table = _components(scenario, tables["outcomes"])
    if table.empty:
        return None
    named = labels(scenario)
    totals = tables["cea"].set_index("strategy")["cost"]
    ends = [*table.clip(lower=0).sum(axis=1), *table.clip(upper=0).sum(axis=1), *totals]
    divisor, word = scale(ends)
    ruler = Ruler(new_figure(1, 1))
    names = {s: ruler.wrap(label, NORMAL, 1.5) for s, label in named.items()}
    left = max(ruler.width(line, NORMAL) for lines in names.values() for line in lines) + 0.2
    columns = max(1, int((WIDTH - 0.3) / (0.55 + max(ruler.width(c, SMALL) for c in table.columns))))
    legend_rows = -(-table.shape[1] // columns)
    bottom, bars = 0.55 + 0.2 * legend_rows, 0.52 * len(named)
    height = bottom + bars + 0.1
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((left / WIDTH, bottom / height, (WIDTH - left - 0.1) / WIDTH, bars / height))
    low, high = min(0.0, *ends) / divisor, max(0.0, *ends) / divisor
    room = (high - low) * 0.16
    axes.set_xlim(low * 1.02, high + room)
    inches = (WIDTH - left - 0.1) / (high + room - low * 1.02)
    for y, strategy in enumerate(named):
        _bar(axes, y, table.loc[strategy] / divisor, ruler, inches, divisor)
        end = table.loc[strategy].clip(lower=0).sum() / divisor
        axes.text(
            end + 0.05 / inches, y, money(totals[strategy]), va="center", ha="left", fontsize=NORMAL, weight="bold"
        )
    axes.set_yticks(range(len(named)), ["\n".join(names[s]) for s in named], fontsize=NORMAL)
    axes.set_ylim(len(named) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_xlabel(f"Discounted cost {basis(scenario)} ({currency(scenario, word)})")
    plain_ticks(axes.xaxis)
    keys = [_key(i, c) for i, c in enumerate(table.columns)]
    figure.legend(handles=keys, loc="lower left", bbox_to_anchor=(0.1 / WIDTH, 0.0), ncols=columns,
                  borderaxespad=0.3, handlelength=1.8, columnspacing=1.2)  # fmt: skip
    caption = (
        f"Discounted cost {basis(scenario)} by component ({currency(scenario)}); totals stand at the ends of the bars."
        + (" Amounts below zero are savings, drawn to the left." if low < 0 else "")
    )
    return Sketch(figure, "Cost by component", caption, _alt(scenario, table, totals))


def _components(scenario: Scenario, outcomes: pd.DataFrame) -> pd.DataFrame:
    """A row a strategy, a column a component that anyone pays; the largest first, the smallest joined."""
    rows = outcomes[(outcomes["outcome"] == COST) & outcomes["discounted"].astype(bool)]
    rows = rows[rows["perspective"].isin([*scenario.settings.perspectives, "all"])]
    table = rows.pivot_table(index="strategy", columns="component", values="value", aggfunc="sum", fill_value=0.0)
    table = table.reindex(list(scenario.model.strategy_names)).fillna(0.0)
    size = table.abs().max()
    table = table[[c for c in sorted(table.columns, key=lambda c: (-size[c], c)) if size[c] > 0]]
    if table.shape[1] <= MOST:
        return table
    rest = table.iloc[:, MOST - 1 :]
    return table.iloc[:, : MOST - 1].assign(**{f"other ({rest.shape[1]} components)": rest.sum(axis=1)})


def _bar(axes: Any, y: int, parts: Any, ruler: Ruler, inches: float, divisor: float) -> None:
    right = left = 0.0
    for i, value in enumerate(parts):
        start = right if value >= 0 else left
        axes.barh(
            y, value, left=start, height=0.62, color=PALETTE[i], hatch=HATCHES[i], edgecolor="white", linewidth=0.5
        )
        axes.barh(y, value, left=start, height=0.62, facecolor="none", edgecolor=INK, linewidth=0.4)
        text = money(value * divisor)
        if ruler.width(text, SMALL) + 0.12 < abs(value) * inches:
            axes.text(start + value / 2, y, text, ha="center", va="center", fontsize=SMALL,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.9})  # fmt: skip
        right, left = (right + value, left) if value >= 0 else (right, left + value)


def _key(i: int, component: str) -> Patch:
    return Patch(facecolor=PALETTE[i], hatch=HATCHES[i], edgecolor="white", linewidth=0.5, label=component)


def _alt(scenario: Scenario, table: pd.DataFrame, totals: Any) -> str:
    parts = []
    for strategy, label in labels(scenario).items():
        row = table.loc[strategy]
        largest = sorted((c for c in row.index if row[c] != 0), key=lambda c: -abs(row[c]))[:3]
        of = f", mostly {listing([f'{c} ({money(row[c])})' for c in largest])}" if largest else ""
        parts.append(f"{label}: {money(totals[strategy])}{of}.")
    return f"Bars of discounted cost {basis(scenario)} in {currency(scenario)}. " + " ".join(parts)
