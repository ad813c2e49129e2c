"""Discount factors for a constant rate or a schedule of rates by year."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.numerics.power import power

#: (from year, annual rate), rising, the first from year 0.
Schedule = tuple[tuple[float, float], ...]

#: Sums of cycle lengths may fall just short of a whole year.
YEAR_TOLERANCE = 1e-9


def discount_factor(time: Any, schedule: Schedule) -> Any:
    """Present value of one unit at a time.

    ``prod_i (1 + r_i)^-(years of [0, time] that fall into stretch i)``; with one rate this is
    ``(1 + r)^-time``. With rates of 3.5, 3.0 and 2.5% from years 0, 30 and 75 it gives the
    Green Book factors.

    Parameters
    ----------
    time : array
        Years from the start, any shape, at least 0.
    schedule : tuple of (from_year, rate)
        Annual rates as fractions.

    Returns
    -------
    array of the shape of `time`
    """
    time = np.asarray(time, dtype=float)
    if len(schedule) == 1:
        return power(1.0 + schedule[0][1], -time)
    factor = np.ones_like(time)
    ends = [start for start, _ in schedule[1:]] + [np.inf]
    for (start, rate), end in zip(schedule, ends, strict=True):
        factor = factor * power(1.0 + rate, -np.clip(time - start, 0.0, end - start))
    return factor


def whole_years(time: Any) -> Any:
    """Completed years at a time, forgiving the rounding of summed cycle lengths."""
    return np.floor(np.asarray(time, dtype=float) + YEAR_TOLERANCE)
