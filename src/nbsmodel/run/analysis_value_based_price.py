"""Value-based prices of a scenario: the price at which the ratio equals each threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.break_even import CLOSE, line_root
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.model.units import is_amount
from nbsmodel.run.analysis_break_even import check_pair, inmb_of, money_of, size_of, targets_of, unmoved
from nbsmodel.run.moved import Moved, columns, named, place_of
from nbsmodel.run.points import outcomes

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

Array = Any
KEY, TEXT = "value_based_price", "value-based prices"
#: How far off, in prices in force, a line is looked at that gives no price.
FAR = 100.0


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse names that the model does not have, and what can have no price."""
    check_pair(scenario, None, None, place_of(scenario, KEY), problems)
    for _ in prices(scenario, problems):
        pass


def prices(scenario: Scenario, problems: Problems) -> Iterator[tuple[Moved, str]]:
    """The prices asked for, with the place of each."""
    asked = scenario.analyses.value_based_price
    for i, one in enumerate(asked):
        place, name = f"{place_of(scenario, KEY)}[{i + 1}]", one.name
        moved = named(scenario, name, place, problems, one.label)
        if moved is None:
            continue
        if name in [other.name for other in asked[:i]]:
            problems.add(place, f"{name} stands twice.", "Name each price once.")
        elif moved.legal[1] < np.inf:
            found = f"{name} is a {moved.unit}, and no price."
            problems.add(place, found, "Name a price, or ask for it under `break_even`.")
        else:
            yield moved, place


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table ``value_based_price``.

    The INMB is a straight line in a price: two runs give the price, a third checks that it is straight, a fourth,
    far off, that it is so where there is no price, and a last one is made at the price found. One at which the
    INMB is not zero, because the line has a bend on the way, is not given.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        See `nbsmodel.analysis.threshold_table.price_table`.
    """
    import pandas as pd

    parts = [_answer(job, moved, place) for moved, place in prices(job.scenario, Problems())]
    return {KEY: pd.concat(parts, ignore_index=True)}


def _answer(job: Job, moved: Moved, place: str) -> pd.DataFrame:
    from nbsmodel.analysis.contrast import pairs_of
    from nbsmodel.analysis.threshold_table import Question, price_table

    scenario = job.scenario
    model = scenario.model
    targets = targets_of(scenario, pairs_of(model.strategy_names, model.comparator))
    text = f"{TEXT}: {moved.name}"

    def inmb_at(x: Array) -> tuple[Array, Array]:
        sample = outcomes(job.runs, columns(scenario, {moved: x}), job.step, text, place)
        return inmb_of(sample, targets), size_of(sample, targets)

    step = abs(moved.base) if abs(moved.base) > 0 else 1.0
    x = step * np.array([0.0, 1.0, 2.0, FAR])
    y, size = inmb_at(x)
    line = line_root(x[:3], y[:3], size[:3].max(axis=0))
    wanted = line.straight & (line.root >= 0)
    run = np.flatnonzero(wanted)
    again = np.full(len(targets), np.nan)
    holds = line.straight & (np.abs(y[0] + line.slope * x[3] - y[3]) <= CLOSE * size.max(axis=0))
    if run.size:
        at_price, size_there = inmb_at(line.root[run])
        own = np.arange(run.size), run
        again[run] = at_price[own]
        holds[run] = np.abs(at_price[own]) <= CLOSE * size_there[own]
    line, again = replace(line, straight=holds), np.where(holds, again, np.nan)
    base = outcomes(job.runs, unmoved(job), job.step, text, place)
    question = Question(
        name=moved.name, label=moved.label, unit=moved.unit, base=moved.base, by=moved.name,
        money=money_of(scenario), trouble=_no_money(moved),
    )  # fmt: skip
    return price_table(question, targets, line, y[0], inmb_of(base, targets)[0], again)


def _no_money(moved: Moved) -> str:
    """A remark on what seems to be no price; the unit of a derived value is often left out."""
    if is_amount(moved.unit) or moved.unit == "number":
        return ""
    return f"Its unit is {moved.unit}, which is no currency: make sure that it is a price."
