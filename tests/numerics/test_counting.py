"""Row weights of the countings against weights written out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.numerics.counting import (
    CORRECTIONS,
    LEGACY,
    TIMINGS,
    InvalidCounting,
    cycle_instants,
    event_weights,
    row_instants,
    row_weights,
)

EXACT = 1e-12
UNEQUAL = np.array([0, 0.5, 1.0, 3.0, 4.0])


def undiscounted(t):
    return np.ones(np.shape(t))


def half_a_year(t):
    """A factor that halves every year."""
    return 0.5 ** np.asarray(t, dtype=float)


def weights(correction, n=4, timing="start", times=None, discount=undiscounted):
    times = np.arange(n + 1.0) if times is None else times
    return row_weights(correction, timing, times, np.diff(times), discount)


# --- patterns --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correction", "left", "right"),
    [
        ("start", [1, 1, 1, 1, 0], [0, 0, 0, 0, 0]),
        ("end", [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]),
        ("life_table", [0.5, 0.5, 0.5, 0.5, 0], [0, 0.5, 0.5, 0.5, 0.5]),
        ("half_cycle", [0.5, 1, 1, 1, 0.5], [0, 0, 0, 0, 0]),
        ("simpson", [1 / 3, 4 / 3, 2 / 3, 4 / 3, 1 / 3], [0, 0, 0, 0, 0]),
        ("every_point", [1, 0, 0, 0, 0], [0, 1, 1, 1, 1]),
        ("darth_simpson", [1 / 3, 2 / 3, 4 / 3, 2 / 3, 1 / 3], [0, 0, 0, 0, 0]),
    ],
)
def test_weights_of_four_yearly_cycles(correction, left, right):
    found = weights(correction)
    np.testing.assert_allclose(found.left, left, rtol=EXACT)
    np.testing.assert_allclose(found.right, right, rtol=EXACT)
    half_as_long = weights(correction, times=np.arange(5) / 2)
    np.testing.assert_allclose(half_as_long.left, np.array(left) / 2, rtol=EXACT)
    np.testing.assert_allclose(half_as_long.right, np.array(right) / 2, rtol=EXACT)


@pytest.mark.parametrize(
    ("correction", "left", "right"),
    [
        ("start", [0.5, 0.5, 2, 1, 0], [0] * 5),
        ("end", [0] * 5, [0, 0.5, 0.5, 2, 1]),
        ("life_table", [0.25, 0.25, 1, 0.5, 0], [0, 0.25, 0.25, 1, 0.5]),
        ("half_cycle", [0.25, 0.5, 1.25, 1.5, 0.5], [0] * 5),
        ("every_point", [0.5, 0, 0, 0, 0], [0, 0.5, 0.5, 2, 1]),
    ],
)
def test_weights_of_cycles_of_different_lengths(correction, left, right):
    found = weights(correction, times=UNEQUAL)
    np.testing.assert_allclose(found.left, left, rtol=EXACT)
    np.testing.assert_allclose(found.right, right, rtol=EXACT)


def test_sizes_of_one_count_cycles():
    found = row_weights("life_table", "start", UNEQUAL, np.ones(4), undiscounted)
    assert (found.left + found.right).sum() == pytest.approx(4, rel=EXACT)


# --- integrals -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 41))
def test_a_constant_integrates_to_n(n):
    """E2: every correction that accepts n is exact."""
    for correction in CORRECTIONS:
        if correction == "simpson" and n % 2:
            with pytest.raises(InvalidCounting, match=f"even number of cycles, found {n}"):
                weights(correction, n)
            continue
        found = weights(correction, n)
        assert (found.left + found.right).sum() == pytest.approx(n, rel=EXACT)
    for correction, counted in zip(LEGACY, (n + 1, n - (1 / 3 if n % 2 else 2 / 3)), strict=True):
        found = weights(correction, n)
        assert (found.left + found.right).sum() == pytest.approx(counted, rel=EXACT)


def test_simpson_integrates_a_cubic_exactly_and_the_swapped_weights_do_not():
    times = np.arange(11.0)
    cubic = 1 + times - 0.3 * times**2 + 0.02 * times**3
    exact = 10 + 50 - 100 + 50
    assert weights("simpson", 10).left @ cubic == pytest.approx(exact, rel=EXACT)
    assert abs(weights("darth_simpson", 10).left @ cubic / exact - 1) > 0.01


def test_an_exponential_over_forty_years():
    rows = np.exp(-0.1 * np.arange(41))
    exact = (1 - math.exp(-4)) / 0.1
    assert weights("simpson", 40).left @ rows == pytest.approx(exact, rel=1e-6)
    assert weights("half_cycle", 40).left @ rows == pytest.approx(9.8250, abs=5e-5)
    assert weights("darth_simpson", 40).left @ rows == pytest.approx(9.4938, abs=5e-5)


@pytest.mark.parametrize("correction", ["simpson", "darth_simpson"])
def test_simpson_needs_equal_cycles(correction):
    with pytest.raises(InvalidCounting, match=f"{correction} needs cycles of equal length"):
        weights(correction, times=UNEQUAL)
    months = np.arange(0, 49) / 12 + 30.1  # equal but for rounding
    assert weights(correction, times=months).left.shape == (49,)


# --- discounting -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "cycles", "rows"),
    [
        ("start", [0, 0.5, 1, 3], [0, 0.5, 1, 3, 4]),
        ("mid", [0.25, 0.75, 2, 3.5], [0.25, 0.75, 2, 3.5, 4.5]),
        ("end", [0.5, 1, 3, 4], [0.5, 1, 3, 4, 5]),
        ("year_step", [0, 0, 1, 3], [0, 0, 1, 3, 4]),
    ],
)
def test_instants(timing, cycles, rows):
    """The row after the last cycle is taken to begin one of the same length."""
    np.testing.assert_allclose(cycle_instants(timing, UNEQUAL), cycles, rtol=EXACT)
    np.testing.assert_allclose(row_instants(timing, UNEQUAL), rows, rtol=EXACT)
    np.testing.assert_allclose(event_weights("life_table", timing, UNEQUAL, half_a_year), half_a_year(cycles))
    by_cycle = weights("start", timing=timing, times=UNEQUAL, discount=half_a_year).left
    np.testing.assert_allclose(by_cycle, [0.5, 0.5, 2, 1, 0] * half_a_year([*cycles, 0]), rtol=EXACT)
    by_row = weights("half_cycle", timing=timing, times=UNEQUAL, discount=half_a_year).left
    np.testing.assert_allclose(by_row, [0.25, 0.5, 1.25, 1.5, 0.5] * half_a_year(rows), rtol=EXACT)


def test_completed_years_forgive_the_rounding_of_summed_cycles():
    times = np.cumsum([0, *np.full(20, 0.1)])
    assert times[10] < 1
    np.testing.assert_array_equal(cycle_instants("year_step", times), [0] * 10 + [1] * 10)
    np.testing.assert_array_equal(row_instants("year_step", times), [0] * 10 + [1] * 10 + [2])


def test_both_rows_of_a_cycle_share_its_discount_factor():
    for correction in ("life_table", "end", "every_point"):
        found = weights(correction, timing="mid", discount=half_a_year)
        cycle = weights("start", timing="mid", discount=half_a_year).left[:-1]
        share = 0.5 if correction == "life_table" else 1
        np.testing.assert_allclose(found.right[1:], share * cycle, rtol=EXACT)
    np.testing.assert_allclose(weights("every_point", timing="end", discount=half_a_year).left[0], 1)


@pytest.mark.parametrize("timing", TIMINGS)
def test_only_the_legacy_rule_weighs_events(timing):
    times = np.arange(5.0)
    for correction in (*CORRECTIONS, "every_point"):
        np.testing.assert_array_equal(event_weights(correction, timing, times, undiscounted), np.ones(4))
    found = event_weights("darth_simpson", timing, times, undiscounted)
    np.testing.assert_allclose(found, [2 / 3, 4 / 3, 2 / 3, 1 / 3], rtol=EXACT)


starts = st.floats(0, 30)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.sampled_from((*CORRECTIONS, *LEGACY)),
    st.sampled_from(TIMINGS),
    st.integers(1, 6),
    st.lists(starts, min_size=1, max_size=4),
)
def test_entry_times_that_differ_are_weighted_one_by_one(correction, timing, half_n, delays):
    """Times (n + 1, 1, draws) give what each draw alone gives; no weight is negative."""
    n = 2 * half_n
    times = np.arange(n + 1.0)[:, None, None] / 2 + np.array(delays)
    sizes = np.full(n, 0.5)
    together = row_weights(correction, timing, times, sizes, half_a_year)
    events = event_weights(correction, timing, times, half_a_year)
    for d in range(len(delays)):
        alone = row_weights(correction, timing, times[:, 0, d], sizes, half_a_year)
        np.testing.assert_allclose(together.left[:, 0, d], alone.left, rtol=EXACT)
        np.testing.assert_allclose(together.right[:, 0, d], alone.right, rtol=EXACT)
        expected = event_weights(correction, timing, times[:, 0, d], half_a_year)
        np.testing.assert_allclose(events[:, 0, d], expected, rtol=EXACT)
    assert (together.left >= 0).all() and (together.right >= 0).all()
