"""Row weights that count only what falls into a window of time, undiscounted.

A cycle that lies partly in a window counts with the share of it that does, whatever the correction; so the windows of
consecutive years add up to the undiscounted total. Payoffs on moves are taken as spread evenly over their cycle, like
those in states; what happens at one instant (a branch of the tree, a start) belongs to the window of that instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.numerics.counting import BY_ROW, Weights, event_weights, row_weights
from nbsmodel.numerics.discounting import YEAR_TOLERANCE

Array = Any


@dataclass(frozen=True)
class Window:
    """A stretch of time, in years from the start: `start` belongs to it, `end` does not."""

    start: float
    end: float


def one_year_windows(count: int) -> tuple[Window, ...]:
    """Windows of one year each from the start on."""
    return tuple(Window(float(y), float(y + 1)) for y in range(count))


def holds(window: Window, time: Array) -> Array:
    """1 for each instant inside a window, 0 for the others; forgives the rounding of summed cycle lengths."""
    instant = np.asarray(time, dtype=float) + YEAR_TOLERANCE
    return ((instant >= window.start) & (instant < window.end)).astype(float)


def share_of_cycles(window: Window, times: Array) -> Array:
    """Share of each cycle that lies in a window.

    Parameters
    ----------
    window : Window
    times : array (n + 1, ...)
        Years from the start at each row.

    Returns
    -------
    array (n, ...)
    """
    begin, end = times[:-1], times[1:]
    inside = np.minimum(end, window.end) - np.maximum(begin, window.start)
    return np.clip(inside, 0.0, None) / (end - begin)


def window_row_weights(correction: str, times: Array, sizes: Array, window: Window) -> Weights:
    """Undiscounted weights of every row, cut to a window.

    What row r earns as the start or end of a cycle is multiplied by the share of that cycle in the window. The
    corrections by row give a row one weight; it is split between the cycles on its two sides in proportion to
    their sizes, which for ``half_cycle`` is where it comes from.

    Parameters
    ----------
    correction : str
    times : array (n + 1, ...)
    sizes : array (n,)
        What one cycle counts: its length in years, or ones.
    window : Window

    Returns
    -------
    Weights

    Raises
    ------
    InvalidCounting
        As `nbsmodel.numerics.counting.row_weights`.
    """
    whole = row_weights(correction, "start", times, sizes, _undiscounted)
    share = share_of_cycles(window, times)
    nothing = np.zeros((1, *share.shape[1:]))
    as_start, as_end = np.concatenate([share, nothing]), np.concatenate([nothing, share])
    if correction not in BY_ROW:
        return Weights(whole.left * as_start, whole.right * as_end)
    size = np.asarray(sizes, dtype=float).reshape((len(sizes),) + (1,) * (np.ndim(times) - 1))
    none = np.zeros((1, *size.shape[1:]))
    after, before = np.concatenate([size, none]), np.concatenate([none, size])
    return Weights(whole.left * (after * as_start + before * as_end) / (after + before), whole.right)


def window_event_weights(correction: str, times: Array, window: Window) -> Array:
    """Undiscounted weight of an event in each cycle, cut to a window, (n, ...)."""
    return event_weights(correction, "start", times, _undiscounted) * share_of_cycles(window, times)


def _undiscounted(time: Array) -> Array:
    return np.ones(np.shape(time))
