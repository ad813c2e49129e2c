"""A panel at base values: each condition run once on the shared test and once with its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.analysis.panel import PanelSample
from nbsmodel.analysis.population import effective_population
from nbsmodel.analysis.screening import SCREENED
from nbsmodel.analysis.ties import difference, differences
from nbsmodel.config.panel_parts import Panel, PanelCondition, price_factor
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.parts import COST
from nbsmodel.model.schema import CLASSES
from nbsmodel.run.tier_checks import check_tests

Array = Any

#: Shares of births tested may differ by this much between the shared test and a model: children who are known before
#: their test are tested in some models and not in others.
TESTED_WITHIN = 1e-3
#: Up to which relative error the cost of a model counts as a straight line in the cost of its test.
STRAIGHT = 1e-9
#: Rows of the run: marginal cost on the shared test, the test of its own, one unit more than marginal.
MARGINAL, OWN, MORE = 0, 1, 2


@dataclass(frozen=True)
class ConditionResult:
    """What a condition gives at base values, per birth.

    Parameters
    ----------
    condition : PanelCondition
    cost, effect : float
        On the shared test, without the shared cost: screening less no screening.
    own_cost, own_effect : float
        With the test of its own config.
    tests : float
        Tests paid for per birth: by how much the cost rises with the marginal cost; nan where it is no line.
    outcomes : dict of str to float
        All outcomes on the shared test, screening less no screening.
    components : dict of str to float
        Cost by component, likewise.
    classes : dict of str to array (2,)
        Share of births by class, without and with screening.
    cases : float
        Share of births with the condition; nan where the model marks none.
    births : float or None
        Births a year.
    own_test, marginal : float
        Costs of a test, in the prices of the results.
    """

    condition: PanelCondition
    cost: float
    effect: float
    own_cost: float
    own_effect: float
    tests: float
    outcomes: dict[str, float]
    components: dict[str, float]
    classes: dict[str, Array]
    cases: float
    births: float | None
    own_test: float
    marginal: float

    @property
    def found(self) -> float:
        """Share of births that are cases found by screening."""
        return float(self.classes["true_positive"][1])

    @property
    def tested(self) -> float:
        """Share of births tested, by the classes; 0 for a model without classes."""
        return float(sum(self.classes[c][1] for c in SCREENED))


@dataclass(frozen=True)
class PanelBase:
    """A panel at base values.

    Parameters
    ----------
    results : dict of str to ConditionResult
        Sorted by name.
    sample : PanelSample
        One draw.
    births : float or None
        Births a year.
    tested : float
        Share of births that have the shared test.
    set_up : float
        Set-up cost per birth.
    """

    results: dict[str, ConditionResult]
    sample: PanelSample
    births: float | None
    tested: float
    set_up: float


def run_base(panel: Panel, tell: Callable[[int], None]) -> PanelBase:
    """Run every condition of a panel at base values.

    Parameters
    ----------
    panel : Panel
    tell : callable
        Told how many conditions are done.

    Raises
    ------
    InputError
        A value that is impossible; a model whose cost does not depend on its test, or that tests another share
        of births than the shared test does.
    """
    problems = Problems()
    results: dict[str, ConditionResult] = {}
    for done, name in enumerate(sorted(panel.conditions)):
        tell(done)
        with problems.gather():
            results[name] = _run(panel.conditions[name])
            _check(panel, results[name], problems)
    problems.raise_if_any()
    births = next((r.births for r in results.values()), None)
    births = float(panel.asked.births) if panel.asked.births is not None else births
    set_up = set_up_per_birth(panel, births, panel.value)
    tested = panel.value(panel.asked.shared_test.tested)
    shared = panel.value(panel.asked.shared_test.cost) * tested + set_up
    sample = PanelSample(
        tuple(results),
        np.array([[r.cost] for r in results.values()]),
        np.array([[r.effect] for r in results.values()]),
        np.array([shared]),
        np.arange(1),
    )
    return PanelBase(results, sample, births, tested, set_up)


def set_up_per_birth(panel: Panel, births: float | None, value: Callable[[str], Any]) -> Any:
    """Set-up cost spread over the births of its years, each year's discounted as costs are.

    ``cost / (births a year * sum over years k of (1 + rate)^-k)``.

    Parameters
    ----------
    panel : Panel
    births : float or None
    value : callable
        Value, or values, of a parameter.
    """
    asked = panel.asked.shared_test.set_up
    if asked is None or births is None:
        return 0.0
    return value(asked.cost) / effective_population(births, float(asked.years), panel.settings.schedule("costs"))


def _run(condition: PanelCondition) -> ConditionResult:
    own, name = condition.own, condition.test_cost
    factor = price_factor(own.model, name)
    at_own = own.overrides.get(name, own.model.parameters.rows[name].value)
    marginal = condition.assay.overrides[name]
    base = {key: value for key, value in own.overrides.items() if key != name}
    with own.locating():
        result = evaluate(
            own.model, {name: [marginal, at_own, marginal + 1.0]}, own.settings, base=base, options=own.choices
        )
    check_tests(result)
    costs, effects = _increments(result, condition, COST), _increments(result, condition, own.settings.effect)
    rise = float(costs[MORE] - costs[MARGINAL])
    if rise == 0:
        found = f"{name} does not change the cost of {condition.strategy}."
        place = own.model.parameters.rows[name].place
        raise InputError([Problem(place, found, "Name the cost of its test.")])
    off = abs(costs[OWN] - costs[MARGINAL] - rise * (at_own - marginal))
    straight = off <= STRAIGHT * max(abs(costs[OWN]), abs(costs[MARGINAL]), abs(rise))
    c, s = (result.strategies.index(n) for n in (condition.comparator, condition.strategy))
    births = None if result.births is None else float(result.births[MARGINAL])
    marked = result.case_probability()[MARGINAL, s]
    return ConditionResult(
        condition=condition, cost=float(costs[MARGINAL]), effect=float(effects[MARGINAL]),
        own_cost=float(costs[OWN]), own_effect=float(effects[OWN]), tests=rise / factor if straight else np.nan,
        outcomes={o: float(_increments(result, condition, o)[MARGINAL]) for o in own.model.outcomes},
        components=_components(result, c, s),
        classes={name: result.class_probability(name)[MARGINAL, [c, s]] for name in CLASSES},
        cases=float(marked) if marked else np.nan, births=births,
        own_test=at_own * factor, marginal=marginal * factor,
    )  # fmt: skip


def _increments(result: Result, condition: PanelCondition, outcome: str) -> Array:
    """Screening less no screening, (row,); exactly 0 where they are the same."""
    values = result.by_strategy(outcome)
    strategies = result.strategies
    return differences(
        values[:, strategies.index(condition.strategy)], values[:, strategies.index(condition.comparator)]
    )


def _components(result: Result, c: int, s: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for account in result.accounts():
        if account.outcome == COST:
            amounts = result.sums[account, True][MARGINAL]
            found[account.component] = found.get(account.component, 0.0) + difference(amounts[s], amounts[c])
    return found


def _check(panel: Panel, result: ConditionResult, problems: Problems) -> None:
    name = panel.asked.shared_test.tested
    tested, theirs = panel.value(name), result.tested
    if theirs and abs(theirs - tested) > TESTED_WITHIN * tested:
        found = f"the shared test is made in {tested:.6g} of births ({name}), while this model tests {theirs:.6g}."
        fix = f"Give all conditions the same uptake: list {name} in shared_parameters, or override it."
        problems.add(panel.place("conditions", result.condition.name, "config"), found, fix)
