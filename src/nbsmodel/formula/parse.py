"""Text to formula tree, through Python's own parser and a whitelist.

Nothing is ever compiled or evaluated here, and the limits below are checked before and after
parsing so that no text, however hostile, can hang or exhaust memory.
"""

from __future__ import annotations

import ast
import math
import re
import warnings

from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary, calls, names

MAX_LENGTH = 2_000
MAX_DEPTH = 40
MAX_NODES = 500
MAX_EXPONENT = 100.0

_ARITHMETIC = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_NESTING = re.compile(r"[([{]")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")


class FormulaError(ValueError):
    """A formula that the language does not allow; the message says why."""


def parse(text: str | float) -> Node:
    """Parse one formula.

    Parameters
    ----------
    text : str or float
        The formula as written, or a plain number.

    Returns
    -------
    Node
        Root of the formula tree.

    Raises
    ------
    FormulaError
        With the construct that is not allowed.
    """
    if isinstance(text, bool):
        raise FormulaError("true/false is not a number; write 1 or 0")
    if isinstance(text, int | float):
        return Unary("-", _number(-text)) if text < 0 else _number(text)
    if not isinstance(text, str):
        raise FormulaError(f"a formula or a number is needed, found {type(text).__name__}")
    return _Converter().convert(_syntax(text))


def _syntax(text: str) -> ast.expr:
    text = " ".join(text.split())
    if not text:
        raise FormulaError("the formula is empty")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters, at most {MAX_LENGTH} are allowed")
    _refuse_characters(text)
    if len(_NESTING.findall(text)) > MAX_NODES or _depth_of_brackets(text) > MAX_DEPTH:
        raise FormulaError(f"brackets are nested deeper than {MAX_DEPTH}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # e.g. `5(x)`: refused below with our own words
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        where = f" near character {error.offset}" if error.offset else ""
        raise FormulaError(f"cannot read the formula{where}: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise FormulaError(f"cannot read the formula: {error or 'nested too deeply'}") from None


def _refuse_characters(text: str) -> None:
    """Refuse what Python would skip (comments) or read as another letter (``ｘ`` as x)."""
    outside = _QUOTED.sub("", text)
    if "#" in outside:
        raise FormulaError("# is not allowed: a formula holds no comment")
    strange = [c for c in outside if not c.isascii()]
    if strange:
        raise FormulaError(
            f"the character {strange[0]!a} ({strange[0]}) is not allowed; use plain letters a-z, digits and + - * /"
        )


def _depth_of_brackets(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _number(value: int | float) -> Number:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FormulaError("a number is too large or not a number")
    return Number(number)


class _Converter:
    """Walks Python's syntax tree with a depth and a size limit."""

    def __init__(self) -> None:
        self.count = 0

    def convert(self, node: ast.expr, depth: int = 0) -> Node:
        self.count += 1
        self._limit(depth)
        down = depth + 1
        match node:
            case ast.Constant(value=bool() | None):
                raise FormulaError("True, False and None are not numbers; write 1 or 0")
            case ast.Constant(value=int() | float() as value):
                return _number(value)
            case ast.Constant(value=str()):
                raise FormulaError('text is only allowed as a table column, as in qx(age, "male")')
            case ast.Name(id=name):
                return Name(_safe(name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Unary("-", self.convert(operand, down))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.convert(operand, down)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Unary("not", self.convert(operand, down))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(_ARITHMETIC[type(op)], self.convert(left, down), self.convert(right, down))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                self._limit(depth + len(values))
                return _chain(word, [self.convert(v, down) for v in values])
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in _COMPARE for o in ops):
                self._limit(depth + len(others))
                # a < b < c is a < b and b < c: what stands in the middle counts twice
                terms = [self.convert(left, down)]
                for other in others:
                    before = self.count
                    terms.append(self.convert(other, down))
                    self.count += (self.count - before) * (other is not others[-1])
                    self._limit(depth)
                pairs: list[Node] = [
                    Binary(_COMPARE[type(o)], a, b) for o, a, b in zip(ops, terms, terms[1:], strict=False)
                ]
                return _chain("and", pairs)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return Choose(self.convert(test, down), self.convert(body, down), self.convert(orelse, down))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(_safe(name), args, down)
            case ast.Call(keywords=[_, *_]):
                raise FormulaError("arguments are given by position, without names")
        raise FormulaError(_REFUSED.get(type(node).__name__, f"{type(node).__name__} is not part of the language"))

    def _limit(self, depth: int) -> None:
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise FormulaError(
                f"the formula is nested deeper than {MAX_DEPTH} or has over {MAX_NODES} parts; "
                "split it into derived values"
            )

    def _arithmetic(self, op: str, left: Node, right: Node) -> Node:
        if op == "**":
            power = _plain_number(right)
            if power is not None and not abs(power) <= MAX_EXPONENT:
                raise FormulaError(f"the power {as_text(right)} is too large; at most {MAX_EXPONENT:g}")
        return Binary(op, left, right)

    def _call(self, name: str, args: list[ast.expr], depth: int) -> Node:
        column = None
        if args and isinstance(args[-1], ast.Constant) and isinstance(args[-1].value, str):
            column = args[-1].value
            if not column.isprintable():
                raise FormulaError(f"the table column {column!a} holds characters that cannot be shown")
            args = args[:-1]
        if any(isinstance(a, ast.Starred) for a in args):
            raise FormulaError("* before an argument is not allowed")
        return Call(name, tuple(self.convert(a, depth) for a in args), column)


_REFUSED = {
    "Attribute": "a dot after a name (attribute) is not allowed",
    "Subscript": "square brackets are not allowed; look a table up as in qx(age)",
    "Lambda": "lambda is not allowed",
    "List": "lists are not allowed",
    "Tuple": "a comma outside a function is not allowed",
    "Dict": "braces are not allowed",
    "Set": "braces are not allowed",
    "ListComp": "loops are not allowed",
    "SetComp": "loops are not allowed",
    "DictComp": "loops are not allowed",
    "GeneratorExp": "loops are not allowed",
    "NamedExpr": ":= is not allowed",
    "JoinedStr": "text is not allowed",
    "Call": "only named functions can be called",
    "BinOp": "this operator is not part of the language; use + - * / // % **",
    "Compare": "this comparison is not part of the language; use == != < <= > >=",
    "UnaryOp": "this operator is not part of the language; use - or not",
    "Constant": "this literal is not a number",
}


def _plain_number(node: Node) -> float | None:
    """Value of a formula of numbers and operators alone; None for any other."""
    if names(node) or calls(node):
        return None
    return float(evaluate_array(node, {}, {}))


def _chain(word: str, terms: list[Node]) -> Node:
    node = terms[0]
    for term in terms[1:]:
        node = Binary(word, node, term)
    return node


def _safe(name: str) -> str:
    if name.startswith("_") or "__" in name:
        raise FormulaError(f"the name {name} is not allowed; names begin with a letter and hold no double underscore")
    return name
