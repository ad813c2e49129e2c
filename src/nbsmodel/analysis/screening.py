"""Detection table and programme results of a screening model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nbsmodel.model.schema import CLASSES

#: Rows that are left out where they are zero in every strategy.
CLEARED, NOT_CLEARED = "False positives cleared by a later test", "False positives not cleared"
OPTIONAL = ("Cases known before screening", "False positives", CLEARED, NOT_CLEARED, "Incidental findings")
#: Families told: of a case, of what was not looked for, and of a false positive, cleared later or not.
AMONG_TOLD = "Predictive value: cases among families told"
SCREENED = ("true_positive", "false_negative", "false_positive", "true_negative", "incidental")
POSITIVE = ("true_positive", "false_positive", "incidental")


def detection_table(
    strategies: Sequence[str], probability: Mapping[str, Sequence[float] | np.ndarray], births: float | None
) -> pd.DataFrame:
    """Births by screening class.

    Parameters
    ----------
    strategies : sequence of str
    probability : mapping of class to sequence of float
        Share of births by strategy.
    births : float or None
        Births a year.

    Returns
    -------
    DataFrame
        Columns ``strategy, class, per_100000, per_year``; classes that occur nowhere are left out.
    """
    rows = []
    used = [c for c in CLASSES if any(p != 0 for p in probability.get(c, ()))]
    for s, strategy in enumerate(strategies):
        for name in used:
            p = float(probability[name][s])
            rows.append([strategy, name, 1e5 * p, np.nan if births is None else births * p])
    return pd.DataFrame(rows, columns=["strategy", "class", "per_100000", "per_year"])


def programme_table(
    strategies: Sequence[str],
    probability: Mapping[str, Sequence[float] | np.ndarray],
    affected: Sequence[float] | np.ndarray,
    births: float | None,
    totals: Mapping[str, Sequence[float] | np.ndarray],
    comparator: str,
    cleared: tuple[np.ndarray, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Programme results: cases, predictive value, number needed to screen, annual totals.

    Parameters
    ----------
    strategies : sequence of str
    probability : mapping of class to sequence of float
    affected : sequence of float
        Share of births with the condition, by strategy; all 0 when no branch is marked as a case.
    births : float or None
        Births a year.
    totals : mapping of quantity to sequence of float
        Per birth, by strategy, for example ``cost (GBP)``.
    comparator : str
    cleared : tuple of two arrays (strategy,), optional
        Shares of births with a false positive that a later test cleared, and with one that none cleared.

    Returns
    -------
    DataFrame
        Columns ``quantity, unit, <strategies>, difference_<strategy>`` with a difference from the
        comparator for every other strategy. Rows that cannot be computed are left out.

    Notes
    -----
    Predictive value = true positives / (true positives, incidental findings and false positives, those cleared by a
    later test among them). Number needed to screen = births screened / true positives.
    """
    n = len(strategies)
    share = {c: np.asarray(probability.get(c, np.zeros(n)), dtype=float) for c in CLASSES}
    screened = sum((share[c] for c in SCREENED), np.zeros(n))
    positive = sum((share[c] for c in POSITIVE), np.zeros(n))
    found = share["true_positive"]
    cases = np.asarray(affected, dtype=float)
    rows: list[tuple[str, str, np.ndarray]] = []
    if births is not None:
        rows.append(("Births", "a year", np.full(n, births)))
        rows.append(("Births screened", "a year", births * screened))
        rows.append(("Births with the condition", "a year", births * cases))
        rows.append(("Cases found by screening", "a year", births * found))
        rows.append(("Cases missed by screening", "a year", births * share["false_negative"]))
        rows.append(("Cases known before screening", "a year", births * share["known_before"]))
        rows.append(("False positives", "a year", births * share["false_positive"]))
        if cleared is not None:
            rows += [(n, "a year", births * s) for n, s in zip((CLEARED, NOT_CLEARED), cleared, strict=True)]
        rows.append(("Incidental findings", "a year", births * share["incidental"]))
    with np.errstate(divide="ignore", invalid="ignore"):
        rows.append((AMONG_TOLD, "share", found / positive))
        rows.append(("Number needed to screen", "births a case found", screened / found))
    if births is not None:
        rows += [(f"{name}, annual birth cohort", unit, births * np.asarray(v)) for (name, unit), v in _named(totals)]
    if cases.any():
        rows += [(f"{name}, per affected birth", unit, np.asarray(v) / cases) for (name, unit), v in _named(totals)]
    base = list(strategies).index(comparator)
    others = [i for i in range(n) if i != base]
    table = []
    for name, unit, values in rows:
        if not np.isfinite(values).any() or (name in OPTIONAL and not np.nan_to_num(values).any()):
            continue
        table.append([name, unit, *values, *(values[i] - values[base] for i in others)])
    differences = [f"difference_{strategies[i]}" for i in others]
    return pd.DataFrame(table, columns=["quantity", "unit", *strategies, *differences])


def _named(
    totals: Mapping[str, Sequence[float] | np.ndarray],
) -> list[tuple[tuple[str, str], Sequence[float] | np.ndarray]]:
    found = []
    for key, values in totals.items():
        name, _, unit = key.partition(" (")
        found.append(((name, unit.rstrip(")")), values))
    return found
