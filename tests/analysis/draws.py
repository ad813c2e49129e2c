"""Samples of costs and effects made by hand, for the tests of the decision measures."""

from __future__ import annotations

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.numerics.random import uniforms


def sample_of(cost, effect, comparator=0, births=None, cases=None, outcomes=None):
    """A sample from arrays (draw, strategy)."""
    cost, effect = np.asarray(cost, dtype=float), np.asarray(effect, dtype=float)
    names = tuple("abcdefgh"[: cost.shape[1]])
    return Sample(
        strategies=names, comparator=comparator, cost=cost, effect=effect, draws=np.arange(len(cost)),
        births=births, cases=cases, outcomes={"cost": cost, "qaly": effect} | (outcomes or {}),
    )  # fmt: skip


def normals(seed, name, n):
    """Standard normal numbers of a keyed stream."""
    from scipy.special import ndtri

    return ndtri(uniforms(seed, "tests", name, n))


def random_sample(seed, draws=200, strategies=3, scale=1.0):
    """Costs and effects of unlike strategies."""
    cost = np.stack(
        [1000 * scale * (s + 1) + 900 * scale * normals(seed, f"cost {s}", draws) for s in range(strategies)], 1
    )
    effect = np.stack([10 + 0.05 * s + 0.1 * normals(seed, f"effect {s}", draws) for s in range(strategies)], 1)
    return sample_of(cost, effect)
