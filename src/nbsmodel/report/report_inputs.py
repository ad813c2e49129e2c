"""Parameters, input tables and derived values as the report lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parameters import MEAN_TOLERANCE
from nbsmodel.model.parts import Model
from nbsmodel.model.tables import Table
from nbsmodel.model.units import currencies, is_amount
from nbsmodel.report.assumptions import table_status
from nbsmodel.report.format import joined, number, percent, records, whole

KINDS = (
    ("Probabilities and shares", {"probability", "share"}),
    ("Utilities", {"utility", "disutility"}),
    ("Rates and ratios", {"rate", "ratio"}),
    ("Ages and times", {"years", "year", "months", "month", "weeks", "week", "days", "day", "hours"}),
)
#: How a table of probabilities of death ends.
CLOSINGS = {
    "hazard": "from age {age} on a constant hazard, 1 / years of life expected at that age",
    "dies": "nobody lives past age {age}: death is certain in that year",
}
COSTS, OTHERS = "Costs and prices", "Counts and other numbers"


@dataclass(frozen=True)
class ParameterRow:
    """A parameter as listed; `was` is the model's value where the scenario replaced it."""

    name: str
    label: str
    value: str
    was: str
    unit: str
    distribution: str
    mean: str
    interval: str
    sources: tuple[str, ...]
    status: str
    price_year: str
    note: str


@dataclass(frozen=True)
class PriceRow:
    """A price as it stands, and as it is used."""

    name: str
    label: str
    value: str
    price_year: str
    factor: str
    used: str
    index: str


@dataclass(frozen=True)
class Disagreement:
    """A base value that is not the mean of its distribution."""

    name: str
    label: str
    value: str
    mean: str
    difference: str


@dataclass(frozen=True)
class DerivedRow:
    """A derived value as listed."""

    name: str
    formula: str
    value: str
    unit: str
    varies: str
    note: str
    replaced: bool


@dataclass(frozen=True)
class TableRow:
    """An input table as listed."""

    name: str
    file: str
    columns: str
    extent: str
    reading: str
    status: str
    note: str


def parameter_groups(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> list[tuple[str, list[ParameterRow]]]:
    """Parameters by kind, each kind in the order of the file."""
    order = [title for title, _ in KINDS] + [COSTS, OTHERS]
    groups: dict[str, list[ParameterRow]] = {title: [] for title in order}
    for r in records(tables["parameters"]):
        parameter = scenario.model.parameters.rows[r["name"]]
        low, high = number(r["low95"]), number(r["high95"])
        row = ParameterRow(
            name=r["name"], label=r["label"], value=number(r["value"], 6),
            was=number(r["base_value"], 6) if r["value"] != r["base_value"] else "", unit=r["unit"],
            distribution=r["distribution"], mean=number(r["mean"]), interval=f"{low} to {high}" if low else "",
            sources=parameter.sources, status=r["status"], price_year=r["price_year"], note=r["note"],
        )  # fmt: skip
        groups[_kind(r["unit"])].append(row)
    return [(title, rows) for title, rows in groups.items() if rows]


def price_rows(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> list[PriceRow]:
    """Prices that are multiplied by an index, as they stand and as they are used."""
    return [
        PriceRow(
            r["name"], r["label"], f"{number(r['value'], 6)} {r['unit']}", r["price_year"], number(r["factor"], 5),
            number(r["uprated"], 5), f"{r['index']}: {r['vintage']}",
        )
        for r in records(tables["parameters"])
        if r["factor"] == r["factor"] and r["factor"] != 1
    ]  # fmt: skip


def disagreements(scenario: Scenario) -> list[Disagreement]:
    """Base values that differ from their distribution's mean by more than the tolerance."""
    rows = scenario.model.parameters.rows
    return [
        Disagreement(
            name, rows[name].label, number(base, 6), number(mean, 6), percent(round(base / mean - 1, 4)) if mean else ""
        )
        for name, base, mean in scenario.model.parameters.disagreements
    ]


def tolerance() -> str:
    """By how much they may differ before they are listed."""
    return percent(MEAN_TOLERANCE)


def derived_rows(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> list[DerivedRow]:
    """Derived values with their formulas, in the order in which they follow from each other."""
    return [
        DerivedRow(
            r["name"], r["formula"],
            number(scenario.overrides[r["name"]], 6) if r["name"] in scenario.overrides else _numbers(r["value"]),
            r["unit"], r["varies_over"].replace("clock", "time in state"), r["note"], r["name"] in scenario.overrides,
        )
        for r in records(tables["derived"])
    ]  # fmt: skip


def table_rows(scenario: Scenario) -> list[TableRow]:
    """Input tables with the comments that stand above their numbers."""
    return [
        TableRow(
            name, _origin(table), ", ".join(table.columns),
            f"{table.range_text} ({len(table.keys)} rows)",
            _reading(table), table_status(table), " ".join(_comments(table)),
        )
        for name, table in scenario.model.tables.items()
    ]  # fmt: skip


def table_sentences(model: Model) -> Iterator[str]:
    """Which tables are shipped with nbsmodel, and how tables of death probabilities end."""
    shipped = {name: table for name, table in model.tables.items() if table.reference}
    if shipped:
        used = [
            f"{n} ({', '.join([t.reference, *(t.columns if len(t.columns) == 1 else [])])})" for n, t in shipped.items()
        ]
        yield f"Reference inputs shipped with nbsmodel: {joined(used)}."
    for name, table in model.tables.items():
        if table.closing:
            yield f"Probabilities of death in the table {name} are closed: {_closing(table)}."


def _closing(table: Table) -> str:
    return CLOSINGS[table.closing].format(age=whole(float(table.keys[-1])))


def _kind(unit: str) -> str:
    if is_amount(unit):
        return COSTS
    if currencies(unit):  # an exchange rate
        unit = "ratio"
    return next((title for title, units in KINDS if unit in units), OTHERS)


def _origin(table: Table) -> str:
    return f"shipped with nbsmodel: {table.reference}" if table.reference else table.path.name


def _reading(table: Table) -> str:
    if table.exact:
        return "at its rows only"
    if table.closing:
        return f"row at or below; {_closing(table)}"
    between = "linear between rows" if table.linear else "row at or below"
    return between + (", last row held beyond" if table.hold_last else "")


def _comments(table: Table) -> Iterator[str]:
    for line in table.comments:
        if text := line.strip("# ").strip():
            yield text


def _numbers(text: str) -> str:
    """Values of a derived value, one a strategy where they differ."""
    return ", ".join(number(float(v), 6) for v in text.split(", ")) if text else ""
