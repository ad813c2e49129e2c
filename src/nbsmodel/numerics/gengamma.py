"""Generalised gamma time to event, in Prentice's parametrisation.

With ``w = (log t - mu) / sigma``, ``a = q^-2`` and ``u = a exp(q w)``, survival is

- the upper regularised incomplete gamma function ``Q(a, u)`` for q > 0,
- the lower one ``P(a, u)`` for q < 0,
- the normal upper tail of ``w`` for q = 0.

q = 1 is the Weibull (shape 1/sigma, scale exp(mu)), q = 0 the log-normal (mu, sigma) and
q = sigma the gamma distribution.

Density and tails share the kernel ``k = u^a exp(-u) / Gamma(a)``, which is evaluated in a form
that stays accurate as q goes to 0 (a to infinity) and tends to the normal density.

References
----------
Prentice RL (1974). A log gamma model and its maximum likelihood estimation. Biometrika 61,
539-544. doi:10.1093/biomet/61.3.539. Same parameters as ``gengamma`` of the R package flexsurv.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Nearer to 0 than this, rounding in u is worse than the difference from the log-normal.
_Q_ZERO = 1e-8
# log of the tail probability below which our own expansions take over: farther out the library
# functions underflow, or lose digits where a is large.
_LOG_TAIL = np.log(1e-4)
# From here on the expansion for large a is exact to rounding, and the others are slow.
_LARGE_A = 1e5
_MAX_TERMS = 100_000


def cumulative_hazard(t: FloatArray, mu: FloatArray, sigma: FloatArray, q: FloatArray) -> FloatArray:
    """H(t) = -log S(t).

    Parameters
    ----------
    t : ndarray
        Times, finite, >= 0.
    mu, sigma, q : ndarray
        Parameters, sigma > 0; all arguments have one shape.

    Returns
    -------
    ndarray of float64
        Accurate also where S(t) underflows.
    """
    log_survival, _ = _log_survival_and_hazard(t, mu, sigma, q)
    return np.where(t == 0, 0.0, -log_survival)


def hazard(t: FloatArray, mu: FloatArray, sigma: FloatArray, q: FloatArray) -> FloatArray:
    """h(t), per unit of time.

    Parameters
    ----------
    t : ndarray
        Times, finite, >= 0.
    mu, sigma, q : ndarray
        Parameters, sigma > 0; all arguments have one shape.

    Returns
    -------
    ndarray of float64
        Infinite at t = 0 where sigma * q > 1.
    """
    _, log_time_hazard = _log_survival_and_hazard(t, mu, sigma, q)
    return np.where(t == 0, _hazard_at_zero(mu, sigma, q), np.exp(log_time_hazard - np.log(t)) / sigma)


def _log_survival_and_hazard(
    t: FloatArray, mu: FloatArray, sigma: FloatArray, q: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Logs of S(t) and of ``sigma t h(t)`` (meaningless at t = 0)."""
    t, mu, sigma, q = np.broadcast_arrays(t, mu, sigma, q)
    w = (np.log(t) - mu) / sigma
    log_survival = np.asarray(scipy.special.log_ndtr(-w))
    log_hazard = np.asarray(0.5 * np.log(2 / np.pi) - np.log(scipy.special.erfcx(w / np.sqrt(2))))
    gamma = np.abs(q) > _Q_ZERO
    if gamma.any():
        log_survival, log_hazard = np.array(log_survival), np.array(log_hazard)
        log_survival[gamma], log_hazard[gamma] = _gamma_form(w[gamma], q[gamma])
    return log_survival, log_hazard


def _gamma_form(w: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    a = 1 / q**2
    u = a * np.exp(q * w)
    exponent = _exponent(w, q, a)
    log_kernel = 0.5 * np.log(a / (2 * np.pi)) - _stirling_error(a) - exponent
    root = np.sign(q * w) * np.sqrt(2 * exponent)

    # Of each part of the distribution: log of its probability, and of that over the kernel.
    upper, lower = (_log_part(is_upper, log_kernel, a, u, root, q * w) for is_upper in (True, False))
    log_survival, log_ratio = np.where(q > 0, upper, lower)
    log_events, _ = np.where(q > 0, lower, upper)
    # log1p keeps the precision while almost nobody has had the event.
    few_events = log_events < log_survival
    log_survival = np.where(few_events, np.log1p(-np.exp(log_events)), log_survival)
    # Survival over kernel is a plain number where each of them vanishes.
    log_hazard = np.log(np.abs(q)) - np.where(few_events, log_survival - log_kernel, log_ratio)
    return log_survival, log_hazard


def _log_part(
    is_upper: bool, log_kernel: FloatArray, a: FloatArray, u: FloatArray, root: FloatArray, x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    log_part = np.log(scipy.special.gammaincc(a, u) if is_upper else scipy.special.gammainc(a, u))
    log_ratio = log_part - log_kernel
    tail = log_part < _LOG_TAIL
    if tail.any():
        log_ratio[tail] = np.log(_tail_over_kernel(is_upper, a[tail], u[tail], root[tail], x[tail]))
        log_part[tail] = log_kernel[tail] + log_ratio[tail]
    return log_part, log_ratio


def _exponent(w: FloatArray, q: FloatArray, a: FloatArray) -> FloatArray:
    """``a (exp(q w) - 1 - q w)``, which goes to w^2/2 as q goes to 0."""
    x = q * w
    # 1F1(1; 3; x) = 2 (exp(x) - 1 - x) / x^2 has no cancellation at x = 0.
    near = 0.5 * w**2 * scipy.special.hyp1f1(1.0, 3.0, np.clip(x, -1, 1))
    return np.where(np.abs(x) < 1, near, a * (np.expm1(x) - x))


def _stirling_error(a: FloatArray) -> FloatArray:
    """Error of Stirling's formula: log Gamma(a) - ((a - 1/2) log a - a + log(2 pi) / 2).

    Series: Abramowitz and Stegun 6.1.41.
    """
    direct = scipy.special.gammaln(a) - ((a - 0.5) * np.log(a) - a + 0.5 * np.log(2 * np.pi))
    b = 1 / a**2
    series = (1 / 12 - b * (1 / 360 - b * (1 / 1260 - b * (1 / 1680 - b / 1188)))) / a
    return np.where(a > 15, series, direct)


def _tail_over_kernel(is_upper: bool, a: FloatArray, u: FloatArray, root: FloatArray, x: FloatArray) -> FloatArray:
    """Q(a, u) over the kernel in its tail (u > a), or P(a, u) over the kernel in its tail (u < a)."""
    ratio = np.empty_like(a)
    large = a > _LARGE_A
    ratio[large] = _uniform_ratio(is_upper, a[large], root[large], x[large])
    exact = _upper_ratio if is_upper else _lower_ratio
    ratio[~large] = exact(a[~large], u[~large])
    return ratio


def _upper_ratio(a: FloatArray, u: FloatArray) -> FloatArray:
    """Q(a, u) over the kernel by the even part of the continued fraction DLMF 8.9.2 (Lentz)."""
    b = u + 1 - a
    c = np.full_like(b, np.inf)
    d = 1 / b
    ratio = d.copy()
    for i in range(1, _MAX_TERMS):
        term = -i * (i - a)
        b = b + 2
        d = 1 / (term * d + b)
        c = b + term / c
        change = c * d
        ratio = ratio * change
        if not np.any(np.abs(change - 1) > 1e-15):
            break
    # Overflow of u is the limit: survival vanishes faster than the kernel.
    return np.where(np.isinf(u), 0.0, ratio)


def _lower_ratio(a: FloatArray, u: FloatArray) -> FloatArray:
    """P(a, u) over the kernel as the sum of u^n / (a (a+1) ... (a+n)), DLMF 8.7.1."""
    term = 1 / a
    total = term.copy()
    for n in range(1, _MAX_TERMS):
        term = term * (u / (a + n))
        total = total + term
        if not np.any(term > 1e-17 * total):
            break
    return total


def _uniform_ratio(is_upper: bool, a: FloatArray, root: FloatArray, x: FloatArray) -> FloatArray:
    """Either tail over the kernel for large a: Temme's uniform expansion, DLMF section 8.12.

    `root` is ``eta sqrt(a)`` with ``eta^2 / 2 = exp(x) - 1 - x`` and the sign of x. The first two
    terms leave a relative error of the order of a^(-5/2).
    """
    eta, m = root / np.sqrt(a), np.expm1(x)
    c0 = 1 / m - 1 / eta
    c1 = 1 / eta**3 - 1 / m**3 - 1 / m**2 - 1 / (12 * m)
    sign = 1.0 if is_upper else -1.0
    normal_tail = 0.5 * scipy.special.erfcx(sign * root / np.sqrt(2))
    correction = sign * (c0 + c1 / a) / np.sqrt(2 * np.pi * a)
    result: FloatArray = (normal_tail + correction) * np.sqrt(2 * np.pi / a) * np.exp(_stirling_error(a))
    return result


def _hazard_at_zero(mu: FloatArray, sigma: FloatArray, q: FloatArray) -> FloatArray:
    """Limit of h(t) as t goes to 0: h grows like t^(1/(sigma q) - 1) for q > 0."""
    a = 1 / q**2
    finite = np.abs(q) / sigma * np.exp(a * np.log(a) - scipy.special.gammaln(a) - mu)
    product = sigma * q
    return np.where(product > 1, np.inf, np.where(product == 1, finite, 0.0))
