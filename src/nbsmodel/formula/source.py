"""Source rendering: a formula as an expression for a loop compiled by Numba.

The text is built from the formula tree alone: numbers, the texts given for names and tables, and calls
of the functions of `nbsmodel.formula.compiled`. It is meant for functions compiled with
``error_model="numpy"``, where ``1 / 0`` is infinite. This module itself does not need Numba.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary, calls, children, walk

_INLINE = frozenset("+-*/")
_OPERATORS = {
    "//": "op_floor_divide", "%": "op_mod", "**": "op_pow",
    "==": "op_eq", "!=": "op_ne", "<": "op_lt", "<=": "op_le", ">": "op_gt", ">=": "op_ge",
    "and": "op_and", "or": "op_or",
}  # fmt: skip
_HEAVY_OPERATORS = frozenset(("//", "%", "**"))
_LOOK_UP, _SQUARE, _NOT, _CHOOSE = "look_up", "op_square", "op_not", "op_choose"

#: A call that no formula can write: a number held between two others (outside it is no number).
WITHIN = "(within)"

#: What the text of a formula may use; all are in `nbsmodel.formula.compiled`.
COMPILED_IDENTIFIERS: dict[str, str] = {name: f"f_{name}" for name in FUNCTIONS if not name.startswith("gengamma_")}
_HEAVY_FUNCTIONS = frozenset(name for name in FUNCTIONS if name not in COMPILED_IDENTIFIERS) | {"log10"}


@dataclass(frozen=True)
class TableSource:
    """A table as it is found in generated source.

    Parameters
    ----------
    keys : str
        Expression of the array of keys.
    columns : mapping of str to str
        Expression of the array of values by column, in the order of the table.
    linear, hold_last, exact : bool
        As in `nbsmodel.model.tables.Table`.
    """

    keys: str
    columns: Mapping[str, str]
    linear: bool
    hold_last: bool
    exact: bool = False


def as_source(node: Node, names: Mapping[str, str], tables: Mapping[str, TableSource]) -> str:
    """The formula as a Python expression of one line.

    Parameters
    ----------
    node : Node
    names : mapping of str to str
        Expression of each name the formula uses; its value must be a float.
    tables : mapping of str to TableSource

    Returns
    -------
    str
        In brackets where it is more than a number, a name or a call.

    Raises
    ------
    ValueError
        A function without a compiled version (see `not_renderable`), or a number that is not finite.
    """
    return _Source(names, tables).text(node)


@dataclass(frozen=True)
class _Source:
    names: Mapping[str, str]
    tables: Mapping[str, TableSource]

    def text(self, node: Node, lazy: bool = True) -> str:
        """Text of a node; where `lazy`, a heavy side of a conditional is computed only if it is used."""
        match node:
            case Number(value):
                if not math.isfinite(value):
                    raise ValueError(f"{value} is no number of a formula")
                return repr(float(value))
            case Name(name):
                return self.names[name]
            case Unary("-", operand):
                return f"(-{self.text(operand, lazy)})"
            case Call(function, args, column) if function in self.tables:
                return self._look_up(self.tables[function], self.text(args[0], lazy), column)
            case Call(function) if function not in COMPILED_IDENTIFIERS and function != WITHIN:
                raise ValueError(f"{function}() has no compiled version")
            case Choose(condition, yes, no) if lazy and not (is_light(yes) and is_light(no)):
                # The condition is written twice, for Numba cannot keep its value within an expression;
                # nothing in it is lazy, or a condition of a condition of ... would double the text each time.
                test = self.text(condition, lazy=False)
                return f"({self.text(no)} if {test} == 0.0 else {_CHOOSE}({test}, {self.text(yes)}, 0.0))"
        texts = [self.text(child, lazy) for child in children(node)]
        if isinstance(node, Binary) and node.op in _INLINE:
            return f"({texts[0]} {node.op} {texts[1]})"
        if isinstance(node, Call) and node.function in ("min", "max"):
            return _nested(_identifier(node), texts)
        return f"{_identifier(node)}({', '.join(texts[:1] if _is_square(node) else texts)})"

    @staticmethod
    def _look_up(table: TableSource, key: str, column: str | None) -> str:
        values = table.columns[column] if column is not None else next(iter(table.columns.values()))
        return f"{_LOOK_UP}({key}, {table.keys}, {values}, {table.linear}, {table.hold_last}, {table.exact})"


def identifiers(node: Node) -> frozenset[str]:
    """What `as_source` uses of `nbsmodel.formula.compiled`."""
    return frozenset(filter(None, map(_identifier, walk(node))))


def is_light(node: Node) -> bool:
    """Whether a loop over the formula becomes vector instructions: no branch, no inner loop, no call.

    Table look-ups, ``**`` (but for a square), ``//``, ``%`` and ``log10`` are not light.
    """
    return not any(map(_is_heavy, walk(node)))


def not_renderable(node: Node) -> list[str]:
    """Functions of the formula that have no compiled version, each once."""
    return sorted({call.function for call in calls(node)} & (FUNCTIONS.keys() - COMPILED_IDENTIFIERS.keys()))


def _identifier(node: Node) -> str:
    """What the text of a node uses itself; empty where it uses plain Python."""
    match node:
        case Call(function) if function == WITHIN:
            return "op_within"
        case Call(function):
            return COMPILED_IDENTIFIERS.get(function, "" if function in FUNCTIONS else _LOOK_UP)
        case Unary("not"):
            return _NOT
        case Choose():
            return _CHOOSE
        case Binary(op):
            return _SQUARE if _is_square(node) else _OPERATORS.get(op, "")
    return ""


def _is_heavy(node: Node) -> bool:
    match node:
        case Call(function) if function != WITHIN:
            return function not in FUNCTIONS or function in _HEAVY_FUNCTIONS
        case Binary(op):
            return op in _HEAVY_OPERATORS and not _is_square(node)
    return False


def _is_square(node: Node) -> bool:
    return isinstance(node, Binary) and node.op == "**" and node.right == Number(2.0)


def _nested(function: str, texts: list[str]) -> str:
    """A function of two over many, halved each time: Python allows only 200 brackets in each other."""
    if len(texts) == 1:
        return texts[0]
    middle = (len(texts) + 1) // 2
    return f"{function}({_nested(function, texts[:middle])}, {_nested(function, texts[middle:])})"
