"""The microsimulation: children one by one through the cohorts of the same declared model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine.check import Where
from nbsmodel.engine.collector import Collector, fixed_names
from nbsmodel.engine.evaluate import Progress
from nbsmodel.engine.inputs import Draws, check_settings, check_totals, draw_table
from nbsmodel.engine.ledger import Ledger, View
from nbsmodel.engine.memory import keep_freed_memory
from nbsmodel.engine.micro_batch import Batch, BatchResult
from nbsmodel.engine.micro_limits import batch_sizes, check_request
from nbsmodel.engine.micro_plan import walk_plan
from nbsmodel.engine.micro_routes import EntryTree, entry_leaves
from nbsmodel.engine.micro_tables import WalkTables
from nbsmodel.engine.micro_walk import Walk, make_walk
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Z95, Children, Simulation, SimulationError
from nbsmodel.engine.timegrid import TimeGrid, time_grid
from nbsmodel.engine.tree import Leaf
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError
from nbsmodel.model.parts import Account, Entry, Model, paths

Array = Any
#: Children of the first stage of a run that stops at a precision.
FIRST_STAGE = 16_384


def make_walks(
    model: Model, settings: Settings, grids: Mapping[str, TimeGrid], base: Mapping[str, float]
) -> dict[str, Walk]:
    """A walk for every cohort that the tree enters; planned once, and kept with the model."""
    replaced = [name for name in base if name in model.derived]
    key = (settings.horizon, tuple(settings.perspectives), tuple(sorted(replaced)))
    kept: dict[Any, dict[str, Walk]] = vars(model).setdefault("_walks", {})  # as functools.cached_property does
    if key not in kept:
        kept[key] = _walks(model, settings, grids, replaced)
    return kept[key]


def _walks(model: Model, settings: Settings, grids: Mapping[str, TimeGrid], replaced: Sequence[str]) -> dict[str, Walk]:
    walks = {}
    for name, cohort in model.cohorts.items():
        entries: dict[Any, Entry] = {}
        for path in paths(model.tree):
            entry = path[-1].entry
            if entry is not None and entry.cohort == name:
                entries.setdefault(entry.key, entry)
        if entries:
            plan = walk_plan(model, cohort, grids[name], settings, list(entries.values()), replaced)
            walks[name] = make_walk(plan, list(entries.values()), model.tables, list(model.outcomes))
    return walks


def simulate(
    model: Model,
    draws: Draws | None,
    settings: Settings,
    simulation: Simulation,
    *,
    base: Mapping[str, float],
    options: Mapping[str, str],
    keep_trace: bool = False,
    block: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    walks: Mapping[str, Walk] | None = None,
    first_draw: int = 0,
) -> Result:
    """Simulate children through a model.

    Parameters
    ----------
    model, draws, settings, base, options, keep_trace
        As for `nbsmodel.engine.evaluate.evaluate`.
    simulation : Simulation
    block : int, optional
        Children times draws that are simulated together; the results do not depend on it.
    threads : int
        The results do not depend on it.
    progress : callable, optional
    walks : dict of Walk, optional
        From `make_walks`, to compile beforehand.
    first_draw : int
        Number of the first draw: a part of a run simulates the children that the whole would.

    Returns
    -------
    Result
        With its error of simulation.

    Raises
    ------
    InputError
        A value that is impossible, with place, strategy, cycle, draw and child; a request for
        more than can be simulated, with the estimate.
    """
    check_settings(model, settings)
    table, n = draw_table(model, draws, base)
    grids = {name: time_grid(cohort, settings.horizon) for name, cohort in model.cohorts.items()}
    walks = make_walks(model, settings, grids, base) if walks is None else walks
    check_request(model, walks, simulation, n, draws is not None)
    for walk in walks.values():
        assert walk.function is not None  # compiled here, before several threads ask for it
    run = _Run(
        model=model, settings=settings, simulation=simulation, walks=walks, table=table,
        fixed=fixed_names(model, base, options), with_draws=draws is not None, threads=threads, block=block,
        progress=progress, collect=Collector(model, settings, n, grids, keep_trace, False), first_draw=first_draw,
    )  # fmt: skip
    result = run.run(n)
    check_totals(model, result.sums)
    return result


@dataclass
class _Stage:
    """One block of draws while its children are simulated; then what a `Collector` takes."""

    first: int
    draws: int
    values: Values
    ledger: Ledger
    where: Where
    leaves: list[Leaf]
    tree_sums: dict[tuple[Account, View], Array]
    batch: Batch
    traces: dict[str, Array] = field(default_factory=dict)
    total: BatchResult | None = None
    individuals: int = 0


@dataclass
class _Run:
    """A simulation from the first draw to the last."""

    model: Model
    settings: Settings
    simulation: Simulation
    walks: Mapping[str, Walk]
    table: Mapping[str, Array]
    fixed: Mapping[str, Array]
    with_draws: bool
    threads: int
    block: int | None
    progress: Progress | None
    collect: Collector
    first_draw: int = 0
    done: int = 0
    mass: list[Array] = field(default_factory=list)
    totals: list[BatchResult] = field(default_factory=list)
    events: dict[tuple[str, str], list[Array]] = field(default_factory=dict)

    def run(self, n: int) -> Result:
        individuals = 0
        size = batch_sizes(self.model, self.walks, self.simulation, n, self.block)
        keep_freed_memory(size.bytes)
        self.work = n * self.simulation.individuals
        pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        try:
            if self.simulation.half_width is not None:
                individuals = self._until_precise(size.individuals, pool).individuals
            else:
                # a block of draws is let go, with its tables, when the next one is done
                for stage in self._all_draws(n, size.draws, size.individuals, pool):
                    individuals = stage.individuals
        finally:
            if pool is not None:
                pool.shutdown(cancel_futures=True)
        return replace(self.collect.result(), simulation=self._error(individuals))

    # --- order of the work -------------------------------------------------------------------

    def _all_draws(self, n: int, draws: int, individuals: int, pool: ThreadPoolExecutor | None) -> Iterator[_Stage]:
        """Every block of draws; the work of several is under way at once, and put together in order."""
        waiting: deque[tuple[_Stage, int, Future[BatchResult] | None, bool]] = deque()
        for first in range(0, n, draws):
            try:
                stage = self._stage(first, min(draws, n - first))
            except InputError:
                while waiting:  # what is impossible in an earlier draw is said first, as with one thread
                    yield from self._collect(waiting)
                raise
            starts = range(0, self.simulation.individuals, individuals)
            for start in starts:
                count = min(individuals, self.simulation.individuals - start)
                future = None if pool is None else pool.submit(stage.batch.run, start, count)
                if future is None:
                    self._take(stage, stage.batch.run(start, count), count)
                else:
                    waiting.append((stage, count, future, start == starts[-1]))
                while len(waiting) > self.threads + 1:
                    yield from self._collect(waiting)
            if pool is None:
                self._finish(stage)
                yield stage
        while waiting:
            yield from self._collect(waiting)

    def _collect(self, waiting: deque[Any]) -> Iterator[_Stage]:
        stage, count, future, last = waiting.popleft()
        self._take(stage, future.result(), count)
        if last:
            self._finish(stage)
            yield stage

    def _until_precise(self, individuals: int, pool: ThreadPoolExecutor | None) -> _Stage:
        """More children until the precision is reached; a longer run begins with the same children."""
        stage = self._stage(0, 1)
        assert self.simulation.half_width is not None
        target = min(FIRST_STAGE, self.simulation.individuals)
        while True:
            starts = range(stage.individuals, target, individuals)
            counts = [min(individuals, target - start) for start in starts]
            jobs = map(stage.batch.run, starts, counts) if pool is None else pool.map(stage.batch.run, starts, counts)
            for count, result in zip(counts, jobs, strict=True):
                self._take(stage, result, count)
            width = self._half_width(stage)
            if width <= self.simulation.half_width or target == self.simulation.individuals:
                break
            need = stage.individuals * (width / self.simulation.half_width) ** 2 * 1.1
            target = int(min(self.simulation.individuals, max(need, stage.individuals + FIRST_STAGE)))
        self._finish(stage)
        return stage

    # --- one block of draws ------------------------------------------------------------------

    def _stage(self, first: int, count: int) -> _Stage:
        known = dict(self.fixed) | {name: column[None, first : first + count] for name, column in self.table.items()}
        values = Values(self.model, known)
        number = self.first_draw + first
        where = Where(self.model.strategy_names, number if self.with_draws else None)
        ledger = Ledger(self.model, self.settings, len(self.model.strategies), count)
        with np.errstate(over="ignore", invalid="ignore"):
            tree = EntryTree(self.model, values, ledger, where)
            tree.run()
            tree_sums = {key: amount.copy() for key, amount in ledger.sums.items()}
            tables = {name: WalkTables(self.model, walk, values, ledger, where) for name, walk in self.walks.items()}
        batch = Batch(self.model, self.simulation, values, where, entry_leaves(tree.leaves), tables, number)
        return _Stage(first, count, values, ledger, where, tree.leaves, tree_sums, batch)

    def _take(self, stage: _Stage, result: BatchResult, count: int) -> None:
        stage.total = result if stage.total is None else stage.total.plus(result)
        stage.individuals += count
        self.done += count * stage.draws
        if self.progress is not None:
            self.progress(self.done, self.work)

    def _finish(self, stage: _Stage) -> None:
        total = stage.total
        assert total is not None
        for name, tables in stage.batch.tables.items():
            occupied = total.occupied[name]
            tables.book(stage.individuals, stage.batch.mass, occupied, total.moved[name], total.sums[name])
            if self.collect.keep_trace:
                share = occupied.sum(axis=2).transpose(2, 3, 1, 0) / stage.individuals
                stage.traces[name] = share * stage.batch.mass
                for outcome, curve in tables.so_far(stage.individuals, occupied, total.moved[name]).items():
                    self.events.setdefault((name, outcome), []).append(curve)
        if self.collect.keep_trace:
            for name, cohort in self.model.cohorts.items():
                rows = self.collect.grids[name].n + 1
                stage.traces.setdefault(name, np.zeros((rows, len(cohort.states), *stage.ledger.shape)))
        self.collect.take(stage.first, stage)
        self.mass.append(stage.batch.mass.T)
        # booked: from here on only moments and counts of children are needed, whatever the number of draws
        total.occupied, total.moved, total.sums, total.parts = {}, {}, {}, []
        self.totals.append(total)

    # --- error -------------------------------------------------------------------------------

    def _error(self, individuals: int) -> SimulationError:
        totals = self.totals
        children = totals[0].children
        return SimulationError(
            asked=self.simulation,
            individuals=individuals,
            strategies=self.model.strategy_names,
            outcomes=tuple(self.model.outcomes),
            comparator=self.model.strategy_names.index(self.model.comparator),
            mass=np.concatenate(self.mass),
            sums=np.concatenate([t.moments.sums for t in totals]),
            products=np.concatenate([t.moments.products for t in totals]),
            differ=np.sum([t.differ for t in totals], axis=0),
            rerouted=np.sum([t.rerouted for t in totals], axis=0),
            children=None if not children else Children.joined(children),
            events={key: np.concatenate(curves) for key, curves in self.events.items()},
        )

    def _half_width(self, stage: _Stage) -> float:
        """Half the 95% interval of the least certain incremental net benefit."""
        total = stage.total
        assert total is not None
        error = SimulationError(
            self.simulation, stage.individuals, self.model.strategy_names, tuple(self.model.outcomes),
            self.model.strategy_names.index(self.model.comparator), stage.batch.mass.T, total.moments.sums,
            total.moments.products, total.differ, total.rerouted,
        )  # fmt: skip
        effect, threshold = self.settings.effect, self.settings.thresholds[0]
        others = [s for s in range(len(error.strategies)) if s != error.comparator] or [error.comparator]
        against = error.comparator if len(error.strategies) > 1 else None
        return max(Z95 * float(error.of_net_benefit(effect, threshold, s, against)[0]) for s in others)
