"""The probabilistic analysis: draws in parts, their outcomes, and what was refused.

A part is evaluated, put aside, and kept until the whole is there; so a run that is stopped can go on. Nothing
depends on where parts, blocks or threads begin and end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.inputs import unit_of
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.run.psa_draws import DrawSource, draw_source
from nbsmodel.run.psa_evaluate import DrawEvaluator, Evaluated, Refusal
from nbsmodel.run.psa_store import Store
from nbsmodel.run.runs import Step, joined, rows_of, silent

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

Array = Any

#: Draws of the first part; later ones are as long as fits a second, so that a stop loses little.
FIRST_PART, MOST_PART = 200, 5_000
SECONDS = 1.0

#: Column of a draw's structural alternative.
ALTERNATIVE = "alternative"

#: Fewer draws than this carry no distribution.
FEWEST = 2


@dataclass(frozen=True)
class Psa:
    """Draws of a probabilistic analysis and what the model gave for them.

    Parameters
    ----------
    draws : DataFrame
        A row a draw, indexed by its number; a column a parameter, and ``alternative`` where structural
        alternatives were drawn.
    sample : Sample
        Outcomes of the same draws.
    asked : int
        Draws asked for, refused ones among them.
    refused : DataFrame
        Columns ``cause, kind, refused, share, lowest, highest, allowed, first_draw``, a row a parameter or
        formula that refused draws.
    source : DrawSource
        Where the draws come from.
    kept : bool array (asked,)
        Which of the draws asked for were not refused.
    """

    draws: pd.DataFrame
    sample: Sample
    asked: int
    refused: pd.DataFrame
    source: DrawSource
    kept: Array


@dataclass(frozen=True)
class Part:
    """Consecutive draws with their outcomes."""

    first: int
    columns: dict[str, Array]
    which: Array
    evaluated: Evaluated

    def __len__(self) -> int:
        return len(self.which)


def run_psa(
    scenario: Scenario,
    threads: int = 1,
    block: int | None = None,
    step: Step = silent,
    store: Store | None = None,
    source: DrawSource | None = None,
) -> Psa:
    """Draw the parameters of a scenario and evaluate every draw.

    Parameters
    ----------
    scenario : Scenario
        With ``analyses.psa``.
    threads, block : int
        The results do not depend on them.
    step : callable
        Told how far it is.
    store : Store, optional
        Where parts are kept until the whole is there; what it holds already is not done again.
    source : DrawSource, optional
        Draws of the scenario, by default those that it asks for.

    Raises
    ------
    InputError
        When the model cannot run, or next to no draw is possible.
    """
    source = draw_source(scenario) if source is None else source
    parts: list[Part] = [] if store is None else list(store.parts())
    done = sum(map(len, parts))
    evaluator = DrawEvaluator(scenario, source.n, threads, block)
    evaluator.by_formula = sum(r.kind == "formula" for p in parts for r in p.evaluated.refusals)
    size = FIRST_PART
    while done < source.n:
        step("drawing parameters and running the model", done, source.n)
        began = time.perf_counter()
        part = _part(source, evaluator, done, min(size, source.n - done))
        if store is not None:
            store.keep(part)
        parts.append(part)
        done += len(part)
        took = max(time.perf_counter() - began, 1e-3)
        size = int(min(MOST_PART, max(1, len(part) * min(SECONDS / took, 4))))
    step("drawing parameters and running the model", done, source.n)
    return _whole(source, parts)


def _part(source: DrawSource, evaluator: DrawEvaluator, first: int, count: int) -> Part:
    columns, which = source.part(first, count)
    return Part(first, columns, which, evaluator.run(columns, which, first))


def psa_at(job: Job, changes: dict[str, float], most: int | None = None) -> Sample:
    """Outcomes of the draws of a probabilistic analysis with some values fixed at a number.

    Parameters
    ----------
    job : Job
        With its ``psa``.
    changes : dict of str to float
        Parameters or derived values.
    most : int, optional
        Only those of the first so many draws asked for.

    Returns
    -------
    Sample
        A row for each draw of ``job.psa.sample``, in the same order.

    Raises
    ------
    InputError
        When the model cannot run with them.
    """
    assert job.psa is not None
    for name, value in changes.items():
        unit = unit_of(job.scenario.model, name)
        low, high = legal_range(unit)
        if not low <= value <= high:
            raise InputError([Problem(f"{name} = {value:g}", f"this is no {unit}.", f"It must be {range_text(unit)}.")])
    source, kept = job.psa.source, job.psa.kept
    evaluator = DrawEvaluator(job.scenario, job.psa.source.n, job.runs.threads)
    samples = []
    n = source.n if most is None else min(most, source.n)
    for first in range(0, n, MOST_PART):
        columns, which = source.part(first, min(MOST_PART, n - first))
        mine = kept[first : first + len(which)]
        base = {name: np.where(mine, column, evaluator.values[name]) for name, column in columns.items()}
        evaluated = evaluator.run(base, which, first, changes)
        if evaluated.refusals:
            refusal = evaluated.refusals[0]
            place = ", ".join(f"{name} = {value:g}" for name, value in changes.items())
            found = f"draw {refusal.draw} cannot be run with this ({refusal.cause})."
            raise InputError([Problem(place, found, refusal.allowed)])
        samples.append(rows_of(evaluated.sample, mine))
    return replace(joined(samples), draws=job.psa.sample.draws[: int(kept[:n].sum())])


def _whole(source: DrawSource, parts: list[Part]) -> Psa:
    import pandas as pd

    kept = np.concatenate([p.evaluated.kept for p in parts])
    refusals = [r for p in parts for r in p.evaluated.refusals]
    refused = refused_table(refusals, source.n)
    if source.n < FEWEST:
        raise InputError([Problem(source.place, f"{source.n} draw is too few.", f"At least {FEWEST} are needed.")])
    if kept.sum() < FEWEST:
        reasons = ", ".join(f"{r.cause} ({r.refused})" for r in refused.head(3).itertuples())
        found = f"only {int(kept.sum())} of {source.n} draws can be run; refused by {reasons}."
        raise InputError([Problem(source.place, found, "Choose distributions within the legal range of their units.")])
    ids = source.ids[kept]
    sample = replace(rows_of(joined([p.evaluated.sample for p in parts]), kept), draws=ids)
    if sample.cases is not None and not sample.cases.any():
        sample = replace(sample, cases=None)
    columns = {name: np.concatenate([p.columns[name] for p in parts])[kept] for name in parts[0].columns}
    draws = pd.DataFrame(columns, index=pd.Index(ids, name="draw"))
    if source.alternatives[0]:
        which = np.concatenate([p.which for p in parts])[kept]
        draws[ALTERNATIVE] = np.array(source.alternatives, dtype=object)[which]
    return Psa(draws, sample, source.n, refused, source, kept)


def refused_table(refusals: list[Refusal], n: int) -> pd.DataFrame:
    """Refused draws counted by cause, the most frequent first."""
    import pandas as pd

    rows: list[list[Any]] = []
    for cause in dict.fromkeys((r.kind, r.cause) for r in refusals):
        mine = [r for r in refusals if (r.kind, r.cause) == cause]
        found = np.array([r.found for r in mine])
        low, high = (np.nan, np.nan) if cause[0] == "formula" else (found.min(), found.max())
        first = min(mine, key=lambda r: r.draw)
        rows.append([cause[1], cause[0], len(mine), len(mine) / n, low, high, first.allowed, first.draw])
    columns = ["cause", "kind", "refused", "share", "lowest", "highest", "allowed", "first_draw"]
    rows.sort(key=lambda row: (-row[2], row[7], row[1], row[0]))  # whatever the parts they were found in
    return pd.DataFrame(rows, columns=columns)


def check_psa(scenario: Scenario) -> None:
    """Refuse a probabilistic analysis that cannot be made, before anything runs.

    Raises
    ------
    InputError
        With file and line.
    """
    draw_source(scenario)
