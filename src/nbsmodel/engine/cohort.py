"""The cohort engine: closed-form recursion of a state-transition model over a block of draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.compiled import Program, suits, worth_it
from nbsmodel.engine.detail import Detail
from nbsmodel.engine.entry_level import EntryLevel
from nbsmodel.engine.ledger import BOTH, Ledger
from nbsmodel.engine.occupancy import Slots, in_order, merged, sum_first
from nbsmodel.engine.payoff_sums import PayoffPlan, PayoffPlanner
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.engine.transitions import Moves, TransitionEvaluator
from nbsmodel.engine.tree import Arrival
from nbsmodel.engine.values import RowValues, Values, at_row
from nbsmodel.errors import InputError, Problems
from nbsmodel.formula.check import TIME_IN_STATE
from nbsmodel.model.parts import Model

Array = Any


@dataclass
class CohortInput:
    """What one cohort run needs beside the model.

    Parameters
    ----------
    arrival : Arrival
        Who enters, when, with which numbers.
    grid : TimeGrid
    trace : array (rows, state, strategy, draw) or None
        Receives the occupancy, added to what is there.
    detail : Detail or None
        Receives every amount by state and row.
    """

    arrival: Arrival
    grid: TimeGrid
    trace: Array | None
    detail: Detail | None


class CohortRun:
    """One run of a cohort.

    Parameters
    ----------
    model : Model
    values : Values
        Names at the level of the block.
    ledger : Ledger
        Receives the sums.
    where : Where
    given : CohortInput
    """

    def __init__(self, model: Model, values: Values, ledger: Ledger, where: Where, given: CohortInput) -> None:
        level = EntryLevel(model, values, where, given.arrival.entry, given.grid)
        self.model, self.ledger, self.given = model, ledger, given
        self.cohort, self.grid, self.clocks = level.cohort, level.grid, level.clocks
        self.times, self.values, self.where = level.times, level.values, level.where
        self.index = {name: i for i, name in enumerate(self.cohort.state_names)}
        self.evaluator = TransitionEvaluator(model, self.cohort, self.where)
        self.row_values = RowValues(self.values, {})
        self.shared: dict[Any, Any] = {}  # by counting, then by number of the state

    def run(self) -> None:
        """Run the recursion and book all payoffs.

        Raises
        ------
        InputError
            With the impossible values of all transitions and payoffs that need no clock; a value by
            clock is only known, and reported, at its row.
        """
        problems = Problems()
        planner = PayoffPlanner(
            self.model, self.cohort, self.values, self.ledger, self.grid, self.times, self.where
        )  # fmt: skip
        self.plan: PayoffPlan = planner.plan(problems)
        fixed_moves: dict[str, Moves | None] = {}
        for state in self.cohort.state_names:
            if not self.clocks.remembered[state]:
                with problems.gather():
                    fixed_moves[state] = self.evaluator.moves(state, self.values, self.grid.n)
        problems.raise_if_any()
        self._start()
        numbers = (self.grid.n + 1) * self.now.size
        if self.given.detail is None and suits(self.plan) and worth_it(numbers) and self._all_from_entry(fixed_moves):
            self._run_compiled(fixed_moves)
        else:
            self._run_by_row(fixed_moves)
        self._book()

    def _all_from_entry(self, moves: dict[str, Moves | None]) -> bool:
        """Whether every clock that is remembered starts at row 0; adds the moves of states with such clocks.

        A state that nobody enters later needs no slots: its clocks show the time since row 0. Whether
        anybody does may depend on the draws in the block; the results are the same either way.
        """
        since = (self.grid.times - self.grid.times[0])[:, None, None]
        left = [state for state in self.cohort.state_names if state not in moves]
        while left:
            ready = [state for state in left if self._nobody_enters(state, moves)]
            for state in ready:
                clocks = dict.fromkeys(self.clocks.remembered[state], since)
                try:
                    moves[state] = self.evaluator.moves(state, Values(self.model, clocks, self.values), self.grid.n)
                except InputError:  # an error only if somebody is still there at that row
                    return False
            if not ready:
                return False
            left = [state for state in left if state not in ready]
        return True

    def _nobody_enters(self, state: str, moves: dict[str, Moves | None]) -> bool:
        origins = [o for o, row in self.cohort.transitions.items() if o != state and any(t.to == state for t in row)]
        return all(o in moves and (found := moves[o]) is not None and not found.leads_to(state) for o in origins)

    def _run_compiled(self, moves: dict[str, Moves | None]) -> None:
        trace = self.given.trace
        program = Program(self.cohort.state_names, moves, self.plan, trace is not None)
        sums = program.run(self.now, self.grid.n + 1, trace)
        self.shared = {key: {} for key in self.plan.countings}
        for (key, state), i in program.shared.items():
            self.shared[key][self.index[state]] = sums[i]
        self.by_row, self.by_move = list(sums[program.by_row : program.by_move]), list(sums[program.by_move :])

    def _run_by_row(self, fixed_moves: dict[str, Moves | None]) -> None:
        self.shared = {key: np.zeros_like(self.now) for key in self.plan.countings}
        self.by_row = [np.zeros(self.ledger.shape) for _ in self.plan.by_row]
        weights = [item.weight for item in self.plan.by_row]
        self.by_move = [np.zeros(self.ledger.shape) for _ in self.plan.moves]
        self.moves_of: dict[tuple[str, str], list[int]] = {}
        for i, move in enumerate(self.plan.moves):
            self.moves_of.setdefault((move.origin, move.target), []).append(i)
        buffer = np.empty_like(self.now)
        for row in range(self.grid.n + 1):
            self._count(row, buffer, weights)
            if row < self.grid.n:
                self._step(row, fixed_moves)

    # --- occupancy ---------------------------------------------------------------------------

    def _start(self) -> None:
        shape = (len(self.index), *self.ledger.shape)
        self.now = np.zeros(shape)
        self.next = np.zeros(shape)
        self.slots: dict[str, Slots | None] = {}
        for state, mass in self.given.arrival.mass.items():
            self.now[self.index[state]] += mass
        for state, clocks in self.clocks.remembered.items():
            if clocks:
                mass = self.now[self.index[state]]
                entered = np.zeros((1, len(clocks)), dtype=int)
                self.slots[state] = merged([Slots(entered, mass[None].copy())])
        at_start = self.row_values.at(0, self._stopped_clocks())
        for payoff in self.cohort.start_payoffs:
            value = np.asarray(at_start.value(payoff.value.node), dtype=float)
            value = value[0] if value.ndim == 3 else value
            what = f"the {payoff.account.outcome} of starting in {payoff.state}"
            check.finite(value, payoff.value, what, self.where, self.model, self.values)
            amount = self.now[self.index[payoff.state]] * value
            self.ledger.add_at(payoff.account, amount, self.times[0])
            if self.given.detail is not None:
                for discounted in BOTH:
                    factor = self.ledger.factor(payoff.account, discounted, self.times[0])
                    self.given.detail.add(payoff.account, discounted, 0, self.index[payoff.state], amount * factor)

    def _step(self, row: int, fixed_moves: dict[str, Moves | None]) -> None:
        """From one row to the next."""
        self.next[:] = 0.0
        arriving: dict[str, list[Slots]] = {s: [] for s, clocks in self.clocks.remembered.items() if clocks}
        for state, i in self.index.items():
            if state in self.slots:
                self._step_slots(state, row, arriving)
                continue
            moves = fixed_moves[state]
            mass = self.now[i]
            if moves is None:
                self.next[i] += mass
                continue
            self._flow(state, mass, moves.at(row), row, arriving, None)
        for state, pieces in arriving.items():
            self.slots[state] = merged(pieces)
            found = self.slots[state]
            if found is not None:
                self.next[self.index[state]] += found.total()
        self.now, self.next = self.next, self.now

    def _step_slots(self, state: str, row: int, arriving: dict[str, list[Slots]]) -> None:
        slots = self.slots[state]
        if slots is None:
            return
        clocks = self._clocks_at(state, slots, row)
        moves = self.evaluator.moves(state, self.row_values.at(row, clocks), None, row)
        if moves is None:
            arriving[state].append(slots)
            return
        self._flow(state, slots.mass, moves, row, arriving, slots)

    def _clocks_at(self, state: str, slots: Slots, row: int) -> dict[str, Array]:
        """Every clock at a row; those that do not run in the state stand at zero."""
        return self._stopped_clocks() | slots.clocks(self.clocks.remembered[state], self.grid, row)

    def _stopped_clocks(self) -> dict[str, Array]:
        return dict.fromkeys((*self.clocks.sets, TIME_IN_STATE), np.zeros((1, 1, 1)))

    def _flow(
        self, state: str, mass: Array, moves: Moves, row: int, arriving: dict[str, list[Slots]], slots: Slots | None
    ) -> None:
        left = mass
        if moves.leave is not None:
            gone = mass * moves.leave
            left = mass - gone
            for target, share in moves.by_hazard:
                self._arrive(state, target, gone if share is None else gone * share, row, arriving, slots)
        for target, q in moves.by_probability:
            self._arrive(state, target, left * q, row, arriving, slots)
        stay = left if moves.stay is None else left * moves.stay
        if slots is None:
            self.next[self.index[state]] += stay
        else:
            arriving[state].append(Slots(slots.entered, stay))

    def _arrive(
        self, origin: str, target: str, flow: Array, row: int, arriving: dict[str, list[Slots]], slots: Slots | None
    ) -> None:
        """Book the events of a transition and pass those who move on to their new state."""
        for i in self.moves_of.get((origin, target), ()):
            self._move_payoff(i, flow, row, slots)
        if target not in arriving:
            self.next[self.index[target]] += flow if slots is None else sum_first(flow)
            return
        clocks = self.clocks.remembered[target]
        carried = self.clocks.carried(origin, target) if slots is not None else {}
        if not carried:
            flow = flow if slots is None else sum_first(flow)
            entered = np.full((1, len(clocks)), row + 1)
            arriving[target].append(Slots(entered, flow[None]))
            return
        assert slots is not None
        entered = np.full((len(flow), len(clocks)), row + 1)
        for there, here in carried.items():
            entered[:, there] = slots.entered[:, here]
        arriving[target].append(in_order(entered, flow))

    # --- payoffs -----------------------------------------------------------------------------

    def _count(self, row: int, buffer: Array, weights: list[Array]) -> None:
        if self.given.trace is not None:
            self.given.trace[row] += self.now
        for key, weight in self.plan.countings.items():
            np.multiply(self.now, at_row(weight, row), out=buffer)
            self.shared[key] += buffer
        detail = self.given.detail
        for i, item in enumerate(self.plan.by_row):
            amount = self.now[self.index[item.state]] * weights[i][row]
            self.by_row[i] += amount
            if detail is not None:
                detail.add(item.account, item.view, row, self.index[item.state], amount)
        for clock_item in self.plan.by_clock:
            self._count_clock(clock_item, row)
        if detail is not None:
            for fixed in self.plan.fixed:
                i = self.index[fixed.state]
                amount = self.now[i] * at_row(self.plan.countings[fixed.counting], row) * fixed.value
                detail.add(fixed.account, fixed.view, row, i, amount)

    def _count_clock(self, item: Any, row: int) -> None:
        slots = self.slots.get(item.state)
        if slots is None and item.state in self.slots:
            return  # nobody is there
        if slots is None:  # the clock does not run in this state: it stands at zero
            slots = Slots(np.zeros((1, 0), dtype=int), self.now[self.index[item.state]][None])
        clocks = self._clocks_at(item.state, slots, row)
        amount: Array = 0.0
        for weight, calendar_row in ((item.weights.left[row], row), (item.weights.right[row], row - 1)):
            if not np.any(weight):
                continue
            value = self.row_values.at(calendar_row, clocks).value(item.formula.node)
            what = f"the {item.account.outcome} in {item.state}"
            check.finite(value, item.formula, what, self.where, self.model, self.row_values, row)
            amount = amount + sum_first(slots.mass * value) * weight
        if np.any(amount):
            self.ledger.add(item.account, item.view, amount)
            if self.given.detail is not None:
                self.given.detail.add(item.account, item.view, row, self.index[item.state], amount)

    def _move_payoff(self, i: int, flow: Array, row: int, slots: Slots | None) -> None:
        move = self.plan.moves[i]
        if move.formula is not None:
            clocks = self._clocks_at(move.origin, slots, row) if slots is not None else self._stopped_clocks()
            value = np.asarray(self.row_values.at(row, clocks).value(move.formula.node))
            if slots is None and value.ndim == 3:  # nothing is remembered: one slot for everybody
                value = value[0]
            what = f"the {move.account.outcome} of moving from {move.origin} to {move.target}"
            check.finite(value, move.formula, what, self.where, self.model, self.row_values, row)
            flow = flow * value
        amount = (flow if slots is None else sum_first(flow)) * at_row(move.weight, row)
        self.by_move[i] += amount
        if self.given.detail is not None:
            target = self.index[move.target]
            self.given.detail.add(move.account, move.view, row + 1, target, amount * move.scale)

    def _book(self) -> None:
        for fixed in self.plan.fixed:
            amount = self.shared[fixed.counting][self.index[fixed.state]] * fixed.value
            self.ledger.add(fixed.account, fixed.view, amount)
        for item, total in zip(self.plan.by_row, self.by_row, strict=True):
            self.ledger.add(item.account, item.view, total)
        for move, total in zip(self.plan.moves, self.by_move, strict=True):
            self.ledger.add(move.account, move.view, total * move.scale)
