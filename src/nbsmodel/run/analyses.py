"""The analyses that a config asks for, in order; each is checked before any of them runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.errors import Problems
from nbsmodel.run import (
    analysis_break_even,
    analysis_budget_impact,
    analysis_evppi,
    analysis_evsi,
    analysis_morris,
    analysis_one_way,
    analysis_pawn,
    analysis_price_surface,
    analysis_psa,
    analysis_qaly_weights,
    analysis_scenarios,
    analysis_sobol,
    analysis_two_way,
    analysis_value_based_price,
)
from nbsmodel.run.psa import Psa, check_psa
from nbsmodel.run.runs import Runs, Step

if TYPE_CHECKING:
    import pandas as pd

    Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Job:
    """What an analysis works with.

    Parameters
    ----------
    scenario : Scenario
    base : Result
        The run at base values.
    runs : Runs
        Runs the scenario at other values.
    psa : Psa or None
        Draws and outcomes of the probabilistic analysis.
    step : callable
        Told what is done, how much of it, and how much there is.
    """

    scenario: Scenario
    base: Result
    runs: Runs
    psa: Psa | None
    step: Step


@dataclass(frozen=True)
class Analysis:
    """An analysis: its key in ``analyses``, how it is checked, how it is made.

    Parameters
    ----------
    key : str
    check : callable
        Notes what is wrong with its block, before anything runs.
    make : callable
        Gives its tables, by file name without the ending.
    """

    key: str
    check: Callable[[Scenario, Problems], None]
    make: Callable[[Job], Tables]


#: In the order in which they are made and reported.
ANALYSES: tuple[Analysis, ...] = (
    Analysis("psa", analysis_psa.check, analysis_psa.make),
    Analysis("evppi", analysis_evppi.check, analysis_evppi.make),
    Analysis("evsi", analysis_evsi.check, analysis_evsi.make),
    Analysis("one_way", analysis_one_way.check, analysis_one_way.make),
    Analysis("two_way", analysis_two_way.check, analysis_two_way.make),
    Analysis("break_even", analysis_break_even.check, analysis_break_even.make),
    Analysis("value_based_price", analysis_value_based_price.check, analysis_value_based_price.make),
    Analysis("price_surface", analysis_price_surface.check, analysis_price_surface.make),
    Analysis("budget_impact", analysis_budget_impact.check, analysis_budget_impact.make),
    Analysis("qaly_weights", analysis_qaly_weights.check, analysis_qaly_weights.make),
    Analysis("sobol", analysis_sobol.check, analysis_sobol.make),
    Analysis("morris", analysis_morris.check, analysis_morris.make),
    Analysis("pawn", analysis_pawn.check, analysis_pawn.make),
    Analysis("scenarios", analysis_scenarios.check, analysis_scenarios.make),
)


def wanted(scenario: Scenario) -> list[Analysis]:
    """Analyses that a scenario switches on."""
    return [analysis for analysis in ANALYSES if getattr(scenario.analyses, analysis.key)]


def check_analyses(scenario: Scenario) -> None:
    """Refuse what an analysis cannot do, before anything runs.

    Raises
    ------
    InputError
        With every problem found.
    """
    problems = Problems()
    if scenario.analyses.psa is not None:
        with problems.gather():
            check_psa(scenario)
    for analysis in wanted(scenario):
        analysis.check(scenario, problems)
    problems.raise_if_any()


def analysis_tables(job: Job) -> Tables:
    """Tables of every analysis that the scenario switches on."""
    tables: Tables = {}
    for analysis in wanted(job.scenario):
        tables |= analysis.make(job)
    return tables
