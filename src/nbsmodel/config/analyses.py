"""The block ``analyses`` of a config: which analyses are made, and how."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from nbsmodel.config.analyses_budget import BudgetImpactSchema
from nbsmodel.config.analyses_global import MorrisSchema, PawnSchema, SobolSchema
from nbsmodel.config.analyses_points import (
    BreakEvenSchema,
    OneWaySchema,
    PriceSchema,
    PriceSurfaceSchema,
    TwoWaySchema,
)
from nbsmodel.config.analyses_psa import PopulationSchema, PsaSchema, Switch
from nbsmodel.config.analyses_qaly_weights import QalyWeightsSchema
from nbsmodel.config.analyses_voi import EvppiSchema, EvsiSchema
from nbsmodel.model.schema import Strict, Text


def _as_list(value: object) -> object:
    return value if value is None or isinstance(value, list) else [value]


AsList = BeforeValidator(_as_list)

#: Analyses that read the draws of the probabilistic analysis.
ON_DRAWS = ("evppi", "evsi", "pawn")


class Analyses(Strict):
    """Analyses beyond the run at base values; what is left out is not made."""

    psa: Annotated[PsaSchema | None, Switch] = None
    population: PopulationSchema = PopulationSchema()
    evppi: Annotated[EvppiSchema | None, Switch] = None
    evsi: EvsiSchema | None = None
    one_way: Annotated[OneWaySchema | None, Switch] = None
    two_way: Annotated[list[TwoWaySchema], AsList] = []
    break_even: Annotated[list[BreakEvenSchema], AsList] = []
    value_based_price: Annotated[list[PriceSchema], AsList] = []
    price_surface: PriceSurfaceSchema | None = None
    budget_impact: Annotated[BudgetImpactSchema | None, Switch] = None
    qaly_weights: Annotated[QalyWeightsSchema | None, Switch] = None
    scenarios: Annotated[list[Text], AsList] = []
    sobol: Annotated[SobolSchema | None, Switch] = None
    morris: Annotated[MorrisSchema | None, Switch] = None
    pawn: Annotated[PawnSchema | None, Switch] = None

    @property
    def without_draws(self) -> list[str]:
        """Analyses that would read draws which are not asked for."""
        return [name for name in ON_DRAWS if self.psa is None and getattr(self, name) is not None]

    def __bool__(self) -> bool:
        return self != Analyses()
