"""Acceptability curves, their frontier, expected losses, and the value of perfect information.

A loss is what is forgone by not taking the strategy that is best in the very draw. Everything here is
made from losses: who is best in a draw, who is best on average (least expected loss), and the value of
perfect information (the expected loss of that one). Fenwick, Claxton and Sculpher (2001), "Representing
uncertainty: the role of cost-effectiveness acceptability curves", Health Economics 10:779-787; Briggs,
Claxton and Sculpher (2006), Decision Modelling for Health Economic Evaluation, ch. 5 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.estimates import mean, ratio, standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import same, shares, shortfall

Array = Any

CEAC_COLUMNS = [
    "threshold", "strategy", "probability", "probability_se", "mean_nmb", "mean_nmb_se", "frontier",
    "expected_loss", "expected_loss_se",
]  # fmt: skip
EVPI_COLUMNS = [
    "threshold", "strategy", "evpi", "evpi_se", "per_case", "per_case_se", "per_year", "per_year_se",
    "population", "population_se",
]  # fmt: skip


@dataclass(frozen=True)
class Losses:
    """Losses of every strategy in every draw, at one threshold.

    Parameters
    ----------
    by_draw : array (draw, strategy)
        Highest net benefit of the draw less that of the strategy; exactly 0 for the best and its equals.
    expected : array (strategy,)
        Means over the draws.
    on_frontier : bool array (strategy,)
        Whether a strategy has the highest expected net benefit, which is the least expected loss;
        several have where they tie.
    """

    by_draw: Array
    expected: Array
    on_frontier: Array

    @property
    def probability(self) -> Array:
        """Share of draws in which each strategy is best, ties split equally, (draw, strategy)."""
        return shares(self.by_draw)

    @property
    def decision(self) -> int:
        """Place of the strategy that is best on average, the first of several."""
        return int(np.argmax(self.on_frontier))


def losses(sample: Sample, threshold: float) -> Losses:
    """Losses at a threshold, in money per unit of the model's basis.

    Parameters
    ----------
    sample : Sample
    threshold : float
        From 0.
    """
    size = (np.abs(threshold * sample.effect) + np.abs(sample.cost)).max(axis=1)
    by_draw = shortfall(sample.net_benefit(threshold), size)
    expected = by_draw.mean(axis=0)
    return Losses(by_draw, expected, shortfall(-expected, size.mean()) == 0)


def threshold_grid(thresholds: Sequence[float], to: float, steps: int) -> list[float]:
    """Equal steps from 0, and the thresholds of the analysis among them, in order.

    Parameters
    ----------
    thresholds : sequence of float
    to : float
        Last of the steps.
    steps : int
        How many points, 0 and `to` among them.
    """
    even = [to * i / (steps - 1) for i in range(steps)]
    return sorted([*(t for t in even if not any(same(t, own) for own in thresholds)), *map(float, thresholds)])


def acceptability_table(sample: Sample, thresholds: Sequence[float]) -> pd.DataFrame:
    """Acceptability curves, their frontier and expected losses.

    Parameters
    ----------
    sample : Sample
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        Columns ``threshold, strategy, probability, probability_se, mean_nmb, mean_nmb_se, frontier,
        expected_loss, expected_loss_se``. The probabilities of a threshold add up to 1. ``frontier``
        marks the strategy with the highest expected net benefit (all of them where several tie), which
        need not be the one that is most probably the best.
    """
    rows: list[list[object]] = []
    for threshold in thresholds:
        found, nb = losses(sample, threshold), sample.net_benefit(threshold)
        best = found.probability
        numbers = [best.mean(axis=0), standard_error(best), mean(nb), standard_error(nb)]
        numbers += [found.on_frontier, found.expected, standard_error(found.by_draw)]
        for s, strategy in enumerate(sample.strategies):
            rows.append([float(threshold), strategy, *(column[s] for column in numbers)])
    return pd.DataFrame(rows, columns=CEAC_COLUMNS)


def evpi_table(sample: Sample, thresholds: Sequence[float], years: float | None) -> pd.DataFrame:
    """Expected value of perfect information.

    ``EVPI = mean(max_d NB_d) - max_d mean(NB_d)``, which is the expected loss of the strategy that is best
    on average; exactly 0 where that one is best in every draw.

    Parameters
    ----------
    sample : Sample
    thresholds : sequence of float
    years : float or None
        Years of births that the decision stands for, discounted (`effective_population` of one birth a
        year); None when it stands for no population.

    Returns
    -------
    DataFrame
        Columns ``threshold, strategy`` (the one that is best on average), ``evpi, evpi_se`` per unit of the
        model's basis, and with their errors ``per_case`` (per child with the condition: ratio of the
        means), ``per_year`` (mean births a year times EVPI) and ``population`` (`years` times that); nan where
        the model has no cases or births.
    """
    rows: list[list[object]] = []
    for threshold in thresholds:
        found = losses(sample, threshold)
        loss, evpi = found.by_draw[:, found.decision], float(found.expected[found.decision])
        case = ratio(loss, sample.cases) if sample.cases is not None else (np.nan, np.nan)
        year = population = (np.nan, np.nan)
        if sample.births is not None:
            births = float(mean(sample.births))
            # of a product of two means: each varies while the other stands at its own
            year = evpi * births, float(standard_error(loss * births + evpi * sample.births))
            if years is not None:
                population = years * year[0], years * year[1]
        rows.append(
            [
                float(threshold),
                sample.strategies[found.decision],
                evpi,
                float(standard_error(loss)),
                *case,
                *year,
                *population,
            ]
        )
    return pd.DataFrame(rows, columns=EVPI_COLUMNS)
