"""The life of one simulated child under one strategy, cycle by cycle in plain Python.

A second, slow and obvious reading of the model beside the compiled walk: the same random numbers, the
same order of the ways out of a state, but every formula as it stands in the file, with the checks of the
cohort engine. It says where, and for which child, a value is impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine import check
from nbsmodel.engine.check import SUM_TOLERANCE, Where
from nbsmodel.engine.entry_level import EntryLevel
from nbsmodel.engine.ledger import Ledger
from nbsmodel.engine.micro_routes import EntryLeaf, EntryTree, entry_leaves, node_name
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE, life_years
from nbsmodel.engine.simulation import PURPOSE
from nbsmodel.engine.timegrid import time_grid
from nbsmodel.engine.transitions import Moves, TransitionEvaluator
from nbsmodel.engine.values import RowValues, Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.check import TIME_IN_STATE
from nbsmodel.model.parts import Account, Branch, Cohort, Entry, Formula, Model
from nbsmodel.numerics.counting import InvalidCounting, event_weights, row_weights
from nbsmodel.numerics.discounting import discount_factor
from nbsmodel.numerics.philox import in_cycle, once

Array = Any
#: Discounted and undiscounted.
Pair = tuple[float, float]
#: An account, a value, and what it is multiplied by.
Booking = tuple[Account, float, Pair]
HERE = np.array(True)


@dataclass(frozen=True)
class LifeRow:
    """A row of a life.

    Parameters
    ----------
    cycle : int
        Number of the cycle that begins here.
    time, age : float
        Years.
    state : str
    clocks : dict of str to float
        Years.
    counts : dict of str to float
    amounts : dict of str to (discounted, undiscounted)
        By outcome, over the headline perspectives: what the row earns, and the move that led to it.
    """

    cycle: int
    time: float
    age: float
    state: str
    clocks: dict[str, float]
    counts: dict[str, float]
    amounts: dict[str, Pair]


@dataclass(frozen=True)
class Course:
    """A life under one strategy.

    Parameters
    ----------
    path : tuple of Branch
        Through the tree.
    handed : dict of str to float
        Numbers that the leaf hands over.
    cohort : Cohort
    rows : tuple of LifeRow
    """

    path: tuple[Branch, ...]
    handed: dict[str, float]
    cohort: Cohort
    rows: tuple[LifeRow, ...]

    @property
    def route(self) -> str:
        """The path, as leaves are named."""
        return " > ".join(branch.name for branch in self.path)

    def total(self, outcome: str, discounted: bool = True) -> float:
        """Total of an outcome, of this child itself: not weighted by how rare it is."""
        return sum(row.amounts[outcome][not discounted] for row in self.rows if outcome in row.amounts)


@dataclass
class ChildWhere(Where):
    """A place in the life of one child."""

    child: int = 0

    def words(self, bad: Array, row: int | None = None) -> str:
        return f"{super().words(bad, row)}, child {self.child}"


class Living:
    """One child under one strategy.

    Parameters
    ----------
    model : Model
    settings : Settings
    seed : int
    names : mapping of str to number
        Parameters, levers and choices of this strategy and draw.
    strategy : str
    child, draw : int
    shown_draw : int or None
        Number of the draw in messages; None in a run at base values.
    """

    def __init__(
        self, model: Model, settings: Settings, seed: int, names: Mapping[str, Array], strategy: str, child: int,
        draw: int, shown_draw: int | None,
    ) -> None:  # fmt: skip
        self.model, self.settings, self.seed = model, settings, seed
        self.child, self.draw = child, draw
        self.where = ChildWhere([strategy], shown_draw, None, child)
        self.block = Values(model, dict(names))

    def luck(self, event: str) -> Array:
        """The child's number for an event that happens once, (1, 1)."""
        return once(self.seed, PURPOSE, event, 1, 1, self.child, self.draw)

    def course(self, attributes: Mapping[str, float]) -> Course:
        """Live.

        Raises
        ------
        InputError
            With the first impossible value of this life.
        """
        own = Values(self.model, {n: np.float64(v) for n, v in attributes.items()}, self.block)
        leaf = self._leaf()
        with self.placed():
            handed = {n: number(own.value(f.node)) for n, f in leaf.entry.hands_over.items()}
            start = self._start(leaf.entry, own)
        rows = CohortLife(self, leaf.entry, Values(self.model, _scalars(handed), own)).rows(start)
        return Course(leaf.path, handed, self.model.cohorts[leaf.entry.cohort], tuple(rows))

    def _leaf(self) -> EntryLeaf:
        """At each node down the tree a branch, by the shares of those who will enter a cohort."""
        tree = EntryTree(self.model, self.block, Ledger(self.model, self.settings, 1, 1), self.where)
        tree.run()
        inside, branches, level = entry_leaves(tree.leaves), self.model.tree, 0
        above: list[str] = []
        if not inside:
            found = "nobody enters a cohort: there is no life to follow."
            raise InputError([Problem(str(self.model.folder.name), found, "Use engine: cohort.")])
        while branches:
            used = [b for b in branches if any(leaf.path[level] is b for leaf in inside)]
            shares = [sum(number(leaf.mass) for leaf in inside if leaf.path[level] is b) for b in used]
            whole = sum(shares)
            # in a strategy in which nobody comes this way it does not matter where they go
            ends = np.cumsum(shares) / whole if whole > 0 else np.ones(len(used))
            above.append(node_name(branches, above))
            u = number(self.luck(above[-1])) if len(used) > 1 else 0.0
            chosen = used[_first(u, list(ends[:-1]))]
            inside = [leaf for leaf in inside if leaf.path[level] is chosen]
            branches, level = chosen.branches, level + 1
        (leaf,) = inside
        return leaf

    def _start(self, entry: Entry, values: Values) -> str:
        """State of the start: states lie on (0, 1) in the order of the cohort."""
        given: dict[str, float] = {}
        for state, formula in entry.mix.items():
            if formula is not None:
                share = np.asarray(values.value(formula.node), dtype=float)
                what = f"the probability of start state {state}"
                check.probability(share, formula, what, self.where, self.model, values)
                given[state] = number(np.clip(share, 0.0, 1.0))
        total = sum(given.values())
        if total > 1 + SUM_TOLERANCE or (len(given) == len(entry.mix) and total < 1 - SUM_TOLERANCE):
            found = f"the probabilities of {', '.join(entry.mix)} add up to {total:.12g}{self.where.words(HERE)}."
            raise InputError([Problem(entry.place, found, "They must add up to 1.")])
        order = [s for s in self.model.cohorts[entry.cohort].state_names if s in entry.mix]
        ends = list(np.cumsum([given.get(s, max(1.0 - total, 0.0)) for s in order]))
        u = number(self.luck(f"start {entry.cohort}")) if len(order) > 1 else 0.0
        return order[_first(u, ends[:-1])]

    @contextmanager
    def placed(self, row: int | None = None, where: Where | None = None) -> Iterator[None]:
        """Adds strategy, cycle and child to errors that do not know them: those of derived values."""
        try:
            with np.errstate(all="ignore"):
                yield
        except InputError as error:
            words = (where or self.where).words(HERE, row)
            if words in str(error):
                raise
            placed = [Problem(p.place, f"{p.found.removesuffix('.')}{words}.", p.fix) for p in error.problems]
            raise InputError(placed) from None


class CohortLife:
    """A child in its cohort.

    Parameters
    ----------
    living : Living
    entry : Entry
    names : Values
        With the attributes and the numbers handed over.
    """

    def __init__(self, living: Living, entry: Entry, names: Values) -> None:
        self.living, self.model, self.settings = living, living.model, living.settings
        self.cohort = self.model.cohorts[entry.cohort]
        self.grid = time_grid(self.cohort, self.settings.horizon)
        handed = {name: names[name] for name in entry.hands_over}
        level = EntryLevel(self.model, living.block, living.where, entry, self.grid, handed)
        self.times, ages = level.times[:, 0, 0], level.where.ages
        assert ages is not None
        self.ages = ages[:, 0, 0]
        self.where = ChildWhere(living.where.strategies, living.where.first_draw, ages, living.child)
        self.evaluator = TransitionEvaluator(self.model, self.cohort, self.where)
        self.values = RowValues(names, {})
        self.sets = {c.name: c.runs_in for c in self.cohort.clocks}
        self.headline = {*self.settings.perspectives, EVERY_PERSPECTIVE}
        self._weights: dict[Any, Any] = {}

    def rows(self, state: str) -> list[LifeRow]:
        """From the first row to the last."""
        ran = dict.fromkeys((TIME_IN_STATE, *self.sets), 0)  # cycles that each clock has run
        counts = {c.name: float(state in c.starting) for c in self.cohort.counts}
        found: list[LifeRow] = []
        booked: list[Booking] = []
        for row in range(self.grid.n + 1):
            with self.living.placed(row, self.where):
                if row == 0:
                    booked += self._start(state, ran, counts)
                booked += self._in_state(state, row, ran, counts)
                clocks = {c: float(self.grid.years_run(row, k)) for c, k in ran.items()}
                time, age = float(self.times[row]), float(self.ages[row])
                found.append(LifeRow(row, time, age, state, clocks, dict(counts), self._amounts(booked)))
                if row == self.grid.n:
                    break
                after = self._after(state, row, ran, counts)
                booked = [] if after == state else self._moving(state, after, row, ran, counts)
            for count in self.cohort.counts:
                counts[count.name] += (state, after) in count.moves
            for clock in ran:
                goes_on = after == state if clock == TIME_IN_STATE else {state, after} <= set(self.sets[clock])
                ran[clock] = ran[clock] + 1 if goes_on else 0
            state = after
        return found

    def _at(self, row: int, calendar: int, ran: Mapping[str, int], counts: Mapping[str, float]) -> RowValues:
        """All names: clocks and counts as of a row, the calendar as of the start of a cycle."""
        lengths = self.grid.lengths
        clocks = {c: self.grid.years_run(row, k) for c, k in ran.items()}
        when = {
            "time": self.times[calendar], "age": self.ages[calendar], "cycle": calendar,
            "dt": lengths[min(calendar, len(lengths) - 1)],
        }  # fmt: skip
        return self.values.at(row, _scalars({**clocks, **when, **counts}))

    # --- the move ----------------------------------------------------------------------------

    def _after(self, state: str, row: int, ran: Mapping[str, int], counts: Mapping[str, float]) -> str:
        """Where the child is after a cycle."""
        moves = self.evaluator.moves(state, self._at(row, row, ran, counts), None, row)
        if moves is None:
            return state
        living = self.living
        u = in_cycle(living.seed, PURPOSE, f"walk {self.cohort.name}", living.child, living.draw, row)
        ways, otherwise = ways_out(self.cohort, state, moves)
        found = _first(u, list(np.cumsum([share for _, share in ways])))
        return ways[found][0] if found < len(ways) else otherwise

    # --- payoffs -----------------------------------------------------------------------------

    def _start(self, state: str, ran: Mapping[str, int], counts: Mapping[str, float]) -> list[Booking]:
        booked = []
        for payoff in self.cohort.start_payoffs:
            if payoff.state == state:
                what = f"the {payoff.account.outcome} of starting in {state}"
                value = self._value(payoff.value, what, 0, self._at(0, 0, ran, counts))
                booked.append((payoff.account, value, (float(self._discount(payoff.account, self.times[0])), 1.0)))
        return booked

    def _in_state(self, state: str, row: int, ran: Mapping[str, int], counts: Mapping[str, float]) -> list[Booking]:
        """As the start of the cycle that begins at a row, and as the end of the one before."""
        booked = []
        for payoff in (*self.cohort.state_payoffs, *life_years(self.cohort)):
            if payoff.state != state:
                continue
            what, per = f"the {payoff.account.outcome} in {state}", float(payoff.per or 1)
            paid, plain = (self._counting(payoff.account, payoff.per is None, d) for d in (True, False))
            for side, calendar in (("left", row), ("right", row - 1)):
                weights = float(getattr(paid, side)[row]), float(getattr(plain, side)[row])
                if any(weights):
                    value = self._value(payoff.value, what, row, self._at(row, calendar, ran, counts))
                    booked.append((payoff.account, value / per, weights))
        return booked

    def _moving(
        self, state: str, after: str, row: int, ran: Mapping[str, int], counts: Mapping[str, float]
    ) -> list[Booking]:  # fmt: skip
        booked = []
        for payoff in self.cohort.move_payoffs:
            if (payoff.origin, payoff.target) == (state, after):
                what = f"the {payoff.account.outcome} of moving from {state} to {after}"
                value = self._value(payoff.value, what, row, self._at(row, row, ran, counts))
                paid, plain = (float(self._of_events(payoff.account, d)[row]) for d in (True, False))
                booked.append((payoff.account, value, (paid, plain)))
        return booked

    def _value(self, formula: Formula, what: str, row: int, values: Values) -> float:
        value = np.asarray(values.value(formula.node), dtype=float)
        check.finite(value, formula, what, self.where, self.model, values, row)
        return number(value)

    def _amounts(self, booked: list[Booking]) -> dict[str, Pair]:
        found: dict[str, Pair] = {}
        for account, value, (paid, plain) in booked:
            if account.perspective in self.headline:
                before = found.get(account.outcome, (0.0, 0.0))
                found[account.outcome] = (before[0] + value * paid, before[1] + value * plain)
        return found

    def _discount(self, account: Account, time: Array) -> Array:
        kind = self.model.outcomes[account.outcome].discounted_as
        return discount_factor(time, self.settings.schedule(kind))

    def _rule(self, account: Account, discounted: bool) -> tuple[str, str, Array, Any]:
        settings, outcome = self.settings, account.outcome
        discount = (lambda t: self._discount(account, t)) if discounted else np.ones_like
        return settings.correction(outcome), settings.timing(outcome), self.times, discount

    def _counting(self, account: Account, per_cycle: bool, discounted: bool) -> Any:
        """Weights of the rows."""
        key = account.outcome, per_cycle, discounted
        if key not in self._weights:
            correction, timing, times, discount = self._rule(account, discounted)
            sizes = np.ones(self.grid.n) if per_cycle else self.grid.lengths
            try:
                self._weights[key] = row_weights(correction, timing, times, sizes, discount)
            except InvalidCounting as error:
                place = f"settings.within_cycle_correction ({account.outcome})"
                raise InputError([Problem(place, f"{error}.")]) from None
        return self._weights[key]

    def _of_events(self, account: Account, discounted: bool) -> Array:
        """Weight of an event in each cycle."""
        key = account.outcome, discounted
        if key not in self._weights:
            self._weights[key] = event_weights(*self._rule(account, discounted))
        return self._weights[key]


def ways_out(cohort: Cohort, state: str, moves: Moves) -> tuple[list[tuple[str, float]], str]:
    """Ways out of a state as they lie on (0, 1), with their shares; and where a child is that takes none.

    Those that lead to death come first; then hazards, then probabilities, each in the order of the file.
    """
    row = cohort.transitions[state]
    written = [t.to for t in row if t.kind == "probability" and t.formula is not None]
    rest = next((t.to for t in row if t.kind == "probability" and t.formula is None), state)
    leave = 0.0 if moves.leave is None else number(moves.leave)
    ways = [(to, leave if share is None else leave * number(share)) for to, share in moves.by_hazard]
    chances = [(to, number(q)) for to, q in moves.by_probability if to != rest]
    if rest != state and state in written:
        assert moves.stay is not None
        chances.insert(written.index(state), (state, number(moves.stay)))
    ways += [(to, (1.0 - leave) * q) for to, q in chances]
    dead = {s.name for s in cohort.states if s.dead}
    return [*(w for w in ways if w[0] in dead), *(w for w in ways if w[0] not in dead)], rest


def number(value: Array) -> float:
    """The one number of an array of any shape."""
    return float(np.asarray(value).reshape(()))


def _first(u: float, ends: list[float]) -> int:
    """Number of the first end that lies above `u`; their count where none does."""
    return next((i for i, end in enumerate(ends) if u < end), len(ends))


def _scalars(names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.float64(value) for name, value in names.items()}
