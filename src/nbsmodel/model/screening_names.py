"""Values that a screening programme uses, each held to its range in every draw, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbsmodel.errors import Problems
from nbsmodel.model.parameters import ParameterTable
from nbsmodel.model.schema import NAME, FormulaText
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.model.yamlfile import Document, KeyPath

_NUMBER = re.compile(r"\s*[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\s*\Z")


@dataclass
class ExpandedDocument(Document):
    """A model file whose screening programme has become a tree.

    Parameters
    ----------
    moved : dict of key path to key path
        Where generated keys come from: the place of a generated key is that of the key the user wrote.
    """

    moved: dict[KeyPath, KeyPath] = field(default_factory=dict)

    def place(self, *key: str | int) -> str:
        """``file:line key.path`` of a key as the user wrote it."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.moved:
                return super().place(*self.moved[key[:length]], *key[length:])
        return super().place(*key)


class Values:
    """Hands out formulas for what the user wrote.

    A number, or a name whose unit holds it to the range that is needed, is used as it is. Anything else becomes
    a derived value with that unit, so that it is checked, by its place, in every draw.

    Parameters
    ----------
    document : Document
    parameters : ParameterTable
    problems : Problems
    """

    def __init__(self, document: Document, parameters: ParameterTable, problems: Problems) -> None:
        self.data, self.document, self.problems = document.data, document, problems
        self.units = {name: row.unit for name, row in parameters.rows.items()}
        self.derived: dict[str, dict[str, Any]] = {}
        self.moved: dict[KeyPath, KeyPath] = {}
        for name, given in _mapping(self.data.get("derived")).items():
            self.units.setdefault(name, str(_mapping(given).get("unit", "number")))

    def held(self, text: FormulaText, unit: str, name: str, key: KeyPath) -> str:
        """The text to use for a formula that must lie in the range of a unit.

        Parameters
        ----------
        text : str or number
            As written.
        unit : str
        name : str
            Of the derived value, where one is needed.
        key : key path
            Where it stands.
        """
        low, high = legal_range(unit)
        written = str(text).strip()
        if _NUMBER.match(written):
            if not low <= float(written) <= high:
                self.problems.add(self.document.place(*key), f"found {written}.", f"It must be {range_text(unit)}.")
                return f"{low:g}"
            return f"{float(written):g}" if float(written) in (0, 1) else written
        if NAME.match(written) and self._within(written, low, high):
            return written
        return self.define(name, written, unit, key)

    def define(self, name: str, text: str, unit: str, key: KeyPath) -> str:
        """Add a derived value and return its name."""
        place = self.document.place(*key)
        if name in _mapping(self.data.get("derived")):
            found = f"the derived value {name} is made here, but {self.document.place('derived', name)} gives one too."
            self.problems.add(place, found, "Rename yours.")
        elif name in self.derived and self.derived[name]["value"] != text:
            other = self.document.place(*self.moved["derived", name])
            self.problems.add(place, f"{name} is made here and at {other}.", "Rename a test or a group of births.")
        self.derived[name] = {"value": text, "unit": unit}
        self.moved["derived", name] = key
        return name

    def _within(self, name: str, low: float, high: float) -> bool:
        """Whether a name is held to a range by its unit, or by its values where it is a lever."""
        if name in self.units:
            least, most = legal_range(self.units[name])
            return low <= least and most <= high
        levers = [_mapping(s).get(name) for s in _mapping(self.data.get("strategies")).values()]
        return bool(levers) and all(
            isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high for v in levers
        )


def _mapping(value: object) -> Mapping[str, Any]:
    """A mapping, or an empty one where the user wrote something else (which is reported elsewhere)."""
    return value if isinstance(value, dict) else {}
