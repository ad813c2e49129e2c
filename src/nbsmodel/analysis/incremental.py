"""Incremental analysis: dominance, extended dominance, ratios along the frontier, net benefit.

Drummond et al., Methods for the Economic Evaluation of Health Care Programmes, 4th ed., ch. 4;
ratios are ratios of means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nbsmodel.analysis.ties import difference, same

FRONTIER = "frontier"
DOMINATED = "dominated"
EXTENDED = "extendedly dominated"
NO_DIFFERENCE = "no difference"

COLUMNS = ["strategy", "cost", "effect", "inc_cost", "inc_effect", "icer", "status", "comparator"]


def incremental_table(names: Sequence[str], cost: Sequence[float], effect: Sequence[float]) -> pd.DataFrame:
    """Fully incremental comparison of strategies.

    Parameters
    ----------
    names : sequence of str
    cost, effect : sequence of float
        Mean cost and effect of each strategy.

    Returns
    -------
    DataFrame
        Columns ``strategy, cost, effect, inc_cost, inc_effect, icer, status, comparator``. First the
        frontier by rising cost, each strategy against the one before it; then the extendedly dominated,
        the dominated, and those that do not differ from a strategy above (``no difference``). For a
        dominated strategy ``comparator`` names what dominates it.
    """
    order = sorted(range(len(names)), key=lambda i: (float(cost[i]), -float(effect[i]), i))
    points = {names[i]: (float(cost[i]), float(effect[i])) for i in order}
    equal_to = _duplicates(points)
    kept = {name: point for name, point in points.items() if name not in equal_to}
    dominator = {name: d for name in kept if (d := _dominator(name, kept)) is not None}
    candidates = [name for name in kept if name not in dominator]
    frontier = _frontier(candidates, kept)
    rows = [_frontier_row(name, before, kept) for before, name in zip([None, *frontier], frontier, strict=False)]
    rows += [_other(n, kept, EXTENDED, _neighbours(n, frontier, kept)) for n in candidates if n not in frontier]
    rows += [_other(name, kept, DOMINATED, by) for name, by in dominator.items()]
    for name, twin in equal_to.items():
        c, e = points[name]
        rows.append([name, c, e, 0.0, 0.0, np.nan, NO_DIFFERENCE, twin])
    return pd.DataFrame(rows, columns=COLUMNS)


def pairwise_table(
    names: Sequence[str], cost: Sequence[float], effect: Sequence[float], comparator: str
) -> pd.DataFrame:
    """Each strategy against the comparator, with the quadrant of the difference.

    Returns
    -------
    DataFrame
        Columns ``strategy, comparator, inc_cost, inc_effect, icer, quadrant``. The ratio is given only
        where both differences have one sign: cost per unit gained (``north-east``) or saved per unit
        lost (``south-west``).
    """
    base = list(names).index(comparator)
    rows = []
    for name, c, e in zip(names, map(float, cost), map(float, effect), strict=True):
        if name == comparator:
            continue
        dc, de = difference(c, float(cost[base])), difference(e, float(effect[base]))
        ratio = dc / de if dc * de > 0 else np.nan
        rows.append([name, comparator, dc, de, ratio, quadrant(dc, de)])
    return pd.DataFrame(rows, columns=["strategy", "comparator", "inc_cost", "inc_effect", "icer", "quadrant"])


def quadrant(inc_cost: float, inc_effect: float) -> str:
    """Where a difference lies on the cost-effectiveness plane, in words."""
    if inc_cost == 0 and inc_effect == 0:
        return NO_DIFFERENCE
    if inc_effect == 0:
        return "same effect, less costly" if inc_cost < 0 else "same effect, more costly"
    if inc_effect > 0:
        return "north-east" if inc_cost > 0 else "dominant"
    return "south-west" if inc_cost < 0 else "dominated"


def net_benefit_table(
    names: Sequence[str], cost: Sequence[float], effect: Sequence[float], comparator: str, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Net monetary and health benefit at each threshold.

    ``NMB = threshold * effect - cost`` and ``NHB = effect - cost / threshold = NMB / threshold``.

    Returns
    -------
    DataFrame
        Columns ``strategy, threshold, nmb, nhb, inc_nmb, inc_nhb``; increments against the comparator.
    """
    base = list(names).index(comparator)
    rows = []
    for threshold in thresholds:
        reference = threshold * float(effect[base]) - float(cost[base])
        for name, c, e in zip(names, map(float, cost), map(float, effect), strict=True):
            nmb = threshold * e - c
            inc = difference(nmb, reference)
            rows.append([name, threshold, nmb, nmb / threshold, inc, inc / threshold])
    return pd.DataFrame(rows, columns=["strategy", "threshold", "nmb", "nhb", "inc_nmb", "inc_nhb"])


def _duplicates(points: dict[str, tuple[float, float]]) -> dict[str, str]:
    """Strategies with the cost and effect of an earlier one, and that one."""
    found: dict[str, str] = {}
    for name, (c, e) in points.items():
        for other, (oc, oe) in points.items():
            if other == name:
                break
            if other not in found and same(c, oc) and same(e, oe):
                found[name] = other
                break
    return found


def _dominator(name: str, points: dict[str, tuple[float, float]]) -> str | None:
    """The cheapest strategy that costs no more and does at least as well."""
    c, e = points[name]
    for other, (oc, oe) in points.items():
        if other != name and (oc <= c or same(oc, c)) and (oe >= e or same(oe, e)):
            return other
    return None


def _frontier(candidates: list[str], points: dict[str, tuple[float, float]]) -> list[str]:
    """Drop strategies whose ratio exceeds that of the next, until ratios never fall."""
    frontier: list[str] = []
    for name in candidates:
        while len(frontier) > 1 and _steeper(frontier[-2], frontier[-1], name, points):
            frontier.pop()
        frontier.append(name)
    return frontier


def _steeper(a: str, b: str, c: str, points: dict[str, tuple[float, float]]) -> bool:
    """Whether the step from a to b costs more per unit than the one from b to c; on one line it does not."""
    first, second = _ratio(a, b, points), _ratio(b, c, points)
    return first > second and not same(first, second)


def _ratio(a: str, b: str, points: dict[str, tuple[float, float]]) -> float:
    (ca, ea), (cb, eb) = points[a], points[b]
    return (cb - ca) / (eb - ea)


def _frontier_row(name: str, before: str | None, points: dict[str, tuple[float, float]]) -> list[object]:
    c, e = points[name]
    if before is None:
        return [name, c, e, np.nan, np.nan, np.nan, FRONTIER, ""]
    bc, be = points[before]
    return [name, c, e, c - bc, e - be, (c - bc) / (e - be), FRONTIER, before]


def _neighbours(name: str, frontier: list[str], points: dict[str, tuple[float, float]]) -> str:
    below = [f for f in frontier if points[f][1] <= points[name][1]]
    above = [f for f in frontier if points[f][1] > points[name][1]]
    return " and ".join([*below[-1:], *above[:1]])


def _other(name: str, points: dict[str, tuple[float, float]], status: str, by: str) -> list[object]:
    return [name, *points[name], np.nan, np.nan, np.nan, status, by]
