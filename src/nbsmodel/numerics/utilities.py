"""Ways to adjust the utility of a health state for age with the utility of the general population.

A study measures a state at one age (that of its patients, the reference age); the general population's utility falls
with age.
All functions broadcast; an input outside its domain gives NaN and no warning, as in `nbsmodel.numerics.rates`.

References
----------
Ara R, Brazier JE. Populating an economic model with health state utility values: moving toward better practice.
Value in Health 2010;13:509-518 (the three methods by these names).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nbsmodel.numerics.rates import _ROUNDING

FloatArray = NDArray[np.float64]


def utility_multiplicative(u: ArrayLike, norm: ArrayLike, norm_at_reference: ArrayLike) -> FloatArray:
    """Utility that keeps its ratio to the norm.

    Parameters
    ----------
    u : array_like
        Utility of the state as measured, at most 1; may be negative.
    norm : array_like
        Utility of the general population at the age in question, at most 1.
    norm_at_reference : array_like
        The same at the age at which `u` was measured, above 0 and at most 1.

    Returns
    -------
    ndarray of float64
        ``u * norm / norm_at_reference``; NaN for invalid input. A negative utility moves toward 0 as the norm falls.
    """
    u, norm, reference = _floats(u, norm, norm_at_reference)
    with np.errstate(all="ignore"):
        return _where_valid(_all_utilities(u, norm, reference) & (reference > 0), u * norm / reference)


def utility_additive(u: ArrayLike, norm: ArrayLike, norm_at_reference: ArrayLike) -> FloatArray:
    """Utility that keeps its distance from the norm.

    Parameters
    ----------
    u, norm, norm_at_reference : array_like
        As in `utility_multiplicative`; the last may be any utility.

    Returns
    -------
    ndarray of float64
        ``u - (norm_at_reference - norm)``; NaN for invalid input.
    """
    u, norm, reference = _floats(u, norm, norm_at_reference)
    with np.errstate(all="ignore"):
        return _where_valid(_all_utilities(u, norm, reference), u - (reference - norm))


def utility_minimum(u: ArrayLike, norm: ArrayLike) -> FloatArray:
    """Utility that is never above the norm.

    Parameters
    ----------
    u, norm : array_like
        As in `utility_multiplicative`.

    Returns
    -------
    ndarray of float64
        The smaller of the two; NaN for invalid input.
    """
    u, norm = _floats(u, norm)
    with np.errstate(all="ignore"):
        return _where_valid(_all_utilities(u, norm), np.minimum(u, norm))


def _floats(*values: ArrayLike) -> tuple[FloatArray, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _all_utilities(*values: FloatArray) -> NDArray[np.bool_]:
    valid: NDArray[np.bool_] = np.asarray(True)
    for value in values:
        valid = valid & (value >= -1 - _ROUNDING) & (value <= 1 + _ROUNDING)
    return valid


def _where_valid(valid: NDArray[np.bool_], result: ArrayLike) -> FloatArray:
    # The empty index turns a 0-d array into a scalar, as NumPy's own functions do.
    out: FloatArray = np.where(valid, result, np.nan)[()]
    return out
