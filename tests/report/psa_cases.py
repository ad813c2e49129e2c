"""Reports on probabilistic analyses whose draws are made by hand, on shipped models."""

from __future__ import annotations

import dataclasses as dc

import numpy as np
import pandas as pd
from figure_checks import _run
from scipy.special import ndtri

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.analyses import Analyses
from nbsmodel.numerics.random import uniforms
from nbsmodel.run import analysis_psa
from nbsmodel.run.analyses import Job
from nbsmodel.run.psa import Psa
from nbsmodel.run.runs import Runs, sample_of, silent


def normals(name, *shape):
    """Standard normal numbers of a keyed stream."""
    return ndtri(uniforms(1, "tests", name, int(np.prod(shape)))).reshape(shape)


def around(base, draws, spread=0.2):
    """Draws around a run at base values: every total of every strategy varies by itself."""

    def vary(name, values):
        return values * (1 + spread * normals(name, draws, values.shape[1]))

    outcomes = {name: vary(name, values) for name, values in base.outcomes.items()}
    effect = next(name for name, values in base.outcomes.items() if values is base.effect)
    return dc.replace(
        base, outcomes=outcomes, cost=outcomes["cost"], effect=outcomes[effect], draws=np.arange(draws),
        births=None if base.births is None else np.repeat(base.births, draws),
        cases=None if base.cases is None else np.repeat(base.cases, draws) * (1 + 0.1 * normals("cases", draws)),
    )  # fmt: skip


def analysed(model, draws=1500, change=None, refused=None, drawn=None, settings=None, psa=None):
    """Scenario and tables of a shipped model with a probabilistic analysis.

    `change` turns the sample into another; `refused` is a list of rows (cause, kind, refused, ...); `drawn` are
    the alternatives of the draws, repeated; `psa` is the block of the config.
    """
    output = _run(model)
    analyses = Analyses.model_validate({"psa": psa or {}})
    scenario = dc.replace(output.scenario, analyses=analyses)
    if settings:
        scenario = dc.replace(scenario, settings=scenario.settings.model_copy(update=settings))
    sample: Sample = around(sample_of(output.result), draws)
    if change is not None:
        sample = change(sample)
    columns = ["cause", "kind", "refused", "share", "lowest", "highest", "allowed", "first_draw"]
    table = pd.DataFrame(refused or [], columns=columns)
    frame = pd.DataFrame(index=pd.Index(sample.draws, name="draw"))
    if drawn is not None:
        frame["alternative"] = np.resize(drawn, len(sample))
    asked = len(sample) + int(table["refused"].sum())
    made = Psa(frame, sample, asked, table, None, None)  # type: ignore[arg-type]
    job = Job(scenario, output.result, Runs(scenario), made, silent)
    return scenario, output.tables | analysis_psa.make(job)


def with_values(cost, effect):
    """A change of a sample: costs and effects by strategy, from functions of the old ones."""

    def change(sample):
        costs, effects = cost(sample.cost), effect(sample.effect)
        name = next(n for n, values in sample.outcomes.items() if values is sample.effect)
        return dc.replace(
            sample, cost=costs, effect=effects, outcomes=dict(sample.outcomes) | {"cost": costs, name: effects}
        )

    return change
