"""What `evaluate` is given, checked before it runs; and its totals, checked after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine.check import MOST, between
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.parts import Account, Model
from nbsmodel.model.units import legal_range, range_text

Array = Any
Draws = Mapping[str, Any]


def draw_table(model: Model, draws: Draws | None, base: Mapping[str, float]) -> tuple[dict[str, Array], int]:
    """Columns of the draw table, as contiguous arrays, and their length (1 without draws).

    Raises
    ------
    InputError
        Unknown names, columns of different lengths, values that are no finite numbers or outside
        their unit's range (with how many), a parameter that is drawn and replaced at once.
    """
    if draws is None:
        return {}, 1
    problems = Problems()
    table: dict[str, Array] = {}
    for key in draws:
        name = str(key)
        if name not in model.parameters.rows and name not in model.derived:
            known = [*model.parameters.rows, *model.derived]
            problems.add("draws", f"no parameter is named {name}.", nearest(name, known))
            continue
        try:
            table[name] = np.ascontiguousarray(draws[key], dtype=float)
        except (TypeError, ValueError):
            problems.add(f"draws {name}", "the column holds something that is no number.", "Give one number a draw.")
            continue
        if table[name].ndim != 1:
            problems.add(f"draws {name}", f"the column has {table[name].ndim} dimensions.", "Give one number a draw.")
            continue
        _check_column(model, name, table[name], problems)
        if name in base:
            problems.add(f"draws {name}", "it is drawn and replaced by an override at once.", "Keep one of them.")
    lengths = sorted({len(column) for column in table.values() if column.ndim == 1})
    if not problems.items and (len(lengths) != 1 or lengths[0] == 0):
        problems.add("draws", f"columns have {lengths} rows.", "All need the same number, at least 1.")
    problems.raise_if_any()
    return table, lengths[0]


def unit_of(model: Model, name: str) -> str:
    """Unit of a parameter or a derived value."""
    row = model.parameters.rows.get(name)
    return model.derived[name].unit if row is None else row.unit


def _check_column(model: Model, name: str, column: Array, problems: Problems) -> None:
    unit = unit_of(model, name)
    low, high = legal_range(unit)
    if len(column) and between(column, max(low, -MOST), min(high, MOST)):
        return
    bad = np.flatnonzero(~(np.isfinite(column) & (column >= low) & (column <= high)))
    if bad.size:
        found = f"{column[bad[0]]:g} in draw {bad[0]} is no {unit} ({bad.size} of {len(column)} draws are not)."
        at_least = np.isfinite(low) and not np.isfinite(high)
        problems.add(f"draws {name}", found, f"It must be {'finite and ' if at_least else ''}{range_text(unit)}.")


def check_settings(model: Model, settings: Settings) -> None:
    """Outcomes and perspectives named in the settings exist; the horizon lies within the cohorts.

    Raises
    ------
    InputError
        With the nearest valid names.
    """
    problems = Problems()
    named = {
        "settings.effect": [settings.effect],
        "settings.discount_timing": [k for k in settings.discount_timing if k != "default"],
        "settings.within_cycle_correction": [k for k in settings.within_cycle_correction if k != "default"],
    }
    for place, outcomes in named.items():
        for outcome in outcomes:
            if outcome not in model.outcomes:
                problems.add(place, f"no outcome is named {outcome}.", nearest(outcome, model.outcomes))
    for name in settings.perspectives:
        if name not in model.perspectives:
            problems.add("settings.perspectives", f"no perspective is named {name}.", nearest(name, model.perspectives))
    if settings.horizon is not None and model.cohorts:
        longest = max(sum(s.length * s.count for s in cohort.stretches) for cohort in model.cohorts.values())
        if settings.horizon > longest:
            found = f"{float(settings.horizon):g} years, while the longest cohort ends after {float(longest):g}."
            problems.add("settings.horizon", found, "Shorten the horizon, or lengthen `cycles`.")
    problems.raise_if_any()


def check_totals(model: Model, sums: Mapping[tuple[Account, bool], Array]) -> None:
    """Every total is finite.

    Raises
    ------
    InputError
        With the first total that is not.
    """
    for (account, _), total in sums.items():
        if between(total, -MOST, MOST):
            continue
        bad = np.argwhere(~np.isfinite(total))
        if bad.size:
            draw, strategy = bad[0]
            found = (
                f"the total {account.outcome} ({account.component}) of {model.strategy_names[strategy]} in draw {draw} "
                f"is {total[draw, strategy]}."
            )
            raise InputError([Problem("results", found, "An input is too large to add up; check the values.")])
