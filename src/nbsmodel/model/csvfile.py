"""CSV with line numbers: rows as dictionaries, comment lines (``#``) kept apart."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.yamlfile import read_text, shown

MAX_ROWS = 100_000
_LINE_END = re.compile(r"\r\n|\r|\n")  # what editors count; `splitlines` knows more


@dataclass(frozen=True)
class Row:
    """One row: the file's line and the cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class CsvFile:
    """A CSV file: the line of its header, its columns, its rows, and the comment lines at its head."""

    path: Path
    head: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    comments: tuple[str, ...]

    def place(self, row: Row, column: str = "") -> str:
        """``file:line column`` of a cell."""
        return f"{shown(self.path)}:{row.line}" + (f" {column}" if column else "")


def read_csv(path: Path) -> CsvFile:
    """Read a CSV file whose first line that is no comment names the columns.

    Raises
    ------
    InputError
        Unreadable file, no header, rows with too many or too few cells.
    """
    text = read_text(path)
    comments, lines = [], []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if line.startswith("#"):
            comments.append(line.lstrip("# ").rstrip())
        elif line.strip():
            lines.append((number, line))
    if not lines:
        raise InputError([Problem(shown(path), "the file holds no rows.")])
    if len(lines) > MAX_ROWS:
        raise InputError([Problem(shown(path), f"the file has over {MAX_ROWS:,} rows.")])
    problems = Problems()
    (head_line, head), *body = lines
    columns = tuple(c.strip() for c in _cells(path, head_line, head))
    if len(set(columns)) < len(columns) or "" in columns:
        problems.add(f"{shown(path)}:{head_line}", "the column names are not all different and filled.")
    rows = []
    for number, line in body:
        cells = _cells(path, number, line)
        if len(cells) != len(columns):
            few = len(cells) < len(columns)
            fix = "Add the missing commas." if few else "Put text that holds a comma in double quotes."
            found = f"{len(cells)} cell{'' if len(cells) == 1 else 's'} where the header has {len(columns)}."
            problems.add(f"{shown(path)}:{number}", found, fix)
            continue
        rows.append(Row(number, {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}))
    problems.raise_if_any()
    return CsvFile(path, head_line, columns, tuple(rows), tuple(comments))


def _cells(path: Path, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line)))
    except csv.Error as error:
        raise InputError([Problem(f"{shown(path)}:{number}", f"cannot be read as CSV: {error}.")]) from None
