"""Morris' elementary effects on the incremental net benefit."""

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
        With ``analyses.morris``.
    problems : Problems
    """
    from nbsmodel.analysis.global_sensitivity import MORRIS_RANGE

    asked = scenario.analyses.morris
    assert asked is not None
    check_factors(scenario, "morris", np.linspace(*MORRIS_RANGE, asked.levels), problems)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table of the analysis.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict of str to DataFrame
        ``morris``: ``strategy, threshold, factor, label, parameters, mu_star, mu_star_half_width, mu, sigma``
        (the last two empty for parameters that vary together), ``trajectories, levels, evaluations``, the
        largest effect first.
    """
    import pandas as pd

    from nbsmodel.analysis.global_sensitivity import morris_effects

    scenario, asked = job.scenario, job.scenario.analyses.morris
    assert asked is not None
    factors, threshold = factors_of(scenario), threshold_of(scenario, asked.threshold)
    comparator = scenario.model.strategy_names.index(scenario.model.comparator)
    net_benefit = net_benefit_of(job, "morris", "Morris screening, runs", threshold)
    found = morris_effects(factors, net_benefit, comparator, asked.trajectories, asked.levels, scenario.seed)
    parts = []
    for s, strategy in enumerate(strategies_compared(scenario)):
        part = pd.DataFrame(
            {
                "strategy": strategy,
                "threshold": threshold,
                "factor": [f.name for f in factors],
                "label": [label_of(scenario, f) for f in factors],
                "parameters": ["; ".join(varying(scenario, f)) for f in factors],
                "mu_star": found.mu_star[s],
                "mu_star_half_width": found.mu_star_half_width[s],
                "mu": found.mu[s],
                "sigma": found.sigma[s],
                "trajectories": asked.trajectories,
                "levels": asked.levels,
                "evaluations": found.evaluations,
            }
        )
        parts.append(part.sort_values("mu_star", ascending=False, kind="stable"))
    return {"morris": pd.concat(parts, ignore_index=True)}
