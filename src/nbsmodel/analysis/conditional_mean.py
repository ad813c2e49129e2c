"""Means of several responses given a set of columns, by regression over the draws.

The regression is an analysis of variance of functions: for every column a straight line and a smooth departure from
it, and products of the leading functions of those pairs (and triples) of columns whose products still
explain something. How much each part is shrunk is decided by restricted maximum likelihood, see
`nbsmodel.numerics.shrunken_regression`. Hastie and Tibshirani (1990), Generalized Additive Models; Gu (2013),
Smoothing Spline ANOVA Models; for this use Strong, Oakley and Brennan (2014), Med Decis Making 34:311-326.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import scipy

from nbsmodel.numerics.column_terms import ColumnTerms, distinct, products, terms_of
from nbsmodel.numerics.random import uniforms
from nbsmodel.numerics.shrunken_regression import ShrunkenFit, ShrunkenRegression

Array = Any

#: Departures from lines that use fewer degrees of freedom than this, in every response, are left out of
#: the final fit.
UNUSED = 0.02
#: A product enters when its part of the residuals would be that large by chance in this share of fits without
#: any; at most so many pairs and triples, of so many columns (those that explain most).
CHANCE, MOST_PAIRS, MOST_TRIPLES, MOST_PAIRED = 0.05, 40, 40, 40
#: Groups of rows in which residuals should have mean 0, and what is called a pattern: beyond chance, and this large
#: beside the fitted values.
GROUPS, SURE, LARGE = 20, 1e-4, 0.05


class ConditionalMeans:
    """Responses given columns.

    Parameters
    ----------
    columns : sequence of array (row,)
        Numbers or categories. Constant columns and those that others determine are left out.
    responses : array (row, response)
        Neighbours that are much alike are fitted fastest.

    Attributes
    ----------
    fitted : array (row, response)
        Each has the mean of its response.
    fits : list of ShrunkenFit
        Empty when no column varies.
    used : list of int
        Places of the columns used.
    """

    def __init__(self, columns: Sequence[Array], responses: Array) -> None:
        self.responses = responses
        self.used = distinct(list(columns))
        self.columns = [np.asarray(columns[i]) for i in self.used]
        self.pairs: list[tuple[int, int]] = []
        self.triples: list[tuple[int, int, int]] = []
        self.fits: list[ShrunkenFit] = []
        if not self.used:
            self.fitted = np.broadcast_to(responses.mean(axis=0), responses.shape)
            return
        terms = [terms_of(column) for column in self.columns]
        lines = [t.line for t in terms if t.line.shape[1]]
        bends = [t.bend for t in terms if t.bend.shape[1]]
        self._fit([*lines, *bends], len(lines))
        if len(terms) > 1:
            used = [b for b, f in zip(bends, self._freedom()[len(lines) :], strict=True) if f > UNUSED]
            self._with_products(terms, [*lines, *used], len(lines))

    def _fit(self, blocks: list[Array], lines: int) -> None:
        self.regression = ShrunkenRegression(blocks)
        #: Blocks whose error is taken without shrinking: the straight lines.
        self.free = np.arange(len(blocks)) < lines
        self.fits = []
        start = None
        for response in self.responses.T:
            self.fits.append(self.regression.fit(response, start))
            start = self.fits[-1].penalties
        self.fitted = np.column_stack([fit.fitted for fit in self.fits])

    def _freedom(self) -> Array:
        """Most degrees of freedom that any response gives each block."""
        return np.max([fit.freedom for fit in self.fits], axis=0)

    def _with_products(self, terms: list[ColumnTerms], blocks: list[Array], lines: int) -> None:
        leading = [t.leading for t in terms]
        self.pairs = self._screened_pairs(leading, self._strongest(terms))
        if not self.pairs:
            if len(blocks) < len(self.regression.sizes):
                self._fit(blocks, lines)
            return
        for i, j in self.pairs:
            blocks += [block for block in products(leading[i], leading[j]) if block.shape[1]]
        self._fit(blocks, lines)
        self.triples = self._screened_triples(leading)
        if self.triples:
            self._fit([*blocks, np.column_stack([_triple(leading, t) for t in self.triples])], lines)

    def _strongest(self, terms: list[ColumnTerms]) -> list[int]:
        """Columns that explain most by themselves, in their order."""
        spread = np.maximum(self.responses.std(axis=0), 1e-300)
        fits = [np.abs(t.leading.T @ (self.responses - self.responses.mean(axis=0)) / spread).max() for t in terms]
        return sorted(sorted(range(len(terms)), key=lambda i: -fits[i])[:MOST_PAIRED])

    def _residuals(self) -> Array:
        """With standard deviation 1, or 0 where a fit is exact."""
        rest = self.responses - self.fitted
        spread = rest.std(axis=0)
        small = spread <= 1e-6 * self.responses.std(axis=0)
        return np.where(small, 0.0, rest / np.where(small, 1.0, spread))

    def _screened_pairs(self, leading: list[Array], strongest: list[int]) -> list[tuple[int, int]]:
        residuals = self._residuals()
        every = list(combinations(strongest, 2))
        found = []
        for i, j in every:
            product = np.hstack(products(leading[i], leading[j], 2))
            size, axes = np.linalg.eigh(product.T @ product)
            kept = size > 1e-10 * max(size[-1], 1e-300)
            explained = ((axes[:, kept].T @ (product.T @ residuals)) ** 2 / size[kept, None]).sum(axis=0).max()
            if explained > scipy.special.chdtri(kept.sum(), CHANCE / len(every)):
                found.append((-float(explained), (i, j)))
        return sorted(pair for _, pair in sorted(found)[:MOST_PAIRS])

    def _screened_triples(self, leading: list[Array]) -> list[tuple[int, int, int]]:
        pairs = set(self.pairs)
        among = sorted({i for pair in pairs for i in pair})
        every = [t for t in combinations(among, 3) if sum(p in pairs for p in combinations(t, 2)) > 1]
        residuals = self._residuals()
        found = []
        for triple in every:
            explained = float(((_triple(leading, triple) @ residuals) ** 2).max()) / len(residuals)
            if explained > scipy.special.chdtri(1, CHANCE / len(every)):
                found.append((-explained, triple))
        return sorted(triple for _, triple in sorted(found)[:MOST_TRIPLES])

    def errors(
        self, which: Sequence[int], rows: Array, simulations: int, seed: int, name: str,
        source: ConditionalMeans | None = None,
    ) -> tuple[Array, Array]:  # fmt: skip
        """Errors that fitted values may have, simulated.

        Parameters
        ----------
        which : sequence of int
            Responses; their errors go together as their residuals do.
        rows : int array
            Rows for which they are wanted.
        simulations : int
        seed, name
            Of the stream of random numbers.
        source : ConditionalMeans, optional
            Where the responses are themselves fitted values of another regression, with the same places:
            their errors are passed on.

        Returns
        -------
        tuple of array (response, row, simulation) and array (response, simulation)
            Errors of the fitted values, and of their means over all rows.
        """
        coefficients, level = self._coefficient_errors(which, simulations, seed, name)
        if source is not None and source.fits:
            theirs, their_level = source._coefficient_errors(which, simulations, seed, f"{name} source")
            level = level + their_level
            if self.fits:
                across = self.regression.terms.T @ source.regression.terms
                for k, r in enumerate(which):
                    passed = scipy.linalg.cho_solve((self.fits[r].factor, True), across @ theirs[k])
                    coefficients[k] = coefficients[k] + passed
        if not self.fits:
            return np.repeat(level[:, None], len(rows), axis=1), level
        terms = self.regression.terms[rows]
        return np.stack([terms @ c for c in coefficients]) + level[:, None], level

    def _coefficient_errors(
        self, which: Sequence[int], simulations: int, seed: int, name: str
    ) -> tuple[list[Array], Array]:
        rest = self.responses[:, which] - self.fitted[:, which]
        covariance = np.atleast_2d(rest.T @ rest)
        spread = np.sqrt(np.diag(covariance))
        correlation = covariance / np.maximum(np.outer(spread, spread), 1e-300)
        size, axes = np.linalg.eigh(correlation)
        mix = axes * np.sqrt(np.maximum(size, 0))  # correlated normals; also where some go together entirely
        terms = self.regression.terms.shape[1] if self.fits else 0
        shape = (len(which), terms + 1, simulations)
        normals = scipy.special.ndtri(uniforms(seed, "regression error", name, int(np.prod(shape)))).reshape(shape)
        normals = np.tensordot(mix, normals, axes=1)
        level = normals[:, -1] * (spread / len(rest))[:, None]
        if not self.fits:
            return [], level
        fits = [self.fits[r] for r in which]
        return [self.regression.errors(f, z[:-1], self.free) for f, z in zip(fits, normals, strict=True)], level

    def quality(self, which: Sequence[int]) -> dict[str, float]:
        """How well some responses are fitted, together.

        Parameters
        ----------
        which : sequence of int

        Returns
        -------
        dict
            ``r2``, ``r2_cv`` (by generalised cross-validation, Craven and Wahba 1979), ``df`` (the most degrees of
            freedom that any of them uses), ``residual_sd`` (root mean square over the responses).
        """
        n = len(self.responses)
        rest = ((self.responses[:, which] - self.fitted[:, which]) ** 2).mean(axis=0)
        total = self.responses[:, which].var(axis=0)
        freedom = np.array([self.fits[r].freedom.sum() if self.fits else 0.0 for r in which])
        beyond = rest / (1 - np.minimum((1 + freedom) / n, 0.99)) ** 2
        whole = max(float(total.sum()), 1e-300)
        return {
            "r2": 1 - float(rest.sum()) / whole if total.sum() else np.nan,
            "r2_cv": 1 - float(beyond.sum()) / whole / (1 - 1 / n) ** -2 if total.sum() else np.nan,
            "df": float(freedom.max()),
            "residual_sd": float(np.sqrt((rest * n / np.maximum(n - 1 - freedom, 1)).mean())),
        }

    def pattern(self, which: Sequence[int]) -> list[int]:
        """Places of the given columns along which residuals of some responses still have a pattern."""
        found = []
        for place, column in zip(self.used, self.columns, strict=True):
            if column.dtype.kind in "fiub" and any(self._patterned(column, r) for r in which):
                found.append(place)
        return found

    def _patterned(self, column: Array, r: int) -> bool:
        rest = (self.responses[:, r] - self.fitted[:, r])[np.argsort(column, kind="stable")]
        spread = self.fitted[:, r].std()
        groups = np.array_split(rest, GROUPS)
        means = np.array([g.mean() for g in groups])
        errors = np.array([max(g.std() / np.sqrt(len(g)), 1e-9 * spread) for g in groups])
        if spread == 0 or scipy.special.chdtrc(GROUPS - 1, float(((means / errors) ** 2).sum())) > SURE:
            return False
        return float((means**2 - errors**2).mean()) > (LARGE * spread) ** 2


def _triple(leading: list[Array], which: tuple[int, int, int]) -> Array:
    product = leading[which[0]][:, 0] * leading[which[1]][:, 0] * leading[which[2]][:, 0]
    product = product - product.mean()
    return product / max(float(product.std()), 1e-300)
