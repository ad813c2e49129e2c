"""Reading a published quantity off a run of the model."""

from __future__ import annotations

import numpy as np

from nbsmodel.analysis.ties import difference
from nbsmodel.engine.result import Result
from nbsmodel.errors import InputError, Problem, nearest
from nbsmodel.formula.check import problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.run.published import MeasureSchema


def measure_of(result: Result, measure: MeasureSchema, place: str) -> float:
    """Value of a measure in a run at base values.

    Parameters
    ----------
    result : Result
        With its traces, where occupancy is asked for.
    measure : MeasureSchema
    place : str
        For messages.

    Returns
    -------
    float
        NaN for a ratio whose differences have opposite signs or are zero.
    """
    reader = _Reader(result, measure, place)
    return float(getattr(reader, measure.kind)())


class _Reader:
    def __init__(self, result: Result, measure: MeasureSchema, place: str) -> None:
        self.result, self.measure, self.place = result, measure, place

    def _total(self, outcome: str, strategy: str | None) -> float:
        assert strategy is not None
        discounted = not self.measure.undiscounted
        return float(self.result.total(outcome, strategy, discounted, self.measure.component)[0])

    def _effect(self, strategy: str | None) -> float:
        return self._total(self.result.settings.effect, strategy)

    def _per(self, value: float) -> float:
        per = self.measure.per
        if per == "year":
            if self.result.births is None:
                raise InputError([Problem(self.place, "per: year, but the model has no births_per_year.")])
            return value * float(self.result.births[0])
        if per == "case":
            return value / float(self.result.case_probability()[0, self._strategy_index()])
        return value

    def _strategy_index(self) -> int:
        name = self.measure.strategy or self.measure.icer or self.measure.nmb or self.result.strategies[0]
        return self.result.strategies.index(name)

    def total(self) -> float:
        assert self.measure.total is not None
        return self._per(self._total(self.measure.total, self.measure.strategy))

    def difference(self) -> float:
        m = self.measure
        assert m.difference is not None
        return self._per(difference(self._total(m.difference, m.strategy), self._total(m.difference, m.versus)))

    def icer(self) -> float:
        m = self.measure
        dc = difference(self._total("cost", m.icer), self._total("cost", m.versus))
        de = difference(self._effect(m.icer), self._effect(m.versus))
        return dc / de if de else float("nan")

    def nmb(self) -> float:
        m = self.measure
        assert m.threshold is not None
        return self._per(m.threshold * self._effect(m.nmb) - self._total("cost", m.nmb))

    def occupancy(self) -> float:
        m = self.measure
        assert m.cohort is not None and m.occupancy is not None and m.cycle is not None
        trace = self.result.trace(m.cohort)
        if m.cycle >= trace.shape[2]:
            raise InputError([Problem(self.place, f"cycle {m.cycle}, but the trace ends at {trace.shape[2] - 1}.")])
        return float(trace[0, self._strategy_index(), m.cycle, self.result.states(m.cohort).index(m.occupancy)])

    def class_(self) -> float:
        assert self.measure.class_ is not None
        return self._per(float(self.result.class_probability(self.measure.class_)[0, self._strategy_index()]))

    def path(self) -> float:
        assert self.measure.path is not None
        table = self.result.paths()
        wanted = " > ".join(self.measure.path)
        rows = table[(table["strategy"] == self.measure.strategy) & (table["path"] == wanted)]
        if rows.empty:
            raise InputError([Problem(self.place, f"no path {wanted}.", nearest(wanted, table["path"]))])
        column = self.measure.total or "probability"
        return float(rows[column].iloc[0]) if column in rows else 0.0

    def value(self) -> float:
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
        array = np.atleast_1d(np.asarray(values.value(node), dtype=float))
        array = np.broadcast_to(array, (len(self.result.strategies), 1)) if array.ndim < 3 else array[0]
        return self._per(float(array[self._strategy_index() if self.measure.strategy else 0, 0]))
