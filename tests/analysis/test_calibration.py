"""Calibration: known parameters found again, several solutions, ridges, bounds, the seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.calibration import calibrate

LOW, HIGH = np.zeros(2), np.ones(2)


def fit(residuals, first, low=LOW, high=HIGH, **more):
    given = {"starts": 20, "seed": 1, "as_good": 1e-6} | more
    return calibrate(residuals, np.asarray(low), np.asarray(high), np.asarray(first), **given)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(0, 5))
def test_known_parameters_are_found_again(a, b, seed):
    """Two results of a curved model, which only (a, b) gives: the determinant of its slopes is below 0 everywhere."""

    def curved(x):
        return np.column_stack([np.exp(x[:, 0]) + x[:, 1], x[:, 0] - x[:, 1] * np.exp(x[:, 1])])

    target = curved(np.array([[a, b]]))
    found = fit(lambda x: (curved(x) - target) / 0.01, [0.5, 0.5], seed=seed)
    values = np.array([s.values for s in found.as_good])
    assert np.abs(values - [a, b]).max(axis=1).min() < 1e-7
    assert found.chosen.sum_of_squares < 1e-12
    assert not found.ridge


def test_both_solutions_of_a_symmetric_problem_and_the_near_one_is_named():
    """(x - 1/2)^2 = 0.09 at 0.2 and 0.8; x + y = 1."""

    def residuals(x):
        return np.column_stack([(x[:, 0] - 0.5) ** 2 - 0.09, x.sum(axis=1) - 1])

    for first, near in (([0.3, 0.3], [0.2, 0.8]), ([0.9, 0.3], [0.8, 0.2])):
        found = fit(residuals, first)
        assert sorted(s.values[0] for s in found.as_good) == pytest.approx([0.2, 0.8], abs=1e-8)
        assert found.chosen.values == pytest.approx(near, abs=1e-8)
        assert not found.ridge
        assert sum(s.starts for s in found.as_good) + sum(s.starts for s in found.others) == 20
        low, high = found.range()
        assert (low[0], high[0]) == pytest.approx((0.2, 0.8), abs=1e-8)


def test_more_parameters_than_targets_are_a_ridge():
    found = fit(lambda x: (x.sum(axis=1) - 1)[:, None] / 0.01, [0.25, 0.25])
    assert found.ridge
    assert found.rank == 1
    assert found.chosen.values == pytest.approx([0.5, 0.5], abs=1e-4)  # near the nearest point of the line
    low, high = found.range()
    assert low[0] < 0.2 < 0.8 < high[0]
    for solution in found.as_good:
        assert solution.values.sum() == pytest.approx(1, abs=1e-6)


def test_targets_that_say_the_same_are_a_ridge_too():
    """Two targets, but both are of the sum; their scales differ a millionfold."""
    found = fit(lambda x: np.column_stack([x.sum(axis=1) - 1, 1e6 * (x.sum(axis=1) - 1)]), [0.2, 0.2])
    assert found.ridge
    assert found.rank == 1


def test_a_weak_target_still_counts():
    found = fit(lambda x: np.column_stack([x[:, 0] - 0.3, 1e-6 * (x[:, 1] - 0.7)]), [0.5, 0.5], as_good=1e-14)
    assert found.rank == 2
    assert not found.ridge


def test_what_cannot_be_met_ends_at_a_bound():
    found = fit(lambda x: np.column_stack([x[:, 0] - 2, x[:, 1] - 0.5]), [0.5, 0.5])
    assert found.chosen.values == pytest.approx([1, 0.5], abs=1e-5)
    assert list(found.chosen.at_bound) == [True, False]
    assert found.chosen.sum_of_squares == pytest.approx(1, rel=1e-4)
    assert not found.ridge  # the parameter at the bound is held there


def test_a_local_minimum_is_kept_apart():
    """A double well with one deeper side."""
    found = fit(lambda x: (((x[:, :1] - 0.25) * (x[:, :1] - 0.75)) * 10 + 0.1 * (x[:, :1] - 0.25) + 0.05) * 1.0,
                [0.7], low=[0.0], high=[1.0])  # fmt: skip
    best = min(s.sum_of_squares for s in found.as_good)
    assert all(s.sum_of_squares > best + 1e-6 for s in found.others)
    assert found.chosen.sum_of_squares == pytest.approx(best, abs=1e-9)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    def ridge(x):
        return (x.sum(axis=1) - 1)[:, None]

    one, again, other = (fit(ridge, [0.1, 0.2], seed=s) for s in (3, 3, 4))
    assert [tuple(s.values) for s in one.as_good] == [tuple(s.values) for s in again.as_good]
    assert [tuple(s.values) for s in one.as_good] != [tuple(s.values) for s in other.as_good]


def test_starts_where_the_model_cannot_run_are_counted_and_passed_over():
    def half(x):
        return np.where(x[:, :1] > 0.5, np.nan, x[:, :1] - 0.3)

    found = fit(half, [0.2], low=[0.0], high=[1.0])
    assert found.failed == 10  # strata above a half, one start in each
    assert found.chosen.values == pytest.approx([0.3])
    assert fit(lambda x: np.full((len(x), 1), np.nan), [0.2], low=[0.0], high=[1.0]) is None


def test_starts_are_one_in_each_stratum():
    seen = []

    def residuals(x):
        seen.append(x[0])
        return np.full((len(x), 1), np.nan)

    fit(residuals, [0.5, 0.5], starts=11, low=[0, 10], high=[1, 20])
    points = (np.array(seen[1:]) - [0, 10]) / [1, 10]
    assert np.sort(np.floor(points * 10), axis=0).tolist() == [[k, k] for k in range(10)]


def test_progress_is_told():
    told = []
    fit(lambda x: x - 0.5, [0.1, 0.1], starts=3, on_start=lambda done, work: told.append((done, work)))
    assert told == [(1, 3), (2, 3), (3, 3)]
