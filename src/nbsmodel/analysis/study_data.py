"""Data that a study would give, simulated for every draw of the parameters.

One data set for each draw, from the values that the parameters have in it, as sufficient statistics: the share
counted, events per time at risk, the mean observed. Sizes differ between designs but luck does not: the uniform of
a draw and a datum is the same in all of them, so designs differ only in what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy

from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.numerics.random import uniforms

Array = Any


@dataclass(frozen=True)
class Data:
    """One kind of data in a study.

    Parameters
    ----------
    name, label : str
    kind : {'counts', 'events', 'mean'}
    informs : ParameterSet
        Members of a Dirichlet group, whose counts are multinomial; or a single parameter.
    """

    name: str
    label: str
    kind: str
    informs: ParameterSet


@dataclass(frozen=True)
class Size:
    """How much of a kind of data: observations or time at risk; of a mean also the spread of one observation."""

    amount: float
    sd: float = 0.0


def statistics(data: Data, size: Size, draws: pd.DataFrame, seed: int) -> list[Array]:
    """Sufficient statistics of one data set for every draw.

    ``counts``: binomial, or multinomial for several members, over the size; ``events``: Poisson with mean
    rate times size, over the size; ``mean``: normal about the parameter with standard error
    ``sd / sqrt(size)``.

    Parameters
    ----------
    data : Data
    size : Size
    draws : DataFrame
        A row a draw; columns of the parameters.
    seed : int

    Returns
    -------
    list of array (draw,)
        One for each member.
    """
    n, members = len(draws), data.informs.members
    luck = {m: uniforms(seed, "study data", f"{data.name} {m}", n) for m in members}
    values = {m: draws[m].to_numpy(dtype=float) for m in members}
    if data.kind == "mean":
        return [values[m] + size.sd / np.sqrt(size.amount) * scipy.special.ndtri(luck[m]) for m in members]
    if data.kind == "events":
        return [scipy.stats.poisson.ppf(luck[m], values[m] * size.amount) / size.amount for m in members]
    return _counts(values, luck, size.amount)


def _counts(values: dict[str, Array], luck: dict[str, Array], size: float) -> list[Array]:
    """Multinomial counts, one member after the other given those before."""
    left = np.full(len(next(iter(values.values()))), size)
    share = np.ones(len(left))
    found = []
    for member, p in values.items():
        chance = np.where(share > 0, np.clip(p / np.where(share > 0, share, 1.0), 0.0, 1.0), 0.0)
        drawn = scipy.stats.binom.ppf(luck[member], np.maximum(left, 1), chance)
        count = np.where((left > 0) & (chance > 0), drawn, 0.0)
        found.append(count / size)
        left, share = left - count, np.maximum(share - p, 0.0)
    return found
