"""What a run of a model gives: outcomes by strategy and draw, and more for base values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine.detail import Detail
from nbsmodel.engine.payoff_sums import EVERY_PERSPECTIVE
from nbsmodel.engine.simulation import SimulationError
from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.errors import nearest
from nbsmodel.formula.order import needed_by
from nbsmodel.formula.tree import names
from nbsmodel.model.parts import Account, Branch, Model

if TYPE_CHECKING:
    import pandas as pd

Array = Any


@dataclass(frozen=True)
class LeafResult:
    """A leaf of the tree: its path, probability and branch payoffs, each (draw, strategy)."""

    path: tuple[Branch, ...]
    probability: Array
    payoffs: dict[str, Array]


@dataclass(frozen=True)
class Result:
    """Outcomes of a model over draws.

    Parameters
    ----------
    model : Model
    settings : Settings
    draws : int
        Number of draws; 1 for a run at base values.
    sums : dict of (Account, discounted) to array (draw, strategy)
        Per unit of the model's basis.
    leaves : tuple of LeafResult
    traces : dict of str to array (draw, strategy, row, state)
        By cohort, when kept; occupancy as a share of the tree's population.
    grids : dict of str to TimeGrid
    details : dict of str to Detail
        By cohort, when asked for.
    births : array (draw,) or None
        Births a year.
    values : mapping of str to array
        Parameters and derived values of the tree level, for quoting in tables.
    tree_sums : dict of (outcome, discounted) to array (draw, strategy)
        The part of the headline totals that was booked on branches of the tree.
    by_year : dict of Account to array (draw, strategy, year)
        Undiscounted amounts by completed year since the start of the tree, for as many years as were asked for.
    bytes_per_draw : int
        Estimate of the working memory, made before the run.
    simulation : SimulationError or None
        The error of simulation, when children were simulated.
    """

    model: Model
    settings: Settings
    draws: int
    sums: dict[tuple[Account, bool], Array]
    leaves: tuple[LeafResult, ...]
    traces: dict[str, Array]
    grids: dict[str, TimeGrid]
    details: dict[str, Detail]
    births: Array | None
    values: Any
    tree_sums: dict[tuple[str, bool], Array] = field(default_factory=dict)
    by_year: dict[Account, Array] = field(default_factory=dict)
    bytes_per_draw: int = 0
    simulation: SimulationError | None = None

    @property
    def strategies(self) -> tuple[str, ...]:
        """Strategy names, in the order of the strategy axis."""
        return self.model.strategy_names

    def accounts(self, perspectives: Sequence[str] | None = None) -> list[Account]:
        """Accounts in a fixed order, of the headline perspectives unless others are named."""
        wanted = (*(perspectives or self.settings.perspectives), EVERY_PERSPECTIVE)
        found = {account for account, _ in self.sums if account.perspective in wanted}
        order = list(self.model.outcomes)
        return sorted(found, key=lambda a: (order.index(a.outcome), a.perspective, a.component))

    def by_strategy(
        self,
        outcome: str,
        discounted: bool = True,
        component: str | None = None,
        perspectives: Sequence[str] | None = None,
    ) -> Array:
        """Totals of an outcome over the headline perspectives unless others are named, (draw, strategy)."""
        total = np.zeros((self.draws, len(self.strategies)))
        for account in self.accounts(perspectives):
            if account.outcome == outcome and component in (None, account.component):
                total = total + self.sums.get((account, discounted), 0.0)
        return total

    def total(self, outcome: str, strategy: str, discounted: bool = True, component: str | None = None) -> Array:
        """Total of an outcome for one strategy.

        Parameters
        ----------
        outcome, strategy : str
        discounted : bool
        component : str, optional
            Only this component.

        Returns
        -------
        array (draw,)

        Raises
        ------
        KeyError
            Unknown outcome or strategy, with the nearest name.
        """
        if outcome not in self.model.outcomes:
            raise KeyError(f"no outcome is named {outcome}. {nearest(outcome, self.model.outcomes)}")
        if strategy not in self.strategies:
            raise KeyError(f"no strategy is named {strategy}. {nearest(strategy, self.strategies)}")
        return self.by_strategy(outcome, discounted, component)[:, self.strategies.index(strategy)]

    def states(self, cohort: str) -> tuple[str, ...]:
        """State names of a cohort, in the order of the state axis."""
        return self.model.cohorts[cohort].state_names

    def trace(self, cohort: str) -> Array:
        """Occupancy (draw, strategy, row, state); needs ``keep_trace=True``."""
        if cohort not in self.traces:
            raise KeyError(f"no trace of {cohort} was kept; evaluate with keep_trace=True")
        return self.traces[cohort]

    def paths(self) -> pd.DataFrame:
        """Leaves of the tree: strategy, path, class, probability and probability times branch payoffs.

        Means over draws; payoffs are undiscounted.
        """
        import pandas as pd  # takes a third of a second to load, which a run without tables need not spend

        outcomes = [o for o in self.model.outcomes if any(o in leaf.payoffs for leaf in self.leaves)]
        rows = []
        for s, strategy in enumerate(self.strategies):
            for leaf in self.leaves:
                row = {
                    "strategy": strategy,
                    "path": " > ".join(b.name for b in leaf.path),
                    "class": leaf_class(leaf.path) or "",
                    "probability": leaf.probability[:, s].mean(),
                }
                for outcome in outcomes:
                    paid = leaf.payoffs.get(outcome)
                    row[outcome] = 0.0 if paid is None else (leaf.probability * paid)[:, s].mean()
                rows.append(row)
        return pd.DataFrame(rows, columns=["strategy", "path", "class", "probability", *outcomes])

    def class_probability(self, name: str) -> Array:
        """Probability of a screening class, (draw, strategy)."""
        return self._sum_leaves(lambda path: leaf_class(path) == name)

    def case_probability(self) -> Array:
        """Probability of having the condition, (draw, strategy)."""
        return self._sum_leaves(lambda path: any(b.case for b in path))

    def needs_cohort(self, name: str) -> bool:
        """Whether a derived value uses names that only a cohort has."""
        derived = {n: d.formula.node for n, d in self.model.derived.items()}
        used = set().union(*(names(derived[d]) for d in needed_by(frozenset((name,)), derived)))
        return any(n not in derived and n not in self.values.known for n in used)

    def _sum_leaves(self, wanted: Any) -> Array:
        total = np.zeros((self.draws, len(self.strategies)))
        for leaf in self.leaves:
            if wanted(leaf.path):
                total = total + leaf.probability
        return total


def leaf_class(path: tuple[Branch, ...]) -> str | None:
    """Class of a leaf: its own, or that of the nearest branch above it."""
    return next((b.class_ for b in reversed(path) if b.class_), None)
