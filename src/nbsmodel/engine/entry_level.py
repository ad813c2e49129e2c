"""What a group of people sees on entering a cohort: its calendar, the numbers handed over, its clocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import Where
from nbsmodel.engine.clocks import ClockPlan, clock_plan
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.engine.values import Values
from nbsmodel.model.parts import Cohort, Entry, Model

Array = Any


class EntryLevel:
    """Names at the level of a cohort that is entered in one way.

    Parameters
    ----------
    model : Model
    values : Values
        Names at the level of the block.
    where : Where
    entry : Entry
    grid : TimeGrid
    handed : dict of str to array, optional
        Values handed over, when they are not to be worked out here.

    Attributes
    ----------
    times : array (rows, strategy or 1, draw or 1)
        Years from the start of the tree.
    values : Values
        With the calendar as arrays over rows 0..n; a declared clock stands at zero, as it does in
        states where it does not run.
    where : Where
        Knows the ages.
    """

    def __init__(
        self, model: Model, values: Values, where: Where, entry: Entry, grid: TimeGrid,
        handed: dict[str, Array] | None = None,
    ) -> None:  # fmt: skip
        self.model, self.grid = model, grid
        self.cohort: Cohort = model.cohorts[entry.cohort]
        delay = np.asarray(values.value(entry.delay.node), dtype=float)
        ok = (delay >= 0) & np.isfinite(delay)
        check.require(ok, delay, entry.delay, "the delay", "It is a finite number, at least 0.", where, model, values)
        if handed is None:
            handed = {name: values.value(f.node) for name, f in entry.hands_over.items()}
        start_age = np.asarray(values.value(self.cohort.start_age.node), dtype=float)
        check.finite(start_age, self.cohort.start_age, "the start age", where, model, values)
        self.times = grid.times[:, None, None] + delay
        self.clocks: ClockPlan = clock_plan(model, self.cohort)
        ages = self.times + start_age
        lengths = np.append(grid.lengths, grid.lengths[-1])
        n_rows = np.arange(grid.n + 1.0)
        calendar = {
            "time": self.times,
            "age": ages,
            "cycle": n_rows[:, None, None],
            "dt": lengths[:, None, None] if not grid.equal else np.asarray(lengths[0]),
        }
        # states that remember no clock are evaluated for all cycles at once; a declared clock that
        # their formulas use does not run there and stands at zero
        stopped = dict.fromkeys(self.clocks.sets, np.float64(0.0))
        self.values = Values(model, handed | calendar | stopped, values)
        self.where = Where(where.strategies, where.first_draw, ages)
