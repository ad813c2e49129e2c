"""Draws made elsewhere, such as a posterior: a table with a column a parameter, used as they are."""

from __future__ import annotations

import gzip
import io
import zlib
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.parts import Model
from nbsmodel.model.yamlfile import shown

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".csv.gz", ".parquet")
DRAW, ALTERNATIVE = "draw", "alternative"

_MOST = 2**53  # beyond it not every whole number is one of floating point


def read_draws(path: Path, model: Model, place: str) -> pd.DataFrame:
    """Read a file of draws.

    Parameters
    ----------
    path : Path
        CSV (also compressed, ``.csv.gz``) or Parquet. A row a draw; columns named as parameters of the
        model; if wanted ``draw`` (numbers of the draws, 0, 1, ... otherwise) and ``alternative`` (names
        of structural alternatives). Lines of a CSV that begin with ``#`` are skipped.
    model : Model
    place : str
        Where the file is asked for, for messages.

    Returns
    -------
    DataFrame
        Indexed by draw, in the order of the file. Parameters as float64 with the very bits of the file
        (of text, the nearest number); ``alternative`` as text.

    Raises
    ------
    InputError
        With everything wrong with the file: it cannot be read, columns are unknown, cells are missing or
        no finite numbers, draws have no or equal numbers.
    """
    names, cells = _read(path, place)
    problems = Problems()
    where = f"{place} > {shown(path)}"
    _check_columns(names, model, where, problems)
    if not cells or not len(cells[0]):
        problems.add(where, "the file holds no draws.", "It needs a row for each.")
    problems.raise_if_any()
    by_name = dict(zip(names, cells, strict=True))
    ids = np.arange(len(cells[0])) if DRAW not in by_name else _ids(by_name.pop(DRAW), where, problems)
    columns: dict[str, Any] = {}
    for name, column in by_name.items():
        columns[name] = (_words if name == ALTERNATIVE else _numbers)(column, name, where, problems)
    problems.raise_if_any()
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    return pd.DataFrame(columns, index=pd.Index(ids, name=DRAW))


def _read(path: Path, place: str) -> tuple[list[str], list[Any]]:
    """Names of the columns, and their cells: numbers where the file has numbers, otherwise objects."""
    try:
        if not path.exists():
            there = [p.name for p in path.parent.glob("*") if p.name.lower().endswith(ENDINGS)]
            raise InputError([Problem(place, f"there is no file {shown(path)}.", nearest(path.name, there))])
        if not path.is_file():
            raise InputError([Problem(place, f"{shown(path)} is no file.", "Name a file of draws.")])
        if not path.name.lower().endswith(ENDINGS):
            found = f"{shown(path)} is of a kind that is not read."
            raise InputError([Problem(place, found, f"Allowed endings: {', '.join(ENDINGS)}.")])
        return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    except UnicodeDecodeError:
        raise _unreadable(path, place, "it is not UTF-8 text") from None
    except (OSError, EOFError, ValueError, NotImplementedError, zlib.error) as error:  # the readers' own among them
        why = " ".join(str(error).split()).rpartition("C error: ")[2]
        raise _unreadable(path, place, why or "it is damaged") from None


def _unreadable(path: Path, place: str, why: str) -> InputError:
    fix = "Give a table with commas between columns, one line a draw, or a Parquet file."
    return InputError([Problem(place, f"{shown(path)} cannot be read: {why.rstrip('.')}.", fix)])


def _read_csv(path: Path) -> tuple[list[str], list[Any]]:
    import pandas as pd

    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        # blank lines are passed over and counted, so that the numbers of lines in messages hold
        lines = io.StringIO("".join("\n" if line.startswith("#") else line for line in file))
    # Every cell as text, the header among them: the library would fill up, cut off or shift columns in silence.
    text = pd.read_csv(lines, header=None, dtype=object, na_filter=False, skipinitialspace=True, low_memory=False)
    head, body = text.iloc[0], text.iloc[1:]
    return [str(name).strip() for name in head], [body[column].to_numpy() for column in text.columns]


def _read_parquet(path: Path) -> tuple[list[str], list[Any]]:
    import pyarrow.parquet as pq

    try:
        frame = pq.ParquetFile(path, page_checksum_verification=True).read().to_pandas()
    except Exception as error:  # on damaged files the library and its helper for pandas raise anything
        raise ValueError(str(error)) from None
    if frame.index.name is not None:  # numbers of the draws, which pandas may keep apart from the columns
        frame = frame.reset_index()
    return [str(name) for name in frame.columns], [frame.iloc[:, i].to_numpy() for i in range(frame.shape[1])]


def _check_columns(names: list[str], model: Model, where: str, problems: Problems) -> None:
    rows = model.parameters.rows
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.add(where, f"the column {name} stands {names.count(name)} times.", "Keep it once.")
        if name in rows or name in (DRAW, ALTERNATIVE):
            continue
        if not name:
            fix = "Leave out the column of row names, or name it draw."
            problems.add(where, f"column {names.index(name) + 1} has no name.", fix)
        elif name in model.derived:
            fix = "Draw the parameters it is made of, or make it a parameter."
            problems.add(where, f"the column {name} is a derived value, no parameter.", fix)
        elif len(names) == 1 and any(mark in name for mark in ";\t "):
            problems.add(where, f"found one column, {name[:40]!r}.", "Put commas between columns.")
        else:
            problems.add(where, f"no parameter is named {name}.", nearest(name, rows))
    if not any(name in rows for name in names) and not problems.items:
        problems.add(where, "no column is a parameter of the model.", nearest("", rows))


def _numbers(column: Any, name: str, where: str, problems: Problems) -> Any:
    """Cells as float64, to the last bit; reports those that are no finite numbers."""
    if column.dtype.kind in "iuf":
        values = column.astype(np.float64)
    else:
        values = np.array([_number(cell) for cell in column], dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        first = column[bad[0]]
        seen = "an empty cell" if _empty(first) else f"{str(first)[:40]!r}"
        _report(bad, column, name, seen, "Every draw needs a finite number, with a decimal point.", where, problems)
    return values


def _number(cell: object) -> float:
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, str | Real | Decimal):
        return np.nan
    try:
        return np.nan if isinstance(cell, str) and "_" in cell else float(cell)  # Python would read 1_000
    except (ValueError, OverflowError):
        return np.nan


def _ids(column: Any, where: str, problems: Problems) -> Any:
    """Numbers of the draws; reports those that are none, and those that stand twice."""
    values = _numbers(column, DRAW, where, problems)
    if problems.items:
        return values
    bad = np.flatnonzero((values < 0) | (values >= _MOST) | (values != np.floor(values)))
    if bad.size:
        _report(bad, column, DRAW, f"{column[bad[0]]}", "Draws have whole numbers from 0 up.", where, problems)
        return values
    ids = values.astype(np.int64)
    numbers, counts = np.unique(ids, return_counts=True)
    if len(numbers) < len(ids):
        found = f"{np.sum(counts > 1):,} draw numbers stand more than once, the first is {numbers[counts > 1][0]}."
        fix = "Number all draws of all chains from 0 up, or leave the column out."
        problems.add(f"{where} {DRAW}", found, fix)
    return ids


def _words(column: Any, name: str, where: str, problems: Problems) -> Any:
    bad = np.flatnonzero([_empty(cell) for cell in column])
    if bad.size:
        _report(bad, column, name, "an empty cell", "Name an alternative in every draw.", where, problems)
    return np.array([str(cell).strip() for cell in column], dtype=object)


def _report(bad: Any, column: Any, name: str, seen: str, fix: str, where: str, problems: Problems) -> None:
    found = f"{bad.size:,} of {len(column):,} cells cannot be used, the first in row {bad[0] + 1:,}: {seen}."
    problems.add(f"{where} {name}", found, fix)


def _empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell
