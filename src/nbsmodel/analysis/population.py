"""Those for whom a decision stands: births or patients over a horizon, discounted."""

from __future__ import annotations

import math

from nbsmodel.numerics.discounting import Schedule, discount_factor


def effective_population(per_year: float, years: float, rate: float | Schedule, start: float = 0.0) -> float:
    """Births (or patients) from one time to another, discounted to the start of the analysis.

    Year ``k`` runs from ``k`` to ``k + 1`` and is discounted as a whole at its beginning:
    ``sum_k per_year * (years of [start, years] in year k) * (1 + rate)^-k``, so a part of a year counts
    in part. Philips, Claxton and Palmer (2008), "The half-life of truth", Med Decis Making 28:287-299,
    on the choice of the horizon.

    Parameters
    ----------
    per_year : float
        Births a year.
    years : float
        End of the horizon, in years from the start of the analysis.
    rate : float or Schedule
        Annual discount rate as a fraction, or a schedule of rates by year.
    start : float
        From when on they count, in years: for example when the results of a study are in.

    Returns
    -------
    float
        0 when the horizon ends before `start`.

    Raises
    ------
    ValueError
        When a number is negative or not finite.
    """
    for name, value in (("per_year", per_year), ("years", years), ("start", start)):
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} is {value}; it has to be a number from 0")
    schedule = rate if isinstance(rate, tuple) else ((0.0, float(rate)),)
    if any(not 0 <= r < math.inf for _, r in schedule):
        raise ValueError(f"the discount rate is {rate}; it has to be a number from 0")
    total = 0.0
    for year in range(math.floor(start), math.ceil(years)):
        inside = min(years, year + 1) - max(start, year)
        if inside > 0:
            total += inside * float(discount_factor(float(year), schedule))
    return per_year * total
