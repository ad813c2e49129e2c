"""Outcomes of draws: every draw under its structural alternative; draws the model cannot run with are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.inputs import unit_of
from nbsmodel.engine.simulation import Simulation
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.sampling import given_fixed
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.run.runs import sample_of, with_outcomes

Array = Any

#: Draws that the model's formulas refuse are searched for by halving; more of them than this share is a
#: mistake in the model rather than bad luck, and the search would take long.
MOST_BY_FORMULA = 0.1


@dataclass(frozen=True)
class Refusal:
    """A draw that was left out, and why.

    ``cause`` is a parameter or the place of a formula; ``found`` the value, NaN for a formula; ``allowed``
    says what it may be.
    """

    draw: int
    kind: str
    cause: str
    found: float
    allowed: str


@dataclass(frozen=True)
class Alternative:
    """A structural alternative: what it changes in the scenario."""

    name: str
    weight: float
    overrides: Mapping[str, float]
    choices: Mapping[str, str]


@dataclass
class Evaluated:
    """Outcomes of consecutive draws; rows that were refused hold outcomes of nothing."""

    kept: Array
    sample: Sample
    refusals: list[Refusal] = field(default_factory=list)


def alternatives_of(scenario: Scenario) -> tuple[Alternative, ...]:
    """The scenario's structural alternatives, with weights that add up to 1; one without a name where it has none."""
    psa = scenario.analyses.psa
    if psa is None or not psa.alternatives:
        return (Alternative("", 1.0, {}, {}),)
    total = sum(a.weight for a in psa.alternatives.values())
    return tuple(Alternative(name, a.weight / total, a.overrides, a.choices) for name, a in psa.alternatives.items())


class DrawEvaluator:
    """Evaluates draws of a scenario.

    Parameters
    ----------
    scenario : Scenario
    draws : int
        How many there are in all.
    threads, block
        The results do not depend on them.
    """

    def __init__(self, scenario: Scenario, draws: int, threads: int = 1, block: int | None = None) -> None:
        self.scenario, self.draws, self.threads, self.block = scenario, draws, threads, block
        self.alternatives = alternatives_of(scenario)
        rows = scenario.model.parameters.rows
        self.values = {name: scenario.overrides.get(name, row.value) for name, row in rows.items()}
        self.by_formula = 0  # draws refused by a formula so far

    def run(
        self, columns: Mapping[str, Array], which: Array, first: int, changes: Mapping[str, float] | None = None
    ) -> Evaluated:
        """Outcomes of consecutive draws.

        Parameters
        ----------
        columns : mapping of str to array (draws,)
            Parameters.
        which : int array (draws,)
            Place of each draw's alternative.
        first : int
            Number of the first draw.
        changes : mapping of str to float, optional
            Parameters or derived values that stand at a number in all draws.

        Raises
        ------
        InputError
            When the model cannot be run at base values either, or too many draws are impossible.
        """
        changes = changes or {}
        n = len(which)
        refusals = list(self._out_of_range(columns, first))
        kept = np.ones(n, dtype=bool)
        kept[[r.draw - first for r in refusals]] = False
        total: Sample | None = None
        for a, alternative in enumerate(self.alternatives):
            mine = kept & (which == a)
            if not mine.any():
                continue
            sample, failed = self._search(columns, mine, alternative, first, changes)
            refusals += failed
            kept[[r.draw - first for r in failed]] = False
            total = sample if total is None else _put(total, sample, mine)
        if total is None:  # nothing can be run: outcomes of the base values stand in for rows that are left out
            total = self._evaluate(columns, kept, self.alternatives[0], first, slice(0, n), changes)
        return Evaluated(kept, total, refusals)

    def _out_of_range(self, columns: Mapping[str, Array], first: int) -> Iterator[Refusal]:
        """The first parameter of each draw that is outside the range of its unit."""
        refused: set[int] = set()
        for name, column in columns.items():
            unit = unit_of(self.scenario.model, name)
            low, high = legal_range(unit)
            for i in np.flatnonzero(~(np.isfinite(column) & (column >= low) & (column <= high))):
                if int(i) not in refused:
                    refused.add(int(i))
                    yield Refusal(first + int(i), "parameter", name, float(column[i]), f"{unit}: {range_text(unit)}")

    def _search(
        self, columns: Mapping[str, Array], mine: Array, alternative: Alternative, first: int,
        changes: Mapping[str, float],
    ) -> tuple[Sample, list[Refusal]]:  # fmt: skip
        """Outcomes of an alternative's draws; those its formulas refuse are found by halving."""
        mine = mine.copy()
        refusals: list[Refusal] = []

        def bad_rows(low: int, high: int, error: InputError) -> Iterator[tuple[int, Problem]]:
            if high - low == 1:
                if not mine[low]:  # this row stands at base values
                    raise error
                yield low, error.problems[0]
                return
            middle = (low + high) // 2
            for a, b in ((low, middle), (middle, high)):
                if not mine[a:b].any():
                    continue
                try:
                    self._evaluate(columns, mine, alternative, first, slice(a, b), changes)
                except InputError as found:
                    yield from bad_rows(a, b, found)

        while True:
            try:
                sample = self._evaluate(columns, mine, alternative, first, slice(0, len(mine)), changes)
                return sample, refusals
            except InputError as error:
                rows = list(bad_rows(0, len(mine), error))
                if not rows:  # the rows at base values are what fails
                    raise
                for row, problem in rows:
                    mine[row] = False
                    refusals.append(Refusal(first + row, "formula", problem.place, np.nan, problem.fix))
                self.by_formula += len(rows)
                if self.by_formula > max(MOST_BY_FORMULA * self.draws, 1):
                    found = (
                        f"more than one in ten of {self.draws:,} draws give an impossible value, such as: "
                        f"{error.problems[0].found}"
                    )
                    fix = "Choose distributions that stay where the formula can be worked out."
                    raise InputError([Problem(error.problems[0].place, found, fix)]) from None

    def _evaluate(
        self, columns: Mapping[str, Array], mine: Array, alternative: Alternative, first: int, part: slice,
        changes: Mapping[str, float],
    ) -> Sample:  # fmt: skip
        """Consecutive draws of an alternative; rows that are not its own stand at base values."""
        s = self.scenario
        fixed = {**alternative.overrides, **changes}
        base = {name: value for name, value in s.overrides.items() if name not in columns} | fixed
        use = mine[part]
        drawn = {
            name: np.where(use, column[part], self.values[name])
            for name, column in columns.items()
            if name not in fixed
        }
        if changes:
            drawn = given_fixed(s.model.parameters, drawn, {**s.overrides, **fixed})
        if not drawn:  # the alternative fixes all: one parameter at its own value says how many draws there are
            name = next(iter(self.values))
            drawn = {name: np.full(int(np.size(use)), base.pop(name, self.values[name]))}
        return sample_of(
            evaluate(
                s.model, drawn, s.settings, base=base, options={**s.choices, **alternative.choices},
                threads=self.threads, block=None if s.simulated else self.block, first_draw=first + (part.start or 0),
                simulation=Simulation(s.individuals, s.seed) if s.simulated else None,
            ),
            first + (part.start or 0),
        )  # fmt: skip


def _put(total: Sample, sample: Sample, rows: Array) -> Sample:
    """A sample with some of its rows taken from another."""

    def put(old: Array, new: Array) -> Array:
        if old is None or new is None:
            return old if new is None else new
        return np.where(rows if old.ndim == 1 else rows[:, None], new, old)

    outcomes = {name: put(total.outcomes[name], sample.outcomes[name]) for name in total.outcomes}
    births, cases = put(total.births, sample.births), put(total.cases, sample.cases)
    return with_outcomes(total, outcomes, births=births, cases=cases)
