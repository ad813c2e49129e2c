"""`reproduce`: every published result of a model beside ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nbsmodel.analysis.verdict import verdict
from nbsmodel.config.scenario import check_changes, make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.result import Result
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.load import load_model
from nbsmodel.model.parts import Model
from nbsmodel.model.yamlfile import shown
from nbsmodel.run.measure import measure_of
from nbsmodel.run.published import FILE, TargetSchema, WithSchema, load_published, models_with_published

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["study", "quantity", "published", "ours", "difference", "tolerance", "verdict", "reason"]


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
        Columns ``study, quantity, published, ours, difference, tolerance, verdict, reason``; a range is
        shown as text in ``published``, with the distance to it as the difference.

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
            runs[key] = _run(model, target.with_, place)
            if on_run is not None:
                on_run()
        rows.append(_row(published.study, target, measure_of(runs[key], target.measure, place)))
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    return pd.DataFrame(rows, columns=COLUMNS)


def _run(model: Model, given: WithSchema, place: str) -> Result:
    try:
        base, options = check_changes(model, given.overrides, given.choices)
        settings = make_settings(model, given.settings, f"{place} with.settings")
    except InputError as error:
        raise InputError([Problem(f"{place} with > {p.place}", p.found, p.fix) for p in error.problems]) from None
    return evaluate(model, settings=settings, base=base, options=options, keep_trace=True)


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


def reproduce_all(
    models: Sequence[Path] | None, out: Path, force: bool, on_step: Callable[[str], None] | None = None
) -> pd.DataFrame:
    """Reproduce several models and write ``reproduction.csv``.

    Parameters
    ----------
    models : sequence of Path or None
        Model folders; None for every one below ``models/`` that has published results.
    out : Path
        Folder to write to.
    force : bool
        Replace an earlier table there.
    on_step : callable, optional
        Told what is being done.
    """
    target = out / "reproduction.csv"
    if target.exists() and not force:
        raise InputError(
            [Problem(shown(target), "this table is there already.", "Use --force to replace it, or --out.")]
        )
    folders = list(models) if models else models_with_published(Path("models"))
    if not folders:
        fix = "Name a model folder, or run from a folder that holds models/."
        raise InputError([Problem("models", f"no model with a {FILE} was found.", fix)])
    tables: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for folder in folders:
        if on_step is not None:
            on_step(f"reproducing {folder}")
        try:
            tables.append(reproduce(folder))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    table = pd.concat(tables, ignore_index=True)
    out.mkdir(parents=True, exist_ok=True)
    written = target.with_name(f".{target.name}.writing")
    table.to_csv(written, index=False, lineterminator="\n")
    written.replace(target)
    return table
