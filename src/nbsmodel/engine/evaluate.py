"""`evaluate`: the only way to run a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nbsmodel.config.scenario import refuse_individual
from nbsmodel.config.settings import Settings
from nbsmodel.engine.check import Where
from nbsmodel.engine.cohort import CohortInput, CohortRun
from nbsmodel.engine.collector import Collector, fixed_names
from nbsmodel.engine.inputs import Draws, check_settings, check_totals, draw_table
from nbsmodel.engine.ledger import Ledger
from nbsmodel.engine.memory import block_size, bytes_per_window, check_size, keep_freed_memory
from nbsmodel.engine.parallel import in_order
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Simulation
from nbsmodel.engine.timegrid import time_grid
from nbsmodel.engine.tree import TreeRun
from nbsmodel.engine.values import Values
from nbsmodel.model.parts import Model
from nbsmodel.numerics.windows import Window, one_year_windows

Array = Any
#: Told the work done and the work there is.
Progress = Callable[[int, int], None]


def evaluate(
    model: Model,
    draws: Draws | None = None,
    settings: Settings | None = None,
    *,
    base: Mapping[str, float] | None = None,
    options: Mapping[str, str] | None = None,
    keep_trace: bool = False,
    detail: bool = False,
    block: int | None = None,
    threads: int = 1,
    simulation: Simulation | None = None,
    progress: Progress | None = None,
    first_draw: int = 0,
    years: int = 0,
) -> Result:
    """Run a model over draws of its parameters, or once at base values.

    Parameters
    ----------
    model : Model
    draws : mapping of str to array (draws,), optional
        Parameters (or derived values) that vary; the others stand at their base value.
    settings : Settings, optional
        Defaults to `Settings()`.
    base : mapping of str to float, optional
        Parameters or derived values that are replaced by a number.
    options : mapping of str to str, optional
        Chosen option by choice; the first option where none is given.
    keep_trace : bool
        Keep occupancy by draw, strategy, row and state.
    detail : bool
        Keep every amount by state and row (base values only).
    block : int, optional
        Draws evaluated together. By default as many as fit the working memory; the results do
        not depend on it.
    threads : int
        Blocks evaluated at the same time; the results do not depend on it either.
    simulation : Simulation, optional
        Simulate children instead of the cohort recursion; the result then knows its error.
    progress : callable, optional
        Told the work done and the work there is, while children are simulated.
    first_draw : int
        Number of the first draw, for messages and the luck of simulated children: a part of a run gives
        what the whole would.
    years : int
        Also give undiscounted amounts by year since the start of the tree, for so many years (cohort
        recursion only).

    Returns
    -------
    Result

    Raises
    ------
    InputError
        A value that is impossible, with place, strategy, cycle and draw; a run that would need
        too much memory, with the estimate.
    """
    settings = settings or Settings()
    if years and (detail or simulation is not None):
        raise ValueError("amounts by year are made without detail, by the cohort engine")
    if simulation is not None:
        from nbsmodel.engine.microsimulation import simulate  # compiling takes a moment to load

        return simulate(
            model, draws, settings, simulation, base=base or {}, options=options or {}, keep_trace=keep_trace,
            block=block, threads=threads, progress=progress, first_draw=first_draw,
        )  # fmt: skip
    refuse_individual(model, base or {})
    check_settings(model, settings)
    table, n = draw_table(model, draws, base or {})
    fixed = fixed_names(model, base or {}, options or {})
    grids = {name: time_grid(cohort, settings.horizon) for name, cohort in model.cohorts.items()}
    need = check_size(model, grids, keep_trace)
    if (block is not None and block < 1) or threads < 1:
        raise ValueError(f"a block holds at least one draw and needs a thread, found {block} and {threads}")
    whole = need + years * bytes_per_window(model, grids)
    size = block_size(whole, n, threads) if block is None else block
    collect = Collector(model, settings, n, grids, keep_trace, detail)

    def run(first: int) -> _Block:
        last = min(first + size, n)
        known = fixed | {name: column[None, first:last] for name, column in table.items()}
        number = first_draw + first if draws is not None else None
        block = _Block(model, settings, known, last - first, number, one_year_windows(years))
        with np.errstate(over="ignore", invalid="ignore"):  # totals are checked below, with a better message
            block.run(collect)
        return block

    keep_freed_memory(need * size)
    starts = range(0, n, size)
    for first, done in zip(starts, in_order(run, starts, threads), strict=True):
        collect.take(first, done)
    check_totals(model, collect.sums)
    return replace(collect.result(), bytes_per_draw=need)


class _Block:
    """One block of draws."""

    def __init__(
        self, model: Model, settings: Settings, known: dict[str, Array], draws: int, first: int | None,
        windows: tuple[Window, ...],
    ) -> None:  # fmt: skip
        self.model, self.draws = model, draws
        self.values = Values(model, known)
        self.where = Where(model.strategy_names, first)
        self.ledger = Ledger(model, settings, len(model.strategies), draws, windows)

    def run(self, collect: Collector) -> None:
        """Run the tree and the cohorts; other blocks may be running at the same time."""
        tree = TreeRun(self.model, self.values, self.ledger, self.where)
        tree.run()
        self.leaves = tree.leaves
        self.tree_sums = {key: amount.copy() for key, amount in self.ledger.sums.items()}
        self.traces = self._empty_traces(collect) if collect.keep_trace else {}
        for arrival in tree.arrivals.values():
            if not any(np.any(mass) for mass in arrival.mass.values()):
                continue
            cohort = self.model.cohorts[arrival.entry.cohort]
            grid = collect.grids[cohort.name]
            given = CohortInput(arrival, grid, self.traces.get(cohort.name), collect.details.get(cohort.name))
            CohortRun(self.model, self.values, self.ledger, self.where, given).run()

    def _empty_traces(self, collect: Collector) -> dict[str, Array]:
        """A trace for every cohort, whether anybody enters it or not."""
        return {
            name: np.zeros((collect.grids[name].n + 1, len(cohort.states), *self.ledger.shape))
            for name, cohort in self.model.cohorts.items()
        }
