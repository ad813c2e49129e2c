"""What the analyses of the value of information share: net benefits of the draws, and the gain of deciding better.

With information on something, the strategy that is best given it is taken. What that is worth is
``mean_i(max_d g_d(i)) - max_d mean(NB_d)``, where ``g_d(i)`` is the net benefit of strategy d that is expected once the
information of draw i is there. With ``d*`` the strategy that is best without it, this is the mean over the draws of
``max_d g_d(i) - g_d*(i)``: exactly 0 when no information of the draws would change the decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.analysis.acceptability import losses
from nbsmodel.analysis.conditional_mean import ConditionalMeans
from nbsmodel.analysis.estimates import mean, standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import shortfall

Array = Any

#: Simulations of the error of a regression, and rows in which they are looked at.
SIMULATIONS, ROWS = 200, 1_000


@dataclass(frozen=True)
class Estimate:
    """A value per unit of the model's basis, with its standard error."""

    value: float
    se: float


class NetBenefits:
    """Net benefits of the draws at some thresholds.

    Parameters
    ----------
    sample : Sample
    thresholds : sequence of float

    Attributes
    ----------
    responses : array (draw, strategies - 1 times thresholds)
        Incremental net benefits, a strategy after the other, each at all thresholds.
    decisions : list of int
        Place of the strategy with the highest expected net benefit, by threshold.
    evpi : list of Estimate
        Expected value of perfect information, by threshold.
    """

    def __init__(self, sample: Sample, thresholds: Sequence[float]) -> None:
        self.sample, self.thresholds = sample, list(map(float, thresholds))
        found = [losses(sample, t) for t in self.thresholds]
        self.decisions = [f.decision for f in found]
        self.evpi = [
            Estimate(float(f.expected[f.decision]), float(standard_error(f.by_draw[:, f.decision]))) for f in found
        ]
        increments = np.stack([sample.incremental_net_benefit(t) for t in self.thresholds], axis=2)
        self.responses: Array = increments[:, list(sample.others)].reshape(len(sample), -1)

    def which(self, threshold: int) -> list[int]:
        """Columns of the responses at a threshold, given by its place; a column a strategy but the comparator."""
        return [s * len(self.thresholds) + threshold for s in range(len(self.sample.others))]

    def spread(self, fitted: Array, threshold: int) -> Array:
        """Fitted responses at a threshold with the comparator among them, (draw, strategy)."""
        found = np.zeros((len(fitted), len(self.sample.strategies)))
        found[:, list(self.sample.others)] = fitted[:, self.which(threshold)]
        return found

    def mean_increments(self, threshold: int) -> Array:
        """Expected net benefit of each strategy less that of the comparator, (strategy,)."""
        return mean(self.sample.incremental_net_benefit(self.thresholds[threshold]))

    def size(self, threshold: int) -> Array:
        """Size of the numbers that net benefits are differences of, (draw,)."""
        s = self.sample
        return (np.abs(self.thresholds[threshold] * s.effect) + np.abs(s.cost)).max(axis=1)

    def gain(self, means: ConditionalMeans, threshold: int) -> Array:
        """What the better decision gains in each draw, (draw,)."""
        fitted = self.spread(means.fitted, threshold)
        return shortfall(fitted, self.size(threshold))[:, self.decisions[threshold]]

    def value(
        self, means: ConditionalMeans, threshold: int, seed: int, name: str, source: ConditionalMeans | None = None
    ) -> Estimate:
        """Value of knowing what the means are given, with its standard error.

        Parameters
        ----------
        means : ConditionalMeans
            Of ``responses``, or of fitted values of `source`.
        threshold : int
            Its place.
        seed, name
            Of the stream of random numbers for the error.
        source : ConditionalMeans, optional
        """
        alone = (1.0, np.zeros(len(self.sample.strategies)))
        (se,) = self.standard_errors(means, threshold, seed, name, [alone], source)
        return Estimate(float(self.gain(means, threshold).mean()), se)

    def standard_errors(
        self, means: ConditionalMeans, threshold: int, seed: int, name: str,
        sums: Sequence[tuple[float, Array]], source: ConditionalMeans | None = None,
    ) -> list[float]:  # fmt: skip
        """Standard errors of sums of a value and expected net benefits.

        Two errors are added up: that of the draws (the standard error of a mean over them) and that of the
        regression (root mean square change over simulated coefficients, as in Strong, Oakley and Brennan
        2014).

        Parameters
        ----------
        means, threshold, seed, name, source
            See `value`.
        sums : sequence of (float, array (strategy,))
            What the value is multiplied with, and the expected net benefit of each strategy.
        """
        gain, fitted = self.gain(means, threshold), self.spread(means.fitted, threshold)
        rows = np.unique(np.linspace(0, len(gain) - 1, min(len(gain), ROWS)).astype(int))
        errors, level = means.errors(self.which(threshold), rows, SIMULATIONS, seed, name, source)
        others, decision = list(self.sample.others), self.decisions[threshold]
        looked = fitted[rows]
        moved = np.repeat(looked.T[:, :, None], SIMULATIONS, axis=2)
        moved[others] += errors
        middle = np.repeat(self.mean_increments(threshold)[:, None], SIMULATIONS, axis=1)
        middle[others] += level
        with_it = (moved.max(axis=0) - moved[decision]).mean(axis=0)
        without = middle.max(axis=0) - middle[decision]
        change = with_it - without - (looked.max(axis=1) - looked[:, decision]).mean()
        found = []
        for times, weights in sums:
            of_draws = standard_error(times * gain + fitted @ weights)
            of_fit = times * change + weights[others] @ level
            found.append(float(np.hypot(of_draws, np.sqrt((of_fit**2).mean()))))
        return found
