"""What a simulation is asked for, and what it knows about its own error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any

#: What all random numbers of simulated children are keyed by, beside the seed.
PURPOSE = "child"

#: Half the width of a 95% interval, in standard errors.
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Simulation:
    """What is asked of a microsimulation.

    Parameters
    ----------
    individuals : int
        Children simulated per draw; the most, when a precision is asked for.
    seed : int
    half_width : float or None
        Stop once half the 95% interval of each strategy's incremental net benefit, at the first
        threshold and per unit of the model's basis, is at most this.
    keep : int
        Children whose own totals, attributes and routes are kept (runs at base values only).
    """

    individuals: int = 100_000
    seed: int = 1
    half_width: float | None = None
    keep: int = 0


@dataclass(frozen=True)
class Children:
    """The first children of a run, one by one.

    Parameters
    ----------
    totals : array (strategy, outcome, individual)
        Discounted totals of each child itself: not weighted by how rare it is.
    attributes : dict of str to array (individual,)
    leaf : int array (strategy, individual)
        Position of each child's leaf in `leaves`.
    leaves : tuple of str
        Paths through the tree.
    """

    totals: Array
    attributes: dict[str, Array]
    leaf: Array
    leaves: tuple[str, ...]

    @staticmethod
    def joined(parts: Sequence[Children]) -> Children:
        """Several blocks of children as one."""
        return Children(
            np.concatenate([p.totals for p in parts], axis=2),
            {name: np.concatenate([p.attributes[name] for p in parts]) for name in parts[0].attributes},
            np.concatenate([p.leaf for p in parts], axis=1),
            parts[0].leaves,
        )


@dataclass(frozen=True)
class SimulationError:
    """Moments of the simulated children, and the errors that follow from them.

    A mean is weighted by the share of the population that is simulated; everything else is exact
    arithmetic and has no error of simulation. All errors are for one draw: what a different seed would
    change, not what different parameters would.

    Parameters
    ----------
    asked : Simulation
    individuals : int
        Children simulated per draw.
    strategies, outcomes : tuple of str
    comparator : int
    mass : array (draw, strategy)
        Share of the population that is simulated.
    sums : array (draw, strategy * outcome)
    products : array (draw, strategy * outcome, strategy * outcome)
        Of deviations from the means.
    differ : int array (strategy,)
        Children, over all draws, with another discounted total of some outcome than under the
        comparator.
    rerouted : int array (strategy,)
        Children who leave the tree by another leaf than under the comparator.
    children : Children or None
    events : mapping of (cohort, outcome) to array (draw, strategy, row)
        Outcomes that count events, per simulated child, as they add up; when traces are kept.
    """

    asked: Simulation
    individuals: int
    strategies: tuple[str, ...]
    outcomes: tuple[str, ...]
    comparator: int
    mass: Array
    sums: Array
    products: Array
    differ: Array
    rerouted: Array
    children: Children | None = field(default=None)
    events: Mapping[tuple[str, str], Array] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """The seed."""
        return self.asked.seed

    def _weights(self, outcome: str, strategy: int, against: int | None) -> Array:
        """What a mean is made of: a weight for each quantity, (draw, quantity)."""
        weights = np.zeros((len(self.mass), self.sums.shape[1]))
        position = self.outcomes.index(outcome)
        weights[:, strategy * len(self.outcomes) + position] += self.mass[:, strategy]
        if against is not None:
            weights[:, against * len(self.outcomes) + position] -= self.mass[:, against]
        return weights

    def variance_of_child(self, weights: Array) -> Array:
        """Variance between children of a weighted sum of their totals, (draw,); NaN for a single child."""
        n = self.individuals
        if n < 2:  # one child has no spread: nothing is known of the error
            return np.full(len(weights), np.nan)
        return np.maximum(np.einsum("dk,dkl,dl->d", weights, self.products, weights), 0.0) / (n - 1)

    def _error(self, weights: Array) -> Array:
        return np.sqrt(self.variance_of_child(weights) / self.individuals)

    def of_mean(self, outcome: str, strategy: int) -> Array:
        """Standard error of a discounted mean, (draw,)."""
        return self._error(self._weights(outcome, strategy, None))

    def of_increment(self, outcome: str, strategy: int, against: int | None = None) -> Array:
        """Standard error of an increment, with both strategies lived by the same children, (draw,)."""
        against = self.comparator if against is None else against
        return self._error(self._weights(outcome, strategy, against))

    def net_benefit_weights(self, effect: str, threshold: float, strategy: int, against: int | None) -> Array:
        """Weights of a net monetary benefit, or of its increment."""
        return threshold * self._weights(effect, strategy, against) - self._weights("cost", strategy, against)

    def of_net_benefit(self, effect: str, threshold: float, strategy: int, against: int | None = None) -> Array:
        """Standard error of a net monetary benefit, or of its increment against another strategy, (draw,)."""
        return self._error(self.net_benefit_weights(effect, threshold, strategy, against))


@dataclass(frozen=True)
class Decomposition:
    """Variance over draws, split into what parameters and what simulation bring about.

    Analysis of variance of nested runs, after O'Hagan, Stevenson and Madan (2007), "Monte Carlo
    probabilistic sensitivity analysis for patient level simulation models", Health Economics 16:1009-1023.

    Parameters
    ----------
    quantity : str
    total : float
        Variance of the draws' simulated means.
    simulation : float
        Mean over draws of the variance of a mean that simulation brings about.
    individuals : int
        Per draw.
    """

    quantity: str
    total: float
    simulation: float
    individuals: int

    @property
    def parameters(self) -> float:
        """What remains for parameter uncertainty; at least 0."""
        return max(self.total - self.simulation, 0.0)

    @property
    def noise(self) -> float:
        """Share of the variance that simulation brings about."""
        return self.simulation / self.total if self.total > 0 else 0.0

    def individuals_for(self, noise: float) -> float:
        """Individuals per draw at which simulation brings about this share of the variance."""
        if self.parameters <= 0:
            return float("inf")
        within = self.simulation * self.individuals
        return float(np.ceil(within * (1 - noise) / (noise * self.parameters)))

    @property
    def worthwhile(self) -> float:
        """Individuals per draw that give the best estimate of the parameters' variance for the work.

        ``1 + within / between``: of all ways to spend a fixed number of individuals on draws, the
        one with the smallest variance of the estimated variance of the mean, when draws are many.
        """
        if self.parameters <= 0:
            return float("inf")
        return float(np.ceil(1 + self.simulation * self.individuals / self.parameters))


def decompose(quantity: str, means: Sequence[float] | Array, error: SimulationError, weights: Array) -> Decomposition:
    """Split the variance of a quantity over draws.

    Parameters
    ----------
    quantity : str
    means : array (draw,)
        The quantity in each draw, simulated and exact parts together.
    error : SimulationError
    weights : array (draw, quantity)
        What the quantity is made of, as from `SimulationError.net_benefit_weights`.
    """
    total = float(np.var(np.asarray(means), ddof=1)) if len(means) > 1 else 0.0
    simulation = float(np.mean(error.variance_of_child(weights) / error.individuals))
    return Decomposition(quantity, total, simulation, error.individuals)
