"""Break-even values of a scenario: the range that is scanned, the runs, and the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.break_even import solve
from nbsmodel.config.analyses_points import BreakEvenSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.formula.tree import Node
from nbsmodel.model.money import money_unit
from nbsmodel.model.units import legal_range
from nbsmodel.run.formulas import check_formula, formula_values, read_formula
from nbsmodel.run.moved import Moved, check_ends, columns, interval, moved_by, named, place_of, whole_group
from nbsmodel.run.points import outcomes, possible_outcomes

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.contrast import Pair
    from nbsmodel.analysis.sample import Sample
    from nbsmodel.analysis.threshold_table import Target
    from nbsmodel.run.analyses import Job

Array = Any
TEXT = "break-even values"
#: Values scanned; fewer where each of them is a simulation.
SCANNED, SCANNED_SIMULATED = 201, 21
#: How far an open range reaches: this many times the value in force in equal steps, then further in growing ones.
NEAR, FAR = 10.0, 100.0


@dataclass(frozen=True)
class Asked:
    """One entry of ``break_even``, understood."""

    schema: BreakEvenSchema
    moved: Moved
    grid: Array
    place: str
    number: int
    node: Node | None = None


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse names, ranges and comparisons that the model does not have."""
    for _ in plan(scenario, problems):
        pass


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table ``threshold``: break-even values.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        See `nbsmodel.analysis.threshold_table.threshold_table`.
    """
    import pandas as pd

    parts = [_answer(job, asked) for asked in plan(job.scenario, Problems())]
    return {"threshold": pd.concat(parts, ignore_index=True)}


def plan(scenario: Scenario, problems: Problems) -> Iterator[Asked]:
    """Every entry, with what it moves and the values that are scanned."""
    for i, schema in enumerate(scenario.analyses.break_even):
        place = f"{place_of(scenario, 'break_even')}[{i + 1}]"
        check_pair(scenario, schema.strategy, schema.against, place, problems)
        node = None
        if schema.by is not None:
            moved = named(scenario, schema.by, f"{place}.by", problems, schema.label)
        else:
            moved = moved_by(scenario, schema, place, problems)
        if moved is None:
            continue
        if schema.formula is not None:
            node = read_formula(scenario, schema.formula, f"{place}.formula", problems)
            if node is None:
                continue
        stuck = whole_group(scenario, [moved])
        if stuck:
            problems.add(place, stuck, "Leave it out, or override fewer members of its group.")
            continue
        before = len(problems.items)
        grid = _grid(scenario, moved, schema, place, problems)
        if node is not None and grid is not None and len(problems.items) == before:
            check_formula(scenario, node, moved, grid, f"{place}.formula", problems)
        if grid is not None:
            yield Asked(schema, moved, grid, place, i + 1, node)


def check_pair(scenario: Scenario, strategy: str | None, against: str | None, place: str, problems: Problems) -> None:
    """Refuse a comparison of strategies that the model does not have, or of one with itself."""
    model = scenario.model
    others = [s for s in model.strategy_names if s != model.comparator]
    for key, name in (("strategy", strategy), ("against", against)):
        if name is not None and name not in model.strategy_names:
            problems.add(f"{place}.{key}", f"no strategy is named {name}.", nearest(name, model.strategy_names))
    if not others:
        problems.add(place, "the model has one strategy, so there is nothing to compare.", "Leave it out.")
    elif strategy == model.comparator:
        found = f"{strategy} is the comparator, which the others are set against."
        problems.add(f"{place}.strategy", found, f"Allowed: {', '.join(others)}.")
    elif strategy is not None and strategy == against:
        problems.add(f"{place}.against", f"{strategy} is set against itself.", "Name another strategy.")


def _grid(scenario: Scenario, moved: Moved, schema: BreakEvenSchema, place: str, problems: Problems) -> Array | None:
    steps = SCANNED_SIMULATED if scenario.simulated else SCANNED
    if schema.between is not None:
        at = f"{place}.between"
        if schema.between.relative and not abs(moved.base) > 0:
            problems.add(at, f"a percentage of the value in force, {moved.base:g}.", "Write [low, high].")
            return None
        low, high = schema.between.around(moved.base)
        check_ends(scenario, moved, low, high, at, problems)
        return _with(np.linspace(low, high, steps), [moved.base])
    low, high = _legal(scenario, moved)
    known = interval(scenario, moved.name)
    marks = [moved.base] if known is None else [moved.base, *known[:2]]
    if math.isfinite(low) and math.isfinite(high):
        return _with(np.linspace(low, high, steps), marks)
    size = max((abs(m) for m in marks if math.isfinite(m)), default=0.0)
    if size == 0:
        found = f"no range is known for {moved.name}, whose value is {_value(moved)}."
        problems.add(place, found, "Add `between: [low, high]`.")
        return None
    near = np.linspace(max(low, -NEAR * size), min(high, NEAR * size), steps)
    far = size * np.geomspace(NEAR, FAR, 5 if scenario.simulated else 46)
    return _with(np.concatenate([near, far, -far]), marks, low, high)


def _value(moved: Moved) -> str:
    return f"{moved.base:g}" if math.isfinite(moved.base) else "not one number"


def _with(values: Array, marks: Sequence[float], low: float = -math.inf, high: float = math.inf) -> Array:
    """Rising values with some more among them."""
    inside = [m for m in marks if values.min() <= m <= values.max()]
    every = np.unique(np.concatenate([values, np.asarray(inside, dtype=float)]))
    return every[(every >= low) & (every <= high)]


def _legal(scenario: Scenario, moved: Moved) -> tuple[float, float]:
    """Lowest and highest legal value; of a factor, as far as it carries none of its parameters out of range."""
    if not moved.factor:
        return moved.legal
    rows, high = scenario.model.parameters.rows, math.inf
    for name in moved.members:
        value = scenario.overrides.get(name, rows[name].value)
        end = legal_range(rows[name].unit)[1 if value > 0 else 0]
        if value and math.isfinite(end):
            high = min(high, end / value)
    return 0.0, high


def targets_of(scenario: Scenario, pairs: Sequence[Pair]) -> list[Target]:
    """Every comparison at every threshold."""
    from nbsmodel.analysis.threshold_table import Target

    return [Target(pair, float(t)) for pair in pairs for t in scenario.settings.thresholds]


def inmb_of(sample: Sample, targets: Sequence[Target]) -> Array:
    """INMB of every target, (row, target)."""
    from nbsmodel.analysis.contrast import contrast

    return np.column_stack([contrast(sample, t.pair).inmb(t.threshold) for t in targets])


def size_of(sample: Sample, targets: Sequence[Target]) -> Array:
    """Size of the net benefits that the INMB of each target is a difference of, (row, target)."""
    sizes = [(np.abs(t.threshold * sample.effect) + np.abs(sample.cost)).max(axis=1) for t in targets]
    return np.maximum(np.column_stack(sizes), np.finfo(float).tiny)


def money_of(scenario: Scenario) -> str:
    """Unit of an INMB."""
    return f"{scenario.model.about['currency']} per {scenario.model.about['basis']}"


def _answer(job: Job, asked: Asked) -> pd.DataFrame:
    from nbsmodel.analysis.contrast import pairs_of
    from nbsmodel.analysis.threshold_table import Question, Scan, threshold_table

    scenario, moved, schema = job.scenario, asked.moved, asked.schema
    model = scenario.model
    against = () if schema.against is None else (schema.against,)
    targets = targets_of(scenario, pairs_of(model.strategy_names, model.comparator, schema.strategy, against))
    text = f"{TEXT}: {moved.name}"

    def table(x: Array) -> dict[str, Array]:
        return columns(scenario, {moved: x})

    trouble: Problem | None = None
    if schema.between is None:
        sample, trouble = possible_outcomes(job.runs, table(asked.grid), job.step, text, asked.place)
    else:
        sample = outcomes(job.runs, table(asked.grid), job.step, text, asked.place)

    def inmb(x: Array) -> Array:
        return inmb_of(possible_outcomes(job.runs, table(x), job.step, text, asked.place)[0], targets)

    def values(x: Array) -> Array:
        return x if asked.node is None else formula_values(scenario, asked.node, moved, x)

    at_grid = inmb_of(sample, targets)
    if trouble is not None and np.isnan(at_grid).all():
        raise InputError([trouble])
    roots = solve(inmb, asked.grid, at_grid, size_of(sample, targets))
    runs = np.flatnonzero(~np.isnan(at_grid[:, 0]))
    low, high = int(runs[0]), int(runs[-1])
    ends = values(asked.grid[[low, high]])
    base = outcomes(job.runs, unmoved(job), job.step, text, asked.place)
    scan = Scan(float(ends[0]), float(ends[1]), at_grid[low], at_grid[high], inmb_of(base, targets)[0])
    now = float(values(np.array([moved.base]))[0]) if math.isfinite(moved.base) else math.nan
    unit = moved.unit if asked.node is None else money_unit(model, asked.node)
    label = schema.label or (schema.formula if schema.formula is not None else moved.label)
    question = Question(
        name=moved.name if schema.formula is None else schema.formula, label=label, unit=unit,
        base=now if math.isfinite(now) else math.nan, by=moved.name, money=money_of(scenario),
        further=_further(scenario, asked), trouble="" if trouble is None else trouble.found, number=asked.number,
    )  # fmt: skip
    return threshold_table(question, targets, roots, scan, values)


def _further(scenario: Scenario, asked: Asked) -> str:
    low, high = _legal(scenario, asked.moved)
    if asked.grid[0] <= low and asked.grid[-1] >= high:
        return ""
    return f"{'Give' if asked.schema.between is None else 'Widen'} `between` to look further."


def unmoved(job: Job) -> dict[str, Array]:
    """A table of one row in which everything stands as the scenario has it."""
    name, value = next(iter(job.runs.values.items()))
    return {name: np.full(1, value)}
