"""What further perspectives would add to the headline, each alone and all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.incremental import quadrant
from nbsmodel.analysis.ties import difference

Array = Any

#: Kinds of rows: what a perspective adds by itself, and totals over several.
ADDS, TOTAL = "adds", "total"
HEADLINE = "headline"


@dataclass(frozen=True)
class Perspectives:
    """Perspectives of a model and those in force.

    Parameters
    ----------
    reference : str
        The perspective every model has.
    further : tuple of str
        All others that the model declares.
    headline : tuple of str
        Those counted in the headline.
    """

    reference: str
    further: tuple[str, ...]
    headline: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (self.reference, *self.further)

    def totals(self) -> dict[str, tuple[str, ...]]:
        """Sets of perspectives to be summed, by what the row is called; no set stands twice.

        The headline; the headline with each further perspective switched to the other side; the reference alone;
        everything.
        """
        found = {HEADLINE: self.headline}
        for name in self.further:
            if name in self.headline:
                left = tuple(p for p in self.headline if p != name)
                if left:
                    found[f"{HEADLINE} without {name}"] = left
            else:
                found[f"{HEADLINE} + {name}"] = (*self.headline, name)
        found[f"{self.reference} alone"] = (self.reference,)
        found["all perspectives"] = self.every
        first: dict[frozenset[str], str] = {}
        for row, names in found.items():
            first.setdefault(frozenset(names), row)
        return {row: names for row, names in found.items() if first[frozenset(names)] == row}


def perspective_table(
    strategies: Sequence[str],
    comparator: str,
    perspectives: Perspectives,
    amounts: Callable[[Sequence[str], bool], tuple[Array, Array]],
    life_years: Sequence[float],
    thresholds: Sequence[float],
    effect: str,
    cases: float = 0.0,
    of_cases: Callable[[str], Array] | None = None,
) -> pd.DataFrame:
    """Increments of every strategy by perspective.

    Parameters
    ----------
    strategies : sequence of str
    comparator : str
    perspectives : Perspectives
    amounts : callable
        Given perspectives, and whether what counts in every perspective is counted with them: cost and effect by
        strategy, discounted.
    life_years : sequence of float
        Undiscounted, by strategy.
    thresholds : sequence of float
    effect : str
        Name of the outcome that ratios are per.
    cases : float
        Share of births with the condition; 0 where the model does not say.
    of_cases : callable, optional
        Effect of a perspective, by strategy, through children with the condition only. It is asked where a perspective
        loses, to tell what is lost while children live from what healthy children lose to a false positive.

    Returns
    -------
    DataFrame
        Columns ``strategy, against, kind, row, perspectives, counted, inc_cost, inc_<effect>, inc_life_years, icer,
        quadrant, inmb_<threshold> ..., longer_life_as_harm`` and, with `cases`, ``inc_cost_per_case,
        inc_<effect>_per_case, inc_life_years_per_case``. Rows of the kind ``adds`` hold what one perspective
        adds (its share of the incremental net benefit, no ratio), with ``counted`` where it is in the headline and
        ``longer_life_as_harm`` where its effect (through children with the condition) falls although people live
        longer; those of the kind ``total`` are sums over perspectives.
    """
    rows: list[dict[str, Any]] = []
    base = list(strategies).index(comparator)

    def loses(name: str, s: int) -> bool:
        if of_cases is None:
            return True
        gained = of_cases(name)
        return difference(float(gained[s]), float(gained[base])) < 0

    for s, strategy in enumerate(strategies):
        if s == base:
            continue
        years = difference(float(life_years[s]), float(life_years[base]))
        sets: list[tuple[str, str, tuple[str, ...]]] = [(ADDS, name, (name,)) for name in perspectives.further]
        sets += [(TOTAL, row, names) for row, names in perspectives.totals().items()]
        for kind, row, names in sets:
            cost, gained = amounts(names, kind == TOTAL)
            dc, de = difference(float(cost[s]), float(cost[base])), difference(float(gained[s]), float(gained[base]))
            per_case = {"inc_cost": dc, f"inc_{effect}": de, "inc_life_years": years} if cases else {}
            rows.append(
                {
                    "strategy": strategy, "against": comparator, "kind": kind, "row": row,
                    "perspectives": " + ".join(names), "counted": set(names) <= set(perspectives.headline),
                    "inc_cost": dc, f"inc_{effect}": de, "inc_life_years": years,
                    "icer": dc / de if kind == TOTAL and dc * de > 0 else np.nan,
                    "quadrant": quadrant(dc, de) if kind == TOTAL else "",
                    **{f"inmb_{t:g}": t * de - dc for t in thresholds},
                    "longer_life_as_harm": kind == ADDS and de < 0 < years and loses(names[0], s),
                    **{f"{name}_per_case": value / cases for name, value in per_case.items()},
                }
            )  # fmt: skip
    return pd.DataFrame(rows)
