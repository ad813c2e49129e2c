"""Rows of values through the model: in batches, with a message that names the row that cannot be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.errors import InputError, Problem
from nbsmodel.run.runs import Runs, Step

Array = Any

#: Rows evaluated in one go, so that memory stays bounded.
BATCH = 5_000


def outcomes(runs: Runs, table: Mapping[str, Array], step: Step, text: str, place: str) -> Sample:
    """Costs and effects at every row of a table.

    Parameters
    ----------
    runs : Runs
    table : mapping of str to array (row,)
        Values of parameters or derived values.
    step : callable
        Told how far it is.
    text : str
        What is being done, for the progress bar.
    place : str
        Of the config, for messages.

    Raises
    ------
    InputError
        At the first row that the model cannot run with, with its values.
    """

    def refuse(row: int, problem: Problem) -> None:
        raise InputError([at_row(table, row, problem, place)])

    return _collect(runs, table, step, text, refuse)


def possible_outcomes(
    runs: Runs, table: Mapping[str, Array], step: Step, text: str, place: str
) -> tuple[Sample, Problem | None]:
    """Costs and effects where the model can run, nan elsewhere, and the first problem met."""
    met: list[Problem] = []

    def note(row: int, problem: Problem) -> None:
        met.append(at_row(table, row, problem, place))

    sample = _collect(runs, table, step, text, note)
    return sample, met[0] if met else None


def at_row(table: Mapping[str, Array], row: int, problem: Problem, place: str) -> Problem:
    """A problem of the model with the values at which it arose."""
    values = ", ".join(f"{name} = {column[row]:.6g}" for name, column in table.items())
    found = f"{problem.place.removeprefix('draws ')}: {problem.found}"
    for words in (" in draw 0", ", draw 0", " (1 of 1 draws are not)"):  # it was run alone
        found = found.replace(words, "")
    return Problem(place, f"the model cannot run at {values}: {found}", problem.fix)


def _collect(
    runs: Runs, table: Mapping[str, Array], step: Step, text: str, failed: Callable[[int, Problem], None]
) -> Sample:
    n = len(next(iter(table.values())))
    size = 1 if runs.scenario.simulated else BATCH
    found: list[tuple[int, int, Sample | Problem]] = []
    for first in range(0, n, size):
        step(text, first, n)
        for start, stop, part in _parts(runs, table, first, min(first + size, n)):
            if isinstance(part, Problem):
                failed(start, part)
            found.append((start, stop, part))
    step(text, n, n)
    model = runs.scenario.model
    shape = (n, len(model.strategy_names))
    cost, effect = np.full(shape, np.nan), np.full(shape, np.nan)
    for start, stop, part in found:
        if isinstance(part, Sample):
            cost[start:stop], effect[start:stop] = part.cost, part.effect
    return Sample(model.strategy_names, model.strategy_names.index(model.comparator), cost, effect, np.arange(n))


def _parts(
    runs: Runs, table: Mapping[str, Array], first: int, last: int
) -> Iterator[tuple[int, int, Sample | Problem]]:
    """Rows evaluated together; those that cannot be run are found by halving."""
    try:
        yield first, last, runs.at({name: column[first:last] for name, column in table.items()})
    except InputError as error:
        if last - first == 1:
            yield first, last, error.problems[0]
            return
        middle = (first + last) // 2
        yield from _parts(runs, table, first, middle)
        yield from _parts(runs, table, middle, last)


def only(sample: Sample, rows: slice) -> Sample:
    """Some rows of what `outcomes` gave."""
    return replace(sample, cost=sample.cost[rows], effect=sample.effect[rows], draws=sample.draws[rows])


def below(*samples: Sample) -> Sample:
    """What `outcomes` gave several times, put one below the other."""
    cost, effect = (np.concatenate([getattr(s, name) for s in samples]) for name in ("cost", "effect"))
    return replace(samples[0], cost=cost, effect=effect, draws=np.arange(len(cost)))
