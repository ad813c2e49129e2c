"""Tiny declared models written from Python text, for checks against closed forms."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import nbsmodel

HEAD = """\
title: Tiny model
condition: None
decision_problem: A closed form
population: None
perspective: None
currency: GBP
price_year: none
basis: birth
comparator: only
"""

ONE_STRATEGY = """\
strategies:
  only: {label: Only, lever: 1}
"""


def write_model(
    folder: Path,
    body: str,
    parameters: dict[str, float | tuple[float, str]] | None = None,
    settings: str = "",
    published: str = "",
    tables: dict[str, str] | None = None,
) -> Path:
    """Write a model folder.

    Parameters
    ----------
    folder : Path
        Made when it does not exist.
    body : str
        The part of ``model.yaml`` that matters: tree, cohorts, tables, derived. A strategy
        ``only`` is added unless the body has its own.
    parameters : dict of str to float or (float, unit), optional
        Unit ``number`` unless given.
    settings : str, optional
        Lines of the settings section.
    published : str, optional
        The results of ``published.yaml``.
    tables : dict of str to str, optional
        File name to content; they go into ``tables/``.

    Returns
    -------
    Path
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    body = dedent(body)
    text = HEAD + ("" if "strategies:" in body else ONE_STRATEGY) + body
    if settings:
        text += "settings:\n" + indent(dedent(settings), "  ")
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    rows = ["name,label,value,unit,distribution,source,status,price_year,note"]
    for name, value in {"one": 1.0, **(parameters or {})}.items():
        value, unit = value if isinstance(value, tuple) else (value, "number")
        rows.append(f"{name},{name},{value!r},{unit},,here,assumption,,")
    (folder / "parameters.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "sources.yaml").write_text("here: {citation: A closed form}\n", encoding="utf-8")
    if published:
        text = "study: Closed form\nresults:\n" + indent(dedent(published), "  ")
        (folder / "published.yaml").write_text(text, encoding="utf-8")
    for name, content in (tables or {}).items():
        (folder / "tables").mkdir(exist_ok=True)
        (folder / "tables" / name).write_text(dedent(content), encoding="utf-8")
    return folder


def run(folder: Path, **how):
    """Evaluate a model folder."""
    return nbsmodel.evaluate(nbsmodel.load_model(folder), **how)


def values_of_formulas(folder: Path, formulas: dict[str, float], **model) -> dict[str, float]:
    """What the framework makes of formulas that vary with nothing, by way of ``published.yaml``.

    Parameters
    ----------
    folder : Path
    formulas : dict of str to float
        Formula to the value it should have.
    **model
        As in `write_model`.
    """
    lines = [
        f'- {{quantity: "{formula}", measure: {{value: "{formula}"}}, value: {value!r}, '
        "tolerance: 1e-9, kind: exact, source: here}"
        for formula, value in formulas.items()
    ]
    body = "tree:\n  everyone: {p: 1, payoffs: [{outcome: cost, value: one}]}\n"
    write_model(folder, body, published="\n".join(lines) + "\n", **model)
    table = nbsmodel.reproduce(folder).set_index("quantity")
    return {formula: float(table.loc[formula, "ours"]) for formula in formulas}
