"""What has to be done for each child of a cohort, worked out once from the declared model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from nbsmodel.config.settings import Settings
from nbsmodel.engine.micro_exits import StateExits, exits_of
from nbsmodel.engine.micro_leaves import AFTER, BEFORE, ENDING, Cutter, Leaves
from nbsmodel.engine.micro_names import ARM, ROW, NameAxes
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE, life_years
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.source import not_renderable
from nbsmodel.formula.tree import Name, Node, calls, walk
from nbsmodel.model.attributes import reach
from nbsmodel.model.parts import Account, Cohort, Entry, Formula, Model, paths

Edge = tuple[str, str]


@dataclass(frozen=True)
class LaneExit:
    """A way out of a state with its share cut into parts."""

    target: str
    share: Node


@dataclass(frozen=True)
class LaneState:
    """A state with ways out.

    Parameters
    ----------
    exits : tuple of LaneExit
    otherwise : str
    by_lane : bool
        Whether a share differs from child to child.
    """

    exits: tuple[LaneExit, ...]
    otherwise: str
    by_lane: bool


@dataclass(frozen=True)
class LanePayoff:
    """A payoff whose value differs from child to child.

    Parameters
    ----------
    account : Account
    headline : bool
        Whether it counts in the totals of its outcome.
    states : tuple of str
        In which it is earned; empty for a payoff on a move or a start.
    edges : tuple of (origin, target)
    starting : tuple of str
    formula : Formula
        As written.
    per : years or None
    value : Node
        Cut, for the row at its own instant or the start of the cycle.
    ending : Node
        Cut, for the end of the cycle before.
    by_calendar : bool
        Whether the two can differ.
    """

    account: Account
    headline: bool
    states: tuple[str, ...]
    edges: tuple[Edge, ...]
    starting: tuple[str, ...]
    formula: Formula
    per: object
    value: Node
    ending: Node
    by_calendar: bool


@dataclass
class WalkPlan:
    """Everything the source of a walk is made from.

    Parameters
    ----------
    cohort : Cohort
    grid : TimeGrid
    axes : NameAxes
    leaves : Leaves
    states : dict of str to LaneState
        States that can be left.
    payoffs : list of LanePayoff
    by_row : list of (outcome, state)
        Totals that have the same value for all in a state and row.
    by_move : list of (outcome, edge)
    at_start : list of (outcome, state)
    clocks : tuple of str
        Clocks that have to be kept.
    counts : tuple of str
        Event counts that have to be kept.
    edges : tuple of edges
        Moves that have to be counted.
    shared_path : bool
        Strategies differ in nothing that moves a child: each walks once and earns for all of them.
    """

    cohort: Cohort
    grid: TimeGrid
    axes: NameAxes
    leaves: Leaves
    states: dict[str, LaneState]
    payoffs: list[LanePayoff]
    by_row: list[tuple[str, str]] = field(default_factory=list)
    by_move: list[tuple[str, Edge]] = field(default_factory=list)
    at_start: list[tuple[str, str]] = field(default_factory=list)
    clocks: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()
    shared_path: bool = False

    @property
    def outcomes(self) -> list[str]:
        """Outcomes whose totals are added up child by child."""
        found = [o for o, _ in (*self.by_row, *self.by_move, *self.at_start)]
        found += [p.account.outcome for p in self.payoffs if p.headline]
        return list(dict.fromkeys(found))


def walk_plan(
    model: Model,
    cohort: Cohort,
    grid: TimeGrid,
    settings: Settings,
    entries: Collection[Entry],
    replaced: Collection[str],
) -> WalkPlan:
    """Plan the walk of children through a cohort.

    Parameters
    ----------
    model : Model
    cohort : Cohort
    grid : TimeGrid
    settings : Settings
    entries : collection of Entry
        Every way into the cohort.
    replaced : collection of str
        Derived values replaced by a number.
    """
    axes = NameAxes(model, cohort, grid, entries, replaced)
    cutter = Cutter(axes, grid.equal, grid.n)
    states = {name: _state(cohort, name, axes, cutter) for name in cohort.state_names if cohort.transitions.get(name)}
    plan = WalkPlan(cohort, grid, axes, cutter.leaves, states, [])
    headline = {*settings.perspectives, EVERY_PERSPECTIVE}
    found: dict[object, LanePayoff] = {}

    def dynamic(account: Account, formula: Formula, per: object, state: str = "", edge: Edge | None = None,
                starting: str = "") -> None:  # fmt: skip
        """Payoffs with the same formula are one, wherever they are earned."""
        kind = "state" if state else "move" if edge else "start"
        key: tuple[object, ...] = (account, formula.node, per, kind)
        place = state or edge or starting
        while (old := found.get(key)) is not None and place in (*old.states, *old.edges, *old.starting):
            key = (*key, "again")  # the same payoff twice in one place counts twice
        moment = AFTER if state or starting else BEFORE
        by_calendar = bool(state) and ROW in axes.of(formula.node)
        value = cutter.cut(formula.node, moment)
        found[key] = LanePayoff(
            account, account.perspective in headline,
            (*(old.states if old else ()), *((state,) if state else ())),
            (*(old.edges if old else ()), *((edge,) if edge else ())),
            (*(old.starting if old else ()), *((starting,) if starting else ())),
            formula, per, value, cutter.cut(formula.node, ENDING) if by_calendar else value, by_calendar,
        )  # fmt: skip

    for payoff in (*cohort.state_payoffs, *life_years(cohort)):
        if axes.by_lane(payoff.value.node):
            dynamic(payoff.account, payoff.value, payoff.per, state=payoff.state)
        elif payoff.account.perspective in headline:
            plan.by_row.append((payoff.account.outcome, payoff.state))
    for move in cohort.move_payoffs:
        edge = (move.origin, move.target)
        if axes.by_lane(move.value.node):
            dynamic(move.account, move.value, None, edge=edge)
        elif move.account.perspective in headline:
            plan.by_move.append((move.account.outcome, edge))
    for start in cohort.start_payoffs:
        if axes.by_lane(start.value.node):
            dynamic(start.account, start.value, None, starting=start.state)
        elif start.account.perspective in headline:
            plan.at_start.append((start.account.outcome, start.state))
    plan.payoffs = list(found.values())
    for lane in plan.payoffs:
        _check_compiled([lane.value, lane.ending], [lane.formula], axes)
    for name in ("by_row", "by_move", "at_start"):
        setattr(plan, name, list(dict.fromkeys(getattr(plan, name))))
    plan.edges = tuple(
        dict.fromkeys((m.origin, m.target) for m in cohort.move_payoffs if not axes.by_lane(m.value.node))
    )
    _note_memory(plan)
    plan.shared_path = len(model.strategies) > 1 and _same_path(model, plan)
    return plan


def _same_path(model: Model, plan: WalkPlan) -> bool:
    """Whether a child has the same path in every strategy, and nothing but numbers by row differ."""
    leaves = [path[-1].entry for path in paths(model.tree) if path[-1].entry is not None]
    if len(leaves) != 1:
        return False
    moving = [t.formula.node for row in plan.cohort.transitions.values() for t in row if t.formula is not None]
    moving += [share.node for share in leaves[0].mix.values() if share is not None]
    moving += [*plan.leaves.children, *(leaf.node for leaf in plan.leaves.tables)]
    return not any(ARM in plan.axes.of(node) for node in moving) and not any(p.edges for p in plan.payoffs)


def _state(cohort: Cohort, name: str, axes: NameAxes, cutter: Cutter) -> LaneState:
    formulas = [t.formula.node for t in cohort.transitions[name] if t.formula is not None]
    by_lane = any(axes.by_lane(node) for node in formulas)
    found: StateExits = exits_of(cohort, name, guarded=by_lane)
    exits = tuple(LaneExit(e.target, cutter.cut(e.share, BEFORE)) for e in found.exits)
    _check_compiled([e.share for e in exits], [t.formula for t in cohort.transitions[name] if t.formula], axes)
    return LaneState(exits, found.otherwise, by_lane)


def _check_compiled(cut: list[Node], formulas: list[Formula], axes: NameAxes) -> None:
    """Refuse a function without compiled version where it would be worked out child by child and cycle by cycle."""
    lost = [function for node in cut for function in not_renderable(node)]
    if not lost:
        return

    def uses(formula: Formula) -> bool:
        inside = [axes.derived[n] for n in reach(formula.node, axes.derived) if n in axes.derived]
        return any(call.function == lost[0] for node in (formula.node, *inside) for call in calls(node))

    formula = next(f for f in formulas if uses(f))
    found = f"{lost[0]}() cannot be worked out for each child in each cycle: {formula.text}."
    fix = "Let its arguments use attributes alone, or one clock alone, or use another family of distributions."
    raise InputError([Problem(formula.place, found, fix)])


def _note_memory(plan: WalkPlan) -> None:
    """Clocks and counts that some formula looks at."""
    nodes: list[Node] = [e.share for s in plan.states.values() for e in s.exits]
    for payoff in plan.payoffs:
        nodes += [payoff.value, payoff.ending] if payoff.states else [payoff.value]
    used = {n.id for node in nodes for n in walk(node) if isinstance(n, Name)}
    tables = {leaf.clock for leaf in plan.leaves.tables}
    plan.clocks = tuple(c for c in plan.axes.clocks if f"years_{c}" in used or c in tables)
    plan.counts = tuple(c.name for c in plan.cohort.counts if f"count_{c.name}" in used)
