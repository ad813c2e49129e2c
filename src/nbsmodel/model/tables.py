"""Tables of a model: looked up by a number, stepwise or linearly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.csvfile import CsvFile, read_csv
from nbsmodel.model.schema import TableSchema
from nbsmodel.model.yamlfile import shown

#: A key this close below a row counts as that row: ages are sums of cycle lengths.
KEY_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Table:
    """A table with one key column.

    Parameters
    ----------
    name : str
    keys : array (rows,)
        Strictly rising.
    columns : dict of str to array (rows,)
    linear : bool
        Linear between rows; otherwise the row at or below the key.
    hold_last : bool
        Beyond the last row its value is held; otherwise there is no value (NaN).
    """

    name: str
    path: Path
    by: str
    keys: np.ndarray
    columns: dict[str, np.ndarray]
    linear: bool
    hold_last: bool
    comments: tuple[str, ...]

    def __call__(self, key: Any, column: str | None = None) -> Any:
        """Value at a key of any shape; NaN where the table has none."""
        values = self.columns[column] if column is not None else next(iter(self.columns.values()))
        key = np.asarray(key, dtype=float)
        if self.linear:
            found = np.interp(key, self.keys, values)
        else:
            row = np.searchsorted(self.keys, key + KEY_TOLERANCE, side="right") - 1
            found = values[np.clip(row, 0, None)]
        return np.where(self.covers(key), found, np.nan)

    def covers(self, key: Any) -> Any:
        """Whether the table has a value at a key."""
        # a step table covers its last row up to one step further: age 100.5 is age 100
        step = 0.0 if self.linear else float(self.keys[-1] - self.keys[-2]) if len(self.keys) > 1 else 1.0
        top = np.inf if self.hold_last else self.keys[-1] + step
        inside = (key < top - KEY_TOLERANCE) if step else (key <= top + KEY_TOLERANCE)
        return (key >= self.keys[0] - KEY_TOLERANCE) & inside

    @property
    def range_text(self) -> str:
        """The rows in words, for messages."""
        return f"{self.by} {self.keys[0]:g} to {self.keys[-1]:g}"


def read_table(name: str, schema: TableSchema, folder: Path, place: str) -> Table:
    """Read a table of a model folder.

    Parameters
    ----------
    name : str
    schema : TableSchema
    folder : Path
        The model folder; the file must lie in it.
    place : str
        Where the table is declared, for messages.

    Raises
    ------
    InputError
        A path outside the folder, unknown columns, cells that are not numbers, keys that do not rise.
    """
    try:
        path = (folder / schema.file).resolve()
    except (ValueError, OSError, RuntimeError):
        raise InputError([Problem(f"{place}.file", "this cannot be the name of a file.")]) from None
    if not path.is_relative_to(folder.resolve()):
        fix = "A model folder holds all it needs: copy the table into it."
        raise InputError([Problem(f"{place}.file", f"{schema.file} lies outside the model folder.", fix)])
    file = read_csv(path)
    problems = Problems()
    wanted = [schema.column] if schema.column is not None else [c for c in file.columns if c != schema.by]
    for key, column in [("by", schema.by), *(("column", c) for c in wanted)]:
        if column not in file.columns:
            problems.add(f"{place}.{key}", f"{shown(path)} has no column {column}.", nearest(column, file.columns))
    if not wanted:
        problems.add(f"{place}.by", f"{shown(path)} has no column beside {schema.by}.", "Add a column of values.")
    if not file.rows:
        problems.add(shown(path), "the table holds no rows.")
    problems.raise_if_any()
    keys = _numbers(file, schema.by, problems)
    columns = {c: _numbers(file, c, problems) for c in wanted}
    for row, low, high in zip(file.rows[1:], keys, keys[1:], strict=False):
        if high <= low:
            problems.add(file.place(row, schema.by), f"{high:g} after {low:g}: keys must rise from row to row.")
    problems.raise_if_any()
    return Table(
        name, path, schema.by, keys, columns, schema.between == "linear", schema.beyond == "last", file.comments
    )


def _numbers(file: CsvFile, column: str, problems: Problems) -> np.ndarray:
    values = np.zeros(len(file.rows))
    for i, row in enumerate(file.rows):
        try:
            values[i] = float(row.cells[column])
        except ValueError:
            values[i] = np.nan
        if not np.isfinite(values[i]):
            problems.add(file.place(row, column), f"found {row.cells[column]!r}.", "A finite number is needed.")
    return values
