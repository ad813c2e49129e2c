"""Costs and effects of every strategy over draws (or over chosen points): what the analyses read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Sample:
    """Outcomes of strategies, a row a draw.

    Parameters
    ----------
    strategies : tuple of str
        Order of the strategy axis.
    comparator : int
        Place of the comparator in it.
    cost, effect : array (draw, strategy)
        Discounted, per unit of the model's basis (birth or patient).
    draws : int array (draw,)
        Number of each draw, to pair outcomes with the parameters they came from.
    births : array (draw,) or None
        Births a year, of a model that has them.
    cases : array (draw,) or None
        Share of births with the condition, where the model marks them.
    outcomes : mapping of str to array (draw, strategy)
        Every outcome of the model, discounted, cost and effect among them.
    """

    strategies: tuple[str, ...]
    comparator: int
    cost: Array
    effect: Array
    draws: Array
    births: Array | None = None
    cases: Array | None = None
    outcomes: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.draws)

    @property
    def others(self) -> tuple[int, ...]:
        """Places of the strategies that are set against the comparator."""
        return tuple(s for s in range(len(self.strategies)) if s != self.comparator)

    def net_benefit(self, threshold: float) -> Array:
        """Net monetary benefit ``threshold * effect - cost``, (draw, strategy)."""
        return threshold * self.effect - self.cost

    def incremental_net_benefit(self, threshold: float) -> Array:
        """Net monetary benefit less that of the comparator, (draw, strategy); exactly 0 for the comparator."""
        nb = self.net_benefit(threshold)
        return nb - nb[:, [self.comparator]]

    def increments(self, strategy: int) -> tuple[Array, Array]:
        """Cost and effect of a strategy less those of the comparator, each (draw,)."""
        base = self.comparator
        return self.cost[:, strategy] - self.cost[:, base], self.effect[:, strategy] - self.effect[:, base]

    def paired(self, draws: Array) -> None:
        """Refuse parameters of another run.

        Parameters
        ----------
        draws : int array (draw,)
            Numbers of the draws of a table of parameters.

        Raises
        ------
        ValueError
            When they are not those of the outcomes, in the same order.
        """
        if len(draws) != len(self.draws) or not np.array_equal(draws, self.draws):
            raise ValueError(
                f"parameters and outcomes are not of the same draws: {len(draws)} draws of parameters, "
                f"{len(self.draws)} of outcomes, {len(np.intersect1d(draws, self.draws))} in both"
            )
