"""Problems in what a user wrote: place, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: So many problems with one cause are told as one, with the first few of the other places.
ALIKE, FEW = 3, 3


@dataclass(frozen=True)
class Problem:
    """One mistake in the input.

    Parameters
    ----------
    place : str
        File, line and key, e.g. ``models/x/model.yaml:14 tree.affected.p``.
    found : str
        What stands there and why it cannot be used.
    fix : str
        What is allowed, or what to do; may be empty.
    cause : str
        What problems at several places have in common; by default what was found and the fix.
    """

    place: str
    found: str
    fix: str = ""
    cause: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.found}" + (f" {self.fix}" if self.fix else "")


class InputError(Exception):
    """All problems found in the input, reported together.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def grouped(problems: Iterable[Problem]) -> list[str]:
    """Problems as they are printed: three or more with one cause as one, with the first few places.

    Parameters
    ----------
    problems : iterable of Problem

    Returns
    -------
    list of str
        In the order in which each cause was first found.
    """
    by_cause: dict[object, list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        by_cause.setdefault(problem.cause or (problem.found, problem.fix), []).append(problem)
    found = []
    for same in by_cause.values():
        _, *others = dict.fromkeys(p.place for p in same)
        found += list(map(str, same)) if len(same) < ALIKE else [f"{same[0]}{_elsewhere(others)}"]
    return found


def _elsewhere(places: list[str]) -> str:
    """The other places of one cause."""
    if not places:
        return ""
    listed = ", ".join(places[:FEW])
    more = f" and {len(places) - FEW} more" if len(places) > FEW else ""
    return f"\n    The same at {len(places)} more place{'s' if len(places) > 1 else ''}: {listed}{more}."


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Sentence that offers the nearest valid name, or lists the allowed ones.

    Parameters
    ----------
    name : str
        The name that was not found.
    allowed : iterable of str
        The valid names.

    Returns
    -------
    str
        ``Did you mean x?``, or ``Allowed: a, b, c.`` when none is near (at most 12 are listed).
    """
    names = sorted(set(allowed))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    if not names:
        return "There are none here."
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"Allowed: {listed}."


class Problems:
    """Collects problems and raises them all at once."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def add(self, place: str, found: str, fix: str = "") -> None:
        """Note one problem."""
        self.items.append(Problem(place, found, fix))

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Note the problems of an `InputError` raised inside, and go on after the block."""
        try:
            yield
        except InputError as error:
            self.items += error.problems

    def raise_if_any(self) -> None:
        """Raise `InputError` when anything was noted."""
        if self.items:
            raise InputError(self.items)
