"""A calibration as plain text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nbsmodel.run.show import number, text_table

#: Other solutions that are listed; more stand in the table.
MOST = 8


def calibration_for_people(tables: Mapping[str, pd.DataFrame], title: str) -> str:
    """Targets, values fitted, what else fits as well, profiles.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        From `nbsmodel.run.calibration_tables.calibration_tables`.
    title : str
    """
    targets, fitted = tables["calibration_targets"], tables["calibration"]
    body = [
        [r["quantity"], number(r["target"]), number(r["ours"]), number(r["difference"]), number(r["allowed"]),
         "yes" if r["met"] else "NO"]
        for r in targets.to_dict("records")
    ]  # fmt: skip
    parts = [title, "", text_table(["Target", "Value", "Ours", "Difference", "Allowed", "Met"], body), ""]
    body = [
        [r["parameter"], r["unit"], number(r["start"]), number(r["fitted"]), number(r["low"]), number(r["high"]),
         "at bound" if r["at_bound"] else ""]
        for r in fitted.to_dict("records")
    ]  # fmt: skip
    head = ["Parameter", "Unit", "In force", "Fitted", "Lowest that fits", "Highest that fits", ""]
    parts += [text_table(head, body), "", *_solutions(tables["calibration_solutions"]), _identified(fitted)]
    if "calibration_profile" in tables:
        for _, part in tables["calibration_profile"].groupby("fixed", sort=False):
            parts += ["", *_profile(part)]
    return "\n".join(parts)


def _solutions(table: pd.DataFrame) -> list[str]:
    wide = table.pivot_table(index="solution", columns="parameter", values="value", sort=False)
    one = table.drop_duplicates("solution").set_index("solution")
    good = [n for n in one.index if one.loc[n, "fits_as_well"]]
    other = len(one) - len(good)
    starts, of = int(one.loc[good, "starts"].sum()), int(one["of_starts"].iloc[0])
    lines = [f"{starts} of {of} starts end in {len(good)} solution{'s' if len(good) != 1 else ''} that fit as well."]
    if other:
        lines.append(f"{other} other end{'s' if other != 1 else ''} of starts fit less well.")
    if len(good) > 1:
        names = list(dict.fromkeys(table["parameter"]))
        body = [
            [str(n), *(number(float(wide.loc[n, p])) for p in names), number(float(one.loc[n, "sum_of_squares"]))]
            for n in good[:MOST]
        ]
        lines += [text_table(["Solution", *names, "Sum of squares"], body)]
        if len(good) > MOST:
            lines.append(f"{len(good) - MOST} more stand in calibration_solutions.csv.")
    return lines


def _identified(fitted: pd.DataFrame) -> str:
    row = fitted.iloc[0]
    count, targets, rank = int(row["parameters"]), int(row["targets"]), int(row["rank"])
    if not row["ridge"]:
        return "The targets determine the parameters near this solution."
    why = (
        f"There are more parameters ({count}) than targets ({targets})"
        if count > targets
        else f"The targets tell only {rank} of {count} directions apart"
    )
    return (
        f"{why}: the values that fit are a ridge, not a point. The solution named is the one nearest to the values in "
        "force; picking another needs evidence from elsewhere."
    )


def _profile(part: pd.DataFrame) -> list[str]:
    first = part.iloc[0]
    names = list(dict.fromkeys(part["parameter"]))
    body = []
    for at, rows in part.groupby("at", sort=False):
        cells = [
            number(float(v)) + (" (bound)" if b else "") for v, b in zip(rows["fitted"], rows["at_bound"], strict=True)
        ]
        body.append([number(float(at)), *cells, "yes" if rows["targets_met"].all() else "NO"])  # type: ignore[arg-type]
    return [
        f"With {first['fixed']} ({first['fixed_label']}) fixed and the others fitted again",
        text_table([str(first["fixed"]), *names, "Targets met"], body),
    ]
