"""Budget impact over the draws of the probabilistic analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_budget import BudgetImpactSchema
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.model.parts import COST
from nbsmodel.run.psa import ALTERNATIVE
from nbsmodel.run.psa_evaluate import alternatives_of

if TYPE_CHECKING:
    from nbsmodel.analysis.contrast import Pair
    from nbsmodel.run.analyses import Job

Array = Any

PSA_COLUMNS = [
    "strategy", "against", "year", "draws", "mean", "se", "low95", "high95", "cumulative", "cumulative_low95",
    "cumulative_high95", "above_test",
]  # fmt: skip

ENDS = (0.025, 0.975)
#: Draws evaluated in one go.
PART = 2_000


def results_by_year(job: Job, years: int, text: str) -> Iterator[tuple[Array, Result]]:
    """Results of the draws that were not refused, a part at a time.

    Parameters
    ----------
    job : Job
        With its ``psa``.
    years : int
    text : str
        What is being done, for the progress bar.

    Yields
    ------
    places : int array (part,)
        Rows of ``job.psa.draws`` that the result holds.
    result : Result
    """
    assert job.psa is not None
    scenario, draws = job.scenario, job.psa.draws
    every = np.arange(len(draws))
    done = 0
    for alternative in alternatives_of(scenario):
        mine = every[(draws[ALTERNATIVE] == alternative.name).to_numpy()] if ALTERNATIVE in draws else every
        for first in range(0, len(mine), PART):
            places = mine[first : first + PART]
            job.step(f"{text}: draws", done, len(draws))
            drawn = {
                str(name): draws[name].to_numpy(dtype=float)[places]
                for name in draws
                if name != ALTERNATIVE and name not in alternative.overrides
            }
            base = {k: v for k, v in scenario.overrides.items() if k not in drawn} | dict(alternative.overrides)
            if not drawn:  # the alternative fixes all: one parameter at its own value says how many draws there are
                name, row = next(iter(scenario.model.parameters.rows.items()))
                drawn = {name: np.full(len(places), base.pop(name, row.value))}
            options = {**scenario.choices, **alternative.choices}
            yield places, evaluate(
                scenario.model, drawn, scenario.settings, base=base, options=options, threads=job.runs.threads,
                years=years,
            )  # fmt: skip
            done += len(places)


def draw_rows(job: Job, asked: BudgetImpactSchema, text: str) -> Iterator[list[Any]]:
    """Net difference of each year over the draws: mean with its error, and 95% interval."""
    from nbsmodel.analysis.budget_impact import flow
    from nbsmodel.analysis.contrast import pairs_of

    assert job.psa is not None
    model, headline = job.scenario.model, job.scenario.settings.perspectives
    pairs = pairs_of(model.strategy_names, model.comparator, asked.strategy)
    found = np.zeros((len(pairs), len(job.psa.draws), asked.years))
    for places, result in results_by_year(job, asked.years, text):
        costs = [a for a in result.by_year if a.outcome == COST and a.perspective in headline]
        whole = sum((result.by_year[a] for a in costs), np.zeros((result.draws, len(result.strategies), asked.years)))
        births = np.ones(asked.years) if asked.births is None else np.array(asked.births.over(asked.years))
        scale = result.births[:, None] if asked.births is None and result.births is not None else 1.0
        for p, pair in enumerate(pairs):
            new, old = (whole[:, result.strategies.index(s)] for s in (pair.strategy, pair.against))
            share = np.array(asked.shares(pair.strategy).over(asked.years))
            found[p, places] = scale * flow(new, old, births, share).difference
    for p, pair in enumerate(pairs):
        found[p] += _fixed(asked, pair.strategy, headline)
        yield from _intervals(pair, found[p], asked)


def _fixed(asked: BudgetImpactSchema, strategy: str, payers: list[str]) -> Array:
    """Set-up costs of a strategy that fall on some payers, by year."""
    from nbsmodel.analysis.budget_impact import fixed_costs

    due = [(c.amount, c.years) for c in asked.set_up if strategy in c.strategies and c.payer in payers]
    return fixed_costs(due, asked.years)


def _intervals(pair: Pair, found: Array, asked: BudgetImpactSchema) -> Iterator[list[Any]]:
    n, so_far = len(found), np.cumsum(found, axis=1)
    for k in range(found.shape[1]):
        year, sums = found[:, k], so_far[:, k]
        limit = asked.test.amount if asked.test is not None and k < asked.tested_years else np.nan
        above = float((year > limit).mean()) if limit == limit else np.nan
        yield [
            pair.strategy, pair.against, k + 1, n, year.mean(), year.std(ddof=1) / np.sqrt(n),
            *np.quantile(year, ENDS), sums.mean(), *np.quantile(sums, ENDS), above,
        ]  # fmt: skip
