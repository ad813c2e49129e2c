"""Formulas whose value is asked for: read, worked out where one parameter is moved, and refused where ambiguous."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.collector import fixed_names
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problems
from nbsmodel.formula.check import axes_of, problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Node, names
from nbsmodel.run.moved import Moved, columns

Array = Any
#: Points at which a formula is worked out between two that the model is run at.
BETWEEN = 8
#: Distance, relative to the range, below which two points are one.
_APART = 1e-9


def read_formula(scenario: Scenario, text: str, place: str, problems: Problems) -> Node | None:
    """A formula of parameters and derived values that is one number in a run, its prices uprated."""
    model = scenario.model
    try:
        node = parse(text)
    except FormulaError as error:
        problems.add(place, f"{error}.")
        return None
    known = [*model.parameters.rows, *model.derived]
    tables = {name: frozenset(table.columns) for name, table in model.tables.items()}
    found = problems_of(node, known, tables)
    for words, fix in found:
        problems.add(place, f"{words}.", fix)
    if found:
        return None
    axes = {name: derived.axes for name, derived in model.derived.items()}
    if axes_of(node, axes) - {"draw"}:
        varying = sorted(n for n in names(node) if axes.get(n, frozenset()) - {"draw"})
        problems.add(place, f"{', '.join(varying)} is not one number in a run.", "Use names that are.")
        return None
    return model.prices.uprate(node)


def formula_values(scenario: Scenario, node: Node, moved: Moved, x: Array) -> Array:
    """Values of a formula when something is moved, (row,)."""
    known = fixed_names(scenario.model, scenario.overrides, scenario.choices)
    known |= {name: column[None, :] for name, column in columns(scenario, {moved: x}).items()}
    with np.errstate(all="ignore"):  # what is no finite number is refused in words
        found = np.asarray(Values(scenario.model, known).value(node), dtype=float)
    return np.broadcast_to(np.ravel(found), x.shape) if found.size == 1 else np.ravel(found)


def check_formula(scenario: Scenario, node: Node, moved: Moved, grid: Array, place: str, problems: Problems) -> None:
    """Refuse a formula that is not a finite number over a range, or that has one value at several of its points.

    Only what rises or falls throughout turns a break-even value of `moved` into one of the formula, with one
    side on which the net benefit is positive.
    """
    text, x = as_text(node), _finer(grid)
    ends = f"{moved.name} goes from {x[0]:.6g} to {x[-1]:.6g}"
    try:
        found = formula_values(scenario, node, moved, x)
    except InputError as error:
        first = error.problems[0]
        problems.add(place, f"it cannot be worked out as {ends}: {first.found}", "Give `between: [low, high]`.")
        return
    wrong = np.flatnonzero(~np.isfinite(found))
    if wrong.size:
        words = f"{text} is no finite number at {moved.name} = {x[wrong[0]]:.6g}."
        problems.add(place, words, "Give `between: [low, high]` where it is one, or write another formula.")
        return
    steps = np.diff(found)
    if (steps > 0).all() or (steps < 0).all():
        return
    if np.ptp(found) <= _APART * np.abs(found).max():
        words = f"{text} does not change as {ends}."
    else:
        words = f"{text} does not rise throughout or fall throughout as {ends}, so one value of it can mean several."
    problems.add(
        place,
        words,
        f"Move a parameter on which it rises or falls throughout, give a narrower `between`, or ask for {moved.name} "
        "itself.",
    )


def _finer(grid: Array) -> Array:
    """A grid with more points between its own, none of them nearly the same."""
    share = np.arange(BETWEEN + 1) / (BETWEEN + 1)
    every = np.append((grid[:-1, None] + np.diff(grid)[:, None] * share).ravel(), grid[-1])
    apart = _APART * (grid[-1] - grid[0])
    return every[np.append(True, np.diff(every) > apart)]
