"""Shape of the block ``panel`` of a config: several conditions on one shared test."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from nbsmodel.model.schema import Length, Name, Names, Num, Strict, Text


class SetUpSchema(Strict):
    """What it costs to begin with the shared test, spread over the births of some years."""

    cost: Name
    years: Length = Field("10 years", validate_default=True)


class SharedTestSchema(Strict):
    """The test that all conditions of the panel share."""

    label: Text = "Shared test"
    cost: Name
    tested: Name
    set_up: SetUpSchema | None = None


class ConditionSchema(Strict):
    """A condition of the panel: a config of its own, and what of it the panel replaces."""

    config: Text
    label: Text | None = None
    test_cost: Name = "c_test"
    marginal_cost: Name
    strategy: Name = "screening"
    comparator: Name | None = None
    overrides: dict[Name, Num] = {}
    choices: dict[Name, Name] = {}


def _texts(value: object) -> object:
    """Cells of a row as the text that a CSV file would hold; numbers with all their digits."""
    if not isinstance(value, dict):
        return value
    return {key: _cell(cell) for key, cell in value.items()}


def _cell(value: object) -> object:
    if value is None:
        return ""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class RowSchema(Strict):
    """A parameter of the panel, with the columns of ``parameters.csv``."""

    label: str = ""
    value: str = ""
    unit: str = ""
    distribution: str = ""
    source: str = ""
    status: str = ""
    price_year: str = ""
    note: str = ""


class CitationSchema(Strict):
    """A source that only the panel cites."""

    citation: Text
    url: Text = ""
    note: Text = ""


class PanelSchema(Strict):
    """The block ``panel``."""

    births: Annotated[Num, Field(gt=0, le=1e9)] | None = None
    shared_test: SharedTestSchema
    parameters: dict[Name, Annotated[RowSchema, BeforeValidator(_texts)]] = {}
    sources: dict[Name, CitationSchema] = {}
    shared_parameters: Names = []
    conditions: Annotated[dict[Name, ConditionSchema], Field(min_length=1)]
