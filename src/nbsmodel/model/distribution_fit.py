"""Distributions fitted to quantiles: a 95% interval, or quantiles elicited from experts.

Two quantiles fix the two parameters of a beta, gamma, lognormal or normal distribution exactly.
More quantiles are fitted by least squares on the scale of the parameter: the sum of
(fitted quantile - stated quantile)^2 is smallest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray

from nbsmodel.model.distribution_call import Call
from nbsmodel.model.distribution_univariate import Distribution, make

FloatArray = NDArray[np.float64]

INTERVAL = ("low95", "high95")
FAMILIES = ("beta", "gamma", "lognormal", "normal")

_LABEL = re.compile(r"q(\d{2,3})")
# A fit to two quantiles must hit both, relative to their distance.
_HIT = 1e-6


def from_interval(call: Call) -> Distribution:
    """The distribution whose 2.5% and 97.5% quantiles are ``low95`` and ``high95``.

    The normal quantile is 1.959964, not 1.96: a standard error made with 1.96 differs by 0.002%.

    Parameters
    ----------
    call : Call
        Of one of `FAMILIES`, with the arguments `INTERVAL`.

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If low95 >= high95, an end is outside the support of the family, or no distribution of
        the family has this interval within floating point.
    """
    low, high = call.number("low95"), call.number("high95")
    if low >= high:
        raise ValueError(f"{call.name}: low95 must be below high95 (found {low:g} and {high:g})")
    p, x = np.array([0.025, 0.975]), np.array([low, high])
    _require_support(call.name, call.name, x)
    return make(call.name, call.text, *_two_quantiles(call.name, p, x))


def elicited(call: Call) -> Distribution:
    """``elicited(family=beta, q05=, q50=, q95=)``: least-squares fit to two or more quantiles.

    ``q`` and two or three digits are the probability: ``q05`` is 0.05, ``q975`` is 0.975. The
    residuals stay on the result.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution
        Of the family named, with `residuals`.

    Raises
    ------
    ValueError
        If the family is not one of `FAMILIES`, a label is not a quantile, there are fewer than
        two, they do not increase, or they are outside the support of the family.
    """
    if "family" not in call.arguments:
        raise ValueError(f"elicited: family is missing; allowed are {', '.join(FAMILIES)}")
    family = call.word("family")
    if family not in FAMILIES:
        raise ValueError(f"elicited: family must be one of {', '.join(FAMILIES)} (found {family})")
    by_probability: dict[float, str] = {}
    for label in call.arguments:
        if label != "family":
            probability = _probability(label)
            if probability in by_probability:
                raise ValueError(f"elicited: {by_probability[probability]} and {label} are the same quantile")
            by_probability[probability] = label
    if len(by_probability) < 2:
        raise ValueError(f"elicited: at least two quantiles are needed (found {len(by_probability)})")
    p = np.array(sorted(by_probability))
    labels = [by_probability[probability] for probability in p]
    x = np.array([call.number(label) for label in labels])
    if np.any(np.diff(x) <= 0):
        raise ValueError("elicited: the quantiles must increase with their probabilities")
    _require_support("elicited", family, x)

    parameters = _fit(family, p, x)
    misses = _quantiles(family, parameters, p) - x
    residuals = dict(zip(labels, misses.tolist(), strict=True))
    return make(family, call.text, *parameters, residuals=residuals)


def _probability(label: str) -> float:
    match = _LABEL.fullmatch(label)
    probability = float(f"0.{match.group(1)}") if match else 0.0
    if not 0 < probability < 1:
        raise ValueError(
            f"elicited: quantiles are written q and two or three digits, such as q05 or q975 (found {label})"
        )
    return probability


def _require_support(name: str, family: str, x: FloatArray) -> None:
    if family == "beta" and not np.all((x > 0) & (x < 1)):
        raise ValueError(f"{name}: for a beta all quantiles must be between 0 and 1")
    if family in ("gamma", "lognormal") and not np.all(x > 0):
        raise ValueError(f"{name}: for a {family} all quantiles must be above 0")


def _quantiles(family: str, parameters: tuple[float, ...], p: FloatArray) -> FloatArray:
    first, second = parameters
    values: FloatArray
    match family:
        case "beta":
            values = scipy.special.betaincinv(first, second, p)
        case "gamma":
            values = scipy.special.gammaincinv(first, p) * second
        case "lognormal":
            values = np.exp(first + second * scipy.special.ndtri(p))
        case _:
            values = first + second * scipy.special.ndtri(p)
    return values


def _two_quantiles(family: str, p: FloatArray, x: FloatArray) -> tuple[float, float]:
    """The parameters whose quantiles at the two probabilities p are the two values x."""
    with np.errstate(all="ignore"):
        parameters = _SOLVERS[family](p, x)
        missed = np.abs(_quantiles(family, parameters, p) - x) / (x[1] - x[0])
    if not np.all(missed <= _HIT):  # also when NaN
        raise ValueError(
            f"{family}: found no {family} distribution with quantiles {x[0]:g} and {x[1]:g} "
            f"at {p[0]:g} and {p[1]:g}; they may be too close or too far apart"
        )
    return parameters


def _solve_normal(p: FloatArray, x: FloatArray) -> tuple[float, float]:
    z = scipy.special.ndtri(p)
    sd = (x[1] - x[0]) / (z[1] - z[0])
    return float(x[0] - z[0] * sd), float(sd)


def _solve_lognormal(p: FloatArray, x: FloatArray) -> tuple[float, float]:
    return _solve_normal(p, np.log(x))


def _solve_gamma(p: FloatArray, x: FloatArray) -> tuple[float, float]:
    # The ratio of two quantiles depends on the shape alone, and falls as the shape grows.
    target = np.log(x[1] / x[0])

    def excess(log_shape: float) -> float:
        q = np.maximum(scipy.special.gammaincinv(np.exp(log_shape), p), 1e-300)
        return float(np.log(q[1] / q[0]) - target)

    lowest, highest = np.log(1e-2), np.log(1e12)
    if excess(lowest) < 0 or excess(highest) > 0:
        return np.nan, np.nan
    shape = float(np.exp(scipy.optimize.brentq(excess, lowest, highest, xtol=1e-14)))
    return shape, float(x[1] / scipy.special.gammaincinv(shape, p[1]))


def _solve_beta(p: FloatArray, x: FloatArray) -> tuple[float, float]:
    # On the logit scale the two quantiles respond almost linearly, wherever they are.
    target = scipy.special.logit(x)

    def distance(log_parameters: FloatArray) -> FloatArray:
        q = scipy.special.betaincinv(*np.exp(np.clip(log_parameters, -20, 40)), p)
        result: FloatArray = scipy.special.logit(np.clip(q, 1e-300, 1 - 1e-16)) - target
        return result

    best, best_miss = (np.nan, np.nan), np.inf
    for start in _beta_starts(p, x):
        solution = scipy.optimize.root(distance, np.log(start), tol=1e-13)
        miss = float(np.max(np.abs(distance(solution.x))))
        if miss < best_miss:
            alpha, beta = np.exp(np.clip(solution.x, -20, 40))
            best, best_miss = (float(alpha), float(beta)), miss
        if best_miss < 1e-9:
            break
    return best


def _beta_starts(p: FloatArray, x: FloatArray) -> list[tuple[float, float]]:
    """Guesses of alpha and beta: moments of a normal, gammas for rare and common events, a grid."""
    mean, sd = _solve_normal(p, x)
    starts = []
    if 0 < mean < 1:
        total = max(mean * (1 - mean) / sd**2 - 1, 0.1)
        starts.append((mean * total, (1 - mean) * total))
    shape, scale = _solve_gamma(p, x)
    starts.append((shape, max(1 / scale - shape, 0.5)))
    shape, scale = _solve_gamma(1 - p[::-1], 1 - x[::-1])
    starts.append((max(1 / scale - shape, 0.5), shape))
    grid = (0.1, 1.0, 10.0, 1000.0)
    starts.extend((alpha, beta) for alpha in grid for beta in grid)
    return [start for start in starts if np.all(np.isfinite(start)) and min(start) > 0]


_SOLVERS: dict[str, Callable[[FloatArray, FloatArray], tuple[float, float]]] = {
    "beta": _solve_beta,
    "gamma": _solve_gamma,
    "lognormal": _solve_lognormal,
    "normal": _solve_normal,
}


def _fit(family: str, p: FloatArray, x: FloatArray) -> tuple[float, float]:
    start = _two_quantiles(family, p[[0, -1]], x[[0, -1]])
    if len(p) == 2:
        return start
    # Positive parameters are searched on the log scale.
    logged = np.array([family in ("beta", "gamma"), True])
    spread = x[-1] - x[0]

    def parameters(theta: FloatArray) -> tuple[float, float]:
        first, second = np.where(logged, np.exp(np.where(logged, theta, 0.0)), theta)
        return float(first), float(second)

    def misses(theta: FloatArray) -> FloatArray:
        result: FloatArray = (_quantiles(family, parameters(theta), p) - x) / spread
        return result

    theta0 = np.where(logged, np.log(np.where(logged, start, 1.0)), start)
    fit = scipy.optimize.least_squares(misses, theta0, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return parameters(fit.x)
