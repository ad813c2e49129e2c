"""NumPy rendering: a formula evaluated over arrays of any shapes that broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary
from nbsmodel.numerics.power import power

Array = Any


class LookUp(Protocol):
    """A table that can be looked up with an array of keys."""

    def __call__(self, key: Array, column: str | None = None) -> Array: ...


_BINARY: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
    "//": np.floor_divide, "%": np.mod, "**": power,
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip
_LOGICAL = frozenset(("==", "!=", "<", "<=", ">", ">=", "and", "or"))


def evaluate_array(node: Node, values: Mapping[str, Array], tables: Mapping[str, LookUp]) -> Array:
    """Value of a formula.

    Each part is computed at the shape of what it depends on, so what does not vary with the
    cycle is computed once a draw and what does not vary with the draw once a cycle.

    Parameters
    ----------
    node : Node
    values : mapping of str to array
        Every name the formula uses; shapes must broadcast.
    tables : mapping of str to callable
        Look-ups by table name. A key outside the table gives NaN.

    Returns
    -------
    float64 array or scalar
        NaN or infinite where the formula has no value; no warning is given, since the caller
        knows the place and reports it.
    """
    with np.errstate(all="ignore"):
        return _value(node, values, tables)


def _value(node: Node, values: Mapping[str, Array], tables: Mapping[str, LookUp]) -> Array:
    match node:
        case Number(value):
            return value
        case Name(name):
            return values[name]
        case Binary(op, left, right):
            a, b = _value(left, values, tables), _value(right, values, tables)
            return _logical(op, a, b) if op in _LOGICAL else _BINARY[op](a, b)
        case Call(function, args, column):
            arguments = [_value(a, values, tables) for a in args]
            if function in tables:
                return tables[function](arguments[0], column)
            return FUNCTIONS[function].array(*arguments)
        case Unary("-", operand):
            return np.negative(_value(operand, values, tables))
        case Unary(_, operand):
            truth = _value(operand, values, tables)
            return _unless(np.isnan(truth), np.logical_not(truth).astype(float))
        case Choose(condition, yes, no):
            return _choose(_value(condition, values, tables), yes, no, values, tables)
    raise AssertionError(node)


def _logical(op: str, a: Array, b: Array) -> Array:
    """Comparison, ``and``, ``or``: unknown (NaN) where an operand is NaN and the other does not decide."""
    unknown = np.isnan(a) | np.isnan(b)
    if op == "and":
        unknown = unknown & (a != 0) & (b != 0)
    elif op == "or":
        unknown = unknown & ((a == 0) | np.isnan(a)) & ((b == 0) | np.isnan(b))
    return _unless(unknown, _BINARY[op](a, b).astype(float))


def _unless(unknown: Array, value: Array) -> Array:
    return np.where(unknown, np.nan, value) if np.any(unknown) else value


def _choose(condition: Array, yes: Node, no: Node, values: Mapping[str, Array], tables: Mapping[str, LookUp]) -> Array:
    """Only the side that is used is evaluated; both only where the condition differs."""
    unknown = np.isnan(condition)
    test = np.asarray(condition, dtype=bool)
    if np.all(unknown):
        return np.full(np.shape(condition), np.nan)
    if np.all(test | unknown):
        return _unless(unknown, _value(yes, values, tables))
    if not np.any(test & ~unknown):
        return _unless(unknown, _value(no, values, tables))
    return _unless(unknown, np.where(test, _value(yes, values, tables), _value(no, values, tables)))
