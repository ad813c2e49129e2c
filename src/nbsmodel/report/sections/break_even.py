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
        "A value-based price is the price at which the ratio of cost to effect equals the threshold, all other inputs, "
        "discounts included, as they are. It is a value of the input named, under its own label, and not necessarily "
        "the price paid: where a discount in force comes off it, what is paid is lower. Where other prices change, it "
        "changes with them.",
        *_price_readings(words, table),
    ]
    if words.simulated():
        paragraphs.append(words.simulated())
    return Section("value-based-price", "Value-based prices", tuple(paragraphs), (_price_grid(words, table),))


def _break_even_readings(words: PointsWords, table: pd.DataFrame) -> Iterator[str]:
    entries = table.drop_duplicates("question")
    again = set(entries.loc[entries["name"].duplicated(keep=False), "question"])
    for _, part in table.groupby(["question", "strategy", "against"], sort=False):
        rows = records(part)
        row = rows[0]
        lead = f"{named(row)} ({_now(row, 'base')}), for {words.pair(row)}"
        if row["question"] in again:
            lead += f", between {value(row['from'], row['unit'])} and {value(row['to'], row['unit'])}"
        simple = {(r["status"], r["positive"]) for r in rows}
        if len(simple) == 1 and row["status"] == ROOT and len({r["threshold"] for r in rows}) == len(rows):
            found = [f"{value(r['value'], r['unit'])} at {words.at(r['threshold'])}" for r in rows[:MOST]]
            yield f"{lead}: the INMB is positive {row['positive']} {joined(found)}{_times(row, len(rows))}."
        else:
            yield f"{lead}. {_by_threshold(words, rows)}"


def _now(row: Record, key: str) -> str:
    return f"now {value(row[key], row['unit']) or 'not one number'}"


def _by_threshold(words: PointsWords, rows: list[Record]) -> str:
    """What the table says at each of the first thresholds; the first alone, where the others differ in amounts."""
    by: dict[float, list[str]] = {}
    for r in rows:
        told = by.setdefault(r["threshold"], [])
        note = with_minus(str(r["note"]))
        if note not in told:
            told.append(note)
    notes = list(by.values())
    others = _others(rows)
    if len(by) > 1 and others:
        return f"At {words.at(next(iter(by)))}: {notes[0][0]} {others}"
    if len(by) > 1 and all(n == notes[0] for n in notes):
        return f"At every threshold: {' '.join(notes[0])}"
    found = [f"At {words.at(t)}: {' '.join(notes)}" for t, notes in list(by.items())[:MOST]]
    return " ".join(found) + (" The table has the other thresholds." if len(by) > MOST else "")


def _others(rows: list[Record]) -> str:
    """What holds at the other thresholds too, without the amounts; empty where they must be told one by one."""
    kinds = {(r["status"], _sign(r)) for r in rows}
    if len(kinds) > 1 or len({r["note"] for r in rows}) == 1:
        return ""
    status, sign = kinds.pop()
    return {
        "no change of sign": f"At the other thresholds of the table it stays {sign} too, with other amounts.",
        "no effect": "Nor does it at the other thresholds of the table, where the amounts differ.",
        "not even at 0": "Nor is it at the other thresholds of the table, where the amounts differ.",
        "at any price": "So it is at the other thresholds of the table, where the amounts differ.",
    }.get(status, "")


def _sign(row: Record) -> str:
    """Sign of an INMB that stays on one side; empty for prices."""
    if "inmb_at_low" not in row:
        return ""
    return "positive" if row["inmb_at_low"] > 0 or row["inmb_at_high"] > 0 else "negative"


def _times(row: Record, count: int) -> str:
    times = row["relative_to_base"]
    if not times == times or row["unit"] == "factor":
        return ""
    return f"; {'the first' if count > 1 else 'that'} is {times:.3g} times the value in force"


def _break_even_grid(words: PointsWords, table: pd.DataFrame) -> Grid:
    groups = []
    for _, part in table.groupby(["question", "strategy", "against"], sort=False):
        rows = records(part)
        head = rows[0]
        title = f"{head['label']} ({words.pair(head)})" if words.several() else str(head["label"])
        roots = [r["threshold"] for r in rows]
        body = []
        for r in rows:
            found = value(r["value"], r["unit"])
            span = f"{value(r['from'], r['unit'])} to {value(r['to'], r['unit'])}"
            ends = f"{words.money(r['inmb_at_low'])} to {words.money(r['inmb_at_high'])}"
            just = "just " if roots.count(r["threshold"]) > 1 else ""  # as far as the next root only
            side = f"positive {just}{r['positive']}" if r["positive"] else str(r["status"])
            cells = (value(r["base"], r["unit"]), found or "none", side, span, ends)
            body.append(Row(words.at(r["threshold"]), tuple(Cell(c) for c in cells)))
        groups.append(Group(title, tuple(body)))
    columns = (
        Column("At a threshold of", False), Column("In force"), Column("Break-even value"), Column("INMB", False),
        Column("Looked for in", False), Column("INMB over that range", False),
    )  # fmt: skip
    note = f"INMB per {words.basis}."
    if (table["status"] == ROOT).any():
        note += " Every break-even value was run again: the INMB there is zero up to rounding."
    if (table["status"] == "jump").any():
        note += " At a jump the INMB passes zero without taking that value."
    return Grid("table-break-even", "Break-even values", columns, tuple(groups), "threshold.csv", note)


def _price_readings(words: PointsWords, table: pd.DataFrame) -> Iterator[str]:
    for _, part in table.groupby(["name", "strategy", "against"], sort=False):
        rows = records(part)
        lead = f"{named(rows[0])} ({_now(rows[0], 'price_in_force')}), for {words.pair(rows[0])}"
        if {r["status"] for r in rows} == {PRICE}:
            yield f"{lead}: worth its cost at {'; '.join(_price(words, r) for r in rows[:MOST])}."
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
        title = f"{label}; {_now(head, 'price_in_force')}"
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
        f"INMB per {words.basis}. The discount is one on the value in force of the input named, on top of those in "
        "force; a negative one is room for a higher price."
    )
    if (table["status"] == PRICE).any():
        note += " Every price in this table was run again: the INMB there is zero up to rounding."
    return Grid("table-value-based-price", "Value-based prices", columns, tuple(groups), "value_based_price.csv", note)


def _discount(row: Record) -> str:
    share = row["discount"]
    if row["status"] != PRICE or share != share:
        return ""
    return percent(float(f"{share:.3g}"))
