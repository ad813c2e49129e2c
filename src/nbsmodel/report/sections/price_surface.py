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
        f"The surface shows {named(y)} (the first, in what follows) against {named(x)} (the second), each from "
        f"{value(x['from'], x['unit'])} to {value(x['to'], x['unit'])} in {int(x['steps'])} steps, everything else as "
        "it is."
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
            told.append(f"At {at} it is worth its cost {_line(ends, rows, x, y)}.")
    lead = f"{words.pair(records(part)[0])}:"
    yield f"{lead} {_directions(part)}"
    yield from told
    for sign, spans in whole.items():
        yield (
            f"The incremental net monetary benefit is {sign} over the whole surface, so that there is no line of "
            f"break-even, at {joined(spans)}."
        )


def _directions(part: pd.DataFrame) -> str:
    """Which way each side of the surface works, as the table has it."""
    told = []
    for key, other in (("y", "x"), ("x", "y")):
        steps = part.sort_values(key, kind="stable").groupby(["threshold", other])["inmb"].diff().dropna()
        still = steps.abs() <= 1e-9 * part["inmb"].abs().max()
        ways = {"more": bool((steps[~still] > 0).any()), "less": bool((steps[~still] < 0).any())}
        found = [way for way, holds in ways.items() if holds]
        told.append("more at some points and less at others" if len(found) == 2 else found[0] if found else "the same")
    return f"a larger value of the first makes it worth {told[0]}, a larger value of the second {told[1]}."


def _line(ends: list[Record], rows: pd.DataFrame, x: Record, y: Record) -> str:
    """Where the strategy is worth its cost: on which side of a line, where that runs, and what is beyond it."""
    if not ends:
        return "on one side of a line between two values of the second"
    points = [f"{value(r['y'], y['unit'])} (at {value(r['x'], x['unit'])} of the second)" for r in (ends[0], ends[-1])]
    sides = {r["positive"] for r in ends}
    if len(sides) == 1:
        line = f"a line that runs from {points[0]} to {points[1]}" if len(ends) > 1 else points[0]
        text = f"where the first is {sides.pop()} {line}"
    else:
        text = "between or beside lines that the table has"
    crossed = {r["x"] for r in ends}
    beyond = []
    for outside, word in ((rows[rows["x"] < min(crossed)], "or less"), (rows[rows["x"] > max(crossed)], "or more")):
        if len(outside):
            nearest = outside["x"].max() if word == "or less" else outside["x"].min()
            sign = "" if (outside["inmb"] >= 0).all() else "not " if (outside["inmb"] <= 0).all() else None
            if sign is not None:
                at = f"{value(nearest, x['unit'])} {word} of the second"
                beyond.append(f"at {at} it is {sign}worth its cost at every value of the first shown")
    return "; ".join([text, *beyond])


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
        f"highest net benefit of all at that point, with both values fixed; its Monte Carlo standard error is at most "
        f"{100 * largest:.2g} percentage points. At {words.at(float(first['threshold'].iloc[0]))} it runs from "
        f"{100 * first['probability'].min():.3g}% to {100 * first['probability'].max():.3g}%."
    )
    if words.several():
        yield (
            "The incremental net monetary benefit sets each strategy against the comparator alone, while the "
            "probability is that of being the best of all strategies: the two need not agree."
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
