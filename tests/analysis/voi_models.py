"""Draws with net benefits made by hand, for the tests of the value of information."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.sample import Sample


def sample_from(*net_benefits, births=None, cases=None):
    """A sample whose net benefit at any threshold is that given; a strategy each, the first the comparator."""
    nb = np.column_stack(net_benefits)
    n = len(nb)
    return Sample(
        strategies=tuple("abcdefgh"[: nb.shape[1]]), comparator=0, cost=-nb, effect=np.zeros_like(nb),
        draws=np.arange(n), births=births, cases=cases,
    )  # fmt: skip


def frame(**columns):
    """A table of draws, indexed by their number."""
    table = pd.DataFrame(columns)
    table.index.name = "draw"
    return table


def single(*names):
    """Sets of one parameter each."""
    return [ParameterSet(name, name, (name,)) for name in names]


def unit_loss(mean, sd):
    """Value of knowing a normal net benefit: ``sd phi(mean / sd) - |mean| Phi(-|mean| / sd)``."""
    z = abs(mean) / sd
    return sd * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - abs(mean) * math.erfc(z / math.sqrt(2)) / 2


def normal_model(k, n, seed):
    """The model of the voi package: 0 against ``k p1 - p2``, p1 ~ N(1, 1), p2 ~ N(0, sd 2)."""
    rng = np.random.default_rng(seed)
    draws = frame(p1=rng.normal(1, 1, n), p2=rng.normal(0, 2, n))
    return sample_from(np.zeros(n), (k * draws["p1"] - draws["p2"]).to_numpy()), draws
