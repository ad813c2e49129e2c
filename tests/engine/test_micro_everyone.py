"""Only those are simulated who enter a cohort: the same as simulating everyone, with less noise.

Of 100 babies 30 have the condition; the test is imperfect. The simulation of the affected, weighted, with exact
arithmetic for all others, is held against the cohort engine, against the same model in which the unaffected live
in a cohort of their own, and against everyone one by one in plain NumPy.
"""

import copy
from functools import cache

import numpy as np
import pytest
from micro_models import PARAMETERS, SETTINGS, model_of, pooled, screening, simulated

import nbsmodel

YEARS = 20
HEALTHY = sum(1.01**-t for t in range(YEARS))
BABIES = 200_000


def body():
    """The small screening model without attributes; being healthy is worth a QALY a year, and false alarms cost."""
    found = copy.deepcopy(screening())
    del found["attributes"]
    course = found["cohorts"]["course"]
    course["transitions"]["well"]["ill"]["hazard"] = "h_ill * (0.5 if early else 1)"
    course["payoffs"][1]["value"] = "-0.02 * sick"
    course["payoffs"][2]["value"] = "c_ill"
    found["tree"]["affected"]["then"]["screened"]["then"]["found"]["start"] = {"well": "rest", "ill": 0.04}
    found["tree"]["unaffected"] = {
        "p": "rest",
        "then": {
            "tested": {
                "p": "screened * p_uptake",
                "payoffs": [{"outcome": "cost", "component": "test", "value": "c_test"}],
                "then": {
                    "false_positive": {
                        "p": "p_wrong",
                        "payoffs": [
                            {"outcome": "cost", "component": "confirmation", "value": "c_confirm"},
                            {"outcome": "qaly", "component": "worry", "value": -0.01},
                            {"outcome": "qaly", "value": "healthy"},
                        ],
                    },
                    "true_negative": {"p": "rest", "payoffs": [{"outcome": "qaly", "value": "healthy"}]},
                },
            },
            "not_tested": {"p": "rest", "payoffs": [{"outcome": "qaly", "value": "healthy"}]},
        },
    }
    return found


def everyone():
    """The same, the unaffected living through a cohort of their own."""
    found = body()
    found["cohorts"]["health"] = {
        "cycles": {"length": "1 year", "count": YEARS},
        "states": {"healthy": {}, "dead": {"dead": True}},
        "transitions": {"healthy": {"dead": {"hazard": 0}}},
        "payoffs": [{"in": "healthy", "outcome": "qaly", "per": "year", "value": 1}],
    }
    entry = {"cohort": "health", "start": "healthy"}
    then = found["tree"]["unaffected"]["then"]
    then["not_tested"] = {"p": "rest"} | entry
    then["tested"]["then"]["true_negative"] = {"p": "rest"} | entry
    positive = then["tested"]["then"]["false_positive"]
    positive["payoffs"] = positive["payoffs"][:2]
    positive |= entry
    return found


NUMBERS = PARAMETERS | {"healthy": HEALTHY}


def in_numpy(screened, babies, seed):
    """Cost and QALYs of each baby of a population, affected or not: a second reading of the same model."""
    random = np.random.default_rng(seed)
    p = {name: value if isinstance(value, float) else value[0] for name, value in NUMBERS.items()}
    affected = random.random(babies) < p["p_birth"]
    tested = screened * (random.random(babies) < p["p_uptake"])
    found = affected & (tested == 1) & (random.random(babies) < p["p_found"])
    alarm = ~affected & (tested == 1) & (random.random(babies) < p["p_wrong"])
    cost = tested * p["c_test"] + (found | alarm) * p["c_confirm"]
    qaly = np.where(affected, 0.0, HEALTHY) - 0.01 * alarm
    hidden = affected & ~found & (random.random(babies) < 0.5)
    well, ill, crisis, dead = range(4)
    begins_ill = hidden | (found & (random.random(babies) < 0.04))
    who = np.flatnonzero(affected)
    state = np.where(begins_ill[who], ill, well)
    delay = np.where(hidden[who], 1.0, 0.0)
    to_ill = p["h_ill"] * np.where(found[who], 0.5, 1.0)
    sick, in_crisis = np.zeros(len(who)), np.zeros(len(who))
    for t in range(YEARS):
        v_cost, v_qaly = 1.03 ** -(t + delay), 1.01 ** -(t + delay)
        unwell = (state == ill) | (state == crisis)
        qaly[who] += ((state != dead) * 0.9 - 0.02 * sick * unwell) * v_qaly
        cost[who] += unwell * 1000.0 * v_cost
        die = np.choose(state, [0.002, p["h_die"] * np.exp(0.05 * sick), 2 * p["h_die"], 0.0])
        other = np.where(state == well, to_ill, 0.0)
        all_ways = die + other
        moved = random.random(len(who)) < 1 - np.exp(-all_ways)
        dies = random.random(len(who)) * all_ways < die
        after = np.where(moved, np.where(dies, dead, ill), state)
        stricken = ~moved & (state == ill) & (random.random(len(who)) < 0.1)
        after[stricken] = crisis
        cost[who] += stricken * 5000.0 * v_cost
        in_crisis = np.where(state == crisis, in_crisis + 1, 0)
        after[~moved & (state == crisis) & (in_crisis == 2)] = ill
        still = unwell & ((after == ill) | (after == crisis))
        sick = np.where(still, sick + 1, 0.0)
        state = after
    return cost, qaly


@cache
def affected_only():
    return simulated(model_of(body(), parameters=NUMBERS), 100_000, seed=4)


@cache
def all_born():
    return simulated(model_of(everyone(), parameters=NUMBERS), 100_000, seed=5)


OUTCOMES = pytest.mark.parametrize("outcome", ["cost", "qaly"])


def moments(result, outcome):
    """Means of both arms and the increment, with their errors."""
    error = result.simulation
    none, screened = result.by_strategy(outcome)[0]
    errors = [error.of_mean(outcome, 0), error.of_mean(outcome, 1), error.of_increment(outcome, 1)]
    return np.array([none, screened, screened - none]), np.concatenate(errors)


@OUTCOMES
def test_affected_only_is_the_cohort_engine(outcome):
    """Means of both arms and the increment; what is booked on branches of the tree, to the last bit."""
    exact = nbsmodel.evaluate(model_of(body(), parameters=NUMBERS), settings=SETTINGS)
    ours, errors = moments(affected_only(), outcome)
    none, screened = exact.by_strategy(outcome)[0]
    assert np.all(np.abs(ours - [none, screened, screened - none]) < 4 * errors)
    for discounted in (True, False):
        ours, theirs = (r.tree_sums[outcome, discounted] for r in (affected_only(), exact))
        assert ours.tobytes() == theirs.tobytes()
    assert affected_only().simulation.mass[0] == pytest.approx([0.3, 0.3], rel=1e-12)


@OUTCOMES
def test_the_rewritten_model_is_the_same_model(outcome):
    """On the cohort engine, to rounding: so what follows compares simulations of one and the same thing."""
    one, two = (nbsmodel.evaluate(model_of(b(), parameters=NUMBERS), settings=SETTINGS) for b in (body, everyone))
    assert one.by_strategy(outcome) == pytest.approx(two.by_strategy(outcome), rel=1e-12)


@OUTCOMES
def test_affected_only_is_everyone_simulated(outcome):
    """Within four errors of both, and each error of a mean is smaller when only the affected are simulated."""
    one, its_errors = moments(affected_only(), outcome)
    all_, all_errors = moments(all_born(), outcome)
    assert np.all(np.abs(one - all_) < 4 * np.hypot(its_errors, all_errors))
    assert np.all(its_errors < all_errors)
    assert all_born().simulation.mass[0] == pytest.approx([1, 1], rel=1e-12)


@cache
def population(screened):
    return in_numpy(screened, BABIES, seed=40 + screened)


@OUTCOMES
@pytest.mark.parametrize("which", [affected_only, all_born])
def test_both_are_everyone_in_numpy(outcome, which):
    """The arms in NumPy have luck of their own."""
    ours, errors = moments(which(), outcome)
    samples = [population(s)[outcome == "qaly"] for s in (0, 1)]
    means = np.array([sample.mean() for sample in samples])
    noise = np.array([sample.std() / np.sqrt(BABIES) for sample in samples])
    theirs = np.append(means, means[1] - means[0])
    assert np.all(np.abs(ours - theirs) < 4 * np.hypot(errors, np.append(noise, np.hypot(*noise))))


@OUTCOMES
def test_everyone_in_numpy_has_the_spread_of_everyone_simulated(outcome):
    """The reported error of a mean over all born is that of NumPy's sample, for as many babies."""
    _, errors = moments(all_born(), outcome)
    n = all_born().simulation.individuals
    theirs = [population(s)[outcome == "qaly"].std() / np.sqrt(n) for s in (0, 1)]
    assert errors[:2] == pytest.approx(theirs, rel=0.02)


def fated():
    """No luck anywhere: all fall ill after three years, five if found early, and die after eight of illness."""
    found = body()
    course = found["cohorts"]["course"]
    course["transitions"] = {
        "well": {"ill": {"probability": "1 if time_in_state >= 2 + 2 * early else 0", "per": "cycle"}},
        "ill": {"dead": {"probability": "1 if sick >= 7 else 0", "per": "cycle"}},
    }
    course["states"] = {"well": {}, "ill": {}, "dead": {"dead": True}}
    course["clocks"]["sick"]["runs_in"] = ["ill"]
    course["payoffs"] = course["payoffs"][:3] + [{"entering": "dead", "outcome": "cost", "value": 300}]
    for payoff in course["payoffs"][1:3]:
        payoff["in"] = ["ill"]
    found["tree"]["affected"]["then"]["screened"]["then"]["found"]["start"] = "well"
    found["subtrees"]["late"]["seen"]["p"] = 1
    return found


@pytest.mark.parametrize("individuals", [1, 7, 2000])
def test_without_luck_a_single_child_is_exact(individuals):
    """Perfect uptake and test: nothing varies, so any number of children gives the cohort's result to 1e-9."""
    sure = {"p_uptake": 1.0, "p_found": 1.0}
    model = model_of(fated(), parameters=NUMBERS)
    exact = nbsmodel.evaluate(model, settings=SETTINGS, overrides=sure, keep_trace=True)
    ours = simulated(model, individuals, overrides=sure, keep_trace=True)
    assert exact.total("cost", "screening")[0] != exact.total("cost", "none")[0]
    assert ours.sums.keys() == exact.sums.keys()
    for key, amount in exact.sums.items():
        assert ours.sums[key] == pytest.approx(amount, rel=1e-9, abs=1e-12), key
    assert ours.trace("course") == pytest.approx(exact.trace("course"), abs=1e-12)
    for outcome in ours.model.outcomes:
        for s in (0, 1):
            if individuals == 1:  # one child cannot show that it is like any other
                assert np.isnan(ours.simulation.of_mean(outcome, s)).all()
                continue
            size = np.abs(ours.by_strategy(outcome)).max()
            assert pooled(ours.simulation.of_mean(outcome, s)) <= 1e-6 * size
            assert pooled(ours.simulation.of_increment(outcome, s)) <= 1e-6 * size


def test_prevalence_only_scales_what_children_bring():
    """The same children at any prevalence; their share of the population is exact."""
    model = model_of(body(), parameters=NUMBERS)
    rare, common = (simulated(model, 5000, overrides={"p_birth": p}) for p in (1e-4, 0.5))
    assert rare.simulation.sums.tobytes() == common.simulation.sums.tobytes()
    for outcome in ("cost", "qaly"):
        brought = [(r.by_strategy(outcome) - r.tree_sums[outcome, True]) / r.simulation.mass for r in (rare, common)]
        assert brought[0] == pytest.approx(brought[1], rel=1e-9)
