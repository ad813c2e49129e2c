"""Models that once gave another result child by child than as a cohort, and inputs that once stopped a run."""

import numpy as np
import pytest
from engine_models import build

import nbsmodel
from nbsmodel.engine import micro_walk
from nbsmodel.engine.micro_batch import Moments
from nbsmodel.model.attributes import attribute_values

SETTINGS = {
    "discount_rate_costs": 0.03,
    "discount_rate_outcomes": 0.01,
    "discount_timing": "mid",
    "within_cycle_correction": "life_table",
}
PEOPLE = 200_000
ILL = {"well": {}, "ill": {}, "dead": {"dead": True}}


def course(transitions, payoffs, cycles=15, length="1 year", **more):
    return {
        "cycles": {"length": length, "count": cycles},
        "states": ILL,
        "transitions": transitions,
        "payoffs": payoffs,
        **more,
    }


def agree(model, **how):
    """Means of both engines within 4 standard errors of simulation."""
    cohort = nbsmodel.evaluate(model, settings=SETTINGS, **how)
    people = nbsmodel.evaluate(model, settings=SETTINGS, engine="microsimulation", individuals=PEOPLE, **how)
    for outcome in ("cost", "qaly", "life_years"):
        for s, strategy in enumerate(cohort.strategies):
            exact, mean = cohort.total(outcome, strategy)[0], people.total(outcome, strategy)[0]
            error = float(people.simulation.of_mean(outcome, s)[0])
            assert abs(mean - exact) <= max(4 * error, 1e-9 * abs(exact)), (outcome, strategy, exact, mean, error)
    assert cohort.sums.keys() == people.sums.keys()  # nothing that is paid is left out
    return people


def test_a_second_test_has_luck_of_its_own():
    """Two tests in a row with the same names of branches: who is positive once is not positive for ever."""
    branch = {"p": 0.4, "cohort": "c"}
    tree = {
        "positive": {
            "p": 0.4,
            "then": {"positive": {**branch, "start": "ill"}, "negative": {**branch, "p": "rest", "start": "well"}},
        },
        "negative": {"p": "rest", "cohort": "c", "start": "well"},
    }
    payoffs = [
        {"in": "alive", "outcome": "qaly", "per": "year", "value": 1},
        {"in": "ill", "outcome": "cost", "per": "year", "value": 100},
    ]
    moves = {"well": {"ill": {"hazard": 0.05}}, "ill": {"dead": {"hazard": 0.3}}}
    agree(build({"tree": tree, "cohorts": {"c": course(moves, payoffs)}}))


def test_an_override_of_a_value_by_clock_loses_no_payoff():
    """What is replaced by a number no longer differs between children, for all parts of the engine."""
    derived = {"u": "0.9 - 0.01 * time_in_state", "c": "100 * sick", "m": "50 * time_in_state"}
    payoffs = [
        {"in": "alive", "outcome": "qaly", "per": "year", "value": "u"},
        {"in": "ill", "outcome": "cost", "per": "year", "value": "c"},
        {"moving": {"from": "well", "to": "ill"}, "outcome": "cost", "value": "m"},
    ]
    moves = {"well": {"ill": {"hazard": 0.3}}, "ill": {"dead": {"hazard": 0.1}, "well": {"probability": 0.2}}}
    cohort = course(moves, payoffs, clocks={"sick": {"runs_in": ["ill"]}})
    model = build(
        {"derived": derived, "tree": {"all": {"p": 1, "cohort": "c", "start": "well"}}, "cohorts": {"c": cohort}}
    )
    agree(model)
    agree(model, overrides={"u": 0.8, "c": 70, "m": 11})


def test_leaves_with_other_delays_have_tables_of_their_own():
    """A table by clock that uses the age is not shared by children who enter at other ages."""
    tree = {
        "early": {"p": 0.5, "cohort": "c", "start": "well", "delay": 0},
        "late": {"p": "rest", "cohort": "c", "start": "ill", "delay": 7},
    }
    payoffs = [
        {"in": "alive", "outcome": "qaly", "per": "year", "value": 1},
        {"in": "ill", "outcome": "cost", "per": "year", "value": "100 * exp(-0.1 * age * time_in_state)"},
    ]
    moves = {
        "well": {"ill": {"hazard": 0.3}},
        "ill": {"dead": {"hazard": "0.1 * exp(0.05 * age * time_in_state)"}, "well": {"probability": 0.2}},
    }
    agree(build({"tree": tree, "cohorts": {"c": course(moves, payoffs)}}))


@pytest.mark.parametrize("length", ["1/10 year", "1 month"])
def test_a_threshold_on_a_clock_falls_in_the_same_cycle(length):
    """Seven tenths of a year are 0.7 years in both engines, whenever the clock began."""
    limit = 0.7 if length == "1/10 year" else "7 / 12"
    payoffs = [{"in": "ill", "outcome": "qaly", "per": "year", "value": f"1 if time_in_state <= {limit} else 0"}]
    moves = {"well": {"ill": {"hazard": 1.5}}, "ill": {"dead": {"hazard": 0.5}}}
    tree = {"all": {"p": 1, "cohort": "c", "start": "well"}}
    agree(build({"tree": tree, "cohorts": {"c": course(moves, payoffs, cycles=24, length=length)}}))


def test_the_error_of_large_totals_that_differ_little():
    """The variance is that of deviations: squares of large totals would cancel."""
    attributes = {"x": {"distribution": "normal(mean=0, se=1)"}}
    payoffs = [{"starting_in": "well", "outcome": "cost", "value": "2.5e9 + x"}]
    tree = {"all": {"p": 1, "cohort": "c", "start": "well"}}
    model = build({"attributes": attributes, "tree": tree, "cohorts": {"c": course({}, payoffs, cycles=1)}})
    result = nbsmodel.evaluate(model, engine="microsimulation", individuals=40_000)
    assert result.simulation.of_mean("cost", 0)[0] == pytest.approx(1 / 200, rel=0.02)


def test_moments_of_parts_are_those_of_the_whole():
    totals = np.random.default_rng(1).normal(1e6, [[1.0], [5.0]], (2, 3000))
    totals[1] += totals[0]

    def moments(part):
        apart = part - part.mean(axis=1, keepdims=True)
        return Moments(part.shape[1], part.sum(axis=1)[None], (apart @ apart.T)[None])

    joined = moments(totals[:, :1000]).plus(moments(totals[:, 1000:1001])).plus(moments(totals[:, 1001:]))
    whole = moments(totals)
    assert joined.count == whole.count
    assert joined.sums == pytest.approx(whole.sums, rel=1e-12)
    assert joined.products == pytest.approx(whole.products, rel=1e-9)


@pytest.mark.parametrize(
    "distribution",
    ["beta(alpha=0.5, beta=0.5)", "beta(alpha=1e6, beta=1e6)", "gamma(shape=0.01, scale=100)", "beta(alpha=2, beta=30)",
     "gamma(shape=1e8, scale=1e-8)", "beta(mean=0.01, se=0.05)", "gamma(mean=1, se=0.3)"],
)  # fmt: skip
def test_quantiles_of_any_shape(distribution):
    """Polynomials where they fit, the library's own inverse elsewhere: the same numbers."""
    tree = {"all": {"p": 1, "cohort": "c", "start": "well"}}
    model = build({"attributes": {"x": {"distribution": distribution}}, "tree": tree, "cohorts": {"c": course({}, [])}})
    attribute = model.attributes["x"]
    u = np.linspace(0.001, 0.999, 999)[:, None, None]
    found = attribute_values(model, attribute, u, {})
    with np.errstate(all="ignore"):
        assert found == pytest.approx(attribute.fixed.quantile(u), rel=1e-6, abs=1e-12)


def test_a_damaged_cache_is_made_again(tmp_path, monkeypatch):
    """A source or compiled file cut short, emptied or replaced does not stop this run or the next."""
    monkeypatch.setenv(micro_walk.CACHE_VARIABLE, str(tmp_path))
    source = "import numpy as np\nfrom numba import njit\n\n\n@njit('i8(i8)', cache=True)\ndef walk(x):\n"
    source += "    return x + int(np.ones(1).sum())\n"
    path = micro_walk._place(source)
    name = f"nbsmodel_{path.stem}"

    def load():
        monkeypatch.delitem(micro_walk.sys.modules, name, raising=False)
        return micro_walk.load_walk(source)(41)

    assert load() == 42
    assert load() == 42
    assert micro_walk.sys.modules[name].walk.stats.cache_hits  # the second time nothing is compiled
    compiled = list((tmp_path / "__pycache__").glob("*.nb?"))
    assert {file.suffix for file in compiled} == {".nbi", ".nbc"}
    for file in (path, *compiled):
        whole = file.read_bytes()
        for damage in (b"", whole[: len(whole) // 3], b"\xff\xfe nonsense"):
            file.write_bytes(damage)
            assert load() == 42, (file.suffix, damage[:10])
    path.unlink()
    path.mkdir()
    assert load() == 42
    monkeypatch.delitem(micro_walk.sys.modules, name)


def test_events_so_far_are_deaths_and_entries_by_time():
    """A curve of the time to an event: deaths are who is no longer alive, and the end is the total."""
    payoffs = [
        {"moving": {"from": "alive", "to": "dead"}, "outcome": "deaths", "value": 1},
        {"entering": "ill", "outcome": "ever_ill", "value": 1},
        {"in": "ill", "outcome": "years_ill", "per": "year", "value": 1},
        {"moving": {"from": "well", "to": "ill"}, "outcome": "mixed", "value": "x"},
    ]
    counted = {
        name: {"label": name, "unit": "n", "discounted_as": "none"}
        for name in ("deaths", "ever_ill", "years_ill", "mixed")
    }
    tree = {
        "born": {"p": 0.01, "cohort": "c", "start": {"ill": 0.2, "well": "rest"}},
        "other": {"p": "rest"},
    }
    moves = {"well": {"ill": {"hazard": 0.2}, "dead": {"hazard": 0.05}}, "ill": {"dead": {"hazard": 0.3}}}
    model = build(
        {
            "attributes": {"x": {"values": {"1": 0.5, "2": "rest"}}},
            "outcomes": counted,
            "tree": tree,
            "cohorts": {"c": course(moves, payoffs)},
        }
    )
    result = nbsmodel.evaluate(model, engine="microsimulation", individuals=20_000, keep_trace=True)
    events = result.simulation.events
    assert set(events) == {("c", "deaths"), ("c", "ever_ill")}  # not time, nor what differs by child
    share = result.trace("c") / 0.01
    assert events["c", "deaths"] == pytest.approx(share[..., result.states("c").index("dead")], abs=1e-12)
    assert (np.diff(events["c", "ever_ill"], axis=2) >= 0).all()
    assert events["c", "ever_ill"][0, :, 0] == pytest.approx(share[0, :, 0, result.states("c").index("ill")])
    for outcome in ("deaths", "ever_ill"):
        total = result.by_strategy(outcome, discounted=False)
        assert events["c", outcome][:, :, -1] * 0.01 == pytest.approx(total, rel=1e-12)
    assert nbsmodel.evaluate(model, engine="microsimulation", individuals=100).simulation.events == {}
