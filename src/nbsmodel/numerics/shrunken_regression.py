"""Linear regression in which blocks of coefficients are shrunk, each as much as the data say.

Coefficients of a block have one variance; the variances are those under which the data are most probable
once the coefficients are averaged out (restricted maximum likelihood, also called evidence). They are found with
the fixed point of MacKay (1992), Neural Computation 4:415-447, which is also that of Wood and Fasiolo (2017),
Biometrics 73:1071-1081, for ridge penalties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

Array = Any

#: Penalties lie between these multiples of the number of rows: next to no shrinking, and nothing left.
LOOSE, TIGHT = 1e-8, 1e8
#: Rounds of the fixed point, the change of the degrees of freedom at which it ends, and those below which a
#: block that shrinks on is taken to be nothing.
ROUNDS, SETTLED, NOTHING = 200, 2e-3, 0.02
#: Residual variance below this share of the variance is rounding.
EXACT = 1e-13
#: A row is not taken to pull the fit to itself by more than this share, and what keeps a covariance from being
#: singular, beside variances of 1.
MOST_PULLED, RIDGE = 0.99, 1e-10


@dataclass(frozen=True)
class ShrunkenFit:
    """Fit of one response.

    Parameters
    ----------
    fitted : array (row,)
        Its mean is that of the response.
    coefficients : array (term,)
    penalties : array (block,)
    freedom : array (block,)
        Effective degrees of freedom of each block.
    variance : float
        Of the residuals.
    factor : array (term, term)
        Lower Cholesky factor of the penalised normal equations.
    """

    fitted: Array
    coefficients: Array
    penalties: Array
    freedom: Array
    variance: float
    factor: Array


@dataclass(frozen=True)
class ErrorRoot:
    """What errors of a fit are simulated from.

    Parameters
    ----------
    factor : array (term, term)
        Lower Cholesky factor of the normal equations.
    scores : array (1 + term, 1 + term)
        Lower Cholesky factor of the covariance of the sums of residuals, and of residuals times terms.
    """

    factor: Array
    scores: Array


class ShrunkenRegression:
    """Regression on blocks of terms, made ready once for any number of responses.

    Parameters
    ----------
    blocks : sequence of array (row, k)
        Terms with mean 0; none with no columns.
    """

    def __init__(self, blocks: Sequence[Array]) -> None:
        self.rows = len(blocks[0])
        self.sizes = [block.shape[1] for block in blocks]
        self.block_of = np.repeat(np.arange(len(blocks)), self.sizes)
        terms = np.hstack(blocks)
        self.terms: Array = terms - terms.mean(axis=0)
        self.gram: Array = self.terms.T @ self.terms

    def fit(self, response: Array, start: Array | None = None) -> ShrunkenFit:
        """Fit a response.

        Parameters
        ----------
        response : array (row,)
        start : array (block,), optional
            Penalties of a response much like it.
        """
        n, mean = self.rows, response.mean()
        centred = response - mean
        total = float(centred @ centred)
        slope = self.terms.T @ centred
        # what another response shrank to nothing has a say again here
        penalties = np.full(len(self.sizes), 1e-3 * n) if start is None else np.minimum(start, n)
        freedom = np.full(len(self.sizes), np.inf)
        for _ in range(ROUNDS):
            factor = self.factor(penalties)
            beta = scipy.linalg.cho_solve((factor, True), slope)
            inverse, _ = scipy.linalg.lapack.dpotri(factor, lower=1)
            inside = np.bincount(self.block_of, np.diag(inverse), len(self.sizes))
            before, freedom = freedom, np.clip(self.sizes - penalties * inside, 0.0, self.sizes)
            residual = total - 2 * float(beta @ slope) + float(beta @ self.gram @ beta)
            variance = max(residual, EXACT * total) / max(n - 1 - freedom.sum(), 1.0)
            if np.abs(freedom - before).max() < SETTLED:
                break
            squares = np.bincount(self.block_of, beta**2, len(self.sizes))
            wanted = np.clip(variance * freedom / np.maximum(squares, 1e-300), LOOSE * n, TIGHT * n)
            penalties = np.where((freedom < NOTHING) & (wanted >= penalties), TIGHT * n, wanted)
        return ShrunkenFit(mean + self.terms @ beta, beta, penalties, freedom, variance, factor)

    def factor(self, penalties: Array) -> Array:
        """Lower Cholesky factor of the normal equations with these penalties."""
        equations = self.gram + np.diag(penalties[self.block_of])
        return np.tril(scipy.linalg.cholesky(equations, lower=True, check_finite=False))

    def error_root(self, fit: ShrunkenFit, residuals: Array, free: Array) -> ErrorRoot:
        """Covariance of the errors that the coefficients of a fit and the mean of its response may have.

        It is ``A^-1 (X' diag(e^2) X + s^2 P) A^-1`` with ``A = X'X + P``, penalties P and
        residual variance s^2: that of the posterior distribution of the coefficients, ``s^2 A^-1``, but with the
        residuals themselves where that takes one variance for all rows. Residuals e are those of
        rows left out (HC3: MacKinnon and White 1985, J Econometrics 29:305-325), since a row far out pulls the
        fit to itself.

        Parameters
        ----------
        fit : ShrunkenFit
        residuals : array (row,)
        free : bool array (block,)
            Blocks whose error is that of coefficients not shrunk: what was shrunk to nothing may
            still be there.
        """
        penalties = np.where(free, LOOSE * self.rows, fit.penalties)
        factor = self.factor(penalties)
        inverse, _ = scipy.linalg.lapack.dtrtri(factor, lower=1)
        pulled = ((self.terms @ inverse.T) ** 2).sum(axis=1) + 1 / self.rows
        left_out = residuals / (1 - np.minimum(pulled, MOST_PULLED))
        scores = np.column_stack([left_out, self.terms * left_out[:, None]])
        spread = scores.T @ scores + fit.variance * np.diag(np.concatenate([[0.0], penalties[self.block_of]]))
        diagonal = np.sqrt(np.maximum(np.diag(spread), 1e-300))
        relative = spread / diagonal[:, None] / diagonal + RIDGE * np.eye(len(diagonal))
        return ErrorRoot(factor, diagonal[:, None] * scipy.linalg.cholesky(relative, lower=True))

    def errors(self, root: ErrorRoot, normals: Array) -> tuple[Array, Array]:
        """Errors of coefficients and of the mean of the response, simulated.

        Parameters
        ----------
        root : ErrorRoot
        normals : array (1 + term, simulation)
            Independent standard normal variates, the first row for the mean.

        Returns
        -------
        tuple of array (term, simulation) and array (simulation,)
            Errors of the coefficients, and of the mean.
        """
        moved = root.scores @ normals
        return scipy.linalg.cho_solve((root.factor, True), moved[1:]), moved[0] / self.rows
