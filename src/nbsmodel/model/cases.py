"""A model cut down to what children with the condition contribute, and to what all others do.

Birth probabilities, strategies and parameters stay as they are; only payoffs and entries to cohorts are left out. Since
totals are sums over the branches of the tree, those of the two parts add up to those of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Branch, BranchPayoff, Model


def cases_only(model: Model) -> Model:
    """The model with what happens to affected children only.

    Payoffs and entries to cohorts are kept on branches at or below one with ``case: true``. A payoff on a branch that
    leads to affected and to other children alike (a test given before the two part) is kept for the affected: it
    moves down to the branch where they part. Cohorts that nobody enters any more are left out.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Model
        Totals per unit of the model's basis, as before; divide by the share of affected births for a mean per
        affected child.

    Raises
    ------
    InputError
        When no branch has ``case: true``.
    """
    return _part(model, cases=True)


def others_only(model: Model) -> Model:
    """The model with what happens to all other children only: the complement of `cases_only`."""
    return _part(model, cases=False)


def has_cases(model: Model) -> bool:
    """Whether the model says which births have the condition."""
    return any(map(_leads_to_case, model.tree))


def _part(model: Model, cases: bool) -> Model:
    if not has_cases(model):
        found = "no branch of the tree has `case: true`, so affected children cannot be told from others."
        raise InputError([Problem(str(model.folder / "model.yaml"), found, "Mark the branch of affected births.")])
    tree = tuple(_cut(branch, cases, ()) for branch in model.tree)
    entered = set(_entered(tree))
    cohorts = {name: cohort for name, cohort in model.cohorts.items() if name in entered}
    return replace(model, tree=tree, cohorts=cohorts)


def _leads_to_case(branch: Branch) -> bool:
    return branch.case or any(map(_leads_to_case, branch.branches))


def _cut(branch: Branch, cases: bool, from_above: tuple[BranchPayoff, ...]) -> Branch:
    """A branch with the payoffs of one part; those of a branch above that serves both parts come down to it."""
    payoffs = (*from_above, *branch.payoffs)
    if branch.case or not _leads_to_case(branch):
        return replace(branch, payoffs=payoffs) if branch.case == cases else _emptied(branch)
    return replace(branch, payoffs=(), branches=tuple(_cut(below, cases, payoffs) for below in branch.branches))


def _emptied(branch: Branch) -> Branch:
    """A branch with its probabilities and nothing else."""
    return replace(branch, payoffs=(), entry=None, branches=tuple(map(_emptied, branch.branches)))


def _entered(branches: tuple[Branch, ...]) -> Iterator[str]:
    for branch in branches:
        if branch.entry is not None:
            yield branch.entry.cohort
        yield from _entered(branch.branches)
