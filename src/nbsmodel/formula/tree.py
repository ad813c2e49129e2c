"""Nodes of a parsed formula.

The tree is the one representation of a formula; every rendering (NumPy, text, and later
compiled source and spreadsheet cells) walks it. It has six kinds of node and no behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True)
class Name:
    """A parameter, derived value, lever, choice, option or clock."""

    id: str


@dataclass(frozen=True)
class Call:
    """A function of the language, or a table look-up.

    ``column`` is the quoted column of a table with several value columns.
    """

    function: str
    args: tuple[Node, ...]
    column: str | None = None


@dataclass(frozen=True)
class Unary:
    """``-`` or ``not``."""

    op: str
    operand: Node


@dataclass(frozen=True)
class Binary:
    """Arithmetic, comparison, ``and`` or ``or``; chained comparisons become ``and``."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Choose:
    """``yes if condition else no``."""

    condition: Node
    yes: Node
    no: Node


Node = Number | Name | Call | Unary | Binary | Choose


def children(node: Node) -> tuple[Node, ...]:
    """Direct sub-formulas of a node, left to right."""
    match node:
        case Call(args=args):
            return args
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Choose(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
    return ()


def depth(node: Node) -> int:
    """Operations within operations; 1 for a number or a name."""
    return 1 + max(map(depth, children(node)), default=0)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def names(node: Node) -> frozenset[str]:
    """All names a formula uses."""
    return frozenset(n.id for n in walk(node) if isinstance(n, Name))


def calls(node: Node) -> tuple[Call, ...]:
    """All function calls and table look-ups of a formula."""
    return tuple(n for n in walk(node) if isinstance(n, Call))
