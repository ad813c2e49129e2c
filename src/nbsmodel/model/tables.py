"""Tables of a model: looked up by a number, stepwise, linearly or at their rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nbsmodel import reference as shipped
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
    path : Path
    by : str
        The key column.
    keys : array (rows,)
        Strictly rising.
    columns : dict of str to array (rows,)
        NaN where a shipped table has no value.
    linear : bool
        Linear between rows; otherwise the row at or below the key.
    hold_last : bool
        Beyond the last row its value is held; otherwise there is no value (NaN).
    comments : tuple of str
        The lines at the head of the file.
    exact : bool
        The key must be that of a row; otherwise there is no value.
    closing : str
        How probabilities of death end: ``hazard`` (constant from the last age on), ``dies`` (at the last age) or empty.
        The values are closed already.
    reference : str
        Name of the shipped table, empty for a file of the model.
    sources : tuple of str
        Sources of the shipped table, keys of `nbsmodel.reference.sources`.
    """

    name: str
    path: Path
    by: str
    keys: np.ndarray
    columns: dict[str, np.ndarray]
    linear: bool
    hold_last: bool
    comments: tuple[str, ...]
    exact: bool = False
    closing: str = ""
    reference: str = ""
    sources: tuple[str, ...] = ()

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
        """Whether the table has a row for a key."""
        if self.exact:
            key = np.asarray(key, dtype=float)
            row = np.searchsorted(self.keys, key + KEY_TOLERANCE, side="right") - 1
            return np.abs(key - self.keys[np.clip(row, 0, None)]) <= KEY_TOLERANCE
        # a step table covers its last row up to one step further: age 100.5 is age 100
        step = 0.0 if self.linear else float(self.keys[-1] - self.keys[-2]) if len(self.keys) > 1 else 1.0
        top = np.inf if self.hold_last else self.keys[-1] + step
        inside = (key < top - KEY_TOLERANCE) if step else (key <= top + KEY_TOLERANCE)
        return (key >= self.keys[0] - KEY_TOLERANCE) & inside

    def why_none(self, key: Any, column: str | None, key_text: str) -> tuple[str, str] | None:
        """What is missing at the first key that has no value, and what to do; None where all have one.

        Parameters
        ----------
        key : array
        column : str or None
        key_text : str
            The key as written in the formula.
        """
        column = column if column is not None else next(iter(self.columns))
        key = np.ravel(np.asarray(key, dtype=float))
        none = np.isnan(self(key, column))
        if not none.any():
            return None
        outside = none & ~np.asarray(self.covers(key))
        value = float(key[np.argmax(outside if outside.any() else none)])
        if not outside.any():
            fix = "Take another row, or declare a table or a parameter with a value and its source."
            return f"{self.name} has no value of {column} for {self.by} {value:g}: the cell is empty", fix
        written = "" if key_text in (self.by, f"{value:g}") else f" ({key_text})"
        found = f"{self.name} has no {self.by} {value:g}{written}; it has {self.keys[0]:g} to {self.keys[-1]:g}"
        if self.exact:
            return found, "Use one of its rows, or declare a table of your own."
        if value < self.keys[0]:
            return found, "Give the table rows from there on."
        fix = "Lengthen the table, shorten the horizon, or declare `beyond: last`"
        if column.startswith("qx"):
            fix += ", or `closing: hazard`, a constant death rate from the last age on"
        return found, f"{fix}."

    @property
    def range_text(self) -> str:
        """The rows in words, for messages."""
        return f"{self.by} {self.keys[0]:g} to {self.keys[-1]:g}"


def read_table(name: str, schema: TableSchema, folder: Path, place: str) -> Table:
    """Read a table of a model folder, or one that is shipped.

    Parameters
    ----------
    name : str
    schema : TableSchema
    folder : Path
        The model folder; a file must lie in it.
    place : str
        Where the table is declared, for messages.

    Raises
    ------
    InputError
        A path outside the folder, an unknown reference table, unknown columns, cells that are not numbers, keys that
        do not rise, a table that cannot be closed.
    """
    _check_reading(schema, place)
    if schema.reference is not None:
        entry = shipped.reference(schema.reference, f"{place}.reference")
        path, by, offered, sources = entry.path, entry.by, list(entry.columns), entry.sources
        if schema.by not in (None, by):
            raise InputError([Problem(f"{place}.by", f"{entry.name} is looked up by {by}.", "Remove `by`.")])
        file = read_csv(path)
    else:
        path, by, sources = _in_folder(str(schema.file), folder, place), str(schema.by), ()
        file = read_csv(path)
        offered = [c for c in file.columns if c != by]
    problems = Problems()
    wanted = [schema.column] if schema.column is not None else offered
    source = shown(path) if schema.reference is None else schema.reference
    for key, column in [("by", by), *(("column", c) for c in wanted)]:
        allowed = offered if schema.reference is not None and key == "column" else file.columns
        if column not in allowed:
            problems.add(f"{place}.{key}", f"{source} has no column {column}.", nearest(column, allowed))
    if not wanted:
        problems.add(f"{place}.by", f"{source} has no column beside {by}.", "Add a column of values.")
    if not file.rows:
        problems.add(shown(path), "the table holds no rows.")
    problems.raise_if_any()
    keys = _numbers(file, by, problems)
    blank = schema.reference is not None
    columns = {c: _numbers(file, c, problems, blank) for c in wanted}
    for row, low, high in zip(file.rows[1:], keys, keys[1:], strict=False):
        if high <= low:
            problems.add(file.place(row, by), f"{high:g} after {low:g}: keys must rise from row to row.")
    problems.raise_if_any()
    if schema.closing is not None:
        (column,) = columns
        columns[column] = _closed(file, column, columns[column], schema.closing, place)
    held = schema.beyond == "last" or schema.closing is not None
    return Table(
        name, path, by, keys, columns, schema.between == "linear", held, file.comments,
        schema.between == "exact", schema.closing or "", schema.reference or "", sources,
    )  # fmt: skip


def reference_table(name: str, column: str | None = None, exact: bool = False) -> Table:
    """A shipped table, read outside a model.

    Parameters
    ----------
    name : str
    column : str, optional
        One of its columns; all of them by default.
    exact : bool
        The key must be that of a row.

    Raises
    ------
    InputError
        No such table or column.
    """
    schema = TableSchema(reference=name, column=column, between="exact" if exact else "step")
    return read_table(name, schema, Path(), "reference")


def _check_reading(schema: TableSchema, place: str) -> None:
    """Refuse ways of reading that do not go together."""
    problems = Problems()
    if schema.between == "exact" and schema.beyond is not None:
        problems.add(f"{place}.beyond", "there is nothing beyond rows that are read exactly.", "Remove `beyond`.")
    if schema.closing is not None:
        if schema.column is None or not schema.column.startswith("qx"):
            fix = "Give `column`, yearly probabilities of death, with a name that begins with qx."
            problems.add(f"{place}.closing", "no column of probabilities of death is named.", fix)
        if schema.between != "step" or schema.beyond is not None:
            fix = "Remove `between` and `beyond`."
            problems.add(f"{place}.closing", "it says what holds from the last age on, year by year.", fix)
    problems.raise_if_any()


def _in_folder(file: str, folder: Path, place: str) -> Path:
    try:
        path = (folder / file).resolve()
    except (ValueError, OSError, RuntimeError):
        raise InputError([Problem(f"{place}.file", "this cannot be the name of a file.")]) from None
    if not path.is_relative_to(folder.resolve()):
        fix = "A model folder holds all it needs: copy the table into it."
        raise InputError([Problem(f"{place}.file", f"{file} lies outside the model folder.", fix)])
    return path


def _closed(file: CsvFile, column: str, values: np.ndarray, closing: str, place: str) -> np.ndarray:
    """Yearly probabilities of death with the last one replaced by what holds from that age on."""
    if closing == "dies":
        return np.append(values[:-1], 1.0)
    years = f"ex{column.removeprefix('qx')}"
    if years not in file.columns:
        fix = f"Add {years}, the years of life expected at each age, or use `closing: dies`."
        raise InputError([Problem(f"{place}.closing", f"{shown(file.path)} has no column {years}.", fix)])
    problems = Problems()
    left = _numbers(file, years, problems)[-1]
    if not problems.items and left <= 0:
        problems.add(file.place(file.rows[-1], years), f"found {left:g}.", "Years of life expected are above 0.")
    problems.raise_if_any()
    # years left under a constant hazard are 1 / hazard
    return np.append(values[:-1], -np.expm1(-1 / left))


def _numbers(file: CsvFile, column: str, problems: Problems, blank: bool = False) -> np.ndarray:
    """Numbers of a column; where `blank`, an empty cell is NaN."""
    values = np.zeros(len(file.rows))
    for i, row in enumerate(file.rows):
        if blank and not row.cells[column]:
            values[i] = np.nan
            continue
        try:
            values[i] = float(row.cells[column])
        except ValueError:
            values[i] = np.nan
        if not np.isfinite(values[i]):
            problems.add(file.place(row, column), f"found {row.cells[column]!r}.", "A finite number is needed.")
    return values
