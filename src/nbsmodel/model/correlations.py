"""Correlated parameters: a Gaussian copula joins them and leaves each its own distribution.

Correlations are rank correlations (Spearman's), which a distribution's shape does not change:
normal variates with correlation ``2 sin(pi rank / 6)`` have that rank correlation, and so has
whatever is made of each of them by a rising function, such as the quantiles of a beta.

References
----------
Iman RL, Conover WJ (1982), A distribution-free approach to inducing rank correlation among input
variables. Communications in Statistics 11, 311-334 (why ranks).
Nelsen RB. An Introduction to Copulas, 2nd ed. Springer, 2006.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from nbsmodel.numerics.correlation import normal_correlation

FloatArray = NDArray[np.float64]

#: Ends of the uniforms that are drawn, see `nbsmodel.numerics.random.uniforms`.
LOWEST, HIGHEST = 2.0**-53, 1 - 2.0**-53


@dataclass(frozen=True)
class Correlation:
    """An entry of ``correlations`` in ``model.yaml``.

    Parameters
    ----------
    between : tuple of str
        Two parameters or more: every pair of them.
    rank : float
        Spearman's rank correlation, in (-1, 1).
    sources : tuple of str
        Keys of ``sources.yaml``.
    note, place : str
    """

    between: tuple[str, ...]
    rank: float
    sources: tuple[str, ...]
    note: str
    place: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every pair of the names."""
        names = self.between
        return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


@dataclass(frozen=True, eq=False)
class Copula:
    """Parameters joined by correlations, directly or through others.

    Parameters
    ----------
    members : tuple of str
        k names, in the order in which the correlations first name them: what is added at the end leaves
        the draws of the others as they were.
    ranks : ndarray, shape (k, k)
        Rank correlations; 0 for pairs that nobody states.
    """

    members: tuple[str, ...]
    ranks: FloatArray

    @property
    def matrix(self) -> FloatArray:
        """Correlations of the normal variates, shape (k, k)."""
        return normal_correlation(self.ranks)

    def from_uniforms(self, u: FloatArray) -> FloatArray:
        """Dependent uniforms from independent ones.

        Parameters
        ----------
        u : ndarray, shape (n, k)
            Independent, in the open interval (0, 1).

        Returns
        -------
        ndarray, shape (n, k)
            Each column uniform on the open interval (0, 1).
        """
        z, lower = scipy.special.ndtri(u), np.linalg.cholesky(self.matrix)
        # Summed one column at a time: a draw must not depend on how many are made with it, and the
        # matrix product of the library may add in another order for another size.
        joined = np.zeros_like(z)
        for j in range(len(self.members)):
            joined += z[:, j, np.newaxis] * lower[:, j]
        result: FloatArray = np.clip(scipy.special.ndtr(joined), LOWEST, HIGHEST)
        return result


def copulas(correlations: Iterable[Correlation]) -> list[Copula]:
    """The groups of parameters that correlations join.

    Parameters
    ----------
    correlations : iterable of Correlation

    Returns
    -------
    list of Copula
        No parameter is in two of them.
    """
    pairs = {pair: entry.rank for entry in correlations for pair in entry.pairs}
    group = {name: [name] for pair in pairs for name in pair}
    for a, b in pairs:
        if group[a] is not group[b]:
            group[a] += group[b]
            group |= dict.fromkeys(group[b], group[a])
    order = {name: i for i, name in enumerate(group)}
    members = {id(names): tuple(sorted(names, key=order.__getitem__)) for names in group.values()}
    ranks = {key: np.eye(len(names)) for key, names in members.items()}
    place = {name: i for names in members.values() for i, name in enumerate(names)}
    for (a, b), rank in pairs.items():
        matrix = ranks[id(group[a])]
        matrix[place[a], place[b]] = matrix[place[b], place[a]] = rank
    return [Copula(names, ranks[key]) for key, names in members.items()]
