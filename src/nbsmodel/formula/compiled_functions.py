"""Compiled rates, probabilities, annuities, utilities and survival functions, for one number each.

The formulas, the domains and the order of operations are those of `nbsmodel.numerics.rates`,
`nbsmodel.numerics.utilities`, `nbsmodel.numerics.survival` and `nbsmodel.numerics.survival_families`, where they are
explained. All are free of branches and calls, so that a loop over them becomes vector instructions.
``0.0 - x`` stands for ``-x`` where a result of 0 must not be -0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nbsmodel.numerics.rates import _ROUNDING
from nbsmodel.numerics.vector_exp import fast_exp, fast_expm1, fast_log, fast_log1p, fma, inlined

_INF, _NAN = math.inf, math.nan
_ROOT_HALF, _ROOT_2_OVER_PI = math.sqrt(0.5), math.sqrt(2 / math.pi)


@inlined
def _if(valid: bool, value: float) -> float:
    return value if valid else _NAN


@inlined
def _is_prob(p: float) -> bool:
    return (p >= 0.0) & (p <= 1.0)


@inlined
def _finite(x: float) -> bool:
    return abs(x) < _INF


@inlined
def _power_of_survivors(p: float, exponent: float) -> float:
    return 0.0 if exponent == 0.0 else 0.0 - fast_expm1(exponent * fast_log1p(-p))


@inlined
def f_rate_to_prob(rate: float, time: float) -> float:
    """Compiled `nbsmodel.numerics.rates.rate_to_prob`."""
    return _if((rate >= 0.0) & (time >= 0.0), 0.0 - fast_expm1(-rate * time))


@inlined
def f_prob_to_rate(p: float, time: float) -> float:
    """Compiled `nbsmodel.numerics.rates.prob_to_rate`."""
    return _if(_is_prob(p) & (time > 0.0), 0.0 - fast_log1p(-p) / time)


@inlined
def f_prob_rescale(p: float, from_time: float, to_time: float) -> float:
    """Compiled `nbsmodel.numerics.rates.prob_rescale`."""
    valid = _is_prob(p) & (from_time > 0.0) & (to_time >= 0.0)
    return _if(valid, _power_of_survivors(p, to_time / from_time))


@inlined
def f_prob_to_odds(p: float) -> float:
    """Compiled `nbsmodel.numerics.rates.prob_to_odds`."""
    return _if(_is_prob(p), p / (1.0 - p))


@inlined
def f_odds_to_prob(odds: float) -> float:
    """Compiled `nbsmodel.numerics.rates.odds_to_prob`."""
    return _if(odds >= 0.0, 1.0 if odds == _INF else odds / (1.0 + odds))


@inlined
def f_apply_hr(p: float, hr: float) -> float:
    """Compiled `nbsmodel.numerics.rates.apply_hr`."""
    return _if(_is_prob(p) & (hr >= 0.0), _power_of_survivors(p, hr))


@inlined
def f_apply_or(p: float, odds_ratio: float) -> float:
    """Compiled `nbsmodel.numerics.rates.apply_or`."""
    result = odds_ratio * p / (1.0 - p + odds_ratio * p)
    return _if(_is_prob(p) & (odds_ratio >= 0.0), 0.0 if odds_ratio == 0.0 else result)


@inlined
def f_apply_rr(p: float, rr: float) -> float:
    """Compiled `nbsmodel.numerics.rates.apply_rr`."""
    product = p * rr
    return _if(_is_prob(p) & (rr >= 0.0) & (product <= 1.0 + _ROUNDING), 1.0 if product > 1.0 else product)


@inlined
def f_annuity(rate: float, years: float) -> float:
    """Compiled `nbsmodel.numerics.rates.annuity`."""
    discounted = (0.0 - fast_expm1(-years * fast_log1p(rate))) / rate
    return _if((rate >= 0.0) & (years >= 0.0), years if rate == 0.0 else discounted)


@inlined
def f_annuity_due(rate: float, years: float) -> float:
    """Compiled `nbsmodel.numerics.rates.annuity_due`."""
    return f_annuity(rate, years) * (1.0 + rate)


@inlined
def _is_utility(u: float) -> bool:
    return (u >= -1.0 - _ROUNDING) & (u <= 1.0 + _ROUNDING)


@inlined
def f_utility_multiplicative(u: float, norm: float, norm_at_reference: float) -> float:
    """Compiled `nbsmodel.numerics.utilities.utility_multiplicative`."""
    valid = _is_utility(u) & _is_utility(norm) & _is_utility(norm_at_reference) & (norm_at_reference > 0.0)
    return _if(valid, u * norm / norm_at_reference)


@inlined
def f_utility_additive(u: float, norm: float, norm_at_reference: float) -> float:
    """Compiled `nbsmodel.numerics.utilities.utility_additive`."""
    return _if(_is_utility(u) & _is_utility(norm) & _is_utility(norm_at_reference), u - (norm_at_reference - norm))


@inlined
def f_utility_minimum(u: float, norm: float) -> float:
    """Compiled `nbsmodel.numerics.utilities.utility_minimum`."""
    return _if(_is_utility(u) & _is_utility(norm), u if u < norm else norm)


def _family(valid: Any, cumulative: Any, hazard: Any, growth: Any) -> tuple[Callable[..., float], ...]:
    """The functions of a family: survival, hazard, prob, mean_hazard."""

    @inlined
    def at(t: float, *parameters: float) -> bool:
        return valid(*parameters) & (t >= 0.0) & _finite(t)

    @inlined
    def survival(t: float, *parameters: float) -> float:
        return _if(at(t, *parameters), fast_exp(-cumulative(t, *parameters)))

    @inlined
    def hazard_at(t: float, *parameters: float) -> float:
        return _if(at(t, *parameters), hazard(t, *parameters))

    @inlined
    def over(t: float, dt: float, *parameters: float) -> float:
        grown = growth(t, dt, *parameters)
        return _if(at(t, *parameters) & (dt >= 0.0) & _finite(dt), 0.0 if dt == 0.0 else grown)

    @inlined
    def prob(t: float, dt: float, *parameters: float) -> float:
        return 0.0 - fast_expm1(-over(t, dt, *parameters))

    @inlined
    def mean_hazard(t: float, dt: float, *parameters: float) -> float:
        return over(t, dt, *parameters) / dt  # 0 / 0 is NaN, as it should be

    return survival, hazard_at, prob, mean_hazard


@inlined
def _power(base: float, exponent: float) -> float:
    """``base ** exponent`` for base >= 0, to some 1e-13: the error grows with the logarithm of the result."""
    return 1.0 if (exponent == 0.0) | (base == 1.0) else fast_exp(exponent * fast_log(base))


@inlined
def _power_growth(t: float, dt: float, shape: float) -> float:
    return fast_expm1(shape * fast_log1p(dt / t))


@inlined
def _expit(x: float) -> float:
    return 1.0 / (1.0 + fast_exp(-x))


@inlined
def _both_positive(shape: float, scale: float) -> bool:
    return (shape > 0.0) & (scale > 0.0) & _finite(shape) & _finite(scale)


@inlined
def _exponential_valid(rate: float) -> bool:
    return (rate >= 0.0) & _finite(rate)


@inlined
def _exponential_cumulative(t: float, rate: float) -> float:
    return rate * t


@inlined
def _exponential_hazard(t: float, rate: float) -> float:
    return rate


@inlined
def _exponential_growth(t: float, dt: float, rate: float) -> float:
    return rate * dt


@inlined
def _weibull_cumulative(t: float, shape: float, scale: float) -> float:
    return _power(t / scale, shape)


@inlined
def _weibull_hazard(t: float, shape: float, scale: float) -> float:
    return shape / scale * _power(t / scale, shape - 1.0)


@inlined
def _weibull_growth(t: float, dt: float, shape: float, scale: float) -> float:
    earlier = _weibull_cumulative(t, shape, scale)
    plain = _weibull_cumulative(t + dt, shape, scale) - earlier
    return earlier * _power_growth(t, dt, shape) if dt < t else plain


@inlined
def _gompertz_valid(shape: float, rate: float) -> bool:
    return (rate >= 0.0) & _finite(shape) & _finite(rate)


@inlined
def _gompertz_cumulative(t: float, shape: float, rate: float) -> float:
    return _gompertz_growth(0.0, t, shape, rate)


@inlined
def _gompertz_hazard(t: float, shape: float, rate: float) -> float:
    return 0.0 if rate == 0.0 else rate * fast_exp(shape * t)


@inlined
def _gompertz_growth(t: float, dt: float, shape: float, rate: float) -> float:
    x = shape * dt
    exprel = 1.0 if x == 0.0 else fast_expm1(x) / x
    exprel = _INF if x == _INF else exprel
    return 0.0 if rate == 0.0 else _gompertz_hazard(t, shape, rate) * dt * exprel


@inlined
def _loglogistic_cumulative(t: float, shape: float, scale: float) -> float:
    x = shape * fast_log(t / scale)
    return (x if x > 0.0 else 0.0) + fast_log1p(fast_exp(-abs(x)))


@inlined
def _loglogistic_hazard(t: float, shape: float, scale: float) -> float:
    early = shape / scale * _power(t / scale, shape - 1.0) / (1.0 + _power(t / scale, shape))
    late = shape / t * _expit(shape * fast_log(t / scale))
    return late if t > scale else early


@inlined
def _loglogistic_growth(t: float, dt: float, shape: float, scale: float) -> float:
    plain = _loglogistic_cumulative(t + dt, shape, scale) - _loglogistic_cumulative(t, shape, scale)
    share = _expit(shape * fast_log(t / scale))
    return fast_log1p(share * _power_growth(t, dt, shape)) if dt < t else plain


# (1 + 2 z) erfcx(z) as a polynomial in (z - 3.75) / (z + 3.75): Chebyshev interpolation of degree 20, written
# out in powers, to 4e-15. The substitution is that of Shepherd MM, Laframboise JG (1981), Mathematics of
# Computation 36, 249-253.
_K = 3.75
(_E0, _E1, _E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13, _E14, _E15, _E16, _E17, _E18, _E19, _E20) = (
    1.2375126308378264, -0.14024059858550575, 0.0035854154857627857, 0.08227673848704045,
    -0.10880393015433062, 0.09230432122771155, -0.05869339838397541, 0.02836227674782648,
    -0.009746581262494456, 0.0017556295487634313, 0.0002937218341919264, -0.00029016639136143893,
    5.162479200942778e-05, 2.241015775977701e-05, -1.1397625287921655e-05, -1.0084713725546233e-06,
    1.6939254478276176e-06, -2.7685663849700945e-08, -2.1321360409864602e-07, 8.512559451761331e-09,
    1.7312209083118933e-08,
)  # fmt: skip


@inlined
def _erfcx(z: float) -> float:
    """``exp(z^2) erfc(z)`` for z >= 0."""
    t = (z - _K) / (z + _K)
    p = fma(fma(fma(fma(fma(fma(_E20, t, _E19), t, _E18), t, _E17), t, _E16), t, _E15), t, _E14)
    p = fma(fma(fma(fma(fma(fma(fma(p, t, _E13), t, _E12), t, _E11), t, _E10), t, _E9), t, _E8), t, _E7)
    p = fma(fma(fma(fma(fma(fma(fma(p, t, _E6), t, _E5), t, _E4), t, _E3), t, _E2), t, _E1), t, _E0)
    return 0.0 if z == _INF else p / (1.0 + 2.0 * z)


@inlined
def _lognormal_valid(meanlog: float, sdlog: float) -> bool:
    return (sdlog > 0.0) & _finite(meanlog) & _finite(sdlog)


@inlined
def _lognormal_cumulative(t: float, meanlog: float, sdlog: float) -> float:
    """Minus the log of ``erfc(z) / 2``; half of those at risk have the event by z = 0."""
    z = (fast_log(t) - meanlog) / sdlog * _ROOT_HALF
    square, scaled = z * z, _erfcx(abs(z))
    early = 0.0 - fast_log1p(-0.5 * (fast_exp(-square) * scaled))
    return square - fast_log(0.5 * scaled) if z > 0.0 else early


@inlined
def _lognormal_hazard(t: float, meanlog: float, sdlog: float) -> float:
    z = (fast_log(t) - meanlog) / sdlog * _ROOT_HALF
    scaled = _erfcx(abs(z))
    ratio = _ROOT_2_OVER_PI / (2.0 * fast_exp(z * z) - scaled if z < 0.0 else scaled)
    return 0.0 if ratio == 0.0 else ratio / (sdlog * t)


@inlined
def _lognormal_growth(t: float, dt: float, meanlog: float, sdlog: float) -> float:
    earlier = _lognormal_cumulative(t, meanlog, sdlog)
    growth = _lognormal_cumulative(t + dt, meanlog, sdlog) - earlier
    growth = 0.0 if growth < 0.0 else growth
    return _INF if earlier == _INF else growth


f_exponential_survival, f_exponential_hazard, f_exponential_prob, f_exponential_mean_hazard = _family(
    _exponential_valid, _exponential_cumulative, _exponential_hazard, _exponential_growth
)
f_weibull_survival, f_weibull_hazard, f_weibull_prob, f_weibull_mean_hazard = _family(
    _both_positive, _weibull_cumulative, _weibull_hazard, _weibull_growth
)
f_gompertz_survival, f_gompertz_hazard, f_gompertz_prob, f_gompertz_mean_hazard = _family(
    _gompertz_valid, _gompertz_cumulative, _gompertz_hazard, _gompertz_growth
)
f_loglogistic_survival, f_loglogistic_hazard, f_loglogistic_prob, f_loglogistic_mean_hazard = _family(
    _both_positive, _loglogistic_cumulative, _loglogistic_hazard, _loglogistic_growth
)
f_lognormal_survival, f_lognormal_hazard, f_lognormal_prob, f_lognormal_mean_hazard = _family(
    _lognormal_valid, _lognormal_cumulative, _lognormal_hazard, _lognormal_growth
)
