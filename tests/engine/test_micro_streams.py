"""A child's luck is its own: the same bytes however the work is cut, and whatever else is in the model."""

import copy
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from micro_models import ARMS, model_of, screening, shipped, simulated
from scipy import stats

N = 9_001  # no whole number of chunks
DRAWS = {"h_ill": np.linspace(0.05, 0.6, 5), "p_uptake": np.linspace(0.2, 1.0, 5)}
OWN = {"settings": None}  # the settings of the model file


def same(a, b):
    """Every number of two results is the same, to the last bit."""
    assert a.sums.keys() == b.sums.keys()
    assert all(a.sums[key].tobytes() == b.sums[key].tobytes() for key in a.sums)
    assert a.traces.keys() == b.traces.keys()
    assert all(a.traces[key].tobytes() == b.traces[key].tobytes() for key in a.traces)
    one, two = a.simulation, b.simulation
    assert one.individuals == two.individuals
    for name in ("mass", "sums", "products", "differ", "rerouted"):
        assert np.asarray(getattr(one, name)).tobytes() == np.asarray(getattr(two, name)).tobytes(), name
    assert (one.children is None) == (two.children is None)
    if one.children is not None:
        same_children(one.children, two.children)


def same_children(a, b):
    assert a.totals.tobytes() == b.totals.tobytes()
    assert a.leaf.tobytes() == b.leaf.tobytes() and a.leaves == b.leaves
    assert all(a.attributes[name].tobytes() == b.attributes[name].tobytes() for name in a.attributes)


@pytest.fixture(scope="module")
def base():
    """All children of the small model, kept."""
    return simulated(model_of(screening()), N, keep=N)


# --- how the work is cut ---------------------------------------------------------------------

CUTS = [(1, 4096), (2, 4096), (3, 4096), (1, 8192), (2, 8192), (2, 10**9), (3, None)]


@pytest.mark.parametrize(("threads", "block"), CUTS)
def test_threads_and_blocks_change_nothing(threads, block):
    """At base values: sums, traces, moments, counts, kept children."""
    whole = simulated(model_of(screening()), N, keep=5000, keep_trace=True, threads=1, block=10**9)
    cut = simulated(model_of(screening()), N, keep=5000, keep_trace=True, threads=threads, block=block)
    same(cut, whole)


@pytest.mark.parametrize(("threads", "block"), CUTS)
def test_threads_and_blocks_change_nothing_over_draws(threads, block):
    """Several draws together or one in several pieces."""
    whole = simulated(model_of(screening()), 4500, draws=DRAWS, keep_trace=True, threads=1, block=10**9)
    cut = simulated(model_of(screening()), 4500, draws=DRAWS, keep_trace=True, threads=threads, block=block)
    same(cut, whole)


@pytest.mark.parametrize(
    "name",
    [
        "models/sma/uk",
        "sick_sicker_microsim",
        "tkr_dong_buxton",
        pytest.param("models/sma/uk_children", marks=pytest.mark.slow),  # half a minute to compile
    ],
)
def test_whole_models_do_not_depend_on_blocks_either(name):
    """Unequal cycles and several groups; one walk for all strategies; payoffs on moves."""
    model = shipped(name)
    whole = simulated(model, 9000, **OWN, keep_trace=True, threads=1, block=10**9)
    same(simulated(model, 9000, **OWN, keep_trace=True, threads=3, block=4096), whole)
    name = next(iter(model.parameters.rows))
    draws = {name: model.parameters.rows[name].value * np.linspace(0.9, 1.0, 4)}
    whole = simulated(model, 1500, **OWN, draws=draws, keep_trace=True, threads=1, block=10**9)
    same(simulated(model, 1500, **OWN, draws=draws, keep_trace=True, threads=2, block=4096), whole)


DIGEST = """
from micro_models import model_of, screening, simulated
import hashlib
result = simulated(model_of(screening()), 3000)
print(hashlib.sha256(result.simulation.products.tobytes() + result.simulation.sums.tobytes()).hexdigest())
"""


def test_another_process_has_the_same_children():
    """Nothing rests on an address or on the hash of a text, which differ from process to process."""
    path = os.pathsep.join((str(Path(__file__).parent), *sys.path))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "77"}
    command = [sys.executable, "-c", DIGEST]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    error = simulated(model_of(screening()), 3000).simulation
    assert done.stdout.strip() == hashlib.sha256(error.products.tobytes() + error.sums.tobytes()).hexdigest()


def test_a_longer_run_begins_with_the_same_children(base):
    """Also one that ends within a chunk."""
    for n in (1, 64, 1500, 4096):
        short = simulated(model_of(screening()), n, keep=n).simulation.children
        assert short.totals.tobytes() == np.ascontiguousarray(base.simulation.children.totals[:, :, :n]).tobytes()
        assert np.array_equal(short.leaf, base.simulation.children.leaf[:, :n])
        for name, values in short.attributes.items():
            assert np.array_equal(values, base.simulation.children.attributes[name][:n])


def test_keeping_more_children_changes_nothing(base):
    """Nor does it matter whether a trace is kept."""
    short = simulated(model_of(screening()), N, keep=10, keep_trace=True)
    assert short.simulation.children.totals.tobytes() == base.simulation.children.totals[:, :, :10].tobytes()
    assert all(short.sums[key].tobytes() == base.sums[key].tobytes() for key in base.sums)


def test_a_draw_has_the_same_children_whatever_draws_there_are():
    """The first two draws of five are a run of two draws."""
    five = simulated(model_of(screening()), 2000, draws=DRAWS)
    two = simulated(model_of(screening()), 2000, draws={name: values[:2] for name, values in DRAWS.items()})
    assert all(five.sums[key][:2].tobytes() == two.sums[key].tobytes() for key in two.sums)


def test_draws_have_children_of_their_own():
    """Two draws of the same parameters are two samples."""
    twice = simulated(model_of(screening()), 2000, draws={"h_ill": np.array([0.2, 0.2])})
    cost = twice.total("cost", "none")
    assert cost[0] != cost[1]
    alone = simulated(model_of(screening()), 2000)
    assert cost[0] == alone.total("cost", "none")[0]


# --- what else is in the model ---------------------------------------------------------------


def with_attribute(body):
    body["attributes"] = {"aside": {"distribution": "gamma(mean=1, se=0.3)"}, **body["attributes"]}


def with_count(body):
    body["cohorts"]["course"]["counts"] = {"crises": {"entering": ["crisis"]}}


def with_used_count(body):
    """Worth nothing, but kept and looked at."""
    with_count(body)
    payoff = {"in": "ill", "outcome": "qaly", "per": "year", "value": "0 * crises"}
    body["cohorts"]["course"]["payoffs"].append(payoff)


def with_clock(body):
    body["cohorts"]["course"]["clocks"]["healthy"] = {"runs_in": ["well"]}


def with_outcome(body):
    body["outcomes"] = {"visits": {"label": "Visits", "unit": "visits", "discounted_as": "none"}}
    body["cohorts"]["course"]["payoffs"].append({"in": "ill", "outcome": "visits", "per": "year", "value": "0 * sick"})


def with_transition(body):
    body["cohorts"]["course"]["transitions"]["ill"]["well"] = {"probability": 0, "per": "year"}


def with_state(body):
    """Nobody ever gets there; the states behind it move up."""
    states = body["cohorts"]["course"]["states"]
    body["cohorts"]["course"]["states"] = {"well": {}, "never": {}} | {s: states[s] for s in states if s != "well"}
    body["cohorts"]["course"]["transitions"]["crisis"]["never"] = {"probability": 0, "per": "year"}


def with_leaf(body):
    """A branch with nobody in it, before the others."""
    branch = {"p": 0, "cohort": "course", "start": "crisis", "with": {"early": 0}}
    affected = body["tree"]["affected"]["then"]
    affected["screened"]["then"] = {"found": affected["screened"]["then"]["found"]} | {
        "missed": {"p": "rest", "then": "late"}
    }
    body["tree"] = {"other": branch} | body["tree"]


def with_prevalence(body):
    body["tree"]["affected"]["p"] = "p_birth / 3000"


def with_payoff_on_the_tree(body):
    body["tree"]["unaffected"]["payoffs"].append({"outcome": "cost", "value": 77})


CHANGES = [
    with_attribute, with_count, with_used_count, with_clock, with_outcome, with_transition, with_state, with_leaf,
    with_prevalence, with_payoff_on_the_tree,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_used_moves_nobody(base, change):
    """Totals and attributes of every child, bit for bit; and the leaf it takes."""
    body = copy.deepcopy(screening())
    change(body)
    model = model_of(body)
    other = simulated(model, N, keep=N).simulation.children
    mine = base.simulation.children
    known = [list(model.outcomes).index(o) for o in base.model.outcomes]
    assert np.ascontiguousarray(other.totals[:, known]).tobytes() == mine.totals.tobytes()
    assert all(np.array_equal(other.attributes[name], mine.attributes[name]) for name in mine.attributes)
    assert np.array_equal(np.array(other.leaves)[other.leaf], np.array(mine.leaves)[mine.leaf])


def test_another_strategy_moves_nobody(base):
    """In the middle of the others, and the comparator is another one."""
    for arms in (
        {"none": ARMS["none"], "half": {"screened": 0.5}, "screening": ARMS["screening"]},
        {"screening": ARMS["screening"], "none": ARMS["none"]},
        {"screening": ARMS["screening"]},
    ):
        other = simulated(model_of(screening(), arms), N, keep=N)
        for s, name in enumerate(arms):
            if name in base.strategies:
                mine = base.simulation.children.totals[base.strategies.index(name)]
                assert other.simulation.children.totals[s].tobytes() == mine.tobytes()


def test_payoffs_of_a_row_are_those_of_a_child():
    """A strategy that moves nobody lets all strategies share one walk: the totals are those of the separate walks."""
    body = copy.deepcopy(screening())
    body["tree"] = {"all": {"p": 1, "cohort": "course", "start": "well", "with": {"early": 0}}}
    del body["subtrees"]
    body["cohorts"]["course"]["payoffs"].append(
        {"in": "ill", "outcome": "cost", "per": "year", "value": "100 * screened"}
    )
    shared = simulated(model_of(body), 3000, keep=3000).simulation.children.totals
    body["cohorts"]["course"]["transitions"]["well"]["ill"]["hazard"] += " * (1 + 0 * screened)"
    apart = simulated(model_of(body), 3000, keep=3000).simulation.children.totals
    assert shared.tobytes() == apart.tobytes()


# --- the same child in two arms --------------------------------------------------------------


@pytest.fixture(scope="module")
def sma():
    """The UK model with uptake below 1 and children with four copies watched."""
    return simulated(shipped("models/sma/uk"), 20_000, **OWN, keep=20_000, overrides={"p_uptake": 0.85})


def test_children_who_are_not_screened_live_as_without_screening(sma):
    """And those missed, and those watched until symptoms: whoever ends at the same leaf with the same numbers."""
    children = sma.simulation.children
    paths = np.array(children.leaves)[children.leaf]
    not_screened = np.char.find(paths[1], "not_screened") >= 0
    assert 0.13 < not_screened.mean() < 0.17
    assert np.all(np.char.find(paths[0], "not_screened") >= 0)
    assert np.array_equal(paths[0][not_screened], paths[1][not_screened])
    # under these choices types 2 and 3 hand over the same numbers
    last = np.array([leaf.split(" > ")[-1].replace("type_2", "type_3") for leaf in children.leaves])[children.leaf]
    alike = last[0] == last[1]
    assert alike.sum() > not_screened.sum()
    assert np.array_equal(children.totals[0][:, alike], children.totals[1][:, alike])
    found = ~alike
    assert (children.totals[0][:, found] != children.totals[1][:, found]).any(axis=0).mean() > 0.99


def test_who_dies_dies_in_both_arms():
    """Death comes first in the order of luck: where it is as likely in all states, no other move changes who dies."""
    cohort = {
        "cycles": {"length": "1 year", "count": 12},
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "transitions": {
            "well": {"ill": {"probability": "0.2 + 0.4 * screened"}, "dead": {"probability": 0.1}},
            "ill": {"well": {"probability": "0.3 * screened"}, "dead": {"probability": 0.1}},
        },
        "payoffs": [{"in": "well", "outcome": "qaly", "per": "year", "value": 1}],
    }
    tree = {"all": {"p": 1, "cohort": "life", "start": "well"}}
    result = simulated(model_of({"tree": tree, "cohorts": {"life": cohort}}), 5000, keep=5000)
    totals, known = result.simulation.children.totals, list(result.model.outcomes)
    assert np.array_equal(*totals[:, known.index("life_years")])
    assert result.simulation.differ[1] == (totals[0] != totals[1]).any(axis=0).sum() > 2500


@pytest.mark.parametrize("which", ["sma", "base"])
def test_counts_of_children_who_differ_are_what_the_children_say(which, request):
    """With every child kept, NumPy counts them."""
    result = request.getfixturevalue(which)
    children, error = result.simulation.children, result.simulation
    c = error.comparator
    assert list(error.differ) == [int((t != children.totals[c]).any(axis=0).sum()) for t in children.totals]
    assert list(error.rerouted) == [int((leaf != children.leaf[c]).sum()) for leaf in children.leaf]
    assert error.differ[c] == 0 and 0 < error.differ[1] <= error.individuals


def test_moments_are_those_of_the_children(base):
    """Sums and products of deviations by NumPy; so are the errors of means, increments and net benefits."""
    error, totals = base.simulation, base.simulation.children.totals
    flat = totals.reshape(-1, N)
    assert error.sums[0] == pytest.approx(flat.sum(axis=1), rel=1e-12)
    apart = flat - flat.mean(axis=1, keepdims=True)
    size = np.sqrt(np.outer(*2 * [(apart**2).sum(axis=1)]))
    assert np.all(np.abs(error.products[0] - apart @ apart.T) <= 1e-9 * size + 1e-12)
    cost, qaly = (totals[:, list(base.model.outcomes).index(o)] * error.mass[0][:, None] for o in ("cost", "qaly"))
    for values, ours in (
        (qaly[1], error.of_mean("qaly", 1)),
        (cost[1] - cost[0], error.of_increment("cost", 1)),
        (20000 * (qaly[1] - qaly[0]) - (cost[1] - cost[0]), error.of_net_benefit("qaly", 20000, 1, 0)),
        (20000 * qaly[0] - cost[0], error.of_net_benefit("qaly", 20000, 0)),
    ):
        assert ours[0] == pytest.approx(values.std(ddof=1) / np.sqrt(N), rel=1e-9)
    tree = base.tree_sums["cost", True][0]
    assert base.total("cost", "screening")[0] == pytest.approx(tree[1] + cost[1].mean(), rel=1e-12)


def test_errors_of_undiscounted_counts_of_every_draw_are_its_own():
    """An error has the axis of the draws: that of a draw alone."""
    five = simulated(model_of(screening()), 2000, draws=DRAWS).simulation
    for d in range(5):
        fixed = {name: float(values[d]) for name, values in DRAWS.items()}
        one = simulated(model_of(screening()), 2000, draws={k: np.full(d + 1, v) for k, v in fixed.items()}).simulation
        assert five.of_increment("cost", 1)[d] == one.of_increment("cost", 1)[d]


def test_start_states_and_leaves_follow_their_shares(base):
    """Of those who enter, in each arm."""
    children = base.simulation.children
    paths = np.array(children.leaves)[children.leaf]
    found = paths[1] == "affected > screened > found"
    assert stats.binomtest(int(found.sum()), N, 0.8 * 0.9).pvalue > 1e-4
    hidden = np.char.endswith(paths[0], "hidden")
    assert stats.binomtest(int(hidden.sum()), N, 0.5).pvalue > 1e-4
    # luck of one node says nothing about that of another, nor about attributes
    late = ~found
    table = [[(a & b).sum() for a in (hidden, ~hidden)] for b in (found, late)]
    assert stats.chi2_contingency(table).pvalue > 1e-4
    severe = children.attributes["severe"] == 1
    ill = simulated(model_of(screening()), N, keep_trace=True).trace("course")[0, 1, 0, 1] / base.simulation.mass[0, 1]
    starts_ill = round(ill * N) - int(np.char.endswith(paths[1], "hidden").sum())
    assert stats.binomtest(starts_ill, int((found & severe).sum()), 0.1).pvalue > 1e-4
    frailty = children.attributes["frailty"]
    assert stats.ks_2samp(frailty[found], frailty[late]).pvalue > 1e-4


# --- seeds and common random numbers ---------------------------------------------------------


def test_another_seed_is_another_sample(base):
    """0 and negative numbers are seeds; no child of one is a child of the other."""
    seen = [base.simulation.children.attributes["frailty"][:500]]
    for seed in (0, 2, -1, 10**12):
        children = simulated(model_of(screening()), 500, seed=seed, keep=500).simulation.children
        assert not np.intersect1d(children.attributes["frailty"], np.concatenate(seen)).size
        seen.append(children.attributes["frailty"])


def test_the_same_luck_in_both_arms_saves_most_of_the_work():
    """Against one seed for each arm, the variance of an increment is below a fifth; of costs about that.

    Both arms live the same lives here, and treatment is paid in years of illness: what remains of
    costs is the variance of what treatment costs, 117^2 of 119^2 + 230^2 or 20.4%, by the means of 300 runs of
    reference programs. It cannot be less.
    """
    model = shipped("sick_sicker_microsim")
    one, two = (simulated(model, 100_000, **OWN, seed=seed).simulation for seed in (1, 2))

    def ratio(error, first, second):
        return float(error[0] ** 2 / (first[0] ** 2 + second[0] ** 2))

    assert ratio(one.of_increment("qaly", 1), one.of_mean("qaly", 1), two.of_mean("qaly", 0)) < 0.01
    nmb = [x.of_net_benefit("qaly", 100_000, s) for x, s in ((one, 1), (two, 0))]
    assert ratio(one.of_net_benefit("qaly", 100_000, 1, 0), *nmb) < 0.2
    cost = ratio(one.of_increment("cost", 1), one.of_mean("cost", 1), two.of_mean("cost", 0))
    assert cost == pytest.approx(117**2 / (119**2 + 230**2), rel=0.05)


def test_increments_over_seeds_vary_as_little_as_is_reported():
    """80 seeds: the variance between them is the reported one, by chi-square."""
    model = shipped("sick_sicker_microsim")
    runs = [simulated(model, 2000, **OWN, seed=seed) for seed in range(80)]
    for outcome in ("cost", "qaly"):
        increments = [float(np.diff(run.by_strategy(outcome)[0])[0]) for run in runs]
        reported = np.mean([run.simulation.of_increment(outcome, 1)[0] ** 2 for run in runs])
        statistic = 79 * np.var(increments, ddof=1) / reported
        assert 1e-4 < stats.chi2.sf(statistic, 79) < 1 - 1e-4
