"""Shipped reference inputs as plain text for the terminal."""

from __future__ import annotations

from nbsmodel import reference as shipped
from nbsmodel.model.csvfile import read_csv
from nbsmodel.run.show import text_table

FIRST_ROWS, WIDTH = 5, 100


def reference_for_people(name: str | None = None) -> str:
    """What is shipped, or one table with its columns, sources, provenance and first rows.

    Parameters
    ----------
    name : str, optional

    Raises
    ------
    InputError
        No such table.
    """
    if name is None:
        return _all()
    entry = shipped.reference(name, f"nbsmodel reference {name}")
    file = read_csv(entry.path)
    parts = [f"{entry.name}: {entry.title}", f"Rows: {_extent(name)}. {entry.note}", f"Licence: {entry.licence}"]
    parts += ["", text_table(["Column", "What it is"], [[c, text] for c, text in entry.columns.items()])]
    parts += ["", "Sources"]
    for key in entry.sources:
        source = shipped.sources()[key]
        parts += [f"  {key}: {source.citation} {source.note}".rstrip(), *([f"    {source.url}"] if source.url else [])]
    parts += ["", "At the head of the file", *(f"  {line}" for line in file.comments), "", "First rows"]
    shown = _fitting(file.columns)
    head = [*shown, *([f"... {len(file.columns) - len(shown)} more"] if len(shown) < len(file.columns) else [])]
    exact = ", between: exact" if entry.by == "year" else ""
    example = f"In model.yaml: {{reference: {name}, column: {next(iter(entry.columns))}{exact}}}"
    rows = [[row.cells[c] for c in shown] + [""] * (len(head) - len(shown)) for row in file.rows[:FIRST_ROWS]]
    parts += [text_table(head, rows), "", example]
    return "\n".join(parts)


def _all() -> str:
    rows = []
    for name in shipped.names():
        entry = shipped.reference(name)
        rows.append([name, entry.title, _extent(name), ", ".join(entry.sources)])
    table = text_table(["Name", "What", "Rows", "Sources"], rows)
    return f"{table}\n\n`nbsmodel reference NAME` shows a table's columns, provenance and first rows."


def _extent(name: str) -> str:
    entry = shipped.reference(name)
    keys = [row.cells[entry.by] for row in read_csv(entry.path).rows]
    return f"{entry.by} {keys[0]} to {keys[-1]}"


def _fitting(columns: tuple[str, ...]) -> list[str]:
    """The first columns that fit beside each other."""
    found: list[str] = []
    for column in columns:
        if len("  ".join([*found, column])) > WIDTH:
            break
        found.append(column)
    return found
