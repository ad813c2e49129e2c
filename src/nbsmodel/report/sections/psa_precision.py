"""What the report says of too few draws and of refused ones."""

from __future__ import annotations

from collections.abc import Iterator

from nbsmodel.report.format import MINUS, fixed, money_decimals, number, plain, records, share
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.psa_words import PsaWords, Record

TITLES = {
    "inmb": "Incremental net monetary benefit",
    "probability": "Probability of the highest net benefit",
    "decision": "Lead of the best on average over the next",
}
#: More draws than this are not worth naming.
BEYOND = 1e8


def warnings(words: PsaWords) -> Iterator[str]:
    """Draws refused, and draws too few for what is read from them."""
    yield from _refused(words)
    draws = int(words.run["draws"])
    for row in words.precision("interval"):
        if not row["enough"]:
            yield (
                f"Too few draws for 95% intervals: of {draws:,} draws fewer than 25 lie beyond each end. Take at "
                f"least {row['draws_wanted']:,.0f}."
            )
    for row in words.precision("decision"):
        if not row["enough"]:
            yield (
                f"Too few draws to tell which strategy is best on average at {words.at(row['threshold'])}: "
                f"{words.label(row)} leads {words.label(row, 'against')} by {words.amount(row, 'value')}, which is "
                f"known to within {words.amount(row, 'half_width')}. {_would_do(row)}"
            )
    for row in _worst(words, "inmb"):
        yield (
            f"Too few draws for the precision asked for: the mean incremental net benefit of {words.label(row)} at "
            f"{words.at(row['threshold'])} is known to within {words.amount(row, 'half_width')} per {words.basis}, and "
            f"{words.amount(row, 'wanted')} was wanted. {_would_do(row)}"
        )
    for row in _worst(words, "probability"):
        half, wanted = (number(100 * row[key], 2) for key in ("half_width", "wanted"))
        yield (
            f"Too few draws for the probabilities: that of {words.label(row)} at {words.at(row['threshold'])} is known "
            f"to within {half} percentage points, and {wanted} were wanted. {_would_do(row)}"
        )


def _refused(words: PsaWords) -> Iterator[str]:
    asked, draws = int(words.run["asked"]), int(words.run["draws"])
    if asked > draws:
        left_out = f"{asked - draws:,} of {asked:,} draws ({share((asked - draws) / asked)})"
        yield (
            f"{left_out} could not be run and are left out; the first table has the causes. The results are those of "
            "the draws that remain, which are no fair sample of the distributions as written: mend the distributions."
        )


def _worst(words: PsaWords, quantity: str) -> list[Record]:
    lacking = [r for r in words.precision(quantity) if not r["enough"]]
    return [max(lacking, key=lambda r: r["draws_wanted"])] if lacking else []


def _would_do(row: Record) -> str:
    if row["draws_wanted"] > BEYOND:
        return "No number of draws that can be made would do: there is next to no difference."
    return f"About {row['draws_wanted']:,.0f} draws would do."


def precision_grid(words: PsaWords) -> Grid:
    """Half-widths reached and wanted."""
    groups = []
    for kind, title in TITLES.items():
        body = []
        for r in (r for r in words.precision(kind) if r["threshold"] in words.shown):
            against = f" {MINUS} {words.label(r, 'against')}" if r["against"] else ""
            head = f"{words.label(r)}{against}, {words.sum_of(r['threshold'])}"
            body.append(Row(head, tuple(map(Cell, _figures(r)))))
        groups.append(Group(f"{title} ({'%' if kind == 'probability' else words.currency})", tuple(body)))
    columns = (
        Column("At a threshold of", False), Column("Value"), Column("Half-width reached"), Column("Half-width wanted"),
        Column("Draws that would do"),
    )  # fmt: skip
    caption = f"How precise {int(words.run['draws']):,} draws are: half the 95% interval of sampling of each figure"
    note = "A lead should be larger than its half-width: then more draws would not change which strategy is best."
    note += words.elsewhere
    return Grid("table-psa-precision", caption, columns, tuple(g for g in groups if g.rows), "psa_precision.csv", note)


def _figures(row: Record) -> tuple[str, ...]:
    draws = row["draws_wanted"]
    would_do = "" if draws != draws else "too many" if draws > BEYOND else f"{draws:,.0f}"
    if row["quantity"] == "probability":
        return tuple(number(100 * row[k], n) for k, n in (("value", 4), ("half_width", 2), ("wanted", 2))) + (would_do,)
    return tuple(fixed(row[k], money_decimals([row[k]])) for k in ("value", "half_width", "wanted")) + (would_do,)


def refused_grid(words: PsaWords) -> Grid | None:
    """Draws that the model could not run with; None when there were none."""
    rows = records(words.tables["psa_refused"])
    if not rows:
        return None
    body = []
    for r in rows:
        seen = f"{number(r['lowest'])} to {number(r['highest'])}" if number(r["lowest"]) else ""
        cells = (f"{int(r['refused']):,}", share(r["share"]), seen, str(r["allowed"]))
        body.append(Row(f"{r['cause']} ({plain(str(r['kind']))})", tuple(map(Cell, cells))))
    columns = (
        Column("Cause", False), Column("Draws refused"), Column("Share of the draws"), Column("Values found"),
        Column("Allowed", False),
    )  # fmt: skip
    caption = "Draws left out, by cause"
    return Grid("table-psa-refused", caption, columns, (Group("", tuple(body)),), "psa_refused.csv")
