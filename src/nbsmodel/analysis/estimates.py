"""Means over draws with their Monte Carlo errors.

Errors are those of independent draws. Latin hypercube and scrambled Sobol' points as a rule have
smaller ones, so for these they are upper bounds (McKay, Beckman and Conover 1979, Technometrics
21:239-245; Owen 1997, Ann Stat 25:1541-1562). Draws of a Markov chain that follow each other closely
have larger ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any

#: The 95% interval, as quantiles of the draws.
INTERVAL = (0.025, 0.975)


def mean(values: Array) -> Array:
    """Mean over the first axis; of equal numbers it is that number, to the last bit."""
    first = values[0]
    return first + np.mean(values - first, axis=0)


def spread(values: Array) -> Array:
    """Standard deviation over the first axis (n - 1); exactly 0 for equal numbers, nan for a single one."""
    if len(values) < 2:
        return np.full(np.shape(values[0]), np.nan)
    return np.std(values - values[0], axis=0, ddof=1)


def standard_error(values: Array) -> Array:
    """Monte Carlo standard error of the mean over the first axis."""
    return spread(values) / math.sqrt(len(values))


def ratio(above: Array, below: Array) -> tuple[float, float]:
    """Ratio of two means and its standard error.

    ``r = mean(above) / mean(below)``; its error is that of the mean of ``(above - r * below) /
    mean(below)`` (delta method; Cochran 1977, Sampling Techniques, section 2.11).

    Parameters
    ----------
    above, below : array (draw,)

    Returns
    -------
    tuple of float
        nan twice where the mean below is 0.
    """
    base = float(mean(below))
    if base == 0:
        return math.nan, math.nan
    found = float(mean(above)) / base
    return found, float(standard_error(above - found * below)) / abs(base)
