"""Tables of break-even values and of value-based prices, each row with its reading in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.break_even import ABOVE, BELOW, GAP, JUMP, NO_EFFECT, ROOT, TOUCHES, ZERO, Line, Root
from nbsmodel.analysis.contrast import Pair

Array = Any

THRESHOLD_COLUMNS = [
    "name", "label", "unit", "base", "strategy", "against", "threshold", "value", "relative_to_base", "from", "to",
    "status", "positive", "inmb_at_base", "inmb_at_value", "inmb_at_low", "inmb_at_high", "by", "by_value", "note",
]  # fmt: skip
PRICE_COLUMNS = [
    "name", "label", "unit", "strategy", "against", "threshold", "price_in_force", "price", "discount", "positive",
    "status", "inmb_in_force", "inmb_at_zero", "inmb_at_price", "note",
]  # fmt: skip
PRICE, TOO_DEAR, ANY_PRICE, CURVED = "price", "not even at 0", "at any price", "no straight line"


@dataclass(frozen=True)
class Target:
    """A comparison at a threshold."""

    pair: Pair
    threshold: float


@dataclass(frozen=True)
class Question:
    """What is solved for.

    Parameters
    ----------
    name, label, unit : str
        Of the value asked for.
    base : float
        nan where it is not one number.
    by : str
        What is moved to get there: the value itself, unless it is a formula.
    money : str
        Unit of the INMB, for sentences, as ``GBP per birth``.
    further : str
        What to do to look further than the range; empty where there is nothing further.
    trouble : str
        What the model cannot run with inside the range, or what is odd about a price; may be empty.
    """

    name: str
    label: str
    unit: str
    base: float
    by: str
    money: str
    further: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Scan:
    """What was scanned.

    Parameters
    ----------
    low, high : float
        Ends of the range in which the model can run, as values asked for.
    at_low, at_high, at_base : array (target,)
        INMB there; `at_base` is the base case.
    """

    low: float
    high: float
    at_low: Array
    at_high: Array
    at_base: Array


def threshold_table(
    question: Question, targets: Sequence[Target], roots: Sequence[Sequence[Root]], scan: Scan, values: Any
) -> pd.DataFrame:
    """Rows of one question.

    Parameters
    ----------
    question : Question
    targets : sequence of Target
    roots : sequence of sequence of Root
        For each target, in terms of what is moved.
    scan : Scan
    values : callable
        Turns what is moved, array (row,), into the value asked for.

    Returns
    -------
    DataFrame
        A row for each target and root, or one row without a value that says why. ``positive`` is the side
        of the value on which the INMB is positive.
    """
    rows = []
    for k, (target, found) in enumerate(zip(targets, roots, strict=True)):
        for root in found:
            value, end = (float(values(np.array([x]))[0]) if np.isfinite(x) else np.nan for x in (root.value, root.end))
            relative = value / question.base if question.base else np.nan
            ends = float(scan.at_low[k]), float(scan.at_high[k])
            row = [question.name, question.label, question.unit, question.base, target.pair.strategy]
            row += [target.pair.against, target.threshold, value, relative, scan.low, scan.high, root.status]
            row += [root.positive, float(scan.at_base[k]), root.inmb, *ends, question.by, root.value]
            rows.append([*row, _sentence(question, root, (value, end), scan, ends)])
    return pd.DataFrame(rows, columns=THRESHOLD_COLUMNS)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.5g}"


def _sentence(question: Question, root: Root, at: tuple[float, float], scan: Scan, ends: tuple[float, float]) -> str:
    value, end = at
    over = f"over {_number(scan.low)} to {_number(scan.high)}"
    if root.status == ROOT:
        return f"The INMB is positive {root.positive} {_number(value)}."
    if root.status == TOUCHES:
        return f"The INMB touches 0 at {_number(value)} without changing its sign."
    if root.status == ZERO:
        return f"The INMB is 0 from {_number(value)} to {_number(end)}."
    if root.status == JUMP:
        return (
            f"The INMB does not pass through 0 but jumps across it at {_number(value)}; it is positive {root.positive}."
        )
    if root.status == GAP:
        return f"The INMB changes its sign {over}, where the model cannot run: {question.trouble}"
    if root.status == NO_EFFECT:
        return f"The INMB does not depend on it: {_number(ends[0])} {question.money} {over}."
    sign = "positive" if ends[0] > 0 or ends[1] > 0 else "negative"
    span = f"from {_number(ends[0])} to {_number(ends[1])} {question.money}"
    text = f"No break-even value {over}: the INMB stays {sign} ({span})."
    if question.trouble:
        return f"{text} The model cannot run further: {question.trouble}"
    return f"{text} {question.further or 'These are all values that its unit allows.'}"


def price_table(
    question: Question, targets: Sequence[Target], line: Line, at_zero: Array, in_force: Array, at_price: Array
) -> pd.DataFrame:
    """Rows of one price whose net benefits are straight lines in it.

    Parameters
    ----------
    question : Question
        The price; its base is the price in force.
    targets : sequence of Target
    line : Line
    at_zero, in_force, at_price : array (target,)
        INMB at a price of 0, at the price in force, and run again at the price found; nan where it cannot be
        run again, because it is negative.

    Returns
    -------
    DataFrame
        A row a target. ``discount`` is 1 less the ratio of the price to the price in force; negative where the
        price could rise. ``positive`` is the side of the price on which the INMB is positive.
    """
    rows = []
    for k, target in enumerate(targets):
        straight = bool(line.straight[k])
        price, slope = float(line.root[k]) if straight else np.nan, float(line.slope[k])
        status = _status(price, slope, straight)
        side = "" if status in (NO_EFFECT, CURVED) else BELOW if slope < 0 else ABOVE
        discount = 1 - price / question.base if question.base else np.nan
        row: list[object] = [question.name, question.label, question.unit, target.pair.strategy, target.pair.against]
        row += [target.threshold, question.base, price, discount, side, status]
        row += [float(in_force[k]), float(at_zero[k]), float(at_price[k])]
        note = _price_sentence(question, status, side, price, discount, float(at_zero[k]))
        rows.append([*row, f"{note} {question.trouble}".strip()])
    return pd.DataFrame(rows, columns=PRICE_COLUMNS)


def _status(price: float, slope: float, straight: bool) -> str:
    if not straight:
        return CURVED
    if slope == 0:
        return NO_EFFECT
    return PRICE if price >= 0 else TOO_DEAR if slope < 0 else ANY_PRICE


def _price_sentence(question: Question, status: str, side: str, price: float, discount: float, at_zero: float) -> str:
    if status == CURVED:
        return "The INMB is no straight line in it: ask for it under `break_even`, which solves any curve."
    if status == NO_EFFECT:
        return f"The INMB does not depend on this price ({_number(at_zero)} {question.money})."
    if status == TOO_DEAR:
        return (
            f"Not even a price of 0 is low enough: the INMB is {_number(at_zero)} {question.money} there. "
            f"The line would reach 0 at {_number(price)}."
        )
    if status == ANY_PRICE:
        return f"The INMB is positive at any price, and rises with it; it is {_number(at_zero)} {question.money} at 0."
    word = "at or below" if side == BELOW else "at or above"
    text = f"The INMB is not negative {word} {_number(price)}"
    if not np.isfinite(discount):
        return f"{text}."
    if abs(discount) < 1e-12:
        return f"{text}, the price in force."
    change = f"{100 * abs(discount):.4g}% {'below' if discount > 0 else 'above'} the price in force"
    return f"{text}, {change}."
