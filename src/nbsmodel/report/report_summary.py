"""The answer in a few plain sentences, read from the tables of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import (
    as_sentence,
    currency_sign,
    in_sentence,
    joined,
    money,
    money_in_words,
    number,
    records,
    whole,
)
from nbsmodel.report.methods import per_effect

ANNUAL, AFFECTED = "annual birth cohort", "per affected birth"


def answer(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> list[str]:
    """What the run found: a sentence or two for the comparison, the programme and the thresholds.

    Parameters
    ----------
    scenario : Scenario
    tables : dict of str to DataFrame

    Returns
    -------
    list of str
    """
    return list(_Answer(scenario, tables).sentences())


class _Answer:
    def __init__(self, scenario: Scenario, tables: dict[str, pd.DataFrame]) -> None:
        self.model, self.settings, self.tables = scenario.model, scenario.settings, tables
        self.effect = self.settings.effect
        self.labels = {s.name: _quoted(s.label) for s in self.model.strategies}
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]
        self.unit = per_effect(self.model, self.effect)
        self.effects = in_sentence(self.model.outcomes[self.effect].label)

    def sentences(self) -> Iterator[str]:
        pairs = records(self.tables["pairwise"])
        if not pairs:
            yield from self._alone()
        elif len(pairs) == 1:
            versus = f"Compared with {self.labels[pairs[0]['comparator']]}"
            yield f"{versus}, {self._pair(pairs[0], f'per {self.basis}')}."
        else:
            yield from self._several(pairs)
        yield from self._programme()
        if pairs:
            yield self._thresholds()

    def _alone(self) -> Iterator[str]:
        row = records(self.tables["cea"])[0]
        yield (
            f"The model has one strategy, {self.labels[row['strategy']]}: {money(row['cost'], self.currency)} and "
            f"{number(row[self.effect])} {self.effects} per {self.basis}. There is nothing to compare it with."
        )

    def _pair(self, row: dict[str, Any], basis: str) -> str:
        name, cost, gained = self.labels[row["strategy"]], row["inc_cost"], row[f"inc_{self.effect}"]
        quadrant, ratio = row["quadrant"], row["icer"]
        if quadrant == "no difference":
            return f"{name} makes no difference to costs or {self.effects} {basis}".strip()
        text = f"{name} {self._cost(cost)} and {self._gain(gained)} {basis}".strip()
        if quadrant == "north-east":
            return f"{text}: {money(ratio, self.currency)} per {self.unit} gained"
        if quadrant == "south-west":
            return f"{text}: {money(ratio, self.currency)} saved per {self.unit} lost"
        if quadrant == "dominant":
            return f"{text}: it {'costs less' if cost < 0 else 'costs no more'} and does more, so it dominates"
        if quadrant == "dominated":
            return f"{text}: it {'costs more' if cost > 0 else 'costs no less'} and does less, so it is dominated"
        return text

    def _cost(self, cost: float) -> str:
        if cost == 0:
            return "costs the same"
        return (
            f"saves {money_in_words(-cost, self.currency)}"
            if cost < 0
            else f"costs {money_in_words(cost, self.currency)} more"
        )

    def _gain(self, gained: float) -> str:
        if gained == 0:
            return f"has the same {self.effects}"
        return f"{'gains' if gained > 0 else 'loses'} {number(abs(gained), 3)} {self.effects}"

    def _several(self, pairs: list[dict[str, Any]]) -> Iterator[str]:
        steps, others = [], []
        for row in records(self.tables["cea"]):
            name = self.labels[row["strategy"]]
            if row["status"] == "frontier":
                step = f"{name} ({money(row['icer'], self.currency)} per {self.unit})" if row["comparator"] else name
                steps.append(step)
            elif row["status"] == "no difference":
                others.append(f"{name} does not differ from {self.names(row['comparator'])}")
            else:
                others.append(f"{name} is {row['status']} by {self.names(row['comparator'])}")
        if len(steps) == 1:
            yield f"{steps[0]} costs least and does best{_after(others)}."
        else:
            yield f"In order of cost the strategies worth considering are {joined(steps, 'then')}{_after(others)}."
        against = "; ".join(self._pair(row, "") for row in pairs)
        yield f"Compared with {self.labels[self.model.comparator]}, per {self.basis}: {against}."

    def _programme(self) -> Iterator[str]:
        if "programme" not in self.tables:
            return
        table = self.tables["programme"].set_index("quantity")
        others = [s for s in self.model.strategy_names if s != self.model.comparator]
        last = others[-1] if others else self.model.comparator
        parts = []
        affected = self._difference(table, last, AFFECTED)
        if affected:
            parts.append(f"per affected birth, {affected}")
        annual = self._difference(table, last, ANNUAL)
        if annual and "Births" in table.index:
            births = number(float(table[last]["Births"]), 6)
            parts.append(f"for the annual cohort of {births} births, {annual}")
        if parts:
            who = (
                f"{self.labels[last]} compared with {self.labels[self.model.comparator]}: "
                if len(self.labels) > 2
                else ""
            )
            yield as_sentence(f"{who}{'; '.join(parts)}.")
        yield from self._cases(table)

    def _difference(self, table: pd.DataFrame, strategy: str, ending: str) -> str:
        """Differences in cost and effect of a part of the programme table, in words."""
        names = [self.model.outcomes[o].label.partition(" (")[0] for o in ("cost", self.effect)]
        rows = [f"{name}, {ending}" for name in names]
        if f"difference_{strategy}" not in table or any(row not in table.index for row in rows):
            return ""
        cost, gained = (float(table[f"difference_{strategy}"][row]) for row in rows)
        saved = "saved" if cost <= 0 else "spent"
        return (
            f"{money_in_words(abs(cost), self.currency)} is {saved} and {number(abs(gained), 3)} {self.effects} "
            f"are {'gained' if gained >= 0 else 'lost'}"
        )

    def _cases(self, table: pd.DataFrame) -> Iterator[str]:
        found, affected = "Cases found by screening", "Births with the condition"
        if found not in table.index or affected not in table.index:
            return
        by_text: dict[str, list[str]] = {}
        for name in self.model.strategy_names:
            cases, births = (float(table[name][row]) for row in (found, affected))
            if cases > 0:
                text = f"{number(cases, 3)} of {number(births, 3)} affected births a year"
                by_text.setdefault(text, []).append(self.labels[name])
        for text, names in by_text.items():
            yield f"{joined(names)} {'finds' if len(names) == 1 else 'each find'} {text}."

    def _thresholds(self) -> str:
        best: list[tuple[tuple[str, ...], list[float]]] = []
        for threshold, rows in self.tables["net_benefit"].groupby("threshold", sort=True):
            top = rows["nmb"].max()
            names = tuple(self.labels[s] for s in rows.loc[rows["nmb"] == top, "strategy"])
            if best and best[-1][0] == names:
                best[-1][1].append(float(str(threshold)))
            else:
                best.append((names, [float(str(threshold))]))
        parts = []
        for names, values in best:
            have = "has" if len(names) == 1 else "share"
            parts.append(f"{joined(names)} {have} the highest net monetary benefit {self._range(values)}")
        return f"{as_sentence('; '.join(parts))} per {self.unit}."

    def _range(self, values: list[float]) -> str:
        sign = currency_sign(self.currency)
        if len(values) == 1:
            return f"at {sign}{whole(values[0])}"
        return f"at every threshold from {sign}{whole(values[0])} to {sign}{whole(values[-1])}"

    def names(self, comparator: str) -> str:
        """Labels of the strategies that a table names: one, or two joined by `and`."""
        return strategy_labels(self.labels, comparator)


def strategy_labels(labels: dict[str, str], names: str) -> str:
    """Labels of one name, or of two names joined by ``and`` as the tables write them."""
    return labels[names] if names in labels else joined(labels.get(n, n) for n in names.split(" and ") if n)


def _quoted(label: str) -> str:
    """A label with commas stands apart in a sentence."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}" if "," in label else label


def _after(others: list[str]) -> str:
    return f"; {joined(others)}" if others else ""
