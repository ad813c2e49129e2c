"""`evaluate`: the only way to run a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.cohort import CohortInput, CohortRun
from nbsmodel.engine.detail import Detail
from nbsmodel.engine.inputs import Draws, check_settings, check_totals, draw_table
from nbsmodel.engine.ledger import Ledger
from nbsmodel.engine.memory import block_size, check_size
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE
from nbsmodel.engine.result import LeafResult, Result
from nbsmodel.engine.timegrid import TimeGrid, time_grid
from nbsmodel.engine.tree import Leaf, TreeRun
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Model

Array = Any


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
) -> Result:
    """Run a model over draws of its parameters, or once at base values.

    Parameters
    ----------
    model : Model
    draws : mapping of str to array (draws,), optional
        Parameters that vary; the others stand at their base value.
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
    check_settings(model, settings)
    table, n = draw_table(model, draws, base or {})
    fixed = _fixed_names(model, base or {}, options or {})
    grids = {name: time_grid(cohort, settings.horizon) for name, cohort in model.cohorts.items()}
    need = check_size(model, grids, keep_trace)
    if block is not None and block < 1:
        raise ValueError(f"a block holds at least one draw, found {block}")
    size = block_size(need, n) if block is None else block
    collect = _Collector(model, settings, n, grids, keep_trace, detail)
    for first in range(0, n, size):
        last = min(first + size, n)
        known = fixed | {name: column[None, first:last] for name, column in table.items()}
        with np.errstate(over="ignore", invalid="ignore"):  # totals are checked below, with a better message
            _Block(model, settings, known, last - first, first if draws is not None else None, collect).run(first)
    check_totals(model, collect.sums)
    return replace(collect.result(), bytes_per_draw=need)


class _Block:
    """One block of draws."""

    def __init__(
        self,
        model: Model,
        settings: Settings,
        known: dict[str, Array],
        draws: int,
        first: int | None,
        collect: _Collector,
    ) -> None:
        self.model, self.collect, self.draws = model, collect, draws
        self.values = Values(model, known)
        self.where = Where(model.strategy_names, first)
        self.ledger = Ledger(model, settings, len(model.strategies), draws)

    def run(self, first: int) -> None:
        tree = TreeRun(self.model, self.values, self.ledger, self.where)
        tree.run()
        self.collect.take_tree(first, self.draws, self.ledger)
        traces = self._empty_traces()
        for arrival in tree.arrivals.values():
            if not any(np.any(mass) for mass in arrival.mass.values()):
                continue
            cohort = self.model.cohorts[arrival.entry.cohort]
            grid = self.collect.grids[cohort.name]
            given = CohortInput(arrival, grid, traces.get(cohort.name), self.collect.details.get(cohort.name))
            CohortRun(self.model, self.values, self.ledger, self.where, given).run()
        self.collect.take(first, self.draws, self.ledger, tree.leaves, traces, self.values, self.where)

    def _empty_traces(self) -> dict[str, Array]:
        """A trace for every cohort, whether anybody enters it or not."""
        if not self.collect.keep_trace:
            return {}
        return {
            name: np.zeros((self.collect.grids[name].n + 1, len(cohort.states), *self.ledger.shape))
            for name, cohort in self.model.cohorts.items()
        }


class _Collector:
    """Puts the blocks together, in the axis order that users see."""

    def __init__(
        self, model: Model, settings: Settings, n: int, grids: dict[str, TimeGrid], keep_trace: bool, detail: bool
    ) -> None:
        if detail and n > 1:
            raise ValueError("amounts by state and row are kept for one draw only")
        self.model, self.settings, self.n = model, settings, n
        self.grids, self.keep_trace = grids, keep_trace
        self.shape = (n, len(model.strategies))
        self.sums: dict[Any, Array] = {}
        self.leaves: list[LeafResult] = []
        self.traces: dict[str, Array] = {}
        self.births: Array | None = None
        self.values: Values | None = None
        self.perspectives = (*settings.perspectives, EVERY_PERSPECTIVE)
        self.tree_sums: dict[tuple[str, bool], Array] = {}
        self.details = {
            name: Detail(grids[name].n + 1, len(cohort.states), len(model.strategies), self.perspectives)
            for name, cohort in model.cohorts.items()
            if detail
        }

    def take_tree(self, first: int, count: int, ledger: Ledger) -> None:
        """What has been booked before any cohort runs."""
        for (account, discounted), amount in ledger.sums.items():
            if account.perspective in self.perspectives:
                total = self.tree_sums.setdefault((account.outcome, discounted), np.zeros(self.shape))
                total[first : first + count] += amount.T

    def take(
        self,
        first: int,
        count: int,
        ledger: Ledger,
        leaves: list[Leaf],
        traces: dict[str, Array],
        values: Values,
        where: Where,
    ) -> None:
        part = slice(first, first + count)
        for key, amount in ledger.sums.items():
            self.sums.setdefault(key, np.zeros(self.shape))[part] = amount.T
        if not self.leaves:
            self.leaves = [LeafResult(leaf.path, np.zeros(self.shape), {}) for leaf in leaves]
        for kept, leaf in zip(self.leaves, leaves, strict=True):
            kept.probability[part] = leaf.probability.T
            for outcome, amount in leaf.payoffs.items():
                whole = np.broadcast_to(amount, ledger.shape)
                kept.payoffs.setdefault(outcome, np.zeros(self.shape))[part] = whole.T
        for name, trace in traces.items():
            if name not in self.traces:
                self.traces[name] = np.zeros((self.n, self.shape[1], *trace.shape[:2]))
            self.traces[name][part] = trace.transpose(3, 2, 0, 1)
        if self.model.births is not None:
            births = values.value(self.model.births.node)
            check.require(
                births >= 0, births, self.model.births, "the number of births", "It is at least 0.", where, self.model
            )
            if np.ndim(births) == 2 and len(births) > 1:
                found = f"the number of births differs by strategy: {self.model.births.text}."
                raise InputError(
                    [Problem(self.model.births.place, found, "One population is compared: use no levers here.")]
                )
            if self.births is None:
                self.births = np.zeros(self.n)
            self.births[part] = np.ravel(births)
        self.values = values

    def result(self) -> Result:
        return Result(
            model=self.model, settings=self.settings, draws=self.n, sums=self.sums, leaves=tuple(self.leaves),
            traces=self.traces, grids=self.grids, details=self.details, births=self.births, values=self.values,
            tree_sums=self.tree_sums,
        )  # fmt: skip


def _fixed_names(model: Model, base: Mapping[str, float], options: Mapping[str, str]) -> dict[str, Array]:
    """Names at base values: parameters, levers by strategy, chosen options."""
    known: dict[str, Array] = {name: np.float64(row.value) for name, row in model.parameters.rows.items()}
    known |= {name: np.float64(code) for name, code in model.option_codes.items()}
    for name, choice in model.choices.items():
        known[name] = np.float64(model.option_codes[options.get(name, choice.options[0])])
    for lever in model.strategies[0].levers:
        known[lever] = np.array([s.levers[lever] for s in model.strategies])[:, None]
    return known | {name: np.float64(value) for name, value in base.items()}
