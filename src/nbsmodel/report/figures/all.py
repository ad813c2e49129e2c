"""All figures of a run, drawn and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.budget_impact import draw_budget_impact
from nbsmodel.report.figures.by_age import draw_by_age, draw_events
from nbsmodel.report.figures.ceac import draw_ceac
from nbsmodel.report.figures.children import draw_children
from nbsmodel.report.figures.convergence import draw_convergence
from nbsmodel.report.figures.costs import draw_costs
from nbsmodel.report.figures.detection import draw_detection
from nbsmodel.report.figures.evpi import draw_evpi
from nbsmodel.report.figures.evppi import draw_evppi
from nbsmodel.report.figures.evsi import draw_evsi
from nbsmodel.report.figures.evsi_data import draw_evsi_data
from nbsmodel.report.figures.expected_loss import draw_expected_loss
from nbsmodel.report.figures.morris import draw_morris
from nbsmodel.report.figures.net_benefit import draw_net_benefit
from nbsmodel.report.figures.occupancy import draw_occupancy
from nbsmodel.report.figures.pawn import draw_pawn
from nbsmodel.report.figures.plane import draw_plane
from nbsmodel.report.figures.price_surface import draw_price_surface
from nbsmodel.report.figures.psa_plane import draw_psa_plane
from nbsmodel.report.figures.qaly_weights import draw_qaly_weights
from nbsmodel.report.figures.scenarios import draw_scenarios
from nbsmodel.report.figures.sobol import draw_sobol
from nbsmodel.report.figures.states import draw_states
from nbsmodel.report.figures.style import Drawing, Sketch, finish, house_style
from nbsmodel.report.figures.tiers import draw_tiers
from nbsmodel.report.figures.tornado import draw_tornado
from nbsmodel.report.figures.tree import draw_tree
from nbsmodel.report.figures.two_way import draw_two_way

Draw = Callable[[Scenario, dict[str, pd.DataFrame]], Sketch | None]

#: Figures of analyses, by file name; each gives None when its tables are not there.
OF_ANALYSES: dict[str, Draw] = {
    "tiers": draw_tiers,
    "psa_plane": draw_psa_plane,
    "ceac": draw_ceac,
    "expected_loss": draw_expected_loss,
    "evpi": draw_evpi,
    "psa_convergence": draw_convergence,
    "evppi": draw_evppi,
    "evsi": draw_evsi,
    "evsi_data": draw_evsi_data,
    "tornado": draw_tornado,
    "qaly_weights": draw_qaly_weights,
    "sobol": draw_sobol,
    "morris": draw_morris,
    "pawn": draw_pawn,
    "scenarios": draw_scenarios,
}


def sketch_figures(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> dict[str, Sketch]:
    """Figures before they become bytes, by file name; those that would show nothing are left out."""
    with house_style():
        sketches: dict[str, Sketch | None] = {"tree": draw_tree(scenario, tables)}
        for name, cohort in scenario.model.cohorts.items():
            sketches[f"states_{name}"] = draw_states(cohort)
        sketches["cost_components"] = draw_costs(scenario, tables)
        for name, cohort in scenario.model.cohorts.items():
            sketches[f"occupancy_{name}"] = draw_occupancy(scenario, tables["trace"], cohort)
            if scenario.simulated:
                sketches[f"by_age_{name}"] = draw_by_age(scenario, tables["trace"], cohort)
                sketches[f"events_{name}"] = draw_events(scenario, tables, cohort)
        sketches["children"] = draw_children(scenario, tables)
        sketches["plane"] = draw_plane(scenario, tables)
        sketches["net_benefit"] = draw_net_benefit(scenario, tables)
        for name, draw in OF_ANALYSES.items():
            sketches[name] = draw(scenario, tables)
        sketches |= draw_two_way(scenario, tables) | draw_price_surface(scenario, tables)
        sketches |= draw_budget_impact(scenario, tables)
        sketches["detection"] = draw_detection(scenario, tables)
    return {name: sketch for name, sketch in sketches.items() if sketch is not None}


def make_figures(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> dict[str, Drawing]:
    """Every figure of a run.

    Parameters
    ----------
    scenario : Scenario
    tables : dict of str to DataFrame
        As `make_tables` gives them.

    Returns
    -------
    dict of str to Drawing
        By file name without its ending.
    """
    return {name: finish(name, sketch) for name, sketch in sketch_figures(scenario, tables).items()}


def write_figures(folder: Path, drawings: dict[str, Drawing]) -> None:
    """Write ``figures/<name>.svg`` and ``.png`` into a results folder."""
    target = Path(folder) / "figures"
    target.mkdir(parents=True, exist_ok=True)
    for name, drawing in drawings.items():
        (target / f"{name}.svg").write_bytes(drawing.svg.encode())
        (target / f"{name}.png").write_bytes(drawing.png)
