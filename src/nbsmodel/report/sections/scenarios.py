"""Scenarios side by side in the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import (
    counted,
    currency_sign,
    decimals_for,
    fixed,
    in_sentence,
    joined,
    money,
    money_decimals,
    money_in_words,
    records,
    whole,
)
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_scenarios import Comparison, comparison, differences
from nbsmodel.report.report_tables import IN_BRACKETS, QUADRANTS, Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.section import Section

#: Differences told in a row of the table; scenarios told of in a sentence.
MOST_DIFFERENCES, MOVERS = 4, 3


def scenario_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """Which scenarios change the answer and which move it most; None without scenarios."""
    if "scenarios" not in tables:
        return None
    found = comparison(tables["scenarios"])
    if found is None:
        return None
    words = _Words(scenario, tables, found)
    paragraphs = (*words.answer(), *words.apart(), *words.models())
    return Section("scenario-comparison", "Scenarios", paragraphs, ("scenarios", words.grid()))


class _Words:
    def __init__(self, scenario: Scenario, tables: Mapping[str, pd.DataFrame], found: Comparison) -> None:
        self.found, self.model = found, scenario.model
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.currency = self.model.about["currency"]
        self.unit = per_effect(self.model, scenario.settings.effect)
        self.effects = in_sentence(self.model.outcomes[scenario.settings.effect].label)
        self.changes = differences(scenario, tables["scenario_differences"])
        self.keys = tables["scenario_differences"]

    def answer(self) -> Iterator[str]:
        """For each strategy: the reference, changes of sign, the largest moves."""
        found = self.found
        others = [t for name, t in found.titles.items() if name not in set(found.reference["scenario"])]
        at = f"{currency_sign(self.currency)}{whole(found.threshold)} per {self.unit}"
        yield (
            f"{counted(len(others), 'scenario').capitalize()} {'stands' if len(others) == 1 else 'stand'} beside the "
            f"one that this report is about, each run at base values. They are compared by the incremental net "
            f"monetary benefit at {at}, per {found.per}."
        )
        for row in records(found.reference):
            yield from self._strategy(row)

    def _strategy(self, base: dict[str, Any]) -> Iterator[str]:
        column, name = self.found.column, self.labels[base["strategy"]]
        rows = records(self.found.of_strategy(base["strategy"]))
        rows = [r for r in rows if not r["is_reference"]]
        if not rows:
            return
        turned = [r for r in rows if r[column] * base[column] < 0]
        moved = sorted(rows, key=lambda r: -abs(r[column] - base[column]))[:MOVERS]
        moved = [r for r in moved if r[column] != base[column]]
        text = f"{name} against {self.labels[base['against']]}: {self._amount(base[column])} in the reference. "
        if turned:
            told = [f"{_quoted(self.found.titles[r['scenario']])} ({self._amount(r[column])})" for r in turned]
            text += f"The sign changes, and with it the answer at this threshold, in {joined(told)}. "
        else:
            text += "No scenario changes its sign. "
        if moved:
            told = [
                f"{_quoted(self.found.titles[r['scenario']])} (to {self._amount(r[column])}, "
                f"{'up' if r[column] > base[column] else 'down'} by {self._amount(abs(r[column] - base[column]))})"
                for r in moved
            ]
            text += f"It moves most with {joined(told)}."
        else:
            text += "No scenario moves it."
        yield text.strip()

    def _amount(self, value: float) -> str:
        return money_in_words(value, self.currency)

    def apart(self) -> Iterator[str]:
        """Scenarios whose money or effect is another."""
        told = {}
        for r in records(self.found.apart):
            told[r["scenario"]] = (
                f"{_quoted(self.found.titles[r['scenario']])} ({r['currency']}, price year {r['price_year']}, effect "
                f"{r['measure']})"
            )
        if told:
            count = "counts" if len(told) == 1 else "count"
            yield (
                f"{joined(told.values())} {count} in another currency, other prices or another effect than the "
                "reference, so that amounts cannot be set beside the others: the table has them in their own money, "
                "the figure leaves them out."
            )

    def models(self) -> Iterator[str]:
        """Scenarios of another model."""
        other = list(self.keys.loc[self.keys["key"] == "model", "scenario"])
        if other:
            names = joined(_quoted(self.found.titles[n]) for n in other)
            yield (
                f"{names} {'uses' if len(other) == 1 else 'use'} another model. What sets "
                f"{'it' if len(other) == 1 else 'them'} apart is the model as well as what the table names."
            )

    def grid(self) -> Grid:
        """A row a scenario: what differs, increments, verdict, net benefit."""
        found = self.found
        table = pd.concat([found.rows, found.apart])
        order = {name: i for i, name in enumerate(found.titles)}
        costs, benefits = money_decimals(table["inc_cost"]), money_decimals(table[found.column])
        places = decimals_for(table["inc_effect"], 3, 2)
        groups = []
        labels = dict(zip(table["strategy"], table["label"], strict=True))
        for strategy, part in table.groupby("strategy", sort=False):
            body = sorted(records(part), key=lambda r: order[r["scenario"]])
            rows = tuple(self._row(r, costs, places, benefits) for r in body)
            groups.append(Group(labels[str(strategy)] if len(labels) > 1 else "", rows))
        columns = (
            Column("Scenario", False), Column("What differs", False), Column("Incr. cost"),
            Column(f"Incr. {self.effects}"), Column(f"{self.currency} per {self.unit}", False),
            Column("Incr. net benefit"),
        )  # fmt: skip
        caption = (
            f"Scenarios at base values per {found.per}, discounted, in {self.currency}; incremental net monetary "
            f"benefit at {currency_sign(self.currency)}{whole(found.threshold)} per {self.unit}"
        )
        note = "Each strategy is set against the comparator. All thresholds and all differences are in the files."
        if f"{found.column}_se" in table:
            note += IN_BRACKETS
        return Grid("table-scenarios", caption, columns, tuple(groups), "scenarios.csv", note)

    def _row(self, r: dict[str, Any], costs: int, places: int, benefits: int) -> Row:
        own = "" if r["currency"] == self.currency else f"{r['currency']} "
        changes = self.changes.get(r["scenario"], [])
        shown = changes[:MOST_DIFFERENCES]
        more = [f"and {len(changes) - len(shown)} more"] if len(changes) > len(shown) else []
        what = "reference" if r["is_reference"] else "; ".join([*shown, *more]) or "nothing"
        ratio = "" if math.isnan(r["icer"]) else f"{own}{money(r['icer'], '').strip()}"
        verdict = QUADRANTS.get(r["quadrant"], r["quadrant"]) if not ratio or r["quadrant"] == "south-west" else ""
        head = self.found.titles[r["scenario"]]
        return Row(
            head if r["per"] == self.found.per else f"{head} (per {r['per']})",
            (
                Cell(what),
                _cell(r, "inc_cost", costs, own),
                _cell(r, "inc_effect", places),
                Cell(", ".join(t for t in (ratio, verdict) if t)),
                _cell(r, self.found.column, benefits, own),
            ),
            bool(r["is_reference"]),
        )


def _cell(row: Mapping[str, Any], column: str, decimals: int, currency: str = "") -> Cell:
    error = row.get(f"{column}_se", math.nan)
    text = fixed(row[column], decimals)
    return Cell(f"{currency}{text}" if text else "", error="" if math.isnan(error) else fixed(error, decimals))


def _quoted(title: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}"
