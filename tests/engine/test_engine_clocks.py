"""Time in state, declared clocks and tunnels."""

import math

import numpy as np
import pytest
from engine_models import CORRECTIONS, TIMINGS, build, occupancy, one_cohort, run, total, years

import nbsmodel

EXACT = 1e-12
N = 12

# --- against a hand-made tunnel expansion ----------------------------------------------------


def ill_hazard(t):
    return 0.3 * math.exp(-0.2 * t)


def ill_death(t):
    return 0.05 * (1 + t) / (2 + t)


def worse_death(t):
    return 0.1 + 0.02 * t


CYCLES = [{"length": "6 months", "count": 4}, {"length": "1 year", "count": N - 4}]
TIMES = [0.5 * min(k, 4) + max(k - 4, 0) for k in range(N + 1)]
#: Cycle of entry and cycle now: the time in between.
SINCE = [[TIMES[now] - TIMES[then] for now in range(N + 1)] for then in range(N + 1)]


def with_clocks():
    """People fall ill, recover and fall ill again; what happens depends on the time since."""
    return {
        "cycles": CYCLES,
        "states": {"well": {}, "ill": {}, "worse": {}, "dead": {"dead": True}},
        "clocks": {"sick": {"runs_in": ["ill", "worse"]}},
        "transitions": {
            "well": {"ill": {"hazard": 0.4}, "dead": {"hazard": 0.01}},
            "ill": {
                "worse": {"hazard": "0.3 * exp(-0.2 * time_in_state)"},
                "well": {"probability": 0.25, "per": "cycle"},
                "dead": {"probability": "0.05 * (1 + time_in_state) / (2 + time_in_state)"},
            },
            "worse": {"dead": {"hazard": "0.1 + 0.02 * sick"}},
        },
        "payoffs": [
            {"in": "ill", "outcome": "qaly", "per": "year", "value": "0.8 - 0.01 * time_in_state"},
            {"in": "worse", "outcome": "qaly", "per": "year", "value": "0.4 - 0.02 * sick"},
            {"in": "alive", "outcome": "cost", "component": "care", "per": "cycle", "value": "10 + age"},
            {"entering": "ill", "outcome": "cost", "component": "visit", "value": 50},
            {"moving": {"from": "ill", "to": "worse"}, "outcome": "cost", "component": "move", "value": "7 * sick"},
            {"moving": {"from": "alive", "to": "dead"}, "outcome": "cost", "component": "death", "value": 3},
        ],
    }  # fmt: skip


def by_hand():
    """The same with a state for each cycle of entry, and the cycle now from the calendar."""
    states = {"well": {}, "dead": {"dead": True}}
    transitions = {"well": {"dead": {"hazard": 0.01}}}
    payoffs = [{"in": "alive", "outcome": "cost", "component": "care", "per": "cycle", "value": "10 + age"}]
    for then in range(N + 1):
        ill, worse = f"ill{then}", f"worse{then}"
        states |= {ill: {}, worse: {}}
        to_ill = 0.4 if then else 0
        transitions["well"][ill] = {"hazard": f"{to_ill} if cycle == {then - 1} else 0"}
        since = f"(time - {TIMES[then]})"
        now = f"({' + '.join(f'{SINCE[then][k]} * (cycle == {k})' for k in range(then, N + 1))})"
        transitions[ill] = {
            worse: {"hazard": f"0.3 * exp(-0.2 * {since})"},
            "well": {"probability": 0.25, "per": "cycle"},
            "dead": {"probability": f"0.05 * (1 + {now}) / (2 + {now}) if cycle >= {then} else 0"},
        }
        transitions[worse] = {"dead": {"hazard": f"0.1 + 0.02 * {now}"}}
        payoffs += [
            {"entering": ill, "outcome": "cost", "component": "visit", "value": 50},
            {"moving": {"from": ill, "to": worse}, "outcome": "cost", "component": "move", "value": f"7 * {since}"},
            {"moving": {"from": [ill, worse], "to": "dead"}, "outcome": "cost", "component": "death", "value": 3},
            {"in": ill, "outcome": "qaly", "per": "year", "value": f"0.8 - 0.01 * {now}"},
            {"in": worse, "outcome": "qaly", "per": "year", "value": f"0.4 - 0.02 * {now}"},
        ]
    payoffs.append({"moving": {"from": "well", "to": "dead"}, "outcome": "cost", "component": "death", "value": 3})
    return {"cycles": CYCLES, "states": states, "transitions": transitions, "payoffs": payoffs}  # fmt: skip


@pytest.fixture(scope="module")
def both():
    start = {"well": 0.6, "ill": "rest"}
    declared = build(one_cohort(with_clocks(), start))
    expanded = build(one_cohort(by_hand(), {"well": 0.6, "ill0": "rest"}))
    return declared, expanded


@pytest.mark.parametrize("correction", ["start", "half_cycle"])
@pytest.mark.parametrize("timing", TIMINGS)
def test_time_in_state_equals_a_tunnel_for_every_cycle_of_entry(both, correction, timing):
    """Corrections that value a row at its own cycle; the calendar of the expansion follows the clock."""
    chosen = {"within_cycle_correction": correction, "discount_timing": timing}
    chosen |= {"discount_rate_costs": 0.035, "discount_rate_outcomes": 0.015}
    declared, expanded = (run(model, chosen, keep_trace=True) for model in both)
    for row in range(N + 1):
        there = occupancy(expanded, row=row)
        summed = {s: sum(m for name, m in there.items() if name.rstrip("0123456789") == s)
                  for s in ("well", "ill", "worse", "dead")}  # fmt: skip
        assert occupancy(declared, row=row) == pytest.approx(summed, rel=EXACT, abs=1e-16)
    for outcome in ("cost", "qaly", "life_years"):
        for discounted in (True, False):
            expected = total(expanded, outcome, discounted=discounted)
            assert total(declared, outcome, discounted=discounted) == pytest.approx(expected, rel=EXACT)
    for component in ("care", "visit", "move", "death"):
        expected = total(expanded, "cost", component=component)
        assert expected > 0
        assert total(declared, "cost", component=component) == pytest.approx(expected, rel=EXACT)


def test_the_expansion_is_what_people_do_by_hand(both):
    """The trace of the declared model against a recursion over (entry, now) written out."""
    ill, worse = np.zeros((N + 1, N + 1)), np.zeros((N + 1, N + 1))  # by entry of the illness
    well, dead = 0.6, 0.0
    ill[0, 0] = 0.4
    declared = run(both[0], keep_trace=True)
    for k in range(N):
        dt = TIMES[k + 1] - TIMES[k]
        gone = well * -math.expm1(-0.41 * dt)
        well, ill[k + 1, k + 1], dead = well - gone, gone * 0.4 / 0.41, dead + gone * 0.01 / 0.41
        for then in range(k + 1):
            t = SINCE[then][k]
            on = math.exp(-ill_hazard(t) * dt)
            worse[then, k + 1] += ill[then, k] * (1 - on) + worse[then, k] * math.exp(-worse_death(t) * dt)
            dead += worse[then, k] * -math.expm1(-worse_death(t) * dt) + ill[then, k] * on * ill_death(t)
            well += ill[then, k] * on * 0.25
            ill[then, k + 1] += ill[then, k] * on * (1 - 0.25 - ill_death(t))
        expected = {"well": well, "ill": ill[:, k + 1].sum(), "worse": worse[:, k + 1].sum(), "dead": dead}
        assert occupancy(declared, row=k + 1) == pytest.approx(expected, rel=EXACT)


# --- Weibull sojourns ------------------------------------------------------------------------


def sojourn(length, until="60 years", transition=None):
    return {
        "cycles": {"length": length, "until": until},
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "transitions": {
            "well": {"ill": {"hazard": 0.5}},
            "ill": {"dead": transition or {"probability": "weibull_prob(time_in_state, dt, 1.7, 3)"}},
        },
        "payoffs": [
            {"in": "ill", "outcome": "qaly", "per": "year", "value": 1},
            {"entering": "ill", "outcome": "cost", "value": 1},
        ],
    }


def test_weibull_sojourn_from_the_start_is_exact_at_any_cycle():
    for length, n in (("1 year", 8), ("1 month", 96)):
        spec = one_cohort(sojourn(length, "8 years"), "ill")
        trace = run(build(spec), keep_trace=True).trace("life")[0, 0]
        t = 8 * np.arange(n + 1) / n
        np.testing.assert_allclose(trace[:, 1], np.exp(-((t / 3) ** 1.7)), rtol=1e-11, atol=1e-16)


def test_mean_weibull_sojourn_as_cycles_shrink():
    """Mean time ill per person who falls ill tends to 3 Gamma(1 + 1/1.7).

    Who arrives during a cycle is counted from its middle, while the clock starts at its end: half a
    cycle too much, and no more.
    """
    exact = 3 * math.gamma(1 + 1 / 1.7)
    for months, within in ((12, 2e-2), (3, 2e-3), (1, 3e-4)):
        spec = one_cohort(sojourn(f"{months} months"), "well")
        result = run(build(spec), {"within_cycle_correction": "half_cycle"})
        mean = total(result, "qaly") / total(result, "cost")
        assert mean - months / 24 == pytest.approx(exact, abs=within)
    assert mean == pytest.approx(exact, abs=0.05)


def test_weibull_hazard_over_a_cycle_and_weibull_probability_agree():
    mean = {"hazard": "weibull_mean_hazard(time_in_state, dt, 1.7, 3)"}
    one, other = (run(build(one_cohort(sojourn("3 months", "10 years", t), "well"))) for t in (None, mean))
    assert total(one, "life_years") == pytest.approx(total(other, "life_years"), rel=EXACT)


# --- when a clock runs -----------------------------------------------------------------------


def one_way_round(cycles, **more):
    """Certain moves: well, ill, worse, well, ill, ... one state a cycle."""
    certain = {"probability": 1}
    return {
        "cycles": cycles,
        "states": {"well": {}, "ill": {}, "worse": {}},
        "clocks": {"sick": {"runs_in": ["ill", "worse"]}, "any_time": {"runs_in": ["well", "ill", "worse"]}},
        "transitions": {"well": {"ill": certain}, "ill": {"worse": certain}, "worse": {"well": certain}},
        "payoffs": [{"in": ["well", "ill", "worse"], "outcome": "cost", "component": name, "per": "cycle",
                     "value": f"{name} * 1000 ** cycle"} for name in ("sick", "any_time", "time_in_state")],
    } | more  # fmt: skip


def test_a_clock_runs_on_within_its_set_and_starts_again_after_leaving_it():
    """Cycle by cycle: well, ill, worse, well, ill, worse. Each cycle's clock has its own three digits."""
    result = run(build(one_cohort(one_way_round(years(6)), "well")))
    digits = {name: total(result, "cost", component=name) for name in ("sick", "any_time", "time_in_state")}
    places = 1000 ** np.arange(6)
    assert digits["sick"] == [0, 0, 1, 0, 0, 1] @ places
    assert digits["any_time"] == [0, 1, 2, 3, 4, 5] @ places
    assert digits["time_in_state"] == 0


def test_a_clock_over_cycles_of_different_lengths():
    cycles = [{"length": "3 months", "count": 2}, {"length": "1 year", "count": 1}, {"length": "2 years", "count": 3}]
    result = run(build(one_cohort(one_way_round(cycles), "ill")))
    places = 1000.0 ** np.arange(6)
    # ill at 0, worse at 0.25, well at 0.5, ill at 1.5, worse at 3.5, well at 5.5
    assert total(result, "cost", component="sick") == pytest.approx([0, 0.25, 0, 0, 2, 0] @ places, rel=EXACT)
    assert total(result, "cost", component="any_time") == pytest.approx(
        [0, 0.25, 0.5, 1.5, 3.5, 5.5] @ places, rel=EXACT
    )


def test_a_clock_is_carried_through_states_that_do_not_use_it():
    """Ill for two cycles, worse for two, then at the end: only there the years since the beginning matter."""
    cohort = {
        "cycles": years(6),
        "states": {"well": {}, "ill": {}, "worse": {}, "end": {}, "dead": {"dead": True}},
        "clocks": {"sick": {"runs_in": ["ill", "worse", "end"]}},
        "transitions": {
            "well": {"ill": {"probability": 0.5}},
            "ill": {"worse": {"probability": "1 if time_in_state >= 1 else 0"}},
            "worse": {"end": {"probability": 0.5}},
            "end": {"dead": {"probability": "0.1 * sick"}},
        },
        "payoffs": [{"in": "end", "outcome": "cost", "per": "cycle", "value": "1000 ** cycle * sick"}],
    }
    result = run(build(one_cohort(cohort, "ill")), keep_trace=True)
    # worse at row 2; half of them at the end from row 3, sick for 3 years, the others a year later
    at_end = [0, 0, 0, 0.5, 0.5 * 0.7 + 0.25, (0.5 * 0.7 + 0.25) * 0.6 + 0.125]
    np.testing.assert_allclose(result.trace("life")[0, 0, :6, 3], at_end, rtol=EXACT)
    assert total(result, "cost") == pytest.approx(1000.0 ** np.arange(6) @ (np.array(at_end) * np.arange(6)), rel=EXACT)


def test_who_stays_and_who_comes_back_are_kept_apart():
    """Half of the ill recover and fall ill again: two clocks in one state."""
    cohort = {
        "cycles": years(3),
        "states": {"well": {}, "ill": {}},
        "transitions": {"well": {"ill": {"probability": 1}}, "ill": {"well": {"probability": 0.5}}},
        "payoffs": [
            {"in": "ill", "outcome": "cost", "per": "cycle", "value": "1000 ** cycle * (1 + 10 * time_in_state)"}
        ],
    }
    result = run(build(one_cohort(cohort, "ill")))
    # row 0: all since 0; row 1: half since 1; row 2: a quarter since 2, and half of all just back
    assert total(result, "cost") == pytest.approx(1 + 1000 * 0.5 * 11 + 1e6 * (0.25 * 21 + 0.5), rel=EXACT)


def test_a_clock_that_does_not_run_in_a_state_stands_at_zero_there():
    """In transitions, payoffs and moves of a state outside its set."""
    cohort = {
        "cycles": years(2),
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "clocks": {"sick": {"runs_in": ["ill"]}},
        "transitions": {
            "well": {"ill": {"hazard": "0.2 + sick"}},
            "ill": {"dead": {"hazard": "0.1 + sick"}},
        },
        "payoffs": [
            {"in": "well", "outcome": "qaly", "per": "year", "value": "1 + sick"},
            {"entering": "ill", "outcome": "cost", "component": "in", "value": "5 + sick"},
            {"starting_in": "well", "outcome": "cost", "component": "start", "value": "2 + sick"},
            {"moving": {"from": "ill", "to": "dead"}, "outcome": "cost", "component": "out", "value": "5 + sick"},
        ],
    }
    result = run(build(one_cohort(cohort, {"well": 0.5, "ill": "rest"})))
    stay, leave = math.exp(-0.2), -math.expm1(-0.2)
    assert total(result, "qaly") == pytest.approx(0.5 * (1 + stay), rel=EXACT)
    assert total(result, "cost", component="in") == pytest.approx(5 * (0.5 + 0.5 * (1 - stay**2)), rel=EXACT)
    assert total(result, "cost", component="start") == pytest.approx(1, rel=EXACT)
    first, second = 0.5 * -math.expm1(-0.1), 0.5 * math.exp(-0.1) * -math.expm1(-1.1)
    arrived = 0.5 * leave * -math.expm1(-0.1)
    assert total(result, "cost", component="out") == pytest.approx(5 * (first + arrived) + 6 * second, rel=EXACT)


def test_clocks_used_through_derived_values():
    cohort = {
        "cycles": years(4),
        "states": {"ill": {}, "dead": {"dead": True}},
        "transitions": {"ill": {"dead": {"hazard": "h"}}},
    }
    spec = one_cohort(cohort, "ill", derived={"h": "base_h * step", "step": "1 if time_in_state < 2 else 3"})
    result = run(build(spec, {"base_h": 0.1}), keep_trace=True)
    assert occupancy(result)["ill"] == pytest.approx(math.exp(-0.1 * (1 + 1 + 3 + 3)), rel=EXACT)


# --- tunnels ---------------------------------------------------------------------------------


def tunnel(cycles, lasts="6 months", transitions=None):
    return {
        "cycles": cycles,
        "states": {"acute": {"tunnel": {"lasts": lasts, "then": "chronic"}}, "chronic": {}, "dead": {"dead": True}},
        "transitions": transitions or {},
        "payoffs": [{"entering": "chronic", "outcome": "cost", "value": 10},
                    {"in": "acute", "outcome": "qaly", "per": "year", "value": 1}],
    }  # fmt: skip


def acute_by_row(cohort, start="acute"):
    result = run(build(one_cohort(cohort, start)), keep_trace=True)
    return result.trace("life")[0, 0, :, 0], result


def test_a_tunnel_lasts_as_long_as_declared():
    inside, result = acute_by_row(tunnel({"length": "1 month", "count": 9}))
    np.testing.assert_array_equal(inside, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    assert total(result, "cost") == 10
    assert total(result, "qaly") == pytest.approx(0.5, rel=EXACT)


def test_a_tunnel_over_cycles_of_different_lengths():
    """Four cycles of a month, or two of a month and one of two months."""
    cycles = [{"length": "1 month", "count": 5}, {"length": "2 months", "count": 4}]
    inside, _ = acute_by_row(tunnel(cycles, "4 months"))
    np.testing.assert_array_equal(inside, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    later = {"chronic": {"acute": {"probability": "1 if cycle == 2 else 0"}}}
    inside, _ = acute_by_row(tunnel(cycles, "4 months", later), "chronic")
    np.testing.assert_array_equal(inside, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0])  # from month 3 to month 7


def test_a_tunnel_that_is_no_whole_number_of_cycles_is_refused():
    with pytest.raises(nbsmodel.InputError, match="is no whole number of cycles"):
        acute_by_row(tunnel({"length": "4 months", "count": 8}))


@pytest.mark.parametrize("way", [{"hazard": 1.2}, {"probability": 0.1}])
def test_who_leaves_a_tunnel_early_and_who_is_left(way):
    """Deaths go on in the last cycle; those whom they leave move on."""
    cohort = tunnel({"length": "1 month", "count": 8}, transitions={"acute": {"dead": way}})
    inside, result = acute_by_row(cohort)
    stay = 0.9 if "probability" in way else math.exp(-0.1)
    np.testing.assert_allclose(inside, [*(stay ** np.arange(6)), 0, 0, 0], rtol=EXACT)
    assert total(result, "cost") == pytest.approx(10 * stay**6, rel=EXACT)
    assert occupancy(result) == pytest.approx({"acute": 0, "chronic": stay**6, "dead": 1 - stay**6}, rel=EXACT)


def test_a_tunnel_entered_later_begins_then():
    transitions = {"chronic": {"acute": {"probability": "1 if cycle == 1 else 0"}}}
    inside, _ = acute_by_row(tunnel({"length": "1 month", "count": 10}, "3 months", transitions), "chronic")
    np.testing.assert_array_equal(inside, [0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_tunnel_equals_states_in_a_row(correction):
    cohort = tunnel({"length": "1 month", "count": 8}, "3 months", {"acute": {"dead": {"hazard": 0.6}}})
    chain = {
        "cycles": {"length": "1 month", "count": 8},
        "states": {"a1": {}, "a2": {}, "a3": {}, "chronic": {}, "dead": {"dead": True}},
        "transitions": {a: {"dead": {"hazard": 0.6}, b: "rest"} for a, b in
                        (("a1", "a2"), ("a2", "a3"), ("a3", "chronic"))},
        "payoffs": [{"entering": "chronic", "outcome": "cost", "value": 10},
                    {"in": ["a1", "a2", "a3"], "outcome": "qaly", "per": "year", "value": 1}],
    }  # fmt: skip
    chosen = {"within_cycle_correction": correction, "discount_rate_costs": 0.03, "discount_rate_outcomes": 0.03}
    one, other = run(build(one_cohort(cohort, "acute")), chosen), run(build(one_cohort(chain, "a1")), chosen)
    for outcome in ("cost", "qaly", "life_years"):
        assert total(one, outcome) == pytest.approx(total(other, outcome), rel=EXACT)
