"""Tests of a declared screening programme that cannot be as they are said to be, at base values."""

from __future__ import annotations

from nbsmodel.engine.result import Result
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.programme import Programme, age_at
from nbsmodel.run.tiers import share_at, value_of

#: Years that rounding may take from an age.
ROUNDING = 1e-9
DAYS = 365.25


def check_tests(result: Result) -> None:
    """Refuse a test before which nobody is left, and one that is done before the result it waits for.

    That nobody is screened at all (uptake 0), or that nobody is positive on the last test, are scenarios like others.
    Times are compared without the wait for repeats of failed tests, which few children have.

    Raises
    ------
    InputError
        With the place of each such test.
    """
    programme = result.model.programme
    if programme is not None:
        problems = [*_too_early(result, programme), *_not_reached(result, programme)]
        if problems:
            raise InputError(problems)


def _too_early(result: Result, programme: Programme) -> list[Problem]:
    tiers = {tier.name: tier for tier in programme.tiers}
    found: dict[str, Problem] = {}
    for step in programme.steps:
        if not step.before or step.test in found:
            continue
        at = value_of(result, age_at(step.test))
        ready = value_of(result, age_at(step.before)) + value_of(result, tiers[step.before].takes)
        early = at < ready - ROUNDING
        if early.any():
            s = int(early.argmax())
            text = (
                f"{step.test} is done at {_days(at[s])}, before the result of {step.before} at {_days(ready[s])} "
                f"(children of the group {step.group})."
            )
            fix = "Leave `at` out for the age at that result, or give a later one, as in `20 days`; ages are in years."
            found[step.test] = Problem(tiers[step.test].at_place, text, fix)
    return list(found.values())


def _days(years: float) -> str:
    return f"{years * DAYS:,.4g} days"


def _not_reached(result: Result, programme: Programme) -> list[Problem]:
    reached = {tier.name: False for tier in programme.tiers}
    for step in programme.steps:
        reached[step.test] = reached[step.test] or bool(share_at(result, step.path).any())
    missed = next((tier for tier in programme.tiers if not reached[tier.name]), None)
    if missed is None or not any(reached.values()):
        return []
    found = f"nobody comes to the test {missed.name}, in any strategy: the tests before it leave nobody."
    fix = "See `positive` and `failure` of the tests before it, or leave it out."
    return [Problem(missed.place, found, fix)]
