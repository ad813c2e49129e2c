"""Cumulative hazard and hazard of each parametric family.

These are the formulas only; `nbsmodel.numerics.survival` checks the arguments and builds the
functions of the model language from them. Here all times are finite and >= 0 (``dt`` too), all
arguments broadcast, and floating-point warnings are silenced by the caller.

Everything is written as a cumulative hazard ``H`` rather than a survival function ``S``, because
``S`` underflows in the tail where ``H`` is an ordinary number. Where it has a form without
cancellation, a family also gives the growth ``H(t + dt) - H(t)`` directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from nbsmodel.numerics import gengamma

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Family:
    """One parametric family of times to an event.

    Parameters
    ----------
    name : str
        As in the model language.
    parameters : tuple of str
        In the order of the arguments.
    definition : str
        The formula that fixes the parametrisation, for the documentation.
    domain : str
        What the parameters may be, in words.
    valid : callable
        ``valid(*parameters)``: where they are in the domain.
    cumulative : callable
        ``cumulative(t, *parameters)``: H(t).
    hazard : callable
        ``hazard(t, *parameters)``: h(t).
    growth : callable, optional
        ``growth(t, dt, *parameters)``: H(t + dt) - H(t) without cancellation.
    """

    name: str
    parameters: tuple[str, ...]
    definition: str
    domain: str
    valid: Callable[..., BoolArray]
    cumulative: Callable[..., FloatArray]
    hazard: Callable[..., FloatArray]
    growth: Callable[..., FloatArray] | None = None


def _power_growth(t: FloatArray, dt: FloatArray, shape: FloatArray) -> FloatArray:
    """``((t + dt)^shape - t^shape) / t^shape`` for t > 0."""
    result: FloatArray = np.expm1(shape * np.log1p(dt / t))
    return result


# Exponential --------------------------------------------------------------------------------


def _exponential_cumulative(t: FloatArray, rate: FloatArray) -> FloatArray:
    return rate * t


def _exponential_hazard(t: FloatArray, rate: FloatArray) -> FloatArray:
    return rate + 0.0 * t


def _exponential_growth(t: FloatArray, dt: FloatArray, rate: FloatArray) -> FloatArray:
    return rate * dt + 0.0 * t


# Weibull ------------------------------------------------------------------------------------


def _weibull_cumulative(t: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    result: FloatArray = (t / scale) ** shape
    return result


def _weibull_hazard(t: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    result: FloatArray = shape / scale * (t / scale) ** (shape - 1)
    return result


def _weibull_growth(t: FloatArray, dt: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    # The difference is exact enough once the interval is as long as the time before it.
    plain = _weibull_cumulative(t + dt, shape, scale) - _weibull_cumulative(t, shape, scale)
    small_step = _weibull_cumulative(t, shape, scale) * _power_growth(t, dt, shape)
    return np.where(dt < t, small_step, plain)


# Gompertz -----------------------------------------------------------------------------------


def _gompertz_cumulative(t: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    return _gompertz_growth(np.zeros_like(t), t, shape, rate)


def _gompertz_hazard(t: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    # rate 0 times an overflowing exponential is still no hazard.
    return np.where(rate == 0, 0.0, rate * np.exp(shape * t))


def _gompertz_growth(t: FloatArray, dt: FloatArray, shape: FloatArray, rate: FloatArray) -> FloatArray:
    # exprel(x) = (exp(x) - 1) / x, and 1 at x = 0: covers shape 0 (exponential) without a branch.
    return np.where(rate == 0, 0.0, _gompertz_hazard(t, shape, rate) * dt * scipy.special.exprel(shape * dt))


# Log-logistic -------------------------------------------------------------------------------


def _loglogistic_cumulative(t: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    # log(1 + (t/scale)^shape), also where the power overflows.
    result: FloatArray = np.logaddexp(0.0, shape * np.log(t / scale))
    return result


def _loglogistic_hazard(t: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    early = shape / scale * (t / scale) ** (shape - 1) / (1 + (t / scale) ** shape)
    late = shape / t * scipy.special.expit(shape * np.log(t / scale))
    return np.where(t > scale, late, early)


def _loglogistic_growth(t: FloatArray, dt: FloatArray, shape: FloatArray, scale: FloatArray) -> FloatArray:
    plain = _loglogistic_cumulative(t + dt, shape, scale) - _loglogistic_cumulative(t, shape, scale)
    share = scipy.special.expit(shape * np.log(t / scale))  # x / (1 + x) with x = (t/scale)^shape
    return np.where(dt < t, np.log1p(share * _power_growth(t, dt, shape)), plain)


# Log-normal ---------------------------------------------------------------------------------


def _lognormal_cumulative(t: FloatArray, meanlog: FloatArray, sdlog: FloatArray) -> FloatArray:
    result: FloatArray = -scipy.special.log_ndtr((meanlog - np.log(t)) / sdlog)
    return result


def _lognormal_hazard(t: FloatArray, meanlog: FloatArray, sdlog: FloatArray) -> FloatArray:
    # The normal density over its upper tail, through erfcx: finite however far out.
    z = (np.log(t) - meanlog) / sdlog
    ratio = np.sqrt(2 / np.pi) / scipy.special.erfcx(z / np.sqrt(2))
    # At and near t = 0 the density vanishes faster than t.
    return np.where(ratio == 0, 0.0, ratio / (sdlog * t))


def _rate_valid(rate: FloatArray) -> BoolArray:
    return rate >= 0


def _both_positive(first: FloatArray, second: FloatArray) -> BoolArray:
    return (first > 0) & (second > 0)


def _second_positive(_: FloatArray, second: FloatArray) -> BoolArray:
    return second > 0


def _second_not_negative(_: FloatArray, second: FloatArray) -> BoolArray:
    return second >= 0


def _gengamma_valid(_: FloatArray, sigma: FloatArray, __: FloatArray) -> BoolArray:
    return sigma > 0


EXPONENTIAL = Family(
    name="exponential",
    parameters=("rate",),
    definition="S(t) = exp(-rate t)",
    domain="rate >= 0",
    valid=_rate_valid,
    cumulative=_exponential_cumulative,
    hazard=_exponential_hazard,
    growth=_exponential_growth,
)
WEIBULL = Family(
    name="weibull",
    parameters=("shape", "scale"),
    definition="S(t) = exp(-(t / scale)^shape)",
    domain="shape > 0, scale > 0",
    valid=_both_positive,
    cumulative=_weibull_cumulative,
    hazard=_weibull_hazard,
    growth=_weibull_growth,
)
GOMPERTZ = Family(
    name="gompertz",
    parameters=("shape", "rate"),
    definition="h(t) = rate exp(shape t)",
    domain="rate >= 0; shape may be negative, and then some never have the event",
    valid=_second_not_negative,
    cumulative=_gompertz_cumulative,
    hazard=_gompertz_hazard,
    growth=_gompertz_growth,
)
LOGLOGISTIC = Family(
    name="loglogistic",
    parameters=("shape", "scale"),
    definition="S(t) = 1 / (1 + (t / scale)^shape)",
    domain="shape > 0, scale > 0",
    valid=_both_positive,
    cumulative=_loglogistic_cumulative,
    hazard=_loglogistic_hazard,
    growth=_loglogistic_growth,
)
LOGNORMAL = Family(
    name="lognormal",
    parameters=("meanlog", "sdlog"),
    definition="log t is normal with mean meanlog and standard deviation sdlog",
    domain="sdlog > 0",
    valid=_second_positive,
    cumulative=_lognormal_cumulative,
    hazard=_lognormal_hazard,
)
GENGAMMA = Family(
    name="gengamma",
    parameters=("mu", "sigma", "q"),
    definition=(
        "with w = (log t - mu) / sigma and u = q^-2 exp(q w), S(t) is the upper regularised "
        "incomplete gamma function of (q^-2, u) for q > 0, the lower one for q < 0, and the normal "
        "upper tail of w for q = 0"
    ),
    domain="sigma > 0",
    valid=_gengamma_valid,
    cumulative=gengamma.cumulative_hazard,
    hazard=gengamma.hazard,
)
