"""EVPPI: from the config and the draws of the probabilistic analysis to its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_voi import CheckSchema, EvppiSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.correlations import copulas
from nbsmodel.model.sampling import draw_parameters, given_fixed

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.parameter_sets import ParameterSet
    from nbsmodel.analysis.sample import Sample
    from nbsmodel.analysis.voi import Estimate
    from nbsmodel.run.analyses import Job

Array = Any

#: Draws of nested simulations begin here in the streams of the parameters: beyond those of any probabilistic
#: analysis.
NESTED_FROM = 1_000_000_000
ALTERNATIVE = "alternative"


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse what cannot be worked out, before anything runs.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.evppi`` and ``analyses.psa``.
    problems : Problems
        Receives what is wrong.
    """
    asked = scenario.analyses.evppi
    drawn = drawn_columns(scenario)
    if asked is None or drawn is None:
        return
    from nbsmodel.analysis.evppi import fewest
    from nbsmodel.analysis.parameter_sets import dimensions, unit_of, units

    place = scenario.places.get("analyses.evppi", "analyses.evppi")
    columns, n = drawn
    found_before = len(problems.items)
    refuse_single(scenario, place, problems)
    sets = units(scenario.model, columns)
    if asked.parameters != "all":
        for name in asked.parameters:
            refuse_unknown(scenario, columns, name, f"{place}.parameters", problems)
    for group, names in asked.groups.items():
        where = f"{place}.groups.{group}"
        if unit_of(sets, group) is not None or group == "all":
            problems.add(where, f"{group} is the name of a parameter, or of a set there is anyway.", "Choose another.")
        for name in names:
            refuse_unknown(scenario, columns, name, where, problems)
    if asked.check is not None:
        _check_nested(scenario, asked, asked.check, columns, f"{place}.check", problems)
    if len(problems.items) > found_before:
        return
    for subset in wanted_sets(scenario, columns):
        least = fewest(dimensions(scenario.model, subset.members))
        if n < least:
            found = f"{n} draws are too few for {subset.label}; at least {least} are needed."
            problems.add(place, found, "Ask for more `draws` in `psa`, or leave the set out.")


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Table of EVPPI.

    Parameters
    ----------
    job : Job
        With its ``psa``.

    Returns
    -------
    dict of str to DataFrame
        ``evppi``, see `nbsmodel.analysis.evppi.evppi_table`.

    Raises
    ------
    InputError
        When too few of the draws could be run.
    """
    from nbsmodel.analysis.evppi import evppi_table
    from nbsmodel.run.analysis_psa import decision_years

    scenario, psa, asked = job.scenario, job.psa, job.scenario.analyses.evppi
    assert psa is not None and asked is not None
    sets = wanted_sets(scenario, list(psa.draws.columns))
    thresholds = asked.thresholds or scenario.settings.thresholds
    nested = _nested(job, sets, thresholds)
    try:
        table = evppi_table(
            psa.sample, psa.draws, sets, thresholds, years=decision_years(scenario), seed=scenario.seed, nested=nested,
            overridden=overridden_by_alternatives(scenario),
            progress=lambda done: job.step("value of knowing parameters", done, len(sets) + 1),
        )  # fmt: skip
    except ValueError as error:
        place = scenario.places.get("analyses.evppi", "analyses.evppi")
        raise InputError([Problem(place, f"{error}.", "Ask for more `draws` in `psa`.")]) from None
    return {"evppi": table}


def overridden_by_alternatives(scenario: Scenario) -> set[str]:
    """Parameters that a structural alternative overrides: their value tells which alternative a draw has."""
    psa = scenario.analyses.psa
    return set() if psa is None else {name for a in psa.alternatives.values() for name in a.overrides}


def refuse_single(scenario: Scenario, place: str, problems: Problems) -> None:
    """Note that a model with one strategy leaves no decision that information could change."""
    if len(scenario.model.strategies) < 2:
        found = "the model has one strategy, so there is no decision that information could change."
        problems.add(place, found, "Leave the analysis out, or add a strategy.")


def drawn_columns(scenario: Scenario) -> tuple[list[str], int] | None:
    """Columns that the draws will have, and how many draws; None where they cannot be made."""
    from nbsmodel.run.psa_draws import draw_source

    try:
        source = draw_source(scenario)
    except InputError:  # reported by the check of the probabilistic analysis
        return None
    if source.file is not None:
        names = list(source.file)
    else:
        rows = scenario.model.parameters.rows
        names = [name for name, row in rows.items() if row.uncertain and name not in scenario.overrides]
    return names + ([ALTERNATIVE] if source.alternatives[0] else []), source.n


def refuse_unknown(
    scenario: Scenario, columns: Iterable[str], name: str, place: str, problems: Problems, also: Iterable[str] = ()
) -> None:
    """Note a name that is no uncertain parameter and no group of them; `also` are names allowed beside these."""
    from nbsmodel.analysis.parameter_sets import unit_of, units

    sets = units(scenario.model, columns)
    if unit_of(sets, name) is not None:
        return
    model = scenario.model
    if name in scenario.overrides:
        found = f"{name} is overridden by a number in this scenario, so there is nothing to learn about it."
        problems.add(place, found, "Leave the override or the name out.")
    elif name in model.parameters.rows:
        problems.add(
            place,
            f"{name} has no distribution, so there is nothing to learn about it.",
            f"Give it one in parameters.csv ({model.parameters.rows[name].place}), or leave it out.",
        )
    elif name in model.derived:
        found = f"{name} is a derived value; information is about parameters."
        problems.add(place, found, "Name the parameters that it is made of.")
    else:
        problems.add(place, f"no uncertain parameter is named {name}.", nearest(name, [*sets, *columns, *also]))


def wanted_sets(scenario: Scenario, columns: Iterable[str]) -> list[ParameterSet]:
    """Sets that a scenario asks for: parameters (those drawn together as one), then groups."""
    from nbsmodel.analysis.parameter_sets import joined, unit_of, units

    asked = scenario.analyses.evppi
    assert asked is not None
    known = units(scenario.model, columns)
    names = list(known) if asked.parameters == "all" else asked.parameters
    found = {unit.name: unit for name in names if (unit := unit_of(known, name))}
    for group, members in asked.groups.items():
        parts = [unit for name in members if (unit := unit_of(known, name))]
        found[group] = joined(group, group.replace("_", " ").capitalize(), parts)
    return list(found.values())


def _check_nested(
    scenario: Scenario, asked: EvppiSchema, check: CheckSchema, columns: list[str], place: str, problems: Problems
) -> None:
    psa = scenario.analyses.psa
    assert psa is not None
    reasons = {
        "draws from a file have no distribution that could be drawn from anew": psa.file is not None,
        "structural alternatives are not drawn anew": bool(psa.alternatives),
        "a nested simulation of simulated children would take too long": scenario.simulated,
    }
    for reason, holds in reasons.items():
        if holds:
            problems.add(place, f"{reason}.", "Leave `check` out.")
    by_name = _sets_of_check(scenario, columns)
    for name in check.sets:
        if name not in by_name:
            where, before = f"{place}.sets", len(problems.items)
            refuse_unknown(scenario, columns, name, where, problems, asked.groups)
            if len(problems.items) == before:  # a parameter there is, but `parameters` leaves it out
                problems.add(where, f"{name} is not among the sets looked at.", nearest(name, by_name))
            continue
        members = set(by_name[name].members)
        for copula in copulas(scenario.model.parameters.correlations):
            inside = [m for m in copula.members if m in members]
            outside = [m for m in copula.members if m in columns and m not in members]
            if inside and outside:
                found = f"{name} holds {inside[0]} but not {outside[0]}, with which it is correlated."
                problems.add(f"{place}.sets", found, "Add it to the set, or leave the set out of the check.")


def _sets_of_check(scenario: Scenario, columns: Iterable[str]) -> Mapping[str, ParameterSet]:
    """Sets that can be checked, by every name that stands for them."""
    from nbsmodel.analysis.parameter_sets import units

    sets = {unit.name: unit for unit in wanted_sets(scenario, columns)}
    for unit in units(scenario.model, columns).values():
        if unit.name in sets:
            sets |= dict.fromkeys(unit.members, unit)
    return sets


def _nested(job: Job, sets: list[ParameterSet], thresholds: list[float]) -> dict[str, list[Estimate]]:
    """Nested simulations of the sets that are to be checked."""
    assert job.psa is not None and job.scenario.analyses.evppi is not None
    check = job.scenario.analyses.evppi.check
    if check is None:
        return {}
    from nbsmodel.analysis.nested_evppi import nested_evppi
    from nbsmodel.run.psa_evaluate import DrawEvaluator

    scenario = job.scenario
    table = scenario.model.parameters
    evaluator = DrawEvaluator(scenario, check.outer * check.inner * len(check.sets), job.runs.threads)

    def draw(first: int, count: int) -> Mapping[str, Array]:
        start = NESTED_FROM + first
        drawn = draw_parameters(table, start + count, scenario.seed, "monte_carlo", start, count)
        return given_fixed(table, drawn, scenario.overrides)

    def evaluate(rows: Mapping[str, Array], first: int) -> tuple[Sample, Array]:
        n = len(next(iter(rows.values())))
        found = evaluator.run(rows, np.zeros(n, dtype=np.int64), NESTED_FROM + first)
        return found.sample, found.kept

    by_name = _sets_of_check(scenario, list(job.psa.draws.columns))
    wanted = {subset.name: subset for name in check.sets if (subset := by_name[name])}
    each = check.outer * check.inner
    return {
        name: nested_evppi(
            subset.members, thresholds, check.outer, check.inner, draw, evaluate,
            lambda rows, i=i: job.step("nested simulation", i * each + rows, len(wanted) * each),  # type: ignore[misc]
        )
        for i, (name, subset) in enumerate(wanted.items())
    }  # fmt: skip
