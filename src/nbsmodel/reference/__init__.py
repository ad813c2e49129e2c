"""Reference inputs shipped with the package: where they are, what they hold, where they come from.

This is a list and paths only. The numbers are read as any table of a model is, by `nbsmodel.model.tables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbsmodel.errors import InputError, Problem, nearest

FOLDER = Path(__file__).resolve().parent
SEXES = {"female": "women", "male": "men", "mixed": "both sexes together"}


@dataclass(frozen=True)
class Source:
    """Where a reference input comes from."""

    key: str
    citation: str
    url: str
    note: str


@dataclass(frozen=True)
class Reference:
    """A shipped table.

    Parameters
    ----------
    name, title : str
    path : Path
        A CSV file with provenance in ``#`` lines at its head.
    by : str
        The key column.
    columns : dict of str to str
        Columns of numbers and what they are. A column ``<name>_status`` of the file, where there is one, says
        how far each number of ``<name>`` is known.
    sources : tuple of str
        Keys of `sources`.
    licence, note : str
    """

    name: str
    title: str
    path: Path
    by: str
    columns: dict[str, str]
    sources: tuple[str, ...]
    licence: str
    note: str


def reference(name: str, place: str = "reference") -> Reference:
    """A shipped table by name.

    Parameters
    ----------
    name : str
    place : str
        Where the name stands, for the message.

    Raises
    ------
    InputError
        No such table; the nearest name is offered.
    """
    found = _catalogue().get(name)
    if found is None:
        fix = f"{nearest(name, _catalogue())} `nbsmodel reference` lists what is shipped."
        raise InputError([Problem(place, f"there is no reference table {name}.", fix)])
    return found


def names() -> tuple[str, ...]:
    """Names of the shipped tables."""
    return tuple(_catalogue())


@cache
def sources() -> dict[str, Source]:
    """Every source that a shipped table cites, by key."""
    return {
        key: Source(key, *(" ".join(str(entry.get(part, "")).split()) for part in ("citation", "url", "note")))
        for key, entry in _read("sources.yaml").items()
    }


@cache
def _catalogue() -> dict[str, Reference]:
    found = {}
    for name, entry in _read("catalogue.yaml").items():
        columns = dict(entry.get("columns", {}))
        for column, text in entry.get("by_sex", {}).items():
            columns |= {f"{column}_{sex}": f"{text}, {words}" for sex, words in SEXES.items()}
        found[name] = Reference(
            name, entry["title"], FOLDER / f"{name}.csv", entry["by"], columns, tuple(entry["sources"]),
            entry["licence"], entry["note"],
        )  # fmt: skip
    return found


def _read(name: str) -> dict[str, Any]:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load((FOLDER / name).read_text(encoding="utf-8"))
