"""Lengths of time as users write them: ``6 months``, ``1/52 year``."""

from __future__ import annotations

import re
from fractions import Fraction

#: The longest length of time that may be written.
MOST_YEARS = 1_000

#: Years in one unit of time. A month is a twelfth of a year, a year 365.25 days.
YEARS = {"year": Fraction(1), "month": Fraction(1, 12), "week": Fraction(28, 1461), "day": Fraction(4, 1461)}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:/\s*([0-9]+))?\s*(year|month|week|day)s?\s*\Z")


def duration(text: object) -> Fraction:
    """Years in a length of time such as ``6 months`` or ``1/52 year``, exactly."""
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{seen(text)} is no length of time; write for example `6 months`, `1 year` or `1/52 year`")
    number, divisor, unit = match.groups()
    if divisor is not None and int(divisor) == 0:
        raise ValueError(f"{text!r} divides by zero")
    return Fraction(number) / int(divisor or 1) * YEARS[unit]


def is_duration(text: str) -> bool:
    """Whether a text has the form of a length of time."""
    return _DURATION.match(text) is not None


def seen(value: object) -> str:
    """A value as shown in a message."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
