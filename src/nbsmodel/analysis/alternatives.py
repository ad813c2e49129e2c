"""Structural alternatives that a probabilistic analysis mixes, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.acceptability import losses
from nbsmodel.analysis.estimates import mean, standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences

Array = Any


def alternative_table(sample: Sample, drawn: Array, thresholds: Sequence[float]) -> pd.DataFrame:
    """Incremental net benefit and probability of being the best within each alternative's draws.

    Parameters
    ----------
    sample : Sample
    drawn : array of str (draw,)
        Alternative of each draw.
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        Columns ``alternative, draws, threshold, strategy, inmb, inmb_se`` (against the comparator, nan for
        itself), ``probability, probability_se``; errors are nan for an alternative with a single draw.
    """
    rows: list[list[object]] = []
    for name in dict.fromkeys(drawn):
        mine = drawn == name
        part = replace(
            sample, cost=sample.cost[mine], effect=sample.effect[mine], draws=sample.draws[mine],
            births=None, cases=None, outcomes={},
        )  # fmt: skip
        for threshold in thresholds:
            nb, best = part.net_benefit(threshold), losses(part, threshold).probability
            for s, strategy in enumerate(sample.strategies):
                inmb = differences(nb[:, s], nb[:, sample.comparator])
                found = (np.nan, np.nan) if s == sample.comparator else (mean(inmb), standard_error(inmb))
                chance = best[:, s].mean(), standard_error(best[:, s])
                rows.append([name, len(part), float(threshold), strategy, *map(float, (*found, *chance))])
    columns = ["alternative", "draws", "threshold", "strategy", "inmb", "inmb_se", "probability", "probability_se"]
    return pd.DataFrame(rows, columns=columns)
