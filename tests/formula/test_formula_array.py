"""NumPy rendering: plain Python as slow twin, shapes, branches that are not used, missing values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from formula_trees import expressions
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.parse import parse
from nbsmodel.formula.text import as_text

PYTHON = {
    "__builtins__": {},
    "exp": math.exp,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "ceil": math.ceil,
    "abs": abs,
    "min": min,
    "max": max,
}


def value(text, tables=None, **names):
    return evaluate_array(parse(text), names, tables or {})


def by_python(text, names):
    """What Python's own evaluation of the same text gives; None where it refuses."""
    try:
        found = eval(text, PYTHON, names)  # noqa: S307
        return None if isinstance(found, complex) else float(found)
    except (ArithmeticError, ValueError, TypeError):  # 1 / 0, sqrt(-1), a complex number compared
        return None


scalars = st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 4.0])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(expressions, scalars, scalars, scalars)
def test_python_is_the_slow_twin(tree, a, b, c):
    text = as_text(tree)
    expected = by_python(text, {"a": a, "b": b, "c": c})
    assume(expected is not None and math.isfinite(expected))
    assert evaluate_array(parse(text), {"a": a, "b": b, "c": c}, {}) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    expressions,
    st.lists(scalars, min_size=3, max_size=3),
    st.lists(scalars, min_size=2, max_size=2),
    st.lists(scalars, min_size=4, max_size=4),
)
def test_arrays_are_scalars_side_by_side(tree, a, b, c):
    """Cycle, strategy and draw on three axes give what each combination gives alone."""
    names = {"a": np.array(a)[:, None, None], "b": np.array(b)[:, None], "c": np.array(c)}
    found = np.broadcast_to(evaluate_array(tree, names, {}), (3, 2, 4))
    for i in range(3):
        for j in range(2):
            for k in range(4):
                alone = evaluate_array(tree, {"a": a[i], "b": b[j], "c": c[k]}, {})
                assert found[i, j, k] == pytest.approx(float(alone), rel=1e-12, abs=1e-300, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 < 2", 1.0),
        ("2 < 1", 0.0),
        ("1 < 2 < 3", 1.0),
        ("1 < 3 < 2", 0.0),
        ("(1 < 2) + (2 < 3)", 2.0),
        ("not 0", 1.0),
        ("not 2", 0.0),
        ("2 and 3", 1.0),
        ("0 or 3", 1.0),
        ("0 or 0", 0.0),
        ("7 // 2", 3.0),
        ("-7 // 2", -4.0),
        ("-7 % 3", 2.0),
        ("2 ** -1", 0.5),
        ("1 if 2 else 3", 1.0),
        ("1 if 0 else 3", 3.0),
    ],
)
def test_values_that_can_be_done_in_the_head(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    "text", ["1 / 0", "-1 / 0", "0 / 0", "0 ** -1", "log(0)", "sqrt(-1)", "(-8) ** (1 / 3)", "exp(1000)"]
)
def test_what_has_no_finite_value_gives_none_and_no_warning(text):
    assert not np.isfinite(value(text))


def test_each_part_is_computed_at_the_shape_of_what_it_depends_on():
    """A formula of a draw has no cycle axis; a table is asked once for each age, not for each draw."""
    draw, age = np.linspace(0.1, 0.4, 4), np.arange(10.0)[:, None, None]
    strategy = np.array([0.0, 1.0])[:, None]
    assert np.shape(value("2 * exp(p) + clip(p, 0, 1)", p=draw)) == (4,)
    assert np.shape(value("p * lever", p=draw, lever=strategy)) == (2, 4)
    assert np.shape(value("age ** 2", age=age)) == (10, 1, 1)
    assert np.shape(value("p * lever * age", p=draw, lever=strategy, age=age)) == (10, 2, 4)
    assert np.shape(value("3 * 4")) == ()
    asked = []

    def table(key, column=None):
        asked.append((np.shape(key), column))
        return key

    value('qx(age, "male") * p + qx(2 * p)', {"qx": table}, p=draw, age=age)
    assert asked == [((10, 1, 1), "male"), ((4,), None)]


def never(key, column=None):
    raise AssertionError("this side is not used")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 if yes else qx(1)", 1.0),
        ("qx(1) if no else 2", 2.0),
        ("1 if all_yes else qx(1)", 1.0),
        ("qx(1) if all_no else 2", 2.0),
        ("1 if yes and not no else qx(1)", 1.0),
        ("(qx(1) if no else 5) if yes else qx(2)", 5.0),
    ],
)
def test_only_the_side_that_is_used_is_evaluated(text, expected):
    names = {"yes": 1.0, "no": 0.0, "all_yes": np.ones(3), "all_no": np.zeros((3, 1))}
    assert np.all(value(text, {"qx": never}, **names) == expected)


def test_both_sides_where_the_condition_differs():
    asked = []

    def table(key, column=None):
        asked.append(key)
        return np.asarray(key) * 10

    found = value("qx(1) if which else qx(2)", {"qx": table}, which=np.array([1.0, 0.0, 1.0]))
    assert found.tolist() == [10.0, 20.0, 10.0]
    assert asked == [1.0, 2.0]


NAN = math.nan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("missing > 0.5", NAN),
        ("missing == missing", NAN),
        ("missing != 1", NAN),
        ("not missing", NAN),
        ("missing and 1", NAN),
        ("1 and missing", NAN),
        ("missing and 0", 0.0),
        ("0 and missing", 0.0),
        ("missing or 0", NAN),
        ("missing or 1", 1.0),
        ("1 or missing", 1.0),
        ("missing or missing", NAN),
        ("1 if missing > 0.5 else 2", NAN),
        ("1 if missing else 2", NAN),
        ("min(missing, 1)", NAN),
        ("max(1, missing)", NAN),
        ("clip(missing, 0, 1)", NAN),
        ("1 if 1 else missing", 1.0),
        ("0 * missing", NAN),
    ],
)
def test_a_missing_value_is_never_taken_for_false(text, expected):
    """A look-up beyond its table gives NaN; a comparison must not turn that into a number."""
    found = value(text, missing=NAN)
    assert np.isnan(found) if np.isnan(expected) else found == expected


def test_a_condition_that_is_missing_in_one_place_is_missing_there_only():
    x = np.array([0.2, NAN, 0.8])
    assert np.array_equal(value("1 if x > 0.5 else 2", x=x), [2.0, NAN, 1.0], equal_nan=True)
    assert np.array_equal(value("1 if x > 0.1 else 2", x=x), [1.0, NAN, 1.0], equal_nan=True)
    assert np.array_equal(value("1 if x > 0.9 else 2", x=x), [2.0, NAN, 2.0], equal_nan=True)
