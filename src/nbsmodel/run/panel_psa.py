"""The probabilistic analysis of a panel: every condition with draws of its own, and what they share drawn once.

Draws are keyed by seed and name of the parameter, so two models with a parameter of the same name would have it drawn
alike. Each condition therefore has a seed of its own, made from the seed of the panel and the name of the condition;
parameters of the panel and ``shared_parameters`` are drawn from the seed of the panel and imposed on all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.panel import PanelSample
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences
from nbsmodel.config.panel_parts import Panel, PanelCondition
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.sampling import draw_parameters
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.run.panel_base import PanelBase, set_up_per_birth
from nbsmodel.run.psa import FEWEST, refused_table, run_psa
from nbsmodel.run.psa_draws import DrawSource
from nbsmodel.run.psa_evaluate import Refusal, alternatives_of
from nbsmodel.run.runs import Step, silent

if TYPE_CHECKING:
    import pandas as pd

Array = Any


@dataclass(frozen=True)
class PanelPsa:
    """Draws of a panel.

    Parameters
    ----------
    sample : PanelSample
        Of the draws that every condition can be run with.
    asked : int
        Draws asked for.
    drawn : dict of str to array (draw,)
        Parameters drawn once for all conditions, for the same draws.
    refused : DataFrame
        As `refused_table`, with a first column ``condition`` (empty for parameters of the panel).
    """

    sample: PanelSample
    asked: int
    drawn: dict[str, Array]
    refused: pd.DataFrame


@dataclass
class SharedSource(DrawSource):
    """Draws of a condition in which some columns are those of the panel."""

    imposed: dict[str, Array] = field(default_factory=dict)

    def _drawn(self, first: int, count: int) -> dict[str, Array]:
        rows = slice(first, first + count)
        return super()._drawn(first, count) | {name: column[rows].copy() for name, column in self.imposed.items()}


def condition_seed(seed: int, name: str) -> int:
    """Seed of a condition's own draws: of the panel's seed and the condition's name, and of nothing else."""
    text = json.dumps(["panel", int(seed), name], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:7], "little")


def shared_draws(panel: Panel) -> dict[str, Array]:
    """Parameters of the panel and shared ones, drawn once, each (draw,)."""
    psa = panel.analyses.psa
    assert psa is not None
    return draw_parameters(panel.drawn(), psa.draws, panel.seed, psa.sampling)


def condition_source(panel: Panel, condition: PanelCondition, shared: dict[str, Array]) -> SharedSource:
    """Draws of a condition: its own, and what the panel imposes on it.

    Parameters
    ----------
    panel : Panel
    condition : PanelCondition
    shared : dict of str to array
        From `shared_draws`; values that are no legal ones stand at the base value.
    """
    psa = panel.analyses.psa
    assert psa is not None
    scenario = replace(condition.assay, seed=condition_seed(panel.seed, condition.name))
    imposed = {name: shared[whose] / factor for name, (whose, factor) in panel.imposed(condition).items()}
    return SharedSource(scenario, np.arange(psa.draws), ("",), _of=alternatives_of(scenario), imposed=imposed)


def run_panel_psa(
    panel: Panel, base: PanelBase, threads: int = 1, block: int | None = None, step: Step = silent
) -> PanelPsa:
    """Run every condition of a panel over the draws, one after the other.

    Two numbers are kept for each condition and draw, so memory grows with neither models nor their parameters.

    Parameters
    ----------
    panel : Panel
        With ``analyses.psa``.
    base : PanelBase
    threads, block : int
        The results do not depend on them.
    step : callable
        Told how far it is.

    Raises
    ------
    InputError
        When a model cannot run, or next to no draw is possible in all of them.
    """
    import pandas as pd

    psa = panel.analyses.psa
    assert psa is not None
    n, names = psa.draws, sorted(panel.conditions)
    shared, refusals, kept = _legal(panel, shared_draws(panel))
    refused = [("", refused_table(refusals, n))]
    cost, effect = np.full((len(names), n), np.nan), np.full((len(names), n), np.nan)
    for i, name in enumerate(names):
        condition = panel.conditions[name]
        source = condition_source(panel, condition, shared)
        found = run_psa(source.scenario, threads, block, _part_of(step, i, len(names)), source=source)
        rows = found.sample.draws
        cost[i, rows], effect[i, rows] = _increments(found.sample, condition)
        kept &= found.kept
        refused.append((name, found.refused))
    if kept.sum() < FEWEST:
        text = f"only {int(kept.sum())} of {n} draws can be run in all conditions."
        raise InputError([Problem(panel.place("conditions"), text, "Look at each condition on its own.")])
    ids = np.flatnonzero(kept)

    def value(key: str) -> Array:
        return shared[key] if key in shared else np.full(n, panel.value(key))

    test = panel.asked.shared_test
    paid = value(test.cost) * value(test.tested) + set_up_per_birth(panel, base.births, value)
    tables = [table.assign(condition=name)[["condition", *table.columns]] for name, table in refused]
    return PanelPsa(
        PanelSample(tuple(names), cost[:, ids], effect[:, ids], paid[ids], ids),
        n,
        {name: column[ids] for name, column in shared.items()},
        pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True),
    )


def _increments(sample: Sample, condition: PanelCondition) -> tuple[Array, Array]:
    s, c = (sample.strategies.index(name) for name in (condition.strategy, condition.comparator))
    return differences(sample.cost[:, s], sample.cost[:, c]), differences(sample.effect[:, s], sample.effect[:, c])


def _legal(panel: Panel, shared: dict[str, Array]) -> tuple[dict[str, Array], list[Refusal], Array]:
    """Shared draws with base values in place of those outside their unit's range, and what was refused."""
    rows = panel.drawn().rows
    kept = np.ones(len(next(iter(shared.values()), np.empty(_draws(panel)))), dtype=bool)
    refusals: list[Refusal] = []
    legal = {}
    for name, column in shared.items():
        unit = rows[name].unit
        low, high = legal_range(unit)
        good = np.isfinite(column) & (column >= low) & (column <= high)
        allowed = f"{unit}: {range_text(unit)}"
        refusals += [
            Refusal(int(i), "parameter", name, float(column[i]), allowed) for i in np.flatnonzero(kept & ~good)
        ]
        kept &= good
        legal[name] = np.where(good, column, rows[name].value)
    return legal, refusals, kept


def _draws(panel: Panel) -> int:
    assert panel.analyses.psa is not None
    return panel.analyses.psa.draws


def _part_of(step: Step, i: int, of: int) -> Step:
    """Progress of one condition among all of them."""
    tell: Callable[[str, int, int], None] = lambda text, done, work: step(text, i * work + done, of * work)  # noqa: E731
    return tell
