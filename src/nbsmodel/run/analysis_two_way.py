"""Two-way analyses of a scenario: the grids, the runs, the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_points import AxisSchema, TwoWaySchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.run.analysis_break_even import check_pair, unmoved
from nbsmodel.run.moved import Moved, check_ends, columns, interval, moved_by, place_of, whole_group
from nbsmodel.run.points import outcomes

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.two_way import Side
    from nbsmodel.run.analyses import Job

Array = Any
KEY = "two_way"


@dataclass(frozen=True)
class Grid:
    """One entry of ``two_way``, understood."""

    schema: TwoWaySchema
    x: Moved
    y: Moved
    at_x: Array
    at_y: Array
    place: str


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse names, ranges and comparisons that the model does not have."""
    for _ in plan(scenario, problems):
        pass


def plan(scenario: Scenario, problems: Problems) -> Iterator[Grid]:
    """Every entry, with its two sides."""
    for i, schema in enumerate(scenario.analyses.two_way):
        place = f"{place_of(scenario, KEY)}[{i + 1}]"
        check_pair(scenario, schema.strategy, None, place, problems)
        sides = [_side(scenario, axis, f"{place}.{key}", problems)
                 for key, axis in (("x", schema.x), ("y", schema.y))]  # fmt: skip
        found = [side for side in sides if side is not None]
        if len(found) < 2:
            continue
        (x, at_x), (y, at_y) = found
        both = sorted(set(x.members) & set(y.members))
        stuck = whole_group(scenario, [x, y])
        if both:
            problems.add(place, f"x and y both move {', '.join(both)}.", "Name two different parameters.")
        elif stuck:
            problems.add(place, stuck, "Leave one of them out, or use `break_even`.")
        else:
            yield Grid(schema, x, y, at_x, at_y, place)


def _side(scenario: Scenario, axis: AxisSchema, place: str, problems: Problems) -> tuple[Moved, Array] | None:
    moved = moved_by(scenario, axis, place, problems)
    if moved is None:
        return None
    if axis.from_ is not None and axis.to is not None:
        check_ends(scenario, moved, axis.from_, axis.to, place, problems)
        return moved, np.linspace(axis.from_, axis.to, axis.steps)
    known = interval(scenario, moved.name)
    if known is None:
        found = f"{moved.name} has no distribution, so its range is not known."
        problems.add(place, found, "Write `from` and `to`.")
        return None
    return moved, np.linspace(*known[:2], axis.steps)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables ``two_way`` (every point) and ``two_way_summary`` (a row a grid and strategy).

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        See `nbsmodel.analysis.two_way`.
    """
    import pandas as pd

    from nbsmodel.analysis.contrast import pairs_of
    from nbsmodel.analysis.two_way import grid_table, mesh, summary_table

    scenario = job.scenario
    model = scenario.model
    grids, summaries = [], []
    for number, asked in enumerate(plan(scenario, Problems()), 1):
        x, y = side_of(asked.x, asked.at_x), side_of(asked.y, asked.at_y)
        at_x, at_y = mesh(x, y)
        text = f"two-way analysis: {x.name}, {y.name}"
        table = columns(scenario, {asked.x: at_x, asked.y: at_y})
        sample = outcomes(job.runs, table, job.step, text, asked.place)
        base = outcomes(job.runs, unmoved(job), job.step, text, asked.place)
        pairs = pairs_of(model.strategy_names, model.comparator, asked.schema.strategy)
        threshold = asked.schema.threshold or scenario.settings.thresholds[0]
        grids.append(grid_table(number, x, y, sample, pairs, [threshold]))
        summaries.append(summary_table(grids[-1], x, y, base))
    return {
        "two_way": pd.concat(grids, ignore_index=True),
        "two_way_summary": pd.concat(summaries, ignore_index=True),
    }


def side_of(moved: Moved, values: Array) -> Side:
    """A side of a grid for its tables."""
    from nbsmodel.analysis.two_way import Side

    base = moved.base if math.isfinite(moved.base) else math.nan
    return Side(moved.name, moved.label, moved.unit, base, values)
