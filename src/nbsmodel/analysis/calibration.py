"""Calibration: values of parameters at which a model gives what is known of its results.

Bounded least squares (trust region reflective, ``scipy.optimize.least_squares``) on scaled residuals, from several
starts: one is the values in force, the others a Latin hypercube between the bounds. What one start finds may be one
of several solutions, or one point of a ridge along which all fit as well; so every start is kept, and the solution
named is that of those with the least sum of squares which lies nearest to the values in force.

References
----------
Branch MA, Coleman TF, Li Y (1999), SIAM Journal on Scientific Computing 21, 1-23 (the method).
Vanni T et al. (2011), PharmacoEconomics 29, 35-49 (calibration of health economic models).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.numerics.random import uniforms

Array = Any
#: Gives scaled residuals, (row, target), at values of the parameters, (row, parameter); nan where the model cannot run.
Residuals = Callable[[Array], Array]

#: Solutions that differ by less than this share of the range of each parameter are one solution.
APART = 0.01
#: Closer than this to a bound, as a share of the range, is at the bound.
AT_BOUND = 1e-4
#: Sums of squares that differ by less than this are equal.
TIED = 1e-9
#: Singular values of the slopes below this share of the largest are none.
_NO_SLOPE = 1e-6
#: Step of the slopes, as a share of the range of a parameter.
_STEP = 1e-6
_STOP = 1e-12


@dataclass(frozen=True, eq=False)
class Solution:
    """What one or several starts have found.

    Parameters
    ----------
    values : array (parameter,)
    residuals : array (target,)
        Ours less the target, divided by the scale.
    at_bound : array of bool (parameter,)
    starts : int
        How many starts ended here.
    """

    values: Array
    residuals: Array
    at_bound: Array
    starts: int = 1

    @property
    def sum_of_squares(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residuals @ self.residuals)


@dataclass(frozen=True)
class Calibration:
    """Every solution that was found.

    Parameters
    ----------
    chosen : Solution
        Of those with the least sum of squares, the one nearest to the values in force.
    as_good : tuple of Solution
        All that fit as well, the chosen one among them, by their sum of squares.
    others : tuple of Solution
        Where starts ended that fit less well.
    rank : int
        How many directions the targets can tell apart at the chosen solution.
    starts, failed : int
        Starts made, and those at which the model could not run.
    """

    chosen: Solution
    as_good: tuple[Solution, ...]
    others: tuple[Solution, ...]
    rank: int
    starts: int
    failed: int

    @property
    def ridge(self) -> bool:
        """Whether the targets leave some direction open, along which other values fit as well."""
        return self.rank < int((~self.chosen.at_bound).sum())

    def range(self) -> tuple[Array, Array]:
        """Lowest and highest value of each parameter over the solutions that fit as well, (parameter,)."""
        values = np.array([s.values for s in self.as_good])
        return values.min(axis=0), values.max(axis=0)


def calibrate(
    residuals: Residuals,
    low: Array,
    high: Array,
    first: Array,
    *,
    starts: int,
    seed: int,
    as_good: float,
    names: Sequence[str] | None = None,
    on_start: Callable[[int, int], None] | None = None,
) -> Calibration | None:
    """Fit parameters from several starts.

    Parameters
    ----------
    residuals : callable
        Scaled residuals, (row, target), at values, (row, parameter).
    low, high : array (parameter,)
        Bounds, `low` below `high`.
    first : array (parameter,)
        Values in force, between the bounds: the first start.
    starts : int
        At least 1.
    seed : int
        Of the other starts. The same seed gives the same answer.
    as_good : float
        A solution whose sum of squares is at most this much above the least fits as well.
    names : sequence of str, optional
        Names of the parameters, which key the starts: another parameter moves those of none.
    on_start : callable, optional
        Told the starts done and the starts there are.

    Returns
    -------
    Calibration, or None when the model could run at no start

    Notes
    -----
    The sum of squares is that of residuals divided by their scale, so 1 is one target missed by its scale.
    """
    low, high, first = (np.asarray(v, dtype=float) for v in (low, high, first))
    width = high - low
    names = [str(i) for i in range(len(low))] if names is None else names
    points = np.vstack([(first - low) / width, _hypercube(names, starts - 1, seed)])

    def scaled(u: Array) -> Array:
        return residuals(low + np.clip(u, 0.0, 1.0) * width)

    found = []
    for i, point in enumerate(points):
        end = _fit(scaled, point)
        if end is not None:
            found.append(end)
        if on_start is not None:
            on_start(i + 1, starts)
    if not found:
        return None
    ends = _distinct(found)
    least = min(float(r @ r) for _, r, _ in ends)
    solutions = [Solution(low + u * width, r, _at_bound(u), n) for u, r, n in ends]
    limit = least + as_good
    fit = [s for s in solutions if s.sum_of_squares <= limit]
    others = [s for s in solutions if s.sum_of_squares > limit]
    tied = [s for s in solutions if s.sum_of_squares <= least + TIED * max(1.0, least)]
    chosen = min(tied, key=lambda s: float(np.sum(((s.values - first) / width) ** 2)))
    slopes = _Sloped(scaled).slopes((chosen.values - low) / width)
    rank = 0 if slopes is None else _rank(slopes[:, ~chosen.at_bound])
    return Calibration(chosen, tuple(fit), tuple(others), rank, starts, starts - len(found))


def _hypercube(names: Sequence[str], n: int, seed: int) -> Array:
    """One point in each of `n` strata of each parameter, (n, parameter)."""
    columns = []
    for name in names:
        strata = np.argsort(uniforms(seed, "calibration", name, n), kind="stable")
        columns.append((strata + uniforms(seed, "calibration start", name, n)) / max(n, 1))
    return np.column_stack(columns)


def _fit(scaled: Residuals, start: Array) -> tuple[Array, Array] | None:
    """Where least squares end from a start, and the residuals there."""
    from scipy.optimize import least_squares  # takes a moment to load

    sloped = _Sloped(scaled)
    inside = np.clip(start, 1e-9, 1 - 1e-9)
    if not np.isfinite(sloped.at(inside)).all() or sloped.slopes(inside) is None:
        return None
    try:
        end = least_squares(
            sloped.at, inside, jac=sloped.slopes, bounds=(0.0, 1.0), xtol=_STOP, ftol=_STOP, gtol=_STOP, max_nfev=200
        )
    except (ValueError, TypeError, np.linalg.LinAlgError):  # no slopes where the model cannot run
        return None
    return end.x, end.fun


class _Sloped:
    """Residuals and their slopes, which come from one evaluation of the model: rows cost little, evaluations much."""

    def __init__(self, scaled: Residuals) -> None:
        self.scaled, self.point = scaled, np.empty(0)

    def at(self, u: Array) -> Array:
        """Residuals, (target,)."""
        self._evaluate(u)
        return self.values[0]

    def slopes(self, u: Array) -> Array | None:
        """Derivatives, (target, parameter), by central differences, one-sided at a bound; None where there are none."""
        self._evaluate(u)
        slopes = ((self.values[1 : len(u) + 1] - self.values[len(u) + 1 :]) / self.apart[:, None]).T
        return slopes if np.isfinite(slopes).all() else None

    def _evaluate(self, u: Array) -> None:
        if np.array_equal(u, self.point):
            return
        count, each = len(u), np.arange(len(u))
        up, down = np.minimum(u + _STEP, 1.0), np.maximum(u - _STEP, 0.0)
        rows = np.repeat(u[None], 2 * count + 1, axis=0)
        rows[1 + each, each], rows[1 + count + each, each] = up, down
        self.values, self.apart, self.point = self.scaled(rows), up - down, u.copy()


def _distinct(found: Sequence[tuple[Array, Array]]) -> list[tuple[Array, Array, int]]:
    """Ends that lie apart, best first, each with the number of starts that ended there."""
    kept: list[tuple[Array, Array, int]] = []
    for u, r in sorted(found, key=lambda end: float(end[1] @ end[1])):
        same = next((i for i, (v, _, _) in enumerate(kept) if np.abs(u - v).max() < APART), None)
        if same is None:
            kept.append((u, r, 1))
        else:
            v, best, n = kept[same]
            kept[same] = (v, best, n + 1)
    return kept


def _at_bound(u: Array) -> Array:
    return (u < AT_BOUND) | (u > 1 - AT_BOUND)


def _rank(slopes: Array) -> int:
    if slopes.size == 0:
        return 0
    steepest = np.abs(slopes).max(axis=1, keepdims=True)  # of each target, so that its scale does not matter
    singular = np.linalg.svd(slopes / np.where(steepest > 0, steepest, 1.0), compute_uv=False)
    return int((singular > _NO_SLOPE).sum())
