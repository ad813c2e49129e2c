"""Payoffs of a cohort as weighted sums over the trace, with the work split by what varies.

A payoff that is the same in every cycle needs only the weighted time in its state: that sum is
shared by all such payoffs with the same counting. One that changes with age has its weights
multiplied in beforehand. Only a payoff that depends on a clock is valued row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.clocks import clocks_of
from nbsmodel.engine.ledger import Ledger, View
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.formula.check import CALENDAR, TIME_IN_STATE
from nbsmodel.formula.tree import Node, Number
from nbsmodel.model.parts import LIFE_YEARS, Account, Cohort, Formula, Model, StatePayoff
from nbsmodel.numerics.counting import BY_ROW, InvalidCounting, Weights, event_weights, row_weights
from nbsmodel.numerics.windows import Window, window_event_weights, window_row_weights

Array = Any

#: Life-years count in every perspective.
EVERY_PERSPECTIVE = "all"
ONE = Formula(Number(1.0), "life_years")


@dataclass
class StateSum:
    """A payoff in a state that changes along the rows: ``weight[row] * occupancy``.

    The weight of row r is ``left[r] * value[r] + right[r] * value[r - 1]``; the last row may have no
    value of its own. Weights are multiplied out only where they are used: those of all payoffs at
    once would be the largest arrays of a run.
    """

    account: Account
    view: View
    state: str
    value: Array
    left: Array
    right: Array

    @property
    def weight(self) -> Array:
        """All weights."""
        weight = np.zeros(np.broadcast_shapes(self.left.shape, (1, *self.value.shape[1:])))
        weight[: len(self.value)] = self.left[: len(self.value)] * self.value
        if self.right.any():
            weight[1:] += self.right[1:] * self.value[: len(weight) - 1]
        return weight


@dataclass
class ClockSum:
    """A payoff in a state that depends on a clock: valued at each row."""

    account: Account
    view: View
    state: str
    formula: Formula
    weights: Weights


@dataclass
class FixedSum:
    """A payoff in a state that never changes: ``value * sum(weight[row] * occupancy)``."""

    account: Account
    view: View
    state: str
    counting: Any
    value: Array


@dataclass
class MoveSum:
    """A payoff on a transition: ``scale * sum(weight[cycle] * flow)``; `formula` when clocks matter."""

    account: Account
    view: View
    origin: str
    target: str
    weight: Array
    scale: Array
    formula: Formula | None


@dataclass
class PayoffPlan:
    """All sums of a cohort run; `countings` holds the row weights that fixed payoffs share."""

    fixed: list[FixedSum] = field(default_factory=list)
    by_row: list[StateSum] = field(default_factory=list)
    by_clock: list[ClockSum] = field(default_factory=list)
    moves: list[MoveSum] = field(default_factory=list)
    countings: dict[Any, Array] = field(default_factory=dict)


class PayoffPlanner:
    """Prepares the payoffs of a cohort for one block of draws.

    Parameters
    ----------
    model, cohort : Model, Cohort
    values : Values
        At the level of the cohort: arrays over rows 0..n.
    ledger : Ledger
    grid : TimeGrid
    times : array (n + 1, ...)
        Years from the start of the tree at each row.
    where : Where
    """

    def __init__(
        self, model: Model, cohort: Cohort, values: Values, ledger: Ledger, grid: TimeGrid, times: Array, where: Where
    ) -> None:
        self.model, self.cohort, self.values, self.ledger = model, cohort, values, ledger
        self.grid, self.times, self.where = grid, times, where
        self.clocks = (TIME_IN_STATE, *(c.name for c in cohort.clocks))
        self.calendar = tuple(name for name in CALENDAR if name != "dt" or not grid.equal)
        self.weights: dict[Any, Weights] = {}
        self.plan_ = PayoffPlan()

    def plan(self, problems: Problems) -> PayoffPlan:
        """The sums to be made; impossible values are noted in `problems`."""
        for payoff in (*self.cohort.state_payoffs, *life_years(self.cohort)):
            with problems.gather():
                self._state_payoff(payoff)
        for move in self.cohort.move_payoffs:
            with problems.gather():
                self._move(move.account, move.origin, move.target, move.value)
        return self.plan_

    def _counting(self, account: Account, view: View, per_cycle: bool) -> tuple[Any, Weights, str]:
        settings = self.ledger.settings
        correction, timing = settings.correction(account.outcome), settings.timing(account.outcome)
        kind = self.model.outcomes[account.outcome].discounted_as if view else "none"
        when = view if isinstance(view, Window) else (timing, settings.schedule(kind))
        key = (correction, when, per_cycle)
        if key not in self.weights:
            sizes = np.ones(self.grid.n) if per_cycle else self.grid.lengths
            try:
                if isinstance(view, Window):
                    self.weights[key] = window_row_weights(correction, self.times, sizes, view)
                else:
                    factor = partial(self.ledger.factor, account, view)
                    self.weights[key] = row_weights(correction, timing, self.times, sizes, factor)
            except InvalidCounting as error:
                place = f"settings.within_cycle_correction ({account.outcome})"
                raise InputError([Problem(place, f"{error}.")]) from None
        return key, self.weights[key], correction

    def _state_payoff(self, payoff: StatePayoff) -> None:
        account, state = payoff.account, payoff.state
        countings = [(view, *self._counting(account, view, payoff.per is None)) for view in self.ledger.views]
        scale = 1.0 if payoff.per is None else 1.0 / float(payoff.per)
        if self.by_clock(payoff.value.node):
            for view, _, weights, _ in countings:
                scaled = Weights(weights.left * scale, weights.right * scale)
                self.plan_.by_clock.append(ClockSum(account, view, state, payoff.value, scaled))
            return
        value = self._value(payoff.value.node)
        what = f"the {account.outcome} in {state}"
        if np.ndim(value) < 3:
            check.finite(value, payoff.value, what, self.where, self.model, self.values)
            for view, key, weights, _ in countings:
                if key not in self.plan_.countings:
                    self.plan_.countings[key] = weights.left + weights.right
                self.plan_.fixed.append(FixedSum(account, view, state, key, value * scale))
            return
        n = self.grid.n
        for view, _, weights, correction in countings:
            used = n + (correction in BY_ROW)
            if view is False:
                check.finite(value[:used], payoff.value, what, self.where, self.model, self.values)
            left, right = scale * weights.left, scale * weights.right
            self.plan_.by_row.append(StateSum(account, view, state, value[:used], left, right))

    def by_clock(self, node: Node) -> bool:
        """Whether a value differs between people in one state and row."""
        return bool(clocks_of(self.model, node, self.clocks))

    def _move(self, account: Account, origin: str, target: str, formula: Formula) -> None:
        weights = {view: self._event_weights(account, view) for view in self.ledger.views}
        if self.by_clock(formula.node):
            for view, weight in weights.items():
                self.plan_.moves.append(MoveSum(account, view, origin, target, weight, 1.0, formula))
            return
        value = self._value(formula.node)
        by_cycle = np.ndim(value) == 3
        if by_cycle:
            value = value[: self.grid.n]
        what = f"the {account.outcome} of moving from {origin} to {target}"
        check.finite(value, formula, what, self.where, self.model, self.values)
        for view, weight in weights.items():
            weight, scale = (weight * value, 1.0) if by_cycle else (weight, value)
            self.plan_.moves.append(MoveSum(account, view, origin, target, weight, scale, None))

    def _event_weights(self, account: Account, view: View) -> Array:
        settings = self.ledger.settings
        correction, timing = settings.correction(account.outcome), settings.timing(account.outcome)
        if isinstance(view, Window):
            return window_event_weights(correction, self.times, view)
        return event_weights(correction, timing, self.times, partial(self.ledger.factor, account, view))

    def _value(self, node: Node) -> Array:
        """Value of a payoff, with a cycle axis wherever its formula uses the calendar.

        A formula may use it in some draws only (``c if p > 0.5 else c * age``); which sum is made
        must not depend on the draws that are evaluated together.
        """
        value = np.asarray(self.values.value(node), dtype=float)
        if np.ndim(value) < 3 and clocks_of(self.model, node, self.calendar):
            return np.broadcast_to(value, (self.grid.n + 1, *np.broadcast_shapes(value.shape, (1, 1))))
        return value


def life_years(cohort: Cohort) -> list[StatePayoff]:
    """Life-years as payoffs: one a year in every state that is not dead."""
    account = Account(LIFE_YEARS, "total", EVERY_PERSPECTIVE)
    return [StatePayoff(account, s.name, ONE, Fraction(1)) for s in cohort.states if not s.dead]
