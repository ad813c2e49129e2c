"""What residuals of a regression still hold: parts that further terms explain, patterns along and across columns.

None of the tests takes residuals for equally spread in all rows: net benefits mostly multiply parameters, so that what
is not known spreads them more in some rows than in others, which would be taken for something (White 1980,
Econometrica 48:817-838).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

Array = Any

#: Groups of rows in which residuals should have mean 0: along a column, and of each of two columns.
GROUPS, CELLS = 20, 5
#: Cells with fewer rows are left out: their spread is not known.
LEAST_ROWS = 10
#: What is called a pattern: beyond chance, and this large beside the fitted values.
SURE, LARGE = 1e-4, 0.05
#: A row is not taken to pull a fit to itself by more than this share, and what keeps a covariance from being singular.
MOST_PULLED, RIDGE = 0.99, 1e-10


def explained(terms: Array, residuals: Array, chance: float) -> float:
    """How much of residuals some terms explain; 0 when it may be chance.

    Two tests have to agree: that for residuals spread equally, and the Wald test with a covariance that
    holds where they are not (HC3: MacKinnon and White 1985, J Econometrics 29:305-325).

    Parameters
    ----------
    terms : array (row, k)
        With mean 0.
    residuals : array (row, response)
        With standard deviation 1, or 0.
    chance : float
        Share of tests that find something where there is nothing.

    Returns
    -------
    float
        Sum of squares explained, the most of any response for which both tests say so.
    """
    size, axes = np.linalg.eigh(terms.T @ terms)
    kept = size > 1e-10 * max(size[-1], 1e-300)
    along = axes[:, kept] / np.sqrt(size[kept])
    coefficients = along.T @ (terms.T @ residuals)
    plain = (coefficients**2).sum(axis=0)
    limit = scipy.special.chdtri(kept.sum(), chance)
    found = 0.0
    if plain.max() <= limit:
        return found
    unit = terms @ along
    rest = 1 - np.minimum((unit**2).sum(axis=1), MOST_PULLED)
    for r in np.flatnonzero(plain > limit):
        scores = unit * ((residuals[:, r] - unit @ coefficients[:, r]) / rest)[:, None]
        covariance = scores.T @ scores + RIDGE * np.eye(unit.shape[1])
        robust = coefficients[:, r] @ np.linalg.solve(covariance, coefficients[:, r])
        if robust > limit:
            found = max(found, float(plain[r]))
    return found


def patterned(column: Array, residuals: Array, spread: float) -> bool:
    """Whether residuals have a pattern along a column.

    Parameters
    ----------
    column, residuals : array (row,)
    spread : float
        Standard deviation of the fitted values.
    """
    groups = np.array_split(residuals[np.argsort(column, kind="stable")], GROUPS)
    means = np.array([g.mean() for g in groups])
    errors = np.array([max(g.std() / np.sqrt(len(g)), 1e-9 * spread) for g in groups])
    if spread == 0 or scipy.special.chdtrc(GROUPS - 1, float(((means / errors) ** 2).sum())) > SURE:
        return False
    return float((means**2 - errors**2).mean()) > (LARGE * spread) ** 2


def patterned_pair(columns: Sequence[Array], residuals: Array, spread: float) -> tuple[int, int] | None:
    """Two columns over which together residuals have a pattern, the clearest; None without one.

    Residuals are averaged in the cells of a grid of quantiles of each pair of columns.

    Parameters
    ----------
    columns : sequence of array (row,)
        Numbers or categories.
    residuals : array (row,)
    spread : float
        Standard deviation of the fitted values.
    """
    k = len(columns)
    if k < 2 or spread == 0:
        return None
    inside = np.hstack([_quantile_groups(column) for column in columns])
    powers = (residuals[:, None] ** power for power in range(3))
    count, total, square = (inside.T @ (inside * power) for power in powers)
    used = count >= LEAST_ROWS
    count = np.maximum(count, 1)
    means = total / count
    # the error of the fit itself, which comes from rows of much spread, shows in cells of little spread:
    # residuals of a cell are not taken to spread less than all do
    own = np.maximum(square / count - means**2, float(residuals.var()))
    # squares of Student's t are larger than those of normal variates: (n - 3) / (n - 1) on average
    errors = np.maximum(np.sqrt(own / np.maximum(count - 3, 1)), 1e-9 * spread)
    best: tuple[float, tuple[int, int] | None] = (SURE / (k * (k - 1) / 2), None)
    for i in range(k):
        for j in range(i + 1, k):
            at = np.ix_(range(i * CELLS, (i + 1) * CELLS), range(j * CELLS, (j + 1) * CELLS))
            use = used[at]
            if use.sum() < 2:
                continue
            mean, error, weight = means[at][use], errors[at][use], count[at][use]
            p = scipy.special.chdtrc(use.sum() - 1, float(((mean / error) ** 2).sum()))
            large = float(((mean**2 - error**2) * weight).sum() / weight.sum()) > (LARGE * spread) ** 2
            if large and p < best[0]:
                best = (float(p), (i, j))
    return best[1]


def _quantile_groups(column: Array) -> Array:
    """Which of `CELLS` groups each row is in, as indicators; categories by their code."""
    if column.dtype.kind in "fiub":
        x = np.asarray(column, dtype=float)
        place = np.searchsorted(np.quantile(x, np.arange(1, CELLS) / CELLS), x)
    else:
        place = np.minimum(np.unique(column, return_inverse=True)[1], CELLS - 1)
    found = np.zeros((len(column), CELLS))
    found[np.arange(len(column)), place] = 1.0
    return found
