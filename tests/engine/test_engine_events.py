"""Events: counted once and whole, whatever the within-cycle correction."""

import math

import numpy as np
import pytest
from engine_models import CORRECTIONS, PLAIN, TIMINGS, build, one_cohort, run, total, years

EXACT = 1e-12
EVENTS = {
    "move": {"moving": {"from": "here", "to": "there"}},
    "entry": {"entering": "there"},
    "entry_at_start": {"entering": "here"},
    "start": {"starting_in": "here"},
    "start_alive": {"starting_in": "alive"},
}


def certain(cycles=None, probability=1, payoffs=EVENTS):
    """Everybody moves on in the first cycle."""
    return one_cohort(
        {
            "cycles": cycles or years(10),
            "states": {"here": {}, "there": {}, "dead": {"dead": True}},
            "transitions": {"here": {"there": {"probability": probability, "per": "cycle"}},
                            "there": {"dead": {"hazard": 0.2}}},
            "payoffs": [{"outcome": "cost", "component": name, "value": 100} | kind for name, kind in payoffs.items()],
        },
        "here",
    )  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return build(certain())


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("timing", TIMINGS)
def test_a_certain_event_costs_what_it_costs(model, correction, timing):
    """E1, E7: also where people die in the first cycle after it."""
    result = run(model, {"within_cycle_correction": correction, "discount_timing": timing})
    for event in EVENTS:
        assert total(result, "cost", component=event) == 100


@pytest.mark.parametrize("correction", [c for c in CORRECTIONS if c != "simpson"])
def test_a_certain_event_in_cycles_of_different_lengths(correction):
    cycles = [{"length": "1 week", "count": 3}, {"length": "1 month", "count": 2}, {"length": "1 year", "count": 2}]
    result = run(build(certain(cycles)), {"within_cycle_correction": correction})
    for event in EVENTS:
        assert total(result, "cost", component=event) == 100


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_events_spread_over_cycles_add_up(correction):
    """Half of those left move in each of ten cycles."""
    result = run(build(certain(probability=0.5)), {"within_cycle_correction": correction})
    assert total(result, "cost", component="move") == pytest.approx(100 * (1 - 0.5**10), rel=EXACT)


def test_the_legacy_rule_of_darth_multiplies_events_on_transitions(model):
    """The one exception: the weight of the row that the event leads to, 2/3 for row 1; starts are whole."""
    result = run(model, {"within_cycle_correction": "darth_simpson"})
    found = {event: total(result, "cost", component=event) for event in EVENTS}
    expected = {"move": 200 / 3, "entry": 200 / 3, "entry_at_start": 100, "start": 100, "start_alive": 100}
    assert found == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("timing", "at"), [("start", 0), ("mid", 0.5), ("end", 1), ("year_step", 0)])
def test_when_events_are_discounted(model, timing, at):
    """Moves at the cycle's instant, entries at the start of the cohort at its time 0."""
    for correction in ("half_cycle", "life_table", "end"):
        chosen = {"discount_timing": timing, "discount_rate_costs": 0.1, "within_cycle_correction": correction}
        result = run(model, chosen)
        assert total(result, "cost", component="move") == pytest.approx(100 * 1.1**-at, rel=EXACT)
        assert total(result, "cost", component="entry") == pytest.approx(100 * 1.1**-at, rel=EXACT)
        for event in ("entry_at_start", "start", "start_alive"):
            assert total(result, "cost", component=event) == 100


def test_entry_costs_of_a_mixed_start_and_of_later_arrivals():
    """`entering` counts those who start there and those who come; `starting_in` only the first."""
    cohort = {
        "cycles": years(2),
        "states": {"well": {}, "ill": {}},
        "transitions": {"well": {"ill": {"probability": 0.5}}, "ill": {"well": {"probability": 0.2}}},
        "payoffs": [
            {"entering": "ill", "outcome": "cost", "component": "entering", "value": "10 + age"},
            {"starting_in": "ill", "outcome": "cost", "component": "starting", "value": "10 + age"},
        ],
        "start_age": 4,
    }
    result = run(build(one_cohort(cohort, {"well": 0.7, "ill": "rest"})))
    second = 0.7 * 0.5 + 0.3 * 0.2  # well at row 1
    assert total(result, "cost", component="starting") == pytest.approx(0.3 * 14, rel=EXACT)
    assert total(result, "cost", component="entering") == pytest.approx(
        0.3 * 14 + 0.35 * 14 + 0.5 * second * 15, rel=EXACT
    )


def test_moving_from_alive_counts_every_death_once():
    cohort = {
        "cycles": years(30),
        "states": {"dead": {"dead": True}, "well": {}, "ill": {}},
        "transitions": {"well": {"ill": {"hazard": 0.3}, "dead": {"hazard": 0.1}}, "ill": {"dead": {"hazard": 0.4}}},
        "payoffs": [{"moving": {"from": "alive", "to": "dead"}, "outcome": "deaths", "value": 1}],
    }
    spec = one_cohort(cohort, "well", outcomes={"deaths": {"label": "Deaths", "unit": "people"}})
    result = run(build(spec), keep_trace=True)
    assert total(result, "deaths") == pytest.approx(result.trace("life")[0, 0, -1, 0], rel=EXACT)
    assert total(result, "deaths") > 0.99


def test_a_move_payoff_uses_the_clock_of_the_state_that_is_left():
    cohort = {
        "cycles": years(5),
        "states": {"ill": {}, "dead": {"dead": True}},
        "transitions": {"ill": {"dead": {"hazard": 0.3}}},
        "payoffs": [{"moving": {"from": "ill", "to": "dead"}, "outcome": "cost", "value": "10 * time_in_state + age"}],
    }
    result = run(build(one_cohort(cohort, "ill")))
    dying = np.exp(-0.3 * np.arange(5)) * -math.expm1(-0.3)
    assert total(result, "cost") == pytest.approx(11 * dying @ np.arange(5), rel=EXACT)


def test_detail_shows_every_event_where_it_leads(model):
    result = run(model, PLAIN, detail=True)
    amounts = result.details["life"].amounts["cost", False][:, :, 0]
    expected = np.zeros((11, 3))
    expected[0, 0] = 300  # entering at the start, starting in here, starting alive
    expected[1, 1] = 200  # moving there, entering there
    np.testing.assert_array_equal(amounts, expected)
