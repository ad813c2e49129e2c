"""Shape of the analysis of QALY weights in a config."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nbsmodel.config.settings import Rate, Threshold
from nbsmodel.model.schema import Name, Num, Strict, Whole

#: Share of girls among births: 513 boys in a thousand births of Scotland and Northern Ireland, 2023.
FEMALE_SHARE = 0.487
#: The shipped table that holds every norm.
NORMS = "uk_utility_norms"


class QalyWeightsSchema(Strict):
    """``qaly_weights``: severity and HST weights on the QALYs of affected children.

    ``rate`` and ``timing`` are those of the shortfall, whatever the discounting of the scenario.
    """

    life_table: Name = "uk_life_table_2018_2020"
    norm: Name = "hse2014_eq5d3l"
    female_share: Annotated[Num, Field(ge=0, le=1)] = FEMALE_SHARE
    age: Annotated[Whole, Field(ge=0, le=100)] = 0
    rate: Rate = 0.035
    timing: Literal["start", "mid"] = "start"
    hst_threshold: Threshold = 100_000.0

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the shipped tables that are read."""
        return (self.life_table, NORMS)
