"""Rates, probabilities, odds, relative effects and annuities.

All functions broadcast over their arguments. An input outside its domain gives NaN and no
warning: the caller knows where the number came from and reports it with its place.
Every conversion goes through ``expm1`` and ``log1p``, so that the small probabilities of
screening keep their full precision.

References
----------
Briggs A, Claxton K, Sculpher M. Decision Modelling for Health Economic Evaluation. Oxford
University Press, 2006, chapter 3 (rates and probabilities).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

# A product such as p * (1 / p) may pass 1 by rounding alone.
_ROUNDING = 1e-12


def _floats(*values: ArrayLike) -> tuple[FloatArray, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _where_valid(valid: NDArray[np.bool_], result: ArrayLike) -> FloatArray:
    # The empty index turns a 0-d array into a scalar, as NumPy's own functions do.
    out: FloatArray = np.where(valid, result, np.nan)[()]
    return out


def _is_prob(p: FloatArray) -> NDArray[np.bool_]:
    return (p >= 0) & (p <= 1)


def rate_to_prob(rate: ArrayLike, time: ArrayLike) -> FloatArray:
    """Probability of an event within a time at a constant rate.

    Parameters
    ----------
    rate : array_like
        Events per unit of time, >= 0.
    time : array_like
        Length in the same unit, >= 0.

    Returns
    -------
    ndarray of float64
        ``1 - exp(-rate * time)``; NaN where an input is negative.
    """
    rate, time = _floats(rate, time)
    with np.errstate(all="ignore"):
        return _where_valid((rate >= 0) & (time >= 0), -np.expm1(-rate * time))


def prob_to_rate(p: ArrayLike, time: ArrayLike) -> FloatArray:
    """Constant rate that gives a probability over a time.

    Parameters
    ----------
    p : array_like
        Probability in [0, 1].
    time : array_like
        Length that `p` belongs to, > 0.

    Returns
    -------
    ndarray of float64
        ``-log(1 - p) / time``, per unit of `time`; infinite at ``p = 1``, NaN for invalid input.
    """
    p, time = _floats(p, time)
    with np.errstate(all="ignore"):
        # Adding 0 turns the -0 of p = 0 into 0.
        return _where_valid(_is_prob(p) & (time > 0), -np.log1p(-p) / time + 0.0)


def prob_rescale(p: ArrayLike, from_time: ArrayLike, to_time: ArrayLike) -> FloatArray:
    """Probability over one length of time from that over another, at a constant rate.

    Parameters
    ----------
    p : array_like
        Probability over `from_time`, in [0, 1].
    from_time : array_like
        Length, > 0.
    to_time : array_like
        Length in the same unit, >= 0.

    Returns
    -------
    ndarray of float64
        ``1 - (1 - p)^(to_time / from_time)``; NaN for invalid input.
    """
    p, from_time, to_time = _floats(p, from_time, to_time)
    with np.errstate(all="ignore"):
        valid = _is_prob(p) & (from_time > 0) & (to_time >= 0)
        return _where_valid(valid, _power_of_survivors(p, to_time / from_time))


def prob_to_odds(p: ArrayLike) -> FloatArray:
    """Odds of a probability.

    Parameters
    ----------
    p : array_like
        Probability in [0, 1].

    Returns
    -------
    ndarray of float64
        ``p / (1 - p)``; infinite at ``p = 1``, NaN outside [0, 1].
    """
    (p,) = _floats(p)
    with np.errstate(all="ignore"):
        return _where_valid(_is_prob(p), p / (1 - p))


def odds_to_prob(odds: ArrayLike) -> FloatArray:
    """Probability of odds.

    Parameters
    ----------
    odds : array_like
        Odds, >= 0; may be infinite.

    Returns
    -------
    ndarray of float64
        ``odds / (1 + odds)``; NaN for negative odds.
    """
    (odds,) = _floats(odds)
    with np.errstate(all="ignore"):
        result = np.where(np.isinf(odds), 1.0, odds / (1 + odds))
        return _where_valid(odds >= 0, result)


def apply_hr(p: ArrayLike, hr: ArrayLike) -> FloatArray:
    """Probability after multiplying the underlying hazard.

    Parameters
    ----------
    p : array_like
        Probability over any length of time, in [0, 1].
    hr : array_like
        Hazard ratio, >= 0. A ratio of 0 gives 0, for every `p`.

    Returns
    -------
    ndarray of float64
        ``1 - (1 - p)^hr``; NaN for invalid input.
    """
    p, hr = _floats(p, hr)
    with np.errstate(all="ignore"):
        return _where_valid(_is_prob(p) & (hr >= 0), _power_of_survivors(p, hr))


def apply_or(p: ArrayLike, odds_ratio: ArrayLike) -> FloatArray:
    """Probability after multiplying the odds.

    Parameters
    ----------
    p : array_like
        Probability in [0, 1].
    odds_ratio : array_like
        Odds ratio, finite, >= 0. A ratio of 0 gives 0, for every `p`.

    Returns
    -------
    ndarray of float64
        ``r p / (1 - p + r p)`` with ``r`` the odds ratio; NaN for invalid input.
    """
    p, ratio = _floats(p, odds_ratio)
    with np.errstate(all="ignore"):
        result = np.where(ratio == 0, 0.0, ratio * p / (1 - p + ratio * p))
        return _where_valid(_is_prob(p) & (ratio >= 0), result)


def apply_rr(p: ArrayLike, rr: ArrayLike) -> FloatArray:
    """Probability after multiplying it by a risk ratio.

    Parameters
    ----------
    p : array_like
        Probability in [0, 1].
    rr : array_like
        Risk ratio, >= 0.

    Returns
    -------
    ndarray of float64
        ``p * rr``; NaN for invalid input and where the product is above 1, which is no
        probability (write ``min(1, p * rr)`` where a ceiling is meant).
    """
    p, rr = _floats(p, rr)
    with np.errstate(all="ignore"):
        product = p * rr
        valid = _is_prob(p) & (rr >= 0) & (product <= 1 + _ROUNDING)
        return _where_valid(valid, np.minimum(product, 1.0))


def annuity(rate: ArrayLike, years: ArrayLike) -> FloatArray:
    """Present value of 1 a year, paid at the end of each year.

    Parameters
    ----------
    rate : array_like
        Discount rate a year as a fraction, >= 0.
    years : array_like
        Number of years, >= 0; may be fractional (the formula is used as it stands).

    Returns
    -------
    ndarray of float64
        ``(1 - (1 + rate)^-years) / rate``, or `years` at rate 0; NaN for invalid input.
    """
    rate, years = _floats(rate, years)
    with np.errstate(all="ignore"):
        result = np.where(rate == 0, years, -np.expm1(-years * np.log1p(rate)) / rate)
        return _where_valid((rate >= 0) & (years >= 0), result)


def annuity_due(rate: ArrayLike, years: ArrayLike) -> FloatArray:
    """Present value of 1 a year, paid at the start of each year.

    Parameters
    ----------
    rate : array_like
        Discount rate a year as a fraction, >= 0.
    years : array_like
        Number of years, >= 0.

    Returns
    -------
    ndarray of float64
        ``annuity(rate, years) * (1 + rate)``; NaN for invalid input.
    """
    rate, years = _floats(rate, years)
    with np.errstate(all="ignore"):
        result: FloatArray = annuity(rate, years) * (1 + rate)
        return result


def _power_of_survivors(p: FloatArray, exponent: FloatArray) -> FloatArray:
    # exponent 0 is nobody at risk, also where p = 1 (log(0) * 0 would be NaN).
    result: FloatArray = np.where(exponent == 0, 0.0, -np.expm1(exponent * np.log1p(-p)))
    return result
