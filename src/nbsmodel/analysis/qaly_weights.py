"""Weights on the QALYs of people with a severe condition: NICE's severity modifier and its weight for rare diseases.

Shortfall and cut-offs: NICE health technology evaluations manual (PMG36), 6.2.12 to 6.2.14, as coded in the published
calculators of QALY shortfall (Universities of York and Sheffield; Lumanity). Weight of highly specialised technologies:
equal increments between 1 and 3 over 10 to 30 undiscounted QALYs gained (Raftery, BMJ 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any

#: Weights of the severity modifier, smallest first, with the absolute (QALYs) and the proportional shortfall from
#: which each applies.
SEVERITY_WEIGHTS = (1.0, 1.2, 1.7)
ABSOLUTE_FROM = (12.0, 18.0)
PROPORTIONAL_FROM = (0.85, 0.95)
#: A shortfall this close below a cut-off has reached it: it is the difference of two rounded numbers.
ROUNDING = 1e-9

#: Undiscounted QALYs gained at which the weight for very rare diseases begins to rise, and at which it is full.
RARE_FROM, RARE_TO, RARE_MOST = 10.0, 30.0, 3.0

#: Currency per QALY at which highly specialised technologies are judged.
RARE_THRESHOLD = 100_000.0

UNWEIGHTED, SEVERITY, RARE = "unweighted", "severity", "hst"


@dataclass(frozen=True)
class Shortfall:
    """QALYs that people with the condition lose against the general population.

    Parameters
    ----------
    absolute : float or array
        QALYs without the condition less QALYs with it.
    proportional : float or array
        The same as a share of the QALYs without it.
    """

    absolute: Array
    proportional: Array

    @property
    def weight_absolute(self) -> Array:
        """Weight that the absolute shortfall would give alone."""
        return _step(self.absolute, ABSOLUTE_FROM)

    @property
    def weight_proportional(self) -> Array:
        """Weight that the proportional shortfall would give alone."""
        return _step(self.proportional, PROPORTIONAL_FROM)

    @property
    def weight(self) -> Array:
        """The larger of the two counts."""
        return np.maximum(self.weight_absolute, self.weight_proportional)


def shortfall(without: float, with_condition: Array) -> Shortfall:
    """Absolute and proportional QALY shortfall.

    Parameters
    ----------
    without : float
        Quality-adjusted life expectancy of the general population, above 0.
    with_condition : float or array
        Expected QALYs with the condition under current care, discounted at the same rate.
    """
    if not without > 0:
        raise ValueError(f"the general population has a quality-adjusted life expectancy above 0, found {without}")
    absolute = without - np.asarray(with_condition, dtype=float)
    return Shortfall(absolute, absolute / without)


def cut_offs(without: float) -> dict[float, float]:
    """QALYs with the condition at or below which each weight above 1 applies, by weight.

    For a weight it is the larger of ``without - absolute`` and ``without * (1 - proportional)``: the rule that is met
    first.
    """
    steps = zip(SEVERITY_WEIGHTS[1:], ABSOLUTE_FROM, PROPORTIONAL_FROM, strict=True)
    return {weight: max(without - a, without * (1 - p)) for weight, a, p in steps}


def rare_weight(gained: Array) -> Array:
    """Weight for highly specialised technologies, ``min(3, max(1, 1 + 2 (x - 10) / 20))``.

    Parameters
    ----------
    gained : float or array
        Undiscounted QALYs gained by an affected child over its life, x.
    """
    x = np.asarray(gained, dtype=float)
    rise = (RARE_MOST - 1) * (x - RARE_FROM) / (RARE_TO - RARE_FROM)
    return np.minimum(RARE_MOST, np.maximum(1.0, 1.0 + rise))


def weighted(affected: Array, others: Array, weight: Array) -> Array:
    """Incremental QALYs with those of affected children weighted: ``weight * affected + others``."""
    return weight * affected + others


def weighted_rows(
    increments: Mapping[str, float], weights: Mapping[str, float], thresholds: Mapping[str, tuple[float, ...]]
) -> list[dict[str, Any]]:
    """Results unweighted and weighted side by side, a row for each kind of weight and threshold.

    Parameters
    ----------
    increments : mapping of str to float
        ``cost``, ``affected`` and ``others``: incremental cost, and QALYs of affected children and of everybody
        else, per unit of the model's basis.
    weights : mapping of str to float
        Weight by kind.
    thresholds : mapping of str to tuple of float
        Thresholds by kind.

    Returns
    -------
    list of dict
        ``weighting, weight, threshold, inc_cost, inc_qaly_affected, inc_qaly_others, inc_qaly, icer, quadrant, inmb``.
    """
    from nbsmodel.analysis.incremental import quadrant

    cost, affected, others = increments["cost"], increments["affected"], increments["others"]
    rows = []
    for kind, weight in weights.items():
        gained = float(weighted(affected, others, weight))
        ratio = cost / gained if cost * gained > 0 else np.nan
        for threshold in thresholds[kind]:
            rows.append(
                {
                    "weighting": kind, "weight": float(weight), "threshold": threshold, "inc_cost": cost,
                    "inc_qaly_affected": affected, "inc_qaly_others": others, "inc_qaly": gained, "icer": ratio,
                    "quadrant": quadrant(cost, gained), "inmb": threshold * gained - cost,
                }
            )  # fmt: skip
    return rows


def draw_summary(name: str, draws: Array) -> dict[str, float]:
    """Mean and 95% interval over draws: ``<name>_mean``, ``<name>_low95``, ``<name>_high95``."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return {f"{name}_mean": float(np.mean(draws)), f"{name}_low95": float(low), f"{name}_high95": float(high)}


def weight_shares(weights: Array) -> dict[float, float]:
    """Share of draws with each severity weight."""
    return {weight: float(np.mean(np.asarray(weights) == weight)) for weight in SEVERITY_WEIGHTS}


def _step(value: Array, edges: tuple[float, ...]) -> Array:
    """Weight of a shortfall: at an edge the larger weight applies."""
    reached = np.asarray(value, dtype=float) + ROUNDING
    return np.asarray(SEVERITY_WEIGHTS)[np.searchsorted(edges, reached, side="right")]
