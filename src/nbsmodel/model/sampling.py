"""Joint draws of all uncertain parameters: Monte Carlo, Latin hypercube, scrambled Sobol'.

Each parameter has uniforms of its own. Correlations join them (`nbsmodel.model.correlations`),
then each goes through the quantiles of its distribution, or with others through their group.

- Monte Carlo: the stream of (seed, parameter). Draw ``i`` is the same however many are made.
- Latin hypercube: [0, 1] is cut into as many equal strata as there are draws, and each stratum of
  each parameter holds one draw. Which one is decided by the ranks of the Monte Carlo uniforms, so
  that correlations hold here too (Stein 1987).
- Sobol': points of a sequence that fills the unit cube evenly (Joe and Kuo 2008), scrambled by a random
  matrix and shift, so that every point is uniform. One dimension a parameter, in the order of the file.

References
----------
McKay MD, Beckman RJ, Conover WJ (1979), Technometrics 21, 239-245 (Latin hypercube).
Stein M (1987), Large sample properties of simulations using Latin hypercube sampling.
Technometrics 29, 143-151.
Joe S, Kuo FY (2008), Constructing Sobol sequences with better two-dimensional projections. SIAM
Journal on Scientific Computing 30, 2635-2654.
Matousek J (1998), On the L2-discrepancy for anchored boxes. Journal of Complexity 14, 527-556 (the scrambling).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import scipy
from numpy.typing import NDArray

from nbsmodel.model.correlations import HIGHEST, LOWEST, Correlation, copulas
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.numerics.random import generator, uniforms

if TYPE_CHECKING:
    from nbsmodel.model.parameters import ParameterTable

FloatArray = NDArray[np.float64]

SAMPLINGS = ("monte_carlo", "latin_hypercube", "sobol")
_BITS = 32  # of a Sobol' point; the library cannot begin in the middle of a sequence with more


def draw_parameters(
    table: ParameterTable,
    n: int,
    seed: int,
    sampling: str = "monte_carlo",
    start: int = 0,
    count: int | None = None,
) -> dict[str, FloatArray]:
    """Draws `start` to ``start + count - 1`` of `n` joint draws of all uncertain parameters.

    Any part has the same bits as the same rows of the whole. With Monte Carlo and Latin hypercube an
    added parameter leaves the draws of the others as they were.

    Parameters
    ----------
    table : ParameterTable
    n : int
        Number of draws in all, at least 1; a power of 2 for Sobol'.
    seed : int
        Any integer; 0 is a seed like any other.
    sampling : {'monte_carlo', 'latin_hypercube', 'sobol'}
    start : int
        Number of the first draw of this part.
    count : int, optional
        Draws of this part; by default all from `start` on.

    Returns
    -------
    dict of str to ndarray, shape (count,)
        In the order of the table.

    Raises
    ------
    ValueError
        If the method is unknown, the part does not lie in the whole, or `n` is no power of 2 for Sobol'.
    """
    count = n - start if count is None else count
    if start < 0 or count < 0 or start + count > n:
        raise ValueError(f"draws {start} to {start + count - 1} do not lie in {n} draws")
    names = tuple(name for name, row in table.rows.items() if row.uncertain)
    match sampling:
        case "monte_carlo":
            u = _joined(_independent(names, seed, count, start), table.correlations)
        case "latin_hypercube":
            strata = _strata(names, table.correlations, seed, n)
            u = {name: _within(strata[name][start : start + count], seed, name, n, start) for name in names}
        case "sobol":
            u = _joined(_sobol(names, seed, n, start, count), table.correlations)
        case _:
            raise ValueError(f"sampling must be one of {', '.join(SAMPLINGS)} (found {sampling})")
    drawn: dict[str, FloatArray] = {}
    for name, row in table.rows.items():
        if row.distribution is not None:
            drawn[name] = row.distribution.quantile(u[name])
    for group in table.groups:
        joint = np.asarray(group.from_uniforms(np.column_stack([u[name] for name in group.members])))
        drawn |= dict(zip(group.members, np.ascontiguousarray(joint.T), strict=True))
    return {name: drawn[name] for name in names}


def _independent(names: tuple[str, ...], seed: int, count: int, start: int = 0) -> dict[str, FloatArray]:
    return {name: uniforms(seed, "parameter", name, count, start) for name in names}


def _joined(u: Mapping[str, FloatArray], correlations: tuple[Correlation, ...]) -> dict[str, FloatArray]:
    """Uniforms of all parameters once those that are correlated have been joined."""
    joined = dict(u)
    for copula in copulas(correlations):
        dependent = copula.from_uniforms(np.column_stack([u[name] for name in copula.members]))
        joined |= {name: np.ascontiguousarray(dependent[:, i]) for i, name in enumerate(copula.members)}
    return joined


@lru_cache(maxsize=1)  # every part of a run needs the strata of the whole
def _strata(names: tuple[str, ...], correlations: tuple[Correlation, ...], seed: int, n: int) -> dict[str, FloatArray]:
    """Stratum of every draw, 0 to n - 1: its rank among the Monte Carlo draws."""
    u = _joined(_independent(names, seed, n), correlations)
    return {name: _ranks(column) for name, column in u.items()}


def _ranks(column: FloatArray) -> FloatArray:
    ranks = np.empty(len(column))
    ranks[np.argsort(column, kind="stable")] = np.arange(len(column))
    return ranks


def _within(strata: FloatArray, seed: int, name: str, n: int, start: int) -> FloatArray:
    """A random place in each stratum."""
    place = uniforms(seed, "place in stratum", name, len(strata), start)
    result: FloatArray = np.clip((strata + place) / n, LOWEST, HIGHEST)
    return result


def _sobol(names: tuple[str, ...], seed: int, n: int, start: int, count: int) -> dict[str, FloatArray]:
    if n < 1 or n & (n - 1):
        raise ValueError(f"Sobol' points come in powers of 2 (found {n})")
    if not names:
        return {}
    sampler = scipy.stats.qmc.Sobol(len(names), bits=_BITS, rng=generator(seed, "sobol", ""))
    if start:
        points = sampler.fast_forward(start).random(count)
    else:  # the library warns when a beginning is no power of 2, though the whole is one
        points = sampler.random(1 << max(count - 1, 0).bit_length())[:count]
    # points are multiples of 2^-32 from 0 on: half a step takes them off both ends
    return {name: np.ascontiguousarray(points[:, i]) + 0.5 ** (_BITS + 1) for i, name in enumerate(names)}


def given_fixed(
    table: ParameterTable, columns: Mapping[str, FloatArray], fixed: Mapping[str, float]
) -> dict[str, FloatArray]:
    """Drawn parameters without those that stand at a number.

    Where some members of a Dirichlet group are fixed, the drawn others are scaled to what these leave: their
    distribution given those. Members of other groups and correlated parameters stay as they were drawn.

    Parameters
    ----------
    table : ParameterTable
    columns : mapping of str to array (n,)
    fixed : mapping of str to float
        All that is fixed, in whatever way.
    """
    found = {name: column for name, column in columns.items() if name not in fixed}
    for group in table.groups:
        free = [m for m in group.members if m in found]
        if isinstance(group, Dirichlet) and free and len(free) < len(group.members):
            left = 1 - sum(fixed[m] for m in group.members if m in fixed)
            total = np.sum([found[m] for m in free], axis=0)
            found |= {m: found[m] * (left / total) for m in free}
    return found
