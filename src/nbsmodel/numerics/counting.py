"""How occupancy becomes time: within-cycle corrections and the moment of discounting.

A trace has rows 0..n at times t_0..t_n; cycle k runs from row k to row k + 1. Every counting is a
pair of weights for each row r: ``left[r]`` for what row r earns as the start of cycle r, and
``right[r]`` for what it earns as the end of cycle r - 1, so that

    total = sum_r occupancy[r] * (left[r] * value[r] + right[r] * value[r - 1])

with ``value[k]`` the payoff of cycle k. Weights hold the cycle's size (its length in years, or 1 for
payoffs per cycle) and the discount factor.

========================  ========================================================================
``start``, ``end``        each cycle counted with its first or last row
``life_table``            with the mean of both rows, one discount factor for the cycle
``half_cycle``            trapezoid: each row valued and discounted at its own instant
``simpson``               Simpson's 1/3 rule on the rows; an even number of equal cycles only
``every_point`` (legacy)  row 0 counts as a whole cycle at time 0, then every cycle at its end
``darth_simpson``         (legacy) weights 1/3, 2/3, 4/3, 2/3, ... 1/3 as in the DARTH tutorials,
                          Alarid-Escudero 2023, which multiply event payoffs as well
========================  ========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.numerics.discounting import whole_years

CORRECTIONS = ("start", "end", "half_cycle", "simpson", "life_table")
LEGACY = ("every_point", "darth_simpson")
TIMINGS = ("start", "mid", "end", "year_step")

#: These value each row at its own instant; the others value whole cycles.
BY_ROW = frozenset(("half_cycle", "simpson", "darth_simpson"))

Array = Any
Discount = Callable[[Array], Array]


class InvalidCounting(ValueError):
    """A correction that does not fit the cycles; the message says why."""


@dataclass(frozen=True)
class Weights:
    """Row weights of a counting.

    Parameters
    ----------
    left, right : array (n + 1, ...)
        See the module's formula.
    """

    left: Array
    right: Array


def row_weights(correction: str, timing: str, times: Array, sizes: Array, discount: Discount) -> Weights:
    """Weights of every row of a trace.

    Parameters
    ----------
    correction : str
    timing : str
        When in a cycle its payoffs are discounted: ``start``, ``mid``, ``end``, or ``year_step``
        (completed years at the cycle's start). For corrections by row it shifts the row's instant
        alike.
    times : array (n + 1, ...)
        Years from the start of the tree; further axes when the entry delay varies.
    sizes : array (n,)
        What one cycle counts: its length in years, or ones.
    discount : callable
        Years to discount factor.

    Returns
    -------
    Weights

    Raises
    ------
    InvalidCounting
        Simpson's rule on an odd number of cycles or on cycles of different lengths.
    """
    n = len(sizes)
    column = (n,) + (1,) * (np.ndim(times) - 1)
    size = np.asarray(sizes, dtype=float).reshape(column)
    shape = np.shape(times)
    left, right = np.zeros(shape), np.zeros(shape)
    if correction in BY_ROW:
        left[:] = _row_pattern(correction, size, times) * discount(row_instants(timing, times))
        return Weights(left, right)
    cycle = size * discount(cycle_instants(timing, times))
    if correction in ("start", "life_table"):
        left[:n] += cycle
    if correction in ("end", "life_table", "every_point"):
        right[1:] += cycle
    if correction == "life_table":
        left *= 0.5
        right *= 0.5
    if correction == "every_point":
        left[0] += size[0] * discount(times[0])
    return Weights(left, right)


def event_weights(correction: str, timing: str, times: Array, discount: Discount) -> Array:
    """Weight of an event in each cycle: its discount factor, and no correction.

    Only the legacy ``darth_simpson`` counts an event with the weight of the row it leads to, as
    its source does.

    Returns
    -------
    array (n, ...)
    """
    if correction == "darth_simpson":
        n = len(times) - 1
        ones = np.ones((n,) + (1,) * (np.ndim(times) - 1))
        pattern = _row_pattern(correction, ones, times)
        return (pattern * discount(row_instants(timing, times)))[1:]
    return discount(cycle_instants(timing, times))


def cycle_instants(timing: str, times: Array) -> Array:
    """The time at which each cycle is discounted, (n, ...)."""
    start, end = times[:-1], times[1:]
    if timing == "mid":
        return (start + end) / 2
    if timing == "end":
        return end
    return whole_years(start) if timing == "year_step" else start


def row_instants(timing: str, times: Array) -> Array:
    """The time at which each row is discounted, (n + 1, ...)."""
    length = np.diff(times, axis=0)
    length = np.concatenate([length, length[-1:]])
    if timing == "mid":
        return times + length / 2
    if timing == "end":
        return times + length
    return whole_years(times) if timing == "year_step" else times


def _row_pattern(correction: str, size: Array, times: Array) -> Array:
    n = len(size)
    pattern = np.zeros((n + 1, *np.shape(size)[1:]))
    if correction == "half_cycle":
        pattern[:-1] += size / 2
        pattern[1:] += size / 2
        return pattern
    equal = np.allclose(np.diff(times, axis=0), times[1] - times[0], rtol=1e-9, atol=0)
    if not equal:
        raise InvalidCounting(f"{correction} needs cycles of equal length; use half_cycle or life_table")
    odd, even = np.arange(n + 1) % 2 == 1, np.arange(n + 1) % 2 == 0
    if correction == "simpson" and n % 2:
        raise InvalidCounting(f"simpson needs an even number of cycles, found {n}; use half_cycle or life_table")
    high, low = (odd, even) if correction == "simpson" else (even, odd)
    pattern[high] = 4 / 3
    pattern[low] = 2 / 3
    pattern[[0, -1]] = 1 / 3
    return pattern * size[0]
