"""Shape of the budget impact in a config: years, births, roll-out, set-up costs, the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from nbsmodel.model.schema import Flag, Name, Names, Num, Strict, Text, Whole

#: Years that a budget may look ahead.
MOST_YEARS = 10
#: Years that the test looks at when nothing is said.
TEST_YEARS = 3
#: Component of set-up costs that name none, and the word for every year.
SET_UP, EVERY = "set-up", "every"
#: Amounts beyond this, either way, are slips of the pen.
MOST_MONEY = 1e12
#: Roll-out of strategies that are not named.
DEFAULT = "default"

Years = Annotated[Whole, Field(ge=1, le=MOST_YEARS)]
Status = Literal["published", "derived", "calibrated", "assumption", "placeholder"]


@dataclass(frozen=True)
class ByYear:
    """A value for every year: one that holds throughout, or a list, first year first.

    Parameters
    ----------
    values : tuple of float
    constant : bool
    """

    values: tuple[float, ...]
    constant: bool

    def lasts(self, years: int) -> bool:
        """Whether there is a value for each of so many years."""
        return self.constant or len(self.values) >= years

    def over(self, years: int) -> tuple[float, ...]:
        """The values of the first so many years."""
        return self.values * years if self.constant else self.values[:years]


def _by_year(what: str, high: float, words: str) -> Callable[[object], ByYear]:
    def read(value: Any) -> ByYear:
        values: list[Any] = value if isinstance(value, list) else [value]
        if not values:
            raise ValueError(f"there are no {what}; write one number, or a list with one for each year")
        for number in values:
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ValueError(f"{number!r} is no number of {what}; write one number, or a list by year")
            if not 0 <= number <= high:
                raise ValueError(f"{number:g} cannot be among the {what}; they are {words}")
        return ByYear(tuple(float(v) for v in values), not isinstance(value, list))

    return read


def _by_strategy(value: object) -> object:
    return value if isinstance(value, dict) else {DEFAULT: value}


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _amount(value: object) -> object:
    """An amount alone stands for a test that looks at the usual years."""
    return {"amount": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _every(value: object) -> object:
    return None if value == EVERY else _as_list(value)


Births = Annotated[ByYear, BeforeValidator(_by_year("births", 1e10, "at least 0"))]
Shares = Annotated[ByYear, BeforeValidator(_by_year("shares of births", 1.0, "between 0 and 1"))]


class SetUpSchema(Strict):
    """A cost of the programme as such, whatever the number of births; `years` None stands for every year."""

    label: Annotated[Text, Field(min_length=1)]
    amount: Annotated[Num, Field(ge=-MOST_MONEY, le=MOST_MONEY)]
    years: Annotated[Annotated[list[Years], Field(min_length=1)] | None, BeforeValidator(_every)]
    strategies: Annotated[Names, Field(min_length=1)]
    payer: Name = "health_system"
    component: Text = SET_UP
    saving: Flag = False
    status: Status = "assumption"
    source: Text = ""
    note: Text = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the model's ``sources.yaml``."""
        return tuple(s.strip() for s in self.source.split(";") if s.strip())

    @model_validator(mode="after")
    def _sign(self) -> SetUpSchema:
        if self.amount < 0 and not self.saving:
            raise ValueError(f"the amount {self.amount:g} is negative; if it is money saved, add `saving: true`")
        if self.amount > 0 and self.saving:
            raise ValueError(f"a saving is a negative amount; write {-self.amount:g}")
        if self.years is not None and len(set(self.years)) < len(self.years):
            raise ValueError("a year stands twice")
        if self.status == "published" and not self.source:
            raise ValueError("a published amount needs its `source`; without one it is an assumption or a placeholder")
        return self


class BudgetTestSchema(Strict):
    """An amount that the net budget impact of no early year may exceed without consequences."""

    amount: Annotated[Num, Field(gt=0, le=MOST_MONEY)]
    years: Years | None = None


class BudgetImpactSchema(Strict):
    """``budget_impact``: undiscounted costs by calendar year, with births entering every year."""

    years: Years = 5
    strategy: Name | None = None
    births: Births | None = None
    roll_out: Annotated[dict[Name, Shares], BeforeValidator(_by_strategy)] = {DEFAULT: ByYear((1.0,), True)}
    set_up: Annotated[list[SetUpSchema], BeforeValidator(_as_list)] = []
    test: Annotated[BudgetTestSchema | None, BeforeValidator(_amount)] = None

    def shares(self, strategy: str) -> ByYear:
        """Share of births under a strategy by year; the others are under the comparator."""
        return self.roll_out.get(strategy, self.roll_out.get(DEFAULT, ByYear((1.0,), True)))

    @property
    def tested_years(self) -> int:
        """Years that the test looks at."""
        asked = self.test.years if self.test is not None else None
        return asked or min(TEST_YEARS, self.years)
