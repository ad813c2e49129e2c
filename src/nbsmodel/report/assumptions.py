"""What in a model is an assumption, a placeholder or calibrated: one list, worst first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parameters import Parameter
from nbsmodel.model.tables import Table
from nbsmodel.report.format import ARROW, number

#: Worst first. ``scenario`` stands for sourced values that this scenario replaced by a number.
ORDER = ("placeholder", "assumption", "calibrated", "scenario")
UNSUPPORTED = ORDER[:2]

EXPLAINED = {
    "placeholder": "no source was found; to be replaced before the result is used for a decision",
    "assumption": "chosen for this model; the note says what was assumed and why",
    "calibrated": "fitted so that the model meets a target",
    "scenario": "a sourced value that this scenario replaced by a number",
}


@dataclass(frozen=True)
class Item:
    """One entry of the list; `kind` is ``parameter``, ``table`` or ``derived value``."""

    status: str
    kind: str
    name: str
    label: str
    value: str
    unit: str
    note: str


@dataclass(frozen=True)
class Count:
    """How many parameters in use, and tables, rest on an assumption or a placeholder; how many are fitted."""

    unsupported: int
    parameters: int
    placeholders: int
    assumptions: int
    tables: int
    all_tables: int
    calibrated: int

    @property
    def words(self) -> str:
        """The kinds that there are: ``5 placeholder, 13 assumption``."""
        kinds = zip((self.placeholders, self.assumptions), UNSUPPORTED, strict=True)
        return ", ".join(f"{n} {status}" for n, status in kinds if n)

    @property
    def illustration(self) -> str:
        """What stands before the answer where more than half of the parameters are placeholders; empty elsewhere."""
        if 2 * self.placeholders <= self.parameters:
            return ""
        return (
            f"{self.placeholders} of {self.parameters} inputs are placeholders, numbers without a source. The results "
            "show how the model works; nothing may be concluded from them."
        )


def assumption_items(scenario: Scenario) -> list[Item]:
    """Every input that is an assumption or a placeholder, is calibrated, or was replaced; worst first."""
    found = [*_parameters(scenario), *_tables(scenario), *_derived(scenario)]
    return sorted(found, key=lambda item: ORDER.index(item.status))


def count_unsupported(scenario: Scenario) -> Count:
    """Count of assumptions and placeholders, by the status that the model gives them."""
    statuses = [p.status for p in scenario.model.parameters_in_use]
    placeholders, assumptions = (statuses.count(s) for s in UNSUPPORTED)
    tables = [table_status(t) for t in scenario.model.tables.values()]
    bad = sum(t in UNSUPPORTED for t in tables)
    calibrated = statuses.count("calibrated")
    return Count(placeholders + assumptions, len(statuses), placeholders, assumptions, bad, len(tables), calibrated)


def table_status(table: Table) -> str:
    """Status of an input table by the comments above it: ``placeholder``, ``assumption`` or empty."""
    if any(re.search(r"\bplaceholder\b", line, re.IGNORECASE) for line in table.comments):
        return "placeholder"
    sources = [line for line in table.comments if line.strip("# ").lower().startswith("source")]
    return "assumption" if any(re.search(r"\bassumption\b", line, re.IGNORECASE) for line in sources) else ""


def _parameters(scenario: Scenario) -> Iterator[Item]:
    for row in scenario.model.parameters.rows.values():
        replaced = replaced_value(scenario, row)
        if row.status in ORDER or replaced is not None:
            status = row.status if row.status in ORDER else "scenario"
            value = number(row.value, 6) + ("" if replaced is None else f" {ARROW} {number(replaced, 6)}")
            said = "" if replaced is None else "Replaced by this scenario. "
            yield Item(status, "parameter", row.name, row.label, value, row.unit, said + row.note)


def _tables(scenario: Scenario) -> Iterator[Item]:
    for name, table in scenario.model.tables.items():
        if status := table_status(table):
            note = " ".join(line.strip("# ") for line in table.comments)
            yield Item(status, "table", name, table.path.name, "", "", note)


def _derived(scenario: Scenario) -> Iterator[Item]:
    for name, value in scenario.overrides.items():
        if name in scenario.model.derived:
            derived = scenario.model.derived[name]
            note = f"Replaced by this scenario; the model has {derived.formula.text}. {derived.note}".strip()
            yield Item("scenario", "derived value", name, name, number(value, 6), derived.unit, note)


def replaced_value(scenario: Scenario, row: Parameter) -> float | None:
    """The number by which this scenario replaced a parameter, if it did."""
    value = scenario.overrides.get(row.name, row.value)
    return None if value == row.value else value
