"""The decision tree, and what it hands to the cohorts."""

import numpy as np
import pytest
from engine_models import PLAIN, build, occupancy, one_cohort, run, total, years
from hypothesis import given
from hypothesis import strategies as st
from random_models import examples

EXACT = 1e-12

FOUR_LEAVES = """\
tree:
  a:
    p: 0.3
    payoffs: [{outcome: cost, value: 10}]
    then:
      a1: {p: 0.6, payoffs: [{outcome: cost, value: 100}, {outcome: qaly, value: 0.5}]}
      a2: {p: rest, payoffs: [{outcome: cost, value: 20}, {outcome: qaly, value: 0.9}]}
  b:
    p: rest
    then:
      b1: {p: 0.25, payoffs: [{outcome: cost, value: 400}, {outcome: qaly, value: 0.2}]}
      b2: {p: rest, payoffs: [{outcome: cost, value: 5}, {outcome: qaly, value: 1}]}
"""


def test_four_leaves_by_hand():
    """0.3 (10 + 0.6 100 + 0.4 20) + 0.7 (0.25 400 + 0.75 5) and 0.18 0.5 + 0.12 0.9 + 0.175 0.2 + 0.525."""
    result = run(build(FOUR_LEAVES))
    assert total(result, "cost") == pytest.approx(96.025, rel=EXACT)
    assert total(result, "qaly") == pytest.approx(0.758, rel=EXACT)
    assert total(result, "life_years") == 0
    paths = result.paths().set_index("path")
    assert paths["probability"].to_dict() == pytest.approx(
        {"a > a1": 0.18, "a > a2": 0.12, "b > b1": 0.175, "b > b2": 0.525}, rel=EXACT
    )
    assert paths["cost"].to_dict() == pytest.approx(
        {"a > a1": 19.8, "a > a2": 3.6, "b > b1": 70, "b > b2": 2.625}, rel=EXACT
    )


# --- tree and cohort as one object -----------------------------------------------------------

SCREENING = """\
births_per_year: births
choices: {confirm: [gene, enzyme]}
tree:
  affected:
    p: prevalence
    case: true
    then:
      unscreened: {p: 1 - screened * uptake, class: not_screened, cohort: course, start: {ill: p_ill, well: rest}}
      found:
        p: screened * uptake * sensitivity
        class: true_positive
        payoffs: [{outcome: cost, component: confirmation, value: 50 if confirm == gene else 20}]
        cohort: course
        start: well
      missed: {p: rest, class: false_negative, cohort: course, start: ill}
  unaffected:
    p: rest
    then:
      unscreened: {p: 1 - screened * uptake, class: not_screened}
      false_positive:
        p: screened * uptake * (1 - specificity)
        class: false_positive
        payoffs: [{outcome: cost, component: confirmation, value: 50}]
      true_negative: {p: rest, class: true_negative}
cohorts:
  course:
    cycles: {length: 1 year, count: 10}
    states: {dead: {dead: true}, well: {}, ill: {}}
    transitions:
      well: {dead: {probability: 0.01}}
      ill: {dead: {probability: 0.3}}
    payoffs:
      - {in: alive, outcome: cost, component: care, per: year, value: 7}
"""
RATES = {
    "prevalence": (0.001, "probability"),
    "uptake": (0.95, "probability"),
    "sensitivity": (0.8, "probability"),
    "specificity": (0.99, "probability"),
    "p_ill": (0.4, "probability"),
    "births": (600_000, "count"),
}
ARMS = {"none": {"screened": 0}, "screen": {"screened": 1}, "half": {"screened": 0.5}}
YEARS_WELL = (1 - 0.99**10) / 0.01
YEARS_ILL = (1 - 0.7**10) / 0.3


@pytest.fixture(scope="module")
def screening():
    return build(SCREENING, RATES, strategies=ARMS)


def test_test_sensitivity_moves_tree_and_cohort(screening):
    base, better = run(screening), run(screening, overrides={"sensitivity": 0.9})
    more = 0.001 * 0.95 * 0.1  # children found who would have been missed
    tests = [total(r, "cost", "screen", component="confirmation") for r in (base, better)]
    lived = [total(r, "life_years", "screen") for r in (base, better)]
    care = [total(r, "cost", "screen", component="care") for r in (base, better)]
    assert tests[1] - tests[0] == pytest.approx(more * 50, rel=1e-9)
    assert lived[1] - lived[0] == pytest.approx(more * (YEARS_WELL - YEARS_ILL), rel=1e-9)
    assert care[1] - care[0] == pytest.approx(7 * more * (YEARS_WELL - YEARS_ILL), rel=1e-9)
    for outcome in ("cost", "life_years"):
        assert total(base, outcome, "none") == total(better, outcome, "none")


def test_test_sensitivity_moves_tree_and_cohort_over_draws(screening):
    drawn = np.array([0.8, 0.9, 0.0, 1.0])
    result = run(screening, draws={"sensitivity": drawn})
    found, missed = 0.001 * 0.95 * drawn, 0.001 * 0.95 * (1 - drawn)
    unscreened = 0.001 * 0.05 * (0.4 * YEARS_ILL + 0.6 * YEARS_WELL)
    lived = result.total("life_years", "screen")
    np.testing.assert_allclose(lived, found * YEARS_WELL + missed * YEARS_ILL + unscreened, rtol=EXACT)
    false_positive = 0.999 * 0.95 * 0.01
    np.testing.assert_allclose(
        result.total("cost", "screen", component="confirmation"), 50 * (found + false_positive), rtol=EXACT
    )


def test_mixed_start_is_the_weighted_sum_of_single_starts(screening):
    """Not screened: 4 in 10 start ill; only they differ from those who are found."""
    lived = total(run(screening), "life_years", "none")
    assert lived == pytest.approx(0.001 * (0.4 * YEARS_ILL + 0.6 * YEARS_WELL), rel=EXACT)


THREE_STATES = """\
tree: {everyone: {p: 1, cohort: course, start: {a: p_a, b: p_b, c: rest}}}
cohorts:
  course:
    cycles: {length: 1 month, count: 30}
    states: {a: {}, b: {}, c: {}, dead: {dead: true}}
    clocks: {sick: {runs_in: [b, c]}}
    transitions:
      a: {b: {hazard: 0.3}, dead: {hazard: 0.1 * (1 + time_in_state)}}
      b: {c: {hazard: 0.8}, dead: {probability: 0.01}}
      c: {dead: {hazard: 0.1 + sick}}
    payoffs:
      - {in: [a, b], outcome: qaly, per: year, value: 0.9}
      - {in: c, outcome: qaly, per: year, value: 0.5 - 0.1 * sick}
      - {entering: c, outcome: cost, value: 100}
      - {starting_in: alive, outcome: cost, value: 10 * age + 1}
"""


@pytest.mark.parametrize("correction", ["start", "half_cycle", "life_table"])
def test_start_spread_over_three_states(correction):
    model = build(THREE_STATES, {"p_a": (0, "probability"), "p_b": (0, "probability")})
    starts = np.array([(0.3, 0.7, 0.0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.3, 0.5)])
    drawn = {"p_a": starts[:, 0], "p_b": starts[:, 1]}
    chosen = {"within_cycle_correction": correction, "discount_rate_costs": 0.03, "discount_rate_outcomes": 0.01}
    result = run(model, chosen, draws=drawn)
    for outcome in ("cost", "qaly", "life_years"):
        values = result.total(outcome, "only")
        np.testing.assert_allclose(starts @ values[1:4], values, rtol=EXACT)


def test_starts_that_differ_by_strategy():
    """Difference between the arms = difference of the starts times the values of the states."""
    body = THREE_STATES.replace("{a: p_a, b: p_b, c: rest}", "{a: rest, b: 0.2 * arm, c: 0.1 * arm * p_a}")
    arms = {"one": {"arm": 0}, "two": {"arm": 1}, "three": {"arm": 2}}
    result = run(build(body, {"p_a": (1, "probability")}, strategies=arms))
    single = build(THREE_STATES, {"p_a": (0, "probability"), "p_b": (0, "probability")})
    values = run(single, draws={"p_a": np.array([1, 0, 0]), "p_b": np.array([0, 1, 0])})
    for outcome in ("cost", "qaly", "life_years"):
        a, b, c = values.total(outcome, "only")
        for name, arm in (("two", 1), ("three", 2)):
            difference = total(result, outcome, name) - total(result, outcome, "one")
            assert difference == pytest.approx(arm * (0.2 * (b - a) + 0.1 * (c - a)), rel=1e-10)


# --- classes and births ----------------------------------------------------------------------

CLASSES = ("true_positive", "false_negative", "false_positive", "true_negative", "not_screened")
shares = st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 1))


@examples(60)
@given(st.lists(st.tuples(shares, shares, shares, shares), min_size=1, max_size=5), st.data())
def test_classes_add_up_to_births(rows, data):
    model = _SCREENING
    names = ("prevalence", "uptake", "sensitivity", "specificity")
    drawn = dict(zip(names, np.array(rows).T, strict=True))
    fixed = data.draw(st.sampled_from(names))
    del drawn[fixed]
    scenario = {
        "overrides": {fixed: data.draw(shares)},
        "choices": {"confirm": data.draw(st.sampled_from(("gene", "enzyme")))},
    }
    result = run(model, draws=drawn, **scenario)
    by_class = {name: result.class_probability(name) for name in CLASSES}
    np.testing.assert_allclose(sum(by_class.values()), 1, rtol=EXACT)
    assert all((p >= 0).all() for p in by_class.values())
    prevalence = np.broadcast_to(
        result.values["prevalence"] if fixed == "prevalence" else drawn["prevalence"], len(rows)
    )
    np.testing.assert_allclose(result.case_probability(), prevalence[:, None] * np.ones(3), rtol=EXACT, atol=1e-300)
    found = by_class["true_positive"] + by_class["false_negative"]
    assert (found <= result.case_probability() * (1 + EXACT) + 1e-300).all()
    np.testing.assert_allclose(by_class["not_screened"][:, 0], 1, rtol=EXACT)


_SCREENING = build(SCREENING, RATES, strategies=ARMS)


def test_twice_the_births_double_the_totals_and_leave_the_icer(screening):
    once, twice = run(screening), run(screening, overrides={"births": 1_200_000})
    assert once.births == [600_000] and twice.births == [1_200_000]
    for outcome in ("cost", "life_years"):
        per_birth = once.by_strategy(outcome)
        np.testing.assert_array_equal(per_birth, twice.by_strategy(outcome))
        np.testing.assert_array_equal(
            2 * once.births[:, None] * per_birth, twice.births[:, None] * twice.by_strategy(outcome)
        )
    drawn = run(screening, draws={"births": np.array([100.0, 200.0])})
    np.testing.assert_array_equal(drawn.births, [100, 200])


def test_a_class_of_a_branch_holds_for_the_leaves_below_it():
    body = """\
    tree:
      screened:
        p: 0.9
        class: true_negative
        then:
          fine: {p: 0.8}
          surprise: {p: rest, class: incidental}
      not: {p: rest, class: not_screened}
    """
    result = run(build(body))
    found = {c: float(result.class_probability(c)[0, 0]) for c in ("true_negative", "incidental", "not_screened")}
    assert found == pytest.approx({"true_negative": 0.72, "incidental": 0.18, "not_screened": 0.1}, rel=EXACT)


# --- time ------------------------------------------------------------------------------------

AT_3_5 = {"discount_rate_costs": 0.035, "discount_rate_outcomes": 0.015}


def test_branch_payoffs_are_discounted_from_their_time():
    body = """\
    outcomes: {events: {label: Events, unit: events, discounted_as: none}}
    tree:
      everyone:
        p: 1
        payoffs:
          - {outcome: cost, value: 100}
          - {outcome: cost, value: 100, at: 2.5}
          - {outcome: qaly, value: -0.1, at: when}
          - {outcome: events, value: 3, at: when}
    """
    result = run(build(body, {"when": (4, "years")}), AT_3_5)
    assert total(result, "cost") == pytest.approx(100 + 100 * 1.035**-2.5, rel=EXACT)
    assert total(result, "cost", discounted=False) == pytest.approx(200, rel=EXACT)
    assert total(result, "qaly") == pytest.approx(-0.1 * 1.015**-4, rel=EXACT)
    assert total(result, "events") == 3


DELAYED = """\
tree:
  everyone: {p: 1, cohort: life, start: living, delay: wait}
cohorts:
  life:
    start_age: 3
    cycles: {length: 1 year, count: COUNT}
    states: {living: {}}
    payoffs:
      - {in: alive, outcome: cost, component: age, per: year, value: age}
      - {in: alive, outcome: cost, component: time, per: year, value: time}
      - {starting_in: alive, outcome: cost, component: start, value: 100}
"""


def test_a_year_of_tree_and_a_year_of_cohort():
    """The year lived is the second: counted at its start 1/1.035, at its end 1/1.035^2."""
    model = build(DELAYED.replace("COUNT", "1"), {"wait": (1, "years")})
    for timing, factor in (("start", 1.035**-1), ("mid", 1.035**-1.5), ("end", 1.035**-2), ("year_step", 1.035**-1)):
        result = run(model, {"discount_rate_outcomes": 0.035, "discount_timing": timing})
        assert total(result, "life_years") == pytest.approx(factor, rel=EXACT)
        assert total(result, "life_years", discounted=False) == pytest.approx(1, rel=EXACT)
    result = run(model, AT_3_5)
    assert total(result, "cost", component="start") == pytest.approx(100 / 1.035, rel=EXACT)


def test_a_delay_shifts_age_time_and_the_discount_schedule():
    steps = [{"from_year": 0, "rate": 0.05}, {"from_year": 3, "rate": 0.01}]
    model = build(DELAYED.replace("COUNT", "3"), {"wait": (1.5, "years")})
    result = run(model, {"discount_rate_costs": steps, "discount_rate_outcomes": steps})
    factors = [1.05**-1.5, 1.05**-2.5, 1.05**-3 * 1.01**-0.5]  # years start at 1.5, 2.5, 3.5
    assert total(result, "life_years") == pytest.approx(sum(factors), rel=EXACT)
    ages = [4.5, 5.5, 6.5]
    assert total(result, "cost", component="age") == pytest.approx(np.dot(factors, ages), rel=EXACT)
    assert total(result, "cost", component="time") == pytest.approx(np.dot(factors, [1.5, 2.5, 3.5]), rel=EXACT)


def test_a_delay_may_differ_by_draw_and_strategy():
    body = DELAYED.replace("COUNT", "2").replace("delay: wait", "delay: wait * slow")
    model = build(body, {"wait": (1, "years")}, strategies={"quick": {"slow": 1}, "late": {"slow": 3}})
    result = run(model, AT_3_5, draws={"wait": np.array([0, 0.5, 2])})
    for strategy, slow in (("quick", 1), ("late", 3)):
        delay = slow * np.array([0, 0.5, 2])
        np.testing.assert_allclose(result.total("life_years", strategy), 1.015**-delay * (1 + 1 / 1.015), rtol=EXACT)


# --- what a leaf hands over, and subtrees ----------------------------------------------------


def test_leaves_hand_numbers_to_the_cohort():
    body = """\
    derived: {h_death: 0.1 * severity}
    tree:
      mild: {p: 0.6, cohort: life, start: living, with: {severity: 1, price: 10}}
      severe: {p: rest, cohort: life, start: living, with: {severity: 3 * worse, price: 20 + fee}}
    cohorts:
      life:
        cycles: {length: 1 year, count: 4}
        receives: [severity, price]
        states: {living: {}, dead: {dead: true}}
        transitions: {living: {dead: {hazard: h_death}}}
        payoffs: [{in: alive, outcome: cost, per: year, value: price * severity}]
    """
    arms = {"one": {"worse": 1}, "two": {"worse": 2}}
    result = run(build(body, {"fee": (5, "GBP")}, strategies=arms))
    for name, worse in (("one", 1), ("two", 2)):
        mild, severe = (np.exp(-0.1 * s * np.arange(4)).sum() for s in (1, 3 * worse))
        assert total(result, "life_years", name) == pytest.approx(0.6 * mild + 0.4 * severe, rel=EXACT)
        cost = 0.6 * mild * 10 + 0.4 * severe * 25 * 3 * worse
        assert total(result, "cost", name) == pytest.approx(cost, rel=EXACT)


def test_a_subtree_may_be_used_again():
    body = """\
    tree:
      high: {p: 0.1, then: confirm, payoffs: [{outcome: cost, value: 7}]}
      low: {p: rest, then: {again: {p: 0.5, then: confirm}, no: {p: rest}}}
    subtrees:
      confirm:
        yes: {p: 0.8, payoffs: [{outcome: cost, value: 100}], cohort: life, start: living}
        no: {p: rest, payoffs: [{outcome: cost, value: 30}]}
    cohorts:
      life: {cycles: {length: 1 year, count: 2}, states: {living: {}}}
    """
    result = run(build(body), keep_trace=True)
    through = 0.1 + 0.9 * 0.5
    assert total(result, "cost") == pytest.approx(0.1 * 7 + through * (80 + 6), rel=EXACT)
    assert total(result, "life_years") == pytest.approx(2 * through * 0.8, rel=EXACT)
    assert occupancy(result)["living"] == pytest.approx(through * 0.8, rel=EXACT)
    assert [" > ".join(b.name for b in leaf.path) for leaf in result.leaves] == [
        "high > yes", "high > no", "low > again > yes", "low > again > no", "low > no"
    ]  # fmt: skip


def test_a_cohort_that_nobody_enters_has_an_empty_trace():
    body = {
        "tree": {"some": {"p": "share", "cohort": "life", "start": "living"}, "others": {"p": "rest"}},
        "cohorts": {"life": {"cycles": years(3), "states": {"living": {}}}},
    }
    model = build(body, {"share": (0, "probability")})
    result = run(model, keep_trace=True)
    assert result.trace("life").shape == (1, 1, 4, 1)
    assert total(result, "life_years") == 0 and not result.trace("life").any()
    drawn = run(model, draws={"share": np.array([0, 0.25])}, keep_trace=True, block=1)
    np.testing.assert_array_equal(drawn.trace("life")[:, 0, -1, 0], [0, 0.25])


def test_life_years_are_always_reported():
    """E14: with no payoff at all, and whatever the perspective."""
    model = build(one_cohort({"cycles": years(7), "states": {"living": {}, "dead": {"dead": True}}}))
    assert total(run(model), "life_years") == 7
    assert total(run(model, PLAIN | {"perspectives": ["societal"]}), "life_years") == 7
    assert total(run(model), "qaly") == 0
