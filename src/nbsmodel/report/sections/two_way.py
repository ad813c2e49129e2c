"""Two-way analysis in the report: where on a grid of two values the result changes its sign."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import records
from nbsmodel.report.report_tables import Grid
from nbsmodel.report.sections.points_words import PointsWords, Record, named, value
from nbsmodel.report.sections.section import Section


def two_way_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """A paragraph and a figure a grid; None without the analysis."""
    if "two_way_summary" not in tables:
        return None
    words = PointsWords(scenario)
    paragraphs, items = [], []
    for number, part in tables["two_way_summary"].groupby("grid", sort=False):
        paragraphs += [_reading(words, row) for row in records(part)]
        items.append(f"two_way_{number}")
    if words.simulated():
        paragraphs.append(words.simulated())
    found: tuple[Grid | str, ...] = tuple(items)
    return Section("two-way", "Two-way analysis", tuple(paragraphs), found)


def _reading(words: PointsWords, row: Record) -> str:
    def point(end: str) -> str:
        at = f"{value(row[f'x_{end}'], row['x_unit'])} and {value(row[f'y_{end}'], row['y_unit'])}"
        return f"{words.money(row[f'inmb_{end}'])} (at {at})"

    over = f"{named(row, 'x_label')} and {named(row, 'y_label')}"
    lead = (
        f"{words.pair(row)}, over {over} together: at {words.at(row['threshold'])} the incremental net monetary "
        f"benefit runs from {point('lowest')} to {point('highest')} per {words.basis}; in the base case it is "
        f"{words.money(row['inmb_base'])}. "
    )
    if row["positive"] == 1:
        return lead + "It is positive over the whole grid: no combination of the two within these ranges turns it."
    if row["positive"] == 0:
        return lead + "It is nowhere positive: no combination of the two within these ranges makes it worth its cost."
    return lead + (
        f"It is positive on {100 * row['positive']:.0f}% of the grid, on one side of the line of break-even; that "
        "share is one of area, not a probability."
    )
