"""Budget impact: undiscounted amounts by calendar year, with a birth cohort entering in every year.

Children born in year c (0, 1, ...) cause in year k what a child causes at age k - c, so that

    without[k]    = sum_{c <= k} births[c] * a0[k - c]
    difference[k] = sum_{c <= k} births[c] * share[c] * (a1[k - c] - a0[k - c]) + fixed[k]
    with[k]       = without[k] + difference[k]

with a0 and a1 the amounts per birth by year of age under the comparator and the new strategy, `share` the births under
the new strategy and `fixed` the costs of the programme as such. All births of a year count from its first day. The
approach follows the ISPOR principles of good practice (Sullivan et al. 2014, Value in Health 17:5-14): the payer's
view, a world without and a world with, yearly cash flows without discounting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Flow:
    """Amounts by calendar year in two worlds, each (..., year).

    Parameters
    ----------
    without, difference : array (..., year)
    """

    without: Array
    difference: Array

    @property
    def with_(self) -> Array:
        """Amounts in the world with the new strategy."""
        return self.without + self.difference

    def __add__(self, other: Flow) -> Flow:
        return Flow(self.without + other.without, self.difference + other.difference)


@dataclass(frozen=True)
class BudgetTest:
    """What the net budget impact is held against.

    Parameters
    ----------
    amount : float
    years : int
        First years that are looked at.
    year : int
        That with the largest difference, counted from 1.
    largest : float
        The difference then.
    """

    amount: float
    years: int
    year: int
    largest: float

    @property
    def exceeded(self) -> bool:
        """Whether the difference is above the amount in any of the years."""
        return self.largest > self.amount


def by_calendar_year(by_age: Array, entering: Array) -> Array:
    """Amounts by calendar year of cohorts that each age from their own birth.

    Parameters
    ----------
    by_age : array (..., age)
        Amount per child in each completed year of age.
    entering : array (year,)
        Children born in each year; not more years than ages.

    Returns
    -------
    array (..., year)
        ``out[k] = sum_{c <= k} entering[c] * by_age[k - c]``.
    """
    by_age, entering = np.asarray(by_age, dtype=float), np.asarray(entering, dtype=float)
    n = len(entering)
    if by_age.shape[-1] < n:
        raise ValueError(f"amounts at {by_age.shape[-1]} ages do not reach over {n} years")
    out = np.zeros((*by_age.shape[:-1], n))
    for c in range(n):
        out[..., c:] += entering[c] * by_age[..., : n - c]
    return out


def flow(new: Array, old: Array, births: Array, share: Array, fixed: Array | float = 0.0) -> Flow:
    """Amounts with and without a new strategy.

    Parameters
    ----------
    new, old : array (..., age)
        Amount per birth by year of age under the new strategy and the comparator.
    births, share : array (year,)
        Births, and the share of them under the new strategy.
    fixed : array (year,), optional
        Costs of the programme as such.

    Returns
    -------
    Flow
        Its difference is exactly `fixed` where no birth is under the new strategy.
    """
    births, share = np.asarray(births, dtype=float), np.asarray(share, dtype=float)
    difference = by_calendar_year(np.asarray(new) - np.asarray(old), births * share)
    return Flow(by_calendar_year(old, births), difference + fixed)


def total(flows: Sequence[Flow], years: int) -> Flow:
    """Sum of flows; zero when there are none."""
    whole = Flow(np.zeros(years), np.zeros(years))
    for one in flows:
        whole = whole + one
    return whole


def fixed_costs(amounts: Sequence[tuple[float, Sequence[int] | None]], years: int) -> Array:
    """Set-up costs by year.

    Parameters
    ----------
    amounts : sequence of (float, sequence of int or None)
        Amount, and the years, counted from 1, in each of which it falls due; None stands for every year.
    years : int

    Returns
    -------
    array (year,)
    """
    found = np.zeros(years)
    for amount, when in amounts:
        for year in range(1, years + 1) if when is None else when:
            found[year - 1] += amount
    return found


def budget_test(difference: Array, amount: float, years: int) -> BudgetTest:
    """Largest yearly difference of the first years, held against an amount."""
    early = np.asarray(difference)[:years]
    year = int(np.argmax(early))
    return BudgetTest(amount, years, year + 1, float(early[year]))
