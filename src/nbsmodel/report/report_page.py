"""The page: everything gathered for the template, and the template filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from nbsmodel import __version__
from nbsmodel.config.scenario import Scenario
from nbsmodel.report.assumptions import EXPLAINED, assumption_items, count_unsupported
from nbsmodel.report.format import as_sentence, breakable, counted, number, plain, price_year
from nbsmodel.report.methods import methods_sentences, rate_text
from nbsmodel.report.record import (
    cited_sources,
    departures,
    legacy_countings,
    reference_name,
    result_files,
    scenario_changes,
)
from nbsmodel.report.refused_words import refused_draws
from nbsmodel.report.report_drawings import DrawingLike, picture
from nbsmodel.report.report_inputs import (
    derived_rows,
    disagreements,
    parameter_groups,
    price_rows,
    table_rows,
    tolerance,
)
from nbsmodel.report.report_occupancy import occupancy
from nbsmodel.report.report_simulation import simulation_part
from nbsmodel.report.report_summary import answer
from nbsmodel.report.report_tables import ResultTables, present
from nbsmodel.report.sections import analysis_sections
from nbsmodel.report.sections.psa import psa_answer

TEMPLATE = "report.html.j2"


def page(scenario: Scenario, tables: dict[str, pd.DataFrame], drawings: Mapping[str, DrawingLike]) -> str:
    """The report as one HTML page that needs no other file.

    Parameters
    ----------
    scenario : Scenario
    tables : dict of str to DataFrame
    drawings : mapping of str to drawing
        Figures by name; one that is missing is left out.

    Returns
    -------
    str
    """
    return environment().get_template(TEMPLATE).render(**contents(scenario, tables, drawings))


@cache
def environment() -> Environment:
    """What every page is filled in with."""
    environment = Environment(
        loader=PackageLoader("nbsmodel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, plain=plain, sentence=as_sentence, breakable=breakable)
    return environment


def contents(
    scenario: Scenario, tables: dict[str, pd.DataFrame], drawings: Mapping[str, DrawingLike]
) -> dict[str, Any]:
    """Everything the template prints."""
    model = scenario.model
    results = ResultTables(scenario, tables)
    sources = cited_sources(scenario)
    cohorts = list(model.cohorts.values())
    return {
        "version": __version__,
        "scenario": scenario,
        "model": model,
        "about": model.about,
        "prices": price_year(model.about),
        "rates": rate_text(scenario.settings),
        "levers": list(dict.fromkeys(k for s in model.strategies for k in s.levers)),
        "answer": answer(scenario, tables),
        "uncertainty": psa_answer(scenario, tables),
        "refused": refused_draws(scenario, tables),
        "departures": departures(scenario),
        "reference": reference_name(scenario),
        "counted": counted,
        "legacy": legacy_countings(scenario),
        "changes": scenario_changes(scenario),
        "pictures": {name: picture(name, drawing) for name, drawing in drawings.items()},
        "cohorts": cohorts,
        "cea": results.cea(),
        "pairwise": results.pairwise(),
        "net_benefit": results.net_benefit(),
        "screening": present([results.detection(), results.programme()]),
        "components": present([results.costs(), results.outcomes()]),
        "occupancy": {c.name: occupancy(scenario, c, tables["trace"]) for c in cohorts},
        "parameters": parameter_groups(scenario, tables),
        "prices_used": price_rows(scenario, tables),
        "disagreements": disagreements(scenario),
        "tolerance": tolerance(),
        "input_tables": table_rows(scenario),
        "derived": derived_rows(scenario, tables),
        "unsupported": count_unsupported(scenario),
        "assumptions": assumption_items(scenario),
        "explained": EXPLAINED,
        "methods": methods_sentences(scenario, tables),
        "simulation": simulation_part(scenario, tables),
        "sections": analysis_sections(scenario, tables),
        "sources": sources,
        "cited": {source.key: i for i, source in enumerate(sources, 1)},
        "files": result_files(tables),
    }
