"""The ways out of a state as formulas: which share of those in it takes each of them in a cycle.

One uniform number a cycle decides. The shares are laid out one after the other on the interval from 0
to 1: those that lead to death first, then hazards, then probabilities, each in the order of the file;
whoever lies beyond them stays (or goes where the ``rest`` goes). In this order a lower share of any way
moves fewest children to another one, and the same luck is bad luck in every arm.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import reduce

from nbsmodel.engine.check import SUM_TOLERANCE
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary
from nbsmodel.model.parts import Cohort, Transition

ONE, ZERO = Number(1.0), Number(0.0)
DT = Name("dt")
#: A hazard is finite; and no number: the value of a share where the transitions of a state are impossible.
LARGEST = Number(sys.float_info.max)
NOTHING = Binary("/", ZERO, ZERO)


@dataclass(frozen=True)
class Exit:
    """A way out: its target, and the share of those in the state who take it in a cycle."""

    target: str
    share: Node


@dataclass(frozen=True)
class StateExits:
    """All ways out of a state, and where the others are after the cycle."""

    exits: tuple[Exit, ...]
    otherwise: str


def exits_of(cohort: Cohort, state: str, guarded: bool) -> StateExits:
    """Ways out of a state.

    Parameters
    ----------
    cohort : Cohort
    state : str
    guarded : bool
        Make the first share no number where a hazard or probability is impossible or the
        probabilities add up to too much. Without it the caller has checked them.

    Returns
    -------
    StateExits
    """
    row = cohort.transitions.get(state, ())
    hazards = [(t.to, _yearly(t)) for t in row if t.kind == "hazard" and t.formula is not None]
    exits: list[Exit] = []
    remain: Node = ONE
    if hazards:
        total = _sum([h for _, h in hazards])
        remain = Call("exp", (Unary("-", Binary("*", total, DT)),))
        leave = Binary("-", ONE, remain)
        for to, hazard in hazards:
            part = leave if len(hazards) == 1 else Choose(
                Binary(">", total, ZERO), Binary("/", Binary("*", leave, hazard), total), ZERO
            )  # fmt: skip
            exits.append(Exit(to, part))
    written = [t for t in row if t.kind == "probability" and t.formula is not None]
    rest = next((t.to for t in row if t.kind == "probability" and t.formula is None), None)
    moving = [(t.to, _in_cycle(t)) for t in written]
    listed = _sum([q for _, q in moving]) if moving else ZERO
    for to, q in moving:
        if to != state or rest not in (None, state):
            exits.append(Exit(to, _times(remain, q)))
    for t in row:
        if t.kind == "tunnel" and t.formula is not None:
            elsewhere = [q for to, q in moving if to != state]
            left = Binary("-", ONE, _sum(elsewhere)) if elsewhere else ONE
            exits.append(Exit(t.to, _times(remain, _times(left, t.formula.node))))
    dead = {s.name for s in cohort.states if s.dead}
    exits.sort(key=lambda e: e.target not in dead)
    if guarded and exits:
        complete = any(t.to == state for t in written) and rest is None
        ok = _possible(row, moving, listed, complete)
        exits[0] = Exit(exits[0].target, Choose(ok, exits[0].share, NOTHING))
    return StateExits(tuple(exits), rest if rest is not None else state)


def _yearly(t: Transition) -> Node:
    assert t.formula is not None and t.per is not None
    return t.formula.node if t.per == 1 else Binary("/", t.formula.node, Number(float(t.per)))


def _in_cycle(t: Transition) -> Node:
    """A probability, brought to the cycle at a constant hazard when it is per unit of time."""
    assert t.formula is not None
    if t.per is None:
        return t.formula.node
    return Call("prob_rescale", (Call("clip", (t.formula.node, ZERO, ONE)), Number(float(t.per)), DT))


def _possible(row: tuple[Transition, ...], moving: list[tuple[str, Node]], listed: Node, complete: bool) -> Node:
    """Whether hazards are not negative, probabilities between 0 and 1, and their sum at most 1."""
    low, high = Number(-SUM_TOLERANCE), Number(1 + SUM_TOLERANCE)
    tests: list[Node] = []
    for t in row:
        if t.formula is not None and t.kind == "hazard":
            tests += [Binary(">=", t.formula.node, ZERO), Binary("<=", t.formula.node, LARGEST)]
        elif t.formula is not None and t.kind == "probability":
            tests.append(Binary(">=", t.formula.node, low))
            if t.per is not None:  # else their sum says it
                tests.append(Binary("<=", t.formula.node, high))
    if moving:
        tests.append(Binary("<=", listed, high))
    if complete:
        tests.append(Binary(">=", listed, Number(1 - SUM_TOLERANCE)))
    return reduce(lambda a, b: Binary("and", a, b), tests) if tests else ONE


def _sum(nodes: list[Node]) -> Node:
    return reduce(lambda a, b: Binary("+", a, b), nodes)


def _times(a: Node, b: Node) -> Node:
    return b if a == ONE else Binary("*", a, b)
