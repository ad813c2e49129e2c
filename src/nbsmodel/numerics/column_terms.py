"""What a regression may use of one column: a straight line, and a smooth departure from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

Array = Any

#: Knots of a spline, at equal steps of probability.
KNOTS = 15
#: A column with no more different values than this has a mean for each of them instead of a spline.
MOST_LEVELS = 12
#: Functions of a column that enter products with other columns: the smoothest.
LEADING = 3
#: A column that the others determine up to this share of its spread adds nothing.
DETERMINED = 1e-5


@dataclass(frozen=True)
class ColumnTerms:
    """Functions of one column, each with mean 0 over the rows.

    Parameters
    ----------
    line : array (row, 1 or 0)
        The column itself, with standard deviation 1; none for categories.
    bend : array (row, k)
        Departures from the line, the smoothest first, scaled so that coefficients of equal size belong to
        functions of equal roughness.
    leading : array (row, at most LEADING)
        The smoothest functions, for products with other columns.
    """

    line: Array
    bend: Array
    leading: Array


def terms_of(column: Array) -> ColumnTerms:
    """Functions of a column.

    A column of numbers has its straight line and a natural cubic spline of its normal scores, so that a
    skewed column is neither bent by its tail nor starved of knots; of few different values, a mean for each.
    Categories (a column of texts) have a mean for each.

    Parameters
    ----------
    column : array (row,)
        At least two different values.
    """
    levels, place, count = np.unique(column, return_inverse=True, return_counts=True)
    n = len(column)
    if column.dtype.kind not in "fiub":
        bend = _indicators(place, len(levels))
        return ColumnTerms(np.zeros((n, 0)), bend, bend[:, :LEADING])
    line = _standardised(column)[:, None]
    if len(levels) <= MOST_LEVELS:
        bend = _indicators(place, len(levels)) if len(levels) > 2 else np.zeros((n, 0))
        return ColumnTerms(line, bend, line)
    scores = scipy.special.ndtri((np.cumsum(count) - count / 2) / n)[place]
    smooth, weight = _spline(scores, line)
    return ColumnTerms(line, smooth * weight, np.hstack([line, smooth[:, : LEADING - 1]]))


def distinct(columns: list[Array]) -> list[int]:
    """Places of the columns that the ones before do not determine, constant ones left out.

    Of shares that add up to 1 the last is left out: a straight line of the others.
    """
    kept: list[int] = []
    known = np.ones((len(columns[0]), 1)) if columns else np.zeros((0, 1))
    for i, column in enumerate(columns):
        if column.dtype.kind not in "fiub":
            if len(set(column)) > 1:
                kept.append(i)
            continue
        x = np.asarray(column, dtype=float)
        if np.ptp(x) <= DETERMINED**2 * np.abs(x).max():
            continue
        z = _standardised(x)
        rest = z - known @ np.linalg.lstsq(known, z, rcond=None)[0]
        if rest.std() < DETERMINED:
            continue
        kept.append(i)
        known = np.column_stack([known, z])
    return kept


def products(first: Array, second: Array, degree: int = LEADING) -> tuple[Array, Array]:
    """Products of the leading functions of two columns: the plain product, and those of higher order.

    Both have mean 0; higher orders are scaled down, as rough functions are in a single column.
    """
    a, b = first[:, :degree], second[:, :degree]
    product = (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)
    order = np.add.outer(np.arange(a.shape[1]), np.arange(b.shape[1])).ravel()
    product = (product - product.mean(axis=0)) / np.maximum(order, 1) ** 2
    return product[:, order == 0], product[:, order > 0]


def _standardised(column: Array) -> Array:
    """With mean 0 and standard deviation 1, also where squares are too small or too large for a number."""
    x = np.asarray(column, dtype=float)
    x = np.ldexp(x, -np.frexp(np.abs(x).max())[1])  # by a power of 2, which rounds nothing
    return (x - x.mean()) / x.std()


def _indicators(place: Array, levels: int) -> Array:
    found = np.zeros((len(place), levels))
    found[np.arange(len(place)), place] = 1.0
    return found - found.mean(axis=0)


def _spline(scores: Array, line: Array) -> tuple[Array, Array]:
    """Functions of a natural cubic spline, apart from the line, with variance 1 and falling weights.

    They are uncorrelated and each is the smoothest (least integrated squared second derivative) apart from
    those before it (Demmler and Reinsch 1975, Numer Math 24:375-382); the weight is the standard deviation that a
    coefficient has when the spline is seen as a random function.
    """
    n = len(scores)
    inner = np.quantile(scores, np.linspace(0, 1, KNOTS)[1:-1])
    knots = np.unique(np.concatenate([[scores.min()], inner, [scores.max()]]))
    spline = scipy.interpolate.CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    values, curve, step = spline(scores), spline(knots, 2), np.diff(knots)
    roughness = np.zeros((len(knots), len(knots)))
    for h, a, b in zip(step, curve[:-1], curve[1:], strict=True):  # of a piecewise linear second derivative
        roughness += h / 6 * (2 * np.outer(a, a) + np.outer(a, b) + np.outer(b, a) + 2 * np.outer(b, b))
    plane = np.hstack([np.ones((n, 1)), line])
    values = values - plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
    size, turn = np.linalg.eigh(values.T @ values)
    kept = size > 1e-10 * size[-1]
    whiten = turn[:, kept] * np.sqrt(n / size[kept])
    penalty, axes = np.linalg.eigh(whiten.T @ roughness @ whiten)
    # the straight line in the scores has no roughness: it is held as loosely as the smoothest curve
    floor = np.sort(np.maximum(penalty, 0))[min(1, len(penalty) - 1)]
    weight = 1 / np.sqrt(np.maximum(penalty, 0) + max(floor, 1e-12))
    return values @ whiten @ axes, weight / weight.max()
