"""Sobol' indices of the incremental net benefit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems
from nbsmodel.run.global_sensitivity import (
    check_factors,
    factors_of,
    label_of,
    net_benefit_of,
    strategies_compared,
    threshold_of,
    varying,
)

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse distributions that leave the range of their unit, and a model without any.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.sobol``.
    problems : Problems
    """
    asked = scenario.analyses.sobol
    assert asked is not None
    n = 2 * asked.base_samples
    check_factors(scenario, "sobol", (np.arange(n) + 0.5) / n, problems)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of the analysis.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        ``sobol``: ``strategy, threshold, factor, label, parameters, s1, s1_half_width, st, st_half_width,
        base_samples, evaluations``, the largest total index first. ``sobol_summary``: ``strategy, threshold,
        factors, mean, sd`` (of the increment), ``s1_sum, s1_sum_half_width, base_samples, evaluations``.
        ``sobol_pairs``, with second order: ``strategy, threshold, factor, other, s2, s2_half_width``.
    """
    import pandas as pd

    from nbsmodel.analysis.global_sensitivity import sobol_indices

    scenario, asked = job.scenario, job.scenario.analyses.sobol
    assert asked is not None
    factors, threshold = factors_of(scenario), threshold_of(scenario, asked.threshold)
    comparator = scenario.model.strategy_names.index(scenario.model.comparator)
    net_benefit = net_benefit_of(job, "sobol", "Sobol' indices, runs", threshold)
    found = sobol_indices(factors, net_benefit, comparator, asked.base_samples, scenario.seed, asked.second_order)
    names = [f.name for f in factors]
    size = {"base_samples": asked.base_samples, "evaluations": found.evaluations}
    parts, summary, pairs = [], [], []
    for s, strategy in enumerate(strategies_compared(scenario)):
        front = {"strategy": strategy, "threshold": threshold}
        part = pd.DataFrame(
            {
                **front,
                "factor": names,
                "label": [label_of(scenario, f) for f in factors],
                "parameters": ["; ".join(varying(scenario, f)) for f in factors],
                "s1": found.first[s],
                "s1_half_width": found.first_half_width[s],
                "st": found.total[s],
                "st_half_width": found.total_half_width[s],
                **size,
            }
        )
        parts.append(part.sort_values("st", ascending=False, kind="stable"))
        of_sum = {"s1_sum": found.first_sum[s], "s1_sum_half_width": found.first_sum_half_width[s]}
        spread = {"factors": len(factors), "mean": found.mean[s], "sd": found.sd[s]}
        summary.append({**front, **spread, **of_sum, **size})
        if found.second is not None and found.second_half_width is not None:
            for i, j in zip(*np.triu_indices(len(factors), 1), strict=True):
                two = {"s2": found.second[s, i, j], "s2_half_width": found.second_half_width[s, i, j]}
                pairs.append({**front, "factor": names[i], "other": names[j], **two})
    tables = {"sobol": pd.concat(parts, ignore_index=True), "sobol_summary": pd.DataFrame(summary)}
    if asked.second_order:
        columns = ["strategy", "threshold", "factor", "other", "s2", "s2_half_width"]
        tables["sobol_pairs"] = pd.DataFrame(pairs, columns=columns)
    return tables
