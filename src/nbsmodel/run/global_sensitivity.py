"""What the global sensitivity analyses share: factors of a scenario, their net benefits, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.correlations import copulas
from nbsmodel.model.sampling import given_fixed
from nbsmodel.model.units import legal_range, range_text

if TYPE_CHECKING:
    from nbsmodel.analysis.global_sensitivity import Factor
    from nbsmodel.run.analyses import Job

Array = Any

#: Rows evaluated together; and simulations, of which each takes long.
ROWS, SIMULATIONS = 5_000, 10
#: Distributions that stay in the range of a unit, for messages.
_BOUNDED = {"probability": "beta", "share": "beta", "utility": "truncated_normal"}


def factors_of(scenario: Scenario) -> list[Factor]:
    """The uncertain parameters of a scenario; those that vary together are one factor, in the order of the file.

    Dirichlet and multivariate normal groups vary together, and so do parameters joined by correlations.
    What the scenario overrides does not vary.
    """
    from nbsmodel.analysis.global_sensitivity import Factor

    table = scenario.model.parameters
    together: dict[str, Factor] = {}
    for group in table.groups:
        name = f"{group.name}_group" if group.name in table.rows else group.name
        factor = Factor(name, group.members, group.from_uniforms)
        together |= dict.fromkeys(group.members, factor)
    for copula in copulas(table.correlations):
        quantiles = [_quantile(scenario, name) for name in copula.members]

        def joint(u: Array, copula: Any = copula, quantiles: Any = quantiles) -> Array:
            dependent = copula.from_uniforms(u)
            return np.column_stack([q(dependent[:, i]) for i, q in enumerate(quantiles)])

        free = [name for name in copula.members if name not in scenario.overrides]
        factor = Factor(" + ".join(free), copula.members, joint)
        together |= dict.fromkeys(copula.members, factor)
    factors = []
    for name, row in table.rows.items():
        if row.uncertain and name not in together:
            together[name] = Factor(name, (name,), _quantile(scenario, name))
        if name in together and together[name] not in factors:
            factors.append(together[name])
    return [f for f in factors if varying(scenario, f)]


def varying(scenario: Scenario, factor: Factor) -> list[str]:
    """Members of a factor that the scenario does not override."""
    return [name for name in factor.members if name not in scenario.overrides]


def label_of(scenario: Scenario, factor: Factor) -> str:
    """A factor as people read it."""
    from nbsmodel.analysis.parameter_sets import group_label

    rows, names = scenario.model.parameters.rows, varying(scenario, factor)
    if len(names) == 1:
        return rows[names[0]].label
    labels = [rows[name].label for name in names]
    return group_label(" + ".join(labels) if rows[names[0]].group is None else factor.name, labels)


def threshold_of(scenario: Scenario, given: float | None) -> float:
    """Threshold of the net benefit: as given, else the first of the settings."""
    return scenario.settings.thresholds[0] if given is None else given


def net_benefit_of(job: Job, key: str, title: str, threshold: float) -> Callable[[Mapping[str, Array]], Array]:
    """Net benefit of every strategy at the rows of a table of parameter values.

    Parameters
    ----------
    job : Job
    key : str
        Of the analysis, for messages.
    title : str
        Of the analysis, for progress.
    threshold : float

    Returns
    -------
    callable
        It raises an InputError where the model cannot run with every row.
    """
    scenario = job.scenario
    size = SIMULATIONS if scenario.simulated else ROWS

    def net_benefit(table: Mapping[str, Array]) -> Array:
        columns = given_fixed(scenario.model.parameters, table, scenario.overrides)
        problems = Problems()
        for name, values in columns.items():
            refuse_outside(scenario, key, name, values, problems)
        problems.raise_if_any()
        n = len(next(iter(columns.values())))
        parts = []
        for first in range(0, n, size):
            job.step(title, first, n)
            rows = {name: values[first : first + size] for name, values in columns.items()}
            try:
                parts.append(job.runs.at(rows).net_benefit(threshold))
            except InputError as error:
                raise InputError([_not_run(scenario, key, problem) for problem in error.problems]) from None
        job.step(title, n, n)
        return np.concatenate(parts)

    return net_benefit


def check_factors(scenario: Scenario, key: str, probabilities: Array, problems: Problems) -> None:
    """Refuse what keeps an analysis from running at every point of its design.

    Parameters
    ----------
    scenario : Scenario
    key : str
        Of the analysis.
    probabilities : array (points,)
        Where each distribution will be looked at.
    problems : Problems
    """
    place = place_of(scenario, key)
    check_compared(scenario, key, problems)
    factors = factors_of(scenario)
    if not factors:
        some = any(row.uncertain for row in scenario.model.parameters.rows.values())
        found = "no parameter of this model has a distribution" + (" that is not overridden." if some else ".")
        problems.add(place, found, "Add distributions to parameters.csv.")
    for factor in factors:
        for name in varying(scenario, factor):
            refuse_outside(scenario, key, name, _quantile(scenario, name)(probabilities), problems)


def check_compared(scenario: Scenario, key: str, problems: Problems) -> None:
    """Refuse a model with nothing to compare."""
    if len(scenario.model.strategies) < 2:
        problems.add(place_of(scenario, key), "the model has one strategy: there is no incremental net benefit.")


def refuse_outside(scenario: Scenario, key: str, name: str, values: Array, problems: Problems) -> None:
    """Note a parameter whose values leave the range of its unit, with how often they do."""
    row = scenario.model.parameters.rows[name]
    low, high = legal_range(row.unit)
    legal = np.isfinite(values) & (values >= low) & (values <= high)
    if legal.all():
        return
    count, share = int((~legal).sum()), float((~legal).mean())
    found = (
        f"{name} is no {row.unit} at {count:,} of {len(values):,} points ({100 * share:.2g}%), for example "
        f"{values[~legal][0]:g}; the analysis needs the model at every point."
    )
    fix = f"Give it a distribution that stays {range_text(row.unit)}, such as {_BOUNDED.get(row.unit, 'gamma')}."
    problems.add(f"{row.place} (for {place_of(scenario, key)})", found, fix)


def place_of(scenario: Scenario, key: str) -> str:
    """File and line that ask for an analysis."""
    return scenario.places.get(f"analyses.{key}", f"analyses.{key}")


def strategies_compared(scenario: Scenario) -> Sequence[str]:
    """Strategies in the order of the rows of an analysis: without the comparator."""
    return [s for s in scenario.model.strategy_names if s != scenario.model.comparator]


def _not_run(scenario: Scenario, key: str, problem: Problem) -> Problem:
    fix = f"The analysis needs the model at every point. {problem.fix}".strip()
    return Problem(f"{place_of(scenario, key)} > {problem.place}", problem.found, fix)


def _quantile(scenario: Scenario, name: str) -> Callable[[Array], Array]:
    """Quantile function of a parameter's own distribution."""
    return partial(scenario.model.parameters.quantile, name)
