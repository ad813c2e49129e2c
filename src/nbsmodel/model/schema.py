"""Shape of the files a user writes, checked with pydantic before anything is built from them.

Only shape is checked here (keys, types, allowed words); names and formulas are checked where
the model is built, because they need the whole folder.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from nbsmodel.model.durations import MOST_YEARS, duration, seen

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

CLASSES = (
    "true_positive", "false_negative", "false_positive", "true_negative",
    "not_screened", "known_before", "incidental",
)  # fmt: skip


def _length(value: object) -> Fraction:
    years = duration(value)
    if years <= 0:
        raise ValueError(f"a length of time must be longer than zero, found {value!r}")
    if years > MOST_YEARS:
        raise ValueError(f"a length of time is at most {MOST_YEARS:,} years, found {str(value)[:40]!r}")
    return years


def _formula(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a number or a formula is needed")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = " (it stands in quotes: remove them)" if isinstance(value, str) and _is_number(value) else ""
        raise ValueError(f"a number is needed, found {seen(value)}{hint}")
    if not abs(value) < math.inf:
        raise ValueError(f"a finite number is needed, found {value!r}")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _value_of_attribute(value: object) -> object:
    text = str(value)
    if not _is_number(text) or "_" in text or not math.isfinite(float(text)):
        raise ValueError(f"{seen(value)} is no number; use numbers as values, and compare with them, as in x == 1")
    return text


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _name(value: object) -> object:
    if not isinstance(value, str) or not NAME.match(value) or "__" in value:
        raise ValueError(f"{seen(value)} is no valid name; use letters, digits and single underscores, a letter first")
    return value


def _whole(value: object) -> object:
    """``1e6`` is read as a number with a fraction, which it has none of."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Length = Annotated[Fraction, BeforeValidator(_length)]
FormulaText = Annotated[str | int | float, BeforeValidator(_formula)]
Num = Annotated[float, BeforeValidator(_number)]
Name = Annotated[str, BeforeValidator(_name)]
Names = Annotated[list[Name], BeforeValidator(_as_list)]
SomeNames = Annotated[Names, Field(min_length=1)]
Text = Annotated[
    str, BeforeValidator(lambda v: str(v) if isinstance(v, int | float) and not isinstance(v, bool) else v)
]
Flag = Annotated[bool, Field(strict=True)]


class Strict(BaseModel):
    """Base of every schema: unknown keys are refused, values are never converted, objects are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class PayoffSchema(Strict):
    """What every payoff has."""

    outcome: Name
    component: Text = "total"
    perspective: Name = "health_system"
    value: FormulaText
    note: Text | None = None


class BranchPayoffSchema(PayoffSchema):
    """A payoff on a branch of the tree, counted once ``at`` years after the start of the tree."""

    at: FormulaText = 0


class MovingSchema(Strict):
    """A transition that an event payoff is counted on."""

    from_: SomeNames = Field(alias="from")
    to: SomeNames


class CohortPayoffSchema(PayoffSchema):
    """A payoff in a cohort: in a state, or an event."""

    in_: Names | None = Field(None, alias="in")
    entering: Names | None = None
    starting_in: Names | None = None
    moving: MovingSchema | None = None
    per: Literal["year", "month", "week", "day", "cycle"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> CohortPayoffSchema:
        kinds = [k for k in ("in_", "entering", "starting_in", "moving") if getattr(self, k) is not None]
        if len(kinds) != 1:
            raise ValueError("give exactly one of `in`, `entering`, `starting_in`, `moving`")
        if (self.per is not None) != (self.in_ is not None):
            raise ValueError("`per` (year, month, week, day or cycle) goes with `in`, and only with it")
        return self


#: Keys that say what becomes of those on a branch.
LEAF_KEYS = ("cohort", "start", "with", "delay", "payoffs", "then")


def _lone(value: object) -> object:
    """Branches, with the probability of a single one, which may be left out; a leaf is no set of branches."""
    if not isinstance(value, dict):
        return value
    wrong = next((k for k in ("p", *LEAF_KEYS) if k in value and not isinstance(value[k], dict)), None)
    if wrong is not None:
        raise ValueError(
            f"`{wrong}` stands where names of branches are needed: put a branch around it, as in "
            "{life: {cohort: course, start: well}}"
        )
    if len(value) == 1:
        ((name, branch),) = value.items()
        return {name: {"p": 1} | branch} if isinstance(branch, dict) else value
    return value


def _start(value: object) -> object:
    return {value: "rest"} if isinstance(value, str) else value


def _kind_of_then(value: object) -> str:
    return "subtree" if isinstance(value, str) else "branches"


#: A chance node: its branches by name.
Branches = Annotated[dict[Name, "BranchSchema"], BeforeValidator(_lone), Field(min_length=1)]


class BranchSchema(Strict):
    """A branch of a chance node."""

    p: FormulaText
    label: Text | None = None
    class_: Literal[CLASSES] | None = Field(None, alias="class")  # type: ignore[valid-type]
    case: Flag = False
    note: Text | None = None
    then: (
        Annotated[
            Annotated[Branches, Tag("branches")] | Annotated[Name, Tag("subtree")],
            Discriminator(_kind_of_then),
        ]
        | None
    ) = None
    payoffs: list[BranchPayoffSchema] = []
    cohort: Name | None = None
    start: Annotated[dict[Name, FormulaText] | None, BeforeValidator(_start)] = None
    delay: FormulaText = 0
    with_: dict[Name, FormulaText] = Field({}, alias="with")

    @model_validator(mode="after")
    def _leaf_or_node(self) -> BranchSchema:
        if self.then is not None and self.cohort is not None:
            raise ValueError("a branch has either `then` or a `cohort`, not both")
        if (self.cohort is None) != (self.start is None):
            raise ValueError("`cohort` and `start` go together")
        if self.cohort is None and (self.with_ or self.delay != 0):
            raise ValueError("`delay` and `with` belong to a branch that enters a `cohort`")
        return self


class CyclesSchema(Strict):
    """A stretch of equal cycles."""

    length: Length
    count: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = None
    until: Length | None = None

    @model_validator(mode="after")
    def _one_end(self) -> CyclesSchema:
        if (self.count is None) == (self.until is None):
            raise ValueError("give exactly one of `count` and `until`")
        return self


class TunnelSchema(Strict):
    """A state that is left after a fixed time."""

    lasts: Length
    then: Name


class StateSchema(Strict):
    """A state of a cohort."""

    label: Text | None = None
    dead: Flag = False
    tunnel: TunnelSchema | None = None
    note: Text | None = None


class ClockSchema(Strict):
    """A clock that runs in a set of states."""

    runs_in: SomeNames
    note: Text | None = None


class CountSchema(Strict):
    """How often an event has happened to a child."""

    entering: SomeNames | None = None
    moving: MovingSchema | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> CountSchema:
        if (self.entering is None) == (self.moving is None):
            raise ValueError("give exactly one of `entering` and `moving`")
        return self


class TransitionSchema(Strict):
    """One transition: a hazard or a probability."""

    hazard: FormulaText | None = None
    probability: FormulaText | None = None
    per: Literal["year", "month", "week", "day", "cycle"] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TransitionSchema:
        if (self.hazard is None) == (self.probability is None):
            raise ValueError("give exactly one of `hazard` and `probability`, or write `rest`")
        if self.hazard is not None and self.per == "cycle":
            raise ValueError("a hazard is `per` year, month, week or day")
        return self


def _transition(value: object) -> object:
    if isinstance(value, str) and value != "rest":
        raise ValueError("write `rest`, {hazard: ...} or {probability: ...}")
    return {"probability": "rest"} if value == "rest" else value


class CohortSchema(Strict):
    """A state-transition model."""

    label: Text | None = None
    start_age: FormulaText = 0
    cycles: Annotated[list[CyclesSchema], BeforeValidator(_as_list), Field(min_length=1)]
    states: Annotated[dict[Name, StateSchema], Field(min_length=1)]
    receives: Names = []
    clocks: dict[Name, ClockSchema] = {}
    counts: dict[Name, CountSchema] = {}
    transitions: dict[Name, dict[Name, Annotated[TransitionSchema, BeforeValidator(_transition)]]] = {}
    payoffs: list[CohortPayoffSchema] = []


class AttributeSchema(Strict):
    """An attribute of a simulated child: numbers with their probabilities, or a distribution."""

    label: Text | None = None
    values: (
        Annotated[
            dict[Annotated[str, BeforeValidator(_value_of_attribute)], FormulaText],
            Field(min_length=1),
        ]
        | None
    ) = None
    distribution: str | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> AttributeSchema:
        if (self.values is None) == (self.distribution is None):
            raise ValueError("give exactly one of `values` and `distribution`")
        return self


class TableSchema(Strict):
    """A table of the model: a file of its folder or one shipped with the package."""

    file: str | None = None
    reference: str | None = None
    by: str | None = None
    column: str | None = None
    between: Literal["step", "linear", "exact"] = "step"
    beyond: Literal["error", "last"] | None = None
    closing: Literal["hazard", "dies"] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> TableSchema:
        if (self.file is None) == (self.reference is None):
            raise ValueError("give exactly one of `file` and `reference`")
        if self.file is not None and self.by is None:
            raise ValueError("give `by`, the key column of the file")
        return self


class OutcomeSchema(Strict):
    """A further outcome."""

    label: Text
    unit: Text
    discounted_as: Literal["costs", "outcomes", "none"] = "outcomes"


class DerivedSchema(Strict):
    """A derived value."""

    value: FormulaText
    unit: Text | None = None
    note: Text | None = None


class CorrelationSchema(Strict):
    """A rank correlation of every pair of some parameters."""

    between: Names
    rank: Num
    source: Text
    note: Text | None = None


def _derived(value: object) -> object:
    return value if isinstance(value, dict) else {"value": value}


class ModelSchema(Strict):
    """``model.yaml``."""

    title: Text
    condition: Text
    decision_problem: Text
    population: Text
    perspective: Text
    currency: Text
    price_year: Text
    basis: Literal["birth", "patient"]
    births_per_year: FormulaText | None = None
    strategies: Annotated[dict[Name, dict[Name, Any]], Field(min_length=1)]
    comparator: Name
    perspectives: Names = []
    choices: dict[Name, Annotated[list[Name], Field(min_length=2)]] = {}
    tables: dict[Name, TableSchema] = {}
    derived: dict[Name, Annotated[DerivedSchema, BeforeValidator(_derived)]] = {}
    correlations: list[CorrelationSchema] = []
    attributes: dict[Name, AttributeSchema] = {}
    outcomes: dict[Name, OutcomeSchema] = {}
    screening: None = None  # has become a tree before the file is held against this shape
    tree: Branches
    subtrees: dict[Name, Branches] = {}
    cohorts: dict[Name, CohortSchema] = {}
    settings: dict[str, Any] = {}
