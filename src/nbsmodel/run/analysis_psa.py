"""Decision measures of the probabilistic analysis: from its draws to the tables of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.model.parts import Branch

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.psa_summary import Key
    from nbsmodel.analysis.sample import Sample
    from nbsmodel.engine.result import Result
    from nbsmodel.run.analyses import Job

#: End of the acceptability curve when a config does not say: this many times the largest threshold.
BEYOND = 2.5


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse what cannot be told of the draws; the draws themselves are checked where they are made.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.psa``.
    problems : Problems
        Receives what is wrong.
    """
    psa, model = scenario.analyses.psa, scenario.model
    assert psa is not None
    place = scenario.places.get("analyses.psa", "analyses.psa")
    if psa.precision is not None:
        per, basis, cases = psa.precision.inmb.per, model.about["basis"], _cases(model.tree)
        if per != basis and not (per == "case" and cases):
            found = (
                "the model marks no birth as a case." if per == "case" else f"results are per {basis}, not per {per}."
            )
            fix = f"Write per {basis}{', or per case for a child with the condition' if cases else ''}."
            problems.add(f"{place}.precision", found, fix)
    last = max(scenario.settings.thresholds)
    if psa.ceac_to is not None and psa.ceac_to < last:
        found = f"the acceptability curve would end at {psa.ceac_to:g}, below the threshold of {last:g}."
        problems.add(f"{place}.ceac_to", found, f"Write at least {last:g}, or leave it out for {BEYOND * last:g}.")
    if "population" in scenario.analyses_given and model.births is None:
        found = "the model does not say how many births there are a year, so there is no population."
        fix = "Add `births_per_year` to model.yaml, or leave `population` out."
        problems.add(scenario.places["analyses.population"], found, fix)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of the probabilistic analysis.

    Parameters
    ----------
    job : Job
        With its ``psa``.

    Returns
    -------
    dict of str to DataFrame
        ``psa_summary, psa_cea, quadrants, psa_cloud, psa_points, ceac, evpi, psa_convergence,
        psa_precision, psa_run, psa_refused``, and ``psa_alternatives`` where structural alternatives were drawn.
    """
    from nbsmodel.analysis import acceptability, alternatives, convergence, plane_cloud, psa_summary
    from nbsmodel.run.runs import sample_of

    assert job.psa is not None and job.scenario.analyses.psa is not None
    scenario, sample, asked = job.scenario, job.psa.sample, job.scenario.analyses.psa
    thresholds, model = scenario.settings.thresholds, scenario.model
    to = BEYOND * max(thresholds) if asked.ceac_to is None else asked.ceac_to
    grid = acceptability.threshold_grid(thresholds, to, asked.ceac_steps)
    tables = {
        "psa_run": run_table(job),
        "psa_summary": psa_summary.summary_table(
            sample, sample_of(job.base), thresholds, model.about["basis"], base_errors(job.base)
        ),
        "psa_cea": psa_summary.frontier_table(sample, scenario.settings.effect),
        "quadrants": plane_cloud.quadrant_table(sample),
        "psa_cloud": plane_cloud.cloud_table(sample),
        "psa_points": plane_cloud.point_table(sample),
        "ceac": acceptability.acceptability_table(sample, grid),
        "evpi": acceptability.evpi_table(sample, grid, decision_years(scenario)),
        "psa_convergence": convergence.convergence_table(sample, thresholds),
        "psa_precision": convergence.precision_table(
            sample, thresholds, _inmb_within(scenario, sample), asked.probability_within
        ),
        "psa_refused": job.psa.refused,
    }
    if "alternative" in job.psa.draws:
        drawn = job.psa.draws["alternative"].to_numpy()
        tables["psa_alternatives"] = alternatives.alternative_table(sample, drawn, thresholds)
    return tables


def run_table(job: Job) -> pd.DataFrame:
    """How the draws were made: one row.

    Returns
    -------
    DataFrame
        Columns ``asked, draws`` (without those refused), ``sampling`` (``file`` for external draws),
        ``seed, individuals`` (simulated in each draw, 0 in a cohort model), ``population_years`` (years of
        births, discounted; nan without a population), ``cases`` and ``births`` (means over the draws).
    """
    import numpy as np
    import pandas as pd

    from nbsmodel.analysis.estimates import mean

    assert job.psa is not None and job.scenario.analyses.psa is not None
    sample, years = job.psa.sample, decision_years(job.scenario)
    row = {
        "asked": job.psa.asked,
        "draws": len(sample),
        "sampling": "file" if job.scenario.analyses.psa.file is not None else job.scenario.analyses.psa.sampling,
        "seed": job.scenario.seed,
        "individuals": job.scenario.individuals if job.scenario.simulated else 0,
        "population_years": np.nan if years is None else years,
        "cases": np.nan if sample.cases is None else float(mean(sample.cases)),
        "births": np.nan if sample.births is None else float(mean(sample.births)),
    }
    return pd.DataFrame([row])


def base_errors(base: Result) -> dict[Key, float]:
    """Standard errors of the run at base values, as the summary asks for them; none where no child is simulated."""
    if base.simulation is None:
        return {}
    from nbsmodel.analysis.psa_summary import NHB, NMB
    from nbsmodel.run.simulation_tables import simulation_table

    errors: dict[Key, float] = {}
    for row in simulation_table(base).to_dict("records"):
        for against, name in (("", "se"), (base.model.comparator, "increment_se")):
            if row[name] == row[name]:
                outcome, threshold = row["outcome"], row["threshold"]
                if outcome == NMB:
                    errors[row["strategy"], against, NHB, threshold] = row[name] / threshold
                errors[row["strategy"], against, outcome, threshold if outcome == NMB else None] = row[name]
    return errors


def decision_years(scenario: Scenario) -> float | None:
    """Years of births that a decision stands for, discounted; None for a model without births.

    Discounted at the rate of ``population``, by default as costs are.
    """
    from nbsmodel.analysis.population import effective_population

    if scenario.model.births is None:
        return None
    population = scenario.analyses.population
    rate = population.discount_rate
    return effective_population(
        1.0, float(population.horizon), scenario.settings.schedule("costs") if rate is None else rate
    )


def _inmb_within(scenario: Scenario, sample: Sample) -> float | None:
    """Wanted half-width per unit of the basis."""
    from nbsmodel.analysis.estimates import mean

    psa = scenario.analyses.psa
    if psa is None or psa.precision is None:
        return None
    wanted = psa.precision.inmb
    if wanted.per != "case":
        return wanted.inmb
    assert sample.cases is not None  # checked before anything ran
    return wanted.inmb * float(mean(sample.cases))


def _cases(branches: Iterable[Branch]) -> bool:
    return any(branch.case or _cases(branch.branches) for branch in branches)
