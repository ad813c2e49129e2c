"""A cohort in which nobody's clocks matter, as a list of operations for the compiled recursion."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from nbsmodel.engine.payoff_sums import PayoffPlan
from nbsmodel.engine.transitions import Moves

Array = Any

_KERNEL = "nbsmodel.numerics.recursion"

#: Numbers of occupancy (row, state, strategy, draw) from which the compiled recursion is worth its
#: loading, some tenths of a second. Below it, and where it is not loaded yet, NumPy is quicker.
WORTH_LOADING = 20_000


def suits(plan: PayoffPlan) -> bool:
    """Whether a cohort's payoffs can be compiled: none needs a clock."""
    return not (plan.by_clock or any(move.formula is not None for move in plan.moves))


def worth_it(numbers: int) -> bool:
    """Whether a run of that many numbers of occupancy should be compiled."""
    return numbers >= WORTH_LOADING or _KERNEL in sys.modules


class Program:
    """The operations of a cohort and their operands.

    Parameters
    ----------
    states : tuple of str
    moves : dict of str to Moves or None
        By state, arrays over cycles.
    plan : PayoffPlan
    keep_all : bool
        Whether the occupancy of every state is wanted, also of one that is never counted.
    """

    def __init__(self, states: tuple[str, ...], moves: dict[str, Moves | None], plan: PayoffPlan, keep_all: bool):
        from nbsmodel.numerics import recursion  # loading Numba takes time that small runs need not spend

        self.op = recursion
        self.index = {name: i for i, name in enumerate(states)}
        self.operands: list[Array] = []  # each (row, strategy, draw), an axis of length 1 where it does not vary
        self.count: list[tuple[int, ...]] = []
        self.move: list[tuple[int, ...]] = []
        k = len(states)
        self.shared = {(f.counting, f.state): i for i, f in enumerate(_first_of_each(plan))}
        self.by_row = len(self.shared)
        self.by_move = self.by_row + len(plan.by_row)
        self.n_sums = self.by_move + len(plan.moves)
        self.left, self.gone, self.flow = (2 * k + self.n_sums + i for i in range(3))
        self.registers = 2 * k + self.n_sums + 3
        self._count_states(plan, 2 * k)
        counted = {op[1] for op in self.count}
        self.needed = [keep_all or i in counted or moves[name] is not None for i, name in enumerate(states)]
        self._payoffs: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for i, item in enumerate(plan.moves):
            there = self._payoffs.setdefault((item.origin, item.target), [])
            there.append((2 * k + self.by_move + i, self._operand(item.weight)))
        self._written: set[int] = set()
        for name in states:
            self._move_state(name, moves[name], k)

    def _count_states(self, plan: PayoffPlan, first: int) -> None:
        weights = {key: self._operand(weight) for key, weight in plan.countings.items()}
        for (counting, state), i in self.shared.items():
            self.count.append((self.op.ADD_TIMES, self.index[state], weights[counting], first + i, 0))
        for out, item in enumerate(plan.by_row, first + self.by_row):
            if item.left.shape[2] == 1 < item.value.shape[2]:
                value, left, _ = (self._operand(part) for part in (item.value, item.left, item.right))
                self.count.append((self.op.ADD_WEIGHTED, self.index[item.state], value, out, left))
            else:
                self.count.append((self.op.ADD_TIMES, self.index[item.state], self._operand(item.weight), out, 0))

    def _move_state(self, name: str, moves: Moves | None, k: int) -> None:
        """What happens to those in a state, in the same order as in the uncompiled recursion."""
        here = left = self.index[name]
        if moves is None:
            self._arrive(here, left, None, k)
            return
        if moves.leave is not None:
            left = self.left
            used = [(name, to) in self._payoffs or self.needed[self.index[to]] for to, _ in moves.by_hazard]
            code = self.op.SPLIT if any(used) else self.op.LEAVE
            self.move.append((code, here, self._operand(moves.leave), left, self.gone))
            for to, share in moves.by_hazard:
                self._flow(name, to, self.gone, share, k)
        for to, q in moves.by_probability:
            self._flow(name, to, left, q, k)
        self._arrive(here, left, moves.stay, k)

    def _flow(self, origin: str, target: str, source: int, share: Array | None, k: int) -> None:
        payoffs = self._payoffs.get((origin, target), ())
        if payoffs and share is not None:
            self.move.append((self.op.SET_TIMES, source, self._operand(share), self.flow, 0))
            source, share = self.flow, None
        for out, weight in payoffs:
            self.move.append((self.op.ADD_TIMES, source, weight, out, 0))
        self._arrive(self.index[target], source, share, k)

    def _arrive(self, target: int, source: int, share: Array | None, k: int) -> None:
        if not self.needed[target]:
            return
        first = target not in self._written
        self._written.add(target)
        if share is None:
            self.move.append((self.op.SET if first else self.op.ADD, source, 0, k + target, 0))
        else:
            code = self.op.SET_TIMES if first else self.op.ADD_TIMES
            self.move.append((code, source, self._operand(share), k + target, 0))

    def _operand(self, value: Array) -> int:
        array = np.asarray(value, dtype=float)
        self.operands.append(array.reshape((1,) * (3 - array.ndim) + array.shape))
        return len(self.operands) - 1

    def run(self, start: Array, rows: int, trace: Array | None) -> Array:
        """Run the operations.

        Parameters
        ----------
        start : array (state, strategy, draw)
        rows : int
            Number of rows of the trace.
        trace : array (row, state, strategy, draw) or None
            The occupancy is added to it.

        Returns
        -------
        array (sum, strategy, draw)
            First the sums named in ``shared``, then those from ``by_row`` on, then from ``by_move`` on.
        """
        draws = start.shape[2]
        most = max(draws, self.op.LANES)
        start = _filled_up(start, most)
        operands = [_filled_up(operand, most) if operand.shape[2] > 1 else operand for operand in self.operands]
        operands = [np.ascontiguousarray(operand) for operand in operands]
        sums = np.empty((self.n_sums, *start.shape[1:]))
        nowhere = np.empty((0, 0, 0, 0))
        found = nowhere if trace is None else trace if draws == most else np.zeros((*trace.shape[:3], most))
        self.op.run_operations(
            _table(self.count), _table(self.move), rows, self.registers, start, _addresses(operands),
            _first_alike([start, *operands]), sums, found,
        )  # fmt: skip
        if trace is not None and found is not trace:
            trace += found[..., :draws]
        return sums[..., :draws]


def _first_of_each(plan: PayoffPlan) -> list[Any]:
    return list({(f.counting, f.state): f for f in plan.fixed}.values())


def _table(operations: list[tuple[int, ...]]) -> Array:
    return np.array(operations, dtype=np.int64).reshape(len(operations), 5)


def _filled_up(array: Array, draws: int) -> Array:
    """An array (..., draw) with its first draw repeated at the end, up to a number of draws."""
    missing = draws - array.shape[-1]
    return array if missing <= 0 else np.concatenate([array, np.repeat(array[..., :1], missing, axis=-1)], axis=-1)


def _addresses(operands: list[Array]) -> Array:
    """Where to find the numbers of each operand: an address, and steps of 0 along axes of length 1."""
    table = np.zeros((len(operands), 4), dtype=np.int64)
    for i, operand in enumerate(operands):
        steps = [step if n > 1 else 0 for step, n in zip(operand.strides, operand.shape, strict=True)]
        table[i] = (operand.ctypes.data, *steps)
    return table


def _first_alike(arrays: list[Array]) -> Array:
    """For each strategy the first one that has the same numbers in all arrays (..., strategy, draw)."""
    strategies = arrays[0].shape[1]
    differing = [array for array in arrays if array.shape[1] > 1]
    same = list(range(strategies))
    for s in range(1, strategies):
        for t in sorted({*same[:s]}):
            if all(np.array_equal(a[:, s], a[:, t]) for a in differing):
                same[s] = t
                break
    return np.array(same, dtype=np.int64)
