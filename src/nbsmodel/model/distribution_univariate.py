"""A univariate distribution: mean, standard deviation, quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Frozen:
    """A distribution of ``scipy.stats`` that is made when it is first drawn from.

    Loading that module takes half a second, which a run without draws need not spend; hence the
    moments by hand.

    Parameters
    ----------
    name : str
        Of the distribution in ``scipy.stats``.
    arguments : mapping of str to float
    moments : tuple of float
        Mean and standard deviation.
    """

    name: str
    arguments: Mapping[str, float]
    moments: tuple[float, float]

    def mean(self) -> float:
        return self.moments[0]

    def std(self) -> float:
        return self.moments[1]

    def ppf(self, q: ArrayLike) -> NDArray[np.float64]:
        return self._scipy.ppf(q)

    @cached_property
    def _scipy(self) -> Any:
        return getattr(scipy.stats, self.name)(**self.arguments)


def beta_between(alpha: float, beta: float, low: float = 0.0, high: float = 1.0) -> Frozen:
    """A beta distribution on an interval."""
    total, width = alpha + beta, high - low
    share = alpha / total
    sd = width * np.sqrt(share * (beta / total) / (total + 1))
    return Frozen("beta", {"a": alpha, "b": beta, "loc": low, "scale": width}, (low + width * share, sd))


def _gamma(shape: float, scale: float) -> Frozen:
    return Frozen("gamma", {"a": shape, "scale": scale}, (shape * scale, np.sqrt(shape) * scale))


def _lognormal(meanlog: float, sdlog: float) -> Frozen:
    scale = math.exp(meanlog)
    with np.errstate(over="ignore"):
        mean = scale * np.exp(sdlog**2 / 2)
        sd = mean * np.sqrt(np.expm1(sdlog**2))
    return Frozen("lognorm", {"s": sdlog, "scale": scale}, (mean, sd))


def _normal(mean: float, sd: float) -> Frozen:
    return Frozen("norm", {"loc": mean, "scale": sd}, (mean, sd))


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
    frozen : Frozen, or a frozen distribution of scipy.stats
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
        if self.family == "uniform":  # the same arithmetic, without the library's checks: it is drawn by the million
            q = np.asarray(q, dtype=np.float64)
            low, high = self.parameters["low"], self.parameters["high"]
            drawn = q * (high - low) + low
            inside = q.size == 0 or (q.min() >= 0 and q.max() <= 1)
            return drawn if inside else np.where((q >= 0) & (q <= 1), drawn, np.nan)[()]
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
    "beta": (("alpha", "beta"), beta_between),
    "gamma": (("shape", "scale"), _gamma),
    "lognormal": (("meanlog", "sdlog"), _lognormal),
    "normal": (("mean", "sd"), _normal),
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
