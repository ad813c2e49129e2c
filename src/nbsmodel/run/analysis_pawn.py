"""PAWN indices of the incremental net benefit, from the draws of the probabilistic analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problems
from nbsmodel.run.global_sensitivity import check_compared, place_of, strategies_compared, threshold_of

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

#: Fewer draws leave slices in which distributions differ by chance alone.
FEWEST = 500


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse too few draws.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.pawn``.
    problems : Problems
    """
    check_compared(scenario, "pawn", problems)
    psa = scenario.analyses.psa
    if psa is not None and psa.file is None:
        _refuse_few(scenario, psa.draws, problems)


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table of the analysis.

    Parameters
    ----------
    job : Job
        With its ``psa``.

    Returns
    -------
    dict of str to DataFrame
        ``pawn``: ``strategy, threshold, factor, label, median, maximum, cv, noise, draws``, the largest median
        first.

    Raises
    ------
    InputError
        When a file of draws holds too few, or too many were refused.
    """
    import pandas as pd

    from nbsmodel.analysis.pawn import pawn_indices

    scenario, asked, psa = job.scenario, job.scenario.analyses.pawn, job.psa
    assert asked is not None and psa is not None
    problems = Problems()
    _refuse_few(scenario, len(psa.sample), problems)
    if problems.items:
        raise InputError(problems.items)
    psa.sample.paired(psa.draws.index.to_numpy())
    rows, threshold = scenario.model.parameters.rows, threshold_of(scenario, asked.threshold)
    names = [name for name in map(str, psa.draws.columns) if name in rows]
    columns = {name: psa.draws[name].to_numpy() for name in names}
    job.step("PAWN indices", 0, 0)
    found = pawn_indices(columns, psa.sample.net_benefit(threshold), psa.sample.comparator, scenario.seed)
    parts = []
    for s, strategy in enumerate(strategies_compared(scenario)):
        part = pd.DataFrame(
            {
                "strategy": strategy,
                "threshold": threshold,
                "factor": names,
                "label": [rows[name].label for name in names],
                "median": found.median[s],
                "maximum": found.maximum[s],
                "cv": found.cv[s],
                "noise": found.noise[s],
                "draws": len(psa.sample),
            }
        )
        parts.append(part.sort_values("median", ascending=False, kind="stable"))
    return {"pawn": pd.concat(parts, ignore_index=True)}


def _refuse_few(scenario: Scenario, draws: int, problems: Problems) -> None:
    if draws < FEWEST:
        found = f"{draws:,} draws are too few: with {FEWEST:,} the smallest slice holds 50."
        problems.add(place_of(scenario, "pawn"), found, f"Ask for at least {FEWEST:,} draws in `psa`.")
