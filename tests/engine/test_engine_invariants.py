"""What must hold for every model, on random ones."""

import copy

import numpy as np
import pytest
from engine_models import PLAIN, build, one_cohort, run
from hypothesis import given
from random_models import VALUES, cases, examples

EXACT = 1e-12
NO_DISCOUNT = {"discount_rate_costs": 0, "discount_rate_outcomes": 0}
#: Payoffs that are never negative.
GAINS = tuple(v for v in VALUES if " - " not in v and not v.startswith("-"))
GAINS_IN_THE_TREE = ("c_one", "u_one", "lever * 10", "c_one * p_both")


def same_bits(one, other):
    """Whether two results have the same totals, leaves and traces to the last bit."""
    assert one.sums.keys() == other.sums.keys()
    for key, sums in one.sums.items():
        np.testing.assert_array_equal(sums, other.sums[key], str(key))
    for a, b in zip(one.leaves, other.leaves, strict=True):
        np.testing.assert_array_equal(a.probability, b.probability)
    assert one.traces.keys() == other.traces.keys()
    for name, trace in one.traces.items():
        np.testing.assert_array_equal(trace, other.traces[name])
    return True


def close(one, other, columns=slice(None)):
    """Whether two results have the same totals but for rounding; `columns` orders the other's strategies."""
    assert one.sums.keys() == other.sums.keys()
    for key, sums in one.sums.items():
        # amounts of both signs may cancel; their sizes are at most a few thousand
        np.testing.assert_allclose(sums, other.sums[key][:, columns], rtol=EXACT, atol=1e-10, err_msg=str(key))
    return True


# --- the trace -------------------------------------------------------------------------------


@examples(30)
@given(cases())
def test_nobody_is_lost_made_or_raised_from_the_dead(case):
    result = case.run(case.draws, keep_trace=True)
    for name, cohort in case.model.cohorts.items():
        trace = result.trace(name)
        entered = [leaf.probability for leaf in result.leaves if enters(leaf, name)]
        assert (trace >= 0).all()
        assert np.abs(trace.sum(axis=-1) - sum(entered, np.zeros(trace.shape[:2]))[..., None]).max() < EXACT
        dead = [i for i, state in enumerate(cohort.states) if state.dead]
        assert (np.diff(trace[..., dead], axis=2) >= 0).all()
        assert (np.diff(trace[..., dead].sum(axis=-1), axis=2) >= 0).all()
    assert sum(leaf.probability for leaf in result.leaves) == pytest.approx(1, abs=EXACT)


def enters(leaf, cohort):
    entry = leaf.path[-1].entry
    return entry is not None and entry.cohort == cohort


# --- totals ----------------------------------------------------------------------------------


@examples(20)
@given(cases())
def test_components_sum_to_totals(case):
    """E13: no amount counted twice or lost between components and perspectives."""
    result = case.run(case.draws)
    for outcome in case.model.outcomes:
        for discounted in (True, False):
            parts = [result.by_strategy(outcome, discounted, component) for component in ("care", "test", "total")]
            whole = result.by_strategy(outcome, discounted)
            np.testing.assert_allclose(sum(parts), whole, rtol=EXACT, atol=1e-10)
    everybody = case.but(settings=case.settings | {"perspectives": ["health_system", "societal"]}).run(case.draws)
    societal = case.but(settings=case.settings | {"perspectives": ["societal"]}).run(case.draws)
    for outcome in ("cost", "qaly", "events", "fees"):
        parts = result.by_strategy(outcome) + societal.by_strategy(outcome)
        np.testing.assert_allclose(parts, everybody.by_strategy(outcome), rtol=EXACT, atol=1e-10)
    np.testing.assert_array_equal(societal.by_strategy("life_years"), result.by_strategy("life_years"))


@examples(20)
@given(cases(values=GAINS, tree_values=GAINS_IN_THE_TREE))
def test_discounting_takes_away(case):
    for result in (case.run(case.draws), case.but(settings=case.settings | NO_DISCOUNT).run(case.draws)):
        for outcome in case.model.outcomes:
            plain = result.by_strategy(outcome, discounted=False)
            assert (plain >= 0).all()
            assert (result.by_strategy(outcome) <= plain * (1 + EXACT)).all()
    np.testing.assert_allclose(result.by_strategy("cost"), result.by_strategy("cost", discounted=False), rtol=EXACT)


@examples(15)
@given(cases(values=("0", "0 * CLOCK", "0 * age"), tree_values=("0",)))
def test_nothing_comes_of_nothing(case):
    result = case.run(case.draws)
    for (account, _), sums in result.sums.items():
        assert account.outcome == "life_years" or not sums.any()


@examples(30)
@given(cases())
def test_amounts_by_state_and_row_sum_to_the_totals(case):
    """The tree pays once on its branches; all the rest is in the detail."""
    result = case.run(detail=True)
    paid = copy.deepcopy(case.spec)
    for cohort in paid["cohorts"].values():
        cohort["payoffs"] = []
    in_tree = case.but(spec=paid).run()
    for outcome in case.model.outcomes:
        for discounted in (True, False):
            key = (outcome, discounted)
            amounts = [d.amounts[key] for d in result.details.values() if key in d.amounts]
            found = sum((a.sum(axis=(0, 1)) for a in amounts), np.zeros(len(case.strategies)))
            if outcome != "life_years":
                found = found + in_tree.by_strategy(outcome, discounted)[0]
            size = sum(np.abs(a).sum() for a in amounts)
            expected = result.by_strategy(outcome, discounted)[0]
            np.testing.assert_allclose(found, expected, rtol=EXACT, atol=EXACT * size)


# --- the order of things ---------------------------------------------------------------------


@examples(20)
@given(cases())
def test_order_of_states_and_of_strategies_does_not_matter(case):
    """E5: dead is a property, never a position."""
    first = case.run(case.draws)
    other = copy.deepcopy(case.spec)
    for cohort in other["cohorts"].values():
        cohort["states"] = dict(reversed(cohort["states"].items()))
        cohort["transitions"] = dict(reversed(cohort["transitions"].items()))
        cohort["clocks"] = dict(reversed(cohort["clocks"].items()))
    order = list(reversed(case.strategies))
    second = case.but(spec=other, strategies={name: case.strategies[name] for name in order}).run(case.draws)
    assert second.strategies == tuple(order)
    assert close(first, second, slice(None, None, -1))


@examples(20)
@given(cases())
def test_splitting_a_state_into_two_alike_changes_nothing(case):
    """Those who come are shared between twins of the first state, which have the same future and payoffs."""
    spec = copy.deepcopy(case.spec)
    for cohort in spec["cohorts"].values():
        split(cohort)
    for branch in walk(spec["tree"]):
        if "start" in branch and "s0" in branch["start"]:
            share = branch["start"].pop("s0")
            whole = "1 - p_two" if share == "rest" and branch["start"] else "1" if share == "rest" else share
            branch["start"] |= {"s0": f"0.3 * ({whole})", "s0_twin": f"0.7 * ({whole})"}
    assert close(case.run(case.draws), case.but(spec=spec).run(case.draws))


def walk(tree):
    for branch in tree.values():
        yield branch
        yield from walk(branch.get("then", {}))


def split(cohort):
    """Give the first state a twin; 7 in 10 go to the twin where the way there can be split."""
    cohort["states"]["s0_twin"] = dict(cohort["states"]["s0"])
    for clock in cohort["clocks"].values():
        if "s0" in clock["runs_in"]:
            clock["runs_in"] = [*clock["runs_in"], "s0_twin"]
    for origin, row in cohort["transitions"].items():
        to = row.get("s0")
        if origin == "s0" or to is None or to == "rest":
            continue
        kind = "hazard" if "hazard" in to else "probability"
        if kind == "hazard" or to.get("per") in (None, "cycle"):  # others do not add up over a cycle
            for target, share in (("s0", 0.3), ("s0_twin", 0.7)):
                row[target] = to | {kind: f"{share} * ({to[kind]})"}
    if "s0" in cohort["transitions"]:
        row = cohort["transitions"]["s0"]
        cohort["transitions"]["s0_twin"] = {("s0_twin" if t == "s0" else t): v for t, v in row.items()}
    for payoff in cohort["payoffs"]:
        for kind in ("in", "entering", "starting_in"):
            if "s0" in payoff.get(kind, ()):
                payoff[kind] = [*payoff[kind], "s0_twin"]
        if "moving" in payoff:
            both = {k: [v, "s0_twin"] if v == "s0" else [v] for k, v in payoff["moving"].items()}
            payoff["moving"] = both


# --- blocks and draws ------------------------------------------------------------------------


@examples(40)
@given(cases())
def test_same_bits_for_every_block_size(case):
    whole = case.run(case.draws, keep_trace=True)
    n = whole.draws
    for block in {1, 3, 100} - {n}:
        assert same_bits(case.run(case.draws, keep_trace=True, block=block), whole)


LONG = {
    "cycles": {"length": "1 month", "count": 60},
    "states": {"well": {}, "other": {}, "ill": {}, "worse": {}, "dead": {"dead": True}},
    "clocks": {"sick": {"runs_in": ["ill", "worse"]}},
    "transitions": {
        "well": {"ill": {"hazard": "h_in"}},
        "other": {"ill": {"hazard": 0.2}},
        "worse": {"ill": {"hazard": "0.9 + h_on"}, "dead": {"hazard": "0.1 + 0.3 * sick"}},
        "ill": {"worse": {"hazard": "0.7 * exp(-time_in_state)"}, "dead": {"hazard": "0.1 * (sick + time_in_state)"}},
    },
    "payoffs": [
        {
            "in": "alive",
            "outcome": "cost",
            "component": "by_age",
            "per": "year",
            "value": "price if h_on > 0.5 else age",
        },
        {"entering": "ill", "outcome": "cost", "component": "event", "value": "price if h_on > 0.5 else price * age"},
        {"in": ["ill", "worse"], "outcome": "qaly", "per": "year", "value": "0.9 - 0.01 * sick"},
    ],
}


@pytest.mark.parametrize("start", [{"well": 0.3, "other": 0.2, "ill": "rest"}, {"well": "rest"}])
def test_same_bits_for_every_block_size_over_many_slots(start):
    """Draws that leave slots empty, and draws in which a payoff follows the calendar or does not."""
    model = build(one_cohort(LONG, start), {"h_in": (0.1, "rate"), "h_on": (0.1, "rate"), "price": 0.1})
    draws = {
        "h_in": np.array([0, 0.3, 0.07, 0, 0.11, 0, 1.3]),
        "h_on": np.array([0.13, 0.9, 0.77, 0.6, 0.1, 0, 0.51]),
    }
    settings = {"discount_rate_costs": 0.035, "within_cycle_correction": "life_table"}
    whole = run(model, settings, draws=draws, keep_trace=True)
    for block in (1, 2, 3, 100):
        assert same_bits(run(model, settings, draws=draws, keep_trace=True, block=block), whole)


@examples(30)
@given(cases())
def test_draws_of_base_values_give_the_base_result(case):
    """E4: no variance, no difference."""
    base = case.run(keep_trace=True)
    rows = case.model.parameters.rows
    draws = {name: np.full(3, rows[name].value) for name in case.draws}
    drawn = case.run(draws, keep_trace=True)
    for d in range(3):
        for key, sums in base.sums.items():
            np.testing.assert_array_equal(drawn.sums[key][d], sums[0], str(key))
        for name, trace in base.traces.items():
            np.testing.assert_array_equal(drawn.traces[name][d], trace[0])


@examples(10)
@given(cases())
def test_equal_strategies_have_equal_results(case):
    alike = {name: {"lever": 0.5} for name in ("one", "two")}
    result = case.but(strategies=alike).run(case.draws)
    for sums in result.sums.values():
        np.testing.assert_array_equal(sums[:, 0], sums[:, 1])


@examples(15)
@given(cases())
def test_counting_leaves_the_trace_alone(case):
    """E8: a correction is in the sums, never in the trace."""
    one = case.run(case.draws, keep_trace=True)
    other = case.but(settings=PLAIN).run(case.draws, keep_trace=True)
    for name, trace in one.traces.items():
        np.testing.assert_array_equal(trace, other.traces[name])
