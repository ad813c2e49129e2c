"""The tests of a declared screening programme in the report: who has each, and who is positive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.programme import ALL_GROUPS
from nbsmodel.report.format import joined, number, percent, plain, records
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.section import Section

PER = ("reached", "tests", "no_result", "positive")


def tiers_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """A sentence a test, the figure and a table a strategy; None without a declared programme."""
    programme = scenario.model.programme
    if programme is None or "tiers" not in tables:
        return None
    labels = {s.name: s.label for s in scenario.model.strategies}
    tests = {t.name: t.label for t in programme.tiers}
    groups = {g.name: g.label for g in programme.groups}
    paragraphs: list[str] = []
    grids: list[Grid] = []
    for strategies, part in alike(tables["tiers"]):
        named = joined(labels[s] for s in strategies)
        paragraphs.append(_reading(named, tests, part))
        grids.append(_grid(scenario, len(grids) + 1, named, tests, groups, part))
    paragraphs.append(
        "Who is positive counts those positive on the test and on all that they had before; cases among these are the "
        "predictive value of the tests so far. The predictive value in the table of programme results is another one: "
        "cases among families told, false positives that a later test cleared among them. Costs are those of the tests "
        "alone, undiscounted."
    )
    apart = [p for p in programme.burdens if p not in scenario.settings.perspectives]
    if apart:
        named = joined(map(plain, apart))
        paragraphs.append(f"What a false positive means in the perspective {named} is not counted in the headline.")
    return Section("tests", "Tests of the screening programme", tuple(paragraphs), ("tiers", *grids))


def alike(table: pd.DataFrame) -> list[tuple[list[str], pd.DataFrame]]:
    """Strategies whose tests go alike, with the rows of the first of them."""
    found: list[tuple[list[str], pd.DataFrame]] = []
    for strategy, part in table.groupby("strategy", sort=False):
        rows = part.drop(columns="strategy").reset_index(drop=True)
        for names, other in found:
            if rows.equals(other):
                names.append(str(strategy))
                break
        else:
            found.append(([str(strategy)], rows))
    return found


def _reading(named: str, tests: dict[str, str], part: pd.DataFrame) -> str:
    told = []
    for row in records(part[part["group"] == ALL_GROUPS]):
        text = (
            f"{number(row['reached_per_100000'], 3)} have the test {tests[row['test']]} and "
            f"{number(row['positive_per_100000'], 3)} are positive"
        )
        if row["cases_among_positive"] == row["cases_among_positive"]:
            text += f" ({percent(round(row['cases_among_positive'], 4))} of them with the condition)"
        told.append(text)
    return f"{named}: of 100,000 births, {'; '.join([*told, *_false_positives(part)])}."


def _false_positives(part: pd.DataFrame) -> list[str]:
    rows = part[part["group"] == ALL_GROUPS]
    cleared, not_cleared = (float(rows[f"{kind}_per_100000"].sum()) for kind in ("cleared", "not_cleared"))
    if cleared + not_cleared == 0:
        return []
    return [
        f"of the families told, {number(cleared + not_cleared, 3)} have a false positive "
        f"({number(cleared, 3)} cleared by a later test, {number(not_cleared, 3)} not cleared)"
    ]


def _grid(
    scenario: Scenario, at: int, named: str, tests: dict[str, str], groups: dict[str, str], part: pd.DataFrame
) -> Grid:
    currency = scenario.model.about["currency"]
    yearly = bool(part["reached_per_year"].notna().any())
    body = []
    for test, rows in part.groupby("test", sort=False):
        every = records(rows)
        lines = [_row(groups[r["group"]], r, yearly) for r in every if r["group"] != ALL_GROUPS]
        if len(lines) > 1:
            lines += [_row("All", r, yearly, total=True) for r in every if r["group"] == ALL_GROUPS]
        body.append(Group(tests[str(test)], tuple(lines)))
    heads = ["Have it", "Tests done", "No result", "Positive", f"Cost ({currency})"]
    over: tuple[tuple[str, int], ...] = (("", 1), ("Per 100,000 births", len(heads)), ("", 1))
    columns = [Column("Group of births", False), *map(Column, heads), Column("Cases among positive")]
    if yearly:
        columns += [Column(h) for h in ("Have it", "Positive", f"Cost ({currency})")]
        over += (("A year", 3),)
    caption = f"Tests one after the other, {named}"
    return Grid(f"table-tests-{at}", caption, tuple(columns), tuple(body), "tiers.csv", "", over)


def _row(head: str, row: dict[str, Any], yearly: bool, total: bool = False) -> Row:
    texts = [number(row[f"{kind}_per_100000"], 3) for kind in (*PER, "cost")]
    value = row["cases_among_positive"]
    texts.append(percent(round(value, 4)) if total and value == value else "")
    if yearly:
        texts += [number(row[f"{kind}_per_year"], 3) for kind in ("reached", "positive", "cost")]
    return Row(head, tuple(map(Cell, texts)), total)
