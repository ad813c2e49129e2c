"""How much a simulation needs, worked out before it starts, and what is too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nbsmodel.engine.micro_text import table_starts
from nbsmodel.engine.micro_walk import Walk
from nbsmodel.engine.simulation import Simulation
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Model
from nbsmodel.numerics.philox import MOST_INDIVIDUALS

#: Working memory of the children simulated together, and of the tables of a block of draws.
BATCH_BYTES = 20_000_000
TABLE_BYTES = 30_000_000

#: Tables of one draw that need more than this are refused.
MOST_TABLE_BYTES = 500_000_000

#: More child-cycles than this would take days.
MOST_CHILD_CYCLES = 10**14

#: Child-cycles a second, for the estimate of a refused request; about what one processor does.
A_SECOND = 3e8

#: A batch is a whole number of these, so that sums are always made over the same children.
STEP = 4096


@dataclass(frozen=True)
class BatchSizes:
    """Draws and individuals that are simulated together, and about how many bytes that takes."""

    draws: int
    individuals: int
    bytes: int


def check_request(
    model: Model, walks: Mapping[str, Walk], simulation: Simulation, draws: int, with_draws: bool
) -> None:
    """Refuse what cannot be simulated.

    Raises
    ------
    InputError
        Nobody to simulate, too many children, tables too large, a precision over draws.
    """
    if not walks:
        place = str(model.folder.name)
        raise InputError(
            [Problem(place, "nobody enters a cohort: there is nobody to simulate.", "Use engine: cohort.")]
        )
    if simulation.individuals < 1:
        found = f"{simulation.individuals} is no number of children."
        raise InputError([Problem("individuals", found, "Use at least 1.")])
    if simulation.half_width is not None and with_draws:
        fix = "Give a number of `individuals` for each draw."
        raise InputError([Problem("precision", "a precision is for a run at base values, not for draws.", fix)])
    cycles = max(walk.plan.grid.n for walk in walks.values())
    work = simulation.individuals * draws * cycles * len(model.strategies)
    most = min(MOST_INDIVIDUALS, MOST_CHILD_CYCLES // (draws * cycles * len(model.strategies)))
    if simulation.individuals > most:
        hours = work / A_SECOND / 3_600
        found = (
            f"{simulation.individuals:,} children, {draws:,} draw{'s' if draws > 1 else ''}, {cycles:,} cycles and "
            f"{len(model.strategies)} strategies would take about {hours:,.0f} hours."
        )
        raise InputError(
            [Problem("individuals", found, f"Use at most {most:,}; the error falls with the square root.")]
        )
    need = table_bytes(model, walks)
    if need > MOST_TABLE_BYTES:
        name, walk = max(walks.items(), key=lambda item: _walk_bytes(model, item[1]))
        found = (
            f"the tables of one draw would need about {need / 1e6:,.0f} MB, "
            f"at most {MOST_TABLE_BYTES / 1e6:,.0f} MB are allowed."
        )
        raise InputError([Problem(walk.plan.cohort.place, found, "Use longer cycles or a shorter horizon.")])


def table_bytes(model: Model, walks: Mapping[str, Walk]) -> int:
    """Bytes of all tables of one draw."""
    return sum(_walk_bytes(model, walk) for walk in walks.values())


def _walk_bytes(model: Model, walk: Walk) -> int:
    rows, states = walk.plan.grid.n + 1, len(walk.plan.cohort.states)
    numbers = 2 * rows * (len(walk.columns) + states) + table_starts(walk.plan)[-1]
    return 8 * len(model.strategies) * len(walk.entries) * numbers


def batch_sizes(
    model: Model, walks: Mapping[str, Walk], simulation: Simulation, draws: int, block: int | None
) -> BatchSizes:  # fmt: skip
    """Draws and individuals to simulate together; what comes out does not depend on it."""
    numbers = max(len(walk.plan.leaves.children) for walk in walks.values()) + 2 * len(model.outcomes) + 4
    a_child = 8 * (len(model.strategies) * numbers + 6 * len(model.attributes))
    together = BATCH_BYTES // a_child if block is None else block
    individuals = min(simulation.individuals, max(STEP, together // STEP * STEP))
    fit = min(together // individuals, TABLE_BYTES // table_bytes(model, walks))
    draws = max(1, min(draws, fit))
    return BatchSizes(draws, individuals, draws * (individuals * a_child + table_bytes(model, walks)))
