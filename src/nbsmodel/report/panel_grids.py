"""Tables of a panel as the report shows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from nbsmodel.report.format import (
    as_sentence,
    decimals_for,
    fixed,
    in_sentence,
    money_decimals,
    number,
    percent,
    plain,
    records,
    share,
    whole,
)
from nbsmodel.report.panel_view import option_label
from nbsmodel.report.panel_words import PanelWords
from nbsmodel.report.report_tables import CLASS_LABELS, QUADRANTS, Cell, Column, Grid, Group, Row

Record = dict[str, Any]

#: Thresholds beside the results; the files have all.
MOST_THRESHOLDS = 3


class PanelGrids:
    """Makes the tables of the report on a panel.

    Parameters
    ----------
    words : PanelWords
    """

    def __init__(self, words: PanelWords) -> None:
        self.words, self.panel, self.tables = words, words.panel, words.tables
        self.shown = words.thresholds[:MOST_THRESHOLDS]

    def marginal(self) -> Grid:
        """What each condition adds, and all together."""
        rows = [(r["label"], r) for r in self.words.marginal]
        if len(rows) > 1:
            rows.append(("All together, shared test paid", self.words.all))
        caption = "What adding each condition to all others costs and gives per birth, at base values"
        note = "The shared test is paid by the others, and stands in the last row only."
        if len(self.words.marginal) == 1:
            note = "There is one condition, which bears the shared test."
        groups = [("", rows)]
        return self._readings("table-panel-marginal", caption, groups, "panel_marginal.csv", note, last=len(rows) > 1)

    def options(self) -> Grid:
        """Each condition alone, with its own test and on the shared one; all but each."""
        kinds = {"alone, own test": "Alone, with the test of its own config",
                 "alone on the shared test": "Alone on the shared test, which it bears",
                 "all but this": "All but one condition"}  # fmt: skip
        every = list(self.words.options.values())
        groups = []
        for kind, title in kinds.items():
            if kind == "all but this" and len(self.words.marginal) < 3:
                continue
            body = [(r["label"] if kind != "all but this" else option_label(self.panel, r["option"]), r)
                    for r in every if r["kind"] == kind]  # fmt: skip
            groups.append((title, body))
        caption = "Each condition alone, and all but each, against no screening, per birth at base values"
        return self._readings("table-panel-options", caption, groups, "panel.csv", "")

    def _readings(
        self, id_: str, caption: str, groups: Sequence[tuple[str, Sequence[tuple[str, Record]]]], file: str, note: str,
        last: bool = False,
    ) -> Grid:  # fmt: skip
        every = [r for _, body in groups for _, r in body]
        inc, names = self.words.inc, [f"inmb_{t:g}" for t in self.shown]
        costs, places = money_decimals(r["inc_cost"] for r in every), decimals_for((r[inc] for r in every), 2, 2)
        benefit = money_decimals(r[n] for r in every for n in names)
        made = []
        for title, body in groups:
            rows = []
            for i, (label, r) in enumerate(body):
                ratio = fixed(r["icer"], 0)
                if not ratio or r["quadrant"] == "south-west":
                    ratio = ", ".join(t for t in (ratio, QUADRANTS.get(r["quadrant"], str(r["quadrant"]))) if t)
                cells = [fixed(r["inc_cost"], costs), fixed(r[inc], places), ratio]
                cells += [fixed(r[n], benefit) for n in names]
                if self.words.yearly:
                    cells += [_thousands(r["cost_per_year"]), number(r["effect_per_year"], 3),
                              number(r["cases_found_per_year"], 3)]  # fmt: skip
                rows.append(Row(label, tuple(map(Cell, cells)), last and i == len(body) - 1))
            made.append(Group(title, tuple(rows)))
        w = self.words
        columns = [Column("Condition", False), Column(f"Cost ({w.currency})"), Column(w.effects_label),
                   Column(f"{w.currency} per {w.unit}", False)]  # fmt: skip
        columns += [Column(whole(t)) for t in self.shown]
        over = [("", 4), (f"Net benefit at ({w.currency} per {w.unit})", len(names))]
        if w.yearly:
            columns += [Column(f"Cost (thousand {w.currency})"), Column(w.effects_label), Column("Cases found")]
            over.append((f"A year ({whole(round(w.births))} births)", 3))
        return Grid(id_, caption, tuple(columns), tuple(made), file, note, tuple(over))

    def break_even(self) -> Grid:
        """Costs of the test that are just worth it."""
        table = self.tables["panel_break_even"]
        body = []
        for name in dict.fromkeys(table["condition"]):
            rows = {r["threshold"]: r for r in records(table[table["condition"] == name])}
            used = next(iter(rows.values()))["used"]
            label = f"Marginal cost of {in_sentence(self.panel.conditions[name].label)}" if name else "Shared test"
            cells = [fixed(used, 2), *(fixed(rows[t]["break_even"], 2) for t in self.words.thresholds)]
            body.append(Row(label, tuple(map(Cell, cells))))
        columns = (Column(f"{self.words.currency} a baby", False), Column("In use"),
                   *(Column(whole(t)) for t in self.words.thresholds))  # fmt: skip
        over = (("", 2), (f"Just worth it at ({self.words.currency} per {self.words.unit})",
                          len(self.words.thresholds)))  # fmt: skip
        note = "Below zero: not worth it even for nothing. Each with all else as it stands."
        caption = "Costs of the test at which the net benefit is zero"
        return Grid("table-panel-break-even", caption, columns, (Group("", tuple(body)),), "panel_break_even.csv",
                    note, over)  # fmt: skip

    def uncertain(self) -> Grid | None:
        """Net benefit of adding each condition over the draws."""
        if "panel_psa_marginal" not in self.tables:
            return None
        table = self.tables["panel_psa_marginal"]
        table = table[(table["quantity"] == "inmb") & table["threshold"].isin(self.shown)]
        places = money_decimals(v for c in ("mean", "low95", "high95") for v in table[c])
        groups = []
        for threshold, part in table.groupby("threshold", sort=True):
            rows = []
            for r in records(part):
                together = r["option"] == "all"
                label = "All together, shared test paid" if together else self.panel.conditions[r["option"]].label
                cells = [Cell(fixed(r["mean"], places)),
                         Cell(f"{fixed(r['low95'], places)} to {fixed(r['high95'], places)}"),
                         Cell(fixed(r["base"], places)), Cell(share(r["probability_positive"]))]  # fmt: skip
                rows.append(Row(label, tuple(cells), together))
            groups.append(Group(f"At {self.words.at(float(str(threshold)))}", tuple(rows)))
        columns = (Column("Adding", False), Column("Mean"), Column("95% interval"), Column("At base values"),
                   Column("Positive in"))  # fmt: skip
        caption = f"Net monetary benefit of adding each condition per birth ({self.words.currency}), over the draws"
        return Grid("table-panel-psa", caption, columns, tuple(groups), "panel_psa_marginal.csv")

    def screening(self) -> Grid:
        """Births by class with screening, a column a condition; of many conditions a row each."""
        table = self.tables["panel_screening"]
        table = table[table["strategy"] == "screening"]
        value = "per_year" if self.words.yearly else "per_100000"
        classes = [c for c in dict.fromkeys(table["class"]) if c not in ("true_negative", "not_screened")]
        found = {(r["condition"], r["class"]): r[value] for r in records(table)}
        body = tuple(
            Row(r["label"], tuple(Cell(number(found.get((r["condition"], c), 0.0), 3)) for c in classes))
            for r in self.words.marginal
        )
        columns = (Column("Condition", False), *(Column(CLASS_LABELS.get(c, as_sentence(plain(c)))) for c in classes))
        per = "a year" if self.words.yearly else "per 100,000 births"
        note = "Children who are told of a suspicion of two conditions count for both. The file has all classes."
        return Grid("table-panel-screening", f"Children by screening result, {per}", columns, (Group("", body),),
                    "panel_screening.csv", note)  # fmt: skip

    def costs(self) -> Grid:
        """Costs by condition and component."""
        table = self.tables["panel_costs"]
        value = "cost_per_year" if self.words.yearly else "inc_cost"
        show = _thousands if self.words.yearly else partial(fixed, decimals=money_decimals(table[value]))
        groups = []
        for name in dict.fromkeys(table["condition"]):
            rows = tuple(
                Row(as_sentence(r["component"]), (Cell(show(r[value])),))
                for r in records(table[table["condition"] == name])
                if r[value]
            )
            title = self.panel.conditions[name].label if name else "Shared by all"
            if rows:
                groups.append(Group(title, rows))
        per, unit = ("a year", "thousand ") if self.words.yearly else ("per birth", "")
        caption = f"What screening adds to costs {per} ({unit}{self.words.currency})"
        columns = (Column("Component", False), Column("Screening less no screening"))
        return Grid("table-panel-costs", caption, columns, tuple(groups), "panel_costs.csv")

    def conditions(self) -> Grid:
        """Where each condition comes from."""
        body = []
        for r in records(self.tables["panel_conditions"]):
            fitted = f", {r['calibrated']} calibrated" if r["calibrated"] else ""
            unsure = f"{r['assumptions']} assumptions, {r['placeholders']} placeholders{fitted} of {r['parameters']}"
            cells = [r["model"], r["title"], fixed(r["own_test_cost"], 2), fixed(r["marginal_test_cost"], 2),
                     number(1e5 * r["share_with_condition"], 3), unsure]  # fmt: skip
            body.append(Row(r["label"], tuple(map(Cell, cells))))
        w = self.words.currency
        columns = (Column("Condition", False), Column("Model", False), Column("Config", False),
                   Column(f"Own test ({w})"), Column(f"Marginal ({w})"), Column("Cases per 100,000"),
                   Column("Inputs without a source", False))  # fmt: skip
        return Grid("table-panel-conditions", "Conditions of the panel", columns, (Group("", tuple(body)),),
                    "panel_conditions.csv")  # fmt: skip

    def parameters(self) -> Grid:
        """Parameters of the panel, and shared ones."""
        body = []
        for r in records(self.tables["panel_parameters"]):
            interval = f"{number(r['low95'])} to {number(r['high95'])}" if r["low95"] == r["low95"] else "fixed"
            value = percent(r["value"]) if r["unit"] in ("probability", "share") else number(r["value"], 6)
            cells = [value, r["unit"], interval, r["status"], r["use"], r["note"]]
            body.append(Row(r["label"], tuple(map(Cell, cells))))
        columns = (Column("Parameter", False), Column("Value"), Column("Unit", False), Column("95% interval"),
                   Column("Status", False), Column("Used as", False), Column("Note", False))  # fmt: skip
        return Grid("table-panel-parameters", "Parameters of the panel, and what its conditions share", columns,
                    (Group("", tuple(body)),), "panel_parameters.csv")  # fmt: skip

    def changes(self) -> Grid | None:
        """What differs from the models as their folders have them."""
        table: pd.DataFrame = self.tables["panel_changes"]
        if table.empty:
            return None
        groups = []
        for name in dict.fromkeys(table["condition"]):
            rows = tuple(
                Row(r["key"], (Cell(_text(r["old"])), Cell(_text(r["new"]))))
                for r in records(table[table["condition"] == name])
            )
            groups.append(Group(self.panel.conditions[name].label, rows))
        columns = (Column("Key", False), Column("Model"), Column("Here"))
        note = "Costs of a test stand in the prices of the model, which brings them to those of the results."
        return Grid("table-panel-changes", "What the configs and the panel change in the models", columns,
                    tuple(groups), "panel_changes.csv", note)  # fmt: skip


def _thousands(value: float) -> str:
    """An annual amount in thousands of the currency."""
    return fixed(value / 1000, 0)


def _text(value: object) -> str:
    return number(value, 6) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
