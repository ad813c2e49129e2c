"""The unit of a formula, where it is an amount of money."""

from __future__ import annotations

import re

from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary
from nbsmodel.model.parts import Model

#: Units of amounts of money begin with the code of a currency.
AMOUNT = re.compile(r"[A-Z]{3}\b")
#: Units of what an amount may be multiplied by, or divided by, and stay one.
_PURE = ("probability", "share", "number", "ratio", "count", "utility", "disutility")


def money_unit(model: Model, node: Node) -> str:
    """Unit of an amount of money, such as ``GBP``.

    Parameters
    ----------
    model : Model
    node : Node
        Of parameters and derived values; what these are derived from is looked into.

    Returns
    -------
    str
        Empty for what is no amount of money, and for what cannot be told: sums of different units, products of
        amounts, look-ups in tables.
    """
    return _unit(model, node) or ""


def _unit(model: Model, node: Node) -> str | None:
    """Unit of money, empty for a pure number, None where it cannot be told."""
    match node:
        case Number():
            return ""
        case Name(id=name):
            return _of_name(model, name)
        case Unary(op=op, operand=operand):
            return _unit(model, operand) if op == "-" else ""
        case Binary(op="+" | "-", left=left, right=right):
            return _common(model, left, right)
        case Binary(op="*", left=left, right=right):
            one, two = _unit(model, left), _unit(model, right)
            return None if one is None or two is None or (one and two) else one or two
        case Binary(op="/", left=left, right=right):
            one, two = _unit(model, left), _unit(model, right)
            return None if one is None or two is None else "" if one == two else None if two else one
        case Choose(yes=yes, no=no):
            return _common(model, yes, no)
        case Call(function="min" | "max", args=args):
            return _common(model, *args)
    return None


def _of_name(model: Model, name: str) -> str | None:
    if name in model.parameters.rows:
        unit = model.parameters.rows[name].unit
    elif name in model.derived:
        unit = model.derived[name].unit
        if unit == "number":  # what a derived value has when nothing is said
            return _unit(model, model.derived[name].formula.node)
    else:
        return None
    return unit if AMOUNT.match(unit) else "" if unit in _PURE else None


def _common(model: Model, *nodes: Node) -> str | None:
    """The unit that all share; a plain number has that of the others."""
    units = {_unit(model, node) for node in nodes if not isinstance(node, Number)}
    return units.pop() if len(units) == 1 else None if units else ""
