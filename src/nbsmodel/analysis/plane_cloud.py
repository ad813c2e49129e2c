"""The cloud of a probabilistic analysis on the cost-effectiveness plane: quadrants, spread, points to draw."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.estimates import mean, spread, standard_error
from nbsmodel.analysis.incremental import quadrant
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences
from nbsmodel.numerics.random import uniforms

Array = Any

#: More points than this on one figure only hide each other.
MOST_POINTS = 2_000
#: The four quadrants proper stand in the table even when no draw falls into them.
FOUR = ("dominant", "north-east", "south-west", "dominated")


def increments(sample: Sample, strategy: int) -> tuple[Array, Array]:
    """Differences in cost and effect from the comparator, each (draw,), exactly 0 where they are equal."""
    c = sample.comparator
    return (
        differences(sample.cost[:, strategy], sample.cost[:, c]),
        differences(sample.effect[:, strategy], sample.effect[:, c]),
    )


def quadrant_table(sample: Sample) -> pd.DataFrame:
    """Share of the draws in each quadrant of the plane.

    Returns
    -------
    DataFrame
        Columns ``strategy, against, quadrant, share, share_se``; quadrants are named as in
        `incremental.quadrant`, with rows for draws that lie on an axis or make no difference where there are
        any. The shares of a strategy add up to 1.
    """
    rows: list[list[object]] = []
    for s in sample.others:
        signs = [np.sign(d) for d in increments(sample, s)]
        inside: dict[str, Array] = {name: np.zeros(len(sample)) for name in FOUR}
        for more, better in product((-1.0, 0.0, 1.0), repeat=2):
            here = (signs[0] == more) & (signs[1] == better)
            if here.any():
                name = quadrant(more, better)
                inside[name] = inside.get(name, 0.0) + here
        for name, where in inside.items():
            names = [sample.strategies[s], sample.strategies[sample.comparator], name]
            rows.append([*names, float(where.mean()), float(standard_error(where))])
    return pd.DataFrame(rows, columns=["strategy", "against", "quadrant", "share", "share_se"])


def cloud_table(sample: Sample) -> pd.DataFrame:
    """Centre and spread of each strategy's cloud, from which its 95% ellipse follows.

    Returns
    -------
    DataFrame
        Columns ``strategy, against, inc_cost, inc_effect, sd_cost, sd_effect, correlation`` (nan where one
        of the two does not vary) and ``draws``.
    """
    rows: list[list[object]] = []
    for s in sample.others:
        cost, effect = increments(sample, s)
        sds = float(spread(cost)), float(spread(effect))
        linked = float(np.corrcoef(cost, effect)[0, 1]) if min(sds) > 0 else np.nan
        names = [sample.strategies[s], sample.strategies[sample.comparator]]
        rows.append([*names, float(mean(cost)), float(mean(effect)), *sds, linked, len(sample)])
    columns = ["strategy", "against", "inc_cost", "inc_effect", "sd_cost", "sd_effect", "correlation", "draws"]
    return pd.DataFrame(rows, columns=columns)


def point_table(sample: Sample, most: int = MOST_POINTS) -> pd.DataFrame:
    """Draws to show on the plane: all of them, or a random part, the same draws for every strategy.

    Random and not every tenth: of Sobol' points, every eighth would lie in one corner.

    Parameters
    ----------
    sample : Sample
    most : int
        Points of all strategies together.

    Returns
    -------
    DataFrame
        Columns ``draw, strategy, inc_cost, inc_effect``.
    """
    n = len(sample)
    shown = min(n, max(1, most // max(1, len(sample.others))))
    chosen = np.sort(np.argsort(uniforms(0, "psa", "points on the plane", n), kind="stable")[:shown])
    parts = []
    for s in sample.others:
        cost, effect = increments(sample, s)
        parts.append(
            pd.DataFrame(
                {
                    "draw": sample.draws[chosen],
                    "strategy": sample.strategies[s],
                    "inc_cost": cost[chosen],
                    "inc_effect": effect[chosen],
                }
            )
        )
    columns = ["draw", "strategy", "inc_cost", "inc_effect"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
