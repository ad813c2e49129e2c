"""Value of partial perfect information by nested simulation: a check on the regression.

For each outer draw of a set, the rest is drawn anew many times and the strategy is chosen on the mean over these.
A mean over few inner draws is taken for better than it is, so the plain estimate is too high by an amount that goes
with 1 / inner. Estimates with half the inner draws tell that amount, which is taken off: ``2 v - (v_a + v_b) / 2``
with ``v_a`` and ``v_b`` from the two halves (Giles and Goda 2019, "Decision-making under uncertainty: using MLMC
for efficient estimation of EVPPI", Stat Comput 29:739-751).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nbsmodel.analysis.estimates import standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.voi import Estimate

Array = Any

#: Draws evaluated at a time.
CHUNK = 5_000

#: Joint draws of all parameters: their first number and how many, to columns.
Draw = Callable[[int, int], Mapping[str, Array]]
#: Outcomes of rows of parameters, and which of the rows could be run.
Evaluate = Callable[[Mapping[str, Array], int], tuple[Sample, Array]]


def nested_evppi(
    members: Sequence[str],
    thresholds: Sequence[float],
    outer: int,
    inner: int,
    draw: Draw,
    evaluate: Evaluate,
    progress: Callable[[int], None] = lambda rows: None,
) -> list[Estimate]:
    """Nested simulation of one set.

    Parameters
    ----------
    members : sequence of str
        Of the set; independent of all other parameters.
    thresholds : sequence of float
    outer, inner : int
        Draws of the set, and of the rest for each; `inner` is even.
    draw, evaluate : callable
    progress : callable, optional
        Told the rows done.

    Returns
    -------
    list of Estimate
        By threshold. The estimate has next to no bias, so chance may take it below 0.
    """
    known = draw(0, outer)
    at_once = max(1, CHUNK // inner)
    parts = []
    for first in range(0, outer, at_once):
        count = min(at_once, outer - first)
        start = outer + first * inner
        rows = dict(draw(start, count * inner))
        rows |= {name: np.repeat(known[name][first : first + count], inner) for name in members if name in rows}
        sample, kept = evaluate(rows, start)
        shape = (count, 2, inner // 2)
        kept = kept.reshape(shape)
        sums = [np.where(kept[..., None], total.reshape(*shape, -1), 0.0).sum(axis=2)
                for total in (sample.cost, sample.effect)]  # fmt: skip
        parts.append((*sums, kept.sum(axis=2)))
        progress((first + count) * inner)
    cost, effect, counted = (np.concatenate(column) for column in zip(*parts, strict=True))
    use = (counted > 0).all(axis=1)  # an outer draw whose inner draws are all impossible tells nothing
    return [_estimate(threshold * effect[use] - cost[use], counted[use, :, None]) for threshold in thresholds]


def _estimate(net_benefit: Array, counted: Array) -> Estimate:
    """From sums over the halves of the inner draws, (outer, half, strategy), and how many were counted."""
    whole = net_benefit.sum(axis=1) / counted.sum(axis=1)
    halves = net_benefit / counted
    decision = int(whole.mean(axis=0).argmax())
    gain, of_halves = (means.max(axis=-1) - means[..., decision] for means in (whole, halves))
    corrected = 2 * gain - of_halves.mean(axis=1)
    return Estimate(float(corrected.mean()), float(standard_error(corrected)))
