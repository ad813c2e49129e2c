"""QALY weights of a scenario: shortfall of affected children, weights, and results with and without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences
from nbsmodel.config.analyses_qaly_weights import NORMS, QalyWeightsSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import Settings
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.cases import cases_only, has_cases
from nbsmodel.model.parts import QALY
from nbsmodel.reference import names, reference
from nbsmodel.run.moved import place_of
from nbsmodel.run.psa import psa_at
from nbsmodel.run.runs import Runs, sample_of

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

Array = Any
KEY = "qaly_weights"
#: Age at which the shipped life tables end.
LIFE = 100
#: Shares of affected births that differ by more than this between strategies are not rounding.
SAME_CASES = 1e-9
#: Years by which the age at which affected children start may differ from the one asked for, a whole number.
SAME_AGE = 1.0
#: Share of a cohort that may be alive when it ends before that age.
FEW = 0.01


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse a model without affected births or a second strategy, another effect, unknown tables and norms."""
    place, model = place_of(scenario, KEY), scenario.model
    if not has_cases(model):
        found = "no branch of the tree has `case: true`, so nothing can be worked out per affected child."
        problems.add(place, found, "Mark the branch of affected births in model.yaml.")
    if len(model.strategies) < 2:
        problems.add(place, "the model has one strategy, so no QALYs are gained.", "Add a strategy to compare with.")
    if scenario.settings.effect != QALY:
        problems.add(place, f"the effect is {scenario.settings.effect}; weights are for QALYs.", "Set `effect: qaly`.")
    patient = model.perspectives[0]
    if patient not in scenario.settings.perspectives:
        found = f"the headline leaves out {patient}, to which the QALYs of affected children belong."
        problems.add(place, found, f"Add {patient} to `perspectives` in settings.")
    asked = scenario.analyses.qaly_weights
    assert asked is not None
    horizon, needed = scenario.settings.horizon, LIFE - asked.age
    if horizon is not None and horizon < needed:
        found = f"the horizon of {float(horizon):g} years ends before life does; shortfall is of whole lives."
        problems.add(place, found, f"Leave `horizon` out of the settings, or let it be {needed} years or more.")
    tables = [name for name in names() if "qx_female" in reference(name).columns]
    if asked.life_table not in tables:
        found = f"there is no shipped life table {asked.life_table}."
        problems.add(f"{place}.life_table", found, nearest(asked.life_table, tables))
    norms = [c.removesuffix("_female") for c in reference(NORMS).columns if c.endswith("_female")]
    if asked.norm not in norms:
        found = f"there is no shipped utility norm {asked.norm}."
        problems.add(f"{place}.norm", found, nearest(asked.norm, norms))


def expectancy(asked: QalyWeightsSchema) -> float:
    """QALYs of the general population from the start age on, discounted at the rate of the shortfall."""
    from nbsmodel.analysis.life_table import population_qale
    from nbsmodel.model.tables import reference_table

    norms = reference_table(NORMS).columns
    by_sex = {sex: norms[f"{asked.norm}_{sex}"] for sex in ("female", "male")}
    life_table = reference_table(asked.life_table).columns
    found = population_qale(life_table, by_sex, asked.rate, asked.age, 1 - asked.female_share, asked.timing)
    return float(found)


@dataclass(frozen=True)
class Affected:
    """Of affected children, a row a draw.

    Parameters
    ----------
    comparator : array (draw,)
        QALYs per child under the comparator, discounted at the rate of the shortfall.
    by_strategy : array (draw, strategy)
        The same under every strategy.
    lifetime : array (draw, strategy)
        Undiscounted QALYs gained per child against the comparator.
    inc_cost, inc_affected, inc_others : array (draw, strategy)
        Against the comparator, per unit of the basis and discounted as the scenario does: cost, QALYs of affected
        children, QALYs of everybody else.
    """

    comparator: Array
    by_strategy: Array
    lifetime: Array
    inc_cost: Array
    inc_affected: Array
    inc_others: Array


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables ``qaly_weights`` (weights) and ``qaly_weights_results`` (results unweighted and weighted).

    Weights are those of base values; over the draws of a probabilistic analysis each draw has its own.

    Raises
    ------
    InputError
        When nobody has the condition, strategies differ in how many do, or a cohort of affected children begins at
        another age or ends before their lives do.
    """
    import pandas as pd

    scenario = job.scenario
    asked = scenario.analyses.qaly_weights
    assert asked is not None
    share = job.base.case_probability()[0]
    place = place_of(scenario, KEY)
    if not share.any():
        raise InputError([Problem(place, "nobody is born with the condition.", "Check its birth prevalence.")])
    if np.ptp(share) > SAME_CASES * share.max():
        found = "strategies differ in the share of births with the condition, so children cannot be compared."
        raise InputError([Problem(place, found, "Mark as a case what screening does not change.")])
    _check_lives(job, asked, place)
    without = expectancy(asked)
    base = _affected(job, sample_of(job.base), drawn=False)
    drawn = None if job.psa is None else _affected(job, job.psa.sample, drawn=True)
    weights, results = [], []
    for s, strategy in enumerate(scenario.model.strategy_names):
        if strategy == scenario.model.comparator:
            continue
        names_ = {"strategy": strategy, "against": scenario.model.comparator}
        weights.append(names_ | _weights(asked, without, base, drawn, s))
        results += [names_ | row for row in _results(scenario, asked, without, base, drawn, s)]
    return {KEY: pd.DataFrame(weights), f"{KEY}_results": pd.DataFrame(results)}


def _check_lives(job: Job, asked: QalyWeightsSchema, place: str) -> None:
    """Refuse cohorts of affected children that begin at another age than the shortfall, or end before life does."""
    problems, base = Problems(), job.base
    for name, cohort in cases_only(job.scenario.model).cohorts.items():
        begins = np.ravel(np.asarray(base.values.value(cohort.start_age.node), dtype=float))
        other = begins[np.abs(begins - asked.age) >= SAME_AGE]
        if len(other):
            found = f"children enter the cohort {name} at age {other[0]:g}; QALYs are expected from {asked.age}."
            problems.add(f"{place}.age", found, "Both groups are valued from one age: give that of the model.")
        trace = base.trace(name)
        entered, alive = trace[:, :, 0].sum(axis=-1), trace[:, :, -1, [not s.dead for s in cohort.states]].sum(axis=-1)
        ends = float(begins.max()) + float(base.grids[name].times[-1])
        if ends < LIFE - SAME_AGE and (alive > FEW * entered).any():
            share = float((alive[entered > 0] / entered[entered > 0]).max())
            found = f"the cohort {name} ends at age {ends:g} with {share:.0%} alive; shortfall is of whole lives."
            problems.add(place, found, "Let the cohort run until age 100.")
    problems.raise_if_any()


def _weights(
    asked: QalyWeightsSchema, without: float, base: Affected, drawn: Affected | None, s: int
) -> dict[str, Any]:
    from nbsmodel.analysis.qaly_weights import cut_offs, draw_summary, rare_weight, shortfall, weight_shares

    short = shortfall(without, base.comparator[0])
    at = cut_offs(without)
    row: dict[str, Any] = {
        "life_table": asked.life_table, "norm": asked.norm, "female_share": asked.female_share, "age": asked.age,
        "rate": asked.rate, "timing": asked.timing, "qale": without, "qaly_comparator": base.comparator[0],
        "qaly_strategy": base.by_strategy[0, s], "absolute_shortfall": float(short.absolute),
        "proportional_shortfall": float(short.proportional), "weight_absolute": float(short.weight_absolute),
        "weight_proportional": float(short.weight_proportional), "severity_weight": float(short.weight),
        **{f"qaly_for_{w:g}": q for w, q in at.items()},
        "inc_qaly_lifetime": base.lifetime[0, s], "hst_weight": float(rare_weight(base.lifetime[0, s])),
    }  # fmt: skip
    if drawn is None:
        return row
    short = shortfall(without, drawn.comparator)
    row |= {"draws": len(drawn.comparator)} | draw_summary("qaly_comparator", drawn.comparator)
    row |= {f"share_weight_{w:g}": share for w, share in weight_shares(short.weight).items()}
    return (
        row
        | draw_summary("severity_weight", short.weight)
        | draw_summary("hst_weight", rare_weight(drawn.lifetime[:, s]))
    )


def _results(
    scenario: Scenario, asked: QalyWeightsSchema, without: float, base: Affected, drawn: Affected | None, s: int
) -> list[dict[str, Any]]:
    from nbsmodel.analysis.qaly_weights import RARE, SEVERITY, UNWEIGHTED, draw_summary, weighted, weighted_rows

    beside = tuple(scenario.settings.thresholds)
    both = tuple(dict.fromkeys((*beside, float(asked.hst_threshold))))
    thresholds = {UNWEIGHTED: both, SEVERITY: beside, RARE: (float(asked.hst_threshold),)}
    increments = {
        "cost": float(base.inc_cost[0, s]), "affected": float(base.inc_affected[0, s]),
        "others": float(base.inc_others[0, s]),
    }  # fmt: skip
    rows = weighted_rows(increments, {k: float(w[0]) for k, w in _kinds(without, base, s).items()}, thresholds)
    if drawn is None:
        return rows
    kinds = _kinds(without, drawn, s)
    for row in rows:
        gained = weighted(drawn.inc_affected[:, s], drawn.inc_others[:, s], kinds[row["weighting"]])
        inmb = row["threshold"] * gained - drawn.inc_cost[:, s]
        row |= draw_summary("inmb", inmb) | {"probability": float(np.mean(inmb > 0))}
    return rows


def _kinds(without: float, affected: Affected, s: int) -> dict[str, Array]:
    """Weight of every draw, by kind."""
    from nbsmodel.analysis.qaly_weights import RARE, SEVERITY, UNWEIGHTED, rare_weight, shortfall

    severity = np.asarray(shortfall(without, affected.comparator).weight, dtype=float)
    return {UNWEIGHTED: np.ones_like(severity), SEVERITY: severity, RARE: rare_weight(affected.lifetime[:, s])}


def _affected(job: Job, total: Sample, drawn: bool) -> Affected:
    """Affected children over the draws (or at base values), from the same draws as the totals."""
    scenario = job.scenario
    asked = scenario.analyses.qaly_weights
    assert asked is not None

    def run(rate: float | None) -> Sample:
        alone = _cases_scenario(scenario, rate)
        work = replace(job, scenario=alone, runs=Runs(alone, job.runs.threads))
        if drawn:
            job.step("QALY weights over the draws", 0, 0)
            return psa_at(work, {})
        name, value = next(iter(work.runs.values.items()))
        return work.runs.at({name: np.full(1, value)})

    rate = float(asked.rate)
    ours, lifetime = run(None), run(0.0)
    valued = ours if scenario.settings.schedule("outcomes") == ((0.0, rate),) else run(rate)
    assert valued.cases is not None
    some = valued.cases > 0  # a draw without affected births has no affected child
    per_child = valued.cases[some, None]
    base = total.comparator
    by_strategy = valued.outcomes[QALY][some] / per_child
    lived = lifetime.outcomes[QALY][some] / per_child

    def gained(values: Array) -> Array:
        return values[some] - values[some][:, [base]]

    affected = gained(ours.outcomes[QALY])
    return Affected(
        comparator=by_strategy[:, base], by_strategy=by_strategy, lifetime=lived - lived[:, [base]],
        inc_cost=gained(total.cost), inc_affected=affected, inc_others=differences(gained(total.effect), affected),
    )  # fmt: skip


def _cases_scenario(scenario: Scenario, rate: float | None) -> Scenario:
    """The scenario with affected children alone, the patient's QALYs alone, and outcomes at another rate."""
    model = cases_only(scenario.model)
    settings: dict[str, Any] = scenario.settings.as_written() | {"perspectives": [model.perspectives[0]]}
    if rate is not None:
        settings["discount_rate_outcomes"] = rate
    longest = max((sum(s.length * s.count for s in c.stretches) for c in model.cohorts.values()), default=None)
    horizon = scenario.settings.horizon
    if horizon is not None and longest is not None and horizon > longest:  # a longer cohort of others is left out
        settings["horizon"] = None
    return replace(scenario, model=model, settings=Settings(**settings))
