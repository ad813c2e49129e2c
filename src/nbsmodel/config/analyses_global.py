"""Shape of the global sensitivity analyses in a config."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from nbsmodel.config.settings import Threshold
from nbsmodel.model.schema import Flag, Strict, Whole

#: Points in each of the two base samples of Sobol' indices, and trajectories and levels of Morris' method.
BASE_SAMPLES, TRAJECTORIES, LEVELS = 1024, 100, 4


class SobolSchema(Strict):
    """``sobol``: variance-based indices. ``threshold`` is the first of the settings when left out."""

    base_samples: Annotated[Whole, Field(ge=64, le=2**17)] = BASE_SAMPLES
    second_order: Flag = False
    threshold: Threshold | None = None

    @field_validator("base_samples")
    @classmethod
    def _power_of_two(cls, samples: int) -> int:
        if samples & (samples - 1):
            below = 1 << (samples.bit_length() - 1)
            raise ValueError(f"Sobol' points come in powers of 2: write {below} or {2 * below}, not {samples}")
        return samples


class MorrisSchema(Strict):
    """``morris``: elementary effects. ``threshold`` is the first of the settings when left out."""

    trajectories: Annotated[Whole, Field(ge=4, le=100_000)] = TRAJECTORIES
    levels: Annotated[Whole, Field(ge=2, le=100)] = LEVELS
    threshold: Threshold | None = None

    @field_validator("levels")
    @classmethod
    def _even(cls, levels: int) -> int:
        if levels % 2:
            raise ValueError(f"the number of levels is even, found {levels}")
        return levels


class PawnSchema(Strict):
    """``pawn``: a density-based index from the draws of the probabilistic analysis.

    ``threshold`` is the first of the settings when left out.
    """

    threshold: Threshold | None = None
