"""A model cut down to affected children and to all others: the parts add up to the whole."""

import sys
from pathlib import Path

import numpy as np
import pytest

import nbsmodel
from nbsmodel.errors import InputError
from nbsmodel.model.cases import cases_only, has_cases, others_only

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from engine_models import build  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]

TREE = """
    tree:
      tested:
        p: test * 0.8
        payoffs: [{outcome: cost, component: test, value: 7}]
        then: people
      untested: {p: rest, then: people}
    subtrees:
      people:
        ill:
          p: 0.1
          case: true
          payoffs: [{outcome: cost, value: 50}, {outcome: qaly, value: -0.2, at: 2}]
          then:
            early: {p: 0.9 if test else 0.3, payoffs: [{outcome: cost, value: 11}], cohort: sick, start: ill}
            late: {p: rest, cohort: sick, start: ill, delay: 1}
        well: {p: rest, payoffs: [{outcome: qaly, value: -0.001}], cohort: healthy, start: well}
    cohorts:
      sick:
        cycles: {length: 1 year, count: 3}
        states: {ill: {}, dead: {dead: true}}
        transitions: {ill: {dead: {hazard: 0.3}}}
        payoffs:
          - {in: ill, outcome: qaly, value: 0.5, per: year}
          - {in: ill, outcome: cost, value: 100, per: year, perspective: societal}
      healthy:
        cycles: {length: 1 year, count: 5}
        states: {well: {}}
        payoffs: [{in: well, outcome: qaly, value: 1, per: year}]
"""


def small():
    return build(TREE, strategies={"usual": {"test": 0}, "screen": {"test": 1}})


def together(whole, *parts):
    """Every total of the whole is the sum of those of the parts."""
    for key, sums in whole.sums.items():
        added = sum((p.sums.get(key, np.zeros_like(sums)) for p in parts), np.zeros_like(sums))
        np.testing.assert_allclose(added, sums, rtol=1e-12, atol=1e-15, err_msg=str(key))


@pytest.mark.parametrize("settings", [{}, {"discount_rate_outcomes": 0, "within_cycle_correction": "half_cycle"}])
def test_the_parts_add_up(settings):
    model = small()
    together(*(nbsmodel.evaluate(m, settings=settings) for m in (model, cases_only(model), others_only(model))))


def test_the_parts_of_a_shipped_model_add_up_over_draws():
    model = nbsmodel.load_model(ROOT / "models" / "sma" / "uk")
    draws = model.parameters.draws(50, seed=3)
    together(*(nbsmodel.evaluate(m, draws) for m in (model, cases_only(model), others_only(model))))


def test_simulated_children_are_the_same_children():
    model = nbsmodel.load_model(ROOT / "models" / "sma" / "uk_children")
    simulated = {"engine": "microsimulation", "individuals": 2000}
    whole, cases = (nbsmodel.evaluate(m, **simulated) for m in (model, cases_only(model)))
    together(whole, cases, nbsmodel.evaluate(others_only(model)))  # nobody else enters a cohort


def test_a_cohort_of_others_disappears_and_the_test_of_affected_children_stays():
    cases, others = cases_only(small()), others_only(small())
    assert list(cases.cohorts) == ["sick"] and list(others.cohorts) == ["healthy"]
    ours, theirs = nbsmodel.evaluate(cases), nbsmodel.evaluate(others)
    tests = [r.by_strategy("cost", component="test")[0, 1] for r in (ours, theirs)]
    assert tests == pytest.approx([0.8 * 7 * 0.1, 0.8 * 7 * 0.9], rel=1e-12)  # given before the two part
    for result in (ours, theirs):
        assert np.allclose(result.case_probability(), 0.1, rtol=0, atol=1e-15)
        assert sum(leaf.probability for leaf in result.leaves) == pytest.approx(1)
    assert ours.by_strategy("life_years", discounted=False)[0, 0] < 0.1 * 3


def test_what_affected_children_have_by_hand():
    settings = {"discount_rate_outcomes": 0, "discount_timing": "start", "within_cycle_correction": "start"}
    result = nbsmodel.evaluate(cases_only(small()), settings=settings)
    alive = 1 + np.exp(-0.3) + np.exp(-0.6)
    assert result.by_strategy("qaly")[0] == pytest.approx([0.1 * (0.5 * alive - 0.2)] * 2, rel=1e-12)


def test_where_all_are_cases_nothing_is_cut_and_nothing_is_left():
    body = TREE.split("cohorts:")[1]
    model = build("    tree: {all: {p: 1, case: true, cohort: sick, start: ill}}\n    cohorts:" + body)
    whole = nbsmodel.evaluate(model)
    for key, sums in nbsmodel.evaluate(cases_only(model)).sums.items():
        np.testing.assert_array_equal(sums, whole.sums[key])
    assert not nbsmodel.evaluate(others_only(model)).by_strategy("qaly").any()


def test_a_model_that_does_not_say_who_is_affected_is_refused():
    model = build("    tree: {all: {p: 1, payoffs: [{outcome: cost, value: 1}]}}\n")
    assert not has_cases(model)
    with pytest.raises(InputError, match="case: true"):
        cases_only(model)
