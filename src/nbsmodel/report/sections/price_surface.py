"""Price surface in the report: which discounts go together for a strategy to be worth its cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import joined, records
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.points_words import PointsWords, Record, named, value
from nbsmodel.report.sections.section import Section

Tables = Mapping[str, pd.DataFrame]
#: Values of x in the table of lines.
MOST_COLUMNS = 5
LINES = {
    "break_even": "Break-even at base values",
    "break_even_psa": "Break-even of the mean over draws",
    "probability_50": "Probability of 50%",
    "probability_95": "Probability of 95%",
}


def price_surface_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The reading of the surface, its figures, and the table of its lines; None without the analysis."""
    if "price_surface" not in tables:
        return None
    words, table = PointsWords(scenario), tables["price_surface"]
    sides = {r["side"]: r for r in records(tables["price_surface_sides"])}
    x, y = sides["x"], sides["y"]
    paragraphs = [
        f"The surface shows {named(y)} against {named(x)}, each from {value(x['from'], x['unit'])} to "
        f"{value(x['to'], x['unit'])} in {int(x['steps'])} steps, everything else as it is."
    ]
    items: list[Grid | str] = []
    strategies = list(dict.fromkeys(table["strategy"]))
    for strategy in strategies:
        part = table[table["strategy"] == strategy]
        paragraphs.append(" ".join(_reading(words, part, tables["price_surface_lines"], x, y)))
        items.append("price_surface" if len(strategies) == 1 else f"price_surface_{strategy}")
    paragraphs += _draws(words, table)
    if words.simulated():
        paragraphs.append(words.simulated())
    grid = _grid(words, tables["price_surface_lines"], table, x, y)
    if grid is not None:
        items.append(grid)
    return Section("price-surface", "Price surface", tuple(paragraphs), tuple(items))


def _reading(words: PointsWords, part: pd.DataFrame, lines: pd.DataFrame, x: Record, y: Record) -> Iterator[str]:
    whole: dict[str, list[str]] = {}
    told = []
    for threshold, rows in part.groupby("threshold", sort=False):
        at = words.at(float(str(threshold)))
        low, high = rows["inmb"].min(), rows["inmb"].max()
        if low >= 0 or high <= 0:
            span = f"{at} (from {words.money(low)} to {words.money(high)} per {words.basis})"
            whole.setdefault("positive" if low >= 0 else "negative", []).append(span)
        else:
            mine = (lines["strategy"] == part["strategy"].iloc[0]) & (lines["threshold"] == threshold)
            ends = records(lines[mine & (lines["line"] == "break_even")])
            told.append(f"at {at} {_line(ends, x, y)}")
    lead = f"{words.pair(records(part)[0])}:"
    if told:
        yield f"{lead} it is worth its cost {'; '.join(told)}."
    for sign, spans in whole.items():
        yield (
            f"{lead} the incremental net monetary benefit is {sign} over the whole surface, so that there is no line "
            f"of break-even, at {joined(spans)}."
        )


def _line(ends: list[Record], x: Record, y: Record) -> str:
    """Where the strategy is worth its cost: on which side of a line, and where that runs."""
    if not ends:
        return f"on one side of a line between two values of {named(x)}"
    sides = {r["positive"] for r in ends}
    side = f"where the first is {sides.pop()}" if len(sides) == 1 else "on one side of"
    points = [f"{value(r['y'], y['unit'])} (at {value(r['x'], x['unit'])} of the second)" for r in (ends[0], ends[-1])]
    return f"{side} a line that runs from {points[0]} to {points[1]}"


def _draws(words: PointsWords, table: pd.DataFrame) -> Iterator[str]:
    draws = int(table["draws"].max())
    if not draws:
        yield (
            "There is no probability of being cost-effective on this surface, because no probabilistic analysis was "
            "made."
        )
        return
    first = table[table["threshold"] == table["threshold"].iloc[0]]
    largest = first["probability_se"].max()
    yield (
        f"The probability of being cost-effective is the share of {draws:,} draws in which the strategy has the "
        f"highest net benefit at that point, with both discounts fixed; its Monte Carlo standard error is at most "
        f"{100 * largest:.2g} percentage points. At {words.at(float(first['threshold'].iloc[0]))} it runs from "
        f"{100 * first['probability'].min():.3g}% to {100 * first['probability'].max():.3g}%."
    )


def _grid(words: PointsWords, lines: pd.DataFrame, table: pd.DataFrame, x: Record, y: Record) -> Grid | None:
    """Values of y on each line, at some values of x."""
    if lines.empty:
        return None
    every = sorted(set(table["x"]))
    count = min(MOST_COLUMNS, len(every))
    chosen = [every[round(i * (len(every) - 1) / (count - 1))] for i in range(count)]
    groups = []
    for (strategy, threshold), part in lines.groupby(["strategy", "threshold"], sort=False):
        found: dict[str, dict[float, list[str]]] = {}
        for r in records(part):
            text = f"{value(r['y'], y['unit'])} ({r['positive']})"
            found.setdefault(r["line"], {}).setdefault(r["x"], []).append(text)
        rows = tuple(
            Row(LINES[line], tuple(Cell(joined(by_x.get(v, [])) or "none") for v in chosen))
            for line, by_x in found.items()
        )
        name = f"{words.labels[str(strategy)]}, " if words.several() else ""
        groups.append(Group(f"{name}{words.at(float(str(threshold)))}", rows))
    columns = (Column(f"{x['label']}:", False), *(Column(value(v, x["unit"])) for v in chosen))
    caption = f"{y['label']} at which each line is passed, by {x['label']}"
    note = (
        "In brackets the side on which the strategy is worth its cost, or more probably so. None: the whole column "
        "lies on one side."
    )
    return Grid("table-price-surface", caption, columns, tuple(groups), "price_surface_lines.csv", note)
