"""Blocks of draws put together, in the axis order that users see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.detail import Detail
from nbsmodel.engine.ledger import Ledger, View
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE
from nbsmodel.engine.result import LeafResult, Result
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.engine.tree import Leaf
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Account, Formula, Model
from nbsmodel.numerics.windows import Window

Array = Any


class DoneBlock(Protocol):
    """A block of draws that an engine has run.

    ``tree_sums`` is what was booked before any cohort ran; ``traces`` are (row, state, strategy, draw).
    """

    draws: int
    values: Values
    where: Where
    ledger: Ledger
    leaves: list[Leaf]
    tree_sums: dict[tuple[Account, View], Array]
    traces: dict[str, Array]


class Collector:
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
        self.by_year: dict[Account, Array] = {}
        self.details = {
            name: Detail(grids[name].n + 1, len(cohort.states), len(model.strategies), self.perspectives)
            for name, cohort in model.cohorts.items()
            if detail
        }

    def take(self, first: int, block: DoneBlock) -> None:
        """Take over the results of a block that begins at a draw."""
        part = slice(first, first + block.draws)
        for (account, view), amount in block.tree_sums.items():  # booked before any cohort ran
            if account.perspective in self.perspectives and not isinstance(view, Window):
                total = self.tree_sums.setdefault((account.outcome, view), np.zeros(self.shape))
                total[part] += amount.T
        years = [view for view in block.ledger.views if isinstance(view, Window)]
        for key, amount in block.ledger.sums.items():
            account, view = key
            if isinstance(view, Window):
                by_year = self.by_year.setdefault(account, np.zeros((*self.shape, len(years))))
                by_year[part, :, years.index(view)] = amount.T
                continue
            if key not in self.sums:
                self.sums[key] = np.zeros(self.shape)
            self.sums[key][part] = amount.T
        if not self.leaves:
            self.leaves = [LeafResult(leaf.path, np.zeros(self.shape), {}) for leaf in block.leaves]
        for kept, leaf in zip(self.leaves, block.leaves, strict=True):
            kept.probability[part] = leaf.probability.T
            for outcome, amount in leaf.payoffs.items():
                whole = np.broadcast_to(amount, block.ledger.shape)
                kept.payoffs.setdefault(outcome, np.zeros(self.shape))[part] = whole.T
        for name, trace in block.traces.items():
            if name not in self.traces:
                self.traces[name] = np.zeros((self.n, self.shape[1], *trace.shape[:2]))
            self.traces[name][part] = trace.transpose(3, 2, 0, 1)
        if self.model.births is not None:
            self._take_births(self.model.births, part, block)
        self.values = block.values

    def _take_births(self, formula: Formula, part: slice, block: DoneBlock) -> None:
        births = block.values.value(formula.node)
        allowed = "It is at least 0."
        what, where = "the number of births", block.where
        check.require(births >= 0, births, formula, what, allowed, where, self.model, block.values)
        if np.ndim(births) == 2 and len(births) > 1:
            found = f"the number of births differs by strategy: {formula.text}."
            raise InputError([Problem(formula.place, found, "One population is compared: use no levers here.")])
        if self.births is None:
            self.births = np.zeros(self.n)
        self.births[part] = np.ravel(births)

    def result(self) -> Result:
        return Result(
            model=self.model, settings=self.settings, draws=self.n, sums=self.sums, leaves=tuple(self.leaves),
            traces=self.traces, grids=self.grids, details=self.details, births=self.births, values=self.values,
            tree_sums=self.tree_sums, by_year=self.by_year,
        )  # fmt: skip


def fixed_names(model: Model, base: Mapping[str, float], options: Mapping[str, str]) -> dict[str, Array]:
    """Names at base values: parameters, levers by strategy, chosen options."""
    known: dict[str, Array] = {name: np.float64(row.value) for name, row in model.parameters.rows.items()}
    known |= {name: np.float64(code) for name, code in model.option_codes.items()}
    for name, choice in model.choices.items():
        known[name] = np.float64(model.option_codes[options.get(name, choice.options[0])])
    for lever in model.strategies[0].levers:
        known[lever] = np.array([s.levers[lever] for s in model.strategies])[:, None]
    return known | {name: np.float64(value) for name, value in base.items()}
