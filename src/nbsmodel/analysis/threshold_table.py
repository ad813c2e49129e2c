"""Tables of break-even values and of value-based prices, each row with its reading in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.break_even import ABOVE, BELOW, NO_EFFECT, Line, Root
from nbsmodel.analysis.contrast import Pair
from nbsmodel.analysis.threshold_words import amount, notes

Array = Any

THRESHOLD_COLUMNS = [
    "question", "name", "label", "unit", "base", "strategy", "against", "threshold", "value", "relative_to_base",
    "from", "to", "status", "positive", "inmb_at_base", "inmb_at_value", "inmb_at_low", "inmb_at_high", "by",
    "by_value", "note",
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
    number : int
        Of the entry in the config: the same value may be asked for over several ranges.
    """

    name: str
    label: str
    unit: str
    base: float
    by: str
    money: str
    further: str = ""
    trouble: str = ""
    number: int = 1


@dataclass(frozen=True)
class Scan:
    """What was scanned.

    Parameters
    ----------
    low, high : float
        Ends of the range in which the model can run, as values asked for; `low` is above `high` where the value
        asked for falls as what is moved rises.
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
        of the value on which the INMB is positive, as far as the next root where there are several.
    """
    rows = []
    rising = scan if not scan.low > scan.high else Scan(scan.high, scan.low, scan.at_high, scan.at_low, scan.at_base)
    for k, (target, moved) in enumerate(zip(targets, roots, strict=True)):
        ends = float(rising.at_low[k]), float(rising.at_high[k])
        found = [_asked_for(root, values, turned=rising is not scan) for root in moved]
        if rising is not scan:
            moved, found = moved[::-1], found[::-1]
        for by, root, note in zip(moved, found, notes(question, found, rising, ends), strict=True):
            relative = root.value / question.base if question.base else np.nan
            row = [question.number, question.name, question.label, question.unit, question.base, target.pair.strategy]
            row += [target.pair.against, target.threshold, root.value, relative, rising.low, rising.high, root.status]
            row += [root.positive, float(rising.at_base[k]), by.inmb, *ends, question.by, by.value]
            rows.append([*row, note])
    return pd.DataFrame(rows, columns=THRESHOLD_COLUMNS)


def _asked_for(root: Root, values: Any, turned: bool) -> Root:
    """A root in terms of the value asked for, which falls as what is moved rises where `turned`."""
    value, end = (float(values(np.array([x]))[0]) if np.isfinite(x) else np.nan for x in (root.value, root.end))
    if not turned:
        return replace(root, value=value, end=end)
    side = {BELOW: ABOVE, ABOVE: BELOW}.get(root.positive, root.positive)
    first, last = (value, end) if end != end else (end, value)
    return replace(root, value=first, end=last, positive=side)


def price_table(
    question: Question, targets: Sequence[Target], line: Line, at_zero: Array, in_force: Array, at_price: Array
) -> pd.DataFrame:
    """Rows of one price, for the comparisons whose net benefits are straight lines in it.

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
        return "The INMB is no straight line in this price: ask for it under `break_even`, which solves any curve."
    if status == NO_EFFECT:
        return f"The INMB does not depend on this price ({amount(at_zero)} {question.money})."
    if status == TOO_DEAR:
        return (
            f"Not even a price of 0 is low enough: the INMB is {amount(at_zero)} {question.money} there. "
            f"The line would reach 0 at {amount(price)}."
        )
    if status == ANY_PRICE:
        return f"The INMB is positive at any price, and rises with it; it is {amount(at_zero)} {question.money} at 0."
    word = "at or below" if side == BELOW else "at or above"
    text = f"The INMB is not negative {word} {amount(price)}"
    if not np.isfinite(discount):
        return f"{text}."
    if abs(discount) < 1e-12:
        return f"{text}, the price in force."
    change = f"{100 * abs(discount):.4g}% {'below' if discount > 0 else 'above'} the price in force"
    return f"{text}, {change}."
