"""The tests of a declared screening programme, read from the leaves of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.engine.result import Result, leaf_class
from nbsmodel.model.parts import Branch
from nbsmodel.model.programme import Programme, Step, negative, no_result, positive

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.tiers import TierCount

Array = Any
FALSE_POSITIVE = "false_positive"


def tiers_table(result: Result) -> pd.DataFrame | None:
    """Table of the tests at the first draw; None for a model without a declared programme."""
    programme = result.model.programme
    if programme is None:
        return None
    from nbsmodel.analysis.tiers import tier_table

    births = None if result.births is None else float(result.births[0])
    return tier_table(result.strategies, tier_counts(result, programme), births)


def tier_counts(result: Result, programme: Programme) -> list[TierCount]:
    """Every test in every group that has it, at the first draw."""
    from nbsmodel.analysis.tiers import TierCount

    numbers = {tier.name: tier.tests_done for tier in programme.tiers}
    cases = {group.name: group.case for group in programme.groups}
    last = {step.group: step.test for step in programme.steps}
    found = []
    for step in programme.steps:
        reached = share_at(result, step.path)
        done = value_of(result, numbers[step.test]) if numbers[step.test] else 1.0
        uncleared = share_at(result, (*step.path, no_result(step.test)), FALSE_POSITIVE)
        if last[step.group] == step.test:
            uncleared = uncleared + share_at(result, (*step.path, positive(step.test)), FALSE_POSITIVE)
        found.append(
            TierCount(
                test=step.test,
                group=step.group,
                case=cases[step.group],
                reached=reached,
                no_result=share_at(result, (*step.path, no_result(step.test))),
                positive=share_at(result, (*step.path, positive(step.test))),
                cleared=share_at(result, (*step.path, negative(step.test)), FALSE_POSITIVE),
                not_cleared=uncleared,
                tests=reached * done,
                cost=reached * _cost(result, step),
            )
        )
    return found


def cleared_shares(result: Result) -> tuple[Array, Array] | None:
    """False positives cleared by a later test, and not cleared, as shares of births; None without a programme."""
    if result.model.programme is None:
        return None
    counts = tier_counts(result, result.model.programme)
    nobody = np.zeros(len(result.strategies))
    return sum((c.cleared for c in counts), nobody), sum((c.not_cleared for c in counts), nobody)


def share_at(result: Result, path: tuple[str, ...], class_: str | None = None) -> Array:
    """Share of births, by strategy, who come to the branch of a path, and end in a class where one is given."""
    total = np.zeros(len(result.strategies))
    for leaf in result.leaves:
        here = tuple(branch.name for branch in leaf.path[: len(path)]) == path
        if here and class_ in (None, leaf_class(leaf.path)):
            total = total + leaf.probability[0]
    return total


def _cost(result: Result, step: Step) -> Array:
    """What the test costs for each child who has it, by strategy: its payoffs stand last on the branch."""
    branches: tuple[Branch, ...] = result.model.tree
    for name in step.path:
        branch = next(b for b in branches if b.name == name)
        branches = branch.branches
    payoffs = branch.payoffs[len(branch.payoffs) - step.costs :]
    return sum((_first(result, result.values.value(p.value.node)) for p in payoffs), np.zeros(len(result.strategies)))


def value_of(result: Result, text: str) -> Array:
    """A number as text, or a value of the tree by its name, by strategy at the first draw."""
    try:
        return np.full(len(result.strategies), float(text))
    except ValueError:
        return _first(result, result.values[text])


def _first(result: Result, value: Array) -> Array:
    """A value of the tree by strategy, at the first draw."""
    return np.broadcast_to(value, (len(result.strategies), max(1, np.shape(value)[-1] if np.ndim(value) else 1)))[:, 0]
