"""The one-way analysis of a scenario: which bars, in one batch of runs, and their table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_points import Limits
from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import Settings
from nbsmodel.errors import Problems, nearest
from nbsmodel.run.moved import Moved, check_ends, columns, interval, named, place_of, scaled, whole_group
from nbsmodel.run.points import below, only, outcomes
from nbsmodel.run.runs import Runs

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.contrast import Pair
    from nbsmodel.analysis.one_way import Bar
    from nbsmodel.analysis.sample import Sample
    from nbsmodel.run.analyses import Job

Array = Any
KEY, TEXT = "one_way", "one-way analysis"
GIVEN = "limits of the config"


@dataclass(frozen=True)
class Planned:
    """A bar: a parameter, derived value, factor, or a discount rate (which is a setting)."""

    moved: Moved
    low: float
    high: float
    limits: str
    rate: bool = False


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse names, limits and comparisons that the model does not have."""
    asked = scenario.analyses.one_way
    assert asked is not None
    found = len(problems.items)
    planned = plan(scenario, problems)
    place = place_of(scenario, KEY)
    model = scenario.model
    for name in asked.against:
        if name not in model.strategy_names:
            problems.add(f"{place}.against", f"no strategy is named {name}.", nearest(name, model.strategy_names))
    if len(model.strategies) < 2:
        problems.add(place, "the model has one strategy, so there is nothing to compare.", "Leave it out.")
    if not planned and len(problems.items) == found:
        found_text = "there is nothing to vary: no parameter named has a distribution."
        problems.add(place, found_text, "Add distributions to parameters.csv, or give `limits: {name: [low, high]}`.")


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table ``tornado``: both ends of every bar, widest first.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        See `nbsmodel.analysis.one_way.tornado_table`.
    """
    from nbsmodel.analysis.one_way import tornado_table

    scenario, asked = job.scenario, job.scenario.analyses.one_way
    assert asked is not None
    planned = plan(scenario, Problems())
    moves = [columns(scenario, {p.moved: np.array([p.low, p.high])}) if not p.rate else {} for p in planned]
    base, ends = _run(job, planned, moves)
    bars = [_bar(p, move) for p, move in zip(planned, moves, strict=True)]
    return {"tornado": tornado_table(bars, base, ends, one_way_pairs(scenario), scenario.settings.thresholds)}


def one_way_pairs(scenario: Scenario) -> list[Pair]:
    """Which strategies are compared: each with the comparator, unless the config names others."""
    from nbsmodel.analysis.contrast import pairs_of

    asked, model = scenario.analyses.one_way, scenario.model
    return pairs_of(model.strategy_names, model.comparator, against=asked.against if asked is not None else ())


def plan(scenario: Scenario, problems: Problems) -> list[Planned]:
    """Every bar, in the order of the parameter table, then factors and discount rates."""
    return [*_parameters(scenario, problems), *_factors(scenario, problems), *_rates(scenario, problems)]


def _parameters(scenario: Scenario, problems: Problems) -> Iterator[Planned]:
    asked, place = scenario.analyses.one_way, place_of(scenario, KEY)
    assert asked is not None
    rows = scenario.model.parameters.rows
    if asked.parameters is None:
        # what the scenario fixes is not uncertain in it, as in the probabilistic analysis
        wanted = [n for n, row in rows.items() if row.uncertain and n not in scenario.overrides]
    else:
        wanted = asked.parameters
        for name in sorted({n for n in wanted if wanted.count(n) > 1}):
            problems.add(f"{place}.parameters", f"{name} stands twice.", "Name each parameter once.")
    for name in dict.fromkeys((*wanted, *asked.limits)):
        at = f"{place}.limits.{name}" if name in asked.limits else f"{place}.parameters"
        moved = named(scenario, name, at, problems)
        if moved is None:
            continue
        stuck = whole_group(scenario, [moved]) if asked.parameters is not None or name in asked.limits else None
        if stuck:
            problems.add(at, stuck, "Leave it out, or override fewer members of its group.")
            continue
        if name in asked.limits:
            ends = _given(scenario, moved, asked.limits[name], at, problems)
        else:
            ends = interval(scenario, name)
            if ends is None and asked.parameters is not None:
                found = f"{name} has no distribution, so its limits are not known."
                problems.add(at, found, f"Write `limits: {{{name}: [low, high]}}`.")
        if ends is not None:
            yield Planned(moved, *ends)


def _given(
    scenario: Scenario, moved: Moved, limits: Limits, place: str, problems: Problems
) -> tuple[float, float, str] | None:
    if limits.relative and not (abs(moved.base) > 0):
        found = f"a percentage of the value in force, which is {moved.base:g}." if moved.base == 0 else (
            "a percentage of a value that is not one number.")  # fmt: skip
        problems.add(place, found, "Write [low, high].")
        return None
    low, high = limits.around(moved.base)
    check_ends(scenario, moved, low, high, place, problems)
    return low, high, GIVEN


def _factors(scenario: Scenario, problems: Problems) -> Iterator[Planned]:
    asked, place = scenario.analyses.one_way, place_of(scenario, KEY)
    assert asked is not None
    known: list[Moved] = []
    for i, scale in enumerate(asked.scale):
        at = f"{place}.scale[{i + 1}]"
        moved = scaled(scenario, scale.parameters, at, problems, scale.label)
        if moved is not None and moved.name in [m.name for m in known]:
            problems.add(at, f"the {moved.name} stands twice.", "Name each set of parameters once.")
        elif moved is not None:
            known.append(moved)
            low, high = scale.between.around(1.0)
            check_ends(scenario, moved, low, high, at, problems)
            yield Planned(moved, low, high, GIVEN)


def _rates(scenario: Scenario, problems: Problems) -> Iterator[Planned]:
    asked, place = scenario.analyses.one_way, place_of(scenario, KEY)
    assert asked is not None
    from nbsmodel.report.format import SETTING_LABELS

    in_force = scenario.settings.as_written()
    for name, limits in dict(asked.settings).items():
        if limits is None:
            continue
        base = in_force[name] if isinstance(in_force[name], float | int) else np.nan
        moved = Moved(name, SETTING_LABELS[name], "rate a year", float(base), ())
        ends = _given(scenario, moved, limits, f"{place}.settings.{name}", problems)
        if ends is not None:
            if not 0 <= ends[0] <= ends[1] <= 1:
                found = f"{ends[0]:g} to {ends[1]:g} are no discount rates."
                problems.add(f"{place}.settings.{name}", found, "They lie between 0 and 1, as in [0, 0.05].")
            yield Planned(moved, *ends, rate=True)


def _run(job: Job, planned: list[Planned], moves: list[dict[str, Array]]) -> tuple[Sample, Sample]:
    """The base case, one row; both ends of every bar, two rows each.

    Parameters go in one batch. A derived value stands at a number only in runs of its own, and a discount rate
    is a setting of the whole run.
    """
    values, place = job.runs.values, place_of(job.scenario, KEY)
    together = [i for i, p in enumerate(planned) if not p.moved.derived and not p.rate]
    names = dict.fromkeys(name for i in together for name in moves[i])
    first = next(iter(values))
    table = {name: np.full(1 + 2 * len(together), values[name]) for name in names or (first,)}
    for k, i in enumerate(together):
        for name, column in moves[i].items():
            table[name][1 + 2 * k : 3 + 2 * k] = column
    batch = outcomes(job.runs, table, job.step, TEXT, place)
    found = {i: only(batch, slice(1 + 2 * k, 3 + 2 * k)) for k, i in enumerate(together)}
    for i, p in enumerate(planned):
        if p.rate:
            one = {first: np.full(1, values[first])}
            found[i] = below(
                *(outcomes(_with_rate(job, p.moved.name, end), one, job.step, TEXT, place) for end in (p.low, p.high))
            )
        elif p.moved.derived:
            found[i] = outcomes(job.runs, moves[i], job.step, TEXT, place)
    return only(batch, slice(0, 1)), below(*(found[i] for i in range(len(planned))))


def _with_rate(job: Job, name: str, rate: float) -> Runs:
    settings = Settings.model_validate(job.scenario.settings.as_written() | {name: rate})
    return Runs(replace(job.scenario, settings=settings), job.runs.threads)


def _bar(planned: Planned, moves: Mapping[str, Array]) -> Bar:
    from nbsmodel.analysis.one_way import Bar

    moved = planned.moved
    others = {name: column for name, column in moves.items() if name != moved.name}
    low, high = ("; ".join(f"{name}={float(column[end])!r}" for name, column in others.items()) for end in (0, 1))
    return Bar(moved.name, moved.label, moved.unit, moved.base, planned.low, planned.high, planned.limits, low, high)
