"""The parameter table of a model: values, units, distributions, sources."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nbsmodel.errors import Problems, nearest
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.check import problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.formula.tree import names
from nbsmodel.model.correlations import Correlation
from nbsmodel.model.csvfile import CsvFile, Row, read_csv
from nbsmodel.model.distribution_groups import Group, build_groups
from nbsmodel.model.distributions import Distribution, GroupMember, parse_distribution
from nbsmodel.model.prices import FORM, first_year
from nbsmodel.model.sampling import draw_parameters
from nbsmodel.model.schema import NAME
from nbsmodel.model.units import legal_range, meant_unit, range_text
from nbsmodel.model.yamlfile import shown

COLUMNS = ("name", "label", "value", "unit", "distribution", "source", "status", "price_year", "index", "note")
REQUIRED = ("name", "value", "unit", "source", "status")
STATUSES = ("published", "derived", "calibrated", "assumption", "placeholder")

_COMMA_NUMBER = re.compile(r"[-+]?[0-9]+(,[0-9]+)+(\.[0-9]+)?")

#: Base value and distribution mean may differ by this much of the mean before it is reported.
MEAN_TOLERANCE = 0.01


@dataclass(frozen=True)
class Parameter:
    """One row of ``parameters.csv``.

    Parameters
    ----------
    name, label, unit, status, price_year, note : str
    index : str
        By which a price is brought to the price year of the results; ``none`` for one that never is, or empty.
    value : float
        Base value.
    distribution : Distribution or None
        None when fixed or a member of a group.
    distribution_text : str
        As written.
    group : str or None
        Dirichlet or multivariate normal group.
    sources : tuple of str
        Keys of ``sources.yaml``.
    place : str
        File and line.
    """

    name: str
    label: str
    value: float
    unit: str
    distribution: Distribution | None
    distribution_text: str
    group: str | None
    sources: tuple[str, ...]
    status: str
    price_year: str
    note: str
    place: str
    index: str = ""

    @property
    def uncertain(self) -> bool:
        """Whether the parameter has a distribution."""
        return self.distribution is not None or self.group is not None


@dataclass(frozen=True)
class ParameterTable:
    """All parameters of a model.

    Parameters
    ----------
    rows : dict of str to Parameter
    groups : tuple of Group
        Jointly distributed parameters.
    disagreements : tuple of (name, base value, distribution mean)
        Base values that are not the mean of their distribution.
    correlations : tuple of Correlation
        Between parameters that have a distribution of their own.
    """

    rows: dict[str, Parameter]
    groups: tuple[Group, ...]
    disagreements: tuple[tuple[str, float, float], ...]
    correlations: tuple[Correlation, ...] = ()

    def quantile(self, name: str, q: ArrayLike) -> np.ndarray:
        """Quantiles of an uncertain parameter alone: of its distribution, or its marginal one in its group.

        Parameters
        ----------
        name : str
        q : array_like
            Probabilities.
        """
        distribution = self.rows[name].distribution
        if distribution is not None:
            return distribution.quantile(q)
        group = next(g for g in self.groups if name in g.members)
        return np.asarray(group.quantile(group.members.index(name), q))

    def draws(self, n: int, seed: int, start: int = 0) -> dict[str, np.ndarray]:
        """Monte Carlo draws `start` to ``start + n - 1``; see `nbsmodel.model.sampling.draw_parameters`."""
        return draw_parameters(self, start + n, seed, start=start)


def constant(text: str) -> float:
    """Value of constant arithmetic such as ``1/10000``.

    Raises
    ------
    ValueError
        When it is no formula, uses names, or has no finite value.
    """
    if text.rstrip().endswith("%"):
        raise ValueError(f"{text!r} is a percentage; write a share, as in 0.95 for 95%")
    if _COMMA_NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} has a comma; write a decimal point, and no separator of thousands")
    node = parse(text)
    if names(node):
        raise ValueError(f"{text!r} uses the name {sorted(names(node))[0]}; only numbers are allowed here")
    for found, fix in problems_of(node, (), {}):
        raise ValueError(f"{text!r}: {found} ({fix.rstrip('.')})")
    value = float(evaluate_array(node, {}, {}))
    if not np.isfinite(value):
        raise ValueError(f"{text!r} has no finite value")
    return value


def read_parameters(path: Path, sources: set[str], problems: Problems) -> ParameterTable:
    """Read ``parameters.csv``.

    Parameters
    ----------
    path : Path
    sources : set of str
        Keys of ``sources.yaml``.
    problems : Problems
        Receives every mistake of every row.
    """
    file = read_csv(path)
    head = f"{shown(path)}:{file.head}"
    for column in file.columns:
        if column not in COLUMNS:
            problems.add(head, f"unknown column {column}.", nearest(column, COLUMNS))
    for column in REQUIRED:
        if column not in file.columns:
            problems.add(head, f"the column {column} is missing.", "Add it.")
    if any(c not in file.columns for c in REQUIRED):
        return ParameterTable({}, (), ())
    return read_rows(file, sources, problems)


def read_rows(file: CsvFile, sources: set[str], problems: Problems) -> ParameterTable:
    """Parameters of rows whose columns are known, see `read_parameters`."""
    reader = _Reader(file, sources, problems)
    for row in file.rows:
        reader.read(row)
    return reader.finish()


class _Reader:
    def __init__(self, file: CsvFile, sources: set[str], problems: Problems) -> None:
        self.file, self.sources, self.problems = file, sources, problems
        self.rows: dict[str, Parameter] = {}
        self.members: dict[str, tuple[GroupMember, float | None]] = {}
        self.disagreements: list[tuple[str, float, float]] = []
        self.incomplete = False

    def bad(self, row: Row, column: str, found: str, fix: str = "") -> None:
        self.problems.add(self.file.place(row, f"{row.cells['name']} {column}"), found, fix)

    def read(self, row: Row) -> None:
        cells = {c: row.cells.get(c, "") for c in COLUMNS}
        name = cells["name"]
        if not NAME.match(name) or "__" in name:
            return self.bad(row, "name", f"{name!r} is no valid name.", "Use letters, digits and single underscores.")
        if name in self.rows:
            return self.bad(row, "name", f"it stands already at {self.rows[name].place}.", "Keep one of them.")
        if not cells["unit"]:
            self.bad(row, "unit", "the unit is missing.", "Write for example probability, utility, ratio, GBP, years.")
        elif meant := meant_unit(cells["unit"]):
            self.bad(row, "unit", f"found {cells['unit']!r}.", f"Did you mean {meant}?")
        if cells["status"] not in STATUSES:
            self.bad(row, "status", f"found {cells['status']!r}.", f"Allowed: {', '.join(STATUSES)}.")
        sources = tuple(s.strip() for s in cells["source"].split(";") if s.strip())
        if not sources:
            self.bad(row, "source", "the source is missing.", "Give a key of sources.yaml.")
        for source in sources:
            if source not in self.sources:
                self.bad(row, "source", f"{source} is not in sources.yaml.", nearest(source, self.sources))
        try:
            first_year(cells["price_year"])
        except ValueError as error:
            self.bad(row, "price_year", f"{error}.", FORM)
        value = self._value(row, cells)
        spread = self._distribution(row, cells)
        if isinstance(spread, GroupMember):
            self.members[name] = (spread, value)
        elif spread is not None:
            mean = float(spread.mean())
            value = mean if value is None else value
            self._compare(name, value, mean)
        elif value is None and not cells["value"] and not cells["distribution"]:
            self.bad(row, "value", "the value is missing.", "Give a value, or a distribution whose mean is used.")
        self.rows[name] = Parameter(
            name=name, label=cells["label"] or name, value=np.nan if value is None else value, unit=cells["unit"],
            distribution=None if isinstance(spread, GroupMember) else spread, distribution_text=cells["distribution"],
            group=spread.group if isinstance(spread, GroupMember) else None, sources=sources, status=cells["status"],
            price_year=cells["price_year"], note=cells["note"], place=self.file.place(row, name),
            index=cells["index"],
        )  # fmt: skip
        self._check_range(row, cells["unit"], value)
        return None

    def _value(self, row: Row, cells: dict[str, str]) -> float | None:
        if not cells["value"]:
            return None
        try:
            return constant(cells["value"])
        except FormulaError as error:
            self.bad(row, "value", f"found {cells['value']!r}: {error}.", "A number is needed.")
        except ValueError as error:
            self.bad(row, "value", f"{error}.", "A finite number is needed.")
        return None

    def _distribution(self, row: Row, cells: dict[str, str]) -> Distribution | GroupMember | None:
        if not cells["distribution"]:
            return None
        try:
            return parse_distribution(cells["distribution"], constant)
        except ValueError as error:
            self.incomplete = True
            self.bad(row, "distribution", f"{cells['distribution']}: {error}.")
            return None

    def _check_range(self, row: Row, unit: str, value: float | None) -> None:
        low, high = legal_range(unit)
        if value is not None and not low <= value <= high:
            self.bad(row, "value", f"{value:g} is no {unit}.", f"It must be {range_text(unit)}.")

    def _compare(self, name: str, value: float, mean: float) -> None:
        if abs(value - mean) > MEAN_TOLERANCE * max(abs(mean), 1e-12):
            self.disagreements.append((name, value, mean))

    def finish(self) -> ParameterTable:
        groups = []
        for group_name in dict.fromkeys(member.group for member, _ in self.members.values()):
            members = {name: row for name, row in self.members.items() if row[0].group == group_name}
            try:
                groups += build_groups(members)
            except ValueError as error:
                if self.incomplete:  # a member may be missing only because its row could not be read
                    continue
                self.problems.add(self.rows[next(iter(members))].place, f"{error}.")
        for group in groups:
            for name, mean in zip(group.members, map(float, group.mean()), strict=True):
                row = self.rows[name]
                if np.isnan(row.value):
                    self.rows[name] = replace(row, value=mean)
                else:
                    self._compare(name, row.value, mean)
        return ParameterTable(self.rows, tuple(groups), tuple(self.disagreements))
