"""Shape of the probabilistic analysis in a config."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from nbsmodel.config.settings import PrecisionSchema, Threshold
from nbsmodel.model.schema import Length, Name, Num, Strict, Text, Whole

#: Draws of a probabilistic analysis when a config does not say how many.
DRAWS = 10_000
#: More than this would not fit the memory of a common machine.
MOST_DRAWS = 1_000_000
#: Points of an acceptability curve, at most.
MOST_STEPS = 1_001

Sampling = Literal["monte_carlo", "latin_hypercube", "sobol"]


class AlternativeSchema(Strict):
    """A structural alternative: what it changes, and its weight among the alternatives."""

    weight: Annotated[Num, Field(ge=0, le=1e6)]
    label: Text | None = None
    choices: dict[Name, Name] = {}
    overrides: dict[Name, Num] = {}


class PsaSchema(Strict):
    """``psa``: draws of all uncertain parameters."""

    draws: Annotated[Whole, Field(ge=2, le=MOST_DRAWS)] = DRAWS
    sampling: Sampling = "monte_carlo"
    file: Text | None = None
    alternatives: dict[Name, AlternativeSchema] = {}
    precision: PrecisionSchema | None = None
    probability_within: Annotated[Num, Field(gt=0, lt=1)] = 0.02
    ceac_to: Threshold | None = None
    ceac_steps: Annotated[Whole, Field(ge=2, le=MOST_STEPS)] = 101

    @model_validator(mode="after")
    def _powers_of_two(self) -> PsaSchema:
        if self.file is not None and "draws" in self.model_fields_set:
            raise ValueError("a `file` brings its own number of draws; leave `draws` out, or write `draws: null`")
        if self.sampling == "sobol" and self.file is None and self.draws & (self.draws - 1):
            below = 1 << (self.draws.bit_length() - 1)
            raise ValueError(f"Sobol' points come in powers of 2: write {below} or {2 * below} draws, not {self.draws}")
        if self.alternatives and not sum(a.weight for a in self.alternatives.values()) > 0:
            raise ValueError("the weights of the alternatives add up to 0")
        return self


class PopulationSchema(Strict):
    """``population``: those to whom better information would be worth something."""

    horizon: Length = Field("10 years", validate_default=True)
    discount_rate: Annotated[Num, Field(ge=0, le=1)] | None = None


def switched_on(value: Any) -> Any:
    """``psa: true`` stands for a block in which nothing is said."""
    return {} if value is True else value


Switch = BeforeValidator(switched_on)
