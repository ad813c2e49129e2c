"""Expected net benefit of sampling: what a study is worth once it is paid for and waited for.

``ENBS = EVSI * births after it reports - cost - births until then * (E[NB of the best strategy] - E[NB of what
they get])``. Births are those of the horizon, discounted; the alternative without a study is that all births
get the strategy which is best on average now. Willan and Pinto (2005), Stat Med 24:1791-1806; Eckermann and Willan
(2007), Health Econ 16:195-209; McKenna and Claxton (2011), Med Decis Making 31:853-865.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Study:
    """What a study costs, and what newborns get until it reports.

    Parameters
    ----------
    years : float
        Until it reports.
    during, after : float
        Years of births until it reports, and from then to the end of the horizon, discounted.
    cost : float
        Paid at its beginning; nan when nobody says.
    meanwhile : mapping of str to float
        Share of births that get each strategy until it reports; the rest gets the comparator.
    """

    years: float
    during: float
    after: float
    cost: float = np.nan
    meanwhile: Mapping[str, float] = field(default_factory=dict)

    def waiting(self, strategies: Sequence[str], comparator: int, decision: int) -> Array:
        """What a birth until it reports loses, as weights of the expected net benefits of the strategies."""
        weights = np.zeros(len(strategies))
        for strategy, share in self.meanwhile.items():
            weights[strategies.index(strategy)] -= share
        weights[comparator] -= 1 - sum(self.meanwhile.values())
        weights[decision] += 1
        return weights


@dataclass(frozen=True)
class NetBenefit:
    """Net benefit of a study at a threshold, in money."""

    delay_cost: float
    net_benefit: float


def net_benefit_of_sampling(evsi: float, increments: Array, waiting: Array, study: Study, births: float) -> NetBenefit:
    """Net benefit of a study.

    Parameters
    ----------
    evsi : float
        Per birth.
    increments : array (strategy,)
        Expected net benefit of each strategy less that of the comparator, per birth.
    waiting : array (strategy,)
        From `Study.waiting`.
    study : Study
    births : float
        A year.
    """
    delay = births * study.during * float(waiting @ increments)
    return NetBenefit(delay, births * study.after * evsi - study.cost - delay)
