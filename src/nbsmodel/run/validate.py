"""`validate`: every problem of configs and model folders, without writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsmodel.errors import InputError, Problem
from nbsmodel.run.published import load_published
from nbsmodel.run.run import run


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
    problems: list[Problem] = []
    notes: list[str] = []
    for path in paths:
        try:
            scenario = run(path, write=False).scenario
            load_published(scenario.model)
        except InputError as error:
            problems += error.problems
            continue
        for name, base, mean in scenario.model.parameters.disagreements:
            place = scenario.model.parameters.rows[name].place
            notes.append(f"{place}: base value {base:g}, but the mean of its distribution is {mean:g}.")
    return list(dict.fromkeys(problems)), list(dict.fromkeys(notes))
