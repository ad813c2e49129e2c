"""Break-even values and value-based prices in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import joined, percent, records
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.points_words import PointsWords, Record, named, value, with_minus
from nbsmodel.report.sections.section import Section

Tables = Mapping[str, pd.DataFrame]
ROOT, PRICE = "break-even", "price"
#: Thresholds in a sentence.
MOST = 4


def break_even_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The values at which a decision turns; None without the analysis."""
    if "threshold" not in tables:
        return None
    words, table = PointsWords(scenario), tables["threshold"]
    paragraphs = [
        "A break-even value is what one input would have to be, all others as they are, for the incremental net "
        "monetary benefit (INMB) to be exactly zero; the table says on which side of it the strategy is worth its "
        "cost. How far that is from the value in force tells how wrong the input may be.",
        *_break_even_readings(words, table),
    ]
    if words.simulated():
        paragraphs.append(words.simulated())
    return Section("break-even", "Break-even values", tuple(paragraphs), (_break_even_grid(words, table),))


def value_based_price_section(scenario: Scenario, tables: Tables) -> Section | None:
    """Prices at which the ratio equals a threshold; None without the analysis."""
    if "value_based_price" not in tables:
        return None
    words, table = PointsWords(scenario), tables["value_based_price"]
    paragraphs = [
        "A value-based price is the price at which the ratio of cost to effect equals the threshold, everything else "
        "as it is. It holds for this model and these settings; where other prices change, it changes with them.",
        *_price_readings(words, table),
    ]
    if words.simulated():
        paragraphs.append(words.simulated())
    return Section("value-based-price", "Value-based prices", tuple(paragraphs), (_price_grid(words, table),))


def _break_even_readings(words: PointsWords, table: pd.DataFrame) -> Iterator[str]:
    for _, part in table.groupby(["name", "strategy", "against"], sort=False):
        rows = records(part)
        row = rows[0]
        now = value(row["base"], row["unit"]) if row["base"] == row["base"] else "not one number"
        lead = f"{named(row)} (now {now}), for {words.pair(row)}"
        simple = {(r["status"], r["positive"]) for r in rows}
        if len(simple) == 1 and row["status"] == ROOT and len({r["threshold"] for r in rows}) == len(rows):
            found = [f"{value(r['value'], r['unit'])} at {words.at(r['threshold'])}" for r in rows[:MOST]]
            yield f"{lead}: the INMB is positive {row['positive']} {joined(found)}{_times(row, len(rows))}."
        else:
            yield f"{lead}. {_by_threshold(words, rows)}"


def _by_threshold(words: PointsWords, rows: list[Record]) -> str:
    """What the table says at each of the first thresholds; once, where nothing depends on them."""
    by: dict[float, list[str]] = {}
    for r in rows:
        by.setdefault(r["threshold"], []).append(with_minus(str(r["note"])))
    if len({(r["status"], r["positive"]) for r in rows}) == 1 and len(by) == len(rows) > 1:
        threshold, notes = next(iter(by.items()))
        return f"At {words.at(threshold)}: {notes[0]} The same holds at the other thresholds of the table."
    told = [f"At {words.at(t)}: {' '.join(notes)}" for t, notes in list(by.items())[:MOST]]
    return " ".join(told) + (" The table has the other thresholds." if len(by) > MOST else "")


def _times(row: Record, count: int) -> str:
    times = row["relative_to_base"]
    if not times == times or row["unit"] == "factor":
        return ""
    return f"; {'the first' if count > 1 else 'that'} is {times:.3g} times the value in force"


def _break_even_grid(words: PointsWords, table: pd.DataFrame) -> Grid:
    groups = []
    for _, part in table.groupby(["name", "strategy", "against"], sort=False):
        rows = records(part)
        head = rows[0]
        title = f"{head['label']} ({words.pair(head)})" if words.several() else str(head["label"])
        body = []
        for r in rows:
            found = value(r["value"], r["unit"])
            span = f"{value(r['from'], r['unit'])} to {value(r['to'], r['unit'])}"
            ends = f"{words.money(r['inmb_at_low'])} to {words.money(r['inmb_at_high'])}"
            side = f"positive {r['positive']}" if r["positive"] else str(r["status"])
            cells = (value(r["base"], r["unit"]), found or "none", side, span, ends)
            body.append(Row(words.at(r["threshold"]), tuple(Cell(c) for c in cells)))
        groups.append(Group(title, tuple(body)))
    columns = (
        Column("At a threshold of", False), Column("In force"), Column("Break-even value"), Column("INMB", False),
        Column("Looked for in", False), Column("INMB over that range", False),
    )  # fmt: skip
    note = f"INMB per {words.basis}. Every value was run again: the INMB there is zero up to rounding."
    if (table["status"] == "jump").any():
        note = f"INMB per {words.basis}. At a jump the INMB passes zero without taking that value."
    return Grid("table-break-even", "Break-even values", columns, tuple(groups), "threshold.csv", note)


def _price_readings(words: PointsWords, table: pd.DataFrame) -> Iterator[str]:
    for _, part in table.groupby(["name", "strategy", "against"], sort=False):
        rows = records(part)
        lead = f"{named(rows[0])} (now {value(rows[0]['price_in_force'], rows[0]['unit'])}), for {words.pair(rows[0])}"
        if {r["status"] for r in rows} == {PRICE}:
            yield f"{lead}: {'; '.join(_price(words, r) for r in rows[:MOST])}."
        else:
            yield f"{lead}. {_by_threshold(words, rows)}"


def _price(words: PointsWords, row: Record) -> str:
    side = "or less" if row["positive"] == "below" else "or more"
    return f"{value(row['price'], row['unit'])} {side} at {words.at(row['threshold'])}{_change(row)}"


def _change(row: Record) -> str:
    share = row["discount"]
    if share != share:
        return ""
    if abs(share) < 1e-12:
        return ", the price in force"
    return f", {percent(float(f'{abs(share):.3g}'))} {'below' if share > 0 else 'above'} the price in force"


def _price_grid(words: PointsWords, table: pd.DataFrame) -> Grid:
    groups = []
    for _, part in table.groupby(["name", "strategy", "against"], sort=False):
        rows = records(part)
        head = rows[0]
        label = f"{head['label']} ({words.pair(head)})" if words.several() else str(head["label"])
        title = f"{label}; in force {value(head['price_in_force'], head['unit'])}"
        body = tuple(
            Row(
                words.at(r["threshold"]),
                (
                    Cell(value(r["price"], r["unit"]) if r["status"] == PRICE else str(r["status"])),
                    Cell(_discount(r)),
                    Cell(f"positive {r['positive']}" if r["positive"] else ""),
                    Cell(words.money(r["inmb_in_force"])),
                    Cell(words.money(r["inmb_at_zero"])),
                ),
            )
            for r in rows
        )
        groups.append(Group(title, body))
    columns = (
        Column("At a threshold of", False), Column("Value-based price"), Column("Discount on the price in force"),
        Column("INMB", False), Column("INMB in force"), Column("INMB at a price of 0"),
    )  # fmt: skip
    note = (
        f"INMB per {words.basis}. A negative discount is room for a higher price. Every price was run again: the INMB "
        "there is zero up to rounding."
    )
    return Grid("table-value-based-price", "Value-based prices", columns, tuple(groups), "value_based_price.csv", note)


def _discount(row: Record) -> str:
    share = row["discount"]
    if row["status"] != PRICE or share != share:
        return ""
    return percent(float(f"{share:.3g}"))
