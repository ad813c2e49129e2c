"""What a screening programme must fulfil before it can be written as a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbsmodel.errors import Problems, nearest
from nbsmodel.model.screening_schema import NOTHING, GroupSchema, ScreeningSchema
from nbsmodel.model.screening_tests import TIER, applying, before

Place = Callable[..., str]


def check_programme(screening: ScreeningSchema, subtrees: Any, place: Place, problems: Problems) -> bool:
    """Check tests and groups against each other; every mistake is reported.

    Parameters
    ----------
    screening : ScreeningSchema
    subtrees : object
        As written in the file; its shape has not been checked.
    place : callable
        Key path to ``file:line key``.
    problems : Problems

    Returns
    -------
    bool
        Whether the programme can be expanded.
    """
    count = len(problems.items)
    if not any(group.case for group in screening.births.values()):
        fix = "Mark the births with the condition with `case: true`."
        problems.add(place("screening", "births"), "no group has the condition that is screened for.", fix)
    for name, tier in screening.tests.items():
        for group in tier.only or ():
            if group not in screening.births:
                fix = nearest(group, screening.births)
                problems.add(place(*TIER, name, "only"), f"no group of births is named {group}.", fix)
    if len(problems.items) == count:
        _check_order(screening, place, problems)
    _check_positive(screening, place, problems)
    _check_routes(screening, subtrees if isinstance(subtrees, dict) else {}, place, problems)
    return len(problems.items) == count


def _check_order(screening: ScreeningSchema, place: Place, problems: Problems) -> None:
    for name in screening.births:
        if not applying(screening, name):
            found = f"no test is for the group {name}."
            problems.add(place("screening", "births", name), found, "Add the group to the `only` of a test.")
    for name, tier in screening.tests.items():
        previous = before(screening, name)
        if tier.family_told and None in previous:
            found = f"{name} is the first test: every family would have been told of a positive."
            problems.add(place(*TIER, name, "family_told"), found, "It belongs to a later test.")
        if tier.dependence is not None and previous == {None}:
            found = f"{name} is the first test: there is nothing that it could depend on."
            problems.add(place(*TIER, name, "dependence"), found, "Give it to a later test.")
        elif isinstance(tier.dependence, dict):
            _check_groups_of(name, tier.dependence, screening, place, problems)
        if tier.at is None and len(previous) > 1:
            found = f"groups come to {name} from different tests, so its age is not the same for all."
            problems.add(place(*TIER, name), found, "Give `at`, or make it one test for each by `only`.")


def _check_groups_of(
    test: str, dependence: dict[str, Any], screening: ScreeningSchema, place: Place, problems: Problems
) -> None:
    for group in dependence:
        here = place(*TIER, test, "dependence", group)
        mine = applying(screening, group) if group in screening.births else []
        if group not in screening.births:
            problems.add(here, f"no group of births is named {group}.", nearest(group, screening.births))
        elif test not in mine:
            problems.add(here, f"the test {test} is not for the group {group}.", "Remove this.")
        elif mine[0] == test:
            found = f"{test} is the first test of the group {group}: there is nothing that it could depend on."
            problems.add(here, found, "Remove this.")


def _check_routes(screening: ScreeningSchema, subtrees: dict[str, Any], place: Place, problems: Problems) -> None:
    """A group that says what becomes of some of its births says it of all, or that nothing follows."""
    if NOTHING in subtrees:
        found = f"`{NOTHING}` says in a group of births that nothing follows, so no subtree may have that name."
        problems.add(place("subtrees", NOTHING), found, "Rename it.")
    for name, group in screening.births.items():
        routes: dict[str, Any] = {"found": group.found, "missed": group.missed}
        if group.known_before is not None:
            routes["known"] = group.known
        lacking = [route for route, below in routes.items() if below is None]
        if lacking and any(_counts(group, below, subtrees) for below in routes.values()):
            words = " and ".join(f"`{route}`" for route in lacking)
            found = (
                f"{words} {'is' if len(lacking) == 1 else 'are'} missing in the group {name}, whose other children "
                "have something that follows: children there would have no costs and no QALYs."
            )
            fix = f"Give {'it' if len(lacking) == 1 else 'them'}, or say `{lacking[0]}: {NOTHING}` if nothing follows."
            problems.add(place("screening", "births", name), found, fix)


def _counts(group: GroupSchema, below: Any, subtrees: dict[str, Any]) -> bool:
    """Whether what follows on a route makes the other routes due: anything for cases, a cohort for other births."""
    return below not in (None, NOTHING) and (group.case or _enters(below, subtrees))


def _enters(below: Any, subtrees: dict[str, Any]) -> bool:
    """Whether a cohort is entered somewhere in a block, or in the subtree that a name stands for."""
    parts, seen = [below], set()
    while parts:
        part = parts.pop()
        if isinstance(part, str) and part not in seen:
            seen.add(part)
            part = subtrees.get(part)
        if isinstance(part, dict):
            if isinstance(part.get("cohort"), str):
                return True
            parts += [value for key, value in part.items() if isinstance(value, dict) or key == "then"]
    return False


def _check_positive(screening: ScreeningSchema, place: Place, problems: Problems) -> None:
    for name, group in screening.births.items():
        key = ("screening", "births", name, "positive")
        mine = applying(screening, name)
        for test in group.positive:
            if test not in screening.tests:
                problems.add(place(*key, test), f"no test is named {test}.", nearest(test, screening.tests))
            elif test not in mine:
                fix = f"Remove this, or add {name} to the `only` of {test}."
                problems.add(place(*key, test), f"the test {test} is not for the group {name}.", fix)
        for test in mine:
            if test not in group.positive:
                found = f"{test} is missing: the chance of a positive on it in the group {name}."
                problems.add(place(*key), found, "Add it; 0 and 1 are chances too.")
