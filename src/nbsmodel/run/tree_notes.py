"""Remarks on the tree of a model: shapes that are allowed and are, as a rule, a slip."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nbsmodel.engine.result import Result
from nbsmodel.model.programme import Programme, age_at, age_at_result, positive_again
from nbsmodel.run.tier_checks import ROUNDING
from nbsmodel.run.tiers import value_of

#: A dependence that makes a false positive this many times as likely is remarked on.
MANY_TIMES = 5
#: A first sample, or its result, beyond this age in years is remarked on.
LATE = 1.0


def tree_notes(result: Result) -> Iterator[str]:
    """Remarks on leaves, entries to cohorts and tests, at base values.

    Parameters
    ----------
    result : Result

    Yields
    ------
    str
        Beginning with a place, and each once.
    """
    yield from _empty_leaves(result)
    yield from _delays(result)
    if result.model.programme is not None:
        yield from _late(result, result.model.programme)
        yield from _dependence(result, result.model.programme)


def _empty_leaves(result: Result) -> Iterator[str]:
    """Children with the condition of whom nothing is counted, while others of them have a life."""
    programme = result.model.programme
    meant = frozenset[tuple[str, ...]]() if programme is None else programme.ended
    cases = [leaf.path for leaf in result.leaves if any(branch.case for branch in leaf.path)]
    if not any(path[-1].entry for path in cases):
        return
    found: dict[str, list[str]] = {}
    for path in cases:
        names = tuple(branch.name for branch in path)
        if path[-1].entry is None and not path[-1].payoffs and names not in meant:
            found.setdefault(path[-1].place, []).append(" > ".join(names))
    for place, routes in found.items():
        more = f", and {len(routes) - 1} more" if len(routes) > 1 else ""
        yield (
            f"{place}: births with the condition end here ({routes[0]}{more}) without a cohort and without payoffs: "
            "they have no costs and no QALYs from here on, while others enter a cohort."
        )


def _delays(result: Result) -> Iterator[str]:
    """Leaves that enter one cohort at different times: what is before entry is not lived."""
    found: dict[str, list[tuple[float, str]]] = {}
    for leaf in result.leaves:
        end = leaf.path[-1]
        if end.entry is not None:
            delay = float(np.max(result.values.value(end.entry.delay.node)))
            found.setdefault(end.entry.cohort, []).append((delay, end.place))
    for cohort, delays in found.items():
        first, last = min(delays), max(delays)
        if last[0] > first[0] + ROUNDING:
            yield (
                f"{last[1]}: {cohort} is entered with a delay of {last[0]:.4g} years here and of {first[0]:.4g} at "
                f"{first[1]}. The time before entry is not lived: no life-years, no QALYs, no costs, no risk. Where "
                "children live through it, let all enter at the same age and hand the age over by `with`."
            )


def _late(result: Result, programme: Programme) -> Iterator[str]:
    for step in programme.steps:
        if not step.before:
            at, ready = (float(value_of(result, name(step.test)).max()) for name in (age_at, age_at_result))
            if ready > LATE:
                place = next(tier.at_place for tier in programme.tiers if tier.name == step.test)
                yield (
                    f"{place}: the first test {step.test} is done at {at:.4g} years, with a result at {ready:.4g} "
                    "years. Times are in years, unless they are written as in `5 days`."
                )


def _dependence(result: Result, programme: Programme) -> Iterator[str]:
    cases = {group.name for group in programme.groups if group.case}
    found: dict[str, tuple[float, str]] = {}
    for step in programme.steps:
        if not step.depends or step.group in cases:
            continue
        alone = float(value_of(result, step.chance).max())
        again = float(value_of(result, positive_again(step.group, step.test)).max())
        times = again / alone if alone > 0 else 0.0
        if times > max(MANY_TIMES, found.get(step.depends, (0.0, ""))[0]):
            text = (
                f"{step.depends}: among {step.group} positive before, a positive on {step.test} has a chance of "
                f"{again:.3g} in place of {alone:.3g}, {times:.3g} times as much. Dependence among births without the "
                f"condition is usually 0: give it by group, as in {{{min(cases)}: 0.5}}."
            )
            found[step.depends] = times, text
    yield from (note for _, note in found.values())
