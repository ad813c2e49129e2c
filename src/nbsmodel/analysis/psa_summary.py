"""Means, errors and 95% intervals of a probabilistic analysis, beside the run at base values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.children import Z95
from nbsmodel.analysis.estimates import INTERVAL, mean, ratio, spread, standard_error
from nbsmodel.analysis.incremental import FRONTIER, incremental_table
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences, same

Array = Any

NMB, NHB = "nmb", "nhb"
CASE = "case"

#: Strategy, what it is set against (empty for itself), quantity and threshold (None for outcomes).
Key = tuple[str, str, str, float | None]

COLUMNS = [
    "strategy", "against", "quantity", "threshold", "per", "mean", "se", "sd", "low95", "high95",
    "base", "base_se", "difference", "nonlinear",
]  # fmt: skip


def summary_table(
    sample: Sample,
    base: Sample,
    thresholds: Sequence[float],
    basis: str,
    base_errors: Mapping[Key, float] | None = None,
) -> pd.DataFrame:
    """Every outcome and net benefit of every strategy, and what each differs from the comparator.

    Parameters
    ----------
    sample : Sample
        Over the draws.
    base : Sample
        One row, at base values.
    thresholds : sequence of float
        For ``nmb`` and ``nhb``, which is ``nmb / threshold``.
    basis : str
        What results are per: ``birth`` or ``patient``.
    base_errors : mapping, optional
        Standard errors of the run at base values, where it is simulated.

    Returns
    -------
    DataFrame
        Columns ``strategy, against`` (empty for the strategy itself, the comparator for a difference),
        ``quantity, threshold`` (nan for outcomes), ``per`` (the basis, or ``case``), ``mean, se`` (Monte
        Carlo standard error of the mean), ``sd, low95, high95`` (between draws), ``base, base_se``
        (0 where the run at base values is exact), ``difference`` (mean less base) and ``nonlinear``: whether that is
        more than 1.96 times its standard error.

    Notes
    -----
    Per case, that is per child with the condition, the mean is the ratio of the means per birth (delta
    method for its error): what the screened population has in all, shared among its affected children, so
    that it has the sign of the decision. Spread and interval are those of the ratio in each draw.
    """
    found = list(_rows(sample, base, thresholds, base_errors or {}))
    rows = [[*row.names, basis, *_spread_row(row)] for row in found]
    if sample.cases is not None and base.cases is not None:
        rows += [[*row.names, CASE, *_ratio_row(row, sample.cases, float(base.cases[0]))] for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class _Row:
    """Values of a quantity over the draws, and at base values."""

    names: Key
    values: Array
    base: float
    base_se: float


def _rows(sample: Sample, base: Sample, thresholds: Sequence[float], errors: Mapping[Key, float]) -> Iterator[_Row]:
    c = sample.comparator
    for quantity, threshold, own, at_base in _quantities(sample, base, thresholds):
        for s, strategy in enumerate(sample.strategies):
            key = (strategy, "", quantity, threshold)
            yield _Row(key, own[:, s], float(at_base[0, s]), errors.get(key, 0.0))
        for s in sample.others:
            key = (sample.strategies[s], sample.strategies[c], quantity, threshold)
            more, at_base_more = differences(own[:, s], own[:, c]), differences(at_base[0, s], at_base[0, c])
            yield _Row(key, more, float(at_base_more), errors.get(key, 0.0))


def _quantities(
    sample: Sample, base: Sample, thresholds: Sequence[float]
) -> Iterator[tuple[str, float | None, Array, Array]]:
    for name, values in sample.outcomes.items():
        yield name, None, values, base.outcomes[name]
    for threshold in thresholds:
        nmb, at_base = sample.net_benefit(threshold), base.net_benefit(threshold)
        yield NMB, threshold, nmb, at_base
        yield NHB, threshold, nmb / threshold, at_base / threshold


def _spread_row(row: _Row) -> list[object]:
    error = float(standard_error(row.values))
    return _beside_base(float(mean(row.values)), error, row.values, row.base, row.base_se)


def _ratio_row(row: _Row, cases: Array, base_cases: float) -> list[object]:
    found, error = ratio(row.values, cases)
    each = np.divide(row.values, cases, out=np.full(len(cases), np.nan), where=cases != 0)
    base, base_se = (x / base_cases if base_cases else np.nan for x in (row.base, row.base_se))
    return _beside_base(found, error, each, base, base_se)


def _beside_base(value: float, error: float, values: Array, base: float, base_se: float) -> list[object]:
    low, high = np.quantile(values, INTERVAL)
    gap = 0.0 if same(value, base) else value - base
    apart = bool(abs(gap) > Z95 * math.hypot(error, base_se))
    return [value, error, float(spread(values)), low, high, base, base_se, gap, apart]


def frontier_table(sample: Sample, effect: str) -> pd.DataFrame:
    """Fully incremental comparison of the means over the draws: where the best strategy on average changes.

    Along the frontier each ICER is the threshold at which a strategy takes over from the one before as the
    one with the highest expected net benefit (Barton, Briggs and Fenwick 2008, Value in Health 11:886-897).

    Parameters
    ----------
    sample : Sample
    effect : str
        Name of the effect, for the columns.

    Returns
    -------
    DataFrame
        As `incremental_table`, with ``icer_se``, the Monte Carlo standard error of the ratio of the means.
    """
    table = incremental_table(sample.strategies, mean(sample.cost), mean(sample.effect))
    errors = []
    for strategy, status, before in zip(table["strategy"], table["status"], table["comparator"], strict=True):
        if status != FRONTIER or not before:
            errors.append(np.nan)
            continue
        s, b = sample.strategies.index(strategy), sample.strategies.index(before)
        errors.append(ratio(sample.cost[:, s] - sample.cost[:, b], sample.effect[:, s] - sample.effect[:, b])[1])
    table.insert(list(table.columns).index("icer") + 1, "icer_se", errors)
    return table.rename(columns={"effect": effect, "inc_effect": f"inc_{effect}"})
