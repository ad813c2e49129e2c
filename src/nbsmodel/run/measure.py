"""Reading a published quantity off a run of the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.analysis.ties import differences
from nbsmodel.engine.result import LeafResult, Result
from nbsmodel.errors import InputError, Problem, nearest
from nbsmodel.formula.check import problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.run.published import MeasureSchema

Array = Any


def measure_of(result: Result, measure: MeasureSchema, place: str) -> float:
    """Value of a measure in a run at base values; see `measure_by_draw`."""
    return float(measure_by_draw(result, measure, place)[0])


def measure_by_draw(result: Result, measure: MeasureSchema, place: str) -> Array:
    """Value of a measure in every draw of a run whose draws were evaluated in one block.

    Parameters
    ----------
    result : Result
        With its traces, where occupancy is asked for.
    measure : MeasureSchema
    place : str
        For messages.

    Returns
    -------
    array (draw,)
        NaN for a ratio whose effects are equal.
    """
    reader = _Reader(result, measure, place)
    return np.broadcast_to(np.asarray(getattr(reader, measure.kind)(), dtype=float), (result.draws,))


class _Reader:
    def __init__(self, result: Result, measure: MeasureSchema, place: str) -> None:
        self.result, self.measure, self.place = result, measure, place

    def _total(self, outcome: str, strategy: str | None) -> Array:
        assert strategy is not None
        return self.result.total(outcome, strategy, not self.measure.undiscounted, self.measure.component)

    def _effect(self, strategy: str | None) -> Array:
        return self._total(self.result.settings.effect, strategy)

    def _per(self, value: Array) -> Array:
        per = self.measure.per
        if per == "year":
            if self.result.births is None:
                raise InputError([Problem(self.place, "per: year, but the model has no births_per_year.")])
            return value * self.result.births
        if per == "case":
            return value / self.result.case_probability()[:, self._strategy_index()]
        return value

    def _strategy_index(self) -> int:
        name = self.measure.strategy or self.measure.icer or self.measure.nmb or self.result.strategies[0]
        return self.result.strategies.index(name)

    def total(self) -> Array:
        assert self.measure.total is not None
        return self._per(self._total(self.measure.total, self.measure.strategy))

    def difference(self) -> Array:
        m = self.measure
        assert m.difference is not None
        return self._per(differences(self._total(m.difference, m.strategy), self._total(m.difference, m.versus)))

    def icer(self) -> Array:
        m = self.measure
        dc = differences(self._total("cost", m.icer), self._total("cost", m.versus))
        de = differences(self._effect(m.icer), self._effect(m.versus))
        return np.divide(dc, de, out=np.full(np.shape(de), np.nan), where=de != 0)

    def nmb(self) -> Array:
        m = self.measure
        assert m.threshold is not None
        benefit = m.threshold * self._effect(m.nmb) - self._total("cost", m.nmb)
        if m.versus is not None:
            benefit = benefit - (m.threshold * self._effect(m.versus) - self._total("cost", m.versus))
        return self._per(benefit)

    def occupancy(self) -> Array:
        m = self.measure
        assert m.cohort is not None and m.occupancy is not None and m.cycle is not None
        trace = self.result.trace(m.cohort)
        if m.cycle >= trace.shape[2]:
            raise InputError([Problem(self.place, f"cycle {m.cycle}, but the trace ends at {trace.shape[2] - 1}.")])
        return trace[:, self._strategy_index(), m.cycle, self.result.states(m.cohort).index(m.occupancy)]

    def class_(self) -> Array:
        assert self.measure.class_ is not None
        return self._per(self.result.class_probability(self.measure.class_)[:, self._strategy_index()])

    def path(self) -> Array:
        assert self.measure.path is not None
        wanted, every = " > ".join(self.measure.path), {self._name(leaf): leaf for leaf in self.result.leaves}
        if wanted not in every:
            raise InputError([Problem(self.place, f"no path {wanted}.", nearest(wanted, every))])
        leaf, outcome = every[wanted], self.measure.total
        paid = 1.0 if outcome is None else leaf.payoffs.get(outcome, 0.0)
        return (leaf.probability * paid)[:, self._strategy_index()]

    @staticmethod
    def _name(leaf: LeafResult) -> str:
        return " > ".join(branch.name for branch in leaf.path)

    def value(self) -> Array:
        values = self.result.values
        try:
            node = parse(self.measure.value)  # type: ignore[arg-type]
        except FormulaError as error:
            raise InputError([Problem(self.place, f"{error}.")]) from None
        known = [*values.known, *(d for d in self.result.model.derived if not self.result.needs_cohort(d))]
        columns = {name: frozenset(t.columns) for name, t in self.result.model.tables.items()}
        found = problems_of(node, known, columns)
        if found:
            raise InputError([Problem(self.place, f"{text}.", fix) for text, fix in found])
        array = np.asarray(values.value(self.result.model.prices.uprate(node)), dtype=float)
        array = np.broadcast_to(
            array[0] if array.ndim == 3 else array, (len(self.result.strategies), self.result.draws)
        )
        return self._per(array[self._strategy_index() if self.measure.strategy else 0])
