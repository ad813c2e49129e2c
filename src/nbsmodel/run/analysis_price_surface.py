"""The price surface of a scenario: a grid over two discounts, at base values and over the draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.run.analysis_break_even import check_pair
from nbsmodel.run.analysis_two_way import side_of
from nbsmodel.run.moved import Moved, check_ends, columns, moved_by, place_of
from nbsmodel.run.points import below, only, outcomes
from nbsmodel.run.psa import psa_at

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.price_surface import Corners
    from nbsmodel.analysis.two_way import Side
    from nbsmodel.run.analyses import Job

Array = Any
KEY, TEXT = "price_surface", "price surface"

#: Points inside the grid at which draws are run to see that four corners tell everything, as shares of the sides.
INSIDE = ((0.5, 0.5), (0.2, 0.7))
#: Draws run there.
CHECKED = 1_000
#: Rows run when they do not: draws of every point together.
MOST_ROWS = 200_000
FEWEST_DRAWS = 50


@dataclass(frozen=True)
class Plan:
    """The grid."""

    x: Moved
    y: Moved
    values: Array
    place: str


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse names, ranges and comparisons that the model does not have."""
    plan(scenario, problems)


def plan(scenario: Scenario, problems: Problems) -> Plan | None:
    """The grid that the config asks for."""
    asked, place = scenario.analyses.price_surface, place_of(scenario, KEY)
    assert asked is not None
    check_pair(scenario, asked.strategy, None, place, problems)
    moved = [moved_by(scenario, side, f"{place}.{key}", problems) for key, side in (("x", asked.x), ("y", asked.y))]
    groups = {m for g in scenario.model.parameters.groups for m in g.members}
    for key, one in zip("xy", moved, strict=True):
        if one is not None and (one.factor or groups & set(one.members)):
            found = "a factor has no discount." if one.factor else f"{one.name} varies together with its group."
            problems.add(f"{place}.{key}", found, "Name a price, a discount on one, or several that get the same.")
        elif one is not None:
            check_ends(scenario, one, asked.from_, asked.to, f"{place}.{key}", problems)
    x, y = moved
    if x is None or y is None:
        return None
    both = sorted(set(x.members) & set(y.members))
    if both:
        problems.add(place, f"x and y both move {', '.join(both)}.", "Name two different prices.")
    return Plan(x, y, np.linspace(asked.from_, asked.to, asked.steps), place)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of the price surface.

    ``price_surface`` has every point, ``price_surface_lines`` where a level is passed, ``price_surface_sides``
    what the two sides are.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        See `nbsmodel.analysis.price_surface`.
    """
    from nbsmodel.analysis.contrast import pairs_of
    from nbsmodel.analysis.price_surface import chances, line_table, side_table, surface_table

    scenario, asked = job.scenario, job.scenario.analyses.price_surface
    grid = plan(scenario, Problems())
    assert asked is not None and grid is not None
    model = scenario.model
    pairs = pairs_of(model.strategy_names, model.comparator, asked.strategy)
    thresholds = asked.thresholds or scenario.settings.thresholds
    x, y = side_of(grid.x, grid.values), side_of(grid.y, grid.values)
    sample, straight = _base(job, grid, x, y)
    drawn = None
    if job.psa is not None:
        drawn = chances(_draws(job, grid, x, y, straight), pairs, thresholds)
    surface = surface_table(x, y, sample, pairs, thresholds, drawn)
    lines = line_table(surface, x, y)
    return {KEY: surface, "price_surface_lines": lines, "price_surface_sides": side_table(x, y)}


def _base(job: Job, grid: Plan, x: Side, y: Side) -> tuple[Sample, bool]:
    """Base values at every point, and whether the four corners tell all of them.

    Where children are simulated, points inside are not run one by one when some of them show that.
    """
    from nbsmodel.analysis.price_surface import BILINEAR, departure, from_corners
    from nbsmodel.analysis.two_way import mesh

    def run(at_x: Array, at_y: Array) -> Sample:
        table = columns(job.scenario, {grid.x: at_x, grid.y: at_y})
        return outcomes(job.runs, table, job.step, TEXT, grid.place)

    if job.scenario.simulated:
        corners = _corners(lambda u, v: run(*_one(x, y, u, v)))
        if all(departure(run(*_one(x, y, u, v)), corners.at(u, v)) <= BILINEAR for u, v in INSIDE):
            return below(*from_corners(x, y, corners)), True
    sample = run(*mesh(x, y))
    last = len(y.values) - 1
    ends = (0, last, len(sample) - 1 - last, len(sample) - 1)
    corners = _corners_of(*(only(sample, slice(i, i + 1)) for i in ends))
    return sample, departure(sample, below(*from_corners(x, y, corners))) <= BILINEAR


def _draws(job: Job, grid: Plan, x: Side, y: Side, straight: bool) -> Iterator[Sample]:
    """Outcomes of the draws at every point: from the corners where these tell everything, otherwise run."""
    from nbsmodel.analysis.price_surface import BILINEAR, departure, from_corners
    from nbsmodel.analysis.two_way import mesh

    done = 0
    assert job.psa is not None
    text, work = f"{TEXT}: draws at chosen points", 4 + len(INSIDE)

    def run(u: float, v: float, most: int | None = None) -> Sample:
        nonlocal done
        job.step(text, done, work)
        done += 1
        at_x, at_y = _one(x, y, u, v)
        return psa_at(job, _changes(grid, at_x[0], at_y[0]), most)

    if straight:
        corners = _corners(run)
        inside = [(run(u, v, CHECKED), corners.at(u, v)) for u, v in INSIDE]
        if all(departure(found, only(told, slice(0, len(found)))) <= BILINEAR for found, told in inside):
            yield from from_corners(x, y, corners)
            return
    points = list(zip(*mesh(x, y), strict=True))
    most = max(FEWEST_DRAWS, MOST_ROWS // len(points))
    for i, (at_x, at_y) in enumerate(points):
        job.step(f"{TEXT}: {min(most, job.psa.asked)} draws at every point", i, len(points))
        yield psa_at(job, _changes(grid, at_x, at_y), most)


def _changes(grid: Plan, at_x: float, at_y: float) -> dict[str, float]:
    return dict.fromkeys(grid.x.members, float(at_x)) | dict.fromkeys(grid.y.members, float(at_y))


def _one(x: Side, y: Side, u: float, v: float) -> tuple[Array, Array]:
    """A point between the ends of both sides, each (1,)."""

    def between(side: Side, share: float) -> Array:
        low, high = float(side.values[0]), float(side.values[-1])
        return np.full(1, high if share == 1 else low + share * (high - low))

    return between(x, u), between(y, v)


def _corners(run: Callable[[float, float], Sample]) -> Corners:
    return _corners_of(*(run(u, v) for u in (0.0, 1.0) for v in (0.0, 1.0)))


def _corners_of(*samples: Sample) -> Corners:
    from nbsmodel.analysis.price_surface import Corners

    low, up, across, high = samples
    return Corners((low, up, across, high))
