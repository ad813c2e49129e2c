"""`reproduce`: every published result of a model beside ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbsmodel.analysis.verdict import verdict
from nbsmodel.config.scenario import check_changes, make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Simulation
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.load import load_model
from nbsmodel.model.parts import Model
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.measure import measure_of
from nbsmodel.run.published import FILE, PublishedSchema, TargetSchema, WithSchema, load_published

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "study", "quantity", "published", "ours", "difference", "tolerance", "verdict", "reason",
    "model", "source", "where",
]  # fmt: skip


def reproduce(folder: str | Path, on_run: Callable[[], None] | None = None) -> pd.DataFrame:
    """Compare a model with what was published.

    Parameters
    ----------
    folder : str or Path
        Model folder with ``published.yaml``.
    on_run : callable, optional
        Called after each run of the model, for a progress bar.

    Returns
    -------
    DataFrame
        Columns ``study, quantity, published, ours, difference, tolerance, verdict, reason, model, source, where``;
        a range is shown as text in ``published``, with the distance to it as the difference.

    Raises
    ------
    InputError
        With every problem found.
    """
    model = load_model(folder)
    published = load_published(model)
    if published is None:
        raise InputError(
            [Problem(shown(Path(folder)), f"this model has no {FILE}.", "Write one, or name another model.")]
        )
    runs: dict[str, Result] = {}
    rows = []
    for i, target in enumerate(published.results):
        place = f"{shown(model.folder / FILE)} results[{i + 1}]"
        key = json.dumps(target.with_.model_dump(), sort_keys=True)
        if key not in runs:
            runs[key] = _run(model, published, target.with_, place)
            if on_run is not None:
                on_run()
        row = _row(published.study, target, measure_of(runs[key], target.measure, place))
        rows.append([*row, Path(shown(Path(folder))).as_posix(), target.source, target.where])
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    return pd.DataFrame(rows, columns=COLUMNS)


def _run(model: Model, published: PublishedSchema, given: WithSchema, place: str) -> Result:
    try:
        base, options = check_changes(model, given.overrides, given.choices)
        settings = make_settings(model, given.settings, f"{place} with.settings")
    except InputError as error:
        raise InputError([Problem(f"{place} with > {p.place}", p.found, p.fix) for p in error.problems]) from None
    asked = published.simulation
    simulation = None if asked is None else Simulation(asked.individuals, asked.seed)
    return evaluate(model, settings=settings, base=base, options=options, keep_trace=True, simulation=simulation)


def _row(study: str, target: TargetSchema, ours: float) -> list[object]:
    tolerance = f"{target.within:g}" if target.within is not None else ""
    if target.tolerance is not None:
        tolerance = f"{100 * target.tolerance:g}%"
    if target.range is not None:
        low, high = target.range
        gap = min(ours - low, 0.0) + max(ours - high, 0.0)
        found = verdict(target.kind, low, ours, relative=None, absolute=None, noise=False, reason=target.reason)
        return [study, target.quantity, f"{low:g} to {high:g}", ours, gap, tolerance, found, target.reason]
    value = float(target.value) if target.value is not None else np.nan
    found = verdict(
        target.kind, value, ours, relative=target.tolerance, absolute=target.within, noise=target.noise,
        reason=target.reason,
    )  # fmt: skip
    return [study, target.quantity, value, ours, ours - value, tolerance, found, target.reason]


def falls_short(table: pd.DataFrame) -> bool:
    """Whether any quantity differs by more than it may."""
    return bool(table["verdict"].str.startswith("differs").any())
