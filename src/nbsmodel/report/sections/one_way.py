"""One-way analysis in the report: which parameter moves the result, and whether it turns the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import counted, joined, money_decimals, records
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.points_words import PointsWords, Record, marked, named, value
from nbsmodel.report.sections.section import Section

#: Bars of a strategy in the table; names in a sentence.
MOST_ROWS, MOST_NAMES = 20, 5
Tables = Mapping[str, pd.DataFrame]


def one_way_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The reading of the tornado, its figure, and the ratios at both ends; None without the analysis."""
    if "tornado" not in tables:
        return None
    table, words = tables["tornado"], PointsWords(scenario)
    first = table[table["threshold"] == table["threshold"].iloc[0]]
    paragraphs = [_what(words, first)]
    for _, part in first.groupby(["strategy", "against"], sort=False):
        paragraphs.append(" ".join(_reading(words, records(part), table)))
    paragraphs.append(
        "A bar says how far the result moves with one parameter while all others stand still. It says nothing about "
        "how likely its ends are, nor about several parameters moving at once; that is what a probabilistic analysis "
        "is for."
    )
    if words.several():
        paragraphs.insert(-1, _decision(words, first))
    if words.simulated():
        paragraphs.append(words.simulated())
    return Section("one-way", "One-way analysis", tuple(paragraphs), ("tornado", _grid(words, first)))


def _what(words: PointsWords, first: pd.DataFrame) -> str:
    names = first.drop_duplicates("parameter")
    by_interval = names["limits"].str.startswith("95% interval")
    parts = []
    if by_interval.any():
        parts.append(
            f"{counted(int(by_interval.sum()), 'parameter')}, each at both ends of the 95% interval of its own "
            "distribution"
        )
    if not by_interval.all():
        parts.append(f"{counted(int((~by_interval).sum()), 'value')}, at limits that the config gives")
    text = f"The model was run with one value changed at a time: {'; and '.join(parts)}."
    cut = names[names["limits"].str.contains("cut where")]
    if len(cut):
        text += (
            f" The interval of {joined(list(cut['label'])[:MOST_NAMES])} reaches beyond what its unit allows and was "
            "cut there."
        )
    if (names["with_low"] != "").any() and names["unit"].isin(["probability", "share"]).any():
        text += " Shares of one whole were rescaled in proportion, so that they still add up to 1."
    return text


def _reading(words: PointsWords, rows: list[Record], table: pd.DataFrame) -> Iterator[str]:
    moving = [r for r in rows if r["width"] > 0]
    at, base = words.at(rows[0]["threshold"]), rows[0]["inmb_base"]
    lead = (
        f"{words.pair(rows[0])}: the incremental net monetary benefit at {at} is {words.inmb(base)} in the base case."
    )
    yield lead
    if not moving:
        yield "None of the values makes a difference to it."
        return
    top = moving[0]
    yield (
        f"The widest bar is that of {named(top)}: {words.money(top['inmb_low'])} at {value(top['low'], top['unit'])} "
        f"and {words.money(top['inmb_high'])} at {value(top['high'], top['unit'])}."
    )
    turning = [r for r in moving if r["changes_sign"]]
    if not turning:
        yield "At no end of any bar does it change its sign, so no value on its own turns this comparison."
    else:
        yield f"It changes its sign within the limits of {counted(len(turning), 'value')}: {_listed(turning)}."
    others = _at_other_thresholds(words, rows[0], table)
    if others:
        yield others
    still = len(rows) - len(moving)
    if still:
        makes = "makes" if still == 1 else "make"
        yield f"{counted(still, 'value').capitalize()} {makes} no difference in this scenario."


def _decision(words: PointsWords, first: pd.DataFrame) -> str:
    """Which values change the strategy that has the highest net benefit of all."""
    turning = records(first[first["changes_decision"]].drop_duplicates("parameter"))
    lead = f"The strategy with the highest net benefit of all at {words.at(float(first['threshold'].iloc[0]))}"
    if not turning:
        return f"{lead} is the same at every end of every bar."
    return f"{lead} is another one at an end of {_listed(turning)}."


def _listed(rows: Sequence[Record]) -> str:
    """The first few values by name, and how many more there are."""
    names = [named(r) for r in rows[:MOST_NAMES]]
    return joined([*names, f"{len(rows) - MOST_NAMES} more"] if len(rows) > MOST_NAMES else names)


def _at_other_thresholds(words: PointsWords, row: Record, table: pd.DataFrame) -> str:
    """At which other thresholds how many bars cross zero."""
    mine = table[(table["strategy"] == row["strategy"]) & (table["against"] == row["against"])]
    told = []
    for threshold, part in mine[mine["threshold"] != row["threshold"]].groupby("threshold", sort=True):
        told.append((float(str(threshold)), int(part["changes_sign"].sum())))
    if not told:
        return ""
    if not any(n for _, n in told):
        return (
            "Nor does it at the other thresholds."
            if not mine["changes_sign"].any()
            else "At the other thresholds no bar crosses zero."
        )
    return "Bars that cross zero at other thresholds: " + joined([f"{n} at {words.at(t)}" for t, n in told]) + "."


def _grid(words: PointsWords, first: pd.DataFrame) -> Grid:
    groups, every = [], []
    for _, part in first.groupby(["strategy", "against"], sort=False):
        rows = [r for r in records(part) if r["width"] > 0][:MOST_ROWS]
        every += rows
        head = records(part)[0]
        title = f"{words.pair(head)}; base case {words.money(head['inmb_base'])}, ICER {words.ratio(head, 'base')}"
        groups.append((title, rows))
    places = money_decimals([r[k] for r in every for k in ("inmb_low", "inmb_high")])
    body = tuple(
        Group(
            title,
            tuple(
                Row(
                    marked(r),
                    (
                        Cell(_ends(r)),
                        *(
                            Cell(f"{r[f'inmb_{e}']:,.{places}f}".replace("-", "\N{MINUS SIGN}"))
                            for e in ("low", "high")
                        ),
                        *(Cell(words.ratio(r, e)) for e in ("low", "high")),
                        Cell("yes" if r["changes_sign"] else "no"),
                    ),
                )
                for r in rows
            ),
        )
        for title, rows in groups
    )
    columns = (
        Column("Value", False), Column("Low to high", False), Column("INMB, low"), Column("INMB, high"),
        Column("ICER, low"), Column("ICER, high"), Column("Changes sign", False),
    )  # fmt: skip
    caption = (
        f"One-way analysis: incremental net monetary benefit (INMB) at {words.at(float(first['threshold'].iloc[0]))}, "
        f"per {words.basis}, and ICER ({words.currency} per {words.unit}) at both ends"
    )
    note = "Where a ratio means nothing, the table says what holds. Values that make no difference are left out."
    if any(len(rows) == MOST_ROWS for _, rows in groups):
        note += f" The {MOST_ROWS} widest bars are shown."
    return Grid("table-one-way", caption, columns, body, "tornado.csv", note)


def _ends(row: Record) -> str:
    unit = str(row["unit"])
    return f"{value(row['low'], unit)} to {value(row['high'], unit)}" + (" times" if unit == "factor" else "")
