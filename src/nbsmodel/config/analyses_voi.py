"""Shape of the value-of-information analyses in a config."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from nbsmodel.config.settings import MOST_THRESHOLDS, Threshold
from nbsmodel.model.schema import FormulaText, Name, Strict, Text, Whole

#: Draws of a nested simulation when a config does not say how many, and the most in all.
OUTER, INNER, MOST_NESTED = 500, 500, 10_000_000

Names = Annotated[list[Name], Field(min_length=1)]


def _different(thresholds: list[float] | None) -> list[float] | None:
    if thresholds is not None and len(set(thresholds)) < len(thresholds):
        raise ValueError("a threshold stands twice")
    return thresholds


Thresholds = Annotated[list[Threshold], Field(min_length=1, max_length=MOST_THRESHOLDS)]


class CheckSchema(Strict):
    """``check``: nested simulation of some sets, to be seen beside the regression."""

    sets: Names
    outer: Annotated[Whole, Field(ge=100)] = OUTER
    inner: Annotated[Whole, Field(ge=20)] = INNER

    @model_validator(mode="after")
    def _halves(self) -> CheckSchema:
        if self.inner % 2:
            raise ValueError(f"inner is even, since halves are compared; found {self.inner}")
        if self.outer * self.inner > MOST_NESTED:
            raise ValueError(f"{self.outer} x {self.inner} runs are too many; at most {MOST_NESTED:,} are made")
        return self


class EvppiSchema(Strict):
    """``evppi``: value of partial perfect information.

    ``parameters`` are those looked at one by one, ``groups`` are looked at together; ``thresholds`` are those of
    the settings when left out.
    """

    parameters: Literal["all"] | Names = "all"
    groups: dict[Name, Names] = {}
    thresholds: Thresholds | None = None
    check: CheckSchema | None = None

    @field_validator("parameters", mode="before")
    @classmethod
    def _listed(cls, names: object) -> object:
        if names != "all" and not isinstance(names, list):
            raise ValueError(f"write `all` or a list of parameters, found {names!r}")
        return names

    @field_validator("thresholds")
    @classmethod
    def _no_double(cls, thresholds: list[float] | None) -> list[float] | None:
        return _different(thresholds)


#: What data of each kind need beside what they inform: their size, and for a mean its spread.
KINDS = {"counts": ("of",), "events": ("over",), "mean": ("of", "sd")}


class DataSchema(Strict):
    """Data that a study would give.

    ``counts`` of a probability, out of ``of`` (of a Dirichlet group: a count of each member); ``events`` of a rate,
    ``over`` a time at risk in years; a ``mean`` of ``of`` values with standard deviation ``sd``.
    """

    informs: Name
    kind: Literal["counts", "events", "mean"]
    of: FormulaText | None = None
    over: FormulaText | None = None
    sd: FormulaText | None = None
    label: Text | None = None

    @model_validator(mode="after")
    def _fitting(self) -> DataSchema:
        needed = KINDS[self.kind]
        for key in ("of", "over", "sd"):
            given = getattr(self, key) is not None
            if given != (key in needed):
                word = "is missing" if key in needed else "is of no use"
                raise ValueError(f"`{key}` {word}: data of the kind {self.kind} have {' and '.join(needed)}")
        return self

    @property
    def size(self) -> str | int | float:
        """Formula of the size: observations, or time at risk."""
        size = self.of if self.over is None else self.over
        assert size is not None
        return size


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


class EvsiSchema(Strict):
    """``evsi``: value of the data that a study would give, and the net benefit of designs of the study.

    Formulas use the numbers of the design and the values of parameters. A list among the numbers of a design
    stands for a design with each of them. ``feasible`` are comparisons that hold for designs that can be
    carried out: others are left out. ``enrols`` is the number of births that a design takes; ``meanwhile`` the
    share of births that get each strategy until the study reports.
    """

    data: Annotated[dict[Name, DataSchema], Field(min_length=1)]
    designs: Annotated[list[dict[Name, Any]], BeforeValidator(_as_list), Field(min_length=1)]
    feasible: Annotated[list[FormulaText], BeforeValidator(_as_list)] = []
    cost: FormulaText | None = None
    enrols: FormulaText | None = None
    meanwhile: dict[Name, FormulaText] = {}
    thresholds: Thresholds | None = None

    @field_validator("thresholds")
    @classmethod
    def _no_double(cls, thresholds: list[float] | None) -> list[float] | None:
        return _different(thresholds)
