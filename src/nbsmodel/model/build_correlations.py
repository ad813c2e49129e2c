"""Correlations of ``model.yaml``, checked against the parameters they join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np

from nbsmodel.errors import Problems, nearest
from nbsmodel.model.correlations import Copula, Correlation, copulas
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.parameters import ParameterTable
from nbsmodel.model.schema import CorrelationSchema, ModelSchema
from nbsmodel.numerics.correlation import is_definite, nearest_ranks

Place = Callable[..., str]


def build_correlations(
    schema: ModelSchema,
    table: ParameterTable,
    kinds: Mapping[str, str],
    sources: Collection[str],
    place: Place,
    problems: Problems,
) -> tuple[Correlation, ...]:
    """Check the correlations of a model.

    Parameters
    ----------
    schema : ModelSchema
    table : ParameterTable
    kinds : mapping of str to str
        What each name of the model is.
    sources : collection of str
        Keys of ``sources.yaml``.
    place : callable
        File and line of a key.
    problems : Problems
        Receives every mistake.

    Returns
    -------
    tuple of Correlation
        As written; to be used only if there were no problems.
    """
    checker = _Checker(table, kinds, sources, problems)
    before = len(problems.items)
    found = tuple(checker.read(entry, partial(place, "correlations", i)) for i, entry in enumerate(schema.correlations))
    if len(problems.items) == before:  # what is left of a broken list may only seem impossible
        for copula in copulas(found):
            _check_matrix(copula, found, problems)
    return found


class _Checker:
    def __init__(
        self, table: ParameterTable, kinds: Mapping[str, str], sources: Collection[str], problems: Problems
    ) -> None:  # fmt: skip
        self.rows, self.kinds, self.sources, self.problems = table.rows, kinds, sources, problems
        self.groups = {name: group for group in table.groups for name in group.members}
        self.pairs: dict[frozenset[str], str] = {}

    def read(self, entry: CorrelationSchema, place: Place) -> Correlation:
        counts = Counter(entry.between)
        names = tuple(counts)
        for name in names:
            if counts[name] > 1:
                self.problems.add(place("between"), f"{name} stands twice.", "Keep it once.")
            self._check_name(name, place("between"))
        if len(entry.between) < 2:
            fix = "A correlation is between two parameters or more."
            found = f"found only {entry.between[0]}." if entry.between else "no parameter is named."
            self.problems.add(place("between"), found, fix)
        if not -1 < entry.rank < 1:
            fix = "A rank correlation lies between -1 and 1, both left out. "
            fix += "For parameters that move as one, make one a derived value of the other."
            self.problems.add(place("rank"), f"found {entry.rank:g}.", fix)
        sources = tuple(s.strip() for s in entry.source.split(";") if s.strip())
        if not sources:
            self.problems.add(place("source"), "the source is missing.", "Give a key of sources.yaml.")
        for source in sources:
            if source not in self.sources:
                self.problems.add(place("source"), f"{source} is not in sources.yaml.", nearest(source, self.sources))
        note = " ".join((entry.note or "").split())
        correlation = Correlation(names, entry.rank, sources, note, place())
        for a, b in correlation.pairs:
            first = self.pairs.setdefault(frozenset((a, b)), place())
            if first != place():
                found = f"the correlation of {a} and {b} stands already at {first}."
                self.problems.add(place("between"), found, "Keep one of them.")
        return correlation

    def _check_name(self, name: str, place: str) -> None:
        row = self.rows.get(name)
        if row is None and name in self.kinds:
            fix = "Only parameters with a distribution can be correlated; name those it is made of."
            self.problems.add(place, f"{name} is no parameter; it is one of the {self.kinds[name]}s.", fix)
        elif row is None:
            uncertain = [n for n, r in self.rows.items() if r.distribution is not None]
            self.problems.add(place, f"no parameter is named {name}.", nearest(name, uncertain))
        elif row.group is not None:
            if name in self.groups:  # otherwise the group could not be built, which is reported
                self.problems.add(place, *self._member(name, row.group))
        elif not row.distribution_text:
            fix = "Give it a distribution in parameters.csv, or leave it out here."
            self.problems.add(place, f"{name} is fixed: it has no distribution.", fix)

    def _member(self, name: str, group: str) -> tuple[str, str]:
        if isinstance(self.groups[name], Dirichlet):
            return (
                f"correlation with a Dirichlet member: {name} belongs to the group {group}, whose shares vary "
                "together already, as they add up to 1.",
                "Leave it out; or write the shares as conditional probabilities (this of all, the next of those left) "
                "with a beta distribution each, and correlate these.",
            )
        return (
            f"{name} belongs to the multivariate normal group {group}, whose covariance says already how it varies.",
            "Add the other parameter to the group; or give the members normal distributions of their own, "
            "and all their correlations here.",
        )


def _check_matrix(copula: Copula, correlations: tuple[Correlation, ...], problems: Problems) -> None:
    if is_definite(copula.matrix):
        return
    names, offered = copula.members, nearest_ranks(copula.ranks)
    stated = {pair for entry in correlations for pair in map(frozenset, entry.pairs)}
    upper = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    gaps = any(frozenset((names[i], names[j])) not in stated for i, j in upper)
    found = (
        f"the correlations of {', '.join(names[:-1])} and {names[-1]} cannot hold together: their matrix is not "
        f"positive definite (its smallest eigenvalue is {np.linalg.eigvalsh(copula.matrix)[0]:.3g}"
        f"{'; pairs that are not given count as 0' if gaps else ''})."
    )
    changes = [f"{names[i]} and {names[j]} {offered[i, j]:g}" for i, j in upper if offered[i, j] != copula.ranks[i, j]]
    fix = f"Check signs and sizes. The nearest ranks that can: {', '.join(changes)}."
    problems.add(next(entry.place for entry in correlations if names[0] in entry.between), found, fix)
