"""Hostile formulas: refused with `FormulaError`, quickly and in little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from nbsmodel.formula.parse import FormulaError, parse

HOSTILE = {
    "attribute": "a.real",
    "attribute of a number": "(1).real",
    "class of a tuple": "().__class__",
    "way to every class": "().__class__.__bases__[0].__subclasses__()",
    "method": "a.exp(1)",
    "subscript": "a[0]",
    "slice": "a[0:1]",
    "lambda": "lambda: 1",
    "called lambda": "(lambda: 1)()",
    "list": "[1, 2]",
    "dict": "{1: 2}",
    "set": "{1, 2}",
    "tuple": "1, 2",
    "empty tuple": "()",
    "list comprehension": "[x for x in a]",
    "set comprehension": "{x for x in a}",
    "dict comprehension": "{x: x for x in a}",
    "generator": "sum(x for x in a)",
    "walrus": "(a := 1)",
    "f-string": "f'{a}'",
    "f-string as a column": "qx(a, f'{a}')",
    "import": "__import__('os')",
    "import statement": "import os",
    "dunder name": "__builtins__",
    "private name": "_a",
    "dunder inside a name": "a__b",
    "dunder function": "__import__(a)",
    "keyword argument": "exp(x=1)",
    "double starred argument": "max(**a)",
    "starred argument": "max(*a)",
    "starred argument before a column": "qx(*a, 'male')",
    "call of a call": "exp(1)(2)",
    "call of a number": "5(1)",
    "text": "'abc'",
    "text in arithmetic": "'a' * 1000000000",
    "text as first argument": "qx('male', 1)",
    "two columns": "qx('male', 'female')",
    "column with an escape": "qx(1, '\\x1b[31m')",
    "column with half a letter": "qx(1, '\\ud800')",
    "bytes": "b'abc'",
    "bytes as a column": "qx(1, b'male')",
    "complex": "1j",
    "ellipsis": "...",
    "True": "True",
    "False in a sum": "1 + False",
    "None": "None",
    "tower of tens": "10**10**10",
    "tower of nines": "9**9**9**9",
    "large power": "2**10000000000",
    "large negative power": "2**-10000000000",
    "large power in brackets": "2**(10 * 10 * 10)",
    "shift": "1 << 10000000000",
    "bitwise or": "a | b",
    "bitwise not": "~a",
    "matrix product": "a @ b",
    "membership": "a in b",
    "identity": "a is b",
    "huge integer": "9" * 1999,
    "huge hexadecimal": "0x" + "f" * 1997,
    "huge float": "1e999",
    "5,000 characters": "1" * 5000,
    "a million characters": "(" * 1_000_000,
    "300 brackets": "(" * 300 + "1" + ")" * 300,
    "300 square brackets": "[" * 300,
    "300 braces in text": "f'" + "{" * 300,
    "100 calls in one another": "exp(" * 100 + "1" + ")" * 100,
    "2,000 minus": "-" * 2000 + "1",
    "1,999 minus": "-" * 1999 + "1",
    "2,000 plus": "1" + "+1" * 2000,
    "999 plus": "1" + "+1" * 999,
    "600 powers": "1" + "**1" * 600,
    "499 not": "not " * 499 + "1",
    "400 or": "a" + " or a" * 400,
    "900 comparisons": "a" + "<a" * 900,
    "comparisons that double at each level": "0<(" * 39 + "a" + ")<1" * 39,
    "conditions in one another": "1 if a else " * 150 + "1",
    "zero byte": "1\0",
    "zero byte in a name": "ex\0p(1)",
    "wide letters": "\uff45\uff58\uff50(1)",
    "Cyrillic a": "\u0430 + 1",
    "italic letter": "\U0001d44e",
    "minus sign of typesetting": "1 \u2212 2",
    "superscript": "a\u00b2",
    "Arabic digit": "\u0661",
    "letter beside a right-to-left mark": "a\u202e",
    "semicolon": "1; 2",
    "two lines": "1\n2",
    "second line with an import": "1\nimport os",
    "assignment": "a = 1",
    "comment": "1 # + 2",
    "comment that hides the next line": "a # first\n+ b",
    "backslash": "1 \\\n + 2",
    "backticks": "`ls`",
    "await": "await a",
    "yield": "(yield a)",
    "yield from": "(yield from a)",
    "delete": "del a",
    "assert": "assert a",
    "class": "class A: pass",
    "decorator": "@a",
    "question mark": "a ? b : c",
    "dollar": "$a",
    "bracket not closed": "(1",
    "bracket too many": "1)",
    "quote not closed": "'a",
    "triple quote not closed": '"""',
    "operator at the end": "1 +",
    "no else": "1 if a",
    "empty": "",
    "blank": " \n\t ",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_formula(text):
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        with pytest.raises(FormulaError) as refused:
            parse(text)
        took, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(refused.value)
    assert len(str(refused.value)) < 300
    assert took < 2
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "value", [None, True, False, [], {}, (), b"1", 1j, object(), float("nan"), float("inf"), 10**400]
)
def test_what_is_neither_text_nor_a_finite_number(value):
    with pytest.raises(FormulaError):
        parse(value)


def test_formula_error_is_a_value_error():
    """Callers that read numbers catch `ValueError`."""
    assert issubclass(FormulaError, ValueError)


def test_harmless_neighbours_are_read():
    """The whitelist does not refuse more than it must."""
    for text in ("10 ** 10", "2 ** 3 ** 2", "a ** (1 / 3)", "a ** (b * 1000)", "a_b", "0 < (0 < a < 1) < 1", "1_000"):
        parse(text)
