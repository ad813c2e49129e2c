"""Rates, probabilities, odds and annuities against closed forms and plain formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.numerics import rates

probabilities = st.floats(0, 1)
inner_probabilities = st.floats(1e-12, 0.999)
positive = st.floats(1e-6, 1e3)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (rates.rate_to_prob(0.2, 1), 0.18126924692201818),  # 1 - exp(-0.2)
        (rates.prob_rescale(0.12, 12, 1), 0.010596241035318976),  # 1 - 0.88^(1/12)
        (rates.prob_to_rate(0.05, 1), 0.05129329438755058),  # -log(0.95)
        (rates.apply_hr(0.05, 2), 0.09750000000000003),  # 1 - 0.95^2
        (rates.odds_to_prob(0.25), 0.2),  # 0.25 / 1.25
        (rates.apply_or(0.2, 2), 0.3333333333333333),  # odds 0.25 become 0.5
        (rates.apply_rr(0.2, 1.5), 0.3),
        (rates.prob_to_odds(0.2), 0.25),
    ],
)
def test_closed_forms(found, expected):
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("rate", "years", "end", "start"),
    [  # sum of 1.035^-t, t = 1..n and t = 0..n-1; likewise 1.015
        (0.035, 1, 0.9661835748792271, 1.0),
        (0.035, 5, 4.515052375470741, 4.673079208612216),
        (0.035, 10, 8.316605322577937, 8.607686508868165),
        (0.035, 20, 14.212403301952268, 14.709837417520596),
        (0.035, 50, 23.455617870621257, 24.276564496093),
        (0.035, 100, 27.65542540200126, 28.623365291071302),
        (0.015, 20, 17.1686387850818, 17.426168366858025),
        (0.015, 100, 51.62470366842698, 52.39907422345338),
    ],
)
def test_annuity_is_the_sum_of_discounted_payments(rate, years, end, start):
    assert rates.annuity(rate, years) == pytest.approx(end, rel=1e-13)
    assert rates.annuity_due(rate, years) == pytest.approx(start, rel=1e-13)
    payments = (1 + rate) ** -np.arange(1.0, years + 1)
    assert rates.annuity(rate, years) == pytest.approx(payments.sum(), rel=1e-12)


def test_annuity_at_and_near_rate_zero():
    assert rates.annuity(0, 7.5) == 7.5
    assert rates.annuity_due(0, 7.5) == 7.5
    assert rates.annuity(1e-14, 10) == pytest.approx(10, rel=1e-12)
    assert rates.annuity(0.035, 0) == 0


def test_small_probabilities_keep_their_digits():
    assert rates.rate_to_prob(1e-18, 1) == 1e-18
    assert rates.prob_to_rate(1e-18, 1) == 1e-18
    assert rates.prob_rescale(1e-18, 1, 0.5) == 5e-19
    assert rates.apply_hr(1e-18, 3) == pytest.approx(3e-18, rel=1e-15)


def test_ends_of_the_ranges():
    assert rates.rate_to_prob(0, 5) == 0
    assert rates.rate_to_prob(np.inf, 5) == 1
    assert rates.prob_to_rate(0, 5) == 0
    assert not np.signbit(rates.prob_to_rate(0, 5))
    assert np.isposinf(rates.prob_to_rate(1, 5))
    assert np.isposinf(rates.prob_to_odds(1))
    assert rates.odds_to_prob(np.inf) == 1
    assert rates.prob_rescale(1, 1, 0) == 0
    assert rates.prob_rescale(1, 1, 0.1) == 1


@pytest.mark.parametrize("function", [rates.apply_hr, rates.apply_or, rates.apply_rr])
def test_relative_effects_at_the_ends(function):
    assert function(1, 0) == 0
    assert function(0, 0) == 0
    assert function(0, 5) == 0
    assert function(1, 1) == 1


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (rates.rate_to_prob, (-0.1, 1)),
        (rates.rate_to_prob, (0.1, -1)),
        (rates.prob_to_rate, (-0.1, 1)),
        (rates.prob_to_rate, (1.1, 1)),
        (rates.prob_to_rate, (0.1, 0)),
        (rates.prob_rescale, (1.1, 1, 1)),
        (rates.prob_rescale, (-0.1, 1, 1)),
        (rates.prob_rescale, (0.1, 0, 1)),
        (rates.prob_rescale, (0.1, 1, -1)),
        (rates.prob_to_odds, (-0.1,)),
        (rates.prob_to_odds, (1.1,)),
        (rates.odds_to_prob, (-0.1,)),
        (rates.odds_to_prob, (-1,)),
        (rates.apply_hr, (1.1, 1)),
        (rates.apply_hr, (0.1, -1)),
        (rates.apply_or, (1.1, 1)),
        (rates.apply_or, (0.1, -1)),
        (rates.apply_rr, (1.1, 0.5)),
        (rates.apply_rr, (0.1, -1)),
        (rates.apply_rr, (0.6, 2)),
        (rates.annuity, (-0.1, 1)),
        (rates.annuity, (-2, 1)),
        (rates.annuity, (0.1, -1)),
        (rates.annuity_due, (-0.1, 1)),
    ],
)
def test_invalid_input_gives_nan_and_no_warning(function, arguments):
    assert np.isnan(function(*arguments))
    for i in range(len(arguments)):
        with_nan = [np.nan if j == i else value for j, value in enumerate(arguments)]
        assert np.isnan(function(*with_nan))


def test_broadcasting_and_mixed_validity():
    p = np.array([[0.1], [2.0]])
    found = rates.apply_hr(p, np.array([1.0, 2.0, -1.0]))
    np.testing.assert_allclose(found, [[0.1, 0.19, np.nan], [np.nan] * 3], rtol=1e-14)


@given(rate=st.floats(0, 10), time=st.floats(0, 100))
def test_rate_to_prob_is_a_probability(rate, time):
    assert 0 <= rates.rate_to_prob(rate, time) <= 1


@given(p=inner_probabilities, time=positive)
def test_rate_round_trip(p, time):
    assert rates.rate_to_prob(rates.prob_to_rate(p, time), time) == pytest.approx(p, rel=1e-12)


@given(p=inner_probabilities)
def test_odds_round_trip(p):
    assert rates.odds_to_prob(rates.prob_to_odds(p)) == pytest.approx(p, rel=1e-12)


@given(p=probabilities, parts=st.integers(1, 50))
def test_rescaled_probability_compounds_to_the_whole(p, parts):
    each = rates.prob_rescale(p, parts, 1)
    assert 1 - (1 - each) ** parts == pytest.approx(p, abs=1e-12)


@given(p=inner_probabilities, ratio=st.floats(0, 20))
def test_ratios_agree_with_their_definitions(p, ratio):
    assert rates.apply_hr(p, ratio) == pytest.approx(1 - (1 - p) ** ratio, abs=1e-12)
    odds = rates.prob_to_odds(p) * ratio
    assert rates.apply_or(p, ratio) == pytest.approx(odds / (1 + odds), rel=1e-12)
    for function in (rates.apply_hr, rates.apply_or):
        assert 0 <= function(p, ratio) <= 1
