"""Global sensitivity: how the spread of a net benefit is shared among the uncertain parameters.

The estimators are those of SALib: Herman and Usher (2017), "SALib: an open-source Python library for
sensitivity analysis", Journal of Open Source Software 2(9):97; Iwanaga, Usher and Herman (2022),
"Toward SALib 2.0", Socio-Environmental Systems Modelling 4:18155. It is given points in (0, 1); each
factor turns them into values with its own quantile function. Parameters that vary together are one factor.

SALib takes the seed 0 for no seed at all, and then numbers that differ from run to run. It is only ever
given the seeds of `library_seed`, which are above 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.analysis.children import Z95
from nbsmodel.analysis.estimates import mean, spread
from nbsmodel.analysis.ties import TIE, differences
from nbsmodel.numerics.random import uniforms

Array = Any
#: Gives the net benefit of every strategy, (row, strategy), at the rows of a table of parameter values.
NetBenefit = Callable[[Mapping[str, Array]], Array]

#: Share of every distribution that the levels of Morris' method lie in: at 0 and 1 most have no end.
MORRIS_RANGE = (0.005, 0.995)
#: Resamples behind the intervals.
RESAMPLES = 500
#: Scrambled Sobol' points are multiples of 2^-30 and may be 0; they are kept half a step inside (0, 1).
_INSIDE = 2.0**-31


@dataclass(frozen=True)
class Factor:
    """A parameter, or several that vary together.

    Parameters
    ----------
    name : str
    members : tuple of str
        The parameters, k of them.
    values : callable
        Gives the values (n, k) at points (n, k) in the open interval (0, 1), row by row.
    """

    name: str
    members: tuple[str, ...]
    values: Callable[[Array], Array]


@dataclass(frozen=True)
class Sobol:
    """Sobol' indices of the increments of net benefit against the comparator.

    Parameters
    ----------
    mean, sd : array (strategy,)
        Of the increments; `sd` is exactly 0 where no factor changes anything, and all indices then are 0.
    first, total : array (strategy, factor)
        First-order and total indices.
    first_half_width, total_half_width : array (strategy, factor)
        Half their 95% bootstrap intervals.
    first_sum, first_sum_half_width : array (strategy,)
        Sum of the first-order indices; what it falls short of 1 are interactions.
    second, second_half_width : array (strategy, factor, factor) or None
        Interaction of two factors, above the diagonal.
    evaluations : int
    """

    mean: Array
    sd: Array
    first: Array
    first_half_width: Array
    total: Array
    total_half_width: Array
    first_sum: Array
    first_sum_half_width: Array
    second: Array | None
    second_half_width: Array | None
    evaluations: int


@dataclass(frozen=True)
class Morris:
    """Elementary effects on the increments of net benefit against the comparator.

    Parameters
    ----------
    mu_star, mu_star_half_width : array (strategy, factor)
        Mean size of an elementary effect and half its 95% bootstrap interval.
    mu, sigma : array (strategy, factor)
        Mean and standard deviation of the effects; NaN for a factor of several parameters, which move up
        and down independently, so that its effects have no direction.
    evaluations : int
    """

    mu_star: Array
    mu_star_half_width: Array
    mu: Array
    sigma: Array
    evaluations: int


def library_seed(seed: int, purpose: str) -> int:
    """A seed for a library: above 0, below 2^31, and different for each purpose."""
    return 1 + int(uniforms(seed, "library", purpose, 1)[0] * (2**31 - 2))


def sobol_indices(
    factors: Sequence[Factor],
    net_benefit: NetBenefit,
    comparator: int,
    base_samples: int,
    seed: int,
    second_order: bool = False,
) -> Sobol:
    """Sobol' indices from scrambled Sobol' points.

    Parameters
    ----------
    factors : sequence of Factor
        At least one.
    net_benefit : callable
    comparator : int
        Place of the comparator among the strategies.
    base_samples : int
        A power of 2. The net benefit is evaluated ``base_samples * (factors + 2)`` times, with second
        order ``base_samples * (2 * factors + 2)`` times.
    seed : int
    second_order : bool

    Returns
    -------
    Sobol
        A strategy a row, the comparator left out.

    Notes
    -----
    First order: ``Var(E[Y | x]) / Var(Y)``. Total: ``E(Var[Y | all but x]) / Var(Y)``. Saltelli, Annoni,
    Azzini, Campolongo, Ratto and Tarantola (2010), "Variance based sensitivity analysis of model output",
    Computer Physics Communications 181:259-270.
    """
    from SALib.analyze import sobol as analyzer
    from SALib.sample import sobol as sampler

    # a lone group is taken for no group by one half of SALib only; a factor that does nothing keeps it company
    given = [*factors, Factor("", ("",), lambda u: u)] if len(factors) == 1 else list(factors)
    problem = _problem(given)
    points = sampler.sample(
        problem, base_samples, calc_second_order=second_order, seed=library_seed(seed, "sobol points")
    )
    np.clip(points, _INSIDE, 1 - _INSIDE, out=points)
    n, k = len(points), len(factors)
    increments, noise = _increments(net_benefit(table_of(given, points)), comparator)
    del points
    outcomes = increments.shape[1]
    index = {name: np.zeros((outcomes, k)) for name in ("S1", "S1_conf", "ST", "ST_conf")}
    pairs = {name: np.zeros((outcomes, k, k)) for name in ("S2", "S2_conf")}
    sums = np.zeros((2, outcomes))
    varies = np.ptp(increments, axis=0) > noise
    for i in np.flatnonzero(varies):
        found = analyzer.analyze(
            problem, increments[:, i], calc_second_order=second_order, num_resamples=RESAMPLES, keep_resamples=True,
            seed=library_seed(seed, "sobol resamples"),
        )  # fmt: skip
        for name, array in index.items():
            array[i] = found[name][:k]
        for name, array in pairs.items() if second_order else ():
            array[i] = found[name][:k, :k]
        of_sum = found["S1_conf_all"][:, :k].sum(axis=1)
        sums[:, i] = index["S1"][i].sum(), Z95 * of_sum.std(ddof=1)
    step = n // base_samples  # points of the two base samples stand first and last in each step
    independent = np.concatenate([increments[::step], increments[step - 1 :: step]])
    second, second_half_width = pairs.values() if second_order else (None, None)
    return Sobol(
        mean=mean(independent), sd=np.where(varies, spread(independent), 0.0),
        first=index["S1"], first_half_width=index["S1_conf"], total=index["ST"], total_half_width=index["ST_conf"],
        first_sum=sums[0], first_sum_half_width=sums[1], second=second, second_half_width=second_half_width,
        evaluations=n,
    )  # fmt: skip


def morris_effects(
    factors: Sequence[Factor], net_benefit: NetBenefit, comparator: int, trajectories: int, levels: int, seed: int
) -> Morris:
    """Elementary effects along random trajectories over a grid of probabilities.

    Parameters
    ----------
    factors, net_benefit, comparator, seed
        As in `sobol_indices`.
    trajectories : int
        The net benefit is evaluated ``trajectories * (factors + 1)`` times.
    levels : int
        Of the grid, even; they lie evenly from 0.5% to 99.5% of each distribution.

    Returns
    -------
    Morris
        Effects are changes of net benefit per move of a factor over that whole range, if they went on as
        they do over one step.

    Notes
    -----
    Morris (1991), "Factorial sampling plans for preliminary computational experiments", Technometrics
    33:161-174; with groups and ``mu_star`` of Campolongo, Cariboni and Saltelli (2007), "An effective
    screening design for sensitivity analysis of large models", Environmental Modelling and Software
    22:1509-1518.
    """
    from SALib.analyze import morris as analyzer
    from SALib.sample import morris as sampler

    problem = _problem(factors)
    unit = sampler.sample(problem, trajectories, num_levels=levels, seed=library_seed(seed, "morris points"))
    low, high = MORRIS_RANGE
    increments, noise = _increments(net_benefit(table_of(factors, low + (high - low) * unit)), comparator)
    outcomes, k = increments.shape[1], len(factors)
    found = {name: np.zeros((outcomes, k)) for name in ("mu_star", "mu_star_conf", "mu", "sigma")}
    for i in np.flatnonzero(np.ptp(increments, axis=0) > noise):
        effects = analyzer.analyze(
            problem, unit, increments[:, i], num_resamples=RESAMPLES, num_levels=levels,
            seed=library_seed(seed, "morris resamples"),
        )  # fmt: skip
        for name, array in found.items():
            array[i] = np.asarray(effects[name], dtype=float)
    several = [len(f.members) > 1 for f in factors]
    found["mu"][:, several] = found["sigma"][:, several] = np.nan
    mu_star, half_width, mu, sigma = found.values()
    return Morris(mu_star, half_width, mu, sigma, len(unit))


def table_of(factors: Sequence[Factor], points: Array) -> dict[str, Array]:
    """Values of all parameters at points (row, column) in (0, 1), which are written over."""
    first = 0
    table: dict[str, Array] = {}
    for factor in factors:
        columns = slice(first, first + len(factor.members))
        # designs use each point many times over, and quantiles take long
        distinct, back = np.unique(points[:, columns], axis=0, return_inverse=True)
        points[:, columns] = np.asarray(factor.values(distinct), dtype=float)[back.ravel()]
        table |= {name: points[:, first + j] for j, name in enumerate(factor.members) if name}
        first = columns.stop
    return table


def _problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """What SALib is told: a column for each parameter, a group for each factor."""
    groups = [f"factor {i}" for i, factor in enumerate(factors) for _ in factor.members]
    names = [f"column {i}" for i in range(len(groups))]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names), "groups": groups}


def _increments(net_benefit: Array, comparator: int) -> tuple[Array, float]:
    """Net benefit of the others less that of the comparator, (row, strategy), and the size of rounding in it."""
    increments = differences(net_benefit, net_benefit[:, [comparator]])
    return np.delete(increments, comparator, axis=1), TIE * float(np.abs(net_benefit).max())
