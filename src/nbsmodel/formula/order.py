"""Dependency order of derived values."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from nbsmodel.formula.tree import Node, names


class CircularDefinition(ValueError):
    """Derived values that need each other.

    Attributes
    ----------
    loop : tuple of str
        The names, in the order in which each needs the next; the first stands again at the end.
    """

    def __init__(self, loop: tuple[str, ...]) -> None:
        self.loop = loop
        super().__init__(" needs ".join(loop))


def dependency_order(definitions: Mapping[str, Node]) -> list[str]:
    """Names of derived values so that each comes after those it needs.

    Parameters
    ----------
    definitions : mapping of str to Node
        The order among independent names is kept.

    Raises
    ------
    CircularDefinition
        When values need each other.
    """
    graph = {name: [n for n in sorted(names(node)) if n in definitions] for name, node in definitions.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib lists the loop from a value to what needs it; people read it the other way
        raise CircularDefinition(tuple(reversed(error.args[1]))) from None


def needed_by(wanted: frozenset[str], definitions: Mapping[str, Node]) -> frozenset[str]:
    """The derived values that a set of names needs, directly or through others."""
    found: set[str] = set()
    stack = [n for n in wanted if n in definitions]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += [n for n in names(definitions[name]) if n in definitions]
    return frozenset(found)
