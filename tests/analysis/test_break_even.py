"""The solver on functions whose roots are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.break_even import (
    ABOVE,
    BELOW,
    GAP,
    JUMP,
    NO_CHANGE,
    NO_EFFECT,
    ROOT,
    TOUCHES,
    ZERO,
    line_root,
    solve,
)


def roots(*functions, low=0.0, high=10.0, steps=101, calls=None):
    """Roots of functions of one number, all solved together."""

    def inmb(x):
        if calls is not None:
            calls.append(len(x))
        return np.column_stack([np.array([f(v) for v in x], dtype=float) for f in functions])

    grid = np.linspace(low, high, steps)
    at_grid = inmb(grid)
    return solve(inmb, grid, at_grid, np.maximum(np.abs(at_grid), 1e-9))


def test_a_straight_line():
    (found,) = roots(lambda x: 12.3 - 3 * x)[0]
    assert found.value == pytest.approx(4.1, rel=1e-14)
    assert (found.status, found.positive) == (ROOT, BELOW)
    assert abs(found.inmb) < 1e-12


def test_two_roots_of_a_square():
    first, second = roots(lambda x: (x - 2.013) * (x - 5.77))[0]
    assert (first.value, second.value) == pytest.approx((2.013, 5.77), rel=1e-13)
    assert (first.positive, second.positive) == (BELOW, ABOVE)


def test_no_root():
    (found,) = roots(lambda x: x * x + 1)[0]
    assert found.status == NO_CHANGE and np.isnan(found.value) and found.positive == ""


def test_no_effect():
    assert roots(lambda x: 7.0)[0][0].status == NO_EFFECT
    assert roots(lambda x: 0.0)[0][0].status == NO_EFFECT


def test_a_root_on_the_grid():
    (found,) = roots(lambda x: x - 4.0)[0]
    assert (found.value, found.status, found.positive) == (4.0, ROOT, ABOVE)
    (end,) = roots(lambda x: 10.0 - x)[0]
    assert (end.value, end.positive) == (10.0, BELOW)
    (start,) = roots(lambda x: -x)[0]
    assert (start.value, start.positive) == (0.0, BELOW)


def test_touching_zero():
    (found,) = roots(lambda x: (x - 4.0) ** 2)[0]
    assert (found.value, found.status, found.positive) == (4.0, TOUCHES, "")


def test_zero_over_a_range():
    (found,) = roots(lambda x: max(0.0, x - 3.0))[0]
    assert found.status == ZERO and (found.value, found.end) == pytest.approx((0.0, 3.0))


def test_a_jump_is_no_root():
    (found,) = roots(lambda x: 5.0 if x < 3.21 else -2.0)[0]
    assert found.status == JUMP and found.value == pytest.approx(3.21) and found.positive == BELOW
    assert abs(found.inmb) > 1


def test_where_the_model_cannot_run():
    (found,) = roots(lambda x: np.nan if x > 6 else 5 - x)[0]
    assert found.value == pytest.approx(5)
    assert roots(lambda x: np.nan if 4.5 < x < 5.5 else 5 - x)[0][0].status == NO_CHANGE
    (inside,) = roots(lambda x: np.nan if abs(x - 5.05) < 0.04 else 5.05 - x)[0]
    assert inside.status == GAP and np.isnan(inside.value)


def test_all_targets_share_the_same_few_batches():
    calls = []
    found = roots(*(lambda x, k=k: np.exp(-x / 3) - 0.04 * k for k in range(1, 21)), calls=calls)
    for k, (root,) in enumerate(found, 1):
        assert root.value == pytest.approx(-3 * np.log(0.04 * k), rel=1e-12)
    assert len(calls) < 15


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 98), min_size=1, max_size=4, unique=True), st.sampled_from([-1.0, 1.0]))
def test_every_root_of_a_polynomial(places, sign):
    """Roots in different intervals of the grid are all found, and signs alternate."""
    at = sorted(0.1 * p + 0.037 for p in places)
    found = roots(lambda x: sign * np.prod([x - a for a in at]))[0]
    assert [r.value for r in found] == pytest.approx(at, rel=1e-9)
    assert all(r.status == ROOT for r in found)
    assert all(a.positive != b.positive for a, b in zip(found, found[1:], strict=False))


def test_lines():
    x = np.array([0.0, 8.0, 16.0])
    y = np.column_stack([100 - 2 * x, 50 + 5 * x, np.full(3, 7.0), (x - 4) ** 2])
    line = line_root(x, y, np.abs(y).max(axis=0))
    assert line.root[:2] == pytest.approx([50, -10], rel=1e-14) and np.isnan(line.root[2])
    assert line.slope[:3] == pytest.approx([-2, 5, 0])
    assert list(line.straight) == [True, True, True, False]
