"""When two costs or effects count as equal: the one rule, used everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

#: Relative difference below which two totals are the same number computed in another order.
TIE = 1e-12


def same(a: float, b: float) -> bool:
    """Whether two totals are equal up to rounding error."""
    return abs(a - b) <= TIE * max(abs(a), abs(b))


def difference(a: float, b: float) -> float:
    """``a - b``, exactly 0 when they are the same."""
    return 0.0 if same(a, b) else a - b


def differences(a: Array, b: Array) -> Array:
    """`difference` of every pair of elements of two arrays."""
    return np.where(np.abs(a - b) <= TIE * np.maximum(np.abs(a), np.abs(b)), 0.0, a - b)


def shortfall(values: Array, size: Array) -> Array:
    """How far each value of a row falls short of the largest; exactly 0 for the largest and what equals it.

    Parameters
    ----------
    values : array (..., option)
        Such as net benefits.
    size : array (...)
        Size of the numbers that the values are differences of: what their rounding error goes with.
    """
    gap = values.max(axis=-1, keepdims=True) - values
    return np.where(gap <= TIE * np.expand_dims(size, -1), 0.0, gap)


def shares(short: Array) -> Array:
    """Share of each option in being the best of its row: equal among those that tie; a row adds up to 1.

    Parameters
    ----------
    short : array (..., option)
        From `shortfall`.
    """
    best = short == 0
    return best / best.sum(axis=-1, keepdims=True)
