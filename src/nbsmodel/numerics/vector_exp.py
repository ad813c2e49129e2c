"""Exponentials and logarithms without a branch, for compiled loops over many children.

LLVM turns a loop over one of these functions into vector instructions; the functions of the C library
are a call for each number. All are compiled into their caller, leave no choice of rounding to the compiler,
and so give the same bits at every place of a loop, at every length and on every processor.

Method: Cody-Waite reduction to ``x = k log 2 + r`` with ``|r| <= log(2) / 2``, the Taylor polynomial of
``exp(r) - 1``, and scaling by ``2^k`` through the bits of the exponent, in two steps so that overflow
and subnormal results are rounded once. Logarithms go back to ``x = 2^k m`` with ``m`` in
``[sqrt(1/2), sqrt(2))`` and the series of ``log m = 2 atanh((m - 1) / (m + 1))``.

Errors are at most 1 unit in the last place for `fast_exp` and `fast_log` and 2 for `fast_expm1` and
`fast_log1p`; a result of 0 is +0.

References
----------
Cody WJ, Waite W (1980). Software Manual for the Elementary Functions. Prentice-Hall.
The arrangement of the terms of the logarithm is that of ``e_log.c`` of fdlibm (Sun Microsystems, 1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import intrinsic

#: How every scalar function of a formula is compiled: 1 / 0 is infinite, and the body goes into the
#: caller's loop, since a loop with a call in it does not become vector instructions.
inlined: Callable[..., Any] = njit(error_model="numpy", forceinline=True)
# Decorated functions lose the argument that Numba itself passes, which type checkers cannot know.
_intrinsic: Any = intrinsic

_LOG2E = 1 / math.log(2)
# log(2) in two parts; the last 21 bits of the first are 0, so that its product with k is exact.
_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42fee00000p-1"), float.fromhex("0x1.a39ef35793c76p-33")
# Adding this leaves a number rounded to an integer in the last bits.
_ROUNDER = 1.5 * 2.0**52
_ROUNDER_BITS = 0x4338000000000000
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_SMALLEST_NORMAL, _2_TO_54 = 2.0**-1022, 2.0**54
# 1 / n! and 2 / (2 n + 1)
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = (1 / math.factorial(n) for n in range(2, 14))
_L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (2 / (2 * n + 1) for n in range(1, 11))
_INF, _NAN = math.inf, math.nan


@_intrinsic
def _bits(_: Any, x: Any) -> Any:
    """The 64 bits of a float as an integer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), generate


@_intrinsic
def _from_bits(_: Any, x: Any) -> Any:
    """The float with these 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), generate


@_intrinsic
def fma(_: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` rounded once; only in compiled code.

    One instruction on processors since 2013. Before, it is a slow call with the same result.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), generate


@inlined
def _two_to(k: int) -> float:
    return _from_bits((k + 1023) << 52)


@inlined
def _reduced(x: float) -> tuple[float, int]:
    """``exp(r) - 1`` and k, for ``x = k log 2 + r``."""
    # What is beyond over- or underflows all the same; NaN passes both comparisons.
    y = 710.0 if x > 710.0 else x
    y = -750.0 if y < -750.0 else y
    rounded = y * _LOG2E + _ROUNDER
    k = rounded - _ROUNDER
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    p = fma(fma(fma(fma(fma(_C13, r, _C12), r, _C11), r, _C10), r, _C9), r, _C8)
    p = fma(fma(fma(fma(fma(fma(p, r, _C7), r, _C6), r, _C5), r, _C4), r, _C3), r, _C2)
    # A conversion of NaN to an integer is undefined; its bits are not.
    return fma(r * r, p, r), _bits(rounded) - _ROUNDER_BITS


@inlined
def fast_exp(x: float) -> float:
    """``exp(x)``.

    Parameters
    ----------
    x : float

    Returns
    -------
    float
        Infinite above 709.78, 0 below -745.13, NaN for NaN.
    """
    p, k = _reduced(x)
    half = k >> 1
    return ((1.0 + p) * _two_to(half)) * _two_to(k - half)


@inlined
def fast_expm1(x: float) -> float:
    """``exp(x) - 1``, with full precision at small x.

    Parameters
    ----------
    x : float

    Returns
    -------
    float
        -1 for large negative x, NaN for NaN.
    """
    # exp(-60) is nothing beside 1; this keeps 2^-k below finite.
    p, k = _reduced(-60.0 if x < -60.0 else x)
    half = k >> 1
    rest = k - half
    # 2^k (p + 1) - 1 without the cancellation of p + 1 - 1 at k = 0.
    return (_two_to(half) * p + (_two_to(half) - _two_to(-rest))) * _two_to(rest)


@inlined
def fast_log(x: float) -> float:
    """Natural logarithm.

    Parameters
    ----------
    x : float

    Returns
    -------
    float
        NaN below 0, negative infinity at 0.
    """
    subnormal = x < _SMALLEST_NORMAL
    bits = _bits(x * _2_TO_54 if subnormal else x)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    f = _from_bits(bits - (exponent << 52)) - 1.0
    k = float(exponent) - (54.0 if subnormal else 0.0)
    s = f / (2.0 + f)
    z = s * s
    p = fma(fma(fma(fma(fma(_L10, z, _L9), z, _L8), z, _L7), z, _L6), z, _L5)
    p = fma(fma(fma(fma(p, z, _L4), z, _L3), z, _L2), z, _L1) * z
    half_square = 0.5 * f * f
    result = k * _LN2_HIGH - ((half_square - (s * (half_square + p) + k * _LN2_LOW)) - f)
    result = result if x > 0.0 else (-_INF if x == 0.0 else _NAN)
    return x if x == _INF else result


@inlined
def fast_log1p(x: float) -> float:
    """``log(1 + x)``, with full precision at small x.

    Parameters
    ----------
    x : float

    Returns
    -------
    float
        NaN below -1, negative infinity at -1.
    """
    u = 1.0 + x
    # What rounding took from 1 + x.
    lost = (x - (u - 1.0)) / u
    return fast_log(u) + (lost if (u > 0.0) & (u < _INF) else 0.0)
