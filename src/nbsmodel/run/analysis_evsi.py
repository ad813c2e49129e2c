"""EVSI and the net benefit of sampling: from the config and the draws to the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsmodel.config.analyses_voi import DataSchema, EvsiSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.units import legal_range
from nbsmodel.run.analysis_evppi import drawn_columns, refuse_single, refuse_unknown
from nbsmodel.run.study_designs import left_out_table, read_designs

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.study_data import Data
    from nbsmodel.run.analyses import Job


#: Names that rows of the tables have anyway.
RESERVED = {"all": "all data together", "everything": "everything that could be known"}


def check(scenario: Scenario, problems: Problems) -> None:
    """Refuse what cannot be worked out, before anything runs.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.evsi`` and ``analyses.psa``.
    problems : Problems
        Receives what is wrong.
    """
    asked = scenario.analyses.evsi
    drawn = drawn_columns(scenario)
    if asked is None or drawn is None:
        return
    place = _place(scenario)
    columns, n = drawn
    before = len(problems.items)
    refuse_single(scenario, place, problems)
    for name, data in asked.data.items():
        _check_data(scenario, columns, name, data, f"{place}.data.{name}", problems)
    if scenario.model.births is None:
        for key in ("cost", "enrols", "meanwhile"):
            if getattr(asked, key):
                found = "the model does not say how many births there are a year, so nothing can be set against a cost."
                problems.add(f"{place}.{key}", found, f"Add `births_per_year` to model.yaml, or leave `{key}` out.")
    read_designs(scenario, asked, place, problems)
    if len(problems.items) > before:
        return
    from nbsmodel.analysis.evppi import fewest
    from nbsmodel.analysis.parameter_sets import dimensions

    members = [m for data in study_data(scenario, asked, columns) for m in data.informs.members]
    least = fewest(dimensions(scenario.model, list(dict.fromkeys(members))))
    if n < least:
        found = f"{n} draws are too few for these data; at least {least} are needed."
        problems.add(place, found, "Ask for more `draws` in `psa`.")


def make(job: Job) -> dict[str, pd.DataFrame]:
    """Tables of EVSI.

    Parameters
    ----------
    job : Job
        With its ``psa``.

    Returns
    -------
    dict of str to DataFrame
        ``evsi`` and ``evsi_limits``, see `nbsmodel.analysis.evsi.StudyValues`; ``evsi_left_out`` where designs
        cannot be carried out, see `nbsmodel.run.study_designs.left_out_table`.

    Raises
    ------
    InputError
        When too few of the draws could be run.
    """
    from nbsmodel.analysis.evsi import StudyValues
    from nbsmodel.run.analysis_psa import decision_years

    scenario, psa, asked = job.scenario, job.psa, job.scenario.analyses.evsi
    assert psa is not None and asked is not None
    place, problems = _place(scenario), Problems()
    designs, left_out = read_designs(scenario, asked, place, problems)
    problems.raise_if_any()
    data = study_data(scenario, asked, list(psa.draws.columns))
    thresholds = asked.thresholds or scenario.settings.thresholds
    try:
        values = StudyValues(psa.sample, psa.draws, data, thresholds, decision_years(scenario), scenario.seed)
    except ValueError as error:
        raise InputError([Problem(place, f"{error}.", "Ask for more `draws` in `psa`.")]) from None
    table = values.table(designs, lambda done: job.step("value of study data", done, len(designs)))
    tables = {"evsi": table, "evsi_limits": values.limits()}
    return tables | ({"evsi_left_out": left_out_table(left_out)} if left_out else {})


def study_data(scenario: Scenario, asked: EvsiSchema, columns: list[str]) -> list[Data]:
    """Data of a study with the parameters they inform; counts of a Dirichlet group inform all its members."""
    from nbsmodel.analysis.parameter_sets import ParameterSet, unit_of, units
    from nbsmodel.analysis.study_data import Data

    sets = units(scenario.model, columns)
    found = []
    for name, data in asked.data.items():
        unit = unit_of(sets, data.informs)
        assert unit is not None  # checked before anything ran
        if data.kind != "counts" or not _is_dirichlet(scenario, unit.members):
            row = scenario.model.parameters.rows[data.informs]
            unit = ParameterSet(data.informs, row.label, (data.informs,))
        found.append(Data(name, data.label or unit.label, data.kind, unit))
    return found


def _check_data(
    scenario: Scenario, columns: list[str], name: str, data: DataSchema, place: str, problems: Problems
) -> None:
    from nbsmodel.analysis.parameter_sets import unit_of, units

    unit = unit_of(units(scenario.model, columns), data.informs)
    if name in RESERVED:
        problems.add(place, f"the name `{name}` stands for {RESERVED[name]}.", "Choose another.")
    if unit is None:
        refuse_unknown(scenario, columns, data.informs, f"{place}.informs", problems)
        return
    shares = _is_dirichlet(scenario, unit.members)
    if data.informs not in scenario.model.parameters.rows or data.informs not in columns:
        if not (shares and data.kind == "counts"):
            found = f"{data.informs} is a group; data of the kind {data.kind} inform one parameter."
            problems.add(f"{place}.informs", found, f"Name one of {', '.join(unit.members)}.")
        return
    row = scenario.model.parameters.rows[data.informs]
    low, high = legal_range(row.unit)
    if data.kind == "counts" and not shares and (low < 0 or high > 1):
        found = f"counts inform a probability, and {data.informs} is in {row.unit}."
        problems.add(f"{place}.kind", found, "Use `events` for a rate, or `mean` for anything else.")
    if data.kind == "events" and (low < 0 or high <= 1):
        found = f"events inform a rate, and {data.informs} is a {row.unit}."
        problems.add(f"{place}.kind", found, "Use `counts` for a probability, or `mean` for anything else.")


def _is_dirichlet(scenario: Scenario, members: tuple[str, ...]) -> bool:
    groups = scenario.model.parameters.groups
    return any(isinstance(g, Dirichlet) and members[0] in g.members for g in groups)


def _place(scenario: Scenario) -> str:
    return scenario.places.get("analyses.evsi", "analyses.evsi")
