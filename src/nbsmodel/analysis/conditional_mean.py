"""Means of several responses given a set of columns, by regression over the draws.

The regression is an analysis of variance of functions: for every column a straight line and a smooth departure from
it, and products of the leading functions of those pairs (and triples) of columns whose products still
explain something. How much each part is shrunk is decided by restricted maximum likelihood, see
`nbsmodel.numerics.shrunken_regression`. Hastie and Tibshirani (1990), Generalized Additive Models; Gu (2013),
Smoothing Spline ANOVA Models; for this use Strong, Oakley and Brennan (2014), Med Decis Making 34:311-326.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import scipy

from nbsmodel.numerics.column_terms import ColumnTerms, distinct, products, terms_of
from nbsmodel.numerics.random import uniforms
from nbsmodel.numerics.residual_tests import explained, patterned, patterned_pair
from nbsmodel.numerics.shrunken_regression import ErrorRoot, ShrunkenFit, ShrunkenRegression

Array = Any

#: Departures from lines that use fewer degrees of freedom than this, in every response, are left out of
#: the final fit.
UNUSED = 0.02
#: A product enters when its part of the residuals would be that large by chance in this share of fits without
#: any; at most so many pairs and triples, of so many columns (those that explain most).
CHANCE, MOST_PAIRS, MOST_TRIPLES, MOST_PAIRED = 0.05, 40, 40, 40
#: Columns in whose pairs a pattern is looked for, and a spread that is rounding beside the largest number.
MOST_CROSSED, ROUNDING = 20, 1e-12


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
        self.largest = float(np.abs(responses).max())
        self.used = distinct(list(columns))
        self.columns = [np.asarray(columns[i]) for i in self.used]
        self.pairs: list[tuple[int, int]] = []
        self.triples: list[tuple[int, int, int]] = []
        self.fits: list[ShrunkenFit] = []
        self.strongest: list[int] = []
        self._roots: dict[int, ErrorRoot] = {}
        if not self.used:
            self.fitted = np.broadcast_to(responses.mean(axis=0), responses.shape)
            return
        terms = [terms_of(column) for column in self.columns]
        lines = [t.line for t in terms if t.line.shape[1]]
        bends = [t.bend for t in terms if t.bend.shape[1]]
        self._fit([*lines, *bends], len(lines))
        if len(terms) > 1:
            self.strongest = self._ranked(terms)
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
        self.pairs = self._screened_pairs(leading, sorted(self.strongest[:MOST_PAIRED]))
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

    def _ranked(self, terms: list[ColumnTerms]) -> list[int]:
        """Columns, those that explain most by themselves first."""
        spread = np.maximum(self.responses.std(axis=0), 1e-300)
        fits = [np.abs(t.leading.T @ (self.responses - self.responses.mean(axis=0)) / spread).max() for t in terms]
        return sorted(range(len(terms)), key=lambda i: -fits[i])

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
            if much := explained(product, residuals, CHANCE / len(every)):
                found.append((-much, (i, j)))
        return sorted(pair for _, pair in sorted(found)[:MOST_PAIRS])

    def _screened_triples(self, leading: list[Array]) -> list[tuple[int, int, int]]:
        pairs = set(self.pairs)
        # one pair is enough: by themselves the others may have no product, as in b c + a b c
        among = sorted(self.strongest[:MOST_PAIRED])
        every = [t for t in combinations(among, 3) if any(p in pairs for p in combinations(t, 2))]
        residuals = self._residuals()
        found = []
        for triple in every:
            if much := explained(_triple(leading, triple)[:, None], residuals, CHANCE / len(every)):
                found.append((-much, triple))
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
        if not self.fits:
            return [], normals[:, 0] * (spread / len(rest))[:, None]
        found = [self.regression.errors(self._error_root(r), z) for r, z in zip(which, normals, strict=True)]
        return [coefficients for coefficients, _ in found], np.stack([level for _, level in found])

    def _error_root(self, r: int) -> ErrorRoot:
        if r not in self._roots:
            rest = self.responses[:, r] - self.fitted[:, r]
            self._roots[r] = self.regression.error_root(self.fits[r], rest, self.free)
        return self._roots[r]

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
            if column.dtype.kind in "fiub" and any(patterned(column, *r) for r in self._left(which)):
                found.append(place)
        return found

    def paired_pattern(self, which: Sequence[int]) -> tuple[int, int] | None:
        """Places of two columns over which together residuals of some responses still have a pattern.

        Of many columns only the pairs of those that explain most are looked at.
        """
        first = self.strongest[:MOST_CROSSED]
        for residuals, spread in self._left(which):
            pair = patterned_pair([self.columns[i] for i in first], residuals, spread)
            if pair is not None:
                return self.used[first[pair[0]]], self.used[first[pair[1]]]
        return None

    def _left(self, which: Sequence[int]) -> Iterator[tuple[Array, float]]:
        """Residuals of responses that vary by more than rounding, and the spread of their fitted values."""
        for r in which:
            response, fitted = self.responses[:, r], self.fitted[:, r]
            if response.std() > ROUNDING * self.largest:
                yield response - fitted, float(fitted.std())


def _triple(leading: list[Array], which: tuple[int, int, int]) -> Array:
    product = leading[which[0]][:, 0] * leading[which[1]][:, 0] * leading[which[2]][:, 0]
    product = product - product.mean()
    return product / max(float(product.std()), 1e-300)
