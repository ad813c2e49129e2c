"""Several conditions on one shared test: together, without each, alone, and which of them to have.

All amounts are differences from no screening, per birth. Conditions add up but for the cost that they share, which
is paid once as long as any condition is tested for: ``cost(S) = shared + sum of cost_c over c in S`` and ``effect(S)
= sum of effect_c``, for every set S that is not empty. Sums are made in the order of the names, so that no number
depends on the order in which conditions are listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.estimates import INTERVAL, mean, spread, standard_error
from nbsmodel.analysis.incremental import quadrant
from nbsmodel.analysis.sample import Sample

Array = Any

NONE, ALL, ONLY, WITHOUT = "no_screening", "all", "only_", "without_"
#: Up to so many conditions all options are set side by side; of more only none and all.
MOST_OPTIONS = 3


@dataclass(frozen=True)
class PanelSample:
    """What each condition costs and gives on the shared test, without the shared cost.

    Parameters
    ----------
    names : tuple of str
        Conditions, sorted.
    cost, effect : array (condition, draw)
        Screening less no screening, per birth.
    shared : array (draw,)
        Shared cost per birth, paid once.
    draws : int array (draw,)
    """

    names: tuple[str, ...]
    cost: Array
    effect: Array
    shared: Array
    draws: Array

    def net_benefit(self, threshold: float) -> Array:
        """Marginal net monetary benefit ``threshold * effect - cost`` of each condition, (condition, draw)."""
        return threshold * self.effect - self.cost

    def option(self, name: str) -> tuple[Array, Array]:
        """Cost and effect of an option (see `options_of`), each (draw,)."""
        everything = sum_in_order(self.cost) + self.shared, sum_in_order(self.effect)
        if name == NONE:
            return np.zeros(len(self.draws)), np.zeros(len(self.draws))
        if name == ALL:
            return everything
        kind, i = (ONLY, self._place(name, ONLY)) if name.startswith(ONLY) else (WITHOUT, self._place(name, WITHOUT))
        if kind == ONLY:
            return self.cost[i] + self.shared, self.effect[i]
        if len(self.names) == 1:  # nothing is left, and nothing is paid
            return self.option(NONE)
        return everything[0] - self.cost[i], everything[1] - self.effect[i]

    def marginal(self, i: int) -> tuple[Array, Array]:
        """What a condition adds to all others: it bears the shared cost only where there are no others."""
        return (self.cost[i] + self.shared if len(self.names) == 1 else self.cost[i]), self.effect[i]

    def _place(self, name: str, kind: str) -> int:
        return self.names.index(name.removeprefix(kind))


def sum_in_order(values: Array) -> Array:
    """Sum over the first axis, one after the other: adding zeros changes no bit."""
    total = np.zeros(values.shape[1:])
    for value in values:
        total = total + value
    return total


def options_of(names: Sequence[str], most: int = MOST_OPTIONS) -> list[str]:
    """Options set side by side, each once: of two conditions, one without the other is the other alone.

    Parameters
    ----------
    names : sequence of str
    most : int
        With more conditions only no screening and all.
    """
    if len(names) > most or len(names) == 1:
        return [NONE, ALL]
    without = [f"{WITHOUT}{name}" for name in names] if len(names) > 2 else []
    return [NONE, *(f"{ONLY}{name}" for name in names), *without, ALL]


def option_sample(sample: PanelSample, options: Sequence[str], effect: str) -> Sample:
    """Options as the strategies of a sample, for the analyses of draws.

    Parameters
    ----------
    sample : PanelSample
    options : sequence of str
    effect : str
        Name of the effect.
    """
    parts = [sample.option(name) for name in options]
    cost, gained = (np.column_stack([part[i] for part in parts]) for i in (0, 1))
    return Sample(tuple(options), list(options).index(NONE), cost, gained, sample.draws,
                  outcomes={"cost": cost, effect: gained})  # fmt: skip


def best_subset(net_benefit: Sequence[float], shared: float) -> tuple[list[int], float]:
    """Conditions that are worth having on the test, and the net benefit of having them.

    Given the shared cost conditions add up, so the best set that is not empty has every condition with a
    positive marginal net benefit; it is worth its shared cost when their sum exceeds it. Exact for any number.

    Parameters
    ----------
    net_benefit : sequence of float
        Marginal net monetary benefit of each condition.
    shared : float

    Returns
    -------
    tuple of list of int and float
        Empty and 0 where no screening is best.
    """
    worth = [i for i, value in enumerate(net_benefit) if value > 0]
    total = float(sum_in_order(np.array([[net_benefit[i]] for i in worth]).reshape(-1, 1))[0])
    return (worth, total - shared) if total > shared else ([], 0.0)


@dataclass(frozen=True)
class Reading:
    """A cost and an effect less those of no screening, and what follows from them."""

    cost: float
    effect: float

    @property
    def icer(self) -> float:
        """Their ratio where both have one sign; nan elsewhere."""
        return self.cost / self.effect if self.cost * self.effect > 0 else np.nan

    def row(self, thresholds: Sequence[float]) -> list[object]:
        """Cost, effect, ratio, quadrant, and net benefit at each threshold."""
        benefits = [threshold * self.effect - self.cost for threshold in thresholds]
        return [self.cost, self.effect, self.icer, quadrant(self.cost, self.effect), *benefits]


def reading_columns(effect: str, thresholds: Sequence[float]) -> list[str]:
    """Columns of `Reading.row`."""
    return ["inc_cost", f"inc_{effect}", "icer", "quadrant", *(f"inmb_{t:g}" for t in thresholds)]


def best_table(sample: PanelSample, thresholds: Sequence[float]) -> pd.DataFrame:
    """The best set of conditions at each threshold, from the means over the draws.

    Returns
    -------
    DataFrame
        Columns ``threshold, conditions`` (separated by ``;``), ``number, inmb`` (net of the shared cost),
        ``shared_cost, worth_before_shared`` (sum of the positive marginal net benefits), ``all_inmb``.
    """
    shared = float(mean(sample.shared))
    rows: list[list[object]] = []
    for threshold in thresholds:
        benefits = mean(sample.net_benefit(threshold).T)
        worth, total = best_subset(benefits, shared)
        positive = float(sum_in_order(np.maximum(benefits, 0.0)[:, None])[0])
        together = float(sum_in_order(benefits[:, None])[0]) - shared
        names = "; ".join(sample.names[i] for i in worth)
        rows.append([float(threshold), names, len(worth), total, shared, positive, together])
    columns = ["threshold", "conditions", "number", "inmb", "shared_cost", "worth_before_shared", "all_inmb"]
    return pd.DataFrame(rows, columns=columns)


def break_even_table(
    sample: PanelSample, thresholds: Sequence[float], tested: float, used: float, set_up: float,
    tests: Sequence[float], marginal: Sequence[float],
) -> pd.DataFrame:  # fmt: skip
    """Costs of a test at which it is just worth it, by formula.

    All conditions together: ``shared* = (sum of marginal net benefits - set-up cost per birth) / share tested``.
    One condition beside others: ``marginal* = marginal + net benefit / tests per birth``.

    Parameters
    ----------
    sample : PanelSample
        At base values: one draw.
    thresholds : sequence of float
    tested : float
        Share of births that have the shared test.
    used : float
        Its cost as it stands.
    set_up : float
        Set-up cost per birth.
    tests : sequence of float
        By how much the cost per birth of each condition rises with its marginal cost; nan where it is no straight
        line.
    marginal : sequence of float
        Marginal costs as they stand.

    Returns
    -------
    DataFrame
        Columns ``threshold, quantity`` (``shared_cost`` or ``marginal_cost``), ``condition`` (empty for the shared
        cost), ``used, break_even, change``; a negative value says that it is not worth it even for nothing.
    """
    rows: list[list[object]] = []
    for threshold in thresholds:
        benefits = sample.net_benefit(threshold)[:, 0]
        total = float(sum_in_order(benefits[:, None])[0])
        found = (total - set_up) / tested if tested > 0 else np.nan
        rows.append([float(threshold), "shared_cost", "", used, found, found - used])
        for name, benefit, each, now in zip(sample.names, benefits, tests, marginal, strict=True):
            own = benefit - float(sample.shared[0]) if len(sample.names) == 1 else benefit
            most = now + own / each if each > 0 else np.nan
            rows.append([float(threshold), "marginal_cost", name, now, most, most - now])
    return pd.DataFrame(rows, columns=["threshold", "quantity", "condition", "used", "break_even", "change"])


MARGINAL_COLUMNS = [
    "option", "quantity", "threshold", "mean", "se", "sd", "low95", "high95", "base", "probability_positive",
    "probability_se",
]  # fmt: skip


def marginal_draws_table(sample: PanelSample, base: PanelSample, thresholds: Sequence[float]) -> pd.DataFrame:
    """What each condition adds, and what all give together, over the draws.

    Parameters
    ----------
    sample, base : PanelSample
        Over the draws, and at base values.
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        Columns ``option`` (a condition, or ``all``), ``quantity`` (``cost``, ``effect``, ``inmb``),
        ``threshold`` (nan but for ``inmb``), ``mean, se`` (Monte Carlo), ``sd, low95, high95`` (between draws),
        ``base``, and for ``inmb`` the share of draws in which it is positive with its error.
    """
    rows = [
        [name, *part]
        for i, name in enumerate(sample.names)
        for part in _quantities(sample.marginal(i), base.marginal(i), thresholds)
    ]
    rows += [[ALL, *part] for part in _quantities(sample.option(ALL), base.option(ALL), thresholds)]
    return pd.DataFrame(rows, columns=MARGINAL_COLUMNS)


def _quantities(
    drawn: tuple[Array, Array], base: tuple[Array, Array], thresholds: Sequence[float]
) -> Iterator[list[object]]:
    (cost, effect), (base_cost, base_effect) = drawn, base
    yield ["cost", np.nan, *_spread(cost), float(base_cost[0]), np.nan, np.nan]
    yield ["effect", np.nan, *_spread(effect), float(base_effect[0]), np.nan, np.nan]
    for threshold in thresholds:
        benefit = threshold * effect - cost
        positive = (benefit > 0).astype(float)
        yield [
            "inmb", float(threshold), *_spread(benefit), float(threshold * base_effect[0] - base_cost[0]),
            float(positive.mean()), float(standard_error(positive)),
        ]  # fmt: skip


def _spread(values: Array) -> list[float]:
    low, high = np.quantile(values, INTERVAL)
    return [float(mean(values)), float(standard_error(values)), float(spread(values)), float(low), float(high)]
