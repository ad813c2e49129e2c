"""`validate`: every problem of configs and model folders, without writing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nbsmodel.config.merge import SIMULATED
from nbsmodel.config.panel import is_panel
from nbsmodel.config.scenario import Scenario, load_scenario
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.attributes import individual_places, unused_names
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.analyses import check_analyses
from nbsmodel.run.calibration_file import load_calibration
from nbsmodel.run.find import find_all
from nbsmodel.run.panel import validate_panel
from nbsmodel.run.published import load_published
from nbsmodel.run.run import evaluate_scenario
from nbsmodel.run.runs import Step, silent
from nbsmodel.run.tree_notes import tree_notes

#: Children who are simulated to see that a model works.
FEW = 300

#: Share of a distribution outside the range of its unit that is not worth a note, and quantiles by which it is found.
MOST_OUTSIDE, OF = 0.01, 1000


def validate(paths: Sequence[str | Path], *, step: Step = silent) -> tuple[list[Problem], list[str]]:
    """Check configs and model folders by loading them and running them at base values.

    Parameters
    ----------
    paths : sequence of str or Path
        Config files, model folders, and folders that hold some at any depth.
    step : callable
        Told what is done, how much of it, and how much there is.

    Returns
    -------
    problems : list of Problem
        Empty when all is well.
    notes : list of str
        Remarks that are no mistakes, such as a base value that is not the mean of its distribution.
    """
    from nbsmodel.run.tables import make_tables  # loads pandas, which importing nbsmodel need not

    missing = Problems()
    found = find_all(paths, missing)
    problems, notes = list(missing.items), list[str]()
    for number, path in enumerate(found):
        step("checking", number, len(found))
        try:
            if is_panel(path):
                panel = validate_panel(path)
                notes += [note for c in panel.conditions.values() for note in _notes(c.own)]
                continue
            scenario = load_scenario(path)
            if os.path.isdir(path) and individual_places(scenario.model):  # a model folder names no engine
                scenario = replace(scenario, engine="microsimulation")
            check_analyses(scenario)
            result = evaluate_scenario(scenario, most=FEW)
            make_tables(scenario, result)
            load_published(scenario.model)
            load_calibration(replace(scenario, overrides={}))  # of the model as it is, whatever a config changes
        except InputError as error:
            problems += error.problems
            continue
        notes += [*_notes(scenario), *tree_notes(result)]
    return list(dict.fromkeys(problems)), list(dict.fromkeys(notes))


def _outside(scenario: Scenario) -> Iterator[str]:
    """Distributions of which more than a hundredth lies where their unit allows no value."""
    import numpy as np

    q = (np.arange(OF) + 0.5) / OF
    table = scenario.model.parameters
    for name, row in table.rows.items():
        if not row.uncertain or name in scenario.overrides:
            continue
        low, high = legal_range(row.unit)
        values = table.quantile(name, q)
        outside = float(np.mean((values < low) | (values > high)))
        if outside > MOST_OUTSIDE:
            yield (
                f"{row.place}: {outside:.0%} of {row.distribution_text} lies outside the range of a {row.unit}, "
                f"{range_text(row.unit)}; a probabilistic analysis leaves out that share of its draws."
            )


def _notes(scenario: Scenario) -> Iterator[str]:
    for name, base, mean in scenario.model.parameters.disagreements:
        place = scenario.model.parameters.rows[name].place
        yield f"{place}: base value {base:g}, but the mean of its distribution is {mean:g}."
    yield from unused_names(scenario.model)
    yield from _outside(scenario)
    departing = {key for key, _, _ in scenario.departures()}
    if scenario.reference_case is not None:
        name = scenario.reference_case[0].stem
        for key in sorted(departing - set(scenario.reasons)):
            place = scenario.places.get(key, shown(scenario.files[0]))
            yield f"{place}: departs from the reference case {name} without a reason. Give one under `departures`."
        for key in sorted(set(scenario.reasons) - departing):
            yield f"{scenario.places[f'departures.{key}']}: {key} does not depart from the reference case {name}."
    for key in SIMULATED:
        if key in scenario.places and not scenario.simulated:
            yield f"{scenario.places[key]}: no children are simulated, so this has no effect with engine: cohort."
