"""Parameters that vary together: Dirichlet and multivariate normal groups.

Each member of a group is one row of ``parameters.csv``; `build_groups` puts the rows together in
file order. Groups are drawn from uniforms, one a member, so that the same uniforms give the same
draw wherever and in whatever order they are made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from nbsmodel.model.distribution_call import Call

FloatArray = NDArray[np.float64]
Kind = Literal["dirichlet", "multivariate_normal"]
Matrix = Literal["cholesky", "covariance"]

# A conditional variance below this share of the variance is rounding, not information.
_SINGULAR = 1e-12


@dataclass(frozen=True)
class GroupMember:
    """One row of a group, before the group is put together.

    Parameters
    ----------
    kind : {'dirichlet', 'multivariate_normal'}
    group : str
        Name of the group.
    text : str
        As written in ``parameters.csv``.
    count : float, optional
        Parameter of a Dirichlet, > 0.
    matrix : {'cholesky', 'covariance'}, optional
        What `row` is a row of, for a multivariate normal.
    row : tuple of float
        First to i-th entry of row i of the matrix.
    """

    kind: Kind
    group: str
    text: str
    count: float | None = None
    matrix: Matrix | None = None
    row: tuple[float, ...] = ()


def dirichlet_member(call: Call) -> GroupMember:
    """``dirichlet(group=copies, count=45)``.

    Parameters
    ----------
    call : Call

    Returns
    -------
    GroupMember

    Raises
    ------
    ValueError
        If the count is not above 0.
    """
    call.expect(("group", "count"))
    count = call.number("count")
    if count <= 0:
        raise ValueError(f"dirichlet: count must be above 0 (found {count:g})")
    return GroupMember("dirichlet", call.word("group"), call.text, count=count)


def normal_member(call: Call) -> GroupMember:
    """``multivariate_normal(group=g, cholesky=[a; b])`` or ``covariance=[a; b]``.

    Parameters
    ----------
    call : Call

    Returns
    -------
    GroupMember

    Raises
    ------
    ValueError
        If the row is not a list of numbers.
    """
    given = call.expect(("group", "cholesky"), ("group", "covariance"))
    matrix: Matrix = "cholesky" if "cholesky" in given else "covariance"
    row = call.numbers(matrix)
    return GroupMember("multivariate_normal", call.word("group"), call.text, matrix=matrix, row=row)


class Group(ABC):
    """A joint distribution of several parameters.

    Parameters
    ----------
    name : str
        Name of the group.
    members : tuple of str
        Parameter names in file order, k of them.
    """

    def __init__(self, name: str, members: tuple[str, ...]) -> None:
        self.name = name
        self.members = members

    @abstractmethod
    def mean(self) -> FloatArray:
        """Means, shape (k,)."""

    @abstractmethod
    def sd(self) -> FloatArray:
        """Standard deviations, shape (k,)."""

    @abstractmethod
    def quantile(self, i: int, q: ArrayLike) -> FloatArray:
        """Quantiles of member `i` alone (its marginal distribution), the shape of `q`."""

    @abstractmethod
    def from_uniforms(self, u: ArrayLike) -> FloatArray:
        """Joint draws from independent uniforms.

        Parameters
        ----------
        u : array_like, shape (n, k)
            In the open interval (0, 1).

        Returns
        -------
        ndarray of float64, shape (n, k)
            Row j depends on row j of `u` only.
        """

    def _uniforms(self, u: ArrayLike) -> FloatArray:
        array = np.asarray(u, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != len(self.members):
            raise ValueError(f"u must have shape (n, {len(self.members)}), found {array.shape}")
        return array


class Dirichlet(Group):
    """Probabilities that add up to 1.

    Drawn as independent gamma variates with the counts as shapes, divided by their sum.

    Parameters
    ----------
    name : str
    members : tuple of str
    counts : array_like, shape (k,)
        Parameters of the Dirichlet, > 0.
    """

    def __init__(self, name: str, members: tuple[str, ...], counts: ArrayLike) -> None:
        super().__init__(name, members)
        self.counts: FloatArray = np.asarray(counts, dtype=np.float64)

    def mean(self) -> FloatArray:
        result: FloatArray = self.counts / self.counts.sum()
        return result

    def sd(self) -> FloatArray:
        mean = self.mean()
        result: FloatArray = np.sqrt(mean * (1 - mean) / (self.counts.sum() + 1))
        return result

    def quantile(self, i: int, q: ArrayLike) -> FloatArray:
        count = self.counts[i]
        return np.asarray(scipy.special.betaincinv(count, self.counts.sum() - count, q), dtype=np.float64)

    def from_uniforms(self, u: ArrayLike) -> FloatArray:
        u = self._uniforms(u)
        with np.errstate(all="ignore"):
            gammas = scipy.special.gammaincinv(self.counts, u)
            # Near 0 the distribution function is x^count / Gamma(count + 1). On the log scale, small
            # counts whose gamma variates all underflow still have a largest one.
            near_zero = (np.log(u) + scipy.special.gammaln(self.counts + 1)) / self.counts
            logs = np.where(gammas > 1e-280, np.log(gammas), near_zero)
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        result: FloatArray = shares / shares.sum(axis=1, keepdims=True)
        return result


class MultivariateNormal(Group):
    """Normal variates with a covariance.

    Parameters
    ----------
    name : str
    members : tuple of str
    means : array_like, shape (k,)
    cholesky : array_like, shape (k, k)
        Lower triangular L with covariance ``L @ L.T``.
    """

    def __init__(self, name: str, members: tuple[str, ...], means: ArrayLike, cholesky: ArrayLike) -> None:
        super().__init__(name, members)
        self.means: FloatArray = np.asarray(means, dtype=np.float64)
        self.cholesky: FloatArray = np.asarray(cholesky, dtype=np.float64)

    def mean(self) -> FloatArray:
        return self.means.copy()

    def sd(self) -> FloatArray:
        result: FloatArray = np.sqrt((self.cholesky**2).sum(axis=1))
        return result

    def quantile(self, i: int, q: ArrayLike) -> FloatArray:
        return np.asarray(self.means[i] + self.sd()[i] * scipy.special.ndtri(q), dtype=np.float64)

    def from_uniforms(self, u: ArrayLike) -> FloatArray:
        z = scipy.special.ndtri(self._uniforms(u))
        # Summed one column at a time, so that a draw does not depend on how many are made with it
        # (the matrix product of the library may add in another order for another size).
        draws = np.tile(self.means, (len(z), 1))
        for j in range(len(self.members)):
            draws += z[:, j, np.newaxis] * self.cholesky[:, j]
        return draws


def build_groups(members: Mapping[str, tuple[GroupMember, float | None]]) -> list[Group]:
    """Put the rows of each group together.

    Parameters
    ----------
    members : mapping of str to (GroupMember, float or None)
        Parameter name to its row and base value, in file order. The base values are the means
        of a multivariate normal; a Dirichlet does not use them.

    Returns
    -------
    list of Group
        In the order in which each group first occurs.

    Raises
    ------
    ValueError
        If the rows of a group do not fit together: kinds or matrices mixed, a Dirichlet of one,
        rows of the wrong length, no base value, or a matrix that is not positive definite.
    """
    by_group: dict[str, dict[str, tuple[GroupMember, float | None]]] = {}
    for parameter, row in members.items():
        by_group.setdefault(row[0].group, {})[parameter] = row
    return [_build(name, rows) for name, rows in by_group.items()]


def _build(name: str, rows: Mapping[str, tuple[GroupMember, float | None]]) -> Group:
    kinds = sorted({member.kind for member, _ in rows.values()})
    if len(kinds) > 1:
        raise ValueError(f"group {name}: all members must be of one kind (found {' and '.join(kinds)})")
    if kinds == ["dirichlet"]:
        return _build_dirichlet(name, rows)
    return _build_normal(name, rows)


def _build_dirichlet(name: str, rows: Mapping[str, tuple[GroupMember, float | None]]) -> Dirichlet:
    if len(rows) < 2:
        raise ValueError(f"dirichlet group {name}: at least two members are needed (found {', '.join(rows)})")
    return Dirichlet(name, tuple(rows), [member.count or np.nan for member, _ in rows.values()])


def _build_normal(name: str, rows: Mapping[str, tuple[GroupMember, float | None]]) -> MultivariateNormal:
    where = f"multivariate_normal group {name}"
    matrices = {member.matrix for member, _ in rows.values()}
    if len(matrices) > 1:
        raise ValueError(f"{where}: give cholesky rows or covariance rows, not both")
    lower = np.zeros((len(rows), len(rows)))
    means = []
    for i, (parameter, (member, value)) in enumerate(rows.items()):
        if value is None:
            raise ValueError(f"{where}: {parameter} needs a value, which is its mean")
        if len(member.row) != i + 1:
            raise ValueError(
                f"{where}: {parameter} is row {i + 1}, so its list must have {i + 1} "
                f"{'number' if i == 0 else 'numbers'} (found {len(member.row)})"
            )
        means.append(value)
        lower[i, : i + 1] = member.row
    if matrices == {"covariance"}:
        lower = _factor(where, lower)
    elif np.any(np.diag(lower) <= 0):
        parameter = list(rows)[int(np.argmax(np.diag(lower) <= 0))]
        raise ValueError(f"{where}: the last number of each cholesky row must be above 0 (see {parameter})")
    return MultivariateNormal(name, tuple(rows), means, lower)


def _factor(where: str, lower: FloatArray) -> FloatArray:
    covariance = lower + np.tril(lower, -1).T
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(covariance)
    if np.any(np.diag(factor) ** 2 <= _SINGULAR * np.abs(np.diag(covariance))):
        smallest = np.linalg.eigvalsh(covariance)[0]
        raise ValueError(
            f"{where}: the covariance is not positive definite (its smallest eigenvalue is {smallest:.3g}); "
            "check variances and signs, and leave out members that others determine"
        )
    return np.asarray(factor, dtype=np.float64)
