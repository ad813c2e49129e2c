"""What the texts on the deterministic analyses share: labels, amounts, values in their unit."""

from __future__ import annotations

import re
from typing import Any

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.units import is_amount
from nbsmodel.report.format import MINUS, currency_sign, in_proportion, money, number, percent, probability, whole
from nbsmodel.report.methods import per_effect

Record = dict[str, Any]

#: Where a ratio means nothing, what holds instead.
QUADRANT_WORDS = {
    "dominant": "dominant",
    "dominated": "dominated",
    "no difference": "no difference",
    "same effect, less costly": "same effect, costs less",
    "same effect, more costly": "same effect, costs more",
}
#: Units that are printed behind a number.
TIMES = ("years", "months", "weeks", "days")
_NEGATIVE = re.compile(r"(?<![\w.])-(?=[\d.])")


class PointsWords:
    """Labels and amounts of a scenario.

    Parameters
    ----------
    scenario : Scenario
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.model, self.settings = scenario, scenario.model, scenario.settings
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]
        self.unit = per_effect(self.model, self.settings.effect)

    def money(self, value: float) -> str:
        """An amount with its currency."""
        return money(value, self.currency)

    def inmb(self, value: float) -> str:
        """An incremental net monetary benefit with what it is per."""
        return f"{money(value, self.currency)} per {self.basis}"

    def at(self, threshold: float) -> str:
        """A threshold with what it is per."""
        return f"{currency_sign(self.currency)}{whole(threshold)} per {self.unit}"

    def pair(self, row: Record) -> str:
        """A strategy and what it is set against."""
        return f"{self.labels[row['strategy']]} against {self.labels[row['against']]}"

    def several(self) -> bool:
        """Whether it must be said which strategy is meant."""
        return len(self.labels) > 2

    def ratio(self, row: Record, end: str) -> str:
        """The ratio at an end of a bar, or in words what holds where there is none."""
        icer, quadrant = row[f"icer_{end}"], str(row[f"quadrant_{end}"])
        if quadrant == "south-west":
            return f"{money(icer, self.currency)} saved per {self.unit} lost"
        return money(icer, self.currency) if icer == icer else QUADRANT_WORDS.get(quadrant, quadrant)

    def simulated(self) -> str:
        """What simulation adds to figures of single runs; empty for a cohort."""
        if not self.scenario.simulated:
            return ""
        return (
            f"Every run simulates the same {self.scenario.individuals:,} children with the same luck, so differences "
            "between runs carry little of its error, but each figure has that of the base case."
        )


def value(number_: float, unit: str) -> str:
    """A value in its unit: shares in per cent, money with its code."""
    if number_ != number_:
        return ""
    if unit in ("probability", "share"):
        return probability(number_)
    if unit == "rate a year":
        return percent(float(f"{number_:.4g}"))
    if is_amount(unit):
        return money(number_, unit)
    return number(number_, 4) + (f" {unit}" if unit in TIMES else "")


def marked(row: Record) -> str:
    """Label of a bar; says so where other shares of its whole move with it."""
    return in_proportion(str(row["label"]), row["with_low"])


def named(row: Record, key: str = "label") -> str:
    """A label as it stands in a sentence: apart, where it has commas."""
    label = str(row[key])
    return f"\N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}" if "," in label else label


def with_minus(text: str) -> str:
    """A sentence of a table with true minus signs."""
    return _NEGATIVE.sub(MINUS, text)
