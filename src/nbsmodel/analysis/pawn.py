"""PAWN: how far the distribution of a net benefit moves when a parameter is known to lie in a slice.

Pianosi and Wagener (2018), "Distribution-based sensitivity analysis from a generic input-output sample",
Environmental Modelling and Software 108:197-207. Computed by SALib from draws that are there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.analysis.ties import TIE, differences
from nbsmodel.numerics.random import uniforms

Array = Any

#: Slices of equal probability that a parameter's draws are cut into.
SLICES = 10
#: Columns of random numbers that the model has never seen, for comparison: a parameter of no influence comes
#: out above all of them about 1 time in 21.
DUMMIES = 20


@dataclass(frozen=True)
class Pawn:
    """PAWN indices of the increments of net benefit against the comparator.

    Parameters
    ----------
    median, maximum, cv : array (strategy, parameter)
        Over the slices, of the largest distance between the distribution function of the draws in a slice
        and that of all draws (Kolmogorov-Smirnov); and the coefficient of variation of these distances, NaN
        where all are 0.
    noise : array (strategy,)
        The largest median of columns that have no influence.
    """

    median: Array
    maximum: Array
    cv: Array
    noise: Array


def pawn_indices(draws: Mapping[str, Array], net_benefit: Array, comparator: int, seed: int) -> Pawn:
    """PAWN indices from draws and their outcomes.

    Parameters
    ----------
    draws : mapping of str to array (draw,)
        Parameters; one that never changes has the index 0.
    net_benefit : array (draw, strategy)
    comparator : int
        Place of the comparator among the strategies.
    seed : int
        Of the columns without influence.

    Returns
    -------
    Pawn
        A strategy a row, the comparator left out.
    """
    from SALib.analyze import pawn as analyzer

    increments = np.delete(differences(net_benefit, net_benefit[:, [comparator]]), comparator, axis=1)
    n, outcomes = increments.shape
    dummies = {f"dummy {i}": uniforms(seed, "pawn", str(i), n) for i in range(DUMMIES)}
    columns = {f"parameter {name}": np.asarray(column, dtype=float) for name, column in draws.items()} | dummies
    moving = [i for i, column in enumerate(columns.values()) if np.ptp(column) > 0]
    matrix = np.column_stack(list(columns.values()))[:, moving]
    problem = {"num_vars": len(moving), "names": [f"column {i}" for i in moving], "bounds": [[0.0, 1.0]] * len(moving)}
    found = {"median": np.zeros((outcomes, len(columns))), "maximum": np.zeros((outcomes, len(columns)))}
    found["CV"] = np.full((outcomes, len(columns)), np.nan)
    rounding = TIE * float(np.abs(net_benefit).max())
    for s in np.flatnonzero(np.ptp(increments, axis=0) > rounding):
        indices = analyzer.analyze(problem, matrix, increments[:, s], S=SLICES)  # it draws nothing: no seed
        for name, array in found.items():
            array[s, moving] = indices[name]
    noise = found["median"][:, len(draws) :].max(axis=1)
    median, maximum, cv = (array[:, : len(draws)] for array in found.values())
    return Pawn(median, maximum, cv, noise)
