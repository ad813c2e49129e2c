"""EVSI: closed forms by enumeration and by conjugate posteriors, limits, net benefit of designs."""

import math

import numpy as np
import pytest
from scipy import stats
from voi_models import frame, normal_model, sample_from, unit_loss

from nbsmodel.analysis.evsi import ALL, EVERYTHING, NO_STUDY, Design, StudyValues
from nbsmodel.analysis.net_benefit_of_sampling import Study
from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.study_data import Data, Size

FREE = Study(1.0, math.nan, math.nan)


def item(name, kind, *members):
    return Data(name, name.capitalize(), kind, ParameterSet(name, name, members or (name,)))


def design(name="study", study=FREE, numbers=None, **sizes):
    return Design(
        name, numbers or {}, {k: v if isinstance(v, Size) else Size(float(v)) for k, v in sizes.items()}, study
    )


def whole(table):
    return table[table["data"] == ALL].set_index("design")


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_normal_model_within_its_errors(k):
    sample, draws = normal_model(k, 10_000, seed=10 + k)
    values = StudyValues(sample, draws, [item("p1", "mean")], [1.0])
    table = whole(values.table([design(f"n{n}", p1=Size(n, 1.0)) for n in (10, 100, 1000)]))
    for n in (10, 100, 1000):
        truth = unit_loss(k, k * math.sqrt(1 / (1 + 1 / n)))
        row = table.loc[f"n{n}"]
        assert abs(row["evsi"] - truth) < 4 * row["se"]
        assert abs(row["evsi"] - truth) < 0.03
    assert table.loc[["n10", "n100", "n1000"], "evsi"].is_monotonic_increasing


@pytest.mark.parametrize("n", [1, 5, 40, 400])
def test_counts_of_a_beta_by_enumeration(n):
    """Every possible count with its beta-binomial probability; the net benefit is linear, so its mean is too."""
    a, b, slope, level = 3.0, 7.0, 1000.0, -320.0
    x = np.arange(n + 1)
    means = level + slope * (a + x) / (a + b + n)
    chance = stats.betabinom.pmf(x, n, a, b)
    truth = float(chance @ np.maximum(means, 0)) - max(0.0, level + slope * a / (a + b))
    size = 10_000
    rng = np.random.default_rng(n)
    draws = frame(p=rng.beta(a, b, size))
    sample = sample_from(np.zeros(size), level + slope * draws["p"].to_numpy() + rng.normal(0, 300, size))
    row = whole(StudyValues(sample, draws, [item("p", "counts")], [1.0]).table([design(p=n)])).loc["study"]
    assert abs(row["evsi"] - truth) < 3 * row["se"]
    assert row["se"] < 4


def test_events_of_a_gamma_by_enumeration():
    a, b, time = 4.0, 2.0, 3.0  # rate ~ gamma(shape a, rate b), mean 2; net benefit 2.2 - rate
    x = np.arange(200)
    chance = stats.nbinom.pmf(x, a, b / (b + time))
    means = 2.2 - (a + x) / (b + time)
    truth = float(chance @ np.maximum(means, 0)) - 0.2
    rng = np.random.default_rng(1)
    draws = frame(r=rng.gamma(a, 1 / b, 8000))
    sample = sample_from(np.zeros(8000), 2.2 - draws["r"].to_numpy())
    row = whole(StudyValues(sample, draws, [item("r", "events")], [1.0]).table([design(r=time)])).loc["study"]
    assert abs(row["evsi"] - truth) < 3 * row["se"]


def test_a_slow_twin_with_conjugate_posteriors():
    """A curved model with two kinds of data: data sets one by one, the posterior sampled for each."""
    rng = np.random.default_rng(2)
    a, b, n_counts, n_mean, sd = 4.0, 6.0, 15, 10, 1.5

    def net(p, c):
        return 10 * p**2 - c * (1 - p) * 3 - 0.2

    size = 6000
    draws = frame(p=rng.beta(a, b, size), c=rng.normal(0.8, 0.5, size))
    sample = sample_from(np.zeros(size), net(draws["p"], draws["c"]).to_numpy())
    values = StudyValues(sample, draws, [item("p", "counts"), item("c", "mean")], [1.0])
    row = whole(values.table([design(p=n_counts, c=Size(n_mean, sd))])).loc["study"]
    means = []
    for _ in range(3000):
        x = rng.binomial(n_counts, rng.beta(a, b))
        y = rng.normal(rng.normal(0.8, 0.5), sd / math.sqrt(n_mean))
        precision = 1 / 0.25 + n_mean / sd**2
        middle = (0.8 / 0.25 + y * n_mean / sd**2) / precision
        p, c = rng.beta(a + x, b + n_counts - x, 500), rng.normal(middle, precision**-0.5, 500)
        means.append(net(p, c).mean())
    means = np.array(means)
    now = net(rng.beta(a, b, 10**6), rng.normal(0.8, 0.5, 10**6)).mean()
    gains = np.maximum(means, 0) - max(now, 0)
    twin, error = gains.mean(), gains.std() / math.sqrt(len(gains))
    assert row["evsi"] > 0.05
    assert abs(row["evsi"] - twin) < 3 * math.hypot(error, row["se"])


def test_data_are_worth_no_more_than_knowing_for_certain_and_no_less_than_a_part():
    rng = np.random.default_rng(3)
    n = 2000
    shares = rng.dirichlet([5, 3, 2], n)
    draws = frame(a=shares[:, 0], b=shares[:, 1], c=shares[:, 2], p=rng.beta(2, 50, n), x=rng.normal(size=n))
    nb = 20 * draws["a"] - 100 * draws["p"] - 6 + draws["x"] * draws["b"] * 5
    sample = sample_from(np.zeros(n), nb.to_numpy(), (3 * draws["x"] - 1).to_numpy())
    items = [item("share", "counts", "a", "b", "c"), item("p", "counts"), item("x", "mean")]
    values = StudyValues(sample, draws, items, [1.0, 3.0])
    sizes = (2, 20, 200, 20_000)
    table = values.table([design(f"n{s}", share=s, p=s, x=Size(s, 2.0)) for s in sizes])
    limits = values.limits().set_index(["threshold", "data"])
    for threshold, part in table[table["design"] != NO_STUDY].groupby("threshold"):
        for _, row in part.iterrows():
            assert 0 <= row["evsi"] <= limits.loc[(threshold, row["data"]), "evppi"]
        for _, of_design in part.groupby("design"):
            value = of_design.set_index("data")["evsi"]
            assert value[ALL] == value.max()
        for data in ("share", "p", "x", ALL):
            mine = part[part["data"] == data]["evsi"].to_numpy()
            assert (np.diff(mine) > -0.02 * mine.max()).all()
            assert mine[-1] == pytest.approx(limits.loc[(threshold, data), "evppi"], rel=0.03, abs=0.005)
        assert limits.loc[(threshold, ALL), "evppi"] <= limits.loc[(threshold, EVERYTHING), "evppi"]


def test_a_study_that_tells_nothing_is_worth_nothing():
    rng = np.random.default_rng(4)
    draws = frame(x=rng.uniform(0, 1, 2000), y=rng.normal(size=2000))
    sample = sample_from(np.zeros(2000), 1 + draws["x"].to_numpy() + 0.3 * draws["y"].to_numpy())
    table = StudyValues(sample, draws, [item("x", "counts")], [1.0]).table([design(x=10)])
    assert whole(table).loc["study", "evsi"] == 0  # x alone never changes the decision


def test_the_design_with_the_highest_net_benefit():
    n = 4000
    sample, draws = normal_model(1, n, 5)
    sample = sample_from(*sample.net_benefit(1.0).T, births=np.full(n, 1000.0), cases=np.full(n, 0.5))
    values = StudyValues(sample, draws, [item("p1", "mean")], [1.0], years=8.0)
    studies = {
        "small": design("small", Study(0.5, 0.5, 7.5, 20.0), {"children": 5.0}, p1=Size(5, 1.0)),
        "large": design("large", Study(3.0, 2.8, 5.2, 400.0), {"children": 500.0}, p1=Size(500, 1.0)),
    }
    table = values.table(list(studies.values()))
    rows = whole(table)
    now = float(sample.incremental_net_benefit(1.0)[:, 1].mean())
    for name, made in studies.items():
        row, study = rows.loc[name], made.study
        assert row["children"] == made.numbers["children"]
        assert row["population"] == pytest.approx(row["evsi"] * 1000 * study.after)
        assert row["delay_cost"] == pytest.approx(1000 * study.during * now)
        assert row["net_benefit"] == pytest.approx(row["population"] - study.cost - row["delay_cost"])
        assert row["per_case"] == pytest.approx(row["evsi"] / 0.5)
        assert 0 < row["share_of_evppi"] < 1
    none = table[table["design"] == NO_STUDY].iloc[0]
    assert none["net_benefit"] == 0
    best = table[table["best"]]
    assert len(best) == 1
    assert best["net_benefit"].iloc[0] == max(*rows["net_benefit"], 0)


def test_no_study_is_best_where_none_is_worth_its_cost():
    n = 2000
    sample, draws = normal_model(1, n, 6)
    sample = sample_from(*sample.net_benefit(1.0).T, births=np.full(n, 1000.0))
    values = StudyValues(sample, draws, [item("p1", "mean")], [1.0], years=8.0)
    table = values.table([design(study=Study(1.0, 1.0, 7.0, 1e9), p1=Size(10, 1.0))])
    assert list(table.loc[table["best"], "design"]) == [NO_STUDY]
    unpriced = values.table([design(study=Study(1.0, 1.0, 7.0), p1=Size(10, 1.0))])
    assert not unpriced["best"].any()
    assert whole(unpriced)["net_benefit"].isna().all()


def test_the_error_of_the_net_benefit_covers_the_truth():
    """The value and the cost of waiting hang on the same draws, so their errors go together."""
    n, inside, found = 1000, 0, []
    study = Study(1.0, 1.0, 7.0, 0.0)
    truth = 7 * unit_loss(1, math.sqrt(1 / 1.1)) - 1.0
    for seed in range(60):
        sample, draws = normal_model(1, n, 1000 + seed)
        sample = sample_from(*sample.net_benefit(1.0).T, births=np.ones(n))
        values = StudyValues(sample, draws, [item("p1", "mean")], [1.0], years=8.0)
        row = whole(values.table([design(study=study, p1=Size(10, 1.0))])).loc["study"]
        inside += abs(row["net_benefit"] - truth) < 1.96 * row["net_benefit_se"]
        found.append((row["net_benefit"], row["net_benefit_se"]))
    values, errors = np.array(found).T
    assert inside >= 51  # 85%: 95% of 60 is 57
    assert 0.8 < errors.mean() / values.std() < 1.4


def test_draws_and_outcomes_of_different_runs_are_refused():
    sample, draws = normal_model(1, 500, 7)
    with pytest.raises(ValueError, match="not of the same draws"):
        StudyValues(sample, draws.iloc[:-1], [item("p1", "mean")], [1.0])
    few, draws = normal_model(1, 50, 7)
    with pytest.raises(ValueError, match="too few"):
        StudyValues(few, draws, [item("p1", "mean")], [1.0])
