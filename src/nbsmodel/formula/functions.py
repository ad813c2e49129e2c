"""The functions a formula may call.

One table: name, argument names, the array function. What is not in it does not exist, and
other renderings add their own column keyed by the same names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from nbsmodel.numerics import rates, survival, utilities

Array = Any  # a NumPy array or a float; every function below broadcasts


@dataclass(frozen=True)
class Function:
    """A function of the language.

    Parameters
    ----------
    name : str
    array : callable
        Vectorised over all its arguments.
    least, most : int
        Number of arguments; ``most`` is large for ``min`` and ``max``.
    arguments : str
        The arguments as shown to people.
    """

    name: str
    array: Callable[..., Array]
    least: int
    most: int
    arguments: str


def _minimum(*values: Array) -> Array:
    return reduce(np.minimum, values)


def _maximum(*values: Array) -> Array:
    return reduce(np.maximum, values)


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(x, low), high)


def _of(name: str, array: Callable[..., Array]) -> Function:
    arguments = list(inspect.signature(array).parameters)
    return Function(name, array, len(arguments), len(arguments), ", ".join(arguments))


def _plain(name: str, ufunc: Callable[..., Array]) -> Function:
    return Function(name, ufunc, 1, 1, "x")


_RATES = (
    "rate_to_prob", "prob_to_rate", "prob_rescale", "prob_to_odds", "odds_to_prob",
    "apply_hr", "apply_or", "apply_rr", "annuity", "annuity_due",
)  # fmt: skip
_UTILITIES = ("utility_multiplicative", "utility_additive", "utility_minimum")
_FAMILIES = ("exponential", "weibull", "gompertz", "loglogistic", "lognormal", "gengamma")
_KINDS = ("survival", "hazard", "prob", "mean_hazard")

FUNCTIONS: dict[str, Function] = {
    f.name: f
    for f in (
        _plain("exp", np.exp),
        _plain("log", np.log),
        _plain("log10", np.log10),
        _plain("sqrt", np.sqrt),
        _plain("abs", np.abs),
        _plain("floor", np.floor),
        _plain("ceil", np.ceil),
        _plain("round", np.round),
        Function("min", _minimum, 2, 20, "a, b, ..."),
        Function("max", _maximum, 2, 20, "a, b, ..."),
        Function("clip", _clip, 3, 3, "x, low, high"),
        *(_of(name, getattr(rates, name)) for name in _RATES),
        *(_of(name, getattr(utilities, name)) for name in _UTILITIES),
        *(_of(f"{family}_{kind}", getattr(survival, f"{family}_{kind}")) for family in _FAMILIES for kind in _KINDS),
    )
}
