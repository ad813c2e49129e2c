"""Amounts by year since birth: years add up to the undiscounted totals, and nothing else changes."""

import numpy as np
import pytest
from engine_models import build, one_cohort, run, years
from hypothesis import given
from random_models import cases, examples

import nbsmodel
from nbsmodel.config.settings import Settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.simulation import Simulation
from nbsmodel.model.parts import COST, LIFE_YEARS, Account

TOTAL = Account(COST, "total", "health_system")
LIVED = Account(LIFE_YEARS, "total", "all")


def by_year(result, account=TOTAL):
    return result.by_year[account][0, 0].tolist()


def simple(count=4, length="1 year", payoffs=(), **more):
    return one_cohort(
        {
            "cycles": {"length": length, "count": count},
            "states": {"living": {}, "dead": {"dead": True}},
            "transitions": {"living": {"dead": {"probability": 0.5, "per": "cycle"}}},
            "payoffs": list(payoffs),
        },
        **more,
    )


@examples(20)
@given(cases())
def test_all_years_add_up_to_the_undiscounted_totals(case):
    reach = 60  # longer than any random model lasts, delays included
    plain, cut = case.run(case.draws), case.run(case.draws, years=reach)
    for account, discounted in plain.sums:
        np.testing.assert_array_equal(cut.sums[account, discounted], plain.sums[account, discounted])
        if not discounted:
            whole = cut.by_year[account].sum(axis=-1)
            np.testing.assert_allclose(whole, plain.sums[account, False], rtol=1e-9, atol=1e-8, err_msg=str(account))
    assert not plain.by_year and all(np.shape(a)[-1] == reach for a in cut.by_year.values())


@examples(10)
@given(cases())
def test_blocks_and_threads_change_no_bit(case):
    together, apart = case.run(case.draws, years=3), case.run(case.draws, years=3, block=1, threads=2)
    for account, amounts in together.by_year.items():
        np.testing.assert_array_equal(amounts, apart.by_year[account])


@examples(10)
@given(cases())
def test_a_shorter_look_is_the_beginning_of_a_longer_one(case):
    short, long = case.run(years=2), case.run(years=5)
    for account, amounts in short.by_year.items():
        np.testing.assert_array_equal(amounts, long.by_year[account][..., :2])


def test_time_in_a_state_by_hand():
    lived = [{"in": "living", "outcome": "cost", "value": 100, "per": "year"}]
    model = build(simple(payoffs=lived))
    assert by_year(run(model, years=4)) == [100, 50, 25, 12.5]  # each cycle counted with its start
    assert by_year(run(model, {"within_cycle_correction": "life_table"}, years=3)) == [75, 37.5, 18.75]
    assert by_year(run(model, years=3), LIVED) == [1, 0.5, 0.25]


def test_entry_with_a_delay_splits_cycles_at_birthdays():
    lived = [{"in": "living", "outcome": "cost", "value": 100, "per": "year"}]
    spec = simple(payoffs=lived) | {"tree": {"all": {"p": 1, "cohort": "life", "start": "living", "delay": 0.75}}}
    assert by_year(run(build(spec), years=6)) == pytest.approx([25, 87.5, 43.75, 21.875, 9.375, 0])


def test_what_is_paid_per_cycle_is_split_like_time():
    paid = [{"in": "living", "outcome": "cost", "value": 8, "per": "cycle"}]
    spec = simple(count=1, length="4 years", payoffs=paid)
    assert by_year(run(build(spec), years=5)) == [2, 2, 2, 2, 0]


@pytest.mark.parametrize("timing", ["start", "mid", "end", "year_step"])
def test_moves_are_spread_over_their_cycle_whatever_the_timing(timing):
    moved = [{"moving": {"from": "living", "to": "dead"}, "outcome": "cost", "value": 100}]
    found = run(build(simple(payoffs=moved)), {"discount_timing": timing}, years=3)
    assert by_year(found) == [50, 25, 12.5]  # the deaths of the first cycle are those of the first year


def test_what_happens_at_an_instant_belongs_to_its_year():
    spec = simple(payoffs=[{"starting_in": "living", "outcome": "cost", "value": 7}])
    spec["tree"] = {
        "all": {
            "p": 1, "cohort": "life", "start": "living", "delay": 2,
            "payoffs": [
                {"outcome": "cost", "value": 1},
                {"outcome": "cost", "value": 10, "at": "11/12"},
                {"outcome": "cost", "value": 100, "at": 1},
            ],
        }
    }  # fmt: skip
    assert by_year(run(build(spec), years=4)) == [11, 100, 7, 0]


def test_payoffs_that_depend_on_a_clock():
    """Everybody falls ill after a year; illness costs 1, 2, 3, ... in its first, second, third year."""
    spec = one_cohort(
        {
            "cycles": years(6),
            "states": {"living": {}, "ill": {}},
            "transitions": {"living": {"ill": {"probability": 1, "per": "cycle"}}},
            "payoffs": [{"in": "ill", "outcome": "cost", "value": "1 + time_in_state", "per": "year"}],
        }
    )
    assert by_year(run(build(spec), years=5)) == [0, 1, 2, 3, 4]


def test_other_perspectives_are_given_apart():
    paid = [
        {"in": "living", "outcome": "cost", "value": 100, "per": "year"},
        {"in": "living", "outcome": "cost", "value": 30, "per": "year", "perspective": "societal"},
    ]
    found = run(build(simple(payoffs=paid)), years=2)
    assert by_year(found) == [100, 50] and by_year(found, Account(COST, "total", "societal")) == [30, 15]


def test_compiled_and_uncompiled_recursions_agree(monkeypatch):
    lived = [
        {"in": "living", "outcome": "cost", "value": "100 * (1 + age)", "per": "year"},
        {"moving": {"from": "living", "to": "dead"}, "outcome": "cost", "value": "age"},
    ]
    model = build(simple(count=50, length="1 month", payoffs=lived))
    monkeypatch.setattr("nbsmodel.engine.cohort.worth_it", lambda numbers: False)
    plain = run(model, years=4).by_year[TOTAL]
    monkeypatch.setattr("nbsmodel.engine.cohort.worth_it", lambda numbers: True)
    np.testing.assert_allclose(run(model, years=4).by_year[TOTAL], plain, rtol=1e-13)


def test_years_go_neither_with_detail_nor_with_simulated_children():
    model = build(simple())
    with pytest.raises(ValueError, match="by the cohort engine"):
        run(model, years=2, detail=True)
    with pytest.raises(ValueError, match="by the cohort engine"):
        evaluate(model, settings=Settings(), simulation=Simulation(10), years=2)
    assert nbsmodel.evaluate(model).by_year == {}
