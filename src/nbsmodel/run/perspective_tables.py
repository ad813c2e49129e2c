"""Table of the perspectives of a run: what each would add to the headline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.perspectives import Perspectives, perspective_table
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.model.cases import cases_only, has_cases
from nbsmodel.model.parts import COST, LIFE_YEARS

Array = Any


def perspectives_table(scenario: Scenario, result: Result) -> pd.DataFrame | None:
    """Table ``perspectives``; None for a model that declares no further perspective or has nothing to compare.

    Parameters
    ----------
    scenario : Scenario
    result : Result
        At base values.
    """
    model, settings = result.model, result.settings
    reference, *further = model.perspectives
    if not further or len(model.strategies) < 2:
        return None
    effect = settings.effect

    def amounts(names: Sequence[str], shared: bool) -> tuple[Array, Array]:
        if shared:
            cost, gained = (result.by_strategy(outcome, perspectives=names) for outcome in (COST, effect))
            return cost[0], gained[0]
        return _own(result, names, COST), _own(result, names, effect)

    return perspective_table(
        result.strategies, model.comparator, Perspectives(reference, tuple(further), tuple(settings.perspectives)),
        amounts, result.by_strategy(LIFE_YEARS, discounted=False)[0], settings.thresholds, effect,
        float(result.case_probability()[0, result.strategies.index(model.comparator)]),
        _of_cases(scenario) if has_cases(model) and not scenario.simulated else None,
    )  # fmt: skip


def _of_cases(scenario: Scenario) -> Callable[[str], Array]:
    """Effect of a perspective through affected children alone, by strategy."""

    @cache
    def run() -> Result:
        return evaluate(
            cases_only(scenario.model), settings=scenario.settings, base=scenario.overrides, options=scenario.choices
        )

    return lambda name: _own(run(), (name,), scenario.settings.effect)


def _own(result: Result, names: Sequence[str], outcome: str) -> Array:
    """Discounted totals of what is booked to some perspectives and to no other."""
    total = np.zeros(len(result.strategies))
    for account in result.accounts(names):
        if account.outcome == outcome and account.perspective in names:
            total = total + result.sums[account, True][0]
    return total
