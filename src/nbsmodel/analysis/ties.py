"""When two costs or effects count as equal: the one rule, used everywhere."""

from __future__ import annotations

#: Relative difference below which two totals are the same number computed in another order.
TIE = 1e-12


def same(a: float, b: float) -> bool:
    """Whether two totals are equal up to rounding error."""
    return abs(a - b) <= TIE * max(abs(a), abs(b))


def difference(a: float, b: float) -> float:
    """``a - b``, exactly 0 when they are the same."""
    return 0.0 if same(a, b) else a - b
