"""Sums and cross products of many children's totals, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit


# a sum may be made in several parts side by side: which ones depends on the length of the chunk alone
@njit(error_model="numpy", nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def add_moments(totals, chunk, sums, products):  # type: ignore[no-untyped-def]
    """Sums, and products of deviations from the chunk's means, by draw and by chunk of individuals.

    Deviations and not the totals themselves, whose squares would cancel where totals are large and
    differ little. What comes out for a chunk does not depend on how the work was split.

    Parameters
    ----------
    totals : array (draw, quantity, individual)
    chunk : int
        Individuals in a chunk.
    sums : array (draw, chunks, quantity)
        Receives the sums.
    products : array (draw, chunks, quantity, quantity)
        Receives the sums of products.
    """
    draws, quantities, individuals = totals.shape
    for d in range(draws):
        for k in range(sums.shape[1]):
            first, last = k * chunk, min((k + 1) * chunk, individuals)
            for a in range(quantities):
                x = totals[d, a, first:last]
                total = 0.0
                for i in range(len(x)):
                    total += x[i]
                sums[d, k, a] = total
                mean = total / len(x)
                for b in range(a + 1):
                    y = totals[d, b, first:last]
                    other = sums[d, k, b] / len(y)
                    product = 0.0
                    for i in range(len(x)):
                        product += (x[i] - mean) * (y[i] - other)
                    products[d, k, a, b] = product
                    products[d, k, b, a] = product


@njit(error_model="numpy", nogil=True, cache=True)
def count_differences(totals, against, out):  # type: ignore[no-untyped-def]
    """Individuals with another total of some outcome than under one strategy.

    Parameters
    ----------
    totals : array (draw, strategy, outcome, individual)
    against : int
        The strategy compared with.
    out : int array (strategy,)
        Receives the counts, added to what is there.
    """
    draws, strategies, outcomes, individuals = totals.shape
    other = np.zeros(individuals, np.int64)
    for d in range(draws):
        for s in range(strategies):
            other[:] = 0
            for o in range(outcomes):
                x, y = totals[d, s, o], totals[d, against, o]
                for i in range(individuals):
                    other[i] |= x[i] != y[i]
            out[s] += other.sum()
