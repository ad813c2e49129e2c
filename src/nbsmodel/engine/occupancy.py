"""Who is where: mass by state, and by entry row where clocks are remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine.timegrid import TimeGrid

Array = Any


@dataclass
class Slots:
    """Those in one state, kept apart by the rows at which their clocks started.

    Parameters
    ----------
    entered : int array (slots, clocks)
        Row at which each remembered clock started.
    mass : array (slots, strategy, draw)
    """

    entered: Array
    mass: Array

    def total(self) -> Array:
        """Mass over all slots, (strategy, draw)."""
        return sum_first(self.mass)

    def clocks(self, names: tuple[str, ...], grid: TimeGrid, row: int) -> dict[str, Array]:
        """Years each clock has run at a row, (slots, 1, 1)."""
        return {c: grid.years_run(row, row - self.entered[:, j])[:, None, None] for j, c in enumerate(names)}


def sum_first(array: Array) -> Array:
    """Sum over the first axis, one term after the other.

    NumPy sums a lone column pairwise; adding in order gives the same bits whatever the size of
    the block of draws.
    """
    if array[0].size == 1:
        return np.add.accumulate(array, axis=0)[-1]
    return np.add.reduce(array, axis=0)


def merged(pieces: list[Slots]) -> Slots | None:
    """Slots of several origins as one; empty ones dropped."""
    kept = [p for p in pieces if p.mass.any()]
    if not kept:
        return None
    if len(kept) == 1:
        return kept[0]
    return in_order(np.concatenate([p.entered for p in kept]), np.concatenate([p.mass for p in kept]))


def in_order(entered: Array, mass: Array) -> Slots:
    """Slots by rising entry rows, equal ones added up.

    Which slots are empty depends on the draws that are evaluated together; in a fixed order, sums
    over them have the same bits all the same.
    """
    if entered.shape[1] == 1 and (entered[1:] > entered[:-1]).all():
        return Slots(entered, mass)
    base = entered.max() + 1
    key = entered[:, 0]  # one number for the combination; sorting rows of several is many times slower
    for column in entered.T[1:]:
        key = np.unique(key, return_inverse=True)[1] * base + column
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if len(first) == len(entered):
        return Slots(entered[first], mass[first])
    joined = np.zeros((len(first), *mass.shape[1:]))
    np.add.at(joined, inverse, mass)
    return Slots(entered[first], joined)
