"""How much memory a run needs, worked out before it starts."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from nbsmodel.engine.clocks import ClockPlan, all_names, clock_plan
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.errors import InputError, Problem
from nbsmodel.formula.check import CALENDAR
from nbsmodel.model.parts import Cohort, Formula, Model, paths

#: A block of draws is made as large as fits into this many bytes. Small blocks cost Python time a
#: block, large ones memory; measured times are flat from half to twice this size.
BLOCK_BYTES = 80_000_000

#: Blocks hold a multiple of this many draws, since the compiled recursion takes so many at once.
CHUNK = 128

#: What mallopt calls the free bytes at the end of the heap that it hands back, the size of an array
#: that is handed back on its own, and the number of heaps that threads have (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

#: A single draw that needs more than this is refused.
MOST_BYTES = 500_000_000


def bytes_per_draw(model: Model, grids: Mapping[str, TimeGrid], keep_trace: bool) -> int:
    """Upper estimate of the working memory of one draw, all strategies.

    Counts, for the largest cohort, what its formulas are worth over the rows and strategies over which
    they vary, and what carrying the clocks takes at the end.
    """
    strategies = len(model.strategies)
    worst = 0
    for name, cohort in model.cohorts.items():
        grid = grids[name]
        numbers = _Sizes(model, cohort, grid).numbers()
        if keep_trace:
            numbers += strategies * (grid.n + 1) * len(cohort.states)
        worst = max(worst, 8 * (numbers + _clock_numbers(cohort, clock_plan(model, cohort), grid.n, strategies)))
    return max(worst, 8 * strategies * 50)


def bytes_per_window(model: Model, grids: Mapping[str, TimeGrid]) -> int:
    """Upper estimate of what each further view of the payoffs (a year of its own) adds to `bytes_per_draw`."""
    sizes = (_Sizes(model, cohort, grids[name]).of_a_view() for name, cohort in model.cohorts.items())
    return 8 * max(sizes, default=0) + 8 * len(model.strategies) * 50


class _Sizes:
    """How many numbers the values of a cohort's formulas are, for one draw."""

    def __init__(self, model: Model, cohort: Cohort, grid: TimeGrid) -> None:
        self.model, self.cohort, self.rows = model, cohort, grid.n + 1
        self.by_strategy = {*model.strategies[0].levers, *cohort.receives}
        self.by_row = set(CALENDAR) - ({"dt"} if grid.equal else set())
        entries = (path[-1].entry for path in paths(model.tree))
        shifts = [cohort.start_age, *(e.delay for e in entries if e is not None and e.cohort == cohort.name)]
        if any(self._names(shift) & self.by_strategy for shift in shifts):
            self.by_strategy |= {"age", "time"}

    def numbers(self) -> int:
        """What is held at once: values by row, transitions and their parts, payoffs."""
        derived = [d.formula for d in self.model.derived.values() if self._names(d.formula) & self.by_row]
        payoffs = [p.value for p in self.cohort.state_payoffs]
        moves = [m.value for m in self.cohort.move_payoffs]
        held = sum(self._size([f]) for f in derived + payoffs) + 2 * sum(self._size([f], all_rows=True) for f in moves)
        most = 0
        for row in self.cohort.transitions.values():
            formulas = [t.formula for t in row if t.formula is not None]
            together = self._size(formulas)
            held += together * (len(row) + 2)  # who leaves, who stays, and the share of each target
            most = max(most, together * 3)  # rates while they are put together
        return held + most

    def of_a_view(self) -> int:
        """Row weights of every payoff, multiplied by its value."""
        states = sum(self._size([p.value]) for p in self.cohort.state_payoffs)
        return states + sum(self._size([m.value], all_rows=True) for m in self.cohort.move_payoffs)

    def _size(self, formulas: list[Formula], all_rows: bool = False) -> int:
        found = set().union(*(self._names(f) for f in formulas))
        size = self.rows if all_rows or found & self.by_row else 1
        return size * (len(self.model.strategies) if found & self.by_strategy else 1)

    def _names(self, formula: Formula) -> frozenset[str]:
        return all_names(self.model, formula.node)


def _clock_numbers(cohort: Cohort, plan: ClockPlan, n: int, strategies: int) -> int:
    """Numbers held at once in the last cycle: masses by strategy and slot, entry rows by clock and slot."""
    slots = {s: _slots(n, len(clocks)) for s, clocks in plan.remembered.items()}
    arriving = {s: slots[s] for s in slots}  # who stays, and the pieces that come from other states
    moving = 0  # rates, shares and flows of one state
    for origin, row in cohort.transitions.items():
        moving = max(moving, slots[origin] * (3 * len(row) + 6))
        for transition in row:
            arriving[transition.to] += _slots(n, len(plan.carried(origin, transition.to)))
    clocks = max(map(len, plan.remembered.values()), default=0)
    held = sum(slots.values()) + sum(arriving.values())
    joining = max(arriving.values())
    return strategies * (held + joining + moving) + clocks * held + joining * (clocks + 5)


def _slots(n: int, clocks: int) -> int:
    """Combinations of entry rows that can be occupied at the end."""
    return math.comb(n + clocks, clocks) if clocks else 0


def check_size(model: Model, grids: Mapping[str, TimeGrid], keep_trace: bool) -> int:
    """Bytes per draw, or an `InputError` with the estimate when even one draw is too much."""
    need = bytes_per_draw(model, grids, keep_trace)
    if need > MOST_BYTES:
        name, cohort = max(model.cohorts.items(), key=lambda item: _worst_state(model, item[1], grids[item[0]]))
        plan = clock_plan(model, cohort).remembered
        state = max(plan, key=lambda s: len(plan[s]))
        found = (
            f"a single draw would need about {need / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} MB are allowed: "
            f"{grids[name].n:,} cycles, and {state} remembers {' and '.join(plan[state]) or 'no clock'}."
        )
        raise InputError([Problem(cohort.place, found, "Use longer cycles, a shorter horizon, or fewer clocks.")])
    return need


def _worst_state(model: Model, cohort: Cohort, grid: TimeGrid) -> int:
    return sum(_slots(grid.n, len(c)) for c in clock_plan(model, cohort).remembered.values())


def block_size(need: int, draws: int, threads: int) -> int:
    """Number of draws in a block, so that the blocks of all threads fit the working memory at once."""
    most = max(1, BLOCK_BYTES // need)
    if most >= CHUNK:
        most = max(CHUNK, most // threads)
    size = min(most, -(-draws // threads))
    return size if size < CHUNK or size == draws else size - size % CHUNK


def keep_freed_memory(used: int) -> None:
    """Let arrays that are freed be used again, by the next formula or block, in a run that needs many bytes.

    The C library of Linux hands large ones back to the system, which then has to clear every page
    again: that takes more time than the arithmetic. Other C libraries are left as they are.
    """
    if used > 1_000_000:
        _set_allocator()


@cache
def _set_allocator() -> None:
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, 1 << 30)
        mallopt(_MMAP_THRESHOLD, 1 << 25)  # the largest it allows
        mallopt(_ARENA_MAX, 1)  # what one thread has freed another can use
