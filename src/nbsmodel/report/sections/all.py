"""Every section on an analysis that a run made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.sections.break_even import break_even_section, value_based_price_section
from nbsmodel.report.sections.budget_impact import budget_impact_section
from nbsmodel.report.sections.confidential import confidential_section
from nbsmodel.report.sections.evppi import evppi_section
from nbsmodel.report.sections.evsi import evsi_section
from nbsmodel.report.sections.global_sensitivity import global_section
from nbsmodel.report.sections.one_way import one_way_section
from nbsmodel.report.sections.perspectives import perspectives_section
from nbsmodel.report.sections.price_surface import price_surface_section
from nbsmodel.report.sections.psa import psa_section
from nbsmodel.report.sections.qaly_weights import qaly_weights_section
from nbsmodel.report.sections.scenarios import scenario_section
from nbsmodel.report.sections.section import Section
from nbsmodel.report.sections.tiers import tiers_section
from nbsmodel.report.sections.two_way import two_way_section

Maker = Callable[[Scenario, Mapping[str, pd.DataFrame]], Section | None]

#: In the order of the report. Each gives None when its tables are not there.
SECTIONS: tuple[Maker, ...] = (
    tiers_section,
    perspectives_section,
    psa_section,
    evppi_section,
    evsi_section,
    confidential_section,
    one_way_section,
    two_way_section,
    break_even_section,
    value_based_price_section,
    price_surface_section,
    budget_impact_section,
    qaly_weights_section,
    global_section,
    scenario_section,
)


def analysis_sections(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> list[Section]:
    """Sections on the analyses that were made."""
    found = (make(scenario, tables) for make in SECTIONS)
    return [section for section in found if section is not None]
