"""Sets of parameters that information is about: single ones, jointly distributed ones, named groups."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.parts import Model

#: Column of the draws that names the structural alternative.
ALTERNATIVE = "alternative"
#: Shorter beginnings that labels have in common are no name of their group.
SHORTEST = 8


@dataclass(frozen=True)
class ParameterSet:
    """Parameters that would become known together.

    Parameters
    ----------
    name, label : str
    members : tuple of str
        Columns of the draws.
    """

    name: str
    label: str
    members: tuple[str, ...]


def units(model: Model, columns: Iterable[str]) -> dict[str, ParameterSet]:
    """What can become known by itself: parameters; Dirichlet and multivariate normal groups as wholes.

    Parameters
    ----------
    model : Model
    columns : iterable of str
        Of the draws.

    Returns
    -------
    dict of str to ParameterSet
        By name, in the order of the columns.
    """
    columns = list(columns)
    rows = model.parameters.rows
    found: dict[str, ParameterSet] = {}
    group_of = {m: group for group in model.parameters.groups for m in group.members}
    for column in columns:
        if column == ALTERNATIVE:
            found[column] = ParameterSet(column, "Structural alternative", (column,))
        elif column not in group_of:
            found[column] = ParameterSet(column, rows[column].label, (column,))
        else:
            name = group_of[column].name
            name = f"{name}_group" if name in rows else name
            members = tuple(m for m in group_of[column].members if m in columns)
            found[name] = ParameterSet(name, group_label(name, [rows[m].label for m in members]), members)
    return found


def unit_of(sets: Mapping[str, ParameterSet], name: str) -> ParameterSet | None:
    """The unit that a name stands for: its own, or that of the group it is a member of."""
    return sets.get(name) or next((unit for unit in sets.values() if name in unit.members), None)


def joined(name: str, label: str, parts: Sequence[ParameterSet]) -> ParameterSet:
    """Several sets as one."""
    return ParameterSet(name, label, tuple(dict.fromkeys(m for part in parts for m in part.members)))


def dimensions(model: Model, members: Sequence[str]) -> int:
    """Numbers that vary freely in a set: shares that add up to 1 have one less."""
    bound = sum(isinstance(g, Dirichlet) and set(g.members) <= set(members) for g in model.parameters.groups)
    return len(members) - bound


def group_label(name: str, labels: list[str]) -> str:
    """A label for a group: what the labels of its members begin with, or its name."""
    if len(labels) == 1:
        return labels[0]
    start = os.path.commonprefix(labels)
    start = start[: start.rfind(" ") + 1].rstrip(" :,;(-")
    named = start if len(start) >= SHORTEST else name.replace("_", " ").capitalize()
    return f"{named} ({len(labels)} parameters)"
