"""Births over a horizon, discounted: by hand, additive, against a plain sum."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.population import effective_population

GREEN_BOOK = ((0.0, 0.035), (30.0, 0.03), (75.0, 0.025))


def test_by_hand():
    assert effective_population(100, 3, 0.0) == 300
    assert effective_population(100, 3, 0.035) == pytest.approx(100 * (1 + 1 / 1.035 + 1 / 1.035**2), rel=1e-15)
    assert effective_population(100, 2.5, 0.1) == pytest.approx(100 * (1 + 1 / 1.1 + 0.5 / 1.21), rel=1e-15)
    assert effective_population(100, 2.5, 0.1, start=0.5) == pytest.approx(100 * (0.5 + 1 / 1.1 + 0.5 / 1.21))
    assert effective_population(585_195, 10, 0.035) == pytest.approx(585_195 * 8.607686508868186, rel=1e-12)


def test_the_annuity():
    rate, years = 0.035, 25
    assert effective_population(1, years, rate) == pytest.approx((1 - 1.035**-years) / rate * 1.035, rel=1e-13)


def test_nothing_counts_after_the_horizon_or_before_it():
    assert effective_population(100, 0, 0.035) == 0
    assert effective_population(100, 3, 0.035, start=3) == 0
    assert effective_population(100, 3, 0.035, start=7.5) == 0
    assert effective_population(0, 10, 0.035) == 0


def test_a_schedule_of_rates():
    expected = sum(1.035 ** -min(k, 30) * 1.03 ** -max(0, k - 30) for k in range(40))
    assert effective_population(1, 40, GREEN_BOOK) == pytest.approx(expected, rel=1e-13)
    assert effective_population(7, 40, ((0.0, 0.02),)) == pytest.approx(effective_population(7, 40, 0.02), rel=1e-15)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 60), st.floats(0, 60), st.floats(0, 0.2))
def test_a_horizon_may_be_cut_in_two(years, between, rate):
    between = min(between, years)
    whole = effective_population(1, years, rate)
    parts = effective_population(1, between, rate) + effective_population(1, years, rate, start=between)
    assert parts == pytest.approx(whole, rel=1e-12, abs=1e-12)
    assert whole <= years + 1e-9


@pytest.mark.parametrize(
    ("args", "word"),
    [((-1, 10, 0.03), "per_year"), ((1, float("inf"), 0.03), "years"), ((1, 10, -0.1), "discount rate"),
     ((1, 10, 0.03, -2), "start"), ((1, float("nan"), 0.03), "years")],
)  # fmt: skip
def test_impossible_numbers_are_refused(args, word):
    with pytest.raises(ValueError, match=word):
        effective_population(*args)
