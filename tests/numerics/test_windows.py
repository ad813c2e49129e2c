"""Row weights cut to windows of time: shares of cycles, whatever the correction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.numerics.counting import CORRECTIONS, LEGACY, InvalidCounting, event_weights, row_weights
from nbsmodel.numerics.windows import (
    Window,
    holds,
    one_year_windows,
    share_of_cycles,
    window_event_weights,
    window_row_weights,
)


def undiscounted(time):
    return np.ones(np.shape(time))


def test_an_instant_belongs_to_the_window_that_it_begins():
    first, second = one_year_windows(2)
    at = [0.0, 0.999, 1.0, 12 * (1 / 12), 1.999, 2.0]
    assert holds(first, at).tolist() == [1, 1, 0, 0, 0, 0]
    assert holds(second, at).tolist() == [0, 0, 1, 1, 1, 0]
    almost = sum([0.1] * 10)
    assert almost < 1 and holds(second, almost) == 1


def test_a_cycle_over_a_birthday_is_split():
    times = np.array([0.5, 1.5, 2.5])
    shares = [share_of_cycles(w, times).tolist() for w in one_year_windows(4)]
    assert shares == [[0.5, 0], [0.5, 0.5], [0, 0.5], [0, 0]]


def test_a_cycle_longer_than_a_window():
    times = np.array([0.0, 4.0])
    assert [share_of_cycles(w, times).item() for w in one_year_windows(5)] == [0.25] * 4 + [0]


def test_life_table_weights_by_hand():
    times = np.array([0.5, 1.5, 2.0])
    weights = window_row_weights("life_table", times, np.diff(times), Window(1, 2))
    assert weights.left.tolist() == [0.25, 0.25, 0] and weights.right.tolist() == [0, 0.25, 0.25]


def test_half_cycle_weights_by_hand():
    times = np.array([0.0, 1.0, 3.0])  # row 1 earns half a year for the first cycle, a year for the second
    weights = [window_row_weights("half_cycle", times, np.diff(times), w).left for w in one_year_windows(3)]
    np.testing.assert_allclose(weights, [[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0.5, 0.5]])


def test_simpson_keeps_its_own_weights_where_a_window_ends_with_a_pair():
    times = np.arange(5) / 2
    weights = window_row_weights("simpson", times, np.diff(times), Window(0, 1)).left
    np.testing.assert_allclose(weights, np.array([1, 4, 1, 0, 0]) / 6)


def test_simpson_refuses_what_it_always_refuses():
    with pytest.raises(InvalidCounting, match="even number"):
        window_row_weights("simpson", np.arange(4.0), np.ones(3), Window(0, 1))


@given(
    st.lists(st.sampled_from([1 / 12, 0.25, 0.5, 1.0, 2.0, 7 / 365.25]), min_size=1, max_size=12),
    st.sampled_from([c for c in (*CORRECTIONS, *LEGACY) if "simpson" not in c]),
    st.floats(0, 3),
    st.booleans(),
)
def test_windows_of_all_years_are_the_undiscounted_weights(lengths, correction, delay, per_cycle):
    times = delay + np.concatenate([[0], np.cumsum(lengths)])
    sizes = np.ones(len(lengths)) if per_cycle else np.array(lengths)
    windows = one_year_windows(int(times[-1]) + 1)
    found = [window_row_weights(correction, times, sizes, w) for w in windows]
    whole = row_weights(correction, "start", times, sizes, undiscounted)
    np.testing.assert_allclose(sum(w.left for w in found), whole.left, atol=1e-12)
    np.testing.assert_allclose(sum(w.right for w in found), whole.right, atol=1e-12)
    events = sum(window_event_weights(correction, times, w) for w in windows)
    np.testing.assert_allclose(events, event_weights(correction, "start", times, undiscounted), atol=1e-12)


@pytest.mark.parametrize("correction", ["simpson", "darth_simpson"])
def test_windows_of_equal_cycles(correction):
    times = 0.3 + np.arange(13) / 4
    sizes = np.diff(times)
    found = [window_row_weights(correction, times, sizes, w).left for w in one_year_windows(4)]
    whole = row_weights(correction, "start", times, sizes, undiscounted).left
    np.testing.assert_allclose(sum(found), whole, atol=1e-12)
    events = sum(window_event_weights(correction, times, w) for w in one_year_windows(4))
    np.testing.assert_allclose(events, event_weights(correction, "start", times, undiscounted), atol=1e-12)


def test_times_that_vary_by_draw_are_cut_draw_by_draw():
    times = np.arange(4.0)[:, None, None] + np.array([0.0, 0.25])
    together = window_row_weights("life_table", times, np.ones(3), Window(1, 2))
    for draw in (0, 1):
        alone = window_row_weights("life_table", times[:, 0, draw], np.ones(3), Window(1, 2))
        assert together.left[:, 0, draw].tolist() == alone.left.tolist()
        assert together.right[:, 0, draw].tolist() == alone.right.tolist()
