"""What generated source calls: operators, functions and table look-ups of one number, compiled.

Each gives what `nbsmodel.formula.array` gives, NaN included, to a relative 1e-12. ``op_lt`` and the like
are operators, ``f_<name>`` is the function ``<name>`` of the language. The generalised gamma is missing:
its incomplete gamma function has no compiled version. Importing this module imports Numba.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nbsmodel.formula.compiled_functions import *  # noqa: F403
from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.numerics.vector_exp import fast_exp, fast_log, inlined

_NAN = math.nan
# As in `nbsmodel.model.tables`, which stands above the formulas and cannot be imported here.
_KEY_TOLERANCE = 1e-9


@inlined
def _truth(a: float, b: float, value: bool) -> float:
    """1 or 0, or NaN where one of the operands is NaN."""
    return _NAN if (a != a) | (b != b) else (1.0 if value else 0.0)


@inlined
def op_eq(a: float, b: float) -> float:
    """``a == b``."""
    return _truth(a, b, a == b)


@inlined
def op_ne(a: float, b: float) -> float:
    """``a != b``."""
    return _truth(a, b, a != b)


@inlined
def op_lt(a: float, b: float) -> float:
    """``a < b``."""
    return _truth(a, b, a < b)


@inlined
def op_le(a: float, b: float) -> float:
    """``a <= b``."""
    return _truth(a, b, a <= b)


@inlined
def op_gt(a: float, b: float) -> float:
    """``a > b``."""
    return _truth(a, b, a > b)


@inlined
def op_ge(a: float, b: float) -> float:
    """``a >= b``."""
    return _truth(a, b, a >= b)


@inlined
def op_and(a: float, b: float) -> float:
    """``a and b``; 0 decides, whatever the other operand is."""
    return 0.0 if (a == 0.0) | (b == 0.0) else _truth(a, b, True)


@inlined
def op_or(a: float, b: float) -> float:
    """``a or b``; a number other than 0 decides, whatever the other operand is."""
    return 1.0 if (abs(a) > 0.0) | (abs(b) > 0.0) else _truth(a, b, False)


@inlined
def op_not(a: float) -> float:
    """``not a``."""
    return _truth(a, a, a == 0.0)


@inlined
def op_choose(condition: float, yes: float, no: float) -> float:
    """``yes if condition else no``, with both sides already computed."""
    return _NAN if condition != condition else (no if condition == 0.0 else yes)


@inlined
def op_within(x: float, low: float, high: float) -> float:
    """The number itself where it lies between two others; otherwise no number."""
    return x if (low <= x) & (x <= high) else _NAN


@inlined
def op_square(a: float) -> float:
    """``a ** 2``."""
    return a * a


@inlined
def op_pow(a: float, b: float) -> float:
    """``a ** b``, by the C library: powers of whole numbers stay whole."""
    return a**b


@inlined
def op_floor_divide(a: float, b: float) -> float:
    """``a // b``."""
    if b == 0.0:
        return a / b
    rest = np.fmod(a, b)
    quotient = (a - rest) / b
    if rest != 0.0 and (b < 0.0) != (rest < 0.0):
        quotient -= 1.0
    # The quotient is whole but for rounding.
    whole = np.floor(quotient)
    return whole + 1.0 if quotient - whole > 0.5 else whole


@inlined
def op_mod(a: float, b: float) -> float:
    """``a % b``, with the sign of b."""
    rest = np.fmod(a, b)
    return rest + b if rest != 0.0 and (b < 0.0) != (rest < 0.0) else rest


@inlined
def f_exp(x: float) -> float:
    """Compiled ``exp``."""
    return fast_exp(x)


@inlined
def f_log(x: float) -> float:
    """Compiled ``log``."""
    return fast_log(x)


@inlined
def f_log10(x: float) -> float:
    """Compiled ``log10``, by the C library: powers of ten give whole numbers."""
    return math.log10(x)


@inlined
def f_sqrt(x: float) -> float:
    """Compiled ``sqrt``."""
    return math.sqrt(x)


@inlined
def f_abs(x: float) -> float:
    """Compiled ``abs``."""
    return abs(x)


@inlined
def f_floor(x: float) -> float:
    """Compiled ``floor``."""
    return np.floor(x)


@inlined
def f_ceil(x: float) -> float:
    """Compiled ``ceil``."""
    return np.ceil(x)


@inlined
def f_round(x: float) -> float:
    """Compiled ``round``: half to even."""
    return np.rint(x)


@inlined
def f_min(a: float, b: float) -> float:
    """Compiled ``min`` of two."""
    return a if (a < b) | (a != a) else b


@inlined
def f_max(a: float, b: float) -> float:
    """Compiled ``max`` of two."""
    return a if (a > b) | (a != a) else b


@inlined
def f_clip(x: float, low: float, high: float) -> float:
    """Compiled ``clip``."""
    return f_min(f_max(x, low), high)


@inlined
def look_up(
    key: float, keys: NDArray[np.float64], values: NDArray[np.float64], linear: bool, hold_last: bool, exact: bool
) -> float:
    """Value of a table at one key, as `nbsmodel.model.tables.Table` gives it.

    Parameters
    ----------
    key : float
    keys, values : array (rows,)
        Contiguous; keys strictly rising.
    linear : bool
        Linear between rows; otherwise the row at or below the key.
    hold_last : bool
        Beyond the last row its value is held.
    exact : bool
        The key must be that of a row.

    Returns
    -------
    float
        NaN where the table has no value.
    """
    last = keys.shape[0] - 1
    step = 0.0 if linear else (keys[last] - keys[last - 1] if last > 0 else 1.0)
    top = math.inf if hold_last else keys[last] + step
    inside = key < top - _KEY_TOLERANCE if step != 0.0 else key <= top + _KEY_TOLERANCE
    if not (exact or (inside and key >= keys[0] - _KEY_TOLERANCE)):
        return _NAN
    sought = key if linear else key + _KEY_TOLERANCE
    if sought >= keys[last]:
        return values[last] if not exact or abs(key - keys[last]) <= _KEY_TOLERANCE else _NAN
    if not sought >= keys[0]:
        return values[0] if not exact or abs(key - keys[0]) <= _KEY_TOLERANCE else _NAN
    # Rows at equal distances, as ages are, are found at once; otherwise the row is halved in on.
    low, high = 0, last
    guess = (sought - keys[0]) / (keys[1] - keys[0])
    if guess < last:
        row = int(guess)
        if keys[row] <= sought < keys[row + 1]:
            low, high = row, row + 1
    while high - low > 1:
        middle = (low + high) >> 1
        if sought < keys[middle]:
            high = middle
        else:
            low = middle
    if not linear:
        return values[low] if not exact or abs(key - keys[low]) <= _KEY_TOLERANCE else _NAN
    return (values[low + 1] - values[low]) / (keys[low + 1] - keys[low]) * (sought - keys[low]) + values[low]


#: Compiled version by the name in the language; ``min`` and ``max`` take two.
COMPILED: dict[str, Callable[..., float]] = {
    name: globals()[f"f_{name}"] for name in FUNCTIONS if f"f_{name}" in globals()
}
