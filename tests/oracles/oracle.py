"""What the oracle tests share: the model folders, expected tables, the published comparison."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

import nbsmodel

HERE = Path(__file__).parent
MODELS = HERE.parent / "models"

EXACT = ("exact", "within rounding")


def load(name: str):
    """The test model of that name."""
    return nbsmodel.load_model(MODELS / name)


def expected(name: str) -> pd.DataFrame:
    """A table of ``expected/``; comment lines hold its source."""
    return pd.read_csv(HERE / "expected" / name, comment="#")


def check_published(folder: Path, differ: Collection[str] = ()) -> pd.DataFrame:
    """Compare every figure of ``published.yaml``; returns the table of `nbsmodel.reproduce`.

    The verdict of exact figures must say so, and all figures must lie within the stated
    tolerance by arithmetic done here, but for those that are known to `differ`, which must not.
    """
    figures = YAML(typ="safe").load(folder / "published.yaml")["results"]
    table = nbsmodel.reproduce(folder).set_index("quantity")
    assert sorted(table.index) == sorted(f["quantity"] for f in figures)
    wrong = []
    for figure in figures:
        row = table.loc[figure["quantity"]]
        allowed = figure["within"] if "within" in figure else figure["tolerance"] * abs(figure["value"])
        inside = abs(row["ours"] - figure["value"]) <= allowed * (1 + 1e-9)
        if inside == (figure["quantity"] in differ) or (figure["kind"] == "exact" and row["verdict"] not in EXACT):
            wrong.append(f"{figure['quantity']}: {figure['value']} published, {row['ours']} here, {row['verdict']}")
    assert not wrong, "\n".join(wrong)
    return table


def one(array) -> float:
    """The single number of a base-case total."""
    (value,) = array
    return float(value)
