"""Compiled source of formulas against the NumPy rendering, missing values included."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from formula_trees import expressions
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numba import njit

from nbsmodel.formula import array, compiled
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.parse import MAX_DEPTH, parse
from nbsmodel.formula.source import (
    COMPILED_IDENTIFIERS,
    TableSource,
    as_source,
    identifiers,
    is_light,
    not_renderable,
)
from nbsmodel.formula.tree import Number
from nbsmodel.model import tables as model_tables
from nbsmodel.model.tables import Table
from nbsmodel.numerics import survival_families

NAN, INF = math.nan, math.inf
NAMES = "abcd"
SOURCES = {name: f"x[{row}, i]" for row, name in enumerate(NAMES)}


def compile_all(nodes, tables):
    """One compiled function of all formulas, since compiling one for each takes long, and its further arrays."""
    given_arrays = {}
    sources = {}
    for name, table in (tables or {}).items():
        given_arrays[f"{name}_keys"] = table.keys
        given_arrays |= {f"{name}_{column}": values for column, values in table.columns.items()}
        columns = {column: f"{name}_{column}" for column in table.columns}
        sources[name] = TableSource(f"{name}_keys", columns, table.linear, table.hold_last)
    lines = [f"        out[{row}, i] = {as_source(node, SOURCES, sources)}" for row, node in enumerate(nodes)]
    used = frozenset().union(*map(identifiers, nodes))
    text = "\n".join(
        [
            *([f"from nbsmodel.formula.compiled import {', '.join(sorted(used))}"] if used else []),
            f"def fill({', '.join(['x', 'out', *given_arrays])}):",
            "    for i in range(x.shape[1]):",
            *lines,
        ]
    )
    space = {}
    exec(text, space)  # noqa: S102
    return njit(error_model="numpy")(space["fill"]), given_arrays.values()


def evaluate_compiled(nodes, x, tables=None):
    """Each formula at each column of x."""
    fill, arrays = compile_all(nodes, tables)
    out = np.empty((len(nodes), x.shape[1]))
    fill(x, out, *arrays)
    return out


def evaluate_arrays(nodes, x, tables=None):
    values = dict(zip(NAMES, x, strict=False))
    found = [evaluate_array(node, values, tables or {}) for node in nodes]
    return np.array([np.broadcast_to(f, x.shape[1:]) for f in found])


def grid(values, arguments):
    return np.array(list(itertools.product(values, repeat=arguments)), dtype=float).T.copy()


# Functions -----------------------------------------------------------------------------------------

RENDERED = [name for name in FUNCTIONS if name in COMPILED_IDENTIFIERS]
EDGES = (-INF, -750.0, -1.0, -0.0, 0.0, 1e-12, 0.05, 0.5, 1.0, 1.5, 2.5, 30.0, 1e3, 1e300, INF, NAN)
ORDINARY = (0.03, 0.2, 0.45, 0.7, 0.98, 1.3, 2.0, 7.5, 60.0)


def call(name):
    return parse(f"{name}({', '.join(NAMES[: FUNCTIONS[name].least])})")


def test_every_function_is_compiled_or_named_as_missing():
    assert set(compiled.COMPILED) == set(COMPILED_IDENTIFIERS)
    assert {i for name in RENDERED for i in identifiers(call(name))} == set(COMPILED_IDENTIFIERS.values())
    missing = {name for name in FUNCTIONS if name not in COMPILED_IDENTIFIERS}
    assert missing == {name for name in FUNCTIONS if not_renderable(call(name))}
    assert missing == {f"gengamma_{kind}" for kind in ("survival", "hazard", "prob", "mean_hazard")}


@pytest.mark.parametrize("arguments", [1, 2, 3, 4])
def test_functions_agree_with_the_array_rendering(arguments):
    names = [name for name in RENDERED if FUNCTIONS[name].least == arguments]
    x = np.concatenate([grid(EDGES, arguments), grid(ORDINARY, arguments)], axis=1)
    found, expected = (f([call(n) for n in names], x) for f in (evaluate_compiled, evaluate_arrays))
    for name, f, e in zip(names, found, expected, strict=True):
        assert np.array_equal(np.isnan(f), np.isnan(e)), name
        with np.errstate(all="ignore"):
            near = np.abs(f - e) <= 1e-12 * np.abs(e) + 1e-15 + subtraction_error(name, x)
        assert np.all((f == e) | near | np.isnan(e)), name


def subtraction_error(name, x):
    """What rounding leaves of H(t + dt) - H(t), which both renderings compute, where H is large and dt small."""
    family, _, kind = name.partition("_")
    if kind not in ("prob", "mean_hazard") or family == "exponential":
        return 0.0
    t, dt, *parameters = x[: FUNCTIONS[name].least]
    last = getattr(survival_families, family.upper()).cumulative(t + dt, *parameters)
    error = 64 * np.finfo(float).eps * np.where(np.isfinite(last), last, 0.0)
    return error if kind == "prob" else error / dt


# Operators -----------------------------------------------------------------------------------------

OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or")
THREE_VALUED = ["not a", "a if b else c", "min(a, b)", "max(a, b)", "clip(a, b, c)", "-a", "a ** 2"]


def test_operators_agree_with_the_array_rendering():
    nodes = [parse(f"a {op} b") for op in OPERATORS] + [parse(text) for text in THREE_VALUED]
    x = grid([*EDGES, -2.5, -2.0, 2.0, 3.0, 0.1], 3)
    found, expected = evaluate_compiled(nodes, x), evaluate_arrays(nodes, x)
    for node, f, e in zip(nodes, found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=4e-16, atol=0, err_msg=repr(node))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (compiled.op_and, [[0, 0, 0], [0, 1, NAN], [0, NAN, NAN]]),
        (compiled.op_or, [[0, 1, NAN], [1, 1, 1], [NAN, 1, NAN]]),
        (compiled.op_eq, [[1, 0, NAN], [0, 1, NAN], [NAN, NAN, NAN]]),
        (compiled.op_ne, [[0, 1, NAN], [1, 0, NAN], [NAN, NAN, NAN]]),
        (compiled.op_lt, [[0, 1, NAN], [0, 0, NAN], [NAN, NAN, NAN]]),
        (compiled.op_ge, [[1, 0, NAN], [1, 1, NAN], [NAN, NAN, NAN]]),
    ],
)
def test_missing_values_in_logic(function, expected):
    """Rows and columns: 0, 1, missing."""
    found = [[function(a, b) for b in (0.0, 1.0, NAN)] for a in (0.0, 1.0, NAN)]
    assert np.array_equal(found, expected, equal_nan=True)


def test_a_missing_condition_gives_no_value():
    assert [compiled.op_choose(c, 1.0, 2.0) for c in (3.0, 0.0)] == [1.0, 2.0]
    assert math.isnan(compiled.op_choose(NAN, 1.0, 2.0))
    assert [compiled.op_not(c) for c in (3.0, 0.0)] == [0.0, 1.0]
    assert math.isnan(compiled.op_not(NAN))


def test_powers_of_whole_numbers_are_whole():
    assert [compiled.op_pow(3.0, 2.0), compiled.op_pow(2.0, 10.0), compiled.op_pow(10.0, -1.0)] == [9, 1024, 0.1]
    assert math.isnan(compiled.op_pow(-8.0, 1 / 3))
    assert compiled.f_log10(1000.0) == 3.0


# Tables --------------------------------------------------------------------------------------------

UNEVEN = np.array([0.0, 0.5, 0.75, 3.0, 10.0, 10.5])


def table(keys, linear=False, hold_last=False, exact=False, seed=0):
    values = np.random.default_rng(seed).uniform(size=(2, len(keys)))
    columns = {"male": values[0], "female": values[1]}
    return Table("qx", Path("qx.csv"), "age", np.asarray(keys, dtype=float), columns, linear, hold_last, (), exact)


def keys_to_try(keys):
    """On, near and between the rows and beyond both ends, where rounding and tolerance decide."""
    near = [keys + shift for shift in (0, 2e-9, -2e-9, 9e-10, -9e-10, 1e-9, -1e-9, 1e-15, -1e-15, 0.3, -0.3, 1, 7)]
    random = np.random.default_rng(1).uniform(keys[0] - 2, keys[-1] + 2, 500)
    return np.concatenate([*near, random, [NAN, INF, -INF, 1e300, -1e300]])


@pytest.mark.parametrize(
    ("linear", "hold_last", "exact"),
    [(False, False, False), (False, True, False), (True, False, False), (True, True, False), (False, False, True)],
)
def test_look_up_is_the_table(linear, hold_last, exact):
    @njit(error_model="numpy")
    def look_up_all(x, keys, values, out):
        for i in range(x.shape[0]):
            out[i] = compiled.look_up(x[i], keys, values, linear, hold_last, exact)

    for keys in (np.arange(101.0), UNEVEN, -UNEVEN[::-1], np.arange(1, 8) / 12, np.array([2.0, 5.0]), np.array([3.0])):
        qx = table(keys, linear, hold_last, exact)
        x = keys_to_try(keys)
        out = np.empty_like(x)
        look_up_all(x, qx.keys, qx.columns["male"], out)
        expected = qx(x)
        assert np.array_equal(np.isnan(out), np.isnan(expected))
        # Which of two rows: exactly; a value between them: to rounding.
        np.testing.assert_allclose(out, expected, rtol=1e-13 if linear else 0)


def test_the_tolerance_of_a_key_is_that_of_the_tables():
    assert compiled._KEY_TOLERANCE == model_tables.KEY_TOLERANCE


# Whole formulas ------------------------------------------------------------------------------------

FORMULAS = [
    "2",
    "a",
    "-a ** 2",
    "1e300 * 1e300 - a",
    "exp(-a * b) if a < b else log(c)",
    "min(a, b, c, d, 0.5) + max(a, b, c)",
    "clip(a + b, 0, 1) * (1 if c > 0.5 and not d == 1 else 0.2)",
    "qx(a) * b",
    'qx(a, "female") if b > 0.5 else qx(2 * a, "male")',
    'growth(a) + growth(b, "female")',
    "qx(a) if qx(b) > 0.5 else (growth(c) if growth(d) > 0.5 else a ** b)",
    "qx(a) if (growth(b) if c else d) else log10(b)",
    "weibull_prob(a, b, 1.5, 4) if a >= 0 else lognormal_hazard(b, 0, 1)",
    "1 - (1 - apply_hr(clip(a, 0, 1), 2)) ** (1 / 12)",
    "0 < a < b <= c",
    "(a // 1) % 5 + round(b) - floor(c) + ceil(d)",
    "abs(a) ** 0.5 - sqrt(b) + a ** 3 + 2 ** b",
]


def test_formulas_agree_with_the_array_rendering():
    tables = {"qx": table(np.arange(5.0)), "growth": table(UNEVEN, linear=True, hold_last=True, seed=1)}
    x = grid([-1.0, 0.0, 0.3, 0.75, 1.0, 3.5, 7.0, NAN], 4)
    nodes = [parse(text) for text in FORMULAS]
    found, expected = evaluate_compiled(nodes, x, tables), evaluate_arrays(nodes, x, tables)
    for text, f, e in zip(FORMULAS, found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-12, atol=1e-15, err_msg=text)


#: A last bit may tip a comparison, so the random formulas are given the same powers and exponentials.
SAME_FUNCTIONS = {"exp": mock.Mock(array=np.vectorize(compiled.f_exp, otypes=[float]))}
SAME_OPERATORS = {"**": np.vectorize(lambda a, b: a * a if b == 2.0 else compiled.op_pow(a, b), otypes=[float])}


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(expressions, min_size=40, max_size=40))
def test_random_formulas_give_the_same_bits(nodes):
    x = grid([-2.5, -1.0, 0.0, 0.5, 4.0, INF, NAN], 3)
    with mock.patch.dict(array.FUNCTIONS, SAME_FUNCTIONS), mock.patch.dict(array._BINARY, SAME_OPERATORS):
        expected = evaluate_arrays(nodes, x)
    for node, f, e in zip(nodes, evaluate_compiled(nodes, x), expected, strict=True):
        assert np.array_equal(f, e, equal_nan=True), node


def test_the_same_bits_at_every_column():
    nodes = [parse(text) for text in FORMULAS if "qx" not in text and "growth" not in text]
    x = np.random.default_rng(2).uniform(-1, 5, (4, 41))
    together = evaluate_compiled(nodes, x)
    assert evaluate_compiled(nodes, x[:, 3:24]).tobytes() == together[:, 3:24].tobytes()


# The text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "3.0"),
        ("a + 2 * b", "(A + (2.0 * B))"),
        ("-a / b", "((-A) / B)"),
        ("a < 1", "op_lt(A, 1.0)"),
        ("not (a and b)", "op_not(op_and(A, B))"),
        ("a ** 2", "op_square(A)"),
        ("a ** b", "op_pow(A, B)"),
        ("exp(a)", "f_exp(A)"),
        ("min(a, b)", "f_min(A, B)"),
        ("max(a, b, 1, 2)", "f_max(f_max(A, B), f_max(1.0, 2.0))"),
        ("a if b else 1", "op_choose(B, A, 1.0)"),
        ("qx(a)", "look_up(A, K, M, False, True, False)"),
        ('qx(a, "female")', "look_up(A, K, F, False, True, False)"),
        (
            "qx(a) if b else 1",
            "(1.0 if B == 0.0 else op_choose(B, look_up(A, K, M, False, True, False), 0.0))",
        ),
    ],
)
def test_text(text, expected):
    qx = TableSource("K", {"male": "M", "female": "F"}, linear=False, hold_last=True)
    assert as_source(parse(text), {"a": "A", "b": "B"}, {"qx": qx}) == expected


def test_identifiers_are_what_the_text_uses_and_can_be_imported():
    qx = TableSource("keys", {"male": "male"}, False, False)
    for text in [*FORMULAS, *THREE_VALUED, *(f"a {op} b" for op in OPERATORS)]:
        node = parse(text.replace('"female"', '"male"').replace("growth", "qx"))
        used = identifiers(node)
        code = compile(as_source(node, SOURCES, {"qx": qx}), "formula", "eval")
        assert set(code.co_names) - {"x", "i", "keys", "male"} == used
        assert all(hasattr(compiled, identifier) for identifier in used)


LIGHT = ["a + b * c / d - 1", "exp(a)", "log(a)", "a ** 2", "a if b < 1 and not c else d", "clip(a, 0, 1)"]
LIGHT += [
    "min(a, b, c)",
    "sqrt(abs(floor(a)))",
    "rate_to_prob(a, b)",
    "weibull_prob(a, b, c, d)",
    "lognormal_prob(a, b, c, d)",
]
HEAVY = ["qx(a)", "1 + a ** b", "a // b", "a % b", "log10(a)", "1 if qx(a) else 2"]


def test_light_formulas():
    assert all(is_light(parse(text)) for text in LIGHT)
    assert not any(is_light(parse(text)) for text in HEAVY)
    assert all(is_light(call(name)) == (name != "log10") for name in RENDERED)


def test_light_formulas_call_no_library():
    """A call in a loop keeps LLVM from making vectors of it."""
    fill, _ = compile_all([parse(text) for text in LIGHT], {})
    fill(np.ones((4, 1)), np.empty((len(LIGHT), 1)))
    words = {word.strip("$,()") for text in fill.inspect_asm().values() for word in text.split()}
    assert not words & {"exp", "expm1", "log", "log1p", "pow", "erfc", "fmod"}


def test_what_cannot_be_rendered_is_named_once_and_refused():
    node = parse("gengamma_hazard(a, 0, 1, 1) + exp(gengamma_hazard(a, 0, 1, 2)) * gengamma_prob(a, 1, 0, 1, 1)")
    assert not_renderable(node) == ["gengamma_hazard", "gengamma_prob"]
    assert not is_light(node)
    assert identifiers(node) == {"f_exp"}
    with pytest.raises(ValueError, match=r"gengamma_hazard\(\) has no compiled version"):
        as_source(node, SOURCES, {})
    assert not_renderable(parse("exp(a) + qx(b)")) == []


@pytest.mark.parametrize("value", [INF, -INF, NAN])
def test_only_finite_numbers_are_written(value):
    with pytest.raises(ValueError, match="no number"):
        as_source(Number(value), {}, {})


def test_a_name_without_a_text_is_an_error():
    with pytest.raises(KeyError):
        as_source(parse("a + unknown"), SOURCES, {})


@pytest.mark.parametrize(
    "text",
    [
        "abs(" * (MAX_DEPTH - 2) + "a" + ")" * (MAX_DEPTH - 2),
        "qx(a) if b else (" * (MAX_DEPTH - 2) + "a" + ")" * (MAX_DEPTH - 2),
        "qx(a) if (" * (MAX_DEPTH - 2) + "a" + ") else b" * (MAX_DEPTH - 2),
        "min(" * 24 + "a" + ", 0" * 19 + (")" + ", 0" * 19) * 23 + ")",
    ],
)
def test_the_deepest_formula_is_not_too_deep_for_python(text):
    node = parse(text)
    source = as_source(node, SOURCES, {"qx": TableSource("k", {"v": "v"}, True, True)})
    compile(source, "formula", "eval")
    assert len(source) < 10_000
