"""Table of the tests of a screening programme: who has each, who is positive, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nbsmodel.model.programme import ALL_GROUPS

COUNTS = ("reached", "tests", "no_result", "positive", "cleared", "not_cleared")
COLUMNS = (
    "strategy", "test", "group", *(f"{c}_per_100000" for c in COUNTS), "cost_per_100000", "cases_among_positive",
    *(f"{c}_per_year" for c in COUNTS), "cost_per_year",
)  # fmt: skip


@dataclass(frozen=True)
class TierCount:
    """A test in one group, by strategy.

    Parameters
    ----------
    test, group : str
    case : bool
        Whether the group has the condition.
    reached, no_result, positive : array (strategy,)
        Share of births who have the test, who have no result in the end, who are positive.
    cleared, not_cleared : array (strategy,)
        Share of births whose family was told of a false positive that this test clears, or that it leaves standing
        as the last one: positive on it, or without a result.
    tests : array (strategy,)
        Tests done per birth, repeats of failed ones among them.
    cost : array (strategy,)
        Cost of the test and its repeats per birth, undiscounted.
    """

    test: str
    group: str
    case: bool
    reached: np.ndarray
    no_result: np.ndarray
    positive: np.ndarray
    cleared: np.ndarray
    not_cleared: np.ndarray
    tests: np.ndarray
    cost: np.ndarray


def tier_table(strategies: Sequence[str], counts: Sequence[TierCount], births: float | None) -> pd.DataFrame:
    """Every test by strategy: all groups together, then each group.

    Parameters
    ----------
    strategies : sequence of str
    counts : sequence of TierCount
        Tests in their order.
    births : float or None
        Births a year.

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`. Costs are undiscounted. `cases_among_positive`, in rows of all groups, is the share of
        those positive on this test, and on every test before, who have the condition; NaN where nobody is positive.
        False positives, `cleared` and `not_cleared`, add up over all tests to the births of that class.
        Strategies that offer no test are left out.
    """
    rows: list[list[object]] = []
    per_year = np.nan if births is None else births
    for s, strategy in enumerate(strategies):
        for test in dict.fromkeys(c.test for c in counts):
            mine = [c for c in counts if c.test == test]
            values = np.array([[*(getattr(c, name)[s] for name in COUNTS), c.cost[s]] for c in mine])
            total = values.sum(axis=0)
            if total[0] == 0:
                continue
            cases = sum(float(c.positive[s]) for c in mine if c.case)
            positive = total[COUNTS.index("positive")]
            among = cases / positive if positive > 0 else np.nan
            for group, v, value in [
                (ALL_GROUPS, total, among),
                *((c.group, v, np.nan) for c, v in zip(mine, values, strict=True)),
            ]:
                rows.append([strategy, test, group, *(1e5 * v), value, *(per_year * v)])
    return pd.DataFrame(rows, columns=list(COLUMNS))
