"""Scenarios side by side as plain text for the terminal."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from nbsmodel.run.show import number, text_table


def scenarios_for_people(tables: Mapping[str, pd.DataFrame]) -> str:
    """The comparison table per unit of the basis, then what differs from the reference.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``scenarios`` and ``scenario_differences``.
    """
    table = tables["scenarios"]
    if table.empty:
        return "There is one strategy in each scenario: nothing to compare."
    first = table.groupby("scenario", sort=False)["per"].transform("first")
    rows = table[table["per"] == first]
    own = rows[rows["is_reference"]].notna().any()  # thresholds of the reference; others stand in the file
    benefits = [c for c in rows.columns if c.startswith("inmb_") and not c.endswith("_se") and own[c]]
    several = rows.groupby("scenario")["strategy"].nunique().max() > 1
    head = ["Scenario", *(["Strategy"] if several else []), "Per", "Inc. cost", "Inc. effect", "ICER"]
    head += [f"INMB at {number(float(c.removeprefix('inmb_')))}" for c in benefits]
    money = rows[["currency", "price_year", "measure"]].drop_duplicates()
    mixed = len(money) > 1
    head += ["Counted in"] if mixed else []
    body = []
    for r in rows.to_dict("records"):
        cells = [f"{r['scenario']} (reference)" if r["is_reference"] else r["scenario"]]
        cells += [r["label"]] if several else []
        cells += [r["per"], _with_error(r, "inc_cost"), _with_error(r, "inc_effect"), _verdict(r)]
        cells += [_with_error(r, c) for c in benefits]
        body.append([*cells, *([f"{r['currency']} {r['price_year']}, {r['measure']}"] if mixed else [])])
    one = money.iloc[0]
    parts = [
        "Scenarios at base values, discounted"
        + ("" if mixed else f", {one['currency']} {one['price_year']}, effect {one['measure']}"),
        *(["Scenarios count in different money or effects: do not compare amounts between them."] if mixed else []),
        "",
        text_table(head, body),
    ]
    different = tables["scenario_differences"]
    if len(different):
        body = [[r["scenario"], r["key"], r["value"], r["reference"]] for r in different.to_dict("records")]
        parts += ["", "What differs from the reference", text_table(["Scenario", "Key", "Value", "Reference"], body)]
    return "\n".join(parts)


def _verdict(row: Mapping[Hashable, Any]) -> str:
    """The ratio where it says something by itself, else the quadrant."""
    if row["quadrant"] == "north-east":
        return number(row["icer"])
    return f"{number(row['icer'])} saved a unit lost" if row["quadrant"] == "south-west" else str(row["quadrant"])


def _with_error(row: Mapping[Hashable, Any], column: str) -> str:
    error = row.get(f"{column}_se", math.nan)
    return number(row[column]) + ("" if math.isnan(error) else f" ({number(float(f'{error:.2g}'))})")
