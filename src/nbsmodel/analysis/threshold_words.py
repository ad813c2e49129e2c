"""Break-even values in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbsmodel.analysis.break_even import BELOW, GAP, JUMP, NO_EFFECT, ROOT, TOUCHES, ZERO, Root

if TYPE_CHECKING:
    from nbsmodel.analysis.threshold_table import Question, Scan


def amount(value: float) -> str:
    """A number in a sentence."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.5g}"


def notes(question: Question, roots: Sequence[Root], scan: Scan, ends: tuple[float, float]) -> list[str]:
    """What the roots of one comparison at one threshold mean, a sentence a root.

    Parameters
    ----------
    question : Question
    roots : sequence of Root
        By rising value asked for.
    scan : Scan
    ends : (float, float)
        INMB at both ends of what was scanned.

    Returns
    -------
    list of str
        Where the sign changes more than once, the same for each: the sides of one root alone would contradict
        those of the next.
    """
    crossing = [r for r in roots if r.positive]
    if len(crossing) > 1 and not any(r.status == GAP for r in roots):
        others = [_one(question, r, scan, ends) for r in roots if not r.positive]
        others += [f"It jumps across 0 at {amount(r.value)}." for r in crossing if r.status == JUMP]
        others += [f"It is 0 from {amount(r.value)} to {amount(r.end)}." for r in crossing if r.status == ZERO]
        return [" ".join([_regions(crossing), *others])] * len(roots)
    if len(roots) > 1 and crossing:  # a change of sign in between is not located
        return [_turn(r) if r.positive else _one(question, r, scan, ends) for r in roots]
    return [_one(question, r, scan, ends) for r in roots]


def _regions(crossing: Sequence[Root]) -> str:
    starts = [None, *(r.value if r.end != r.end else r.end for r in crossing)]
    stops = [*(r.value for r in crossing), None]
    found: tuple[list[str], list[str]] = ([], [])
    negative = crossing[0].positive != BELOW
    for i, (low, high) in enumerate(zip(starts, stops, strict=True)):
        if low is None or high is None:
            words = f"above {amount(low)}" if low is not None else f"below {amount(high or 0.0)}"
        else:
            words = f"between {amount(low)} and {amount(high)}"
        found[(i + negative) % 2].append(words)
    return f"The INMB is positive {_joined(found[0])}, and negative {_joined(found[1])}."


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _turn(root: Root) -> str:
    signs = ("positive", "negative") if root.positive == BELOW else ("negative", "positive")
    return f"The INMB turns from {signs[0]} to {signs[1]} at {amount(root.value)}."


def _one(question: Question, root: Root, scan: Scan, ends: tuple[float, float]) -> str:
    over = f"over {amount(scan.low)} to {amount(scan.high)}"
    if root.status == ROOT:
        return f"The INMB is positive {root.positive} {amount(root.value)}."
    if root.status == TOUCHES:
        return f"The INMB touches 0 at {amount(root.value)} without changing its sign."
    if root.status == ZERO:
        return f"The INMB is 0 from {amount(root.value)} to {amount(root.end)}."
    if root.status == JUMP:
        at = amount(root.value)
        return f"The INMB does not pass through 0 but jumps across it at {at}; it is positive {root.positive}."
    if root.status == GAP:
        return f"The INMB changes its sign {over}, where the model cannot run: {question.trouble}"
    if root.status == NO_EFFECT:
        return f"The INMB does not depend on it: {amount(ends[0])} {question.money} {over}."
    sign = "positive" if ends[0] > 0 or ends[1] > 0 else "negative"
    span = f"from {amount(ends[0])} to {amount(ends[1])} {question.money}"
    text = f"No break-even value {over}: the INMB stays {sign} ({span})."
    if question.trouble:
        return f"{text} The model cannot run further: {question.trouble}"
    return f"{text} {question.further or 'These are all values that its unit allows.'}"
