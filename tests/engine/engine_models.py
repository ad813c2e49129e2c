"""Small models for the tests of the engine, written as folders and loaded like any other."""

import json
import tempfile
from pathlib import Path
from textwrap import dedent

import nbsmodel

HEAD = {
    "title": "Small model",
    "condition": "None",
    "decision_problem": "A test",
    "population": "None",
    "perspective": "None",
    "currency": "GBP",
    "price_year": "none",
    "basis": "birth",
    "perspectives": ["societal"],
}
CORRECTIONS = ("start", "end", "half_cycle", "simpson", "life_table", "every_point")
TIMINGS = ("start", "mid", "end", "year_step")

#: No discounting, each cycle counted with its first row: sums that can be done in the head.
PLAIN = {
    "discount_rate_costs": 0,
    "discount_rate_outcomes": 0,
    "discount_timing": "start",
    "within_cycle_correction": "start",
}


def write(folder, body, parameters=None, tables=None, strategies=None):
    """Write a model folder.

    Parameters
    ----------
    folder : Path
    body : str or dict
        The part of ``model.yaml`` that matters, as YAML text or as a dictionary.
    parameters : dict of str to float or (float, unit), optional
        Unit ``number`` unless given.
    tables : dict of str to str, optional
        File name to content.
    strategies : dict of str to dict of levers, optional
        The first is the comparator; one strategy ``only`` unless given.
    """
    strategies = strategies or {"only": {}}
    head = HEAD | {"strategies": strategies, "comparator": next(iter(strategies))}
    if isinstance(body, str):
        text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items()) + "\n" + dedent(body)
    else:
        text = json.dumps(head | body, indent=1)
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    rows = ["name,label,value,unit,distribution,source,status,price_year,note"]
    for name, value in (parameters or {}).items():
        value, unit = value if isinstance(value, tuple) else (value, "number")
        rows.append(f"{name},{name},{float(value)!r},{unit},,here,assumption,,")
    (folder / "parameters.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "sources.yaml").write_text("here: {citation: A test}\n", encoding="utf-8")
    for name, content in (tables or {}).items():
        (folder / "tables").mkdir(exist_ok=True)
        (folder / "tables" / name).write_text(dedent(content), encoding="utf-8")
    return folder


def build(body, parameters=None, tables=None, strategies=None):
    """A loaded model; its folder is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return nbsmodel.load_model(write(Path(folder), body, parameters, tables, strategies))


def everyone(cohort="life", start="living", **more):
    """A tree whose one leaf enters a cohort."""
    return {"everyone": {"p": 1, "cohort": cohort, "start": start} | more}


def one_cohort(cohort, start="living", **more):
    """A model of one cohort that everyone enters."""
    return {"tree": everyone(start=start), "cohorts": {"life": cohort}} | more


def years(n):
    """Yearly cycles."""
    return {"length": "1 year", "count": n}


def run(model, settings=None, **how):
    """Evaluate with `PLAIN` settings where no others are given."""
    return nbsmodel.evaluate(model, settings=PLAIN | (settings or {}), **how)


def total(result, outcome, strategy="only", **which):
    """A total at base values."""
    (value,) = result.total(outcome, strategy, **which)
    return float(value)


def occupancy(result, cohort="life", row=-1, strategy=0, draw=0):
    """Occupancy by state at a row of the trace."""
    return dict(zip(result.states(cohort), result.trace(cohort)[draw, strategy, row].tolist(), strict=True))
