"""Times of the rows of a trace."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Cohort


@dataclass(frozen=True)
class TimeGrid:
    """Rows 0..n of a cohort's trace, in years since entry.

    Parameters
    ----------
    times : array (n + 1,)
    lengths : array (n,)
        Length of each cycle.
    equal : bool
        Whether all cycles have one length.
    """

    times: np.ndarray
    lengths: np.ndarray
    equal: bool

    @property
    def n(self) -> int:
        """Number of cycles."""
        return len(self.lengths)

    @property
    def multiples(self) -> bool:
        """Whether the rows stand at exact multiples of the first cycle's length."""
        return self.equal and np.array_equal(self.times, np.arange(len(self.times)) * self.times[1])

    def years_run(self, row: int, cycles: np.ndarray | int) -> np.ndarray:
        """Years that a clock shows at a row when it has run for some cycles.

        With equal cycles they are the same in every row, to the last bit: what happens after exactly a
        year does not depend on when the year began.
        """
        return self.times[cycles] if self.equal else self.times[row] - self.times[row - cycles]


def time_grid(cohort: Cohort, horizon: Fraction | None) -> TimeGrid:
    """Rows of a cohort, cut at the horizon.

    Raises
    ------
    InputError
        When the horizon falls inside a cycle.
    """
    # exact times, as whole numbers of a unit that all lengths share
    unit = math.lcm(*(s.length.denominator for s in cohort.stretches))
    lengths = [int(s.length * unit) for s in cohort.stretches for _ in range(s.count)]
    times = [0, *accumulate(lengths)]
    if horizon is not None and horizon * unit < times[-1]:
        if horizon * unit not in set(times):
            near = min(times[1:], key=lambda t: abs(t - horizon * unit)) / unit
            found = f"{float(horizon):g} years falls inside a cycle of the cohort {cohort.name}."
            raise InputError([Problem("settings.horizon", found, f"The nearest cycle ends at {near:g} years.")])
        n = times.index(int(horizon * unit))
        lengths, times = lengths[:n], times[: n + 1]
    return TimeGrid(np.array([t / unit for t in times]), np.array([x / unit for x in lengths]), len(set(lengths)) == 1)
