"""Random numbers that depend on what they are for, never on the order in which they are drawn.

A stream is named by (seed, purpose, name). Its numbers are a fixed sequence: element ``i`` is
the same whether it is drawn alone, in a block, on one thread or many. So adding a parameter or
splitting the work changes nobody else's luck.

The generator is the counter-based Philox 4x64-10 of Salmon et al. (2011), "Parallel random
numbers: as easy as 1, 2, 3", SC '11, doi:10.1145/2063384.2063405, as in NumPy, whose bit
generators promise an unchanging sequence of words.
"""

from __future__ import annotations

import hashlib
import json
import operator

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

# One step of the Philox counter gives four 64-bit words.
_WORDS_PER_BLOCK = 4


def uniforms(seed: int, purpose: str, name: str, n: int, start: int = 0) -> NDArray[np.float64]:
    """Elements ``start`` to ``start + n - 1`` of the stream of (seed, purpose, name).

    Parameters
    ----------
    seed : int
        Any integer; 0 is a seed like any other.
    purpose : str
        What the numbers are for, e.g. ``psa``.
    name : str
        Whose they are within the purpose, e.g. the name of a parameter.
    n : int
        How many, >= 0.
    start : int
        Position of the first in the stream, >= 0.

    Returns
    -------
    ndarray of float64, shape (n,)
        Uniform on the open interval (0, 1): multiples of 2^-52 shifted by 2^-53, so that neither
        0 nor 1 can occur and every quantile function is finite.

    Raises
    ------
    ValueError
        If `n` or `start` is negative.
    """
    if n < 0 or start < 0:
        raise ValueError(f"n and start must not be negative (found n = {n}, start = {start})")
    block, position = divmod(operator.index(start), _WORDS_PER_BLOCK)
    generator = Philox(key=_key(seed, purpose, name), counter=block)
    words = np.asarray(generator.random_raw(position + n), dtype=np.uint64)[position:]
    # 52 bits and not 53: with the half added, 53 bits could round up to exactly 1.
    high_bits = (words >> np.uint64(12)).astype(np.float64)
    result: NDArray[np.float64] = (high_bits + 0.5) * 2.0**-52
    return result


def generator(seed: int, purpose: str, name: str) -> np.random.Generator:
    """A generator of NumPy keyed by (seed, purpose, name), for library functions that draw themselves.

    Parameters
    ----------
    seed : int
    purpose, name : str
        As for `uniforms`.

    Returns
    -------
    numpy.random.Generator
        Its numbers are not those of `uniforms`.
    """
    # from a seed sequence, which libraries take further ones from, and not from the bare key
    return np.random.Generator(Philox(np.random.SeedSequence(_key(seed, purpose, name).tolist())))


def _key(seed: int, purpose: str, name: str) -> NDArray[np.uint64]:
    # JSON quotes the texts, so ("a", "bc") and ("ab", "c") cannot meet in one key.
    text = json.dumps([operator.index(seed), purpose, name], ensure_ascii=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("ascii")).digest()
    words = [int.from_bytes(digest[i : i + 8], "little") for i in (0, 8)]
    return np.array(words, dtype=np.uint64)
