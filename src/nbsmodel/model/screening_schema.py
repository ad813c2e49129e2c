"""Shape of the block ``screening:`` of a model file, before it is expanded into a tree."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from nbsmodel.model.durations import MOST_YEARS, duration, is_duration
from nbsmodel.model.schema import LEAF_KEYS, Flag, FormulaText, Name, SomeNames, Strict, Text, Whole

#: A sample is taken again at most so often.
MOST_REPEATS = 5
#: In the place of a subtree: nothing follows, and that is meant.
NOTHING = "none"
_LENGTH_IN_FORMULA = re.compile(r"[0-9]\s*(year|month|week|day)s?\b")


def _part_of_a_name(value: object) -> object:
    if isinstance(value, str) and value.endswith("_"):
        raise ValueError(f"{value} ends with an underscore, but names are made from it: leave the underscore out")
    return value


#: Names of tests and groups: further names such as ``age_at_result_<test>`` are made from them.
Part = Annotated[Name, BeforeValidator(_part_of_a_name)]


def _below(value: object) -> object:
    """The name of a subtree, a leaf, or branches; the shape of what stands in a block is checked with the tree."""
    if not isinstance(value, str | dict) or not value:
        raise ValueError(
            "the name of a subtree, a block such as {cohort: course, start: well}, or `none` (nothing follows), is "
            "needed"
        )
    if isinstance(value, dict) and is_leaf(value):
        for key in value:
            if key == "p":
                raise ValueError("`p` stands in a block without branches: all who come here take it; leave `p` out")
            if key not in LEAF_KEYS:
                raise ValueError(f"{key} is none of the keys of a block without branches ({', '.join(LEAF_KEYS)})")
    return value


def is_leaf(block: dict[Any, Any]) -> bool:
    """Whether a block says itself what follows, without a branch around it."""
    return any(key in LEAF_KEYS or (key == "p" and not isinstance(value, dict)) for key, value in block.items())


def _years(value: object) -> object:
    """A length of time such as ``5 days`` as a formula in years; any other formula as it is."""
    if not isinstance(value, str):
        return value
    if not is_duration(value):
        if _LENGTH_IN_FORMULA.search(value):
            raise ValueError(
                f"{value} is neither a length nor a formula: a length stands alone, as in `5 days`; in a formula "
                "times are years, as in 5 / 365.25"
            )
        return value
    years = duration(value)
    if years > MOST_YEARS:
        raise ValueError(f"a length of time is at most {MOST_YEARS:,} years, found {value}")
    for each, text in ((Fraction(1), ""), (Fraction(12), " / 12"), (Fraction(1461, 4), " / 365.25")):
        if (years * each).denominator == 1:
            return f"{years * each}{text}" if years else "0"
    return f"{years.numerator} / {years.denominator}"


def _one_or_by_group(value: object) -> str:
    return "by group" if isinstance(value, dict) else "one"


def _payoff(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("a block of `key: value` lines is needed, such as {outcome: cost, value: c_visit}")
    return value


Below = Annotated[Any, BeforeValidator(_below)]
Years = Annotated[FormulaText, BeforeValidator(_years)]
ByGroup = Annotated[
    Annotated[dict[Name, FormulaText], Field(min_length=1), Tag("by group")] | Annotated[FormulaText, Tag("one")],
    Discriminator(_one_or_by_group),
]
Payoffs = list[Annotated[dict[str, Any], BeforeValidator(_payoff)]]


class TierSchema(Strict):
    """A test of the programme: a tier."""

    label: Text | None = None
    only: SomeNames | None = None
    cost: FormulaText = 0
    component: Text | None = None
    at: Years | None = None
    takes: Years = 0
    failure: FormulaText | None = None
    repeats: Annotated[Whole, Field(ge=1, le=MOST_REPEATS)] | None = None
    repeat_cost: FormulaText | None = None
    repeat_takes: Years | None = None
    dependence: ByGroup | None = None
    family_told: Flag = False
    payoffs_if_positive: Payoffs = []
    note: Text | None = None

    @model_validator(mode="after")
    def _repeats_of_failures(self) -> TierSchema:
        if self.repeats is not None and self.failure is None:
            raise ValueError("`repeats` says how often a failed test is repeated; give `failure`, its probability")
        for key in ("repeat_cost", "repeat_takes"):
            if getattr(self, key) is not None and self.repeats is None:
                raise ValueError(f"`{key}` belongs to a test that is repeated; give `repeats`, how often at most")
        return self


class GroupSchema(Strict):
    """A group of births that the tests find equally often."""

    label: Text | None = None
    p: FormulaText
    case: Flag = False
    class_: Literal["incidental", "false_positive"] | None = Field(None, alias="class")
    positive: Annotated[dict[str, FormulaText], Field(min_length=1)]
    known_before: FormulaText | None = None
    known: Below | None = None
    found: Below | None = None
    missed: Below | None = None
    payoffs: Payoffs = []
    note: Text | None = None

    @model_validator(mode="after")
    def _kinds(self) -> GroupSchema:
        if self.case and self.class_ is not None:
            raise ValueError("`class` is for births without the condition; cases who are found are true positives")
        if self.known_before is not None and not self.case:
            raise ValueError("`known_before` is for births with the condition (`case: true`)")
        if self.known is not None and self.known_before is None:
            raise ValueError("`known` is for those known before screening; give `known_before`, their share")
        return self


class FalsePositiveSchema(Strict):
    """What a false alarm costs a family in quality of life, and anything else."""

    weeks: FormulaText | None = None
    disutility: FormulaText | None = None
    parents: FormulaText | None = None
    parent_disutility: FormulaText | None = None
    perspective: Name | None = None
    payoffs: Payoffs = []
    note: Text | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> FalsePositiveSchema:
        lost = self.disutility is not None or self.parent_disutility is not None
        if lost != (self.weeks is not None):
            raise ValueError("`weeks` goes with `disutility` or `parent_disutility`: QALYs lost are their product")
        for key in ("parents", "perspective"):
            if getattr(self, key) is not None and self.parent_disutility is None:
                raise ValueError(f"`{key}` goes with `parent_disutility`")
        if not lost and not self.payoffs:
            raise ValueError("give `disutility` and `weeks`, or `payoffs`")
        return self


class ScreeningSchema(Strict):
    """The block ``screening:``."""

    offered: FormulaText
    uptake: FormulaText = 1
    tests: Annotated[dict[Part, TierSchema], Field(min_length=1)]
    births: Annotated[dict[Part, GroupSchema], Field(min_length=1)]
    false_positive: FalsePositiveSchema | None = None
    note: Text | None = None


class ScreeningBlock(BaseModel):
    """A model file as far as its block ``screening:`` goes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    screening: ScreeningSchema
