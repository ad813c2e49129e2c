"""Whether enough draws were taken: running means, half-widths, and how many draws would do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.acceptability import losses
from nbsmodel.analysis.children import Z95
from nbsmodel.analysis.estimates import mean, standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences

Array = Any

INMB, PROBABILITY, DECISION, INTERVALS = "inmb", "probability", "decision", "interval"
#: Points of a running mean.
POINTS = 100
#: Draws below which 2.5% of them are too few to tell where an interval ends (25 beyond each end).
FOR_INTERVALS = 1_000

RUNNING = ["threshold", "strategy", "draws", INMB, "inmb_half_width", PROBABILITY, "probability_half_width"]
PRECISION = [
    "quantity", "threshold", "strategy", "against", "value", "half_width", "wanted", "draws", "draws_wanted", "enough",
]  # fmt: skip


def convergence_table(sample: Sample, thresholds: Sequence[float]) -> pd.DataFrame:
    """Running means over the first draws, with half the width of their 95% intervals.

    Parameters
    ----------
    sample : Sample
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        Columns ``threshold, strategy, draws, inmb, inmb_half_width, probability,
        probability_half_width`` at up to 100 evenly spaced counts of draws; the incremental net benefit is
        against the comparator, nan for the comparator itself, and the probability that of being the
        best of all strategies. Half-widths as in `precision_table`.
    """
    n = len(sample)
    counts = np.unique(np.ceil(np.linspace(n / POINTS, n, POINTS)).astype(int))
    parts = []
    for threshold in thresholds:
        nb, best = sample.net_benefit(threshold), losses(sample, threshold).probability
        for s, strategy in enumerate(sample.strategies):
            inmb = differences(nb[:, s], nb[:, sample.comparator])
            value, half = _running(inmb, counts)
            if s == sample.comparator:
                value, half = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
            share = np.minimum(np.cumsum(best[:, s])[counts - 1] / counts, 1.0)
            columns = [threshold, strategy, counts, value, half, share, _wilson(share, counts)]
            parts.append(pd.DataFrame(dict(zip(RUNNING, columns, strict=True))))
    return pd.concat(parts, ignore_index=True)


def precision_table(
    sample: Sample, thresholds: Sequence[float], inmb_within: float | None, probability_within: float
) -> pd.DataFrame:
    """Half-widths reached with all draws, beside those wanted, and how many draws would do.

    Parameters
    ----------
    sample : Sample
    thresholds : sequence of float
    inmb_within : float or None
        Wanted half-width of every incremental net benefit at the first threshold, per unit of the basis.
    probability_within : float
        Wanted half-width of every probability of being the best.

    Returns
    -------
    DataFrame
        Columns ``quantity, threshold, strategy, against, value, half_width, wanted, draws, draws_wanted,
        enough``. Quantities: ``inmb``; ``probability``; ``decision``, how far the strategy that is best
        on average leads over the next (wanted: a half-width below that lead, so that more draws would not change
        which is best); and one row ``interval`` for the ends of 95% intervals, for which 1,000 draws are
        wanted, 25 beyond each end. ``draws_wanted`` is ``draws * (half_width / wanted)^2``, rounded up to two
        digits.

    Notes
    -----
    The half-width of a mean is 1.96 standard errors, that of a probability half the interval of Wilson (1927),
    J Am Stat Assoc 22:209-212, which stays above 0 when all draws agree.
    """
    rows = []
    for i, threshold in enumerate(thresholds):
        rows += list(_inmb_rows(sample, threshold, inmb_within if i == 0 else None))
        rows += list(_probability_rows(sample, threshold, probability_within))
        rows += list(_decision_rows(sample, threshold))
    n = len(sample)
    rows.append([INTERVALS, np.nan, "", "", np.nan, np.nan, np.nan, n, max(n, FOR_INTERVALS), n >= FOR_INTERVALS])
    return pd.DataFrame(rows, columns=PRECISION)


def draws_wanted(draws: int, half_width: float, wanted: float) -> float:
    """Draws at which a half-width would be as wanted: it falls with the square root of their number.

    Returns
    -------
    float
        Rounded up to two digits; infinite where it is beyond counting.
    """
    ratio = half_width / wanted if wanted > 0 else math.inf
    exact = draws * ratio * ratio
    if not exact < 1e15:
        return math.inf
    if exact < 1:
        return 1.0
    step = 10.0 ** max(0, math.floor(math.log10(exact)) - 1)
    return math.ceil(exact / step * (1 - 1e-12)) * step


def _inmb_rows(sample: Sample, threshold: float, wanted: float | None) -> Iterator[list[object]]:
    nb, c = sample.net_benefit(threshold), sample.comparator
    for s in sample.others:
        inmb = differences(nb[:, s], nb[:, c])
        found = float(mean(inmb)), Z95 * float(standard_error(inmb))
        yield _row(sample, INMB, threshold, sample.strategies[s], sample.strategies[c], *found, wanted)


def _probability_rows(sample: Sample, threshold: float, wanted: float) -> Iterator[list[object]]:
    share = losses(sample, threshold).probability.mean(axis=0)
    half = _wilson(share, len(sample))
    if len(sample.strategies) > 1:
        for s, strategy in enumerate(sample.strategies):
            yield _row(sample, PROBABILITY, threshold, strategy, "", float(share[s]), float(half[s]), wanted)


def _decision_rows(sample: Sample, threshold: float) -> Iterator[list[object]]:
    found = losses(sample, threshold)
    behind = np.flatnonzero(~found.on_frontier)
    if len(behind):  # otherwise all are equal, and there is nothing to decide
        best, next_ = found.decision, int(behind[np.argmin(found.expected[behind])])
        nb = sample.net_benefit(threshold)
        lead = differences(nb[:, best], nb[:, next_])
        value, half = float(mean(lead)), Z95 * float(standard_error(lead))
        yield _row(sample, DECISION, threshold, sample.strategies[best], sample.strategies[next_], value, half, value)


def _row(
    sample: Sample, quantity: str, threshold: float, strategy: str, against: str, value: float, half: float,
    wanted: float | None,
) -> list[object]:  # fmt: skip
    n, goal = len(sample), np.nan if wanted is None else wanted
    enough = wanted is None or half <= wanted
    most = np.nan if wanted is None else draws_wanted(n, half, wanted)
    return [quantity, threshold, strategy, against, value, half, goal, n, most, enough]


def _running(values: Array, counts: Array) -> tuple[Array, Array]:
    """Mean of the first draws and half its interval; nan for the interval of a single one."""
    away = values - values[0]  # so that large equal amounts do not cancel
    total, squares = np.cumsum(away)[counts - 1], np.cumsum(away * away)[counts - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(squares - total * total / counts, 0.0) / (counts - 1.0)
    return values[0] + total / counts, Z95 * np.sqrt(variance / counts)


def _wilson(share: Array, n: Any) -> Array:
    return Z95 / (1 + Z95**2 / n) * np.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
