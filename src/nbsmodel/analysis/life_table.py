"""Life expectancy and quality-adjusted life expectancy of a population from its life table.

Sullivan's method: person-years at each age times the utility of that age. Deaths fall evenly over a year of age, so
that those who die in a year live half of it (also in the first year of life, where most die earlier; at 0.4% the
difference is below 0.002 years). The row number of an array is the age.

A life table ends with people still alive. Three ways to close it, by name:

- ``open``: the last age is an open interval with e years left, all of them counted as years of that age;
- ``hazard``: from the last age on a constant hazard of 1 / e, with the last utility, discounted year by year;
- ``stop``: the year of the last age is counted and nothing after it.

References
----------
Sullivan DF. A single index of mortality and morbidity. HSMHA Health Reports 1971;86:347-354.
McNamara S, Schneider PP, Love-Koh J, Doran T, Gutacker N. Quality-adjusted life expectancy norms for the English
population. Value in Health 2022, doi 10.1016/j.jval.2022.07.005 (``stop``, discounted from the start of each year).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Closing = Literal["open", "hazard", "stop"]
Timing = Literal["start", "mid"]


def life_expectancy(qx: ArrayLike, closing: Closing = "open", years_at_last: ArrayLike | None = None) -> FloatArray:
    """Years of life expected at every age.

    Parameters
    ----------
    qx : array_like (ages, ...)
        Probability of dying within the year of age.
    closing : {"open", "hazard", "stop"}
        How the table ends.
    years_at_last : array_like, optional
        Years of life expected at the last age; needed but for ``stop``.

    Returns
    -------
    array (ages, ...)

    Raises
    ------
    ValueError
        Inputs outside their domain.
    """
    return qale_by_age(qx, 1.0, 0.0, closing=closing, years_at_last=years_at_last)


def quality_adjusted_life_expectancy(
    qx: ArrayLike, utility: ArrayLike, rate: float, age: ArrayLike = 0, timing: Timing = "start",
    closing: Closing = "open", years_at_last: ArrayLike | None = None,
) -> FloatArray:  # fmt: skip
    """QALYs expected from an age on, discounted to that age.

    Parameters
    ----------
    qx, utility, rate, timing, closing, years_at_last
        As in `qale_by_age`.
    age : int or array of int
        Start age, a row of the table.

    Returns
    -------
    array
        Of the shape of `age`, then that of `qx` beyond its ages.

    Raises
    ------
    ValueError
        Inputs outside their domain, an age that is no row.
    """
    found = qale_by_age(qx, utility, rate, timing, closing, years_at_last)
    rows = np.asarray(age)
    if np.any(rows != np.floor(rows)) or np.any(rows < 0) or np.any(rows >= len(found)):
        raise ValueError(f"start ages are whole numbers from 0 to {len(found) - 1}")
    chosen: FloatArray = found[rows.astype(int)]
    return chosen


def qale_by_age(
    qx: ArrayLike, utility: ArrayLike, rate: float, timing: Timing = "start", closing: Closing = "open",
    years_at_last: ArrayLike | None = None,
) -> FloatArray:  # fmt: skip
    """QALYs expected at every age, discounted to that age.

    ``Q(x) = u(x) (1 - q(x) / 2) + (1 - q(x)) Q(x + 1) / (1 + r)``, from the last age down.

    Parameters
    ----------
    qx : array_like (ages, ...)
        Probability of dying within the year of age.
    utility : array_like, broadcasts with `qx`
        Utility in each year of age; 1 gives discounted life expectancy.
    rate : float
        Discount rate a year, a fraction of at least 0.
    timing : {"start", "mid"}
        Whether a year is discounted from its start (the first not at all) or from its middle.
    closing : {"open", "hazard", "stop"}
        How the table ends.
    years_at_last : array_like, optional
        Years of life expected at the last age, above 0; needed but for ``stop``.

    Returns
    -------
    array (ages, ...)

    Raises
    ------
    ValueError
        Inputs outside their domain.
    """
    q = np.asarray(qx, dtype=float)
    if q.ndim == 0 or q.size == 0 or not ((q >= 0) & (q <= 1)).all():
        raise ValueError("probabilities of death are between 0 and 1, one an age")
    u = np.broadcast_to(np.asarray(utility, dtype=float), q.shape)
    if not ((u >= -1) & (u <= 1)).all():
        raise ValueError("utilities are between -1 and 1")
    if not rate >= 0 or not np.isfinite(rate):
        raise ValueError("a discount rate is a finite fraction, at least 0")
    if timing not in ("start", "mid"):
        raise ValueError("the timing is start or mid")
    v = 1 / (1 + rate)
    found = np.empty_like(q)
    found[-1] = u[-1] * _last_years(q[-1], v, closing, years_at_last)
    for x in range(len(q) - 2, -1, -1):
        found[x] = u[x] * (1 - q[x] / 2) + (1 - q[x]) * v * found[x + 1]
    return found if timing == "start" else found * np.sqrt(v)


def population_qale(
    life_table: Mapping[str, ArrayLike], norm: Mapping[str, ArrayLike], rate: float, age: ArrayLike = 0,
    share_male: float = 0.5, timing: Timing = "start", closing: Closing = "open",
) -> FloatArray:  # fmt: skip
    """QALYs expected by a population of both sexes from an age on.

    Parameters
    ----------
    life_table : mapping of str to array (ages,)
        Columns ``qx_female``, ``qx_male`` and, but for ``stop``, ``ex_female``, ``ex_male``, as shipped.
    norm : mapping of str to array (ages,)
        Utility by age: ``female``, ``male``.
    rate, age, timing, closing
        As in `quality_adjusted_life_expectancy`.
    share_male : float
        Share of men among those of the start age. Their lives go on apart, each with its own table and norm.

    Returns
    -------
    array
        Of the shape of `age`.
    """
    if not 0 <= share_male <= 1:
        raise ValueError("the share of men is between 0 and 1")
    by_sex = {}
    for sex in ("female", "male"):
        left = None if closing == "stop" else np.asarray(life_table[f"ex_{sex}"], dtype=float)[-1]
        by_sex[sex] = quality_adjusted_life_expectancy(
            life_table[f"qx_{sex}"], norm[sex], rate, age, timing, closing, left
        )
    return (1 - share_male) * by_sex["female"] + share_male * by_sex["male"]


def _last_years(q: FloatArray, v: float, closing: str, years_at_last: ArrayLike | None) -> FloatArray:
    """Discounted years from the last age on, per person of that age."""
    if closing == "stop":
        return 1 - q / 2
    if closing not in ("open", "hazard"):
        raise ValueError("a table is closed by open, hazard or stop")
    if years_at_last is None:
        raise ValueError(f"closing {closing} needs the years of life expected at the last age")
    years = np.asarray(years_at_last, dtype=float)
    if not (years > 0).all() or not np.isfinite(years).all():
        raise ValueError("years of life expected are finite and above 0")
    if closing == "open":
        return years
    # years lived in each year are deaths / hazard; survivors and discounting make a geometric series
    stay = np.exp(-1 / years)
    return (1 - stay) * years / (1 - v * stay)
