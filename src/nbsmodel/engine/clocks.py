"""Which clocks each state of a cohort has to remember."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nbsmodel.formula.check import TIME_IN_STATE
from nbsmodel.formula.order import needed_by
from nbsmodel.formula.tree import Node, names
from nbsmodel.model.parts import Cohort, Formula, Model

T = TypeVar("T")


@dataclass(frozen=True)
class ClockPlan:
    """Clocks by state.

    Parameters
    ----------
    remembered : dict of str to tuple of str
        For each state the clocks whose entry row is kept, in a fixed order. A clock is kept only
        where a formula uses it, or where it must be carried on to a state that uses it.
    sets : dict of str to frozenset of str
        States in which each declared clock runs.
    """

    remembered: dict[str, tuple[str, ...]]
    sets: dict[str, frozenset[str]]

    @property
    def any(self) -> bool:
        """Whether any state remembers a clock."""
        return any(self.remembered.values())

    def carried(self, origin: str, target: str) -> dict[int, int]:
        """Clocks that run on when moving: position in the target to position in the origin."""
        here, there = self.remembered[origin], self.remembered[target]
        return {
            there.index(c): here.index(c)
            for c in there
            if c in here and c != TIME_IN_STATE and origin in self.sets[c] and target in self.sets[c]
        }


def clock_plan(model: Model, cohort: Cohort) -> ClockPlan:
    """Which clocks each state has to remember."""
    return _once(model, cohort, _clock_plan)


def _clock_plan(model: Model, cohort: Cohort) -> ClockPlan:
    sets = {c.name: frozenset(c.runs_in) for c in cohort.clocks}
    used: dict[str, set[str]] = {s: set() for s in cohort.state_names}

    def note(state: str, formula: Formula | None) -> None:
        if formula is not None:
            used[state] |= clocks_of(model, formula.node, (*sets, TIME_IN_STATE))

    for origin, row in cohort.transitions.items():
        for transition in row:
            note(origin, transition.formula)
    for payoff in cohort.state_payoffs:
        note(payoff.state, payoff.value)
    for move in cohort.move_payoffs:
        note(move.origin, move.value)
    _carry_back(cohort, sets, used)
    order = (TIME_IN_STATE, *sets)
    # a clock used where it does not run stands at zero; it need not be remembered
    remembered = {s: tuple(c for c in order if c in used[s] and (c == TIME_IN_STATE or s in sets[c])) for s in used}
    return ClockPlan(remembered, sets)


def clocks_of(model: Model, node: Node, clocks: tuple[str, ...]) -> set[str]:
    """Clocks a formula uses, directly or through derived values."""
    return set(clocks) & all_names(model, node)


def all_names(model: Model, node: Node) -> frozenset[str]:
    """Every name a formula uses, directly or through derived values."""
    return _once(model, node, _all_names)


def direct_names(model: Model, node: Node) -> frozenset[str]:
    """The names that stand in a formula."""
    return _once(model, node, _direct_names)


def _direct_names(_: Model, node: Node) -> frozenset[str]:
    return names(node)


def _all_names(model: Model, node: Node) -> frozenset[str]:
    definitions = {name: d.formula.node for name, d in model.derived.items()}
    direct = names(node)
    return direct.union(*(names(definitions[name]) for name in needed_by(direct, definitions)))


def _once(model: Model, part: Any, work_out: Callable[[Model, Any], T]) -> T:
    """What follows from a part of a model alone: worked out once, and kept with the model.

    Every block of draws asks for it. Parts are told apart by identity, since comparing formulas takes
    as long as the work itself; each is kept with its result, so that its place is not taken by another.
    """
    kept = vars(model).setdefault("_worked_out", {})  # as functools.cached_property does
    found = kept.get((id(part), work_out))
    if found is None:
        found = kept[id(part), work_out] = (part, work_out(model, part))
    return found[1]


def _carry_back(cohort: Cohort, sets: dict[str, frozenset[str]], used: dict[str, set[str]]) -> None:
    """A state from which one can move on within a clock's set must remember it as well."""
    changed = True
    while changed:
        changed = False
        for origin, row in cohort.transitions.items():
            for transition in row:
                for clock, states in sets.items():
                    needed = clock in used[transition.to] and {origin, transition.to} <= states
                    if needed and clock not in used[origin]:
                        used[origin].add(clock)
                        changed = True
