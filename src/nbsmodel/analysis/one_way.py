"""One-way analysis: each parameter at both ends of its interval, the others at their base values.

Briggs, Claxton and Sculpher (2006), Decision Modelling for Health Economic Evaluation, ch. 1; bars are drawn on
net benefit, which stays in order where a ratio changes its quadrant (Stinnett and Mullahy 1998, Medical Decision
Making 18:S68-S80).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.contrast import Contrast, Pair, contrast
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import shortfall

Array = Any

COLUMNS = [
    "strategy", "against", "threshold", "parameter", "label", "unit", "base", "low", "high", "inmb_base", "inmb_low",
    "inmb_high", "inc_cost_base", "inc_cost_low", "inc_cost_high", "inc_effect_base", "inc_effect_low",
    "inc_effect_high", "icer_base", "icer_low", "icer_high", "quadrant_base", "quadrant_low", "quadrant_high", "width",
    "changes_sign", "changes_decision", "limits", "with_low", "with_high",
]  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """What is moved, and between which ends.

    Parameters
    ----------
    name, label, unit : str
    base, low, high : float
        `base` is nan where it is not one number.
    limits : str
        Where the ends come from, in words.
    with_low, with_high : str
        What else moves at each end, as ``name=value; name=value``; empty where nothing does.
    """

    name: str
    label: str
    unit: str
    base: float
    low: float
    high: float
    limits: str
    with_low: str = ""
    with_high: str = ""


def tornado_table(
    bars: Sequence[Bar], base: Sample, ends: Sample, pairs: Sequence[Pair], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Net benefit and ratio at both ends of every bar.

    Parameters
    ----------
    bars : sequence of Bar
    base : Sample
        One row: the base case.
    ends : Sample
        Two rows a bar, its low end and its high end, in the order of `bars`.
    pairs : sequence of Pair
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        A row for each pair, threshold and bar, bars by falling ``width`` at the first threshold. ``width`` is
        the span of the incremental net benefit (INMB) over both ends and the base case, exactly 0 where it is
        rounding error. ``changes_sign`` tells
        whether the INMB of the pair changes its sign at an end, ``changes_decision`` whether another strategy
        of all has the highest net benefit there. Ratios are nan where the differences have opposite signs or are
        zero; the quadrant then says what holds.
    """
    rows = []
    for pair in pairs:
        at_base, at_ends = contrast(base, pair), contrast(ends, pair)
        first = _widths(at_base, at_ends, thresholds[0])
        order = np.argsort(-first, kind="stable").tolist()
        both = [
            (getattr(at_base, quantity)[0], getattr(at_ends, quantity))
            for quantity in ("inc_cost", "inc_effect", "icer", "quadrants")
        ]
        for threshold in thresholds:
            inmb0, inmb = at_base.inmb(threshold), at_ends.inmb(threshold)
            widths = _widths(at_base, at_ends, threshold)
            signs = (np.sign(inmb) != np.sign(inmb0)) & np.repeat(widths > 0, 2)
            decisions = (_best(ends, threshold) != _best(base, threshold)).any(axis=1)
            for i in order:
                bar, low, high = bars[i], 2 * i, 2 * i + 1
                row: list[object] = [pair.strategy, pair.against, float(threshold), bar.name, bar.label, bar.unit]
                row += [bar.base, bar.low, bar.high]
                row += [inmb0[0], inmb[low], inmb[high]]
                for now, values in both:
                    row += [now, values[low], values[high]]
                row += [widths[i], bool(signs[low] or signs[high]), bool(decisions[low] or decisions[high])]
                rows.append([*row, bar.limits, bar.with_low, bar.with_high])
    return pd.DataFrame(rows, columns=COLUMNS)


def _widths(base: Contrast, ends: Contrast, threshold: float) -> Array:
    """Span of the INMB over the base case and both ends of each bar; exactly 0 where it is rounding error."""

    def three(base_value: Array, end_values: Array) -> Array:
        return np.column_stack([end_values.reshape(-1, 2), np.broadcast_to(base_value, len(end_values) // 2)])

    inmb = three(base.inmb(threshold), ends.inmb(threshold))
    size = three(_size(base, threshold), _size(ends, threshold)).max(axis=1)
    return shortfall(inmb, size).max(axis=1)


def _size(totals: Contrast | Sample, threshold: float) -> Array:
    """Size of the largest net benefit: what rounding error goes with, (row,)."""
    return (np.abs(threshold * totals.effect) + np.abs(totals.cost)).max(axis=1)


def _best(sample: Sample, threshold: float) -> Array:
    """Which strategies have the highest net benefit in each row, (row, strategy)."""
    return shortfall(sample.net_benefit(threshold), _size(sample, threshold)) == 0
