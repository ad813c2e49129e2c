"""What the texts on the probabilistic analysis share: labels, amounts, thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import currency_sign, in_sentence, money, money_in_words, records, whole
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_tables import THRESHOLDS_BESIDE_ICERS

Tables = Mapping[str, pd.DataFrame]
Record = dict[str, Any]

#: Half the width of a 95% interval, in standard errors.
Z95 = 1.96
NMB, CASE = "nmb", "case"


class PsaWords:
    """Reads the tables of a probabilistic analysis, with the labels and units of the model.

    Parameters
    ----------
    scenario : Scenario
    tables : mapping of str to DataFrame
    """

    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        self.scenario, self.tables = scenario, tables
        self.model, self.settings = scenario.model, scenario.settings
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.comparator = self.model.comparator
        self.others = [s for s in self.labels if s != self.comparator]
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]
        self.effect = self.settings.effect
        self.effects = in_sentence(self.model.outcomes[self.effect].label)
        self.unit = per_effect(self.model, self.effect)
        self.thresholds = sorted(self.settings.thresholds)
        #: Thresholds that tables with several rows each have room for, and where the others are.
        self.shown = self.thresholds[:THRESHOLDS_BESIDE_ICERS]
        self.elsewhere = "" if self.shown == self.thresholds else " The file has the other thresholds."
        self.run: Record = records(tables["psa_run"])[0]

    def money(self, value: float) -> str:
        """An amount with its currency."""
        return money(value, self.currency)

    def amount(self, row: Record, key: str) -> str:
        """A number of a row, as an amount."""
        return money(row[key], self.currency)

    def large(self, value: float) -> str:
        """An amount with its currency, millions in words."""
        return money_in_words(value, self.currency)

    def sum_of(self, threshold: float) -> str:
        """A threshold, as an amount."""
        return f"{currency_sign(self.currency)}{whole(threshold)}"

    def at(self, threshold: float) -> str:
        """A threshold with what it is per."""
        return f"{self.sum_of(threshold)} per {self.unit}"

    def label(self, row: Record, key: str = "strategy") -> str:
        """Label of the strategy of a row."""
        return self.labels[row[key]]

    def summary(
        self, quantity: str, threshold: float | None = None, per: str = "", increment: bool = True
    ) -> list[Record]:
        """Rows of the summary: increments against the comparator, or the strategies themselves."""
        table = self.tables["psa_summary"]
        wanted = (table["quantity"] == quantity) & (table["per"] == (per or self.basis))
        wanted &= table["threshold"].isna() if threshold is None else table["threshold"] == threshold
        return records(table[wanted & ((table["against"] != "") == increment)])

    def ceac(self, threshold: float) -> list[Record]:
        """Rows of the acceptability table at a threshold."""
        table = self.tables["ceac"]
        return records(table[table["threshold"] == threshold])

    def evpi(self, threshold: float) -> Record:
        """The row of the value of perfect information at a threshold."""
        table = self.tables["evpi"]
        return records(table[table["threshold"] == threshold])[0]

    def precision(self, quantity: str) -> list[Record]:
        """Rows of the table of half-widths."""
        table = self.tables["psa_precision"]
        return records(table[table["quantity"] == quantity])
