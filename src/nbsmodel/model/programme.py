"""A declared screening programme as the tables read it, beside the tree it was expanded into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Stands in the place of a group for all of them together.
ALL_GROUPS = "(all)"


@dataclass(frozen=True)
class Tier:
    """A test of a programme.

    Parameters
    ----------
    name, label, place : str
    tests_done : str
        Derived value: tests done for each child tested, repeats of failed ones among them; empty for one.
    takes : str
        Years to the result without repeats: a number or the name of a value.
    at_place : str
        Where its age stands.
    """

    name: str
    label: str
    place: str
    tests_done: str
    takes: str
    at_place: str


@dataclass(frozen=True)
class Group:
    """A group of births; `target` is what its positives count as on every test: a class."""

    name: str
    label: str
    case: bool
    target: str


@dataclass(frozen=True)
class Step:
    """A test as a group has it.

    Parameters
    ----------
    test, group : str
    path : tuple of str
        Names of branches down to the one whose children have the test.
    costs : int
        So many payoffs at the end of that branch's list are the costs of the test.
    chance : str
        Of a positive among all of the group: a number or the name of a value.
    before : str
        The test before in this group; empty for the first.
    depends : str
        Where its dependence on the tests before stands; empty without.
    """

    test: str
    group: str
    path: tuple[str, ...]
    costs: int
    chance: str
    before: str
    depends: str


@dataclass(frozen=True)
class Programme:
    """A screening programme.

    Parameters
    ----------
    tiers : tuple of Tier
    groups : tuple of Group
    steps : tuple of Step
        In the order of the tests, then of the groups.
    ended : frozenset of tuple of str
        Paths on which nothing follows because the user said so.
    burdens : tuple of str
        Perspectives of what a false positive costs or loses.
    tree, derived : dict
        What it was expanded into, as a model file would have it.
    """

    tiers: tuple[Tier, ...]
    groups: tuple[Group, ...]
    steps: tuple[Step, ...]
    ended: frozenset[tuple[str, ...]]
    burdens: tuple[str, ...]
    tree: dict[str, Any]
    derived: dict[str, Any]


def age_at(test: str) -> str:
    """Name of the derived value of the age at a test."""
    return f"age_at_{test}"


def age_at_result(test: str) -> str:
    """Name of the derived value of the age at the result of a test."""
    return f"age_at_result_{test}"


def positive_again(group: str, test: str) -> str:
    """Name of the derived value of the chance of a positive among those positive on the tests before."""
    return f"positive_again_{group}_{test}"


def positive(test: str) -> str:
    """Name of the branch of those positive on a test."""
    return f"{test}_positive"


def no_result(test: str) -> str:
    """Name of the branch of those whose test failed, with all its repeats."""
    return f"{test}_no_result"


def negative(test: str) -> str:
    """Name of the branch of those negative on a test."""
    return f"{test}_negative"
