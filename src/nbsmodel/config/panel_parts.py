"""What a panel is made of, once its configs are loaded and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbsmodel.config.analyses import Analyses
from nbsmodel.config.panel_schema import PanelSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import Settings
from nbsmodel.model.parameters import ParameterTable
from nbsmodel.model.parts import Model


@dataclass(frozen=True)
class PanelCondition:
    """A condition of a panel.

    Parameters
    ----------
    name, label : str
    own : Scenario
        With its own test, as its config has it, and what the panel imposes otherwise.
    assay : Scenario
        The same with the cost of its test replaced by the marginal cost on the shared test.
    strategy, comparator : str
        Of its model.
    test_cost : str
        Parameter of its model.
    marginal_cost : str
        Parameter of the panel.
    config : Path
    """

    name: str
    label: str
    own: Scenario
    assay: Scenario
    strategy: str
    comparator: str
    test_cost: str
    marginal_cost: str
    config: Path


@dataclass(frozen=True)
class Panel:
    """Several conditions on one shared test.

    Parameters
    ----------
    name, title, note : str
    asked : PanelSchema
        The block ``panel``.
    parameters : ParameterTable
        Of the panel itself.
    conditions : dict of str to PanelCondition
        In the order of the config, on which no number depends.
    settings : Settings
        The same for all conditions.
    analyses : Analyses
    seed : int
    reference_case : tuple of (Path, Settings) or None
    reasons : mapping of str to str
        Why a setting departs from it.
    files : tuple of Path
        Every file read.
    place : callable
        File, line and key of a key within ``panel``.
    given : mapping of str to object
        The block ``analyses`` as the configs have it.
    """

    name: str
    title: str
    note: str
    asked: PanelSchema
    parameters: ParameterTable
    conditions: dict[str, PanelCondition]
    settings: Settings
    analyses: Analyses
    seed: int
    reference_case: tuple[Path, Settings] | None
    reasons: Mapping[str, str]
    files: tuple[Path, ...]
    place: Callable[..., str]
    given: Mapping[str, Any]

    @property
    def about(self) -> dict[str, str]:
        """Currency, price year and basis, the same for all conditions."""
        return next(iter(self.conditions.values())).own.model.about

    def drawn(self) -> ParameterTable:
        """Parameters that are drawn once for all conditions: of the panel, and shared rows of the models."""
        rows = dict(self.parameters.rows)
        for name in self.asked.shared_parameters:
            for condition in self.conditions.values():
                if name in condition.own.model.parameters.rows:  # the same row in all, as is checked
                    rows.setdefault(name, condition.own.model.parameters.rows[name])
        fixed = {n for n in rows if n not in self.parameters.rows and self._overridden(n)}
        kept = {name: row for name, row in rows.items() if name not in fixed}
        return replace(self.parameters, rows=dict(sorted(kept.items())))

    def value(self, name: str) -> float:
        """Base value of a parameter of the panel or of one that the conditions share."""
        if name in self.parameters.rows:
            return self.parameters.rows[name].value
        condition = next(c for c in self.conditions.values() if name in c.own.model.parameters.rows)
        return condition.own.overrides.get(name, condition.own.model.parameters.rows[name].value)

    def imposed(self, condition: PanelCondition) -> dict[str, tuple[str, float]]:
        """Parameters of a condition's model that take the draws of the panel: whose, and divided by what."""
        model, drawn = condition.own.model, self.drawn().rows
        found = {condition.test_cost: (condition.marginal_cost, price_factor(model, condition.test_cost))}
        for name in self.asked.shared_parameters:
            if name in model.parameters.rows and name in drawn:
                own = name not in self.parameters.rows
                found[name] = (name, 1.0 if own else price_factor(model, name))
        return {name: whose for name, whose in found.items() if drawn[whose[0]].uncertain}

    def _overridden(self, name: str) -> bool:
        return any(name in c.own.overrides for c in self.conditions.values())


def price_factor(model: Model, name: str) -> float:
    """What a price is multiplied by wherever a formula uses it: the panel's prices are those of the results."""
    return model.prices.factor(name)
