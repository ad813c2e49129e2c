"""Parametric survival: survival, hazard and interval probabilities.

For each family (exponential, weibull, gompertz, loglogistic, lognormal, gengamma) four functions:

- ``<family>_survival(t, ...)``: S(t) = exp(-H(t));
- ``<family>_hazard(t, ...)``: h(t), per unit of time;
- ``<family>_prob(t, dt, ...)``: probability of the event in (t, t + dt] of those without it at
  t, ``1 - S(t + dt) / S(t) = 1 - exp(-(H(t + dt) - H(t)))``;
- ``<family>_mean_hazard(t, dt, ...)``: the constant hazard that gives the same probability,
  ``(H(t + dt) - H(t)) / dt``.

They go through the cumulative hazard H, so they stay accurate where S(t) is 0 in floating
point. All arguments broadcast. Invalid or non-finite input gives NaN and no warning: the caller
knows where the number came from and reports it with its place.

Parametrisations are those of the R package flexsurv (Jackson C (2016). flexsurv: a platform for
parametric survival modeling in R. Journal of Statistical Software 70(8).
doi:10.18637/jss.v070.i08), which agree with R's own ``pweibull`` and ``plnorm``.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nbsmodel.numerics.survival_families import (
    EXPONENTIAL,
    GENGAMMA,
    GOMPERTZ,
    LOGLOGISTIC,
    LOGNORMAL,
    WEIBULL,
    Family,
)

FloatArray = NDArray[np.float64]
SurvivalFunction = Callable[..., FloatArray]

_TIME = """t : array_like
        Time since the start, >= 0, in the unit of the parameters."""
_STEP = """dt : array_like
        Length of the interval, {least}, in the same unit."""
_DOCUMENTATION = """{summary}

    {definition}.

    Parameters
    ----------
    {arguments}
    {parameters} : array_like
        Parameters: {domain}.

    Returns
    -------
    ndarray of float64
        {returns}; NaN for invalid input.
    """


def _cumulative_growth(family: Family, t: FloatArray, dt: FloatArray, parameters: list[FloatArray]) -> FloatArray:
    if family.growth is not None:
        growth = family.growth(t, dt, *parameters)
    else:
        later, earlier = family.cumulative(t + dt, *parameters), family.cumulative(t, *parameters)
        # Rounding may put two nearly equal values in the wrong order; once H overflows, nobody is left.
        growth = np.where(np.isinf(earlier), np.inf, np.maximum(later - earlier, 0.0))
    # Nothing happens in no time, even where the hazard overflows.
    return np.where(dt == 0, 0.0, growth)


def _function(
    family: Family,
    kind: str,
    formula: Callable[..., ArrayLike],
    least_step: str | None,
    summary: str,
    returns: str,
) -> SurvivalFunction:
    """Wrap a formula of (t, [dt,] parameters) with checks, name, signature and documentation."""
    names = ["t", *(["dt"] if least_step else []), *family.parameters]
    signature = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation="ArrayLike") for name in names],
        return_annotation="FloatArray",
    )
    times = len(names) - len(family.parameters)

    def function(*args: ArrayLike, **kwargs: ArrayLike) -> FloatArray:
        values = signature.bind(*args, **kwargs).args
        arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
        with np.errstate(all="ignore"):
            valid = family.valid(*arrays[times:]) & (arrays[0] >= 0)
            if least_step:
                valid &= (arrays[1] > 0) if least_step == "> 0" else (arrays[1] >= 0)
            for array in arrays:
                valid &= np.isfinite(array)
            # Invalid entries are out of the way of iterations before they start.
            result = formula(*(np.where(valid, array, np.nan) for array in arrays))
        # The empty index turns a 0-d array into a scalar, as NumPy's own functions do.
        out: FloatArray = np.where(valid, result, np.nan)[()]
        return out

    function.__name__ = function.__qualname__ = f"{family.name}_{kind}"
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = _DOCUMENTATION.format(
        summary=summary,
        definition=textwrap.fill(f"Family {family.name}: {family.definition}", 90, subsequent_indent="    "),
        arguments="\n    ".join([_TIME, *([_STEP.format(least=least_step)] if least_step else [])]),
        parameters=", ".join(family.parameters),
        domain=family.domain,
        returns=returns,
    )
    return function


def _functions(
    family: Family,
) -> tuple[SurvivalFunction, SurvivalFunction, SurvivalFunction, SurvivalFunction]:
    """The four functions of a family: survival, hazard, prob, mean_hazard."""

    def survival(t: FloatArray, *parameters: FloatArray) -> ArrayLike:
        return np.exp(-family.cumulative(t, *parameters))

    def prob(t: FloatArray, dt: FloatArray, *parameters: FloatArray) -> ArrayLike:
        return -np.expm1(-_cumulative_growth(family, t, dt, list(parameters)))

    def mean_hazard(t: FloatArray, dt: FloatArray, *parameters: FloatArray) -> ArrayLike:
        return _cumulative_growth(family, t, dt, list(parameters)) / dt

    return (
        _function(family, "survival", survival, None, "Probability of no event up to time t.", "S(t), in [0, 1]"),
        _function(
            family,
            "hazard",
            family.hazard,
            None,
            "Hazard at time t.",
            "h(t), per unit of time; may be infinite at t = 0",
        ),
        _function(
            family,
            "prob",
            prob,
            ">= 0",
            "Probability of the event in (t, t + dt] of those without it at t.",
            "1 - S(t + dt) / S(t), in [0, 1]",
        ),
        _function(
            family,
            "mean_hazard",
            mean_hazard,
            "> 0",
            "Constant hazard over (t, t + dt] that gives the same probability of the event.",
            "(H(t + dt) - H(t)) / dt, per unit of time, with H = -log S",
        ),
    )


(
    exponential_survival,
    exponential_hazard,
    exponential_prob,
    exponential_mean_hazard,
) = _functions(EXPONENTIAL)
weibull_survival, weibull_hazard, weibull_prob, weibull_mean_hazard = _functions(WEIBULL)
gompertz_survival, gompertz_hazard, gompertz_prob, gompertz_mean_hazard = _functions(GOMPERTZ)
(
    loglogistic_survival,
    loglogistic_hazard,
    loglogistic_prob,
    loglogistic_mean_hazard,
) = _functions(LOGLOGISTIC)
lognormal_survival, lognormal_hazard, lognormal_prob, lognormal_mean_hazard = _functions(LOGNORMAL)
gengamma_survival, gengamma_hazard, gengamma_prob, gengamma_mean_hazard = _functions(GENGAMMA)
