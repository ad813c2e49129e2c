"""Two-way analysis: net benefit over a grid of two values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.contrast import Pair, contrast
from nbsmodel.analysis.sample import Sample

Array = Any

GRID_COLUMNS = [
    "grid", "x_name", "y_name", "x", "y", "strategy", "against", "threshold", "inmb", "inc_cost", "inc_effect", "icer",
]  # fmt: skip
SUMMARY_COLUMNS = [
    "grid", "x_name", "x_label", "x_unit", "x_base", "y_name", "y_label", "y_unit", "y_base", "strategy", "against",
    "threshold", "points", "positive", "inmb_base", "inmb_lowest", "x_lowest", "y_lowest", "inmb_highest", "x_highest",
    "y_highest",
]  # fmt: skip


@dataclass(frozen=True)
class Side:
    """A side of a grid: what is moved, its value in force (nan where it is not one number), its values."""

    name: str
    label: str
    unit: str
    base: float
    values: Array


def mesh(x: Side, y: Side) -> tuple[Array, Array]:
    """Both values at every point of a grid, each (row,); x runs slowest."""
    first, second = np.meshgrid(x.values, y.values, indexing="ij")
    return first.ravel(), second.ravel()


def grid_table(
    number: int, x: Side, y: Side, sample: Sample, pairs: Sequence[Pair], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Increments, ratio and net benefit at every point.

    Parameters
    ----------
    number : int
        Of the grid, from 1.
    x, y : Side
    sample : Sample
        A row a point, in the order of `mesh`.
    pairs : sequence of Pair
    thresholds : sequence of float

    Returns
    -------
    DataFrame
        A row for each pair, threshold and point; ``icer`` is nan where the ratio means nothing.
    """
    at_x, at_y = mesh(x, y)
    parts = []
    for pair in pairs:
        against = contrast(sample, pair)
        for threshold in thresholds:
            values = {
                "grid": number, "x_name": x.name, "y_name": y.name, "x": at_x, "y": at_y, "strategy": pair.strategy,
                "against": pair.against, "threshold": float(threshold), "inmb": against.inmb(threshold),
                "inc_cost": against.inc_cost, "inc_effect": against.inc_effect, "icer": against.icer,
            }  # fmt: skip
            parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True)[GRID_COLUMNS]


def summary_table(grid: pd.DataFrame, x: Side, y: Side, base: Sample) -> pd.DataFrame:
    """What a grid holds: a row for each pair and threshold.

    Parameters
    ----------
    grid : DataFrame
        From `grid_table`.
    x, y : Side
    base : Sample
        One row: the base case.

    Returns
    -------
    DataFrame
        ``points`` of the grid, the share of them with a ``positive`` INMB, the lowest and highest INMB and
        where they are.
    """
    rows = []
    for (strategy, against, threshold), part in grid.groupby(["strategy", "against", "threshold"], sort=False):
        inmb = part["inmb"].to_numpy()
        low, high = int(inmb.argmin()), int(inmb.argmax())
        at_x, at_y = part["x"].to_numpy(), part["y"].to_numpy()
        now = contrast(base, Pair(str(strategy), str(against))).inmb(float(threshold))[0]  # type: ignore[arg-type]
        row: list[object] = [
            int(part["grid"].iloc[0]),
            x.name,
            x.label,
            x.unit,
            x.base,
            y.name,
            y.label,
            y.unit,
            y.base,
        ]
        row += [strategy, against, threshold, len(part), float((inmb > 0).mean()), float(now)]
        rows.append([*row, inmb[low], at_x[low], at_y[low], inmb[high], at_x[high], at_y[high]])
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
