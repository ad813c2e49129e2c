"""Parsing: every construct, precedence, limits, and the way back to text."""

from __future__ import annotations

import pytest
from formula_trees import trees
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nbsmodel.formula.parse import MAX_DEPTH, MAX_LENGTH, MAX_NODES, FormulaError, parse
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Number, Unary, calls, children, depth, names, walk

A, B, C, D = (Name(n) for n in "abcd")
ONE, TWO, THREE = Number(1.0), Number(2.0), Number(3.0)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1", ONE),
        ("1.5e-3", Number(0.0015)),
        (".5", Number(0.5)),
        ("a", A),
        ("(a)", A),
        ("+a", A),
        ("-a", Unary("-", A)),
        ("--a", Unary("-", Unary("-", A))),
        ("not a", Unary("not", A)),
        ("a + b", Binary("+", A, B)),
        ("a - b", Binary("-", A, B)),
        ("a * b", Binary("*", A, B)),
        ("a / b", Binary("/", A, B)),
        ("a // b", Binary("//", A, B)),
        ("a % b", Binary("%", A, B)),
        ("a ** b", Binary("**", A, B)),
        ("a == b", Binary("==", A, B)),
        ("a != b", Binary("!=", A, B)),
        ("a < b", Binary("<", A, B)),
        ("a <= b", Binary("<=", A, B)),
        ("a > b", Binary(">", A, B)),
        ("a >= b", Binary(">=", A, B)),
        ("a and b", Binary("and", A, B)),
        ("a or b", Binary("or", A, B)),
        ("a if b else c", Choose(B, A, C)),
        ("f()", Call("f", ())),
        ("f(a)", Call("f", (A,))),
        ("f(a, b, c)", Call("f", (A, B, C))),
        ('f(a, "male")', Call("f", (A,), "male")),
        ("f('male')", Call("f", (), "male")),
        ("f(g(a), -b)", Call("f", (Call("g", (A,)), Unary("-", B)))),
        ("  a\n   +\tb  ", Binary("+", A, B)),  # YAML text over several lines
        (3, THREE),
        (0.5, Number(0.5)),
        (-3, Unary("-", THREE)),
    ],
)
def test_constructs(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b / c", "(a / b) / c"),
        ("a / b * c", "(a / b) * c"),
        ("a // b % c", "(a // b) % c"),
        ("a ** b ** c", "a ** (b ** c)"),
        ("-a ** b", "-(a ** b)"),
        ("a ** -b", "a ** (-b)"),
        ("-a * b", "(-a) * b"),
        ("not a == b", "not (a == b)"),
        ("not a and b", "(not a) and b"),
        ("a and b or c and d", "(a and b) or (c and d)"),
        ("a or b and c", "a or (b and c)"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("a < b and c < d", "(a < b) and (c < d)"),
        ("a if b else c if d else a", "a if b else (c if d else a)"),
        ("a + b if c else d", "(a + b) if c else d"),
        ("a if b or c else d", "a if (b or c) else d"),
        ("a < b < c", "a < b and b < c"),
        ("a < b <= c != d", "a < b and b <= c and c != d"),
        ("0 <= a + b < 1", "0 <= a + b and a + b < 1"),
    ],
)
def test_precedence_and_chains(text, same):
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("a < b < c", "(a < b) < c"),
        ("a - (b - c)", "a - b - c"),
        ("(a ** b) ** c", "a ** b ** c"),
        ("(-a) ** b", "-a ** b"),
        ("not (a and b)", "not a and b"),
        ("(a if b else c) if d else a", "a if b else c if d else a"),
    ],
)
def test_brackets_matter(text, other):
    assert parse(text) != parse(other)
    assert as_text(parse(text)) == text.replace("a < b < c", "a < b and b < c")


@settings(max_examples=200, deadline=None)
@given(trees)
def test_text_reads_back(tree):
    text = as_text(tree)
    try:
        again = parse(text)
    except FormulaError as error:
        assume("is too large" not in str(error) and "parts" not in str(error) and "characters" not in str(error))
        raise
    assert again == tree


@pytest.mark.parametrize("value", [0, 1, 12.5, -3, -0.25, 1e-300, 1e300, 123456789012345678, -1e22])
def test_numbers_read_back(value):
    assert parse(as_text(parse(value))) == parse(value)


@pytest.mark.parametrize("column", ["male", "a b", 'a"b', "a'b", "a\\b", "a # b", "Größe", "\\", '"', ""])
def test_columns_read_back(column):
    tree = Call("qx", (A,), column)
    assert parse(as_text(tree)) == tree


def test_text_has_no_needless_brackets():
    text = "a * (b + c) - -d ** 2 if not (a or b) and 0 <= c else min(a, (b if c else d) + 1)"
    assert as_text(parse(text)) == text
    assert as_text(parse(f"(({text}))")) == text


def test_walk_children_names_and_calls():
    tree = parse('f(a, g(b)) + (c if d else -a) * qx(1, "x")')
    assert names(tree) == {"a", "b", "c", "d"}
    assert [c.function for c in calls(tree)] == ["f", "g", "qx"]
    assert children(tree) == (tree.left, tree.right)
    assert children(ONE) == children(A) == ()
    assert sum(1 for _ in walk(tree)) == 13
    assert [depth(parse(text)) for text in ("1", "-a", "a + b * c", "f(g(h(a)), b)", "f()")] == [1, 2, 3, 4, 1]


def test_limits_are_where_they_are_said_to_be():
    assert len(parse("+".join(["a"] * (MAX_DEPTH + 1))).left.right.id) == 1
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    assert parse("a" + " " * 3 * MAX_LENGTH) == A
    wide = f"f({', '.join(['a'] * (MAX_NODES - 1))})"
    assert len(parse(wide).args) == MAX_NODES - 1
    for text in (
        "+".join(["a"] * (MAX_DEPTH + 2)),
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "a" * (MAX_LENGTH + 1),
        f"f({', '.join(['a'] * MAX_NODES)})",
        " and ".join(["a"] * (MAX_DEPTH + 1)),
        " < ".join(["a"] * (MAX_DEPTH + 2)),
    ):
        with pytest.raises(FormulaError):
            parse(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="ab12 .()[]{}+-*/%<>=!,:;'\"\\#@&|~^`$?ifelsandort\n\t", max_size=60))
def test_any_text_is_read_or_refused(text):
    """Never another exception; and what is read can be written and read again."""
    try:
        tree = parse(text)
    except FormulaError:
        return
    assert parse(as_text(tree)) == tree
