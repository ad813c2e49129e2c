"""Discount factors against factors multiplied out year by year."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.numerics.discounting import discount_factor, whole_years
from nbsmodel.numerics.power import power

EXACT = 1e-12
GREEN_BOOK = ((0.0, 0.035), (30.0, 0.03), (75.0, 0.025))


@pytest.mark.parametrize("rate", [0.0, 0.015, 0.035, 1.0])
def test_a_constant_rate(rate):
    expected = [1.0]
    for _ in range(40):
        expected.append(expected[-1] / (1 + rate))
    np.testing.assert_allclose(discount_factor(np.arange(41), ((0.0, rate),)), expected, rtol=EXACT)


@pytest.mark.parametrize(
    ("year", "factor"),
    [(0, 1.0), (1, 1 / 1.035), (30, 0.3562784106), (31, 0.3459013695), (75, 0.0942137726), (76, 0.0919158757),
     (125, 0.0274107630)],
)  # fmt: skip
def test_green_book_factors(year, factor):
    assert discount_factor(year, GREEN_BOOK) == pytest.approx(factor, abs=5e-11)


def test_a_schedule_multiplied_out_year_by_year():
    rates = [0.035] * 30 + [0.03] * 45 + [0.025] * 50
    expected = np.cumprod([1.0, *(1 / (1 + r) for r in rates)])
    np.testing.assert_allclose(discount_factor(np.arange(126), GREEN_BOOK), expected, rtol=EXACT)


def test_a_rate_may_change_within_a_year():
    steps = ((0.0, 0.05), (1.25, 0.01))
    expected = [1.05**-1, 1.05**-1.25, 1.05**-1.25 * 1.01**-0.25, 1.05**-1.25 * 1.01**-1.75]
    np.testing.assert_allclose(discount_factor([1, 1.25, 1.5, 3], steps), expected, rtol=EXACT)


times = st.lists(st.floats(0, 150), min_size=1, max_size=8)
years = st.lists(st.floats(0.01, 120), max_size=4, unique=True).map(sorted)
rates = st.floats(0, 0.2)


@settings(deadline=None, derandomize=True)
@given(times, years, rates)
def test_equal_rates_are_one_rate(at, starts, rate):
    steps = tuple((start, rate) for start in (0.0, *starts))
    np.testing.assert_allclose(discount_factor(at, steps), discount_factor(at, steps[:1]), rtol=EXACT)


@settings(deadline=None, derandomize=True)
@given(times, years, st.data())
def test_factors_fall_with_time_and_are_at_most_one(at, starts, data):
    steps = tuple((start, data.draw(rates)) for start in (0.0, *starts))
    factors = discount_factor(np.sort(at), steps)
    assert (factors <= 1).all() and (factors > 0).all()
    assert (np.diff(factors) <= 1e-15).all()
    assert discount_factor(0.0, steps) == 1


def test_shapes_are_kept():
    for steps in (GREEN_BOOK, GREEN_BOOK[:1]):
        assert np.shape(discount_factor(3.0, steps)) == ()
        assert discount_factor(np.ones((4, 1, 3)), steps).shape == (4, 1, 3)


@settings(deadline=None, derandomize=True)
@given(times, rates, rates)
def test_the_same_bits_for_one_time_and_for_many(at, first, second):
    steps = ((0.0, first), (2.0, second))
    many = discount_factor(np.array(at), steps)
    for i, time in enumerate(at):
        assert discount_factor(np.float64(time), steps) == many[i]
        assert discount_factor(np.full((1, 1), time), steps)[0, 0] == many[i]


def test_completed_years_of_summed_cycles():
    """A tenth added ten times falls short of 1 by rounding, and counts as 1."""
    tenths = np.cumsum(np.full(30, 0.1))
    assert tenths[9] < 1
    np.testing.assert_array_equal(whole_years(tenths)[[8, 9, 18, 19, 29]], [0, 1, 1, 2, 3])
    np.testing.assert_array_equal(whole_years([0, 0.999, 1, 1.999999]), [0, 0, 1, 1])


@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 50), min_size=1, max_size=9), st.sampled_from((0.5, 1.0, 1.3, 2.0, 3.0, 0.0, -1.0)))
def test_powers_have_the_same_bits_in_every_shape(bases, exponent):
    bases = np.array(bases) + 0.01
    many = power(bases, np.full(len(bases), exponent))
    np.testing.assert_allclose(many, [b**exponent for b in bases.tolist()], rtol=EXACT)
    np.testing.assert_array_equal(power(bases, exponent), many)
    np.testing.assert_array_equal(power(bases[:, None, None], np.full((1, 3), exponent))[:, 0, 2], many)
    for i, base in enumerate(bases):
        assert power(base, exponent) == many[i]
        assert power(np.array([[base]]), np.array([[exponent]]))[0, 0] == many[i]
