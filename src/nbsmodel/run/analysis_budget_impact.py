"""Budget impact of a scenario: what the config asks for, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_budget import DEFAULT, EVERY, SET_UP, BudgetImpactSchema, SetUpSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.errors import Problems, nearest
from nbsmodel.model.parts import Model
from nbsmodel.run.analysis_break_even import check_pair
from nbsmodel.run.budget_draws import PSA_COLUMNS, draw_rows
from nbsmodel.run.budget_tables import (
    COLUMNS,
    COUNT_COLUMNS,
    SET_UP_COLUMNS,
    SUMMARY_COLUMNS,
    TEST_COLUMNS,
    Inputs,
    amount_rows,
    components_of,
    count_rows,
    flows_of,
    set_up_rows,
    sum_rows,
    test_rows,
)
from nbsmodel.run.moved import place_of

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

KEY, TEXT = "budget_impact", "budget impact"


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse what the model does not have, and lists that do not reach over the years."""
    asked, place, model = _asked(scenario), place_of(scenario, KEY), scenario.model
    if scenario.simulated:
        found = "simulated children are not followed by calendar year."
        problems.add(place, found, "Use `engine: cohort`, or leave budget_impact out of this scenario.")
    check_pair(scenario, asked.strategy, None, place, problems)
    _check_entering(scenario, asked, place, problems)
    for i, cost in enumerate(asked.set_up, 1):
        _check_set_up(model, cost, asked.years, f"{place}.set_up[{i}]", problems)
    if asked.test is not None and asked.tested_years > asked.years:
        found = f"the test looks at {asked.tested_years} years, the budget at {asked.years}."
        problems.add(f"{place}.test.years", found, "Lengthen `years`, or shorten those of the test.")
    horizon = scenario.settings.horizon
    if horizon is not None and horizon < asked.years:
        found = f"settings.horizon ends every cohort after {float(horizon):g} years, before {asked.years} are over."
        problems.add(f"{place}.years", found, "Shorten `years`, or lengthen the horizon.")


def _asked(scenario: Scenario) -> BudgetImpactSchema:
    asked = scenario.analyses.budget_impact
    assert asked is not None
    return asked


def _check_entering(scenario: Scenario, asked: BudgetImpactSchema, place: str, problems: Problems) -> None:
    model = scenario.model
    if asked.births is None and model.births is None:
        found = "the model has no births_per_year, so nothing says how many children enter."
        problems.add(place, found, "Give `births`, one number or a list by year.")
    elif asked.births is not None and not asked.births.lasts(asked.years):
        found = f"births of {len(asked.births.values)} years do not reach over {asked.years}."
        problems.add(f"{place}.births", found, "Give one number for all years, or one for each.")
    for name, shares in asked.roll_out.items():
        at = f"{place}.roll_out" + ("" if name == DEFAULT else f".{name}")
        new = [s for s in model.strategy_names if s != model.comparator]
        if name not in (DEFAULT, *new):
            why = "is the comparator" if name == model.comparator else "is no strategy"
            problems.add(at, f"{name} {why}; the roll-out is that of a new strategy.", nearest(name, new))
        if not shares.lasts(asked.years):
            found = f"shares of {len(shares.values)} years do not reach over {asked.years}."
            problems.add(at, found, "Give one share for all years, or one for each.")


def _check_set_up(model: Model, cost: SetUpSchema, years: int, place: str, problems: Problems) -> None:
    new = [s for s in model.strategy_names if s != model.comparator]
    for name in cost.strategies:
        if name == model.comparator:
            found = f"{name} is the comparator; set-up costs are those of a new strategy."
            problems.add(f"{place}.strategies", found, f"Allowed: {', '.join(new)}.")
        elif name not in new:
            problems.add(f"{place}.strategies", f"no strategy is named {name}.", nearest(name, new))
    if cost.payer not in model.perspectives:
        problems.add(
            f"{place}.payer", f"no perspective is named {cost.payer}.", nearest(cost.payer, model.perspectives)
        )
    components = [*components_of(model), SET_UP]
    if cost.component not in components:
        found = f"no cost of the model has the component {cost.component}."
        fix = nearest(cost.component, components)
        problems.add(f"{place}.component", found, f"{fix} Without one it is {SET_UP}.")
    for source in cost.sources:
        if source not in model.sources:
            problems.add(f"{place}.source", f"{source} is not in sources.yaml.", nearest(source, model.sources))
    late = [str(year) for year in cost.years or () if year > years]
    if late:
        found = f"year {', '.join(late)} lies beyond the {years} of the budget."
        problems.add(f"{place}.years", found, f"Years are counted from 1; `{EVERY}` stands for each of them.")


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of the budget impact.

    ``budget_impact`` has every amount by year, world, component and payer; ``budget_impact_summary`` the sums by
    year; ``budget_impact_counts`` births and events; ``budget_impact_set_up`` and ``budget_impact_test`` what was
    asked, where it was; ``budget_impact_psa`` the net difference over the draws, where there are draws.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
    """
    import pandas as pd

    from nbsmodel.analysis.contrast import pairs_of

    scenario, asked = job.scenario, _asked(job.scenario)
    job.step(TEXT, 0, 1)
    model = scenario.model
    with scenario.locating():
        result = evaluate(
            model, settings=scenario.settings, base=scenario.overrides, options=scenario.choices, years=asked.years
        )
    births = [float(b) for b in result.births] * asked.years if result.births is not None else []
    if asked.births is not None:
        births = list(asked.births.over(asked.years))
    inputs = Inputs(scenario, asked, result, np.array(births))
    rows: list[list[Any]] = []
    sums: list[list[Any]] = []
    counts: list[list[Any]] = []
    tests: list[list[Any]] = []
    for pair in pairs_of(model.strategy_names, model.comparator, asked.strategy):
        flows = flows_of(inputs, pair)
        rows += amount_rows(inputs, pair, flows)
        sums += sum_rows(inputs, pair, flows)
        counts += count_rows(inputs, pair)
        tests += test_rows(inputs, pair, flows)
    tables = {
        KEY: pd.DataFrame(rows, columns=COLUMNS),
        f"{KEY}_summary": pd.DataFrame(sums, columns=SUMMARY_COLUMNS),
        f"{KEY}_counts": pd.DataFrame(counts, columns=COUNT_COLUMNS),
    }
    if asked.set_up:
        tables[f"{KEY}_set_up"] = pd.DataFrame(set_up_rows(asked), columns=SET_UP_COLUMNS)
    if asked.test is not None:
        tables[f"{KEY}_test"] = pd.DataFrame(tests, columns=TEST_COLUMNS)
    if job.psa is not None:
        tables[f"{KEY}_psa"] = pd.DataFrame(draw_rows(job, asked, TEXT), columns=PSA_COLUMNS)
    return tables
