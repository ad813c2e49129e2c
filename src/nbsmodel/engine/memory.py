"""How much memory a run needs, worked out before it starts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nbsmodel.engine.clocks import ClockPlan, clock_plan
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Cohort, Model

#: A block of draws is made as large as fits into this many bytes. Small blocks cost Python time a
#: block, large ones leave the caches; measured times are flat from half to twice this size.
BLOCK_BYTES = 128_000_000

#: A single draw that needs more than this is refused.
MOST_BYTES = 500_000_000


def bytes_per_draw(model: Model, grids: Mapping[str, TimeGrid], keep_trace: bool) -> int:
    """Upper estimate of the working memory of one draw, all strategies.

    Counts, for the largest cohort, one number for each row and each transition and payoff that
    could vary with the cycle, and what carrying the clocks takes at the end.
    """
    strategies = len(model.strategies)
    worst = 0
    for name, cohort in model.cohorts.items():
        n = grids[name].n
        moving = sum(len(row) + 2 for row in cohort.transitions.values())
        rows = (n + 1) * (moving + 2 * len(cohort.state_payoffs) + len(cohort.states) * (1 + keep_trace))
        worst = max(worst, 8 * (strategies * rows + _clock_numbers(cohort, clock_plan(model, cohort), n, strategies)))
    return max(worst, 8 * strategies * 50)


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


def block_size(need: int, draws: int) -> int:
    """Number of draws in a block."""
    return max(1, min(draws, BLOCK_BYTES // need))
