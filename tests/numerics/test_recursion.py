"""The compiled recursion against the same operations done number by number in plain Python."""

import numpy as np
import pytest

from nbsmodel.numerics import recursion as op

CHOICES = (op.SET, op.ADD, op.SET_TIMES, op.ADD_TIMES, op.LEAVE, op.SPLIT, op.ADD_WEIGHTED)


def slowly(count, move, rows, registers, start, operands, n_sums):
    """Sums (sum, strategy, draw) and the trace (row, state, strategy, draw)."""
    k, strategies, draws = start.shape
    sums, trace = np.zeros((n_sums, strategies, draws)), np.zeros((rows, *start.shape))
    for s in range(strategies):
        for d in range(draws):
            register = [0.0] * registers
            register[:k] = [float(x) for x in start[:, s, d]]

            def number(i, row, s=s, d=d):
                array = operands[i]
                at = [0 if n == 1 else j for n, j in zip(array.shape, (row, s, d), strict=True)]
                return float(array[tuple(at)])

            for row in range(rows):
                trace[row, :, s, d] = register[:k]
                for operations in (count, move) if row + 1 < rows else (count,):
                    for operation in operations:
                        one(register, operation, lambda i, back=0, row=row: number(i, row - back))
                if row + 1 < rows:
                    register[:k], register[k : 2 * k] = register[k : 2 * k], register[:k]
            sums[:, s, d] = register[2 * k : 2 * k + n_sums]
    return sums, trace


def one(register, operation, number):
    code, source, operand, out, other = operation
    x = register[source]
    if code == op.SET:
        register[out] = x
    elif code == op.ADD:
        register[out] += x
    elif code == op.SET_TIMES:
        register[out] = x * number(operand)
    elif code == op.ADD_TIMES:
        register[out] += x * number(operand)
    elif code == op.LEAVE:
        register[out] = x - x * number(operand)
    elif code == op.SPLIT:
        gone = x * number(operand)
        register[other] = gone
        register[out] = x - gone
    else:
        left, right = number(other), number(other + 1)
        weight = left * number(operand) if left else 0.0
        weight = weight + right * number(operand, 1) if right else weight
        register[out] += x * weight


def quickly(count, move, rows, registers, start, operands, n_sums, same=None):
    strategies, draws = start.shape[1:]
    same = np.arange(strategies) if same is None else np.array(same)
    sums, trace = np.full((n_sums, strategies, draws), np.nan), np.zeros((rows, *start.shape))
    layout = np.array(
        [(a.ctypes.data, *(step * (n > 1) for step, n in zip(a.strides, a.shape, strict=True))) for a in operands]
    )
    tables = [np.array(operations, dtype=np.int64).reshape(len(operations), 5) for operations in (count, move)]
    op.run_operations(*tables, rows, registers, start, layout, same, sums, trace)
    plain = np.full_like(sums, np.nan)
    op.run_operations(*tables, rows, registers, start, layout, same, plain, np.empty((0, 0, 0, 0)))
    np.testing.assert_array_equal(plain, sums)  # whether a trace is kept or not
    return sums, trace


def random_operations(rng, k, n_sums, others, rows, strategies, draws):
    """Lists that write every register before it is read; and operands of every shape."""
    operands = []

    def operand(weights=False):
        shape = [int(rng.choice([1, n])) for n in (rows, strategies, draws)]
        if weights:
            shape = [rows, shape[1], 1]
        numbers = rng.uniform(0, 1, shape)
        operands.append(np.where(rng.random(shape) < 0.3, 0.0, numbers) if weights else numbers)
        return len(operands) - 1

    def operation(sources, outs, codes):
        code, out = int(rng.choice(codes)), int(rng.choice(outs))
        source = int(rng.choice(sources))
        other = int(rng.choice([o for o in outs if o not in (out, source)]))
        found = [code, source, operand(), out, other]
        if code == op.ADD_WEIGHTED:
            operands[-1] = rng.uniform(0, 1, (rows, strategies, draws))
            found[4] = operand(weights=True)
            operand(weights=True)
            operands[found[4] + 1][0] = 0.0  # nothing ends at row 0
        return found

    now, then = list(range(k)), list(range(k, 2 * k))
    sums, work = list(range(2 * k, 2 * k + n_sums)), list(range(2 * k + n_sums, 2 * k + n_sums + others))
    count = [operation(now, sums, (op.ADD, op.ADD_TIMES, op.ADD_WEIGHTED)) for _ in range(5)]
    move = [[op.SET, int(rng.choice(now)), 0, out, 0] for out in (*then, *work)]
    move += [operation([*now, *then, *work], [*then, *work], CHOICES[2:6]) for _ in range(9)]
    move.append([op.ADD_TIMES, then[0], operand(), sums[0], 0])
    return count, move, operands


@pytest.mark.parametrize("draws", [op.LANES, op.LANES + 1, 3 * op.LANES - 7])
@pytest.mark.parametrize(("rows", "strategies", "k"), [(1, 1, 2), (2, 3, 3), (5, 2, 1), (8, 1, 4)])
def test_every_operation_to_the_last_bit(rows, strategies, k, draws):
    rng = np.random.default_rng([rows, strategies, k, draws])
    n_sums, others = 3, 2
    count, move, operands = random_operations(rng, k, n_sums, others, rows, strategies, draws)
    start = rng.uniform(0, 1, (k, strategies, draws))
    given = (count, move, rows, 2 * k + n_sums + others, start, operands, n_sums)
    for found, expected in zip(quickly(*given), slowly(*given), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_by_hand():
    """Half of those in the first state leave each cycle for the second; time in each is counted."""
    start = np.array([1.0, 0.0])[:, None, None] * np.ones((1, 1, op.LANES))
    half, one_each = np.full((1, 1, 1), 0.5), np.ones((4, 1, 1))
    move = [[op.SPLIT, 0, 0, 2, 6], [op.SET, 1, 0, 3, 0], [op.ADD, 6, 0, 3, 0]]
    count = [[op.ADD_TIMES, 0, 1, 4, 0], [op.ADD_TIMES, 1, 1, 5, 0]]
    sums, trace = quickly(count, move, 4, 7, start, [half, one_each], 2)
    np.testing.assert_array_equal(trace[:, 0, 0, 0], [1, 0.5, 0.25, 0.125])
    np.testing.assert_array_equal(trace[:, 1, 0, -1], [0, 0.5, 0.75, 0.875])
    np.testing.assert_array_equal(sums[:, 0, 5], [1.875, 2.125])


def test_a_weight_of_zero_needs_no_number():
    """By cycle, the last row has no value of its own and the first no cycle that ends there."""
    value = np.array([3.0, 5.0])[:, None, None] * np.ones((1, 1, op.LANES))
    left, right = np.array([1.0, 1.0, 0.0])[:, None, None], np.array([0.0, 10.0, 10.0])[:, None, None]
    start = np.ones((1, 1, op.LANES))
    count, move = [[op.ADD_WEIGHTED, 0, 0, 2, 1]], [[op.SET, 0, 0, 1, 0]]
    sums, _ = quickly(count, move, 3, 3, start, [value, left, right], 1)
    np.testing.assert_array_equal(sums, 3 + (5 + 30) + 50)


def test_strategies_that_are_alike_are_run_once():
    rng = np.random.default_rng(5)
    start = rng.uniform(0, 1, (2, 3, op.LANES + 9))
    start[:, 2] = start[:, 0]
    share = rng.uniform(0, 1, (4, 3, op.LANES + 9))
    share[:, 2] = share[:, 0]
    count, move = [[op.ADD, 0, 0, 4, 0]], [[op.SPLIT, 0, 0, 2, 3], [op.ADD, 1, 0, 3, 0]]
    given = (count, move, 4, 5, start, [share], 1)
    for apart, together in zip(quickly(*given), quickly(*given, same=[0, 1, 0]), strict=True):
        np.testing.assert_array_equal(together, apart)
