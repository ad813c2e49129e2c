"""Checks on values while a model runs: where, when and in which draw something is impossible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Node, calls, names
from nbsmodel.model.parts import Formula, Model

Array = Any

#: Sums of probabilities may miss 1 by this much.
SUM_TOLERANCE = 1e-9

#: The largest finite number.
MOST = float(np.finfo(float).max)


@dataclass
class Where:
    """What the axes of an array stand for, to name a place in it.

    Parameters
    ----------
    strategies : sequence of str
    first_draw : int or None
        Number of the block's first draw; None in a run at base values.
    ages : array (rows, strategy or 1, draw or 1), optional
        Age at each row of the trace.
    """

    strategies: Sequence[str]
    first_draw: int | None
    ages: Array | None = None

    def words(self, bad: Array, row: int | None = None) -> str:
        """Strategy, cycle, age and draw of the first bad element."""
        index = np.argwhere(np.atleast_1d(bad))[0]
        full = [0] * (3 - len(index)) + [int(i) for i in index]
        shape = (1,) * (3 - np.ndim(np.atleast_1d(bad))) + np.shape(np.atleast_1d(bad))
        parts = []
        if shape[1] > 1 or len(self.strategies) == 1:
            parts.append(f"strategy {self.strategies[full[1]]}")
        row = full[0] if row is None and shape[0] > 1 else row
        if row is not None:
            age = "" if self.ages is None else f" (age {self._age(row, full[1], full[2]):g})"
            parts.append(f"cycle {row}{age}")
        if self.first_draw is not None:
            parts.append(f"draw {self.first_draw + full[2]}")
        return f" in {', '.join(parts)}" if parts else ""

    def _age(self, row: int, strategy: int, draw: int) -> float:
        """Age at a place; it varies by strategy and draw where the delay or the start age does."""
        assert self.ages is not None
        ages = self.ages[row]
        return float(ages[min(strategy, ages.shape[0] - 1), min(draw, ages.shape[1] - 1)])


def require(
    ok: Array, value: Array, formula: Formula, what: str, allowed: str, where: Where, model: Model,
    values: Any = None, row: int | None = None,
) -> None:  # fmt: skip
    """Raise an `InputError` unless every element is fine.

    Parameters
    ----------
    ok : bool array
    value : array
        Broadcasts with `ok`; its first bad element is shown.
    formula : Formula
        What was computed.
    what, allowed : str
        What the value is and what it may be, in words.
    where : Where
    model : Model
    values : mapping, optional
        Names at that place, to say which table was left.
    row : int, optional
        Row of the trace, where the arrays have no cycle axis.
    """
    if np.all(ok):
        return
    bad = ~np.asarray(ok)
    shown = float(np.broadcast_to(value, bad.shape)[bad][0])
    at = where.words(bad, row)
    why = _why_nan(formula, values, model) if np.isnan(shown) and values is not None else None
    if why is not None:
        found = f"{why[0]}. So {what} has no value{at}: {formula.text}."
        raise InputError([Problem(formula.place, found, why[1], cause=why[0])])
    raise InputError([Problem(formula.place, f"{what} is {shown:g}{at}: {formula.text}.", allowed)])


def _why_nan(formula: Formula, values: Any, model: Model) -> tuple[str, str] | None:
    """Table look-ups that were left, in the formula or the derived values it uses."""
    pending: list[Node] = [formula.node]
    seen: set[str] = set()
    while pending:
        node = pending.pop()
        for call in calls(node):
            table = model.tables.get(call.function)
            if table is None:
                continue
            key = evaluate_array(call.args[0], values, model.tables)
            if (why := table.why_none(key, call.column, as_text(call.args[0]))) is not None:
                return why
        for name in names(node) - seen:
            seen.add(name)
            if name in model.derived:
                pending.append(model.derived[name].formula.node)
    return None


def between(value: Array, low: float, high: float) -> bool:
    """Whether all elements lie between two numbers; False when one is NaN.

    Two reductions cost less than the three boolean arrays that say which elements do not.
    """
    value = np.asarray(value)
    return bool(value.min() >= low and value.max() <= high)


def probability(
    value: Array, formula: Formula, what: str, where: Where, model: Model, values: Any, row: int | None = None
) -> None:
    """Require a probability: between 0 and 1."""
    if between(value, -SUM_TOLERANCE, 1 + SUM_TOLERANCE):
        return
    ok = (value >= -SUM_TOLERANCE) & (value <= 1 + SUM_TOLERANCE)
    require(ok, value, formula, what, "A probability is between 0 and 1.", where, model, values, row)


def hazard(
    value: Array, formula: Formula, what: str, where: Where, model: Model, values: Any, row: int | None = None
) -> None:
    """Require a hazard: finite and not negative."""
    if between(value, 0.0, MOST):
        return
    ok = (value >= 0) & np.isfinite(value)
    require(ok, value, formula, what, "A hazard is a finite number, at least 0.", where, model, values, row)


def finite(
    value: Array, formula: Formula, what: str, where: Where, model: Model, values: Any, row: int | None = None
) -> None:
    """Require a finite number."""
    if between(value, -MOST, MOST):
        return
    require(np.isfinite(value), value, formula, what, "A finite number is needed.", where, model, values, row)
