"""A univariate distribution: mean, standard deviation, quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


@dataclass(frozen=True)
class Distribution:
    """Uncertainty of one parameter.

    Parameters
    ----------
    family : str
        Name in the model language; that of the fitted family when the parameters were fitted.
    text : str
        As written in ``parameters.csv``.
    parameters : mapping of str to float
        The family's own parameters, e.g. ``alpha`` and ``beta``.
    frozen : scipy.stats frozen distribution
        Does the arithmetic.
    residuals : mapping of str to float, optional
        For a fit to more quantiles than parameters: fitted minus stated, by argument name, in the
        unit of the parameter.
    """

    family: str
    text: str
    parameters: Mapping[str, float]
    frozen: Any = field(repr=False, compare=False)
    residuals: Mapping[str, float] | None = None

    def mean(self) -> float:
        """Mean, in the unit of the parameter."""
        return float(self.frozen.mean())

    def sd(self) -> float:
        """Standard deviation, in the unit of the parameter."""
        return float(self.frozen.std())

    def quantile(self, q: ArrayLike) -> NDArray[np.float64]:
        """Inverse of the distribution function.

        Parameters
        ----------
        q : array_like
            Probabilities; at 0 and 1 the ends of the support. Draws are between 2^-53 and 1 - 2^-53;
            nearer to an end the library may warn that it could not invert.

        Returns
        -------
        ndarray of float64
            The shape of `q`; NaN outside [0, 1].
        """
        return np.asarray(self.frozen.ppf(q), dtype=np.float64)


def make(family: str, text: str, *parameters: float, residuals: Mapping[str, float] | None = None) -> Distribution:
    """A two-parameter distribution from its own parameters.

    Parameters
    ----------
    family : str
        ``beta`` (alpha, beta), ``gamma`` (shape, scale), ``lognormal`` (meanlog, sdlog) or
        ``normal`` (mean, sd).
    text : str
        As written.
    *parameters : float
        The two parameters.
    residuals : mapping of str to float, optional
        See `Distribution`.

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If a parameter is outside its domain, or its distribution is beyond floating point.
    """
    names, frozen = _TWO_PARAMETERS[family]
    for name, value in zip(names, parameters, strict=True):
        if name not in ("mean", "meanlog"):
            require_positive(family, name, value)
    named = dict(zip(names, parameters, strict=True))
    return checked(Distribution(family, text, named, frozen(*parameters), residuals))


_TWO_PARAMETERS: dict[str, tuple[tuple[str, str], Callable[[float, float], Any]]] = {
    "beta": (("alpha", "beta"), lambda alpha, beta: stats.beta(alpha, beta)),
    "gamma": (("shape", "scale"), lambda shape, scale: stats.gamma(shape, scale=scale)),
    "lognormal": (
        ("meanlog", "sdlog"),
        lambda meanlog, sdlog: stats.lognorm(sdlog, scale=math.exp(meanlog)),
    ),
    "normal": (("mean", "sd"), lambda mean, sd: stats.norm(mean, sd)),
}


def checked(distribution: Distribution) -> Distribution:
    """The distribution itself, once its mean and standard deviation are known to be usable.

    Parameters
    ----------
    distribution : Distribution

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If mean or standard deviation is not finite, or the latter is 0.
    """
    with np.errstate(all="ignore"):
        mean, sd = distribution.mean(), distribution.sd()
    if not (math.isfinite(mean) and math.isfinite(sd) and sd > 0):
        raise ValueError(
            f"{distribution.family}: mean and standard deviation must be finite and the latter above 0 "
            f"(found mean {mean:g}, standard deviation {sd:g})"
        )
    return distribution


def require_positive(family: str, name: str, value: float) -> None:
    """Refuse a number that is not finite and above 0.

    Parameters
    ----------
    family, name : str
        Distribution and argument, for the message.
    value : float

    Raises
    ------
    ValueError
        Naming the argument and the value.
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{family}: {name} must be above 0 (found {value:g})")
