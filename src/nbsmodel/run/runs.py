"""Runs of a scenario at other values of its parameters: what the analyses are handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Simulation
from nbsmodel.model.parts import COST, paths

Array = Any
#: Told what is done, how much of it, and how much there is.
Step = Callable[[str, int, int], None]


def silent(text: str, done: int, work: int) -> None:
    """Tell nobody."""


def sample_of(result: Result, first: int = 0) -> Sample:
    """Costs and effects of a result, with numbers of draws from `first` on."""
    outcomes = {name: result.by_strategy(name) for name in result.model.outcomes}
    base = result.strategies.index(result.model.comparator)
    marked = any(branch.case for path in paths(result.model.tree) for branch in path)
    return Sample(
        strategies=result.strategies,
        comparator=base,
        cost=outcomes[COST],
        effect=outcomes[result.settings.effect],
        draws=np.arange(first, first + result.draws),
        births=result.births,
        cases=result.case_probability()[:, base] if marked else None,
        outcomes=outcomes,
    )


class Runs:
    """Evaluates a scenario at values of its parameters that an analysis chooses.

    Parameters
    ----------
    scenario : Scenario
    threads : int
        The results do not depend on it.
    """

    def __init__(self, scenario: Scenario, threads: int = 1) -> None:
        self.scenario, self.threads = scenario, threads

    @property
    def values(self) -> dict[str, float]:
        """Value of every parameter in this scenario."""
        rows = self.scenario.model.parameters.rows
        return {name: self.scenario.overrides.get(name, row.value) for name, row in rows.items()}

    def at(self, table: Mapping[str, Array], progress: Callable[[int, int], None] | None = None) -> Sample:
        """Outcomes at every row of a table; what is not in it stands as the scenario has it.

        Parameters
        ----------
        table : mapping of str to array (row,)
            Values of parameters or derived values. They take the place of the scenario's overrides.
        progress : callable, optional
            Told the rows done and the rows there are.

        Returns
        -------
        Sample
            A row a row. Simulated children meet the same luck in every row.

        Raises
        ------
        InputError
            At values the model cannot run with.
        """
        s = self.scenario
        base = {name: value for name, value in s.overrides.items() if name not in table}
        columns = {name: np.asarray(column, dtype=float) for name, column in table.items()}
        with s.locating():
            if not s.simulated:
                return sample_of(
                    evaluate(s.model, columns, s.settings, base=base, options=s.choices, threads=self.threads)
                )
            rows = len(next(iter(columns.values())))
            parts = []
            for i in range(rows):
                row = base | {name: float(column[i]) for name, column in columns.items()}
                parts.append(self._simulated(row, i))
                if progress is not None:
                    progress(i + 1, rows)
            return joined(parts)

    def _simulated(self, base: Mapping[str, float], number: int) -> Sample:
        s = self.scenario
        children = Simulation(s.individuals, s.seed)
        result = evaluate(
            s.model, settings=s.settings, base=base, options=s.choices, simulation=children, threads=self.threads
        )
        return sample_of(result, number)


def joined(parts: list[Sample]) -> Sample:
    """Samples put one below the other."""
    first = parts[0]

    def stack(name: str) -> Array:
        return None if getattr(first, name) is None else np.concatenate([getattr(p, name) for p in parts])

    outcomes = {name: np.concatenate([p.outcomes[name] for p in parts]) for name in first.outcomes}
    return with_outcomes(first, outcomes, draws=stack("draws"), births=stack("births"), cases=stack("cases"))


def rows_of(sample: Sample, rows: Array) -> Sample:
    """Some of the rows of a sample."""
    outcomes = {name: values[rows] for name, values in sample.outcomes.items()}
    births = None if sample.births is None else sample.births[rows]
    cases = None if sample.cases is None else sample.cases[rows]
    return with_outcomes(sample, outcomes, draws=sample.draws[rows], births=births, cases=cases)


def with_outcomes(sample: Sample, outcomes: Mapping[str, Array], **more: Any) -> Sample:
    """A sample with other outcomes, cost and effect among them."""
    effect = next(name for name, values in sample.outcomes.items() if values is sample.effect)
    return replace(sample, cost=outcomes[COST], effect=outcomes[effect], outcomes=outcomes, **more)
