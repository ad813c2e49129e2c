"""The recursion of a cohort, compiled: a short list of operations on lanes of draws, run row by row.

What a cohort does in a cycle is a list of operations on registers, each a row of numbers, one for
each draw of a chunk that stays in the processor's nearest cache. The structure of the model is in
the list; nothing here knows a model, and one compiled function serves all of them.

Operations are plain products, sums and differences in the order given. None is contracted or
reordered, so the bits of a draw depend neither on the draws beside it nor on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Array = Any

#: Draws in a chunk: the registers of a middling model fit the nearest cache. A run needs at least as many.
LANES = 128
_WIDTH = np.uint64(LANES)  # unsigned: where an index could be negative, a loop would not be vectorised

#: Operations; an operand is a number that may vary by row, strategy and draw.
SET = 0  #: out = source
ADD = 1  #: out += source
SET_TIMES = 2  #: out = source * operand
ADD_TIMES = 3  #: out += source * operand
LEAVE = 4  #: out = source - source * operand
SPLIT = 5  #: other = source * operand; out = source - other (three different registers)
#: out += source * (left * operand + right * operand of the row before), where `left` and `right` are
#: operands `other` and `other` + 1, which do not vary by draw
ADD_WEIGHTED = 6


@njit(cache=True, nogil=True, error_model="numpy")
def run_operations(
    count: Array, move: Array, rows: int, registers: int, start: Array, operands: Array, same: Array, sums: Array,
    trace: Array,
) -> None:  # fmt: skip
    """Run a cohort over its rows.

    Registers 0..k-1 hold the occupancy of the k states at a row, k..2k-1 that at the next row, then
    come the sums, then registers for use within a row.

    Parameters
    ----------
    count : int array (operations, 5)
        Done at every row: operation, source register, operand, out register, other.
    move : int array (operations, 5)
        Done after that at every row but the last.
    rows, registers : int
        Number of rows and of registers.
    start : array (state, strategy, draw)
        Occupancy at row 0; at least `LANES` draws.
    operands : int array (operands, 4)
        The address of each operand's float64 numbers, and their steps in bytes by row, by strategy and by
        draw: 0 where it does not vary, otherwise 8 by draw. Addresses, because a list of arrays cannot be
        passed; the caller keeps the arrays alive.
    same : int array (strategy,)
        The first strategy with the same numbers throughout: it is run once for all of them.
    sums : array (sum, strategy, draw)
        Receives the sums.
    trace : array (row, state, strategy, draw)
        The occupancy is added to it, unless it is of no size.
    """
    k, strategies, draws = start.shape
    n_sums = len(sums)
    lanes = np.zeros((registers, LANES))
    flat = lanes.reshape(registers * LANES)
    for done in range(0, draws, LANES):
        first = min(done, draws - LANES)  # the last chunk may do some draws again
        old = done - first
        part, new = slice(first, first + LANES), slice(done, first + LANES)
        for s in range(strategies):
            if same[s] != s:
                continue
            lanes[:k] = start[:, s, part]
            lanes[2 * k : 2 * k + n_sums] = 0.0
            now = 0
            for row in range(rows):
                if trace.size:
                    for other in range(s, strategies):
                        if same[other] == s:
                            trace[row, :, other, new] += lanes[now : now + k, old:]
                _operate(count, flat, k, now, operands, row, s, first)
                if row + 1 < rows:
                    _operate(move, flat, k, now, operands, row, s, first)
                    now = k - now
            for other in range(s, strategies):
                if same[other] == s:
                    sums[:, other, part] = lanes[2 * k : 2 * k + n_sums]


@njit(cache=True, nogil=True, error_model="numpy")
def _operate(operations: Array, lanes: Array, k: int, now: int, operands: Array, row: int, s: int, first: int) -> None:
    """Do a list of operations at one row; every other row the two sets of states change places."""
    for i in range(len(operations)):
        code, operand, other = operations[i, 0], operations[i, 2], operations[i, 4]
        source = _place(operations[i, 1], k, now)
        out = _place(operations[i, 3], k, now)
        if code == SET:
            for j in range(_WIDTH):
                lanes[out + j] = lanes[source + j]
            continue
        if code == ADD:
            for j in range(_WIDTH):
                lanes[out + j] += lanes[source + j]
            continue
        if code == ADD_WEIGHTED:
            left = _numbers(operands, other, row, s, first)[0]
            right = _numbers(operands, other + 1, row, s, first)[0]
            # a weight of zero may stand where the operand has no row
            if right == 0.0:
                if left != 0.0:
                    value = _numbers(operands, operand, row, s, first)
                    for j in range(_WIDTH):
                        lanes[out + j] += lanes[source + j] * (left * value[j])
            elif left == 0.0:
                ended = _numbers(operands, operand, row - 1, s, first)
                for j in range(_WIDTH):
                    lanes[out + j] += lanes[source + j] * (right * ended[j])
            else:
                value = _numbers(operands, operand, row, s, first)
                ended = _numbers(operands, operand, row - 1, s, first)
                for j in range(_WIDTH):
                    lanes[out + j] += lanes[source + j] * (left * value[j] + right * ended[j])
            continue
        numbers = _numbers(operands, operand, row, s, first)
        if operands[operand, 3] == 0:
            factor = numbers[0]
            if code == SET_TIMES:
                for j in range(_WIDTH):
                    lanes[out + j] = lanes[source + j] * factor
            elif code == ADD_TIMES:
                for j in range(_WIDTH):
                    lanes[out + j] += lanes[source + j] * factor
            elif code == LEAVE:
                for j in range(_WIDTH):
                    lanes[out + j] = lanes[source + j] - lanes[source + j] * factor
            else:
                second = _place(other, k, now)
                for j in range(_WIDTH):
                    gone = lanes[source + j] * factor
                    lanes[second + j] = gone
                    lanes[out + j] = lanes[source + j] - gone
        elif code == SET_TIMES:
            for j in range(_WIDTH):
                lanes[out + j] = lanes[source + j] * numbers[j]
        elif code == ADD_TIMES:
            for j in range(_WIDTH):
                lanes[out + j] += lanes[source + j] * numbers[j]
        elif code == LEAVE:
            for j in range(_WIDTH):
                lanes[out + j] = lanes[source + j] - lanes[source + j] * numbers[j]
        else:
            second = _place(other, k, now)
            for j in range(_WIDTH):
                gone = lanes[source + j] * numbers[j]
                lanes[second + j] = gone
                lanes[out + j] = lanes[source + j] - gone


@njit(cache=True, nogil=True)
def _place(register: int, k: int, now: int) -> Any:
    """Where a register starts: states k..2k-1 are the row at hand when `now` is k."""
    if register < k:
        register += now
    elif register < 2 * k:
        register -= now
    return np.uint64(register * LANES)


@njit(cache=True, nogil=True)
def _numbers(operands: Array, operand: int, row: int, s: int, first: int) -> Array:
    """The numbers of an operand for the chunk that begins at a draw; only the first if it does not vary."""
    layout = operands[operand]
    address = layout[0] + row * layout[1] + s * layout[2] + first * layout[3]
    return carray(_pointer(address), (LANES,), np.float64)  # type: ignore[call-arg]


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """An integer as the address of numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate
