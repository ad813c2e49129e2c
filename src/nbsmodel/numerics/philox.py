"""Uniform numbers of simulated children: a counter-based generator, compiled.

Philox 4x32-10 of Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", SC '11,
doi:10.1145/2063384.2063405. A number is a function of what it is for and of nothing else:

* key (64 bits): seed and purpose, hashed;
* counter (4 x 32 bits): individual, draw, event, cycle.

So a child's luck is the same on any number of threads, in blocks of any size, in every strategy, and
whether or not other events, attributes or children exist.
"""

from __future__ import annotations

import hashlib
import json
import operator
from typing import Any

import numpy as np
from numba import njit, uint64

Array = Any

#: Cycles whose numbers one step of the generator gives: two words of 32 bits each.
CYCLES_A_STEP = 2

#: Individuals and draws are counted with 32 bits.
MOST_INDIVIDUALS = 2**32

_MULTIPLIER_0, _MULTIPLIER_1 = uint64(0xD2511F53), uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = uint64(0x9E3779B9), uint64(0xBB67AE85)
_LOW, _HALF = uint64(0xFFFFFFFF), uint64(32)
_FROM_HIGH, _FROM_LOW = uint64(20), uint64(12)


_EVENTS: dict[int, str] = {}


def stream_key(seed: int, purpose: str) -> tuple[np.uint64, np.uint64]:
    """Both words of the key for a seed and a purpose; any integer is a seed, 0 like any other."""
    digest = _digest([operator.index(seed), purpose])
    return np.uint64(int.from_bytes(digest[:4], "little")), np.uint64(int.from_bytes(digest[4:8], "little"))


def event_number(name: str) -> np.uint64:
    """Counter word of an event, by its name alone: adding another event moves nobody else's number."""
    number = int.from_bytes(_digest([name])[:4], "little")
    if _EVENTS.setdefault(number, name) != name:  # one in four thousand million
        raise ValueError(f"the events {name!r} and {_EVENTS[number]!r} would share their luck: rename one of them")
    return np.uint64(number)


def _digest(parts: list[Any]) -> bytes:
    # JSON quotes the texts, so that ("a", "bc") and ("ab", "c") cannot meet
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode("ascii")).digest()


# inlined before it is compiled: a call would keep the loops over individuals from being vectorised
@njit(error_model="numpy", nogil=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Four words of 32 bits for a counter and a key, all given and returned as 64-bit integers."""
    for _ in range(10):
        p0 = _MULTIPLIER_0 * c0
        p1 = _MULTIPLIER_1 * c2
        c0, c2 = (p1 >> _HALF) ^ c1 ^ k0, (p0 >> _HALF) ^ c3 ^ k1
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@njit(error_model="numpy", nogil=True, inline="always")
def unit(high, low):  # type: ignore[no-untyped-def]
    """A number in the open interval (0, 1) from two words: 52 bits, shifted by 2^-53."""
    return (float((high << _FROM_HIGH) | (low >> _FROM_LOW)) + 0.5) * 2.0**-52


@njit(error_model="numpy", nogil=True, cache=True)
def fill_cycles(out, cycles, individuals, first, draw, event, k0, k1):  # type: ignore[no-untyped-def]
    """Numbers of consecutive individuals for cycles 0, 1, ...

    Parameters
    ----------
    out : array (>= cycles rounded up to even, >= individuals)
        Receives them: row = cycle, column = individual - `first`.
    cycles, individuals, first, draw : int
    event, k0, k1 : uint64
    """
    for step in range((cycles + 1) // 2):
        even, odd = out[2 * step], out[2 * step + 1]
        c1, c3 = uint64(draw), uint64(step)
        for i in range(individuals):
            w0, w1, w2, w3 = philox(uint64(first + i), c1, event, c3, k0, k1)
            even[i] = unit(w0, w1)
            odd[i] = unit(w2, w3)


@njit(error_model="numpy", nogil=True, cache=True)
def fill_once(out, first_individual, first_draw, event, k0, k1):  # type: ignore[no-untyped-def]
    """One number for each child and draw, `out` being an array (draw, individual)."""
    for d in range(out.shape[0]):
        row = out[d]
        for i in range(out.shape[1]):
            w0, w1, _, _ = philox(uint64(first_individual + i), uint64(first_draw + d), event, uint64(0), k0, k1)
            row[i] = unit(w0, w1)


def once(
    seed: int,
    purpose: str,
    event: str,
    individuals: int,
    draws: int = 1,
    first_individual: int = 0,
    first_draw: int = 0,
) -> Array:
    """Numbers of an event that happens once in a life, such as an attribute.

    Returns
    -------
    array (draw, individual)
        Uniform on (0, 1).
    """
    out = np.empty((draws, individuals))
    k0, k1 = stream_key(seed, purpose)
    fill_once(out, first_individual, first_draw, event_number(event), k0, k1)
    return out


def in_cycle(seed: int, purpose: str, event: str, individual: int, draw: int, cycle: int) -> float:
    """The number of one child, draw and cycle."""
    k0, k1 = stream_key(seed, purpose)
    step, second = divmod(cycle, CYCLES_A_STEP)
    words = philox(np.uint64(individual), np.uint64(draw), event_number(event), np.uint64(step), k0, k1)
    return float(unit(*(words[2:] if second else words[:2])))
