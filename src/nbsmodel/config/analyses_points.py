"""Shape of the deterministic analyses in a config: one-way, two-way, break-even, prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from nbsmodel.config.settings import MOST_THRESHOLDS, Threshold
from nbsmodel.model.schema import Name, Names, Num, SomeNames, Strict, Text, Whole

#: Values along one side of a grid.
FEWEST_STEPS, MOST_STEPS = 2, 201

_PERCENT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*\Z")


@dataclass(frozen=True)
class Limits:
    """Two ends: numbers, or a share of the value in force below and above it.

    Parameters
    ----------
    low, high : float
        As factors of the value in force where `relative`.
    relative : bool
    """

    low: float
    high: float
    relative: bool = False

    def around(self, base: float) -> tuple[float, float]:
        """The two ends, in order, when this value is in force."""
        if not self.relative:
            return self.low, self.high
        ends = base * self.low, base * self.high
        return min(ends), max(ends)


def _limits(value: object) -> Limits:
    example = "write [low, high], or a percentage such as 25% for that much below and above the value in force"
    if isinstance(value, str):
        found = _PERCENT.match(value)
        if found is None or not float(found[1]) > 0:
            raise ValueError(f"{value!r} gives no limits; {example}")
        share = float(found[1]) / 100
        return Limits(1 - share, 1 + share, True)
    numbers = isinstance(value, list) and len(value) == 2 and all(_finite(v) for v in value)
    if not numbers:
        raise ValueError(f"{value!r} gives no limits; {example}")
    assert isinstance(value, list)
    low, high = map(float, value)
    if not low < high:
        raise ValueError(f"the first limit, {low:g}, is not below the second, {high:g}; write [low, high]")
    return Limits(low, high)


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _all_or_names(value: object) -> object:
    return None if value == "all" else value


def _moved(value: object) -> object:
    """A name alone stands for a block that only names it, a list of names for several at the same value."""
    if isinstance(value, str):
        return {"name": value}
    return {"same": value} if isinstance(value, list) else value


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Between = Annotated[Limits, BeforeValidator(_limits)]
Steps = Annotated[Whole, Field(ge=FEWEST_STEPS, le=MOST_STEPS)]


class ScaleSchema(Strict):
    """Several parameters that are multiplied by one factor, moved between two ends."""

    parameters: SomeNames
    between: Between
    label: Text | None = None


class RatesSchema(Strict):
    """Discount rates, which are settings and no parameters, at other values."""

    discount_rate_costs: Between | None = None
    discount_rate_outcomes: Between | None = None


class OneWaySchema(Strict):
    """``one_way``: one parameter at a time, at both ends of its interval."""

    parameters: Annotated[Names | None, BeforeValidator(_all_or_names)] = None
    limits: dict[Name, Between] = {}
    scale: Annotated[list[ScaleSchema], BeforeValidator(_as_list)] = []
    settings: RatesSchema = RatesSchema()
    against: Names = []


class MovedSchema(Strict):
    """What is moved: a parameter or derived value, one factor on several, or several at the same value."""

    name: Name | None = None
    scale: SomeNames | None = None
    same: SomeNames | None = None
    label: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return _moved(value)

    @model_validator(mode="after")
    def _one(self) -> MovedSchema:
        kinds = [k for k in self.kinds if getattr(self, k) is not None]
        if len(kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(self.kinds)}")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The ways of saying what is moved."""
        return ("name", "scale", "same")


class AxisSchema(MovedSchema):
    """A side of a grid; `steps` is how many values it has."""

    from_: Num | None = Field(None, alias="from")
    to: Num | None = None
    steps: Steps = 21

    @model_validator(mode="after")
    def _complete(self) -> AxisSchema:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("give both `from` and `to`, or neither")
        if self.from_ is not None and self.to is not None and not self.from_ < self.to:
            raise ValueError(f"`from`, {self.from_:g}, is not below `to`, {self.to:g}")
        return self


class TwoWaySchema(Strict):
    """``two_way``: a grid over two parameters."""

    x: AxisSchema
    y: AxisSchema
    strategy: Name | None = None
    threshold: Threshold | None = None


class BreakEvenSchema(MovedSchema):
    """``break_even``: where the net benefit of a strategy changes its sign."""

    formula: Text | None = None
    by: Name | None = None
    between: Between | None = None
    strategy: Name | None = None
    against: Name | None = None

    @model_validator(mode="after")
    def _complete(self) -> BreakEvenSchema:
        if (self.formula is None) != (self.by is None):
            raise ValueError("a `formula` is solved `by` moving one parameter: give both")
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The ways of saying what is moved, or to be reached."""
        return ("name", "scale", "same", "formula")


class PriceSchema(Strict):
    """An entry of ``value_based_price``: a price or a derived net price, with a label if its own does not do."""

    name: Name
    label: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class PriceSurfaceSchema(Strict):
    """``price_surface``: a grid over the discounts on two prices."""

    x: MovedSchema
    y: MovedSchema
    from_: Num = Field(0.0, alias="from")
    to: Num = 0.95
    steps: Steps = 20
    strategy: Name | None = None
    thresholds: Annotated[list[Threshold], Field(min_length=1, max_length=MOST_THRESHOLDS)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> PriceSurfaceSchema:
        if not self.from_ < self.to:
            raise ValueError(f"`from`, {self.from_:g}, is not below `to`, {self.to:g}")
        return self
