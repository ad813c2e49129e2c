"""A strategy set against another: increments, net benefit, ratio and quadrant, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.analysis.incremental import quadrant
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences

Array = Any


@dataclass(frozen=True)
class Pair:
    """A strategy and what it is set against, by name."""

    strategy: str
    against: str


def pairs_of(
    strategies: Sequence[str], comparator: str, strategy: str | None = None, against: Sequence[str] = ()
) -> list[Pair]:
    """Pairs of strategies to compare.

    Parameters
    ----------
    strategies : sequence of str
    comparator : str
    strategy : str, optional
        Only pairs of this one.
    against : sequence of str
        What strategies are set against, the comparator when nothing is said.

    Returns
    -------
    list of Pair
        Each two strategies once; the comparator is only ever what others are set against.
    """
    found: list[Pair] = []
    for base in against or (comparator,):
        for name in strategies:
            wanted = name not in (base, comparator) and strategy in (None, name)
            if wanted and Pair(base, name) not in found and Pair(name, base) not in found:
                found.append(Pair(name, base))
    return found


@dataclass(frozen=True)
class Contrast:
    """Costs and effects of two strategies.

    Parameters
    ----------
    cost, effect : array (row, 2)
        Of the strategy and of what it is set against.
    """

    cost: Array
    effect: Array

    @property
    def inc_cost(self) -> Array:
        """Difference in cost, (row,); exactly 0 where it is rounding error."""
        return differences(self.cost[:, 0], self.cost[:, 1])

    @property
    def inc_effect(self) -> Array:
        """Difference in effect, (row,); exactly 0 where it is rounding error."""
        return differences(self.effect[:, 0], self.effect[:, 1])

    def inmb(self, threshold: float) -> Array:
        """Incremental net monetary benefit, (row,): difference of ``threshold * effect - cost``."""
        nb = threshold * self.effect - self.cost
        return differences(nb[:, 0], nb[:, 1])

    @property
    def icer(self) -> Array:
        """Cost per unit gained, or saved per unit lost, (row,); nan where the ratio means nothing."""
        cost, effect = self.inc_cost, self.inc_effect
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where(cost * effect > 0, cost / effect, np.nan)

    @property
    def quadrants(self) -> list[str]:
        """Where each difference lies on the cost-effectiveness plane, in words."""
        return [quadrant(c, e) for c, e in zip(self.inc_cost.tolist(), self.inc_effect.tolist(), strict=True)]


def contrast(sample: Sample, pair: Pair) -> Contrast:
    """Costs and effects of a pair of strategies, a row a row of the sample."""
    both = [sample.strategies.index(pair.strategy), sample.strategies.index(pair.against)]
    return Contrast(sample.cost[:, both], sample.effect[:, both])
