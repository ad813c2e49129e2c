"""Text rendering: a formula written out again, with no more brackets than it needs."""

from __future__ import annotations

import json

from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary

_LEVEL = {
    "or": 2, "and": 3,
    "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": 9,
}  # fmt: skip
_CHOOSE, _NOT, _MINUS, _ATOM = 1, 4, 8, 10


def as_text(node: Node) -> str:
    """The formula as it could have been written.

    ``parse(as_text(node)) == node`` for every tree that `parse` can make.

    Parameters
    ----------
    node : Node

    Returns
    -------
    str
    """
    return _render(node)[0]


def _render(node: Node) -> tuple[str, int]:
    match node:
        case Number(value):
            text = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
            return text, _ATOM
        case Name(name):
            return name, _ATOM
        case Call(function, args, column):
            parts = [as_text(a) for a in args] + (
                [json.dumps(column, ensure_ascii=False)] if column is not None else []
            )
            return f"{function}({', '.join(parts)})", _ATOM
        case Unary("-", operand):
            return f"-{_bracket(operand, _MINUS)}", _MINUS
        case Unary(_, operand):
            return f"not {_bracket(operand, _NOT)}", _NOT
        case Binary(op, left, right):
            return _binary(op, left, right)
        case Choose(condition, yes, no):
            text = f"{_bracket(yes, _CHOOSE + 1)} if {_bracket(condition, _CHOOSE + 1)} else {_bracket(no, _CHOOSE)}"
            return text, _CHOOSE
    raise AssertionError(node)


def _binary(op: str, left: Node, right: Node) -> tuple[str, int]:
    level = _LEVEL[op]
    # comparisons do not associate, ** associates to the right, everything else to the left
    low_left = level + 1 if op == "**" or level == 5 else level
    low_right = level - 1 if op == "**" else level + 1
    return f"{_bracket(left, low_left)} {op} {_bracket(right, low_right)}", level


def _bracket(node: Node, least: int) -> str:
    text, level = _render(node)
    return text if level >= least else f"({text})"
