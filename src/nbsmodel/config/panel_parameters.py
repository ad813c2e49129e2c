"""Parameters of a panel: rows of a config with the columns of ``parameters.csv``, read by the same rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbsmodel.config.panel_schema import PanelSchema
from nbsmodel.errors import Problems
from nbsmodel.model.csvfile import CsvFile, Row
from nbsmodel.model.parameters import ParameterTable, read_rows


@dataclass(frozen=True)
class _Rows(CsvFile):
    """Rows that stand in a config."""

    where: Callable[..., str]

    def place(self, row: Row, column: str = "") -> str:
        name, _, cell = column.partition(" ")
        return self.where("parameters", name, *([cell] if cell else []))


def panel_parameters(
    schema: PanelSchema, sources: set[str], place: Callable[..., str], problems: Problems
) -> ParameterTable:
    """Parameters of a panel.

    Parameters
    ----------
    schema : PanelSchema
    sources : set of str
        Keys of the sources of the conditions' models, which the panel may cite too.
    place : callable
        File, line and key of a key within ``panel``.
    problems : Problems
        Receives every mistake of every row.
    """
    rows = tuple(
        Row(0, {"name": name} | {key: " ".join(cell.split()) for key, cell in row.model_dump().items()})
        for name, row in schema.parameters.items()
    )
    return read_rows(_Rows(Path("panel"), 0, (), rows, (), place), sources | set(schema.sources), problems)
