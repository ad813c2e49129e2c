"""Families in the UK model: the base case does not know of them, and what they add follows from the trace."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nbsmodel
from nbsmodel.report.perspective_words import longer_life_as_harm

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "sma"
FURTHER = ("carer", "education", "productivity")


@pytest.fixture(scope="module")
def model():
    return nbsmodel.load_model(ROOT / "models" / "sma" / "uk")


@cache
def ran(name, *sets):
    return nbsmodel.run(CONFIGS / f"{name}.yaml", sets, write=False)


def without_families(model):
    def ours(payoffs):
        return tuple(p for p in payoffs if p.account.perspective not in FURTHER)

    course = model.cohorts["course"]
    course = replace(
        course, state_payoffs=ours(course.state_payoffs), start_payoffs=ours(course.start_payoffs),
        move_payoffs=ours(course.move_payoffs),
    )  # fmt: skip
    return replace(model, perspectives=model.perspectives[:1], cohorts={"course": course})


@pytest.mark.parametrize("option", ["none", "at_death", "for_life"])
def test_families_leave_the_base_case_as_it_was_to_the_last_bit(model, option):
    bare = without_families(model)
    draws = model.parameters.draws(100, seed=5)
    for given in (None, draws):
        with_, none = nbsmodel.evaluate(model, given, choices={"bereavement": option}), nbsmodel.evaluate(bare, given)
        assert {a for a, _ in with_.sums if a.perspective not in FURTHER} == {a for a, _ in none.sums}
        for key, sums in none.sums.items():
            np.testing.assert_array_equal(with_.sums[key], sums)
        for outcome in model.outcomes:
            np.testing.assert_array_equal(with_.by_strategy(outcome), none.by_strategy(outcome))


def test_no_input_of_families_is_drawn(model):
    uncertain = {name for name, row in model.parameters.rows.items() if row.uncertain}
    assert not uncertain & {"carers", "c_wage_week", "c_schooling", "qaly_lost_at_death", "du_carer_sitting"}


def test_carers_follow_from_the_trace(model):
    """Years in each state until parents die, times two parents times the decrement of the state."""
    plain = {"discount_rate_outcomes": 0, "discount_timing": "start", "within_cycle_correction": "start"}
    result = nbsmodel.evaluate(model, settings=plain, keep_trace=True)
    trace, states = result.trace("course")[0], result.states("course")
    lengths = np.array([0.5] * 6 + [1.0] * 97)
    young = np.cumsum(lengths) - lengths < 50
    lost = {"permanent_ventilation": 0.15, "not_sitting": 0.15, "sitting": 0.1, "walking": 0.0}
    expected = sum(
        2 * loss * (trace[:, :-1, states.index(state)] * lengths * young).sum(axis=1) for state, loss in lost.items()
    )
    np.testing.assert_allclose(result.by_strategy("qaly", perspectives=["carer"])[0], -expected, rtol=1e-10)


def test_a_death_costs_each_parent_what_was_measured(model):
    plain = {"discount_rate_outcomes": 0}
    result = nbsmodel.evaluate(model, settings=plain, choices={"bereavement": "at_death"}, keep_trace=True)
    trace = result.trace("course")[0][:, :, result.states("course").index("dead")]
    row = 6 + (50 - 3)  # half years to age 3, then years: those who die before the child would be fifty
    booked = {a.component: v for (a, d), v in result.sums.items() if a.perspective == "carer" and d}
    np.testing.assert_allclose(booked["bereavement"][0], -2 * 1.1 * trace[:, row], rtol=1e-10)


def test_lost_earnings_are_hours_times_wage(model):
    one = nbsmodel.evaluate(model)
    dearer = nbsmodel.evaluate(model, overrides={"c_wage_week": 2 * 766.60})
    earnings = [r.by_strategy("cost", perspectives=["productivity"])[0] for r in (one, dearer)]
    np.testing.assert_allclose(earnings[1], 2 * earnings[0], rtol=1e-12)
    year = 37.5 * 766.60 / 37.5 * 52
    years = nbsmodel.evaluate(
        model, overrides={"hours_lost_sitting": 0, "hours_lost_ventilated": 0}, settings={"discount_rate_costs": 0}
    )
    lost = years.by_strategy("cost", perspectives=["productivity"])[0] / year / 1e-4
    assert ((lost > 0) & (lost < 36)).all()


def test_the_configs_count_what_they_say():
    base, carers, societal = (ran(n) for n in ("uk_base_case", "uk_carers", "uk_societal"))
    assert base.scenario.choices["bereavement"] == "none" and carers.scenario.choices["bereavement"] == "at_death"
    for outcome in ("cost", "qaly"):
        health = [o.result.by_strategy(outcome, perspectives=["health_system"])[0] for o in (base, carers, societal)]
        np.testing.assert_array_equal(health[0], health[1])
        np.testing.assert_array_equal(health[0], health[2])
    assert [d[0] for d in carers.scenario.departures()] == ["perspectives"]
    gains = [o.tables["pairwise"]["inc_qaly"][0] for o in (base, carers, societal)]
    assert gains[0] < gains[1] == gains[2]
    saved = [-o.tables["pairwise"]["inc_cost"][0] for o in (base, carers, societal)]
    assert saved[0] == saved[1] < saved[2]


def test_screening_spares_carers_and_no_warning_is_due():
    for name in ("uk_base_case", "uk_carers", "uk_societal"):
        output = ran(name)
        assert longer_life_as_harm(output.scenario, output.tables) == []
    table = ran("uk_base_case").tables["perspectives"]
    carer = table[(table["kind"] == "adds") & (table["row"] == "carer")].iloc[0]
    assert 0.02 < carer["inc_qaly_per_case"] < 6.9  # between the two published gains, which other models made


def test_the_trap_shows_where_walkers_burden_as_much():
    same = ["overrides.du_carer_walking=0.15", "overrides.du_carer_sitting=0.15"]
    trapped, freed = ran("uk_base_case", *same), ran("uk_base_case", *same, "choices.bereavement=for_life")
    (warning,) = longer_life_as_harm(trapped.scenario, trapped.tables)
    assert "bereavement stands at “none”; look at “at death” and “for life”" in warning
    assert longer_life_as_harm(freed.scenario, freed.tables) == []
