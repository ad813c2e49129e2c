"""Values of names during a run: computed once, at the shape of what they depend on.

Array axes inside the engine are (cycle, strategy, draw), and (slot, strategy, draw) for clocks;
leading axes are left out where nothing varies. What users get is (draw, strategy, cycle, state).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.tree import Node, names
from nbsmodel.model.parts import Model
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
        low, high = legal_range(derived.unit) if derived.unit != "number" else (-np.inf, np.inf)
        if np.any(np.less(value, low - RANGE_TOLERANCE) | np.greater(value, high + RANGE_TOLERANCE)):
            outside = np.ravel(value)[np.argmax(np.ravel(np.less(value, low) | np.greater(value, high)))]
            fix = f"It must be {range_text(derived.unit)}."
            raise InputError(
                [Problem(derived.formula.place, f"{name} is {outside:g}, which is no {derived.unit}.", fix)]
            )
        self.known[name] = value
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
            used = names(self.model.derived[name].formula.node)
            self._mine[name] = any(self._needs_this_level(n) for n in used)
        return self._mine[name]

    @property
    def replaced(self) -> frozenset[str]:
        """Derived values that were given a number at this level or above it."""
        return self._replaced | {name for name in self._given_names if name in self.model.derived}

    def value(self, node: Node) -> Array:
        """Value of a formula at this level."""
        return evaluate_array(node, self, self.model.tables)


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


def at_row(array: Array, row: int) -> Array:
    """One row of an array that may or may not have a cycle axis."""
    return array[row] if np.ndim(array) == 3 else array
