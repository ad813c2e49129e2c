"""Break-even values: where an incremental net monetary benefit (INMB) changes its sign.

All comparisons and thresholds are solved together: a grid is scanned for changes of sign, and every one of
them is closed in on by Chandrupatla's method (1997, Advances in Engineering Software 28:145-149), as in
``scipy.optimize.elementwise.find_root``, which keeps the root between two signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
#: Gives the INMB of every target, (row, target), at some values; nan where the model cannot run.
Inmb = Callable[[Array], Array]

ROOT, JUMP, TOUCHES, ZERO = "break-even", "jump", "touches zero", "zero over a range"
NO_CHANGE, NO_EFFECT, GAP = "no change of sign", "no effect", "cannot run in between"
BELOW, ABOVE = "below", "above"

#: INMB at a root, relative to the size of the net benefits it is a difference of.
CLOSE = 1e-9
#: Where the closing in stops, on the same scale.
_STOP = 1e-15


@dataclass(frozen=True)
class Root:
    """Where an INMB is 0 or changes its sign.

    Parameters
    ----------
    value : float
        The beginning of a range of zeros; nan for `status` ``no change of sign``, ``no effect`` and
        ``cannot run in between``.
    status : str
    positive : str
        Side on which the INMB is positive, ``below`` or ``above``; empty where it is on both or neither.
    inmb : float
        INMB at `value`.
    end : float
        End of a range of zeros, otherwise nan.
    """

    value: float
    status: str
    positive: str = ""
    inmb: float = np.nan
    end: float = np.nan


def solve(inmb: Inmb, grid: Array, at_grid: Array, size: Array) -> list[list[Root]]:
    """Every change of sign between neighbours of a grid.

    Parameters
    ----------
    inmb : callable
    grid : array (row,)
        Rising values.
    at_grid : array (row, target)
        INMB there; nan where the model cannot run.
    size : array (row, target)
        Size of the net benefits there: what rounding error goes with.

    Returns
    -------
    list of list of Root
        For each target, by rising value; one entry without a value where there is no change of sign. Two
        roots between the same neighbours are not seen, nor is a point at which the INMB only touches 0,
        unless it lies on the grid.
    """
    brackets = [
        (i, k) for k in range(at_grid.shape[1]) for i in np.flatnonzero(at_grid[:-1, k] * at_grid[1:, k] < 0).tolist()
    ]
    closed = _close_in(inmb, grid, at_grid, size, brackets)
    found: list[list[Root]] = []
    for k in range(at_grid.shape[1]):
        roots = [root for (_, target), root in zip(brackets, closed, strict=True) if target == k]
        roots += _zeros(grid, at_grid[:, k])
        found.append(sorted(roots, key=lambda r: r.value) or [_none(at_grid[:, k], np.nanmax(size[:, k]))])
    return found


def _close_in(inmb: Inmb, grid: Array, at_grid: Array, size: Array, brackets: Sequence[tuple[int, int]]) -> list[Root]:
    if not brackets:
        return []
    from scipy.optimize import elementwise  # takes a moment to load

    row, target = (np.array(side) for side in zip(*brackets, strict=True))
    near = np.maximum(size[row, target], size[row + 1, target])

    def scaled(x: Array, bracket: Array) -> Array:
        j = bracket.astype(int)
        return inmb(x)[np.arange(len(x)), target[j]] / near[j]

    with np.errstate(all="ignore"):
        result = elementwise.find_root(
            scaled, (grid[row], grid[row + 1]), args=(np.arange(len(row), dtype=float),), tolerances={"fatol": _STOP}
        )
    roots = []
    for j, (i, k) in enumerate(brackets):
        if not result.success[j]:
            roots.append(Root(np.nan, GAP, inmb=np.nan))
            continue
        value, left = float(result.x[j]), float(result.f_x[j]) * float(near[j])
        status = ROOT if abs(result.f_x[j]) <= CLOSE else JUMP
        roots.append(Root(value, status, BELOW if at_grid[i, k] > 0 else ABOVE, left))
    return roots


def _zeros(grid: Array, values: Array) -> list[Root]:
    """Points of the grid, or ranges of it, where the INMB is 0."""
    zero = np.concatenate([[False], values == 0, [False]])
    starts, ends = np.flatnonzero(zero[1:] & ~zero[:-1]), np.flatnonzero(~zero[1:] & zero[:-1]) - 1
    roots = []
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        if a == 0 and b == len(values) - 1:
            continue  # no difference anywhere
        before = values[a - 1] if a > 0 else np.nan
        after = values[b + 1] if b + 1 < len(values) else np.nan
        side = BELOW if before > 0 or after < 0 else ABOVE
        both = before * after > 0
        status = ZERO if b > a else TOUCHES if both else ROOT
        roots.append(Root(float(grid[a]), status, "" if both else side, 0.0, float(grid[b]) if b > a else np.nan))
    return roots


def _none(values: Array, size: float) -> Root:
    known = values[~np.isnan(values)]
    moves = float(known.max() - known.min()) > CLOSE * 1e-3 * size
    return Root(np.nan, NO_CHANGE if moves else NO_EFFECT)


@dataclass(frozen=True)
class Line:
    """Values at which straight lines are 0.

    Parameters
    ----------
    root : array (target,)
        nan where the slope is 0.
    slope : array (target,)
    straight : bool array (target,)
        Whether the middle of the three points lies on the line through the others; a caller who has run more
        points may know better.
    """

    root: Array
    slope: Array
    straight: Array


def line_root(x: Array, y: Array, size: Array) -> Line:
    """Where the straight lines through three points each are 0; exact for what is linear, as costs are in a price.

    Parameters
    ----------
    x : array (3,)
        Rising values, equally spaced.
    y : array (3, target)
    size : array (target,)
        What rounding error goes with.
    """
    slope = (y[2] - y[0]) / (x[2] - x[0])
    flat = np.abs(y[2] - y[0]) <= CLOSE * 1e-3 * size
    straight = np.abs(y[1] - (y[0] + y[2]) / 2) <= CLOSE * size
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.where(flat, np.nan, x[1] - y[1] / slope)
    return Line(root, np.where(flat, 0.0, slope), straight)
