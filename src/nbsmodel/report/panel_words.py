"""What a panel found, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.panel_parts import Panel
from nbsmodel.config.settings import length_text
from nbsmodel.report.assumptions import count_unsupported
from nbsmodel.report.format import (
    as_sentence,
    counted,
    currency_sign,
    in_sentence,
    joined,
    money,
    money_in_words,
    number,
    records,
    share,
    whole,
)
from nbsmodel.report.methods import per_effect
from nbsmodel.report.panel_view import listed, together

#: Conditions told of one by one; of more only the extremes.
MOST = 4

Tables = Mapping[str, pd.DataFrame]
Record = dict[str, Any]


class PanelWords:
    """Reads the tables of a panel.

    Parameters
    ----------
    panel : Panel
    tables : mapping of str to DataFrame
    """

    def __init__(self, panel: Panel, tables: Tables) -> None:
        self.panel, self.tables = panel, tables
        model = next(iter(panel.conditions.values())).own.model
        self.effect = panel.settings.effect
        self.inc = f"inc_{self.effect}"
        self.effects = in_sentence(model.outcomes[self.effect].label)
        self.effects_label = model.outcomes[self.effect].label
        self.unit = per_effect(model, self.effect)
        self.currency = panel.about["currency"]
        self.thresholds = sorted(panel.settings.thresholds)
        self.marginal = records(tables["panel_marginal"])
        self.options = {r["option"]: r for r in records(tables["panel"])}
        self.all = self.options["all"]
        self.births = float(tables["panel_conditions"]["births_per_year"].iloc[0])

    @property
    def yearly(self) -> bool:
        """Whether births a year are known."""
        return self.births == self.births

    def at(self, threshold: float) -> str:
        """A threshold in words."""
        return f"{currency_sign(self.currency)}{whole(threshold)} per {self.unit}"

    def change(self, row: Record, cost: str = "inc_cost", effect: str = "") -> str:
        """``costs £1 more and gains 0.1 QALYs``."""
        c, e = row[cost], row[effect or self.inc]
        money_part = "costs the same" if c == 0 else (
            f"costs {money_in_words(c, self.currency)} more" if c > 0 else f"saves {money_in_words(-c, self.currency)}"
        )  # fmt: skip
        effect_part = f"{'gains' if e >= 0 else 'loses'} {number(abs(e), 3)} {self.effects}"
        return f"{money_part} and {effect_part if e else f'has the same {self.effects}'}"

    def verdict(self, row: Record) -> str:
        """The ratio, or what stands in its place."""
        if row["quadrant"] == "north-east":
            return f"{money(row['icer'], self.currency, 0)} per {self.unit} gained"
        if row["quadrant"] == "south-west":
            return f"{money(row['icer'], self.currency, 0)} saved per {self.unit} lost"
        told = {"dominant": "it costs less and does more", "dominated": "it costs more and does less"}
        return told.get(row["quadrant"], str(row["quadrant"]))

    def illustrations(self) -> Iterator[str]:
        """Conditions whose inputs are mostly placeholders, which say nothing of a real programme."""
        for condition in self.panel.conditions.values():
            if text := count_unsupported(condition.own).illustration:
                yield f"{condition.label}: {text}"

    def answer(self) -> Iterator[str]:
        """The first page."""
        name = self.panel.asked.shared_test.label
        yield (
            f"Testing every newborn for {in_sentence(together(self.panel))} with one test ({name}) "
            f"{self.change(self.all)} per birth compared with no screening: {self.verdict(self.all)}."
        )
        if self.yearly:
            found = ", ".join(
                f"{number(r['cases_found_per_year'], 3)} with {in_sentence(r['label'])}" for r in self.marginal[:MOST]
            )
            told = f": {found}" if 1 < len(self.marginal) <= MOST else ""
            yield (
                f"A year ({whole(round(self.births))} births) it "
                f"{self.change(self.all, 'cost_per_year', 'effect_per_year')}, and screening finds "
                f"{number(self.all['cases_found_per_year'], 3)} children{told}."
            )
        yield from self.adding()
        yield from self.best("panel_best")

    def adding(self) -> Iterator[str]:
        """The marginal value of each condition, of the extremes where there are many."""
        if len(self.marginal) == 1:
            return
        column = f"inmb_{self.thresholds[0]:g}"
        rows = self.marginal
        if len(rows) > MOST:
            ranked = sorted(rows, key=lambda r: (-r[column], r["condition"]))
            rows = [ranked[0], ranked[-1]]
            positive = sum(r[column] > 0 for r in self.marginal)
            yield (
                f"At {self.at(self.thresholds[0])} {positive} of {len(self.marginal)} conditions are worth their "
                "marginal cost; the most and the least valuable:"
            )
        for r in rows:
            yield (
                f"Adding {in_sentence(r['label'])} to the other{'s' if len(self.marginal) > 2 else ''} "
                f"{self.change(r)} per birth: {self.verdict(r)}."
            )

    def best(self, table: str) -> Iterator[str]:
        """The best set of conditions, threshold by threshold, told once where it stays the same."""
        groups: list[tuple[str, list[float]]] = []
        for r in sorted(records(self.tables[table]), key=lambda r: r["threshold"]):
            told = self._set(r)
            if groups and groups[-1][0] == told:
                groups[-1][1].append(r["threshold"])
            else:
                groups.append((told, [r["threshold"]]))
        mean = " by the means over the draws" if "psa" in table else ""
        parts = []
        for told, at in groups:
            where = self.at(at[0]) if len(at) == 1 else (
                f"every threshold from {currency_sign(self.currency)}{whole(at[0])} to {self.at(at[-1])}"
            )  # fmt: skip
            parts.append(f"at {where} {told}")
        yield f"{as_sentence(joined(parts))}{mean}."

    def _set(self, row: Record) -> str:
        if not row["number"]:
            return "no screening has the highest net benefit"
        if row["number"] == len(self.panel.conditions):
            with_all = " with all its conditions" if len(self.panel.conditions) > 1 else ""
            return f"the test{with_all} has the highest net benefit"
        names = [self.panel.conditions[n].label for n in row["conditions"].split("; ")]
        shown = listed(names) if len(names) <= MOST else f"{len(names)} of {len(self.panel.conditions)} conditions"
        return f"the test for {shown} has the highest net benefit"

    def shared(self) -> Iterator[str]:
        """What is shared, and what each condition bears."""
        asked, panel = self.panel.asked.shared_test, self.panel
        cost, tested = panel.value(asked.cost), panel.value(asked.tested)
        yield (
            f"{asked.label} costs {money(cost, self.currency, 2)} a baby once, whatever the number of conditions, "
            f"and is made in {share(tested)} of births."
        )
        if asked.set_up is not None:
            yield (
                f"Setting it up costs {money_in_words(panel.value(asked.set_up.cost), self.currency)}, spread over the "
                f"births of {length_text(asked.set_up.years)} with each year's discounted as costs are."
            )
        if len(self.marginal) <= MOST:
            told = [
                f"{r['label']} {money(r['marginal_test_cost'], self.currency, 2)} (its own test "
                f"{money(r['own_test_cost'], self.currency, 2)})"
                for r in self.marginal
            ]
            yield f"Each condition adds its marginal cost a baby: {joined(told)}."
        statuses = self.tables["panel_parameters"]
        unsure = statuses[statuses["status"].isin(["assumption", "placeholder"])]
        if len(unsure):
            names = joined([f"{r['label']} ({r['status']})" for r in records(unsure)][: 2 * MOST])
            yield f"Not from a published costing: {names}."

    def break_even(self) -> Iterator[str]:
        """At which shared cost the panel stops being worth it."""
        table = self.tables["panel_break_even"]
        parts = []
        for r in sorted(records(table[table["quantity"] == "shared_cost"]), key=lambda r: r["threshold"]):
            if r["break_even"] < 0:
                parts.append(f"at {self.at(r['threshold'])} not even if it were free")
            else:
                parts.append(f"at {self.at(r['threshold'])} up to {money(r['break_even'], self.currency, 2)} a baby")
        yield f"All conditions together are worth the shared test {joined(parts)}."
        if len(self.marginal) > MOST:
            return
        for name in dict.fromkeys(r["condition"] for r in self.marginal):
            rows = records(table[(table["condition"] == name) & (table["threshold"] == self.thresholds[0])])
            r, label = rows[0], self.panel.conditions[name].label
            if r["break_even"] != r["break_even"]:
                continue
            told = f"up to {money(r['break_even'], self.currency, 2)} a baby" if r["break_even"] >= 0 else "at no cost"
            now = money(r["used"], self.currency, 2)
            yield f"{label} is worth adding at {self.at(self.thresholds[0])} {told}; it stands at {now}."

    def uncertain(self) -> Iterator[str]:
        """The draws."""
        if "panel_psa_marginal" not in self.tables:
            return
        table, first = self.tables["panel_psa_marginal"], self.thresholds[0]
        rows = {r["option"]: r for r in records(table[(table["quantity"] == "inmb") & (table["threshold"] == first)])}
        r = rows["all"]
        yield (
            f"At {self.at(first)} all together have a net benefit of {money(r['mean'], self.currency)} per birth on "
            f"average over the draws (95% interval {money(r['low95'], self.currency)} to "
            f"{money(r['high95'], self.currency)}), and beat no screening in {share(r['probability_positive'])} of "
            "the draws."
        )
        if 1 < len(self.marginal) <= MOST:
            told = [
                f"{in_sentence(m['label'])} in {share(rows[m['condition']]['probability_positive'])}"
                for m in self.marginal
            ]
            others = "others" if len(told) > 2 else "other"
            yield f"Adding it to the {others} is worth its marginal cost: {joined(told)} of the draws."
        yield from self.best("panel_psa_best")
        refused = self.tables["panel_psa_refused"]
        if len(refused):
            run = records(self.tables["panel_psa_run"])[0]
            lost = int(run["asked"] - run["draws"])
            yield f"{counted(lost, 'draw').capitalize()} of {run['asked']:,} could not be run in every condition."

    def method(self) -> list[str]:
        """How conditions were put together."""
        found = [
            "Each condition has a model and a config of its own. It is run with the cost of its test replaced by its "
            "marginal cost on the shared test, and set against no screening; differences are added up over the "
            "conditions, and the cost of the shared test is added once per baby tested.",
            "This takes the conditions as independent: no child has two of them, treatment for one changes nothing for "
            "another, and children told of a suspicion of two conditions count for both.",
            "Adding a condition is all conditions less all without it. The cost of the shared test stays as long as "
            "any condition is left, so a condition bears it only where it stands alone.",
            "Given the shared cost conditions add up, so the best set holds every condition with a positive marginal "
            "net benefit if together they exceed the shared cost, and is no screening otherwise. This is exact.",
        ]
        if self.panel.analyses.psa is not None:
            shared = self.panel.asked.shared_parameters
            found.append(
                "Parameters of different models are drawn independently of each other even where they have the same "
                "name; drawn once for all are the parameters of the panel"
                + (f" and {joined(shared)}." if shared else ".")
            )
        return found
