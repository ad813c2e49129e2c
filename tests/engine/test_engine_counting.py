"""Discounting and counting of a cohort against calculations by hand."""

import math

import numpy as np
import pytest
from engine_models import CORRECTIONS, PLAIN, TIMINGS, build, one_cohort, run, total, years

import nbsmodel

EXACT = 1e-12

# --- a trace of 1, 0.8, 0.5, 0.4, 0.1 --------------------------------------------------------

TRACE = (1, 0.8, 0.5, 0.4, 0.1)
TABLE = "cycle,p\n0,0.2\n1,0.375\n2,0.2\n3,0.75\n"


def falling(cycles=None, payoffs=()):
    cohort = {
        "cycles": cycles or years(4),
        "states": {"living": {}, "dead": {"dead": True}},
        "transitions": {"living": {"dead": {"probability": "p(cycle)"}}},
        "payoffs": [{"in": "living", "outcome": "cost", "per": "year", "value": 10}, *payoffs],
    }
    spec = one_cohort(cohort, tables={"p": {"file": "tables/p.csv", "by": "cycle"}})
    return build(spec, tables={"p.csv": TABLE})


@pytest.fixture(scope="module")
def model():
    return falling()


BY_HAND = {
    "start": 1 + 0.8 + 0.5 + 0.4,
    "end": 0.8 + 0.5 + 0.4 + 0.1,
    "half_cycle": 1 / 2 + 0.8 + 0.5 + 0.4 + 0.1 / 2,
    "life_table": 0.9 + 0.65 + 0.45 + 0.25,
    "simpson": (1 + 4 * 0.8 + 2 * 0.5 + 4 * 0.4 + 0.1) / 3,
    "every_point": 1 + 0.8 + 0.5 + 0.4 + 0.1,
    "darth_simpson": (1 + 2 * 0.8 + 4 * 0.5 + 2 * 0.4 + 0.1) / 3,
}


@pytest.mark.parametrize("correction", BY_HAND)
def test_each_correction(model, correction):
    result = run(model, {"within_cycle_correction": correction}, keep_trace=True)
    np.testing.assert_allclose(result.trace("life")[0, 0, :, 0], TRACE, rtol=EXACT)
    assert total(result, "life_years") == pytest.approx(BY_HAND[correction], rel=EXACT)
    assert total(result, "cost") == pytest.approx(10 * BY_HAND[correction], rel=EXACT)


# 5% a year; the factor of each cycle by timing: start, middle, end, completed years
A, B, C, D = (1.05**-k for k in range(4))
FIRST_THREE = {
    ("start", "start"): A + 0.8 * B + 0.5 * C,
    ("start", "mid"): 1.05**-0.5 * (A + 0.8 * B + 0.5 * C),
    ("start", "end"): B + 0.8 * C + 0.5 * D,
    ("start", "year_step"): A + 0.8 * B + 0.5 * C,
    ("end", "start"): 0.8 * A + 0.5 * B + 0.4 * C,
    ("end", "mid"): 1.05**-0.5 * (0.8 * A + 0.5 * B + 0.4 * C),
    ("end", "end"): 0.8 * B + 0.5 * C + 0.4 * D,
    ("life_table", "start"): 0.9 * A + 0.65 * B + 0.45 * C,
    ("life_table", "mid"): 1.05**-0.5 * (0.9 * A + 0.65 * B + 0.45 * C),
    ("life_table", "end"): 0.9 * B + 0.65 * C + 0.45 * D,
    ("half_cycle", "start"): 0.5 * A + 0.8 * B + 0.5 * C + 0.2 * D,
    ("half_cycle", "mid"): 1.05**-0.5 * (0.5 * A + 0.8 * B + 0.5 * C + 0.2 * D),
    ("half_cycle", "end"): 1.05**-1 * (0.5 * A + 0.8 * B + 0.5 * C + 0.2 * D),
    ("every_point", "start"): A + 0.8 * A + 0.5 * B + 0.4 * C,
    ("every_point", "end"): A + 0.8 * B + 0.5 * C + 0.4 * D,
}  # fmt: skip


@pytest.mark.parametrize(("correction", "timing"), FIRST_THREE)
def test_each_timing_over_three_cycles(model, correction, timing):
    chosen = {"horizon": "3 years", "within_cycle_correction": correction, "discount_timing": timing}
    result = run(model, chosen | {"discount_rate_outcomes": 0.05, "discount_rate_costs": 0.05})
    assert total(result, "life_years") == pytest.approx(FIRST_THREE[correction, timing], rel=EXACT)
    assert total(result, "cost") == pytest.approx(10 * FIRST_THREE[correction, timing], rel=EXACT)


def test_simpson_discounts_each_row_at_its_instant(model):
    result = run(model, {"within_cycle_correction": "simpson", "discount_rate_outcomes": 0.05})
    rows = [x * 1.05**-k for k, x in enumerate(TRACE)]
    assert total(result, "life_years") == pytest.approx(np.dot([1, 4, 2, 4, 1], rows) / 3, rel=EXACT)


def test_completed_years_where_cycles_are_months():
    """The first year at factor 1, the second at 1/1.05, whatever the month; also after half a year's delay."""
    cohort = {"cycles": {"length": "1 month", "count": 24}, "states": {"living": {}}}
    chosen = {"discount_timing": "year_step", "discount_rate_outcomes": 0.05}
    result = run(build(one_cohort(cohort)), chosen)
    assert total(result, "life_years") == pytest.approx(1 + 1 / 1.05, rel=EXACT)
    later = one_cohort(cohort)
    later["tree"]["everyone"]["delay"] = 0.5
    expected = 0.5 + 1 / 1.05 + 0.5 / 1.05**2
    assert total(run(build(later), chosen), "life_years") == pytest.approx(expected, rel=EXACT)


def test_payoffs_that_change_with_age_are_those_of_the_cycle():
    """A payoff of the age at the start of the cycle, for the people whom the correction counts in it."""
    payoff = {"in": "living", "outcome": "qaly", "per": "year", "value": "1 + age"}
    model = falling(payoffs=[payoff])
    expected = {
        "start": 1 + 2 * 0.8 + 3 * 0.5 + 4 * 0.4,
        "end": 1 * 0.8 + 2 * 0.5 + 3 * 0.4 + 4 * 0.1,
        "life_table": 1 * 0.9 + 2 * 0.65 + 3 * 0.45 + 4 * 0.25,
        "every_point": 1 + 1 * 0.8 + 2 * 0.5 + 3 * 0.4 + 4 * 0.1,
        "half_cycle": 1 / 2 + 2 * 0.8 + 3 * 0.5 + 4 * 0.4 + 5 * 0.1 / 2,  # rows, each at its own age
    }
    for correction, value in expected.items():
        result = run(model, {"within_cycle_correction": correction})
        assert total(result, "qaly") == pytest.approx(value, rel=EXACT)


def test_payoffs_that_change_with_a_clock_are_those_of_the_row():
    """The age is that of the cycle's start, the time in state that of the people counted: at its end, the end's."""
    payoff = {"in": "living", "outcome": "qaly", "per": "year", "value": "time_in_state + 100 * age"}
    model = falling(payoffs=[payoff])
    first = [(k + 100 * k) * TRACE[k] for k in range(5)]  # as the start of cycle k
    last = [(k + 1 + 100 * k) * TRACE[k + 1] for k in range(4)]  # as the end of cycle k
    expected = {
        "start": sum(first[:4]),
        "end": sum(last),
        "life_table": (sum(first[:4]) + sum(last)) / 2,
        "every_point": first[0] + sum(last),
        "half_cycle": first[0] / 2 + sum(first[1:4]) + first[4] / 2,
    }
    for correction, value in expected.items():
        result = run(model, {"within_cycle_correction": correction})
        assert total(result, "qaly") == pytest.approx(value, rel=EXACT)


# --- rates -----------------------------------------------------------------------------------


def test_costs_and_outcomes_have_rates_of_their_own(model):
    plain = run(model)
    only_costs = run(model, {"discount_rate_costs": 0.035})
    only_outcomes = run(model, {"discount_rate_outcomes": 0.035})
    assert total(only_outcomes, "cost") == total(plain, "cost")
    assert total(only_outcomes, "life_years") < total(plain, "life_years")
    assert total(only_costs, "life_years") == total(plain, "life_years")
    assert total(only_costs, "cost") < total(plain, "cost")
    for result in (only_costs, only_outcomes):
        for outcome in ("cost", "life_years"):
            assert total(result, outcome, discounted=False) == total(plain, outcome)


def test_outcomes_are_discounted_as_declared():
    extra = {name: {"label": name, "unit": "x", "discounted_as": as_}
             for name, as_ in (("fee", "costs"), ("fever", "outcomes"), ("count", "none"))}  # fmt: skip
    cohort = {
        "cycles": years(3),
        "states": {"living": {}},
        "payoffs": [{"in": "living", "outcome": name, "per": "year", "value": 1} for name in extra],
    }
    chosen = {"discount_rate_costs": 0.05, "discount_rate_outcomes": 0.01}
    result = run(build(one_cohort(cohort, outcomes=extra)), chosen)
    factors = {name: sum((1 + rate) ** -k for k in range(3)) for name, rate in
               (("fee", 0.05), ("fever", 0.01), ("count", 0))}  # fmt: skip
    assert {name: total(result, name) for name in extra} == pytest.approx(factors, rel=EXACT)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("timing", TIMINGS)
def test_a_schedule_of_equal_rates_is_a_constant_rate(model, correction, timing):
    steps = [{"from_year": y, "rate": 0.035} for y in (0, 1, 2.5, 30)]
    chosen = {"within_cycle_correction": correction, "discount_timing": timing}
    one, other = (run(model, chosen | {"discount_rate_costs": r, "discount_rate_outcomes": r}) for r in (0.035, steps))
    for outcome in ("cost", "life_years"):
        assert total(one, outcome) == pytest.approx(total(other, outcome), rel=EXACT)


def test_green_book_factors():
    """3.5% to year 30, 3% to year 75, then 2.5%: years 31, 76 and 125."""
    steps = [{"from_year": 0, "rate": 0.035}, {"from_year": 30, "rate": 0.03}, {"from_year": 75, "rate": 0.025}]
    cohort = {
        "cycles": years(130),
        "states": {"living": {}},
        "payoffs": [{"in": "living", "outcome": "cost", "component": f"in{t}", "per": "year",
                     "value": f"1 if time == {t} else 0"} for t in (0, 31, 76, 125)],
    }  # fmt: skip
    result = run(build(one_cohort(cohort)), {"discount_rate_costs": steps})
    found = [total(result, "cost", component=f"in{t}") for t in (0, 31, 76, 125)]
    assert found == pytest.approx([1, 0.3459013695, 0.0919158757, 0.0274107630], abs=5e-11)


def test_rules_may_differ_by_outcome(model):
    chosen = {
        "within_cycle_correction": {"default": "start", "life_years": "life_table"},
        "discount_timing": {"default": "end", "life_years": "mid"},
        "discount_rate_costs": 0.05,
        "discount_rate_outcomes": 0.05,
        "horizon": "3 years",
    }
    result = run(model, chosen)
    assert total(result, "cost") == pytest.approx(10 * FIRST_THREE["start", "end"], rel=EXACT)
    assert total(result, "life_years") == pytest.approx(FIRST_THREE["life_table", "mid"], rel=EXACT)


# --- a constant, and an exponential ----------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 39, 40, 100])
def test_n_cycles_of_life_are_n_years(n):
    """E2: for every correction; Simpson's rule refuses an odd number instead of missing a part."""
    model = build(one_cohort({"cycles": years(n), "states": {"living": {}}}))
    for correction in ("start", "end", "half_cycle", "life_table"):
        assert total(run(model, {"within_cycle_correction": correction}), "life_years") == pytest.approx(n, rel=EXACT)
    if n % 2:
        with pytest.raises(nbsmodel.InputError, match=f"simpson needs an even number of cycles, found {n};"):
            run(model, {"within_cycle_correction": "simpson"})
    else:
        simpson = run(model, {"within_cycle_correction": "simpson"})
        assert total(simpson, "life_years") == pytest.approx(n, rel=EXACT)


@pytest.mark.parametrize(("n", "years_counted"), [(4, 3.3333333333), (39, 38.6666666667), (40, 39.3333333333)])
def test_legacy_countings_count_a_constant_as_their_sources_do(n, years_counted):
    model = build(one_cohort({"cycles": years(n), "states": {"living": {}}}))
    darth = run(model, {"within_cycle_correction": "darth_simpson"})
    assert total(darth, "life_years") == pytest.approx(years_counted, abs=1e-9)
    assert total(run(model, {"within_cycle_correction": "every_point"}), "life_years") == pytest.approx(n + 1)
    assert set(darth.settings.legacy.values()) == {"darth_simpson"}


def test_an_exponential_over_forty_years():
    """(1 - e^-4) / 0.1 = 9.8168; the trapezoid gives 9.8250, the swapped weights 9.4938."""
    exact = (1 - math.exp(-4)) / 0.1

    def lived(length, correction):
        cohort = {
            "cycles": {"length": length, "until": "40 years"},
            "states": {"living": {}, "dead": {"dead": True}},
            "transitions": {"living": {"dead": {"hazard": 0.1}}},
        }
        return total(run(build(one_cohort(cohort)), {"within_cycle_correction": correction}), "life_years")

    assert lived("1 year", "simpson") == pytest.approx(exact, rel=1e-4)
    assert lived("1 month", "simpson") == pytest.approx(exact, rel=1e-9)
    assert lived("1 month", "half_cycle") == pytest.approx(exact, rel=1e-4)
    assert lived("1 year", "half_cycle") == pytest.approx(9.8250, abs=5e-5)
    assert lived("1 year", "life_table") == pytest.approx(9.8250, abs=5e-5)
    assert lived("1 year", "darth_simpson") == pytest.approx(9.4938, abs=5e-5)


@pytest.mark.parametrize("correction", ["simpson", "darth_simpson"])
def test_simpson_needs_equal_cycles(correction):
    cycles = [{"length": "1 month", "count": 2}, {"length": "1 year", "count": 2}]
    model = build(one_cohort({"cycles": cycles, "states": {"living": {}}}))
    with pytest.raises(nbsmodel.InputError, match=f"{correction} needs cycles of equal length"):
        run(model, {"within_cycle_correction": correction})


# --- raw and corrected, row by row -----------------------------------------------------------


def test_half_cycle_halves_the_first_and_last_row(model):
    """E8: never half as much again; the trace itself stays raw."""
    result = run(model, {"within_cycle_correction": "half_cycle"}, detail=True, keep_trace=True)
    amounts = result.details["life"].amounts["life_years", False][:, 0, 0]
    np.testing.assert_allclose(amounts, [0.5, 0.8, 0.5, 0.4, 0.05], rtol=EXACT)
    np.testing.assert_allclose(result.trace("life")[0, 0, :, 0], TRACE, rtol=EXACT)


def test_life_table_shares_each_cycle_between_its_rows(model):
    result = run(model, {"within_cycle_correction": "life_table"}, detail=True)
    amounts = result.details["life"].amounts["cost", False][:, 0, 0]
    np.testing.assert_allclose(amounts, [5, 8, 5, 4, 0.5], rtol=EXACT)


def test_a_horizon_cuts_the_cohort(model):
    result = run(model, {"horizon": "2 years"}, keep_trace=True)
    assert total(result, "life_years") == pytest.approx(1.8, rel=EXACT)
    assert result.trace("life").shape == (1, 1, 3, 2)
    assert total(run(model, {"horizon": "4 years"}), "life_years") == pytest.approx(2.7, rel=EXACT)
    with pytest.raises(nbsmodel.InputError, match="the longest cohort ends after 4"):
        run(model, {"horizon": "50 years"})
    with pytest.raises(nbsmodel.InputError, match=r"1.5 years falls inside a cycle.*nearest cycle ends at [12] years"):
        run(model, PLAIN | {"horizon": "18 months"})
