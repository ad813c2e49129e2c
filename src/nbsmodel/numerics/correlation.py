"""Correlation matrices: from ranks to normal variates and back, and the nearest that is valid."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

#: A smallest eigenvalue below this is rounding: one variable is then determined by the others.
DEFINITE = 1e-9

_STEPS = 1_000
_CONVERGED = 1e-10
#: Decimals of the ranks that are offered, and floors to try until the rounded matrix is valid too.
_DECIMALS = 3
_FLOORS = (1e-6, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1)


def normal_correlation(rank: ArrayLike) -> FloatArray:
    """Correlation of two normal variates with a given rank correlation.

    Parameters
    ----------
    rank : array_like
        Spearman's, between -1 and 1.

    Returns
    -------
    ndarray
        ``2 sin(pi rank / 6)``, exact for the bivariate normal (Pearson 1907).
    """
    result: FloatArray = 2 * np.sin(np.pi * np.asarray(rank, dtype=np.float64) / 6)
    return result


def rank_correlation(correlation: ArrayLike) -> FloatArray:
    """Spearman's rank correlation of two normal variates; the inverse of `normal_correlation`.

    Parameters
    ----------
    correlation : array_like
        Pearson's, between -1 and 1.

    Returns
    -------
    ndarray
        ``6 asin(correlation / 2) / pi``.
    """
    result: FloatArray = 6 * np.arcsin(np.asarray(correlation, dtype=np.float64) / 2) / np.pi
    return result


def is_definite(matrix: FloatArray) -> bool:
    """Whether a symmetric matrix is positive definite beyond rounding."""
    return bool(np.linalg.eigvalsh(matrix)[0] > DEFINITE)


def nearest_correlation(matrix: FloatArray, floor: float) -> FloatArray:
    """The correlation matrix nearest to a symmetric matrix, with eigenvalues kept off zero.

    Alternating projections with Dykstra's correction onto the matrices with eigenvalues of at
    least `floor` and onto those with a diagonal of ones. Nearest in the Frobenius norm: the sum of
    the squared changes of the entries is smallest.

    Parameters
    ----------
    matrix : ndarray, shape (k, k)
        Symmetric.
    floor : float
        Smallest eigenvalue asked for, in [0, 1).

    Returns
    -------
    ndarray, shape (k, k)
        Ones on the diagonal; eigenvalues at least `floor` but for what the last scaling to ones
        takes off, which is within rounding.

    References
    ----------
    Higham NJ (2002), Computing the nearest correlation matrix - a problem from finance. IMA Journal
    of Numerical Analysis 22, 329-343.
    """
    flat = np.array(matrix, dtype=np.float64)
    correction = np.zeros_like(flat)
    for _ in range(_STEPS):
        before = flat
        shifted = flat - correction
        values, vectors = np.linalg.eigh(shifted)
        raised = (vectors * np.maximum(values, floor)) @ vectors.T
        correction = raised - shifted
        flat = (raised + raised.T) / 2
        np.fill_diagonal(flat, 1.0)
        if np.linalg.norm(flat - before) <= _CONVERGED * np.linalg.norm(flat):
            break
    scale = np.sqrt(np.diag(raised))
    result: FloatArray = raised / np.outer(scale, scale)
    result = (result + result.T) / 2
    np.fill_diagonal(result, 1.0)
    return result


def nearest_ranks(ranks: FloatArray) -> FloatArray:
    """Rank correlations that can hold together, near to some that cannot.

    The nearest correlation matrix of the normal variates, as ranks rounded to three decimals. Ranks that
    need not change stay as they are.

    Parameters
    ----------
    ranks : ndarray, shape (k, k)
        Symmetric, ones on the diagonal.

    Returns
    -------
    ndarray, shape (k, k)
        Itself valid: with these ranks the normal variates have a positive definite correlation matrix.
    """
    for floor in _FLOORS:
        nearest = rank_correlation(nearest_correlation(normal_correlation(ranks), floor))
        rounded = np.round(nearest, _DECIMALS) + 0.0  # no minus before a zero
        offered: FloatArray = np.where(np.abs(nearest - ranks) <= 0.5 * 10.0**-_DECIMALS, ranks, rounded)
        apart = np.abs(offered - np.eye(len(offered))).max() < 1
        if apart and is_definite(normal_correlation(offered)):
            return offered
    return np.eye(len(ranks))
