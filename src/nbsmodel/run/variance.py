"""How much of the spread between draws is simulation, and how many children would be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import decompose

if TYPE_CHECKING:
    import pandas as pd

#: Share of the variance that simulation may bring about without being noticed.
NOISE = 0.05


def simulation_variance(result: Result, threshold: float | None = None) -> pd.DataFrame:
    """Variance of a simulation over draws, split into parameters and simulation.

    Parameters
    ----------
    result : Result
        Of ``evaluate(model, draws, engine="microsimulation")``.
    threshold : float, optional
        Of the net monetary benefit; the first of the settings by default.

    Returns
    -------
    DataFrame
        A row for the increments of cost, effect and net benefit of every strategy against the
        comparator. Columns ``strategy, quantity, mean, variance`` (between draws), ``simulation`` (share
        of it that simulation brings about), ``individuals`` (per draw), ``individuals_5_percent`` (at
        which that share is 5%) and ``individuals_worthwhile`` (per draw, best for the work when draws are
        many). After O'Hagan, Stevenson and Madan (2007), Health Economics 16:1009-1023.
    """
    error = result.simulation
    if error is None or result.draws < 2:
        raise ValueError("the split needs children simulated over several draws: engine='microsimulation' and draws")
    effect = result.settings.effect
    threshold = result.settings.thresholds[0] if threshold is None else threshold
    cost, gained = result.by_strategy("cost"), result.by_strategy(effect)
    base = error.comparator
    rows = []
    for s, strategy in enumerate(result.strategies):
        if s == base:
            continue
        more, better = cost[:, s] - cost[:, base], gained[:, s] - gained[:, base]
        of_cost = -error.net_benefit_weights(effect, 0.0, s, base)
        of_effect = error.net_benefit_weights(effect, 1.0, s, base) + of_cost
        quantities = {
            "cost": (more, of_cost),
            effect: (better, of_effect),
            f"inmb_{threshold:g}": (threshold * better - more, threshold * of_effect - of_cost),
        }
        for name, (values, weights) in quantities.items():
            found = decompose(name, values, error, weights)
            enough, best = found.individuals_for(NOISE), found.worthwhile
            row = [strategy, name, float(values.mean()), found.total, found.noise]
            rows.append([*row, found.individuals, enough, best])
    columns = [
        "strategy", "quantity", "mean", "variance", "simulation", "individuals", "individuals_5_percent",
        "individuals_worthwhile",
    ]  # fmt: skip
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    return pd.DataFrame(rows, columns=columns)
