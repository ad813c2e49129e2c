"""Scenarios side by side: which rows can stand in one figure, short titles, what differs in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import SETTING_LABELS, as_sentence, number, percent, plain, records

#: What makes net benefits of two scenarios comparable.
MONEY = ["currency", "price_year", "measure"]
AFFECTED = "affected birth"


@dataclass(frozen=True)
class Comparison:
    """The rows of ``scenarios.csv`` that can be set against the reference.

    Parameters
    ----------
    rows : DataFrame
        All in the same money and effect, per the same unit; the reference among them.
    apart : DataFrame
        Rows of scenarios in other money, prices or effect.
    per : str
        Unit of `rows`: ``affected birth`` where all have it.
    threshold : float
        The first threshold of the reference.
    titles : mapping of str to str
        Short title by scenario.
    """

    rows: pd.DataFrame
    apart: pd.DataFrame
    per: str
    threshold: float
    titles: Mapping[str, str]

    @property
    def column(self) -> str:
        """Column of the net benefit at the threshold."""
        return f"inmb_{self.threshold:g}"

    @property
    def reference(self) -> pd.DataFrame:
        """Rows of the reference, one a strategy."""
        return self.rows[self.rows["is_reference"]]

    def of_strategy(self, strategy: str) -> pd.DataFrame:
        """Rows of a strategy."""
        return self.rows[self.rows["strategy"] == strategy]


def comparison(table: pd.DataFrame) -> Comparison | None:
    """What can be compared; None where the reference compares nothing.

    Parameters
    ----------
    table : DataFrame
        ``scenarios.csv``.
    """
    reference = table[table["is_reference"]]
    if reference.empty:
        return None
    same = (table[MONEY] == reference[MONEY].iloc[0]).all(axis=1)
    near, apart = table[same], table[~same]
    affected = near.groupby("scenario")["per"].agg(lambda units: AFFECTED in set(units))
    per = AFFECTED if affected.all() else str(reference["per"].iloc[0])
    apart = apart[apart.groupby("scenario")["per"].transform(lambda units: _unit(units, per)) == apart["per"]]
    first = next(c for c in table.columns if c.startswith("inmb_") and not c.endswith("_se"))
    return Comparison(near[near["per"] == per], apart, per, float(first.removeprefix("inmb_")), short_titles(table))


def _unit(units: pd.Series, wanted: str) -> str:
    return wanted if wanted in set(units) else str(units.iloc[0])


def short_titles(table: pd.DataFrame) -> dict[str, str]:
    """Titles without the leading parts, up to a comma, that all of them share; different for every scenario."""
    titles = dict(zip(table["scenario"], map(str, table["title"]), strict=True))
    parts = {name: title.split(", ") for name, title in titles.items()}
    shared = len(os.path.commonprefix(list(parts.values()))) if len(parts) > 1 else 0
    short = {name: as_sentence(", ".join(p[shared:]) or titles[name]) for name, p in parts.items()}
    every = list(short.values())
    return {name: title if every.count(title) == 1 else f"{title} ({name})" for name, title in short.items()}


def differences(scenario: Scenario, table: pd.DataFrame) -> dict[str, list[str]]:
    """What each scenario has otherwise than the reference, in words.

    Parameters
    ----------
    scenario : Scenario
        The reference, for the labels of parameters.
    table : DataFrame
        ``scenario_differences.csv``.
    """
    found: dict[str, list[str]] = {}
    for row in records(table):
        found.setdefault(row["scenario"], []).append(_in_words(scenario, row))
    return found


def _in_words(scenario: Scenario, row: Mapping[str, Any]) -> str:
    kind, _, name = str(row["key"]).partition(".")
    if kind == "model":
        return f"another model: {row['value']}"
    if kind == "settings":
        old, new = (_setting(name, row[k]) for k in ("reference", "value"))
        return f"{SETTING_LABELS.get(name, as_sentence(plain(name)))}: {new} (reference {old})"
    if kind == "choices":
        return f"{as_sentence(plain(name))}: {plain(row['value'])} (reference {plain(row['reference'])})"
    parameter = scenario.model.parameters.rows.get(name)
    label = parameter.label if kind == "overrides" and parameter is not None else as_sentence(plain(name or kind))
    old = _number(row["reference"])
    return f"{label}: {_number(row['value'])}" + (f" (reference {old})" if old else "")


def _setting(name: str, text: str) -> str:
    if name.startswith("discount_rate") and _is_number(text):
        return percent(float(text))
    return ", ".join(_number(part) for part in text.split(", "))


def _number(text: str) -> str:
    return number(float(text), 6) if _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
