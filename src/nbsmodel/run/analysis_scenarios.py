"""Scenario files beside the config that is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.run.global_sensitivity import check_compared
from nbsmodel.run.scenarios import REFERENCE, listed_scenarios

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.engine.result import Result
    from nbsmodel.run.analyses import Job


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse scenarios that are not there or cannot be loaded, all at once.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.scenarios``.
    problems : Problems
    """
    check_compared(scenario, "scenarios", problems)
    found = Problems()
    listed_scenarios(scenario, found)
    problems.items += found.items


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of the comparison, see `nbsmodel.run.scenario_tables.scenario_tables`.

    Parameters
    ----------
    job : Job

    Raises
    ------
    InputError
        With the problems of all scenarios that cannot be run.
    """
    from nbsmodel.run.run import evaluate_scenario
    from nbsmodel.run.scenario_tables import Compared, evaluate_all, scenario_tables

    problems = Problems()
    scenarios = {REFERENCE: job.scenario} | listed_scenarios(job.scenario, problems)
    problems.raise_if_any()
    done = iter(range(1, len(scenarios)))

    def evaluate(name: str, scenario: Scenario) -> Result:
        job.step("scenarios", next(done), len(scenarios))
        return evaluate_scenario(scenario, job.runs.threads)

    results = evaluate_all(scenarios, evaluate, {REFERENCE: job.base})
    return scenario_tables(Compared(scenarios, results, REFERENCE))
