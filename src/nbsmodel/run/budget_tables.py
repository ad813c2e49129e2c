"""Rows of the tables of a budget impact, and where the costs of a model are booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_budget import EVERY, BudgetImpactSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.model.parts import COST, LIFE_YEARS, QALY, Account, Model
from nbsmodel.model.schema import CLASSES

if TYPE_CHECKING:
    from nbsmodel.analysis.budget_impact import Flow
    from nbsmodel.analysis.contrast import Pair

Array = Any

COLUMNS = ["strategy", "against", "year", "world", "component", "payer", "headline", "amount", "cumulative"]
SUMMARY_COLUMNS = [
    "strategy", "against", "payer", "headline", "year", "births", "births_new", "without", "with", "difference",
    "cumulative",
]  # fmt: skip
COUNT_COLUMNS = ["strategy", "against", "year", "kind", "item", "label", "unit", "without", "with", "difference"]
TEST_COLUMNS = ["strategy", "against", "amount", "years", "largest_year", "largest", "exceeded"]
SET_UP_COLUMNS = ["label", "component", "payer", "strategies", "years", "amount", "saving", "status", "source", "note"]


def components_of(model: Model) -> list[str]:
    """Components of the costs of a model, in the order of its file."""
    found: dict[str, None] = {}
    for account in accounts_of(model):
        if account.outcome == COST:
            found[account.component] = None
    return list(found)


def accounts_of(model: Model) -> Iterator[Account]:
    """Where the payoffs of a model are booked, in the order of its file: tree first, then cohorts."""

    def below(branches: tuple[Any, ...]) -> Iterator[Account]:
        for branch in branches:
            yield from (payoff.account for payoff in branch.payoffs)
            yield from below(branch.branches)

    yield from below(model.tree)
    for cohort in model.cohorts.values():
        yield from (payoff.account for payoff in cohort.state_payoffs)
        yield from (payoff.account for payoff in cohort.start_payoffs)
        yield from (payoff.account for payoff in cohort.move_payoffs)


@dataclass(frozen=True)
class Inputs:
    """What all tables are made from."""

    scenario: Scenario
    asked: BudgetImpactSchema
    result: Result
    births: Array

    def by_age(self, account: Account, strategy: str) -> Array:
        """Amount per birth by year of age, (age,)."""
        return self.result.by_year[account][0, self.result.strategies.index(strategy)]

    def share(self, strategy: str) -> Array:
        """Share of births under a strategy, by year."""
        return np.array(self.asked.shares(strategy).over(self.asked.years))


def flows_of(inputs: Inputs, pair: Pair) -> dict[tuple[str, str], Flow]:
    """Costs by component and payer, headline payers first."""
    from nbsmodel.analysis.budget_impact import Flow, fixed_costs, flow

    model, asked, years = inputs.scenario.model, inputs.asked, inputs.asked.years
    share = inputs.share(pair.strategy)
    keys = dict.fromkeys((a.component, a.perspective) for a in accounts_of(model) if a.outcome == COST)
    mine = [cost for cost in asked.set_up if pair.strategy in cost.strategies]
    keys |= dict.fromkeys((cost.component, cost.payer) for cost in mine)
    found = {}
    for component, payer in sorted(keys, key=lambda key: _order(inputs.scenario, key[1])):
        due = [(c.amount, c.years) for c in mine if (c.component, c.payer) == (component, payer)]
        fixed = fixed_costs(due, years)
        account = Account(COST, component, payer)
        if account in inputs.result.by_year:
            new, old = (inputs.by_age(account, s) for s in (pair.strategy, pair.against))
            found[component, payer] = flow(new, old, inputs.births, share, fixed)
        else:
            found[component, payer] = Flow(np.zeros(years), fixed)
    return found


def _order(scenario: Scenario, payer: str) -> tuple[int, int]:
    """Payers of the headline first, then the others, each in the order in which they are named."""
    headline = scenario.settings.perspectives
    return (0, headline.index(payer)) if payer in headline else (1, list(scenario.model.perspectives).index(payer))


def _worlds(flow: Flow) -> tuple[tuple[str, Array], ...]:
    return ("without", flow.without), ("with", flow.with_), ("difference", flow.difference)


def amount_rows(inputs: Inputs, pair: Pair, flows: dict[tuple[str, str], Flow]) -> Iterator[list[Any]]:
    """Every amount by component, payer, world and year."""
    headline = inputs.scenario.settings.perspectives
    for (component, payer), one in flows.items():
        for world, amounts in _worlds(one):
            for year, (amount, so_far) in enumerate(zip(amounts, np.cumsum(amounts), strict=True), 1):
                yield [
                    pair.strategy, pair.against, year, world, component, payer, payer in headline, amount, so_far,
                ]  # fmt: skip


def sum_rows(inputs: Inputs, pair: Pair, flows: dict[tuple[str, str], Flow]) -> Iterator[list[Any]]:
    """Sums by year: the payers of the headline together, every other payer by itself."""
    from nbsmodel.analysis.budget_impact import total

    headline, years = list(inputs.scenario.settings.perspectives), inputs.asked.years
    payers = dict.fromkeys(payer for _, payer in flows if payer not in headline)
    groups = [(" + ".join(headline), headline), *((payer, [payer]) for payer in payers)]
    new = inputs.births * inputs.share(pair.strategy)
    for name, members in groups:
        whole = total([one for (_, payer), one in flows.items() if payer in members], years)
        so_far = np.cumsum(whole.difference)
        for k in range(years):
            yield [
                pair.strategy, pair.against, name, members is headline, k + 1, inputs.births[k], new[k],
                whole.without[k], whole.with_[k], whole.difference[k], so_far[k],
            ]  # fmt: skip


def count_rows(inputs: Inputs, pair: Pair) -> Iterator[list[Any]]:
    """Births by what screening found, and the outcomes of the model that are neither money nor health."""
    from nbsmodel.analysis.budget_impact import flow, total

    result, model, years = inputs.result, inputs.scenario.model, inputs.asked.years
    share = inputs.share(pair.strategy)

    def rows(kind: str, item: str, label: str, unit: str, one: Flow) -> Iterator[list[Any]]:
        for k, values in enumerate(zip(one.without, one.with_, one.difference, strict=True), 1):
            yield [pair.strategy, pair.against, k, kind, item, label, unit, *values]

    def at_birth(probability: Array) -> Flow:
        ages = np.zeros((len(result.strategies), years))
        ages[:, 0] = probability[0]
        new, old = (ages[result.strategies.index(s)] for s in (pair.strategy, pair.against))
        return flow(new, old, inputs.births, share)

    everyone = np.ones((1, len(result.strategies)))
    yield from rows("births", "births", "Births", "births", at_birth(everyone))
    cases = result.case_probability()
    if cases.any():
        yield from rows("births", "cases", "Births with the condition", "births", at_birth(cases))
    for name in CLASSES:
        probability = result.class_probability(name)
        if probability.any():
            yield from rows("class", name, name.replace("_", " "), "births", at_birth(probability))
    headline = inputs.scenario.settings.perspectives
    for name, outcome in model.outcomes.items():
        if name in (COST, QALY, LIFE_YEARS):
            continue
        mine = [a for a in result.by_year if a.outcome == name and a.perspective in headline]
        flows = [
            flow(inputs.by_age(a, pair.strategy), inputs.by_age(a, pair.against), inputs.births, share) for a in mine
        ]
        yield from rows("outcome", name, outcome.label, outcome.unit, total(flows, years))


def test_rows(inputs: Inputs, pair: Pair, flows: dict[tuple[str, str], Flow]) -> Iterator[list[Any]]:
    """The budget impact test, where one is asked for."""
    from nbsmodel.analysis.budget_impact import budget_test, total

    asked, headline = inputs.asked, inputs.scenario.settings.perspectives
    if asked.test is None:
        return
    whole = total([one for (_, payer), one in flows.items() if payer in headline], asked.years)
    found = budget_test(whole.difference, asked.test.amount, asked.tested_years)
    yield [pair.strategy, pair.against, found.amount, found.years, found.year, found.largest, found.exceeded]


def set_up_rows(asked: BudgetImpactSchema) -> Iterator[list[Any]]:
    """Set-up costs as they were asked for."""
    for cost in asked.set_up:
        years = EVERY if cost.years is None else " ".join(map(str, sorted(cost.years)))
        yield [
            cost.label, cost.component, cost.payer, " ".join(cost.strategies), years, cost.amount, cost.saving,
            cost.status, cost.source, cost.note,
        ]  # fmt: skip
