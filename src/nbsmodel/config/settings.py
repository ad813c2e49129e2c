"""Settings of an analysis: discounting, counting, horizon, thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from nbsmodel.model.schema import Length, Name, Names, Num, Strict
from nbsmodel.numerics.counting import LEGACY
from nbsmodel.numerics.discounting import Schedule
from nbsmodel.reference.thresholds import Preset, presets

#: More thresholds than this make tables and figures unreadable.
MOST_THRESHOLDS = 20

#: Children simulated when a config does not say how many, and the most when it asks for a precision.
INDIVIDUALS, MOST_FOR_PRECISION = 100_000, 10_000_000

Timing = Literal["start", "mid", "end", "year_step"]
Correction = Literal["start", "end", "half_cycle", "simpson", "life_table", "every_point", "darth_simpson"]
Rate = Annotated[Num, Field(ge=0, le=1)]
#: Money per unit of effect; beyond these ends there is nothing but rounding.
Threshold = Annotated[Num, Field(ge=1e-3, le=1e12)]


class RateStep(Strict):
    """A discount rate that holds from a year on."""

    from_year: Annotated[Num, Field(ge=0)]
    rate: Rate


def _steps(value: object) -> object:
    return value if isinstance(value, list) else [{"from_year": 0, "rate": value}]


def _by_outcome(value: object) -> object:
    return value if isinstance(value, dict) else {"default": value}


def _preset_or_number(value: object, handler: ValidatorFunctionWrapHandler) -> list[float]:
    """One or more thresholds for one entry of the list."""
    if not isinstance(value, str) or value[:1].isdigit():
        return [handler(value)]
    if value not in presets():
        raise ValueError(f"found {value!r}, which is no number and no preset ({', '.join(presets())})")
    return list(presets()[value].values)


def _name_as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _flat(values: list[Any]) -> list[float]:
    return [number for entry in values for number in entry]


def presets_in(thresholds: object) -> tuple[Preset, ...]:
    """Presets that a setting ``thresholds`` names, as a config has it."""
    entries = _name_as_list(thresholds)
    found = entries if isinstance(entries, list) else []
    return tuple(presets()[name] for name in found if isinstance(name, str) and name in presets())


Rates = Annotated[list[RateStep], BeforeValidator(_steps), Field(min_length=1)]
Thresholds = Annotated[
    list[Annotated[Threshold, WrapValidator(_preset_or_number)]],
    BeforeValidator(_name_as_list),
    Field(min_length=1),
    AfterValidator(_flat),
]


@dataclass(frozen=True)
class Precision:
    """How precise a simulation has to be.

    Parameters
    ----------
    inmb : float
        Half the 95% interval of each incremental net benefit, at the first threshold.
    per : str
        What it is per: ``birth`` or ``patient`` as the model's results, or ``case``, a child with the
        condition.
    """

    inmb: float
    per: str

    def as_written(self) -> dict[str, str]:
        """The precision in the form a config would give it."""
        return {"inmb": f"{self.inmb:.15g} per {self.per}"}


def _inmb(value: object) -> Precision:
    number, _, per = value.partition(" per ") if isinstance(value, str) else ("", "", "")
    try:
        amount = float(number)
    except ValueError:
        amount = math.nan
    if not (0 < amount < math.inf) or per.strip() not in ("birth", "patient", "case"):
        raise ValueError(
            f"{value!r} is no precision; write for example `50 per birth`, `50 per patient` or `50 per case`"
        )
    return Precision(amount, per.strip())


class PrecisionSchema(Strict):
    """The block ``precision`` of a config."""

    inmb: Annotated[Precision, BeforeValidator(_inmb)]


class Settings(Strict):
    """Settings, validated and frozen. What a config or model file leaves out has the value shown here."""

    discount_rate_costs: Rates = Field([{"from_year": 0, "rate": 0.035}], validate_default=True)
    discount_rate_outcomes: Rates = Field([{"from_year": 0, "rate": 0.035}], validate_default=True)
    discount_timing: Annotated[dict[Name, Timing], BeforeValidator(_by_outcome)] = {"default": "mid"}
    within_cycle_correction: Annotated[dict[Name, Correction], BeforeValidator(_by_outcome)] = {"default": "life_table"}
    horizon: Length | None = None
    thresholds: Thresholds = [20000.0, 30000.0]
    effect: Name = "qaly"
    perspectives: Annotated[Names, Field(min_length=1)] = ["health_system"]

    @field_validator("discount_rate_costs", "discount_rate_outcomes")
    @classmethod
    def _rising(cls, steps: list[RateStep]) -> list[RateStep]:
        years = [s.from_year for s in steps]
        if years[0] != 0 or any(b <= a for a, b in zip(years, years[1:], strict=False)):
            raise ValueError("a schedule begins at from_year 0 and its years rise")
        return steps

    @field_validator("effect")
    @classmethod
    def _no_cost(cls, effect: str) -> str:
        if effect == "cost":
            raise ValueError("the effect is a health outcome; cost is what it is set against")
        return effect

    @field_validator("thresholds")
    @classmethod
    def _different(cls, thresholds: list[float]) -> list[float]:
        twice = next((t for t in thresholds if thresholds.count(t) > 1), None)
        if twice is not None:
            raise ValueError(f"a threshold stands twice: {twice:g}")
        if len(thresholds) > MOST_THRESHOLDS:
            raise ValueError(f"there are {len(thresholds)} thresholds, at most {MOST_THRESHOLDS} are allowed")
        return thresholds

    @field_validator("discount_timing", "within_cycle_correction")
    @classmethod
    def _with_default(cls, by_outcome: dict[str, str]) -> dict[str, str]:
        if "default" not in by_outcome:
            raise ValueError("a setting by outcome needs a `default`")
        return by_outcome

    def schedule(self, discounted_as: str) -> Schedule:
        """Discount schedule of a class of outcomes: ``costs``, ``outcomes`` or ``none``."""
        if discounted_as == "none":
            return ((0.0, 0.0),)
        steps = self.discount_rate_costs if discounted_as == "costs" else self.discount_rate_outcomes
        return tuple((float(s.from_year), float(s.rate)) for s in steps)

    def timing(self, outcome: str) -> str:
        """When in a cycle an outcome is discounted."""
        return self.discount_timing.get(outcome, self.discount_timing["default"])

    def correction(self, outcome: str) -> str:
        """Within-cycle correction of an outcome."""
        return self.within_cycle_correction.get(outcome, self.within_cycle_correction["default"])

    @property
    def legacy(self) -> dict[str, str]:
        """Outcomes (or ``default``) counted in a way that only serves to reproduce a published model."""
        return {k: v for k, v in self.within_cycle_correction.items() if v in LEGACY}

    def as_written(self) -> dict[str, Any]:
        """Every setting in the form a config would give it."""
        return {
            "discount_rate_costs": _plain_rates(self.discount_rate_costs),
            "discount_rate_outcomes": _plain_rates(self.discount_rate_outcomes),
            "discount_timing": _plain_mapping(self.discount_timing),
            "within_cycle_correction": _plain_mapping(self.within_cycle_correction),
            "horizon": None if self.horizon is None else length_text(self.horizon),
            "thresholds": [int(t) if t == int(t) else t for t in self.thresholds],
            "effect": self.effect,
            "perspectives": list(self.perspectives),
        }


def length_text(years: Fraction) -> str:
    """A length of time that reads back exactly, in the largest unit that fits."""
    if years.denominator == 1:
        return f"{years} year{'' if years == 1 else 's'}"
    if (years * 12).denominator == 1:
        return f"{years * 12} month{'' if years * 12 == 1 else 's'}"
    return f"{years.numerator}/{years.denominator} year"


def _plain_rates(steps: list[RateStep]) -> Any:
    if len(steps) == 1:
        return steps[0].rate
    return [{"from_year": s.from_year, "rate": s.rate} for s in steps]


def _plain_mapping(values: dict[Any, Any]) -> Any:
    return values["default"] if set(values) == {"default"} else dict(values)
