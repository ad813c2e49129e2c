"""Simulating the children of a scenario, and following one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.evaluate import Progress
from nbsmodel.engine.inputs import check_settings
from nbsmodel.engine.micro_limits import check_request
from nbsmodel.engine.micro_walk import Walk
from nbsmodel.engine.microsimulation import make_walks, simulate
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Simulation
from nbsmodel.engine.timegrid import time_grid
from nbsmodel.errors import InputError, Problem

#: Children whose own totals are kept, for their distribution and for the table of children.
MOST_KEPT = 100_000
COMPILING = "compiling the model for simulation (once)"
Tell = Callable[[str], None]


def simulate_scenario(
    scenario: Scenario,
    threads: int,
    progress: Progress | None = None,
    tell: Tell | None = None,
    most: int | None = None,
) -> Result:
    """Simulate the children of a scenario at base values, with traces.

    Parameters
    ----------
    scenario : Scenario
    threads : int
        The results do not depend on it.
    progress : callable, optional
        Told the work done and the work there is.
    tell : callable, optional
        Told when the model has to be compiled first.
    most : int, optional
        Check the whole request, but simulate no more children than this.
    """
    model, base, options = scenario.model, scenario.overrides, scenario.choices
    walks = _walks(scenario)
    if tell is not None and not all(walk.is_compiled for walk in walks.values()):
        tell(COMPILING)
    asked = _asked(scenario, walks)
    if most is not None:
        check_request(model, walks, asked, 1, with_draws=False)
        asked = replace(asked, individuals=min(most, asked.individuals), half_width=None, keep=min(most, asked.keep))
    return simulate(
        model, None, scenario.settings, asked, base=base, options=options, keep_trace=True, threads=threads,
        progress=progress, walks=walks,
    )  # fmt: skip


def life_text(scenario: Scenario, individual: int) -> str:
    """The life of one simulated child under every strategy, as text.

    Parameters
    ----------
    scenario : Scenario
    individual : int
        Number of the child, from 0.

    Raises
    ------
    InputError
        When the scenario simulates no children.
    """
    if not scenario.simulated:
        found = "the cohort engine follows shares of a cohort, not single children."
        raise InputError([Problem("--trace-individual", found, "Use a config with `engine: microsimulation`.")])
    if individual < 0:
        raise InputError([Problem("--trace-individual", f"there is no child {individual}.", "Children count from 0.")])
    from nbsmodel.engine.life import life_of

    asked = Simulation(max(scenario.individuals, individual + 1), scenario.seed)
    with scenario.locating():
        life = life_of(
            scenario.model, scenario.settings, asked, individual, base=scenario.overrides, options=scenario.choices
        )  # fmt: skip
    return str(life.text())


def _walks(scenario: Scenario) -> dict[str, Walk]:
    model, settings = scenario.model, scenario.settings
    check_settings(model, settings)
    grids = {name: time_grid(cohort, settings.horizon) for name, cohort in model.cohorts.items()}
    return make_walks(model, settings, grids, scenario.overrides)


def _asked(scenario: Scenario, walks: Mapping[str, Walk]) -> Simulation:
    """What a scenario asks of its simulation; the width is per unit of the model's basis."""
    asked = Simulation(scenario.individuals, scenario.seed, keep=min(scenario.individuals, MOST_KEPT))
    if scenario.precision is None:
        return asked
    width = scenario.precision.inmb
    if scenario.precision.per == "case":  # simulating one child tells what share of the population is simulated
        one = simulate(
            scenario.model, None, scenario.settings, Simulation(1, scenario.seed), base=scenario.overrides,
            options=scenario.choices, walks=walks,
        ).simulation  # fmt: skip
        assert one is not None
        width *= float(one.mass.min())
    return replace(asked, half_width=width)
