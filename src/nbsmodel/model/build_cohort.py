"""From a written cohort to states, transitions and payoffs with parsed formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from nbsmodel.errors import Problems, nearest
from nbsmodel.formula.check import CALENDAR, TIME_IN_STATE
from nbsmodel.formula.parse import parse
from nbsmodel.formula.tree import Choose, Number, names
from nbsmodel.model.build_tree import account_of, tree_formula
from nbsmodel.model.durations import YEARS
from nbsmodel.model.names import NameBook, Scope
from nbsmodel.model.parts import (
    Clock,
    Cohort,
    Count,
    Formula,
    MovePayoff,
    StartPayoff,
    State,
    StatePayoff,
    Stretch,
    Transition,
)
from nbsmodel.model.schema import ClockSchema, CohortSchema, CountSchema, MovingSchema, TransitionSchema

Place = Callable[..., str]


def _years(length: Fraction) -> str:
    return f"{float(length):g} year{'' if length == 1 else 's'}"


def _lengths_text(lengths: Iterable[Fraction]) -> str:
    return " and ".join(f"{float(length):g}" for length in sorted(lengths)) + " years"


class CohortBuilder:
    """Builds one cohort.

    Parameters
    ----------
    name : str
    schema : CohortSchema
    book : NameBook
    place : callable
        Key path to ``file:line key``.
    outcomes : mapping of outcome names
    problems : Problems
    """

    def __init__(
        self,
        name: str,
        schema: CohortSchema,
        book: NameBook,
        place: Place,
        outcomes: Mapping[str, object],
        problems: Problems,
    ) -> None:
        self.name, self.schema, self.book = name, schema, book
        self.outcomes, self.problems = outcomes, problems
        self._place = place
        self.scope: Scope = book.cohort_scope(name, schema)
        self.alive = [s for s, state in schema.states.items() if not state.dead]

    def place(self, *key: str | int) -> str:
        """``file:line key`` below this cohort."""
        return self._place("cohorts", self.name, *key)

    def build(self) -> Cohort:
        """The cohort; mistakes are noted in ``problems``."""
        schema = self.schema
        for state in schema.states:
            if state in ("alive", "rest", "any"):
                self.problems.add(
                    self.place("states", state), f"a state cannot be named {state}.", "Choose another name."
                )
        for name, written in schema.states.items():
            if name.lower() in ("dead", "death") and not written.dead:
                fix = "Add `dead: true`, or give it another name."
                self.problems.add(
                    self.place("states", name), f"{name} is not declared dead, its people would live.", fix
                )
        start_age = tree_formula(self.book, schema.start_age, self.place("start_age"))
        cohort = Cohort(
            name=self.name,
            label=schema.label or self.name.replace("_", " "),
            place=self.place(),
            start_age=start_age or Formula(Number(0.0), self.place("start_age")),
            stretches=self._stretches(),
            states=tuple(State(n, s.label or n.replace("_", " "), s.dead) for n, s in schema.states.items()),
            receives=tuple(schema.receives),
            clocks=tuple(self._clock(n, c) for n, c in schema.clocks.items()),
            counts=tuple(self._count(n, c) for n, c in schema.counts.items()),
            transitions=self._transitions(),
            **self._payoffs(),
        )
        return cohort

    def _stretches(self) -> tuple[Stretch, ...]:
        stretches: list[Stretch] = []
        reached = Fraction(0)
        for i, cycles in enumerate(self.schema.cycles):
            count = cycles.count
            if cycles.until is not None:
                exact = (cycles.until - reached) / cycles.length
                if exact <= 0 or exact.denominator != 1:
                    place = self.place("cycles", i, "until")
                    span, length = _years(cycles.until - reached), _years(cycles.length)
                    found = f"{span} cannot be divided into cycles of {length}."
                    self.problems.add(place, found, "Change `until` or `length`, or give `count`.")
                    continue
                count = int(exact)
            assert count is not None
            reached += cycles.length * count
            stretches.append(Stretch(cycles.length, count))
        if sum(s.count for s in stretches) > 100_000:
            self.problems.add(self.place("cycles"), "there are over 100,000 cycles.", "Use longer cycles.")
        return tuple(stretches)

    def _states(self, given: list[str], place: str, alive_allowed: bool = False) -> list[str]:
        found: list[str] = []
        for state in given:
            if state == "alive" and alive_allowed:
                found += self.alive
            elif state in self.schema.states:
                found.append(state)
            else:
                allowed = [*self.schema.states, *(["alive"] if alive_allowed else [])]
                self.problems.add(place, f"{self.name} has no state {state}.", nearest(state, allowed))
        return list(dict.fromkeys(found))

    # --- clocks and counts -------------------------------------------------------------------

    def _clock(self, name: str, clock: ClockSchema) -> Clock:
        place = self.place("clocks", name)
        states = self._states(clock.runs_in, place)
        read = {*self.alive, *(state for payoff in self.schema.payoffs for state in payoff.in_ or ())}
        if states and not read & set(states):
            found = (
                f"no formula can use the clock {name}: nobody leaves {' or '.join(states)}, nor is a payoff in there."
            )
            self.problems.add(place, found, "Name states in which people live or that have payoffs, or remove it.")
        return Clock(name, tuple(states))

    def _count(self, name: str, count: CountSchema) -> Count:
        key = ("counts", name)
        if count.moving is not None:
            return Count(name, frozenset(), frozenset(self._moves(count.moving, *key)))
        starting, moves = self._entries(count.entering or [], *key)
        return Count(name, frozenset(starting), frozenset(moves))

    # --- transitions -------------------------------------------------------------------------

    def _transitions(self) -> dict[str, tuple[Transition, ...]]:
        built: dict[str, tuple[Transition, ...]] = {}
        for origin, row in self.schema.transitions.items():
            place = self.place("transitions", origin)
            self._states([origin], place)
            if origin in self.schema.states and self.schema.states[origin].dead:
                self.problems.add(place, f"{origin} is dead: nobody leaves it.", "Remove this row.")
            rests = [to for to, t in row.items() if t.probability == "rest"]
            if len(rests) > 1:
                self.problems.add(place, f"{len(rests)} targets have `rest` ({', '.join(rests)}).", "Only one may.")
            built[origin] = tuple(self._transition(origin, to, t) for to, t in row.items())
        for origin, state in self.schema.states.items():
            if state.tunnel is not None:
                self._tunnel(origin, built)
        return built

    def _transition(self, origin: str, to: str, transition: TransitionSchema) -> Transition:
        key = ("transitions", origin, to)
        self._states([to], self.place(*key))
        if transition.hazard is not None:
            if to == origin:
                self.problems.add(
                    self.place(*key), "a hazard leads to another state.", "Remove it: who is not moved stays."
                )
            formula = self._formula(transition.hazard, *key, "hazard")
            return Transition(to, "hazard", formula, YEARS[transition.per or "year"])
        formula = None
        if transition.probability != "rest":
            formula = self._formula(transition.probability, *key, "probability")
            self._check_cycle_length(formula, transition, key)
        per = YEARS[transition.per] if transition.per not in (None, "cycle") else None
        return Transition(to, "probability", formula, per)

    def _check_cycle_length(self, formula: Formula | None, transition: TransitionSchema, key: tuple[str, ...]) -> None:
        """A fixed probability per cycle means something else once cycles change their length."""
        if formula is None or transition.per is not None or len({c.length for c in self.schema.cycles}) == 1:
            return
        used = set(names(formula.node))
        for derived in self.book.derived:
            if derived in used:
                used |= names(self.book.derived[derived])
        timed = {*CALENDAR, TIME_IN_STATE, *self.schema.clocks}
        if not used & timed and formula.node not in (Number(0.0), Number(1.0)):
            fix = "Add `per: year` (or month, week, day; `per: cycle` if it is really meant), or write it with dt."
            self.problems.add(self.place(*key), "this probability is per cycle, while cycles differ in length.", fix)

    def _tunnel(self, origin: str, built: dict[str, tuple[Transition, ...]]) -> None:
        tunnel = self.schema.states[origin].tunnel
        assert tunnel is not None
        place = self.place("states", origin, "tunnel")
        self._states([tunnel.then], place)
        if tunnel.then == origin:
            self.problems.add(place, f"the tunnel {origin} leads to itself.", "Name another state.")
        lengths = {cycles.length for cycles in self.schema.cycles}
        if any((tunnel.lasts / length).denominator != 1 for length in lengths):
            found = f"{float(tunnel.lasts):g} years is no whole number of cycles, which last {_lengths_text(lengths)}."
            self.problems.add(place, found, "Change `lasts`, or the cycles.")
        if any(t.kind == "probability" and t.formula is None for t in built.get(origin, ())):
            self.problems.add(place, f"{origin} is a tunnel and its transitions have a `rest`.", "Keep one of them.")
        # whoever is left at the end of the tunnel's last cycle moves on; the half cycle of slack keeps
        # sums of cycle lengths from missing the end by rounding
        last = parse(f"time_in_state + 1.5 * dt > {float(tunnel.lasts)!r}")
        move = Transition(tunnel.then, "tunnel", Formula(Choose(last, Number(1.0), Number(0.0)), place), None)
        others = tuple(t for t in built.get(origin, ()))
        built[origin] = (*others, move)

    # --- payoffs -----------------------------------------------------------------------------

    def _formula(self, text: object, *key: str | int) -> Formula | None:
        formula = self.book.parse(text, self.place(*key))  # type: ignore[arg-type]
        self.book.check(formula, self.scope)
        return formula

    def _payoffs(self) -> dict[str, tuple[Any, ...]]:
        states: list[StatePayoff] = []
        starts: list[StartPayoff] = []
        moves: list[MovePayoff] = []
        for i, payoff in enumerate(self.schema.payoffs):
            account = account_of(payoff, self.outcomes, self.book, self.place("payoffs", i))
            value = self._formula(payoff.value, "payoffs", i, "value")
            if value is None:
                continue
            if payoff.in_ is not None:
                per = None if payoff.per == "cycle" else YEARS[payoff.per or "year"]
                where = self._states(payoff.in_, self.place("payoffs", i, "in"), alive_allowed=True)
                states += [StatePayoff(account, s, value, per) for s in where]
            elif payoff.starting_in is not None:
                where = self._states(payoff.starting_in, self.place("payoffs", i, "starting_in"), alive_allowed=True)
                starts += [StartPayoff(account, s, value) for s in where]
            elif payoff.entering is not None:
                where, edges = self._entries(payoff.entering, "payoffs", i)
                starts += [StartPayoff(account, s, value) for s in where]
                moves += [MovePayoff(account, o, t, value) for o, t in edges]
            elif payoff.moving is not None:
                moves += [MovePayoff(account, o, t, value) for o, t in self._moves(payoff.moving, "payoffs", i)]
        return {"state_payoffs": tuple(states), "start_payoffs": tuple(starts), "move_payoffs": tuple(moves)}

    def _edges(self) -> list[tuple[str, str]]:
        """Every transition that can happen, without staying."""
        edges = [(o, to) for o, row in self.schema.transitions.items() for to in row if to != o]
        edges += [(o, s.tunnel.then) for o, s in self.schema.states.items() if s.tunnel is not None]
        return list(dict.fromkeys(edges))

    def _entries(self, states: list[str], *key: str | int) -> tuple[list[str], list[tuple[str, str]]]:
        """States that one enters by starting there, and the transitions by which one enters them."""
        where = self._states(states, self.place(*key, "entering"))
        return where, [(o, t) for o, t in self._edges() if t in where]

    def _moves(self, moving: MovingSchema, *key: str | int) -> list[tuple[str, str]]:
        """Transitions from some states to others."""
        origins = self._states(moving.from_, self.place(*key, "moving", "from"), alive_allowed=True)
        targets = self._states(moving.to, self.place(*key, "moving", "to"), alive_allowed=True)
        found = [(o, t) for o, t in self._edges() if o in origins and t in targets]
        if not found and origins and targets:
            place = self.place(*key, "moving")
            self.problems.add(place, "no transition leads from there to there.", "Check the states.")
        return found
