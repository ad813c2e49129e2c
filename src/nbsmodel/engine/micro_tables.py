"""What is known before the walk: numbers by row, tables by clock, numbers by child, sums of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.entry_level import EntryLevel
from nbsmodel.engine.ledger import BOTH, Ledger
from nbsmodel.engine.micro_leaves import TableLeaf
from nbsmodel.engine.micro_names import ARM
from nbsmodel.engine.micro_plan import LanePayoff
from nbsmodel.engine.micro_text import table_starts
from nbsmodel.engine.micro_walk import Walk
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE, PayoffPlan, PayoffPlanner
from nbsmodel.engine.transitions import TransitionEvaluator
from nbsmodel.engine.values import Lenient, LenientRowValues, RowValues, Values
from nbsmodel.errors import Problems
from nbsmodel.formula.tree import Node
from nbsmodel.model.parts import COST, LIFE_YEARS, QALY, Account, Entry, Model, StartPayoff
from nbsmodel.numerics.counting import event_weights

Array = Any


class LanePlanner(PayoffPlanner):
    """Plans the sums of payoffs that are the same for all in a state and row; leaves out the others."""

    def __init__(self, walk: Walk, level: EntryLevel, ledger: Ledger) -> None:
        super().__init__(level.model, level.cohort, level.values, ledger, level.grid, level.times, level.where)
        self.axes = walk.plan.axes

    def by_clock(self, node: Node) -> bool:
        """Whether a value differs between children in one state and row, as the walk's plan has it."""
        return self.axes.by_lane(node)

    def weights_of(self, payoff: LanePayoff, discounted: bool) -> tuple[Array, Array]:
        """Weight of a row at its own instant (or the start of its cycle), and at the end of its cycle."""
        _, weights, _ = self._counting(payoff.account, discounted, payoff.per is None)
        scale = 1.0 if payoff.per is None else 1.0 / float(payoff.per)  # type: ignore[arg-type]
        return weights.left * scale, weights.right * scale

    def event_weights_of(self, account: Account, discounted: bool) -> Array:
        """Weight of an event in each cycle."""
        settings = self.ledger.settings
        correction, timing = settings.correction(account.outcome), settings.timing(account.outcome)
        return event_weights(correction, timing, self.times, lambda t: self.ledger.factor(account, discounted, t))


@dataclass
class Group:
    """Children who enter a cohort in one way, for one block of draws.

    Parameters
    ----------
    entry : Entry
    level : EntryLevel
    plan : PayoffPlan
        Sums of payoffs that are the same for all in a state and row.
    planner : LanePlanner
    """

    entry: Entry
    level: EntryLevel
    plan: PayoffPlan
    planner: LanePlanner


class WalkTables:
    """Tables of one walk for one block of draws.

    Parameters
    ----------
    model : Model
    walk : Walk
    values : Values
        Names at the level of the block.
    ledger : Ledger
    where : Where

    Attributes
    ----------
    R : array (draw, strategy, group, row, column)
    T : array (draw, strategy or 1, group or 1, entry)

    Raises
    ------
    InputError
        With the impossible values of all transitions and payoffs that are the same for all children.
    """

    def __init__(self, model: Model, walk: Walk, values: Values, ledger: Ledger, where: Where) -> None:
        self.model, self.walk, self.ledger = model, walk, ledger
        self.values = values
        strategies, draws = ledger.shape
        grid = walk.plan.grid
        problems = Problems()
        self.groups = [self._group(entry, where, problems) for entry in walk.entries]
        problems.raise_if_any()
        self.R = np.zeros((draws, strategies, len(self.groups), grid.n + 1, max(1, len(walk.columns))))
        for g, group in enumerate(self.groups):
            for name, array in self._rows(group).items():
                self._put(g, walk.columns[name], array)
        self.T = self._tables()

    def _put(self, g: int, column: int, array: Array) -> None:
        strategies, draws = self.ledger.shape
        array = np.asarray(array, dtype=float)
        array = array.reshape((1,) * (3 - array.ndim) + array.shape)
        rows = self.R.shape[3] if array.shape[0] == 1 else array.shape[0]
        whole = np.broadcast_to(array, (rows, strategies, draws))
        self.R[:, :, g, :rows, column] = whole.transpose(2, 1, 0)

    def _group(self, entry: Entry, where: Where, problems: Problems) -> Group:
        axes = self.walk.plan.axes
        # a number that differs by child is known where the children are
        handed = {n: self.values.value(f.node) for n, f in entry.hands_over.items() if not axes.by_lane(f.node)}
        level = EntryLevel(self.model, self.values, where, entry, self.walk.plan.grid, handed)
        planner = LanePlanner(self.walk, level, self.ledger)
        plan = planner.plan(problems)
        evaluator = TransitionEvaluator(self.model, level.cohort, level.where)
        for state, row in self.walk.plan.states.items():
            if not row.by_lane:
                with problems.gather():
                    evaluator.moves(state, level.values, level.grid.n)
        return Group(entry, level, plan, planner)

    # --- numbers by row ----------------------------------------------------------------------

    def _rows(self, group: Group) -> dict[str, Array]:
        plan, values = self.walk.plan, group.level.values
        found: dict[str, Array] = {}
        for i, node in enumerate(plan.leaves.rows):
            found[f"row_{i}"] = values.value(node)
        for outcome, state in plan.by_row:
            found[f"z__{outcome}__{state}"] = self._row_total(group.plan, outcome, state)
        for outcome, (origin, target) in plan.by_move:
            found[f"move__{outcome}__{origin}__{target}"] = sum(
                move.weight * move.scale
                for move in group.plan.moves
                if move.formula is None and move.view and self._counts(move.account, outcome)
                and (move.origin, move.target) == (origin, target)
            )  # fmt: skip
        for outcome, state in plan.at_start:
            found[f"start__{outcome}__{state}"] = sum(
                self.start_value(group, payoff) * self._factor(group, payoff.account, True)
                for payoff in self._starts(state)
                if self._counts(payoff.account, outcome)
            )
        for j, payoff in enumerate(plan.payoffs):
            found |= self._weights(group, j, payoff)
        return {name: array for name, array in found.items() if name in self.walk.columns}

    def _counts(self, account: Account, outcome: str) -> bool:
        perspectives = (*self.ledger.settings.perspectives, EVERY_PERSPECTIVE)
        return account.outcome == outcome and account.perspective in perspectives

    def _row_total(self, plan: PayoffPlan, outcome: str, state: str) -> Array:
        total: Array = 0.0
        for item in plan.fixed:
            if item.view and item.state == state and self._counts(item.account, outcome):
                total = total + plan.countings[item.counting] * item.value
        for by_row in plan.by_row:
            if by_row.view and by_row.state == state and self._counts(by_row.account, outcome):
                total = total + by_row.weight
        return total

    def _starts(self, state: str) -> list[StartPayoff]:
        axes = self.walk.plan.axes
        payoffs = self.walk.plan.cohort.start_payoffs
        return [p for p in payoffs if p.state == state and not axes.by_lane(p.value.node)]

    def start_value(self, group: Group, payoff: StartPayoff) -> Array:
        """Value of a payoff at the start that is the same for all who start there."""
        stopped = dict.fromkeys(self.walk.plan.axes.clocks, np.zeros((1, 1, 1)))
        value = np.asarray(RowValues(group.level.values, stopped).at(0, stopped).value(payoff.value.node), dtype=float)
        what = f"the {payoff.account.outcome} of starting in {payoff.state}"
        check.finite(value, payoff.value, what, group.level.where, self.model, group.level.values)
        return value[0] if value.ndim == 3 else value

    def _factor(self, group: Group, account: Account, discounted: bool) -> Array:
        return self.ledger.factor(account, discounted, group.level.times[0])

    def _weights(self, group: Group, j: int, payoff: LanePayoff) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for kind, discounted in (("paid", True), ("plain", False)):
            if payoff.states:
                left, right = group.planner.weights_of(payoff, discounted)
                found[f"left_{kind}_{j}"] = left if payoff.by_calendar else left + right
                found[f"right_{kind}_{j}"] = right
            elif payoff.edges:
                found[f"move_{kind}_{j}"] = group.planner.event_weights_of(payoff.account, discounted)
            else:
                found[f"start_{kind}_{j}"] = self._factor(group, payoff.account, discounted)
        return found

    # --- tables by clock ---------------------------------------------------------------------

    def _tables(self) -> Array:
        plan = self.walk.plan
        starts = table_starts(plan)
        shared = not any(ARM in plan.axes.of(leaf.node) for leaf in plan.leaves.tables)
        strategies, draws = self.ledger.shape
        wide = (draws, 1, 1) if shared else (draws, strategies, len(self.groups))
        out = np.zeros((*wide, max(1, starts[-1])))
        for g in range(wide[2]):
            for leaf, start in zip(plan.leaves.tables, starts, strict=False):
                self._table(self.groups[g].level, leaf, out[:, :, g, start:])
        return out

    def _table(self, level: EntryLevel, leaf: TableLeaf, out: Array) -> None:
        """One table; an entry that nobody reaches may have no value."""
        n = level.grid.n
        stopped: dict[str, Array] = dict.fromkeys(self.walk.plan.axes.clocks, np.zeros((1, 1, 1)))

        def put(first: int, value: Array) -> None:
            value = np.asarray(value, dtype=float)
            count = value.shape[0]
            out[:, :, first : first + count] = np.broadcast_to(
                value, (count, *out.shape[1::-1])
            ).transpose(2, 1, 0)  # fmt: skip

        if not leaf.by_row:
            years = level.grid.times[:, None, None]
            values = Lenient(self.model, stopped | {leaf.clock: years}, level.values)
            put(0, np.broadcast_to(values.value(leaf.node), (n + 1, *self._plane(values.value(leaf.node)))))
            return
        row_values = LenientRowValues(level.values, stopped)
        for row in range(n + 1):
            cycles = np.arange(row + 1)
            years = level.grid.years_run(row, cycles)[:, None, None]
            at = row_values.at(max(row - 1, 0) if leaf.ending else row, stopped | {leaf.clock: years})
            value = at.value(leaf.node)
            put(row * (n + 1), np.broadcast_to(value, (row + 1, *self._plane(value))))

    @staticmethod
    def _plane(value: Array) -> tuple[int, ...]:
        shape = np.shape(value)
        return ((1, 1) + shape)[-2:] if len(shape) < 3 else shape[-2:]

    # --- sums of accounts --------------------------------------------------------------------

    def book(self, children: int, mass: Array, occupied: Array, moved: Array, sums: Array) -> None:
        """Book what the children of this walk earned, as means weighted by who enters.

        Parameters
        ----------
        children : int
            Simulated per draw.
        mass : array (strategy, draw)
            Share of the tree's population that enters a cohort.
        occupied : int array (draw, strategy, group, row, state)
        moved : int array (draw, strategy, group, cycle, edge)
        sums : array (draw, strategy, 2 per payoff)
            Totals of payoffs that differ by child: discounted and undiscounted.
        """
        plan, scale = self.walk.plan, mass / children
        index = {name: i for i, name in enumerate(plan.cohort.state_names)}
        for g, group in enumerate(self.groups):
            present = occupied[:, :, g].transpose(2, 3, 1, 0)  # (row, state, strategy, draw)
            for item in group.plan.fixed:
                weight = group.plan.countings[item.counting]
                time = (weight * present[:, index[item.state]]).sum(axis=0)
                self.ledger.add(item.account, item.view, time * item.value * scale)
            for by_row in group.plan.by_row:
                amount = (by_row.weight * present[:, index[by_row.state]]).sum(axis=0)
                self.ledger.add(by_row.account, by_row.view, amount * scale)
            edges = {edge: i for i, edge in enumerate(plan.edges)}
            for move in group.plan.moves:
                if move.formula is None:
                    flow = moved[:, :, g, :, edges[move.origin, move.target]].transpose(2, 1, 0)
                    amount = (move.weight * flow).sum(axis=0) * move.scale
                    self.ledger.add(move.account, move.view, amount * scale)
            for state in plan.cohort.state_names:
                for payoff in self._starts(state):
                    amount = self.start_value(group, payoff) * present[0, index[state]] * scale
                    self.ledger.add_at(payoff.account, amount, group.level.times[0])
        for j, lane in enumerate(plan.payoffs):
            for discounted in BOTH:
                total = sums[:, :, 2 * j + (not discounted)].T
                self.ledger.add(lane.account, discounted, total * scale)

    def so_far(self, children: int, occupied: Array, moved: Array) -> dict[str, Array]:
        """Outcomes that are counts of events, as they add up along the rows.

        Only outcomes that nothing but starts and moves earn, with the same value for all: who has ever
        reached a state, and when.

        Parameters
        ----------
        children, occupied, moved
            As for `book`.

        Returns
        -------
        dict of str to array (draw, strategy, row)
            Undiscounted, per simulated child.
        """
        plan = self.walk.plan
        other = {p.account.outcome for p in plan.cohort.state_payoffs} | {p.account.outcome for p in plan.payoffs}
        other |= {COST, QALY, LIFE_YEARS}
        index = {name: i for i, name in enumerate(plan.cohort.state_names)}
        edges = {edge: i for i, edge in enumerate(plan.edges)}
        rows = np.zeros((plan.grid.n + 1, *self.ledger.shape))
        found: dict[str, Array] = {}
        for g, group in enumerate(self.groups):
            for state in plan.cohort.state_names:
                for start in self._starts(state):
                    if start.account.outcome not in other and self._counts(start.account, start.account.outcome):
                        began = self.start_value(group, start) * occupied[:, :, g, 0, index[state]].T
                        found.setdefault(start.account.outcome, rows.copy())[0] += began
            for move in group.plan.moves:
                outcome = move.account.outcome
                if move.formula is None and not move.view and outcome not in other and self._counts(
                    move.account, outcome
                ):  # fmt: skip
                    flow = moved[:, :, g, :, edges[move.origin, move.target]].transpose(2, 1, 0)
                    found.setdefault(outcome, rows.copy())[1:] += move.weight * move.scale * flow
        return {o: (np.cumsum(events, axis=0) / children).transpose(2, 1, 0) for o, events in found.items()}

    # --- numbers by child --------------------------------------------------------------------

    def children(self, attributes: dict[str, Array], way: Array) -> Array:
        """Numbers that differ by child but not by cycle.

        Parameters
        ----------
        attributes : dict of str to array (individual, 1, draw)
        way : int array (draw, strategy, individual)
            Group of each child, negative where it is in another cohort.

        Returns
        -------
        array (draw, strategy, number, individual)
        """
        plan = self.walk.plan
        draws, strategies, individuals = way.shape
        out = np.zeros((draws, strategies, max(1, len(plan.leaves.children)), individuals))
        for g, group in enumerate(self.groups):
            values = child_values(self.model, plan.axes, group.level, self.values, group.entry, attributes)
            here = None if len(self.groups) == 1 else way == g
            for j, node in enumerate(plan.leaves.children):
                value = np.asarray(values.value(node), dtype=float)
                whole = np.broadcast_to(value, (individuals, strategies, draws)).transpose(2, 1, 0)
                # what no way in changes is read where strategy 0 stands, whose child may be in another cohort
                if here is None or ARM not in plan.axes.of(node):
                    out[:, :, j] = whole
                else:
                    np.copyto(out[:, :, j], whole, where=here)
        return out


def child_values(
    model: Model, axes: Any, level: EntryLevel, block: Values, entry: Entry, attributes: dict[str, Array]
) -> Values:
    """Names at the level of children who enter in one way, (individual, strategy, draw)."""
    own = Lenient(model, attributes, block)
    handed = {n: own.value(f.node) for n, f in entry.hands_over.items() if axes.by_lane(f.node)}
    return Lenient(model, attributes | handed, level.values)
