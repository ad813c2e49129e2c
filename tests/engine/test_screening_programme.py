"""A screening programme in numbers: closed forms, sums that must hold in every draw, both engines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from screening_models import SCREENING, write_model

from nbsmodel.config.scenario import make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.simulation import Simulation
from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model
from nbsmodel.model.sampling import draw_parameters
from nbsmodel.model.schema import CLASSES

#: Everybody is tested and nobody is known before, so that leaves are shares of their group.
CLEAN = {"p_uptake": 1.0, "p_family_history": 0.0, "p_fail": 0.0}
SCREENED = 1


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(write_model(tmp_path_factory.mktemp("programme")))


def reached(result, *names):
    """Share of births who come to a branch, (draw, strategy)."""
    mine = [leaf.probability for leaf in result.leaves if tuple(b.name for b in leaf.path[: len(names)]) == names]
    assert mine, names
    return sum(mine)


def shares(model, groups, **values):
    """Share of each group positive on both tests, by draw, with everybody tested."""
    n = len(next(iter(values.values())))
    draws = {k: np.asarray(v, dtype=float) for k, v in values.items()}
    result = evaluate(model, {k: np.full(n, v) for k, v in CLEAN.items() if k not in draws} | draws)
    both = {g: reached(result, g, "screened", "first_positive", "flow_positive")[:, SCREENED] for g in groups}
    return {g: both[g] / reached(result, g)[:, SCREENED] for g in groups}


# --- dependence

P = np.array([0.0, 0.05, 0.3, 0.6, 0.95, 1.0])
PAIRS = np.array([(a, b) for a in P for b in P]).T


@pytest.mark.parametrize(
    ("group", "first", "second", "turn"),
    [
        ("typical", "p_sens_typical", "p_sens_flow", lambda p: p),
        ("leaky", "p_sens_leaky", "p_sens_flow", lambda p: p),
        ("others", "p_specificity", "p_spec_flow", lambda p: 1 - p),
    ],
    ids=["sensitivity", "sensitivity of another group", "false positives"],
)
@pytest.mark.parametrize(("rho", "joint"), [(0.0, np.multiply), (1.0, np.minimum)], ids=["independent", "dependent"])
def test_two_tests_have_the_two_closed_forms(model, group, first, second, turn, rho, joint):
    """Among independent tests p1 * p2, among fully dependent ones min(p1, p2)."""
    a, b = PAIRS
    found = shares(model, [group], **{first: turn(a), second: turn(b), "rho_flow": np.full(a.size, rho)})[group]
    assert np.allclose(found, joint(a, b), rtol=0, atol=1e-14)


def test_dependence_in_between(model):
    """By hand: 0.6 positive first; of them 0.3 + 0.5 * (min(1, 0.3 / 0.6) - 0.3) = 0.4; jointly 0.24."""
    found = shares(model, ["leaky"], p_sens_leaky=[0.6], p_sens_flow=[0.3], rho_flow=[0.5])["leaky"]
    assert found == pytest.approx([0.24], rel=1e-14)


def test_the_worked_line_of_the_documentation(model):
    """p = 0.02, J = 0.0002: at most 1 among those positive before, so 0.02 + 0.5 * (1 - 0.02) = 0.51."""
    found = shares(model, ["others"], p_specificity=[1 - 0.0002], p_spec_flow=[0.98], rho_flow=[0.5])["others"]
    assert found == pytest.approx([0.0002 * 0.51], rel=1e-9)


def test_a_third_test_depends_on_the_joint_positive_of_both_before(model):
    """By hand: 0.2 * 0.1 positive on both; flow 0.01 at most half of them; 0.01 + 0.4 * (0.5 - 0.01) = 0.206."""
    draws = {k: np.array([v]) for k, v in CLEAN.items()} | {
        "p_spec_preterm": np.array([0.8]),
        "rho_flow": np.array([0.4]),
    }
    result = evaluate(model, draws)
    before = reached(result, "preterm", "screened", "first_positive", "again_positive")[0, SCREENED]
    after = reached(result, "preterm", "screened", "first_positive", "again_positive", "flow_positive")[0, SCREENED]
    assert before == pytest.approx(0.08 * 0.02, rel=1e-13)
    assert after / before == pytest.approx(0.206, rel=1e-13)


probability = st.one_of(st.sampled_from([0.0, 1.0, 1e-12, 1 - 1e-12]), st.floats(0, 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(*[probability] * 8),
    st.floats(0, 1),
    st.floats(0, 0.5),
)
def test_the_joint_chance_lies_between_its_bounds_and_all_adds_up(model, ps, rho, preterm):
    names = (
        "p_sens_typical", "p_sens_leaky", "p_sens_flow", "p_spec_preterm", "p_specificity", "p_spec_flow", "p_fail",
        "p_family_history",
    )  # fmt: skip
    draws = {name: np.array([p]) for name, p in zip(names, ps, strict=True)}
    draws |= {"rho_flow": np.array([rho]), "p_preterm": np.array([preterm])}
    result = evaluate(model, draws)
    assert np.abs(sum(result.class_probability(c) for c in CLASSES) - 1).max() <= 1e-12
    tested = 1 - draws["p_fail"] ** 3
    for group, first in (("typical", "p_sens_typical"), ("leaky", "p_sens_leaky")):
        screened = reached(result, group, "screened")[:, SCREENED]
        both = reached(result, group, "screened", "first_positive", "flow_positive")[:, SCREENED]
        a, b = draws[first], draws["p_sens_flow"]
        assert np.all(both >= screened * tested * a * b - 1e-15)
        assert np.all(both <= screened * tested * np.minimum(a, b) + 1e-15)


# --- every draw


def test_classes_add_up_in_ten_thousand_draws(model):
    draws = draw_parameters(model.parameters, 10_000, seed=3)
    result = evaluate(model, draws)
    share = {c: result.class_probability(c) for c in CLASSES}
    assert np.abs(sum(share.values()) - 1).max() <= 1e-12
    prevalence = draws["p_incidence"]
    assert np.abs(result.case_probability() - prevalence[:, None]).max() <= 1e-15
    # of cases: found, missed, known, not screened; all by hand from the draws
    d = draws
    leaky = prevalence * d["share_leaky"]
    typical = prevalence - leaky
    known = typical * d["p_family_history"]
    screened = {"typical": (typical - known) * d["p_uptake"], "leaky": leaky * d["p_uptake"]}
    found, missed, none = 0.0, 0.0, (typical - known + leaky) * (1 - d["p_uptake"])
    for group, n in screened.items():
        p1, p2 = d[f"p_sens_{group}"], d["p_sens_flow"]
        p2 = p2 + d["rho_flow"] * (np.minimum(1, p2 / p1) - p2)
        none = none + n * d["p_fail"] ** 3
        found = found + n * (1 - d["p_fail"] ** 3) * p1 * p2
        missed = missed + n * (1 - d["p_fail"] ** 3) * (1 - p1 * p2)
    not_screened = sum(
        leaf.probability[:, SCREENED]
        for leaf in result.leaves
        if any(b.case for b in leaf.path) and [b.class_ for b in leaf.path if b.class_][-1] == "not_screened"
    )
    assert share["true_positive"][:, SCREENED] == pytest.approx(found, rel=1e-11)
    assert share["false_negative"][:, SCREENED] == pytest.approx(missed, rel=1e-11)
    assert share["known_before"][:, SCREENED] == pytest.approx(known, rel=1e-11)
    assert not_screened == pytest.approx(none, rel=1e-11)
    assert found + missed + known + none == pytest.approx(prevalence, rel=1e-11)
    assert np.array_equal(share["known_before"][:, 0], share["known_before"][:, SCREENED])


# --- failures, costs, times


@pytest.mark.parametrize("fail", [0.0, 0.01, 0.5, 1.0])
def test_failed_tests_are_repeated(model, fail):
    """No result after all repeats f^3; tests done 1 + f + f^2; each repeat costs more, later."""
    draws = {"p_fail": np.array([fail]), "p_uptake": np.array([1.0])}
    result = evaluate(model, draws)
    screened = reached(result, "others", "screened")[0, SCREENED]
    assert reached(result, "others", "screened", "first_no_result")[0, SCREENED] == pytest.approx(
        fail**3 * screened, rel=1e-13, abs=1e-18
    )
    known = 0.3 * 0.8 / 40_000
    tests = (1 - known) * 4 + (1 - known) * (fail + fail**2) * (4 + 10)
    assert result.total("cost", "screening", discounted=False, component="screening") == pytest.approx(tests, rel=1e-12)
    at = [(5 + 10 * i) / 365.25 for i in range(3)]
    later = [1.035**-t for t in at]
    worth = (1 - known) * (4 * later[0] + 14 * (fail * later[1] + fail**2 * later[2]))
    found = evaluate(model, draws, make_settings(model, {"discount_rate_costs": 0.035})).total(
        "cost", "screening", component="screening"
    )
    assert found == pytest.approx(worth, rel=1e-12)


def test_the_age_at_the_result_is_that_of_those_who_have_one(model):
    """The mean number of failures before a result, among those who come to one in three tests."""
    fail = 0.4
    result = evaluate(model, {"p_fail": np.array([fail])})
    chance = np.array([1 - fail, fail * (1 - fail), fail**2 * (1 - fail)])
    repeats = (chance @ [0, 1, 2]) / chance.sum()
    expected = (5 + 7 + 10 * repeats) / 365.25
    assert np.ravel(result.values["age_at_result_first"]) == pytest.approx([expected], rel=1e-13)


def test_uptake_zero_is_no_screening(model):
    result = evaluate(model, base={"p_uptake": 0.0})
    for key, amounts in result.sums.items():
        assert np.array_equal(amounts[:, 0], amounts[:, SCREENED]), key


def test_sensitivity_zero_and_specificity_one_leave_the_costs_of_the_test(model):
    base = {"p_sens_typical": 0.0, "p_sens_leaky": 0.0, "p_specificity": 1.0, "p_spec_preterm": 1.0}
    result = evaluate(model, base=base)
    for outcome in ("qaly", "life_years"):
        assert result.total(outcome, "screening") == pytest.approx(result.total(outcome, "usual"), rel=1e-13)
    more = result.total("cost", "screening", discounted=False) - result.total("cost", "usual", discounted=False)
    known = 0.3 * 0.8 / 40_000
    assert more == pytest.approx((1 - known) * 0.98 * (4 + 14 * (0.01 + 0.01**2)), rel=1e-11)


def test_births_double_the_year_and_nothing_else(model):
    one, two = (evaluate(model, base={"births": b}) for b in (600_000.0, 1_200_000.0))
    assert two.births == 2 * one.births
    assert all(np.array_equal(one.sums[key], two.sums[key]) for key in one.sums)


def test_a_false_alarm_costs_the_weeks_it_lasts(model):
    """By hand: 0.1 * 3 weeks for the family, 2 * 0.05 * 3 weeks for parents, for each false positive."""
    result = evaluate(model)
    each = 3 * 7 / 365.25
    false = result.class_probability("false_positive")[0, SCREENED]
    booked = {a: v[0, SCREENED] for (a, discounted), v in result.sums.items() if not discounted}
    lost = {a.perspective: v for a, v in booked.items() if a.component == "false positive"}
    assert lost["health_system"] == pytest.approx(-false * 0.1 * each, rel=1e-12)
    assert lost["carer"] == pytest.approx(-false * 2 * 0.05 * each, rel=1e-12)


# --- refused in a run


@pytest.mark.parametrize(
    ("old", "new", "draws", "place", "found"),
    [
        ("dependence: rho_flow", "dependence: 2 * rho_flow", {"rho_flow": 0.9}, "tests.flow.dependence", "is 1.8"),
        ("failure: p_fail", "failure: 3 * p_fail", {"p_fail": 0.5}, "tests.first.failure", "is 1.5"),
        ("again: 0.1", "again: 3 * p_fail", {"p_fail": 0.5}, "births.preterm.positive.again", "is 1.5"),
        ("cost: c_flow", "cost: c_flow - 300", {"c_flow": 200.0}, "tests.flow.cost", "is -100"),
        ("      takes: 7 days", "      takes: p_fail - 1", {"p_fail": 0.1}, "tests.first.takes", "is -0.9"),
        ("at: 13 days", "at: p_fail - 1", {"p_fail": 0.1}, "tests.again.at", "is -0.9"),
        ("uptake: p_uptake", "uptake: 2 * p_uptake", {"p_uptake": 0.9}, "screening.uptake", "is 1.8"),
        ("p: p_preterm", "p: 20 * p_preterm", {"p_preterm": 0.1}, "births.preterm.p", "is 2"),
        ("p: p_preterm", "p: 10 * p_preterm", {"p_preterm": 0.1}, "births", "add up to 1.0000"),
        ("known_before: p_family_history", "known_before: 4 * p_family_history", {"p_family_history": 0.3},
         "births.typical.known_before", "is 1.2"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_in_every_draw_where_it_was_written(tmp_path, old, new, draws, place, found):
    """Even where the product with other chances would pass for a probability."""
    broken = load_model(write_model(tmp_path, SCREENING, (old, new)))
    with pytest.raises(InputError) as error:
        evaluate(broken, {name: np.array([value]) for name, value in draws.items()})
    text = str(error.value)
    assert f"screening.{place}".replace("screening.screening", "screening") in text and found in text
    rows = (tmp_path / "disease/screened/model.yaml").read_text().split("\n")
    line = next(i for i, row in enumerate(rows, 1) if new in row)
    assert f"model.yaml:{line} " in text or place == "births"


# --- the other engine


def test_the_microsimulation_runs_the_same_programme(model):
    exact = evaluate(model)
    simulated = evaluate(model, simulation=Simulation(20_000, 1))
    for name in CLASSES:
        assert np.allclose(exact.class_probability(name), simulated.class_probability(name), rtol=0, atol=1e-15)
    for outcome in ("qaly", "cost"):
        gap = simulated.by_strategy(outcome)[0] - exact.by_strategy(outcome)[0]
        error = np.array([simulated.simulation.of_mean(outcome, s)[0] for s in range(2)])
        assert np.all(error > 0) and np.all(np.abs(gap) <= 4 * error)
