"""Presets of cost-effectiveness thresholds, by name: numbers with where they come from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent / "thresholds.csv"


@dataclass(frozen=True)
class Preset:
    """Thresholds that go by one name.

    Parameters
    ----------
    name : str
    values : tuple of float
        Money per unit of effect.
    currency, label : str
    placeholders : tuple of float
        Those that are from memory only.
    notes : tuple of str
        Source and remark of each value.
    """

    name: str
    values: tuple[float, ...]
    currency: str
    label: str
    placeholders: tuple[float, ...]
    notes: tuple[str, ...]


@cache
def presets() -> dict[str, Preset]:
    """Every preset by name, in the order of the file."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines):
        by_name.setdefault(row["name"], []).append(row)
    return {
        name: Preset(
            name, tuple(float(r["value"]) for r in rows), rows[0]["currency"], rows[0]["label"],
            tuple(float(r["value"]) for r in rows if r["status"] == "placeholder"),
            tuple(f"{r['note']} ({r['source']})" for r in rows),
        )
        for name, rows in by_name.items()
    }  # fmt: skip
