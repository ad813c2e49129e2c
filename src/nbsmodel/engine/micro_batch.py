"""Consecutive children of one block of draws, simulated together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from nbsmodel.engine.check import Where
from nbsmodel.engine.micro_routes import EntryLeaf, leaf_of_each, start_states
from nbsmodel.engine.micro_tables import WalkTables, child_values
from nbsmodel.engine.occupancy import sum_first
from nbsmodel.engine.simulation import PURPOSE, Children, Simulation
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.attributes import attribute_values
from nbsmodel.model.parts import Model
from nbsmodel.numerics.moments import add_moments, count_differences
from nbsmodel.numerics.philox import event_number, once, stream_key

Array = Any

#: Children whose moments are added up together, whatever the size of a batch.
MOMENT_CHUNK = 4096


@dataclass(frozen=True)
class Moments:
    """Number, sums (draw, quantity) and products of deviations (draw, quantity, quantity) of children's totals."""

    count: int
    sums: Array
    products: Array

    def plus(self, other: Moments) -> Moments:
        """Of both together (Chan, Golub and LeVeque 1983)."""
        count = self.count + other.count
        apart = other.sums / other.count - self.sums / self.count
        between = apart[:, :, None] * apart[:, None, :] * (self.count * other.count / count)
        return Moments(count, self.sums + other.sums, self.products + other.products + between)


@dataclass
class BatchResult:
    """What a batch of children gave; batches add up in the order of the children.

    Parameters
    ----------
    occupied, moved : dict of str to int array
        By cohort: (draw, strategy, group, row, state) and (draw, strategy, group, cycle, edge).
    sums : dict of str to array (draw, strategy, 2 per payoff)
    differ, rerouted : int array (strategy,)
    parts : list of (sums by cohort, Moments)
        The same by chunk of children, the last two.
    moments : Moments
    children : list of Children
    """

    occupied: dict[str, Array]
    moved: dict[str, Array]
    sums: dict[str, Array]
    differ: Array
    rerouted: Array
    parts: list[tuple[dict[str, Array], Moments]]
    moments: Moments
    children: list[Children] = field(default_factory=list)

    def plus(self, other: BatchResult) -> BatchResult:
        """Both together; the other one follows, and is added chunk by chunk, whatever the batches' size."""
        for name in self.occupied:
            self.occupied[name] += other.occupied[name]
            self.moved[name] += other.moved[name]
        self._add(other.parts)
        self.differ = self.differ + other.differ
        self.rerouted = self.rerouted + other.rerouted
        self.children += other.children
        return self

    def _add(self, parts: Sequence[tuple[dict[str, Array], Moments]]) -> None:
        for sums, moments in parts:
            self.sums = {name: self.sums[name] + more for name, more in sums.items()}
            self.moments = self.moments.plus(moments)


class Batch:
    """Simulates children of one block of draws.

    Parameters
    ----------
    model : Model
    simulation : Simulation
    values : Values
        Names at the level of the block.
    where : Where
    leaves : sequence of EntryLeaf
    tables : mapping of str to WalkTables
        By cohort.
    first_draw : int
    """

    def __init__(
        self, model: Model, simulation: Simulation, values: Values, where: Where, leaves: Sequence[EntryLeaf],
        tables: Mapping[str, WalkTables], first_draw: int,
    ) -> None:  # fmt: skip
        self.model, self.simulation, self.values, self.where = model, simulation, values, where
        self.leaves, self.tables, self.first_draw = leaves, tables, first_draw
        self.mass: Array = sum((leaf.mass for leaf in leaves[1:]), leaves[0].mass)
        self.comparator = model.strategy_names.index(model.comparator)

    def run(self, first: int, count: int) -> BatchResult:
        """Simulate `count` children, beginning with number `first`.

        Raises
        ------
        InputError
            An impossible value, with the child.
        """
        strategies, draws = self.mass.shape
        seed = self.simulation.seed

        @cache
        def luck(event: str) -> Array:
            return once(seed, PURPOSE, event, count, draws, first, self.first_draw)

        attributes = self._attributes(luck, first)
        leaf = leaf_of_each(self.model, self.leaves, luck)
        outcomes = len(self.model.outcomes)
        totals = np.zeros((draws, strategies, outcomes, count))
        occupied, moved, by_chunk = {}, {}, {}
        for name, tables in self.tables.items():
            walked = self._walk(name, tables, attributes, leaf, luck, first, totals)
            occupied[name], moved[name], by_chunk[name] = walked
        differ, rerouted = np.zeros(strategies, int), np.zeros(strategies, int)
        count_differences(totals, self.comparator, differ)
        if len(self.leaves) > 1:
            rerouted = (leaf != leaf[:, self.comparator, None]).sum(axis=(0, 2))
        luck.cache_clear()  # a circle of references would hold the numbers until Python looks for such
        parts = self._parts(totals, by_chunk)
        result = BatchResult(occupied, moved, parts[0][0], differ, rerouted, parts, parts[0][1])
        result._add(parts[1:])
        if first < self.simulation.keep:
            kept = min(count, self.simulation.keep - first)
            names = tuple(" > ".join(b.name for b in found.path) for found in self.leaves)
            own = {n: np.broadcast_to(a[:, 0, 0], (count,))[:kept] for n, a in attributes.items()}
            result.children.append(Children(totals[0, :, :, :kept], own, leaf[0, :, :kept], names))
        return result

    def _attributes(self, luck: Any, first: int) -> dict[str, Array]:
        found: dict[str, Array] = {}
        values = Values(self.model, found, self.values)
        for name, attribute in self.model.attributes.items():
            u = luck(f"attribute {name}").T[:, None, :]
            drawn = attribute_values(self.model, attribute, u, values, self.where.first_draw, first)
            if not np.isfinite(drawn).all():
                child = first + int(np.argwhere(~np.isfinite(drawn))[0, 0])
                found_text = f"the attribute {name} of child {child} is no finite number."
                raise InputError([Problem(attribute.place, found_text, "Check its distribution.")])
            found[name] = drawn
            values = Values(self.model, found, self.values)
        return found

    def _walk(
        self, name: str, tables: WalkTables, attributes: dict[str, Array], leaf: Array, luck: Any, first: int,
        totals: Array,
    ) -> tuple[Array, Array, Array]:  # fmt: skip
        """Children of one cohort: occupancy, moves, and sums by account and chunk."""
        walk = tables.walk
        draws, strategies, _, count = totals.shape
        groups = [entry.key for entry in walk.entries]
        of_leaf = [groups.index(e.entry.key) if e.entry.cohort == name else -1 for e in self.leaves]
        alone = len(self.leaves) == 1
        way = np.zeros_like(leaf) if alone else np.array(of_leaf, dtype=np.int16)[leaf]
        start = np.zeros(leaf.shape, dtype=np.int16)
        for i, entered in enumerate(self.leaves):
            if of_leaf[i] >= 0:
                group = tables.groups[of_leaf[i]]
                values = child_values(
                    self.model, walk.plan.axes, group.level, self.values, entered.entry, attributes
                )  # fmt: skip
                states = start_states(
                    walk.plan.cohort, entered.entry, values, luck, leaf.shape, lambda bad: self._words(bad, first)
                )
                np.copyto(start, states, where=True if alone else leaf == i)
        plan = walk.plan
        rows, groups_n = plan.grid.n + 1, len(walk.entries)
        occupied = np.zeros((draws, strategies, groups_n, rows, len(plan.cohort.states)), dtype=np.int64)
        moved = np.zeros((draws, strategies, groups_n, rows - 1, max(1, len(plan.edges))), dtype=np.int64)
        chunks = -(-count // walk.chunk)
        sums = np.zeros((draws, chunks, strategies, max(1, 2 * len(plan.payoffs))))
        error = np.zeros(5, dtype=np.int64)
        key = stream_key(self.simulation.seed, PURPOSE)
        walk.function(
            plan.grid.n, walk.chunk, first, self.first_draw, event_number(f"walk {name}"), *key, plan.grid.times,
            tables.R, tables.T, tables.children(attributes, way), walk.tables, way, start, totals, occupied, moved,
            sums, error,
        )  # fmt: skip
        if error[0]:
            from nbsmodel.engine.life import explain  # only needed when something is wrong

            explain(self, error, first)
        entered_count = np.stack([(way == g).sum(axis=2) for g in range(groups_n)], axis=2)
        if plan.shared_path:
            occupied[:, 1:], moved[:, 1:] = occupied[:, :1], moved[:, :1]
        occupied[..., -1] = entered_count[..., None] - occupied[..., :-1].sum(axis=4)
        return occupied, moved, sums

    def _parts(self, totals: Array, by_chunk: dict[str, Array]) -> list[tuple[dict[str, Array], Moments]]:
        """Sums by account and moments, chunk by chunk: kept apart so that they are added in one order."""
        draws, strategies, outcomes, count = totals.shape
        flat = totals.reshape(draws, strategies * outcomes, count)
        chunks = -(-count // MOMENT_CHUNK)
        sums = np.zeros((draws, chunks, flat.shape[1]))
        products = np.zeros((draws, chunks, flat.shape[1], flat.shape[1]))
        add_moments(flat, MOMENT_CHUNK, sums, products)
        parts = []
        for k in range(chunks):
            mine = {}
            for name, chunk_sums in by_chunk.items():
                per = MOMENT_CHUNK // self.tables[name].walk.chunk
                mine[name] = sum_first(chunk_sums[:, k * per : (k + 1) * per].swapaxes(0, 1))
            size = min(MOMENT_CHUNK, count - k * MOMENT_CHUNK)
            parts.append((mine, Moments(size, sums[:, k], products[:, k])))
        return parts

    def _words(self, bad: Array, first: int) -> str:
        """Strategy, draw and child of the first bad element of an array (individual, strategy, draw)."""
        bad = np.asarray(bad)
        bad = bad.reshape((1,) * (3 - bad.ndim) + bad.shape)
        child, _, _ = (int(i) for i in np.argwhere(bad)[0])
        words = self.where.words(bad[child])
        return words if bad.shape[0] == 1 else f"{words + ',' if words else ' in'} child {first + child}"
