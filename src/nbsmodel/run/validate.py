"""`validate`: every problem of configs and model folders, without writing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nbsmodel.config.merge import SIMULATED
from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.attributes import individual_places, unused_names
from nbsmodel.run.analyses import check_analyses
from nbsmodel.run.published import load_published
from nbsmodel.run.run import evaluate_scenario

#: Children who are simulated to see that a model works.
FEW = 300


def validate(paths: Sequence[str | Path]) -> tuple[list[Problem], list[str]]:
    """Check configs and model folders by loading them and running them at base values.

    Parameters
    ----------
    paths : sequence of str or Path
        Config files or model folders.

    Returns
    -------
    problems : list of Problem
        Empty when all is well.
    notes : list of str
        Remarks that are no mistakes, such as a base value that is not the mean of its distribution.
    """
    from nbsmodel.run.tables import make_tables  # loads pandas, which importing nbsmodel need not

    problems: list[Problem] = []
    notes: list[str] = []
    for path in paths:
        try:
            scenario = load_scenario(path)
            if os.path.isdir(path) and individual_places(scenario.model):  # a model folder names no engine
                scenario = replace(scenario, engine="microsimulation")
            check_analyses(scenario)
            make_tables(scenario, evaluate_scenario(scenario, most=FEW))
            load_published(scenario.model)
        except InputError as error:
            problems += error.problems
            continue
        notes += _notes(scenario)
    return list(dict.fromkeys(problems)), list(dict.fromkeys(notes))


def _notes(scenario: Scenario) -> Iterator[str]:
    for name, base, mean in scenario.model.parameters.disagreements:
        place = scenario.model.parameters.rows[name].place
        yield f"{place}: base value {base:g}, but the mean of its distribution is {mean:g}."
    yield from unused_names(scenario.model)
    for key in SIMULATED:
        if key in scenario.places and not scenario.simulated:
            yield f"{scenario.places[key]}: no children are simulated, so this has no effect with engine: cohort."
