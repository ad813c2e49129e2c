"""Rank and normal correlations, the nearest correlation matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.numerics.correlation import (
    is_definite,
    nearest_correlation,
    nearest_ranks,
    normal_correlation,
    rank_correlation,
)


def test_conversion_at_points_known_exactly():
    """sin(30 deg) = 1/2 and sin(10 deg): rank 1 is correlation 1, rank 1/3 is 2 sin(10 deg)."""
    assert normal_correlation([0, 1, -1]) == pytest.approx([0, 1, -1], abs=1e-15)
    assert normal_correlation(1 / 3) == pytest.approx(0.3472963553338607, abs=1e-15)


@given(st.floats(-1, 1))
def test_conversion_there_and_back(rank):
    correlation = float(normal_correlation(rank))
    assert abs(rank) - 1e-15 <= abs(correlation) <= 1 + 1e-15  # at most 0.0181 more than the rank
    assert abs(correlation - rank) < 0.0181
    assert float(rank_correlation(np.clip(correlation, -1, 1))) == pytest.approx(rank, abs=1e-7)


def test_nearest_matrix_of_higham():
    """The example of Higham (2002), section 4, to the four decimals printed there."""
    nearest = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]), 0.0)
    assert nearest == pytest.approx(np.array([[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]]), abs=5e-5)


@pytest.mark.parametrize("off", [-0.9, -0.51])
@pytest.mark.parametrize("k", [3, 5])
def test_nearest_matrix_of_equal_correlations(off, k):
    """By symmetry all stay equal, and the smallest eigenvalue 1 + (k - 1) r meets the floor."""
    nearest = nearest_correlation(np.full((k, k), off) + (1 - off) * np.eye(k), 0.01)
    assert nearest[~np.eye(k, dtype=bool)] == pytest.approx(-0.99 / (k - 1), abs=1e-8)


def symmetric(values, k):
    matrix = np.eye(k)
    matrix[np.triu_indices(k, 1)] = values
    return matrix + np.triu(matrix, 1).T


def random_matrices(k):
    size = k * (k - 1) // 2
    return st.lists(st.floats(-0.999, 0.999), min_size=size, max_size=size).map(lambda v: symmetric(v, k))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6).flatmap(random_matrices), st.integers(0, 2**32))
def test_nearest_is_valid_and_no_other_is_nearer(matrix, seed):
    floor = 1e-4
    nearest = nearest_correlation(matrix, floor)
    assert np.array_equal(nearest, nearest.T) and np.array_equal(np.diag(nearest), np.ones(len(matrix)))
    assert np.linalg.eigvalsh(nearest)[0] > floor * (1 - 1e-3)
    if np.linalg.eigvalsh(matrix)[0] >= floor:
        assert nearest == pytest.approx(matrix, abs=1e-9)
    distance = np.linalg.norm(nearest - matrix)
    rng = np.random.default_rng(seed)
    for size in (1e-3, 0.03, 0.3, 1.0):  # other valid matrices near it and far off
        factor = rng.normal(size=matrix.shape)
        other = factor @ factor.T
        other /= np.sqrt(np.outer(np.diag(other), np.diag(other)))
        other = (1 - size) * nearest + size * ((1 - floor) * other + floor * np.eye(len(matrix)))
        assert np.linalg.norm(other - matrix) > distance - 1e-5


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 8).flatmap(random_matrices))
def test_offered_ranks_are_valid_as_they_are_written(ranks):
    offered = nearest_ranks(ranks)
    assert np.array_equal(offered, offered.T) and np.array_equal(np.diag(offered), np.ones(len(ranks)))
    assert np.abs(offered - np.eye(len(ranks))).max() < 1
    changed = offered != ranks
    offered[changed] = [float(f"{x:.3f}") for x in offered[changed]]
    assert is_definite(normal_correlation(offered))


def test_offered_ranks_are_near():
    """No further off than rounding and the floor ask for: Higham's example in ranks."""
    offered = nearest_ranks(symmetric([0.99, 0.0, 0.99], 3))
    exact = rank_correlation(nearest_correlation(normal_correlation(symmetric([0.99, 0.0, 0.99], 3)), 0.0))
    assert offered == pytest.approx(exact, abs=2e-3)


def test_ranks_that_need_not_change_stay():
    ranks = np.eye(5)
    ranks[:3, :3] = symmetric([0.9, 0.9, -0.9], 3)
    ranks[3, 4] = ranks[4, 3] = 0.12345
    offered = nearest_ranks(ranks)
    assert offered[3, 4] == 0.12345 and np.all(offered[:3, 3:] == 0)
    valid = symmetric([0.5, 0.25, 0.125], 3)
    assert np.array_equal(nearest_ranks(valid), valid)


def test_what_counts_as_definite():
    assert is_definite(np.eye(2)) and is_definite(symmetric([0.999999], 2))
    assert not is_definite(symmetric([1.0], 2)) and not is_definite(symmetric([0.9, 0.9, -0.9], 3))


def test_a_large_matrix_takes_no_long_time():
    rng = np.random.default_rng(1)
    ranks = symmetric(rng.uniform(-0.9, 0.9, 60 * 59 // 2), 60)
    assert is_definite(normal_correlation(nearest_ranks(ranks)))
