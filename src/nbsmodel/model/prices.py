"""Price years: what each price is multiplied by to stand in the prices of the results."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from nbsmodel import reference as shipped
from nbsmodel.errors import Problems, nearest
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary
from nbsmodel.model.tables import Table, reference_table
from nbsmodel.model.units import is_amount

if TYPE_CHECKING:
    from nbsmodel.model.parameters import Parameter

#: The shipped table whose columns are cost indices.
SHIPPED = "nhs_cost_indices"
#: The index of a price that is never uprated.
NEVER = "none"
FORM = "Write a financial year as 2024/25 or a calendar year as 2024."
_YEAR = re.compile(r"([0-9]{4})(?:/([0-9]{2}))?\Z")


def first_year(text: str) -> int | None:
    """First calendar year of a price year, by which indices are looked up.

    Parameters
    ----------
    text : str
        ``2024/25``, or ``2024``: a calendar year is read as the financial year that has most of it.

    Returns
    -------
    int or None
        None for words, such as ``list price``.

    Raises
    ------
    ValueError
        For what begins with a digit, or holds a year, and is none.
    """
    match = _YEAR.match(text)
    if match is not None and (match[2] is None or (int(match[1]) + 1) % 100 == int(match[2])):
        return int(match[1])
    if text[:1].isdigit():
        raise ValueError(f"found {text!r}, which is no price year")
    return None


def financial_year(year: float) -> str:
    """A first year as a financial year, such as ``2009/10``."""
    return f"{int(year)}/{(int(year) + 1) % 100:02d}"


def _with_years(years: Sequence[int]) -> list[str]:
    """Shipped indices that have a value in each of some years."""
    table = reference_table(SHIPPED, exact=True)
    return [name for name in table.columns if np.isfinite(table(years, name)).all()]


@dataclass(frozen=True)
class Uprated:
    """How a price is brought to the price year of the results.

    Parameters
    ----------
    index : str
    vintage : str
        What the index is, with its edition.
    factor : float
        Index in the price year of the results over index in that of the price.
    """

    index: str
    vintage: str
    factor: float


@dataclass(frozen=True)
class Prices:
    """Price years of a model.

    Parameters
    ----------
    year : str
        Of the results.
    own : str
        Of the model as its folder has it.
    uprated : mapping of str to Uprated
        Every parameter with an index.
    never : tuple of str
        Prices in use whose index is ``none``.
    left : tuple of str
        Prices in use without an index, whose own price year is another one.
    tables : tuple of Table
        Shipped indices that are used.
    """

    year: str = ""
    own: str = ""
    uprated: Mapping[str, Uprated] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()

    def factor(self, name: str) -> float:
        """What a parameter is multiplied by wherever a formula uses it; 1 for most."""
        return self.uprated[name].factor if name in self.uprated else 1.0

    def uprate(self, node: Node) -> Node:
        """A formula as it is worked out: each price times its factor."""
        match node:
            case Name(id=name):
                factor = self.factor(name)
                return node if factor == 1 else Binary("*", node, Number(factor))
            case Call(args=args):
                return replace(node, args=tuple(map(self.uprate, args)))
            case Unary(operand=operand):
                return replace(node, operand=self.uprate(operand))
            case Binary(left=left, right=right):
                return replace(node, left=self.uprate(left), right=self.uprate(right))
            case Choose(condition=condition, yes=yes, no=no):
                return Choose(self.uprate(condition), self.uprate(yes), self.uprate(no))
        return node


@dataclass(frozen=True)
class YearAt:
    """A price year and where it stands."""

    text: str
    place: str


class PriceBuilder:
    """Works out the factors of a model's prices.

    Parameters
    ----------
    own : YearAt
        Of the model file.
    asked : YearAt
        Of the results.
    rows : mapping of str to Parameter
    tables : mapping of str to Table
        Of the model; one with one column of values may be an index.
    declared : collection of str
        Names of the model's tables, those that could not be read among them.
    problems : Problems
        Receives every mistake.
    """

    def __init__(
        self, own: YearAt, asked: YearAt, rows: Mapping[str, Parameter], tables: Mapping[str, Table],
        declared: Collection[str], problems: Problems,
    ) -> None:  # fmt: skip
        self.own, self.asked, self.rows, self.problems = own, asked, rows, problems
        self.tables, self.declared = tables, declared
        self.used: dict[str, Table] = {}
        before = len(problems.items)
        self.own_year = self._year_of(own)
        self.year = self.own_year if asked.text == own.text else self._year_of(asked)
        if asked.text != own.text and len(problems.items) == before:
            if self.year is None:
                problems.add(asked.place, f"found {asked.text!r}, which is no price year.", FORM)
            elif self.own_year is None:
                found = f"the model's own price year is {own.text!r}: its prices cannot be brought to another."
                problems.add(asked.place, found, "Leave `price_year` out.")

    def build(self) -> Prices:
        """Factors of all parameters that name an index."""
        uprated = {}
        for name, row in self.rows.items():
            if not row.index:
                continue
            if not is_amount(row.unit):
                found = f"{name} is a {row.unit}, no amount of money."
                self.problems.add(f"{row.place} index", found, "Only prices are uprated: leave the cell empty.")
            elif row.index != NEVER and (one := self._uprated(row)) is not None:
                uprated[name] = one
        return Prices(self.asked.text, self.own.text, uprated, tables=tuple(self.used.values()))

    def finish(self, prices: Prices, used: Collection[str]) -> Prices:
        """Add what is not uprated; refuse another price year while a price cannot be brought to it.

        Parameters
        ----------
        prices : Prices
        used : collection of str
            Names that some formula of the model uses.
        """
        money = [row for name, row in self.rows.items() if name in used and is_amount(row.unit)]
        without = [row for row in money if not row.index]
        if None not in (self.own_year, self.year) and self.own_year != self.year and without:
            listed = ", ".join(row.name for row in without)
            found = f"the model's prices are of {self.own.text}, and these have no index: {listed}."
            fix = f"Give each an index in parameters.csv, or `{NEVER}` where a price is the same in any year."
            self.problems.add(self.asked.place, found, fix)
        left = [row.name for row in without if row.price_year and self._another(row.price_year)]
        return replace(prices, never=tuple(row.name for row in money if row.index == NEVER), left=tuple(left))

    def _another(self, text: str) -> bool:
        try:
            return text != self.asked.text and (self.year is None or first_year(text) != self.year)
        except ValueError:  # reported where it stands
            return False

    def _year_of(self, at: YearAt) -> int | None:
        try:
            return first_year(at.text)
        except ValueError as error:
            self.problems.add(at.place, f"{error}.", FORM)
        return None

    def _uprated(self, row: Parameter) -> Uprated | None:
        index = self._index(row)
        if index is None:
            return None
        try:
            year = first_year(row.price_year)
        except ValueError:  # reported where the row is read
            return None
        if year is None:
            found = f"found {row.price_year!r}, but an index needs the year of the price."
            self.problems.add(f"{row.place} price_year", found, f"{FORM} Or `{NEVER}` as the index.")
            return None
        before = self._level(index, year, f"{row.place} price_year")
        if self.year is None:
            if not any(p.place == self.asked.place for p in self.problems.items):
                found = f"found {self.asked.text!r}, which is no year that the prices with an index can be brought to."
                self.problems.add(self.asked.place, found, FORM)
            return None
        after = self._level(index, self.year, self.asked.place)
        if math.isnan(before) or math.isnan(after):
            return None
        return Uprated(row.index, _vintage(index), after / before)

    def _index(self, row: Parameter) -> Table | None:
        """The index that a row names: a table of the model, or a column of the shipped table."""
        name = row.index
        if name in self.declared:
            table = self.tables.get(name)  # None when it could not be read, which is reported
            if table is None or len(table.columns) == 1:
                return table
            found = f"{name} has {len(table.columns)} columns of values, an index has one."
            self.problems.add(f"{row.place} index", found, "Declare the table with a `column`.")
            return None
        offered = shipped.reference(SHIPPED).columns
        if name not in offered:
            fix = nearest(name, [*offered, *self.declared, NEVER])
            if not fix.startswith("Did"):
                fix = f"Name a column of {SHIPPED} ({', '.join(offered)}), a table of the model, or {NEVER}."
            self.problems.add(f"{row.place} index", f"there is no index {name}.", fix)
            return None
        if name not in self.used:
            self.used[name] = reference_table(SHIPPED, name, exact=True)
        return self.used[name]

    def _level(self, index: Table, year: int, place: str) -> float:
        """Level of an index in a year; NaN once a missing one is reported."""
        (column, values), *_ = index.columns.items()
        name = column if index.reference else index.name
        there = np.isfinite(values)
        row = np.flatnonzero(there & (index.keys == year))
        if not row.size:
            known = index.keys[there]
            found = f"the index {name} has no value for {financial_year(year)}."
            ends = f"{financial_year(known[0])} to {financial_year(known[-1])}" if known.size else "no year"
            others = _with_years([year] if self.year is None else [year, self.year])
            another = f"another index ({', '.join(others)})" if others else "another index"
            fix = f"It has {ends}; use {another}, or a table of the model that has all the years."
            if not any(p.place == place and p.found == found for p in self.problems.items):
                self.problems.add(place, found, fix)
            return math.nan
        level = float(values[row[0]])
        if level <= 0:
            self.problems.add(place, f"the index {name} is {level:g} in {financial_year(year)}.", "It must be above 0.")
            return math.nan
        return level


def _vintage(index: Table) -> str:
    """What an index is, with its edition: as the shipped list says, or the first words of a model's own file."""
    (column,) = index.columns
    if index.reference:
        return shipped.reference(index.reference).columns[column]
    return index.comments[0].rstrip(".") if index.comments else index.path.name
