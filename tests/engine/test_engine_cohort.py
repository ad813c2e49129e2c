"""The cohort recursion against closed forms."""

import itertools
import math

import numpy as np
import pytest
from engine_models import PLAIN, build, occupancy, one_cohort, run, total, years

import nbsmodel

EXACT = 1e-12


def living_and_dead(transition, cycles, payoffs=(), **more):
    return {
        "cycles": cycles,
        "states": {"living": {}, "dead": {"dead": True}},
        "transitions": {"living": {"dead": transition}},
        "payoffs": list(payoffs),
    } | more


# --- constant and piecewise constant --------------------------------------------------------


@pytest.mark.parametrize(("p", "q"), [(0.2, 0.3), (0.05, 0.9), (1.0, 1.0), (0.5, 0.0)])
def test_two_state_chain(p, q):
    """Share in the first state after n cycles: q/(p+q) + p/(p+q) (1-p-q)^n."""
    n = 25
    cohort = {
        "cycles": years(n),
        "states": {"first": {}, "second": {}},
        "transitions": {"first": {"second": {"probability": "p"}}, "second": {"first": {"probability": "q"}}},
        "payoffs": [{"in": "first", "outcome": "qaly", "per": "year", "value": 0.8}],
    }
    model = build(one_cohort(cohort, "first"), {"p": p, "q": q})
    result = run(model, {"discount_rate_outcomes": 0.03}, keep_trace=True)
    expected = q / (p + q) + p / (p + q) * (1 - p - q) ** np.arange(n + 1)
    trace = result.trace("life")[0, 0]
    np.testing.assert_allclose(trace[:, 0], expected, rtol=EXACT, atol=1e-15)
    np.testing.assert_allclose(trace[:, 1], 1 - expected, rtol=EXACT, atol=1e-15)
    assert total(result, "qaly", discounted=False) == pytest.approx(0.8 * expected[:-1].sum(), rel=EXACT)
    assert total(result, "qaly") == pytest.approx(0.8 * expected[:-1] @ 1.03 ** -np.arange(n), rel=EXACT)


MORTALITY = "age,rate\n0,0.1\n10,0.3\n20,0.05\n"


def piecewise(length, until):
    cohort = living_and_dead({"hazard": "mx(age)"}, {"length": length, "until": until})
    spec = one_cohort(cohort, tables={"mx": {"file": "tables/mx.csv", "by": "age", "beyond": "last"}})
    return build(spec, tables={"mx.csv": MORTALITY})


def test_life_expectancy_of_piecewise_constant_hazards_by_row():
    """Three geometric series."""
    result = run(piecewise("1 year", "400 years"))
    a, b, c = (math.exp(-h) for h in (0.1, 0.3, 0.05))
    expected = (1 - a**10) / (1 - a) + a**10 * (1 - b**10) / (1 - b) + a**10 * b**10 / (1 - c)
    assert total(result, "life_years") == pytest.approx(expected, rel=1e-8)
    assert total(run(piecewise("1 year", "20 years")), "life_years") == pytest.approx(
        (1 - a**10) / (1 - a) + a**10 * (1 - b**10) / (1 - b), rel=EXACT
    )


def test_life_expectancy_of_piecewise_constant_hazards_in_continuous_time():
    """Three integrals: (1 - e^-1)/0.1 + e^-1 (1 - e^-3)/0.3 + e^-4 / 0.05."""
    exact = (1 - math.exp(-1)) / 0.1 + math.exp(-1) * (1 - math.exp(-3)) / 0.3 + math.exp(-4) / 0.05
    model = piecewise("1 month", "400 years")
    assert total(run(model, {"within_cycle_correction": "life_table"}), "life_years") == pytest.approx(exact, rel=1e-4)
    assert total(run(model, {"within_cycle_correction": "simpson"}), "life_years") == pytest.approx(exact, rel=1e-8)


# --- cycle lengths and units ----------------------------------------------------------------


def test_monthly_and_yearly_cycles_agree_to_the_square_of_their_length():
    """The mean of first and last row misses the integral by h^2 dt^2 / 12 of it."""
    exact = (1 - math.exp(-0.2 * 12)) / 0.2
    errors = {}
    for months in (24, 12, 6, 3, 1):
        cohort = living_and_dead({"hazard": 0.2}, {"length": f"{months} months", "until": "12 years"})
        result = run(build(one_cohort(cohort)), {"within_cycle_correction": "half_cycle"}, keep_trace=True)
        assert occupancy(result)["living"] == pytest.approx(math.exp(-0.2 * 12), rel=EXACT)
        errors[months] = total(result, "life_years") / exact - 1
        assert errors[months] == pytest.approx((0.2 * months / 12) ** 2 / 12, rel=0.01)
    assert errors[12] / errors[1] == pytest.approx(144, rel=0.01)


def test_cycles_of_different_lengths_against_a_fine_grid():
    """Weeks, then months, then years: constant hazards of one way out are exact at any cycle length."""
    row = {"ill": {"hazard": 0.3}, "dead": {"hazard": 0.1, "per": "year"}}
    cohort = {
        "cycles": [
            {"length": "1/52 year", "count": 26},
            {"length": "1 month", "until": "2 years"},
            {"length": "1 year", "until": "6 years"},
        ],
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "transitions": {"well": row},
        "payoffs": [
            {"in": "well", "outcome": "qaly", "per": "year", "value": 1},
            {"entering": "ill", "outcome": "cost", "value": 100},
        ],
    }
    fine = cohort | {"cycles": {"length": "1/156 year", "until": "6 years"}}
    mixed = run(build(one_cohort(cohort, "well")), {"within_cycle_correction": "life_table"}, keep_trace=True)
    equal = run(build(one_cohort(fine, "well")), {"within_cycle_correction": "life_table"}, keep_trace=True)
    times = mixed.grids["life"].times
    assert len(times) == 26 + 18 + 4 + 1 and times[26] == 0.5 and times[44] == 2.0
    rows = np.round(times * 156).astype(int)
    np.testing.assert_allclose(mixed.trace("life")[0, 0], equal.trace("life")[0, 0, rows], rtol=1e-11, atol=1e-14)
    assert total(mixed, "cost") == pytest.approx(total(equal, "cost"), rel=1e-11)
    assert total(mixed, "cost") == pytest.approx(75 * (1 - math.exp(-0.4 * 6)), rel=EXACT)
    well = np.exp(-0.4 * times)
    trapezoids = ((well[1:] + well[:-1]) / 2 * np.diff(times)).sum()
    assert total(mixed, "qaly") == pytest.approx(trapezoids, rel=EXACT)


def test_age_and_dt_where_cycles_differ_in_length():
    cohort = living_and_dead(
        {"hazard": 0},
        [{"length": "6 months", "count": 2}, {"length": "2 years", "count": 2}],
        [
            {"in": "living", "outcome": "cost", "component": name, "per": "cycle", "value": name}
            for name in ("age", "time", "cycle", "dt")
        ],
        start_age=10,
    )
    result = run(build(one_cohort(cohort)))
    found = {name: total(result, "cost", component=name) for name in ("age", "time", "cycle", "dt")}
    times = [0, 0.5, 1, 3]
    assert found == pytest.approx({"age": 40 + sum(times), "time": sum(times), "cycle": 6, "dt": 5}, rel=EXACT)


WEEKS, DAYS = 1461 / 28, 365.25


@pytest.mark.parametrize(("per", "a_year"), [("year", 1), ("month", 12), ("week", WEEKS), ("day", DAYS)])
@pytest.mark.parametrize("cycles", [{"length": "1 month", "count": 24}, {"length": "1 year", "count": 2},
                                    [{"length": "1 week", "count": 10}, {"length": "1 day", "count": 21}]])  # fmt: skip
def test_rates_probabilities_and_payoffs_per_unit_of_time(per, a_year, cycles):
    lived = 13 * 7 / 365.25 if isinstance(cycles, list) else 2
    payoff = {"in": "living", "outcome": "cost", "per": per, "value": 3}
    rates = living_and_dead({"hazard": 0.4 / a_year, "per": per}, cycles, [payoff])
    result = run(build(one_cohort(rates)), keep_trace=True)
    assert occupancy(result)["living"] == pytest.approx(math.exp(-0.4 * lived), rel=EXACT)
    assert total(result, "cost") == pytest.approx(3 * a_year * total(result, "life_years"), rel=EXACT)
    p = 0.1 / a_year
    chances = living_and_dead({"probability": p, "per": per}, cycles)
    result = run(build(one_cohort(chances)), keep_trace=True)
    assert occupancy(result)["living"] == pytest.approx((1 - p) ** (lived * a_year), rel=EXACT)


def test_a_certain_probability_per_year_is_certain_in_a_month():
    cohort = living_and_dead({"probability": 1, "per": "year"}, {"length": "1 month", "count": 2})
    assert occupancy(run(build(one_cohort(cohort)), keep_trace=True), row=1) == {"living": 0, "dead": 1}


# --- competing ways out ---------------------------------------------------------------------


def row_of(transitions, cycles=None, **more):
    """A cohort whose state ``here`` has the transitions; all others absorb."""
    targets = [t for t in transitions if t != "here"]
    states = {"here": {}} | {t: {} for t in targets}
    return {"cycles": cycles or years(1), "states": states, "transitions": {"here": transitions}} | more


@pytest.mark.parametrize("cycles", [years(5), {"length": "1 week", "count": 200}])
def test_competing_hazards(cycles):
    """Cumulative incidence h_i / h (1 - e^-ht); the fourth never happens."""
    hazards = {"a": 0.3, "b": 0.1, "c": 1.7, "d": 0.0}
    cohort = row_of({t: {"hazard": h} for t, h in hazards.items()}, cycles)
    result = run(build(one_cohort(cohort, "here")), keep_trace=True)
    times, all_ = result.grids["life"].times, sum(hazards.values())
    trace = result.trace("life")[0, 0]
    np.testing.assert_allclose(trace[:, 0], np.exp(-all_ * times), rtol=1e-11)
    for i, hazard in enumerate(hazards.values(), start=1):
        expected = -hazard / all_ * np.expm1(-all_ * times)
        np.testing.assert_allclose(trace[:, i], expected, rtol=EXACT, atol=1e-15)


def test_a_rare_event_keeps_its_precision():
    """One in a hundred million a year over a week is not the difference of two ones."""
    cohort = row_of({"rare": {"hazard": 1e-8}}, {"length": "1 week", "count": 1})
    cohort["payoffs"] = [{"entering": "rare", "outcome": "cost", "value": 1e9}]
    result = run(build(one_cohort(cohort, "here")), keep_trace=True)
    assert total(result, "cost") == pytest.approx(-math.expm1(-1e-8 * 7 / 365.25) * 1e9, rel=EXACT)
    assert occupancy(result)["rare"] == pytest.approx(-math.expm1(-1e-8 * 7 / 365.25), rel=EXACT)


def test_hazards_come_first_and_probabilities_share_out_who_remains():
    cohort = row_of({"a": {"hazard": 0.2}, "p": {"probability": 0.25}, "b": {"hazard": 0.6}, "q": {"probability": 0.5}})
    last = occupancy(run(build(one_cohort(cohort, "here")), keep_trace=True))
    moved, remain = 1 - math.exp(-0.8), math.exp(-0.8)
    expected = {"here": remain * 0.25, "a": moved / 4, "b": moved * 3 / 4, "p": remain * 0.25, "q": remain * 0.5}
    assert last == pytest.approx(expected, rel=EXACT)


def test_rest_goes_to_the_named_target():
    with_hazard = row_of({"a": {"hazard": 0.5}, "p": {"probability": 0.3}, "q": "rest"})
    last = occupancy(run(build(one_cohort(with_hazard, "here")), keep_trace=True))
    remain = math.exp(-0.5)
    assert last == pytest.approx({"here": 0, "a": 1 - remain, "p": 0.3 * remain, "q": 0.7 * remain}, rel=EXACT)
    alone = row_of({"q": "rest"}, years(1))
    assert occupancy(run(build(one_cohort(alone, "here")), keep_trace=True)) == {"here": 0, "q": 1}


@pytest.mark.parametrize("listed", [{"here": "rest"}, {"here": {"probability": 0.7}}, {}])
def test_staying_may_be_written_out(listed):
    cohort = row_of({"p": {"probability": 0.3}} | listed, years(3))
    last = occupancy(run(build(one_cohort(cohort, "here")), keep_trace=True))
    assert last == pytest.approx({"here": 0.7**3, "p": 1 - 0.7**3}, rel=EXACT)


def test_staying_written_out_beside_a_rest():
    cohort = row_of({"here": {"probability": 0.6}, "p": {"probability": 0.3}, "q": "rest"}, years(2))
    last = occupancy(run(build(one_cohort(cohort, "here")), keep_trace=True))
    assert last == pytest.approx({"here": 0.36, "p": 0.3 * 1.6, "q": 0.1 * 1.6}, rel=EXACT)


# --- dead is a property ---------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(("well", "ill", "dead"))))
def test_order_of_states_does_not_matter(order):
    """E5: the dead first, in the middle or last; QALYs at utility 1 are life-years."""
    rows = {
        "well": {"ill": {"hazard": 0.2}, "dead": {"hazard": 0.05}},
        "ill": {"well": {"hazard": 0.1}, "dead": {"probability": 0.3}},
    }
    cohort = {
        "cycles": years(20),
        "states": {s: {"dead": True} if s == "dead" else {} for s in order},
        "transitions": {s: rows[s] for s in order if s in rows},
        "payoffs": [{"in": "alive", "outcome": "qaly", "per": "year", "value": 1},
                    {"entering": "dead", "outcome": "cost", "value": 10}],
    }  # fmt: skip
    settings = PLAIN | {"within_cycle_correction": "life_table", "discount_rate_outcomes": 0.035}
    result = run(build(one_cohort(cohort, "well")), settings)
    lived = total(result, "life_years", discounted=False)
    assert lived == pytest.approx(by_matrix(), rel=EXACT)
    assert total(result, "qaly") == pytest.approx(total(result, "life_years"), rel=EXACT)
    assert total(result, "cost") <= 10


def by_matrix():
    leave, stay = -math.expm1(-0.25), math.exp(-0.25)
    back, on = -math.expm1(-0.1), math.exp(-0.1)
    matrix = np.array([[stay, 0.8 * leave, 0.2 * leave], [back, 0.7 * on, 0.3 * on], [0, 0, 1]])
    rows = [np.array([1, 0, 0]) @ np.linalg.matrix_power(matrix, k) for k in range(21)]
    living = np.array(rows)[:, :2].sum(axis=1)
    return (living[:-1] + living[1:]).sum() / 2


def test_nobody_dies_where_no_state_is_dead():
    """Whatever the states are called, and wherever they stand."""
    cohort = {
        "cycles": years(5),
        "states": {"gone": {}, "last": {}},
        "transitions": {"gone": {"last": {"hazard": 1}}},
    }
    assert total(run(build(one_cohort(cohort, "gone"))), "life_years") == pytest.approx(5, rel=EXACT)


def test_overrides_replace_derived_values_that_change_with_age():
    cohort = living_and_dead({"hazard": "h"}, years(3))
    spec = one_cohort(cohort) | {"derived": {"h": "0.1 * age * (1 + more)", "more": "0.5 * time_in_state"}}
    model = build(spec)
    assert total(run(model, overrides={"h": 0.2}), "life_years") == pytest.approx(
        1 + math.exp(-0.2) + math.exp(-0.4), rel=EXACT
    )
    assert total(run(model, overrides={"more": 0}), "life_years") == pytest.approx(2 + math.exp(-0.1), rel=EXACT)


def test_a_parameter_that_is_drawn_and_one_that_is_not():
    cohort = living_and_dead({"hazard": "h * ratio"}, years(2))
    model = build(one_cohort(cohort), {"h": (0.1, "rate"), "ratio": (2, "ratio")})
    lived = run(model, draws={"h": np.array([0, 0.5])}).total("life_years", "only")
    np.testing.assert_allclose(lived, [2, 1 + math.exp(-1)], rtol=EXACT)
    with pytest.raises(nbsmodel.InputError, match="no parameter is named hh"):
        run(model, draws={"hh": np.array([0.1])})
