"""Values of names during a run: computed once, at the shape of what they depend on.

Array axes inside the engine are (cycle, strategy, draw), and (slot, strategy, draw) for clocks;
leading axes are left out where nothing varies. What users get is (draw, strategy, cycle, state).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nbsmodel.engine.clocks import direct_names
from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.tree import Node
from nbsmodel.model.parts import Derived, Model
from nbsmodel.model.units import legal_range, range_text

Array = Any

#: Rounding may carry a probability this far past 1.
RANGE_TOLERANCE = 1e-9


class Values(Mapping[str, Array]):
    """Names of one block of draws, with derived values computed on first use.

    Parameters
    ----------
    model : Model
    known : dict of str to array
        Names that have values at this level.
    above : Values, optional
        The level above. A derived value that needs none of this level's names is computed
        there, once, however many levels ask for it. One that is given a number there (an
        override) has that number here as well, whatever its formula needs.
    """

    def __init__(self, model: Model, known: dict[str, Array], above: Values | None = None) -> None:
        self.model = model
        self.known = dict(known)
        self.above = above
        self._given_names = frozenset(known)
        self._replaced: frozenset[str] = frozenset() if above is None else above.replaced
        self._mine: dict[str, bool] = {}

    def __getitem__(self, name: str) -> Array:
        found = self.known.get(name)
        if found is not None:
            return found
        if self.above is not None and not self._needs_this_level(name):
            return self._from_above(name)
        derived = self.model.derived[name]
        value = evaluate_array(derived.formula.node, self, self.model.tables)
        self.known[name] = value = self._held(derived, value)
        return value

    def _held(self, derived: Derived, value: Array) -> Array:
        """A derived value lies in the range of its unit; NaN is left to the formula that uses it."""
        if derived.unit != "number":
            _check_range(derived, value)
        return value

    def _from_above(self, name: str) -> Array:
        assert self.above is not None
        return self.above[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.known, *self.model.derived))

    def __len__(self) -> int:
        return len(set(self))

    def _needs_this_level(self, name: str) -> bool:
        """Whether a name is, or is derived from, a name given at this level."""
        if name in self._given_names:
            return True
        if name not in self.model.derived or name in self._replaced:
            return False
        if name not in self._mine:
            used = direct_names(self.model, self.model.derived[name].formula.node)
            self._mine[name] = any(self._needs_this_level(n) for n in used)
        return self._mine[name]

    @property
    def replaced(self) -> frozenset[str]:
        """Derived values that were given a number at this level or above it."""
        return self._replaced | {name for name in self._given_names if name in self.model.derived}

    def value(self, node: Node) -> Array:
        """Value of a formula at this level."""
        return evaluate_array(node, self, self.model.tables)


def held_between(derived: Derived) -> tuple[float, float]:
    """The range of a derived value's unit, with room for rounding."""
    low, high = legal_range(derived.unit)
    return low - RANGE_TOLERANCE, high + RANGE_TOLERANCE


def _check_range(derived: Derived, value: Array) -> None:
    low, high = held_between(derived)
    lowest, highest = np.fmin.reduce(value, axis=None), np.fmax.reduce(value, axis=None)
    if lowest < low or highest > high:
        outside = np.ravel(value)[np.argmax(np.ravel(np.less(value, low) | np.greater(value, high)))]
        found = f"{derived.name} is {outside:g}, which is no {derived.unit}."
        raise InputError([Problem(derived.formula.place, found, f"It must be {range_text(derived.unit)}.")])


class RowValues(Values):
    """Names at one row of a trace: the calendar at that row, clocks by slot.

    Parameters
    ----------
    cohort : Values
        The level whose arrays have a leading cycle axis.
    clocks : dict of str to array (slot, 1, 1)
    """

    def __init__(self, cohort: Values, clocks: dict[str, Array]) -> None:
        super().__init__(cohort.model, clocks, cohort)
        self.row = 0

    def at(self, row: int, clocks: dict[str, Array]) -> RowValues:
        """Move on to another row."""
        self.row = row
        self.known = dict(clocks)
        self._given_names = frozenset(clocks)
        return self

    def _from_above(self, name: str) -> Array:
        assert self.above is not None
        return at_row(self.above[name], self.row)


class Lenient(Values):
    """Values of many places at once, some of which nobody reaches: out of range is no number there."""

    def _held(self, derived: Derived, value: Array) -> Array:
        if derived.unit == "number":
            return value
        low, high = held_between(derived)
        ok = np.greater_equal(value, low) & np.less_equal(value, high)
        return value if np.all(ok) else np.where(ok, value, np.nan)


class LenientRowValues(Lenient, RowValues):
    """The same at one row of a trace."""


def at_row(array: Array, row: int) -> Array:
    """One row of an array that may or may not have a cycle axis."""
    return array[row] if np.ndim(array) == 3 else array
