"""Budget impact as arithmetic: sums over cohorts, two worlds, set-up costs, the test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.analysis.budget_impact import Flow, budget_test, by_calendar_year, fixed_costs, flow, total

YEARS = 6
amounts = st.lists(st.floats(-1e4, 1e4), min_size=YEARS, max_size=YEARS)
births = st.lists(st.floats(0, 1e6), min_size=YEARS, max_size=YEARS)
shares = st.lists(st.floats(0, 1), min_size=YEARS, max_size=YEARS)


def cohort_by_cohort(by_age, entering):
    """One list a cohort, shifted by the year in which it is born."""
    lines = [[0.0] * c + [n * a for a in by_age] for c, n in enumerate(entering)]
    return [sum(line[k] for line in lines) for k in range(len(entering))]


def test_cohorts_by_hand():
    assert by_calendar_year([100, 10, 1], [1, 2, 3]).tolist() == [100, 210, 321]


@given(amounts, births)
def test_a_year_is_the_sum_over_the_cohorts_born_so_far(by_age, entering):
    np.testing.assert_allclose(
        by_calendar_year(by_age, entering), cohort_by_cohort(by_age, entering), rtol=1e-9, atol=1e-3
    )


@given(amounts, births)
def test_the_first_years_do_not_depend_on_later_ones(by_age, entering):
    whole = by_calendar_year(by_age, entering)
    for n in range(1, YEARS):
        assert by_calendar_year(by_age, entering[:n]).tolist() == whole[:n].tolist()


@given(amounts, amounts, births, shares)
def test_the_world_with_is_births_under_each_strategy(new, old, entering, share):
    found = flow(new, old, entering, share)
    mixed = np.array(cohort_by_cohort(new, np.multiply(entering, share)))
    mixed += cohort_by_cohort(old, np.multiply(entering, 1 - np.array(share)))
    np.testing.assert_allclose(found.with_, mixed, rtol=1e-9, atol=1e-2)
    np.testing.assert_allclose(found.without, cohort_by_cohort(old, entering), rtol=1e-9, atol=1e-2)


@given(amounts, amounts, births)
def test_no_births_under_the_new_strategy_no_difference(new, old, entering):
    found = flow(new, old, entering, np.zeros(YEARS))
    assert not found.difference.any() and found.with_.tolist() == found.without.tolist()


def test_twice_the_births_twice_the_budget():
    one, two = (flow([5, 7, 1], [1, 2, 3], n * np.array([3, 4, 5]), [0.5, 1, 1]) for n in (1, 2))
    assert two.difference.tolist() == (2 * one.difference).tolist()
    assert two.without.tolist() == (2 * one.without).tolist()


def test_draws_stay_apart():
    by_draw = np.array([[1.0, 2, 3], [10, 20, 30]])
    found = flow(by_draw, 0 * by_draw, [1, 1, 1], [1, 1, 1])
    assert found.difference.tolist() == [[1, 3, 6], [10, 30, 60]]


def test_set_up_costs_fall_due_when_they_do():
    found = fixed_costs([(100.0, [1, 3]), (5.0, None), (-20.0, [3])], 4)
    assert found.tolist() == [105, 5, 85, 5]
    assert flow([0], [0], [0], [1], [7.0]).difference.tolist() == [7]


def test_sums_of_flows():
    found = total([Flow(np.array([1.0, 2]), np.array([3.0, 4])), Flow(np.array([10.0, 20]), np.array([0.5, 0]))], 2)
    assert found.without.tolist() == [11, 22] and found.difference.tolist() == [3.5, 4]
    assert total([], 3).with_.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("difference", "years", "year", "largest", "exceeded"),
    [
        ([1.0, 5, 9], 2, 2, 5.0, True),  # the third year is not looked at
        ([4.0, 2, 9], 2, 1, 4.0, False),  # as much as the amount does not exceed it
        ([-9.0, -3, -5], 3, 2, -3.0, False),
    ],
)
def test_the_budget_impact_test(difference, years, year, largest, exceeded):
    found = budget_test(difference, 4.0, years)
    assert (found.year, found.largest, found.exceeded) == (year, largest, exceeded)


def test_ages_must_reach_over_the_years():
    with pytest.raises(ValueError, match="do not reach"):
        by_calendar_year([1, 2], [1, 1, 1])
