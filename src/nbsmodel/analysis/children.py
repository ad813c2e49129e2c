"""How outcomes are distributed between simulated children, and the intervals of what was simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Array = Any

#: Quantiles of the table, in percent; and of the curves that are drawn.
PERCENT = (1, 5, 10, 25, 50, 75, 90, 95, 99)
CURVE = np.arange(0, 100.5, 0.5)

#: Half the width of a 95% interval, in standard errors.
Z95 = 1.959963984540054


def distribution_table(totals: Mapping[str, Array], strategies: Sequence[str], comparator: str) -> pd.DataFrame:
    """Mean and quantiles of each outcome between children, and of what a strategy changes for the same child.

    Parameters
    ----------
    totals : dict of str to array (strategy, individual)
        Discounted total of each child, by outcome.
    strategies : sequence of str
    comparator : str

    Returns
    -------
    DataFrame
        Columns ``strategy, against, outcome, children, mean, sd, p1, ..., p99``. ``against`` is empty for
        the outcome itself and names the comparator for the difference.
    """
    base = list(strategies).index(comparator)
    rows = []
    for s, strategy in enumerate(strategies):
        rows += [[strategy, "", outcome, *_spread(own[s])] for outcome, own in totals.items()]
    for s, strategy in enumerate(strategies):
        if s != base:
            rows += [[strategy, comparator, name, *_spread(own[s] - own[base])] for name, own in totals.items()]
    columns = ["strategy", "against", "outcome", "children", "mean", "sd", *(f"p{p}" for p in PERCENT)]
    return pd.DataFrame(rows, columns=columns)


def curve_table(totals: Mapping[str, Array], strategies: Sequence[str]) -> pd.DataFrame:
    """Cumulative distribution between children, in steps of half a percent.

    Parameters
    ----------
    totals : dict of str to array (strategy, individual)
    strategies : sequence of str

    Returns
    -------
    DataFrame
        Columns ``strategy, outcome, share, value``: `share` of the children have at most `value`.
    """
    parts = [
        pd.DataFrame(
            {"strategy": name, "outcome": outcome, "share": CURVE / 100, "value": np.percentile(own[s], CURVE)}
        )
        for s, name in enumerate(strategies)
        for outcome, own in totals.items()
    ]
    return pd.concat(parts, ignore_index=True)


def interval(value: float, error: float) -> tuple[float, float]:
    """95% interval around a mean of many children."""
    return value - Z95 * error, value + Z95 * error


def _spread(values: Array) -> list[float]:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return [len(values), float(np.mean(values)), sd, *map(float, np.percentile(values, PERCENT))]
