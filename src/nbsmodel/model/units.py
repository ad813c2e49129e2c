"""What a unit allows: the legal range of a value."""

from __future__ import annotations

import difflib
import math

#: Lowest and highest legal value by unit; any other unit (currencies, years, counts, ...) is >= 0.
_RANGES = {
    "probability": (0.0, 1.0),
    "share": (0.0, 1.0),
    "utility": (-1.0, 1.0),
    "number": (-math.inf, math.inf),
}


#: Units that are common and are not mistaken for another.
_COMMON = ("disutility", "rate", "ratio", "count", "years", "months", "weeks", "days")


def meant_unit(unit: str) -> str | None:
    """The unit with a range of its own that a slip of the pen would leave without it; None for all others."""
    if unit in _RANGES or unit in _COMMON:
        return None
    near = difflib.get_close_matches(unit.lower(), _RANGES, n=1, cutoff=0.75)
    return near[0] if near else None


def legal_range(unit: str) -> tuple[float, float]:
    """Lowest and highest value that a unit allows (both included)."""
    return _RANGES.get(unit, (0.0, math.inf))


def range_text(unit: str) -> str:
    """The legal range in words, for messages."""
    low, high = legal_range(unit)
    if not math.isfinite(low):
        return "a finite number"
    return f"between {low:g} and {high:g}" if math.isfinite(high) else f"at least {low:g}"
