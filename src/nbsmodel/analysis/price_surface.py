"""Price surface: net benefit and probability of being cost-effective over two discounts.

Costs are linear in a price, hence bilinear in two discounts: what a draw gives at the four corners of the
grid gives every point inside exactly. `departure` says how far a model is from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.acceptability import losses
from nbsmodel.analysis.contrast import Pair, contrast
from nbsmodel.analysis.estimates import mean, standard_error
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.two_way import Side, mesh

Array = Any

#: Relative departure from a bilinear surface that is rounding.
BILINEAR = 1e-9
SURFACE_COLUMNS = [
    "x_name", "y_name", "x", "y", "strategy", "against", "threshold", "inmb", "inc_cost", "inc_effect", "icer",
    "inmb_psa", "inmb_psa_se", "probability", "probability_se", "draws",
]  # fmt: skip
LINE_COLUMNS = ["x_name", "y_name", "strategy", "against", "threshold", "line", "x", "y", "positive"]
#: Lines of the table: where the INMB of the base case is 0, where its mean over draws is, and probabilities.
LINES = {"break_even": ("inmb", 0.0), "break_even_psa": ("inmb_psa", 0.0),
         "probability_50": ("probability", 0.5), "probability_95": ("probability", 0.95)}  # fmt: skip


@dataclass(frozen=True)
class Corners:
    """Outcomes at the corners of a grid: both low, y high, x high, both high."""

    samples: tuple[Sample, Sample, Sample, Sample]

    def at(self, u: float, v: float) -> Sample:
        """Outcomes at a point inside: `u` and `v` are its shares of the way from low to high."""
        weights = ((1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v)

        def mixed(name: str) -> Array:
            return sum(w * getattr(s, name) for w, s in zip(weights, self.samples, strict=True))

        return replace(self.samples[0], cost=mixed("cost"), effect=mixed("effect"))


def departure(found: Sample, expected: Sample) -> float:
    """Largest relative difference between outcomes that were run and those from the corners."""
    gaps = []
    for a, b in ((found.cost, expected.cost), (found.effect, expected.effect)):
        size = np.maximum(np.abs(a), np.abs(b))
        gaps.append(np.max(np.abs(a - b) / np.where(size > 0, size, 1.0)))
    return float(max(gaps))


def shares(x: Side, y: Side) -> tuple[Array, Array]:
    """How far along each side every point of a grid lies, from 0 to 1, each (row,)."""

    def along(side: Side) -> Array:
        return (side.values - side.values[0]) / (side.values[-1] - side.values[0])

    first, second = np.meshgrid(along(x), along(y), indexing="ij")
    return first.ravel(), second.ravel()


def from_corners(x: Side, y: Side, corners: Corners) -> Iterator[Sample]:
    """Outcomes at every point of a grid, in the order of `mesh`."""
    for u, v in zip(*shares(x, y), strict=True):
        yield corners.at(float(u), float(v))


def chances(points: Iterator[Sample], pairs: Sequence[Pair], thresholds: Sequence[float]) -> pd.DataFrame:
    """Mean INMB and probability of being cost-effective over draws, at every point of a grid.

    Parameters
    ----------
    points : iterator of Sample
        A sample of draws for each point.
    pairs : sequence of Pair
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        Columns ``point, strategy, against, threshold, inmb_psa, inmb_psa_se, probability, probability_se,
        draws``. The probability is the share of draws in which the strategy has the highest net benefit of
        all, ties split equally.
    """
    rows = []
    for i, sample in enumerate(points):
        for threshold in thresholds:
            best = losses(sample, threshold).probability
            for pair in pairs:
                inmb = contrast(sample, pair).inmb(threshold)
                mine = best[:, sample.strategies.index(pair.strategy)]
                row = [i, pair.strategy, pair.against, float(threshold)]
                rows.append(
                    [*row, mean(inmb), standard_error(inmb), mine.mean(), standard_error(mine), len(mine)]
                )  # fmt: skip
    return pd.DataFrame(rows, columns=["point", *SURFACE_COLUMNS[4:7], *SURFACE_COLUMNS[11:]])


def surface_table(
    x: Side, y: Side, sample: Sample, pairs: Sequence[Pair], thresholds: Sequence[float], drawn: pd.DataFrame | None
) -> pd.DataFrame:
    """Every point of the grid.

    Parameters
    ----------
    x, y : Side
    sample : Sample
        Base values but for the two sides, a row a point, in the order of `mesh`.
    pairs : sequence of Pair
    thresholds : sequence of float
    drawn : DataFrame or None
        From `chances`; without it the columns on draws are nan.

    Returns
    -------
    DataFrame
        A row for each pair, threshold and point.
    """
    at_x, at_y = mesh(x, y)
    parts = []
    for pair in pairs:
        against = contrast(sample, pair)
        for threshold in thresholds:
            values = {
                "x_name": x.name, "y_name": y.name, "x": at_x, "y": at_y, "strategy": pair.strategy,
                "against": pair.against, "threshold": float(threshold), "inmb": against.inmb(threshold),
                "inc_cost": against.inc_cost, "inc_effect": against.inc_effect, "icer": against.icer,
                "point": np.arange(len(at_x)),
            }  # fmt: skip
            parts.append(pd.DataFrame(values))
    table = pd.concat(parts, ignore_index=True)
    if drawn is None:
        return table.assign(inmb_psa=np.nan, inmb_psa_se=np.nan, probability=np.nan, probability_se=np.nan, draws=0)[
            SURFACE_COLUMNS
        ]
    return table.merge(drawn, on=["point", "strategy", "against", "threshold"], how="left")[SURFACE_COLUMNS]


def side_table(x: Side, y: Side) -> pd.DataFrame:
    """What the two sides are: columns ``side, name, label, unit, base, from, to, steps``."""
    rows = [
        [side, one.name, one.label, one.unit, one.base, one.values[0], one.values[-1], len(one.values)]
        for side, one in (("x", x), ("y", y))
    ]
    return pd.DataFrame(rows, columns=["side", "name", "label", "unit", "base", "from", "to", "steps"])


def line_table(surface: pd.DataFrame, x: Side, y: Side) -> pd.DataFrame:
    """Values of y at which a surface passes a level, for every value of x.

    Parameters
    ----------
    surface : DataFrame
        From `surface_table`.
    x, y : Side

    Returns
    -------
    DataFrame
        ``line`` is ``break_even`` (base values), ``break_even_psa`` (mean over draws), ``probability_50`` or
        ``probability_95``; ``positive`` the side of ``y`` on which the surface is above the level. No row where
        it stays on one side. Between two points of the grid it is taken as straight, which it is for what is
        bilinear.
    """
    rows = []
    for (strategy, against, threshold), part in surface.groupby(["strategy", "against", "threshold"], sort=False):
        head = [x.name, y.name, strategy, against, threshold]
        for line, (column, level) in LINES.items():
            values = part[column].to_numpy().reshape(len(x.values), len(y.values)) - level
            for i, at_x in enumerate(x.values.tolist()):
                rows += [[*head, line, at_x, at_y, side] for at_y, side in _crossings(y.values, values[i])]
    return pd.DataFrame(rows, columns=LINE_COLUMNS)


def _crossings(y: Array, values: Array) -> list[tuple[float, str]]:
    """Where values along one side pass 0, and on which side they are above it."""
    found = []
    for a, b, low, high in zip(y, y[1:], values, values[1:], strict=False):
        if (low >= 0) != (high >= 0) and np.isfinite(low - high):
            at = a + (b - a) * low / (low - high)
            found.append((float(at), "below" if low > high else "above"))
    return found
