"""Scenarios side by side: their results, and only what differs between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.incremental import pairwise_table
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.errors import Problems
from nbsmodel.model.parts import COST

#: What results are per, beside the unit of the model's basis.
AFFECTED = "affected birth"
DIFFERENCE_COLUMNS = ["scenario", "key", "reference", "value"]


@dataclass(frozen=True)
class Compared:
    """Scenarios with their results at base values, by name.

    Parameters
    ----------
    scenarios : dict of str to Scenario
    results : dict of str to Result
    reference : str
        Name of the one that the others are set against.
    """

    scenarios: dict[str, Scenario]
    results: dict[str, Result]
    reference: str

    def comparable(self, name: str) -> bool:
        """Whether a scenario counts in the currency, prices and effect of the reference."""
        return _money(self.scenarios[name]) == _money(self.scenarios[self.reference])

    @property
    def models(self) -> dict[str, str]:
        """Title of each scenario's model; different models have different ones."""
        folders: dict[Any, str] = {}
        for scenario in self.scenarios.values():
            folder, title = scenario.model.folder.resolve(), scenario.model.about["title"]
            if folder not in folders:
                same = sum(t == title or t.startswith(f"{title} (") for t in folders.values())
                folders[folder] = f"{title} ({same + 1})" if same else title
        return {name: folders[s.model.folder.resolve()] for name, s in self.scenarios.items()}


def evaluate_all(
    scenarios: Mapping[str, Scenario], evaluate: Callable[[str, Scenario], Result], known: Mapping[str, Result]
) -> dict[str, Result]:  # fmt: skip
    """Results of scenarios at base values.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
    evaluate : callable
    known : mapping of str to Result
        Results that are there already.

    Raises
    ------
    InputError
        With the problems of all that cannot be run.
    """
    problems, found = Problems(), dict(known)
    for name, scenario in scenarios.items():
        if name not in found:
            with problems.gather():
                found[name] = evaluate(name, scenario)
    problems.raise_if_any()
    return found


def scenario_tables(compared: Compared) -> dict[str, pd.DataFrame]:
    """The comparison as tables.

    Parameters
    ----------
    compared : Compared

    Returns
    -------
    dict of str to DataFrame
        ``scenarios``: ``scenario, is_reference, title, model, engine, currency, price_year, measure`` (the
        outcome that is the effect), ``strategy, label, against, per`` (the unit of the model's basis, and again
        ``affected birth`` where the model marks cases), ``cost, effect, inc_cost, inc_effect, icer, quadrant,
        inmb_<threshold>...``, discounted; with standard errors ``..._se`` where children were simulated. A row a
        strategy that is not the comparator. Net benefits stand at the scenario's own thresholds, and at those
        of the reference where both count in the same money and effect.

        ``scenario_differences``: ``scenario, key, reference, value``: settings, overrides, choices, engine and
        model that are not as in the reference.
    """
    thresholds = list(dict.fromkeys(t for s in compared.scenarios.values() for t in s.settings.thresholds))
    rows = [row for name in compared.scenarios for row in _rows(compared, name)]
    head = [
        "scenario", "is_reference", "title", "model", "engine", "currency", "price_year", "measure", "strategy",
        "label", "against", "per", "cost", "effect", "inc_cost", "inc_effect", "icer", "quadrant",
    ]  # fmt: skip
    benefits = [f"inmb_{t:g}" for t in thresholds]
    simulated = any(s.simulated for s in compared.scenarios.values())
    numbers = ["cost", "effect", "inc_cost", "inc_effect", *benefits]
    errors = [f"{name}_se" for name in numbers] if simulated else []
    differences = [row for name in compared.scenarios for row in _differences(compared, name)]
    return {
        "scenarios": pd.DataFrame(rows, columns=[*head, *benefits, *errors]),
        "scenario_differences": pd.DataFrame(differences, columns=DIFFERENCE_COLUMNS),
    }


def _rows(compared: Compared, name: str) -> list[dict[str, Any]]:
    """Rows of one scenario: per unit of the basis, then per affected birth."""
    scenario, result = compared.scenarios[name], compared.results[name]
    model, settings, base = scenario.model, scenario.settings, result.strategies.index(result.model.comparator)
    cost, effect = result.by_strategy(COST)[0], result.by_strategy(settings.effect)[0]
    share = float(result.case_probability()[0, base])
    of_reference = compared.scenarios[compared.reference].settings.thresholds if compared.comparable(name) else []
    thresholds = dict.fromkeys([*settings.thresholds, *of_reference])
    front = {
        "scenario": name, "is_reference": name == compared.reference, "title": scenario.title,
        "model": compared.models[name], "engine": scenario.engine, "currency": model.about["currency"],
        "price_year": model.about["price_year"], "measure": settings.effect,
    }  # fmt: skip
    labels = {s.name: s.label for s in model.strategies}
    rows = []
    for per, size in [(model.about["basis"], 1.0), *([(AFFECTED, share)] if share > 0 else [])]:
        pairs = pairwise_table(result.strategies, cost / size, effect / size, model.comparator)
        for pair in pairs.to_dict("records"):
            s = result.strategies.index(pair["strategy"])
            row = front | {"strategy": pair["strategy"], "label": labels[pair["strategy"]], "against": model.comparator}
            row |= {"per": per, "cost": cost[s] / size, "effect": effect[s] / size}
            row |= {key: pair[key] for key in ("inc_cost", "inc_effect", "icer", "quadrant")}
            row |= {f"inmb_{t:g}": t * pair["inc_effect"] - pair["inc_cost"] for t in thresholds}
            rows.append(row | _errors(result, s, size, list(thresholds)))
    return rows


def _errors(result: Result, strategy: int, size: float, thresholds: list[float]) -> dict[str, float]:
    """Standard errors of simulation of a row; none without one."""
    error, effect = result.simulation, result.settings.effect
    if error is None:
        return {}
    found = {
        "cost": error.of_mean(COST, strategy),
        "effect": error.of_mean(effect, strategy),
        "inc_cost": error.of_increment(COST, strategy),
        "inc_effect": error.of_increment(effect, strategy),
    } | {f"inmb_{t:g}": error.of_net_benefit(effect, t, strategy, error.comparator) for t in thresholds}
    return {f"{name}_se": float(values[0]) / size for name, values in found.items()}


def _differences(compared: Compared, name: str) -> list[list[str]]:
    ours, theirs = compared.scenarios[name], compared.scenarios[compared.reference]
    models = compared.models
    pairs: dict[str, tuple[Any, Any]] = {
        "model": (models[compared.reference], models[name]),
        "engine": (theirs.engine, ours.engine),
    }
    if ours.simulated and theirs.simulated:
        for key in ("individuals", "seed", "precision"):
            pairs[key] = (_plain(getattr(theirs, key)), _plain(getattr(ours, key)))
    old, new = theirs.settings.as_written(), ours.settings.as_written()
    pairs |= {f"settings.{key}": (old[key], new[key]) for key in new}
    names = dict.fromkeys([*theirs.overrides, *ours.overrides])
    pairs |= {f"overrides.{key}": (_in_force(theirs, key), _in_force(ours, key)) for key in names}
    both = [key for key in ours.choices if key in theirs.choices]
    pairs |= {f"choices.{key}": (theirs.choices[key], ours.choices[key]) for key in both}
    return [[name, key, _text(a), _text(b)] for key, (a, b) in pairs.items() if a != b]


def _in_force(scenario: Scenario, name: str) -> Any:
    """A parameter or derived value as a scenario has it; empty where its model has none of the name."""
    if name in scenario.overrides:
        return scenario.overrides[name]
    if name in scenario.model.parameters.rows:
        return scenario.model.parameters.rows[name].value
    return scenario.model.derived[name].formula.text if name in scenario.model.derived else ""


def _plain(value: Any) -> Any:
    return value.as_written()["inmb"] if hasattr(value, "as_written") else value


def _text(value: Any) -> str:
    """A value as a config would have it."""
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.15g}"
    return "none" if value is None else str(value)


def _money(scenario: Scenario) -> tuple[str, str, str]:
    about = scenario.model.about
    return about["currency"], about["price_year"], scenario.settings.effect
