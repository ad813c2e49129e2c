"""Univariate distributions from the arguments of each family.

Moment formulas (m = mean, s = standard error, which for an input is the standard deviation of
its distribution):

- beta: alpha = m (m (1 - m) / s^2 - 1), beta = alpha (1 - m) / m;
- gamma: shape = m^2 / s^2, scale = s^2 / m;
- lognormal: sdlog^2 = log(1 + s^2 / m^2), meanlog = log(m) - sdlog^2 / 2.

beta, gamma, lognormal and normal may also be given by a 95% interval (low95, high95), which is
solved in `nbsmodel.model.distribution_fit`.

References
----------
Briggs A, Claxton K, Sculpher M. Decision Modelling for Health Economic Evaluation. Oxford
University Press, 2006, chapter 4.
"""

from __future__ import annotations

import math

import scipy

from nbsmodel.model.distribution_call import Call
from nbsmodel.model.distribution_fit import INTERVAL, from_interval
from nbsmodel.model.distribution_univariate import Distribution, Frozen, beta_between, checked, make, require_positive


def beta(call: Call) -> Distribution:
    """``beta(mean=, se=)``, ``beta(events=, total=)``, ``beta(alpha=, beta=)`` or 95% interval.

    Events out of a total are the parameters themselves: alpha = events, beta = total - events,
    with nothing added for a prior.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If mean is not in (0, 1), se^2 >= mean (1 - mean), events not in (0, total), ...
    """
    given = call.expect(("mean", "se"), ("events", "total"), ("alpha", "beta"), INTERVAL)
    if given == INTERVAL:
        return from_interval(call)
    first, second = (call.number(name) for name in given)
    if given == ("alpha", "beta"):
        return make("beta", call.text, first, second)
    if given == ("events", "total"):
        if not 0 < first < second:
            instead = f"beta(alpha={first + 0.5:g}, beta={second - first + 0.5:g})"
            raise ValueError(
                f"beta: events must be above 0 and below total (found events {first:g}, total {second:g}); "
                f"for none or all, add half an event to each side: {instead}"
            )
        return make("beta", call.text, first, second - first)
    return _beta_from_moments(call, first, second)


def _beta_from_moments(call: Call, mean: float, se: float) -> Distribution:
    if not 0 < mean < 1:
        raise ValueError(f"beta: mean must be between 0 and 1 (found {mean:g})")
    require_positive("beta", "se", se)
    total = mean * (1 - mean) / se / se - 1  # alpha + beta
    if total <= 0:
        limit = math.sqrt(mean * (1 - mean))
        raise ValueError(f"beta: se must be below sqrt(mean*(1-mean)) = {limit:.4g} for mean {mean:g} (found {se:g})")
    return make("beta", call.text, mean * total, (1 - mean) * total)


def gamma(call: Call) -> Distribution:
    """``gamma(mean=, se=)``, ``gamma(shape=, scale=)``, ``gamma(shape=, rate=)`` or 95% interval.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If a number is not above 0.
    """
    given = call.expect(("mean", "se"), ("shape", "scale"), ("shape", "rate"), INTERVAL)
    if given == INTERVAL:
        return from_interval(call)
    first, second = (_positive(call, name) for name in given)
    if given == ("mean", "se"):
        return make("gamma", call.text, (first / second) ** 2, second * (second / first))
    if given == ("shape", "rate"):
        return make("gamma", call.text, first, 1 / second)
    return make("gamma", call.text, first, second)


def lognormal(call: Call) -> Distribution:
    """``lognormal(mean=, se=)`` (natural scale), ``lognormal(meanlog=, sdlog=)`` or 95% interval.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If mean, se or sdlog is not above 0.
    """
    given = call.expect(("mean", "se"), ("meanlog", "sdlog"), INTERVAL)
    if given == INTERVAL:
        return from_interval(call)
    if given == ("meanlog", "sdlog"):
        return make("lognormal", call.text, call.number("meanlog"), call.number("sdlog"))
    mean, se = _positive(call, "mean"), _positive(call, "se")
    variance_log = math.log1p((se / mean) ** 2)
    return make("lognormal", call.text, math.log(mean) - variance_log / 2, math.sqrt(variance_log))


def normal(call: Call) -> Distribution:
    """``normal(mean=, se=)`` or 95% interval.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If se is not above 0.
    """
    if call.expect(("mean", "se"), INTERVAL) == INTERVAL:
        return from_interval(call)
    return make("normal", call.text, call.number("mean"), _positive(call, "se"))


def truncated_normal(call: Call) -> Distribution:
    """``truncated_normal(mean=, se=, low=, high=)``.

    mean and se are those of the normal distribution *before* it is cut off at low and high; those
    of the result are what ``mean()`` and ``sd()`` return.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If se is not above 0, low >= high, or next to nothing of the normal lies between them.
    """
    call.expect(("mean", "se", "low", "high"))
    mean, se = call.number("mean"), _positive(call, "se")
    low, high = _bounds(call)
    a, b = (low - mean) / se, (high - mean) / se
    # Far out, one end is so close to all of the distribution that its moments lose their digits.
    if min(abs(a), abs(b)) > 30 and a * b > 0:
        raise ValueError("truncated_normal: low and high are more than 30 se from the mean on one side")
    named = {"mean": mean, "se": se, "low": low, "high": high}
    frozen = scipy.stats.truncnorm(a, b, loc=mean, scale=se)
    return checked(Distribution("truncated_normal", call.text, named, frozen))


def uniform(call: Call) -> Distribution:
    """``uniform(low=, high=)``.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If low >= high.
    """
    call.expect(("low", "high"))
    low, high = _bounds(call)
    named = {"low": low, "high": high}
    moments = (low + (high - low) / 2, (high - low) / math.sqrt(12))
    frozen = Frozen("uniform", {"loc": low, "scale": high - low}, moments)
    return checked(Distribution("uniform", call.text, named, frozen))


def triangular(call: Call) -> Distribution:
    """``triangular(low=, mode=, high=)``.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If low >= high, or mode is outside them.
    """
    low, mode, high = _low_mode_high(call)
    named = {"low": low, "mode": mode, "high": high}
    width, c = high - low, (mode - low) / (high - low)
    moments = (low + width * (1 + c) / 3, width * math.sqrt((1 - c + c * c) / 18))
    frozen = Frozen("triang", {"c": c, "loc": low, "scale": width}, moments)
    return checked(Distribution("triangular", call.text, named, frozen))


def pert(call: Call) -> Distribution:
    """``pert(low=, mode=, high=)``: a beta on [low, high] with mean (low + 4 mode + high) / 6.

    The classic form: alpha = 1 + 4 (mode - low) / (high - low), beta = 1 + 4 (high - mode) /
    (high - low). Malcolm DG et al. (1959), Operations Research 7, 646-669.

    Parameters
    ----------
    call : Call

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If low >= high, or mode is outside them.
    """
    low, mode, high = _low_mode_high(call)
    width = high - low
    named = {"low": low, "mode": mode, "high": high}
    alpha, beta_ = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    return checked(Distribution("pert", call.text, named, beta_between(alpha, beta_, low, high)))


def _positive(call: Call, argument: str) -> float:
    value = call.number(argument)
    require_positive(call.name, argument, value)
    return value


def _bounds(call: Call) -> tuple[float, float]:
    low, high = call.number("low"), call.number("high")
    if low >= high:
        raise ValueError(f"{call.name}: low must be below high (found low {low:g}, high {high:g})")
    return low, high


def _low_mode_high(call: Call) -> tuple[float, float, float]:
    call.expect(("low", "mode", "high"))
    low, high = _bounds(call)
    mode = call.number("mode")
    if not low <= mode <= high:
        raise ValueError(
            f"{call.name}: mode must lie between low and high (found low {low:g}, mode {mode:g}, high {high:g})"
        )
    return low, mode, high
