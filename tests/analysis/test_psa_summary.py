"""Means, intervals and errors of draws: by hand, zero variance to the last bit, ratios per case, coverage."""

import math
import statistics

import numpy as np
import pytest
from draws import normals, random_sample, sample_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbsmodel.analysis.alternatives import alternative_table
from nbsmodel.analysis.estimates import mean, ratio, spread, standard_error
from nbsmodel.analysis.incremental import incremental_table
from nbsmodel.analysis.psa_summary import COLUMNS, frontier_table, summary_table

KEYS = ["strategy", "against", "quantity", "threshold", "per"]


def at(table, strategy, against, quantity, threshold=None, per="birth"):
    """The one row of the summary for these."""
    wanted = (table["strategy"] == strategy) & (table["against"] == against) & (table["quantity"] == quantity)
    wanted &= table["per"] == per
    wanted &= table["threshold"].isna() if threshold is None else table["threshold"] == threshold
    (row,) = table[wanted].to_dict("records")
    return row


def one(cost, effect, **more):
    """The run at base values: a single row."""
    return sample_of([cost], [effect], **{k: np.array([v]) for k, v in more.items()})


@pytest.mark.parametrize("seed", range(3))
def test_as_plain_python_says(seed):
    sample = random_sample(seed, draws=101)
    table = summary_table(sample, one([900, 2000, 3000], [10, 10, 10.2]), [20000.0, 30000.0], "birth")
    assert list(table.columns) == COLUMNS and not table.duplicated(KEYS).any()
    for threshold in (20000.0, 30000.0):
        nmb = [[threshold * e - c for c, e in zip(*row, strict=True)]
               for row in zip(sample.cost, sample.effect, strict=True)]  # fmt: skip
        inmb = [row[2] - row[0] for row in nmb]
        row = at(table, "c", "a", "nmb", threshold)
        assert row["mean"] == pytest.approx(statistics.fmean(inmb), rel=1e-10)
        assert row["sd"] == pytest.approx(statistics.stdev(inmb), rel=1e-10)
        assert row["se"] == pytest.approx(statistics.stdev(inmb) / math.sqrt(101), rel=1e-10)
        ordered = sorted(inmb)  # 2.5% of 100 steps between 101 draws: half way between the third and the fourth
        assert row["low95"] == pytest.approx((ordered[2] + ordered[3]) / 2, rel=1e-10)
        assert row["high95"] == pytest.approx((ordered[97] + ordered[98]) / 2, rel=1e-10)
        assert row["base"] == pytest.approx(threshold * 0.2 - 2100, rel=1e-9)
        assert row["difference"] == pytest.approx(row["mean"] - row["base"])
        assert row["nonlinear"] == (abs(row["difference"]) > 1.959963984540054 * row["se"])
        own = at(table, "b", "", "nmb", threshold)
        assert own["mean"] == pytest.approx(statistics.fmean(r[1] for r in nmb), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (9, 2), elements=st.integers(-(10**6), 10**6).map(lambda x: x / 10)),
    arrays(float, (9, 2), elements=st.integers(0, 10**6).map(lambda x: x / 10**5)),
    st.sampled_from([0.5, 20000.0, 50000.0]),
)
def test_what_must_always_hold(cost, effect, threshold):
    table = summary_table(sample_of(cost, effect), one(cost[0], effect[0]), [threshold], "birth")
    for names in (("a", ""), ("b", ""), ("b", "a")):
        nmb, nhb = (at(table, *names, kind, threshold) for kind in ("nmb", "nhb"))
        money, health = at(table, *names, "cost"), at(table, *names, "qaly")
        size = 1e-9 * (1 + np.abs(cost).max() + threshold * np.abs(effect).max())
        assert nhb["mean"] * threshold == pytest.approx(nmb["mean"], rel=1e-9, abs=size)
        assert nmb["mean"] == pytest.approx(threshold * health["mean"] - money["mean"], rel=1e-9, abs=size)
        for row in (nmb, money, health):
            assert row["low95"] <= row["high95"]
            assert row["sd"] == pytest.approx(row["se"] * 3)
            assert row["sd"] > 0 or row["low95"] == row["high95"] == row["mean"]


def test_without_variance_the_base_case_to_the_last_bit():
    cost, effect = [504.13074347381433, 0.1 + 0.2], [24.000123456789, 23.7]
    sample = sample_of(np.tile(cost, (9999, 1)), np.tile(effect, (9999, 1)), cases=np.full(9999, 1e-4 / 3))
    table = summary_table(sample, one(cost, effect, cases=1e-4 / 3), [20000.0, 25000.0], "birth")
    mine = table[table["per"] == "birth"]
    assert list(mine["mean"]) == list(mine["base"])
    assert (table[["se", "sd", "difference"]] == 0).all(axis=None) and not table["nonlinear"].any()
    assert (mine["low95"] == mine["mean"]).all() and (mine["high95"] == mine["mean"]).all()


def test_a_difference_from_the_base_values_is_told_from_noise():
    x = normals(1, "x", 4000)
    effect = np.stack([np.zeros(4000), np.exp(x)], 1)  # mean exp(1/2), base value exp(0) = 1
    table = summary_table(sample_of(np.zeros((4000, 2)), effect), one([0, 0], [0, 1]), [10.0], "patient")
    row = at(table, "b", "a", "qaly", per="patient")
    assert row["nonlinear"] and row["difference"] == pytest.approx(math.exp(0.5) - 1, abs=4 * row["se"])
    straight = np.stack([np.zeros(4000), 1 + x], 1)
    table = summary_table(sample_of(np.zeros((4000, 2)), straight), one([0, 0], [0, 1]), [10.0], "patient")
    assert not at(table, "b", "a", "qaly", per="patient")["nonlinear"]


def test_per_case_is_the_ratio_of_the_means():
    n = 3000
    cases = 1e-4 * np.exp(0.2 * normals(2, "cases", n))
    gain = cases * (8 + normals(2, "gain", n))  # 8 QALYs for each affected child
    sample = sample_of(np.zeros((n, 2)), np.stack([np.zeros(n), gain], 1), cases=cases)
    table = summary_table(sample, one([0, 0], [0, 8e-4], cases=1e-4), [20000.0], "birth")
    row, whole = at(table, "b", "a", "qaly", per="case"), at(table, "b", "a", "qaly")
    assert row["mean"] == pytest.approx(gain.mean() / cases.mean(), rel=1e-12)
    assert row["mean"] == pytest.approx(whole["mean"] / cases.mean(), rel=1e-12)
    assert row["base"] == pytest.approx(8)
    assert (row["low95"], row["high95"]) == tuple(np.quantile(gain / cases, [0.025, 0.975]))
    # the share of affected children is in both: the ratio is known far better than the numerator
    assert row["se"] / row["mean"] < 0.7 * whole["se"] / whole["mean"]
    assert "case" not in set(
        summary_table(sample_of(*[np.ones((4, 2))] * 2), one([0, 0], [0, 1]), [1.0], "birth")["per"]
    )


def test_a_draw_without_cases_has_no_ratio_but_harms_no_mean():
    sample = sample_of(np.zeros((4, 2)), [[0, 1], [0, 2], [0, 0], [0, 5]], cases=np.array([0.1, 0.2, 0.0, 0.1]))
    row = at(summary_table(sample, one([0, 0], [0, 1], cases=0.1), [1.0], "birth"), "b", "a", "qaly", per="case")
    assert row["mean"] == pytest.approx(8 / 0.4) and math.isnan(row["low95"]) and math.isnan(row["sd"])


def test_the_error_of_a_ratio_covers_as_often_as_it_should():
    inside = 0
    for seed in range(400):
        below = 1 + 0.2 * normals(seed, "below", 200)
        above = 3 * below + normals(seed, "above", 200)
        found, error = ratio(above, below)
        inside += abs(found - 3) < 1.96 * error
    assert abs(inside - 380) < 18  # four standard errors
    assert all(map(math.isnan, ratio(np.ones(5), np.zeros(5))))


def test_equal_numbers_have_their_mean_and_no_spread():
    for value in (0.1, 1 / 3, 504.13074347381433, -1e-17):
        column = np.full(12345, value)
        assert mean(column) == value and spread(column) == 0 and standard_error(column) == 0
    assert math.isnan(spread(np.array([1.0])))


def test_means_of_large_numbers_that_differ_little():
    x = normals(3, "x", 1000)
    assert spread(1e12 + x) == pytest.approx(np.std(x, ddof=1), rel=1e-3)


def test_frontier_of_the_means():
    sample = random_sample(4, draws=500, strategies=4)
    table = frontier_table(sample, "qaly")
    expected = incremental_table(sample.strategies, sample.cost.mean(axis=0), sample.effect.mean(axis=0))
    assert list(table["strategy"]) == list(expected["strategy"]) and list(table["status"]) == list(expected["status"])
    np.testing.assert_allclose(table["icer"], expected["icer"], rtol=1e-6)
    assert table["icer_se"].notna().sum() == table["icer"].notna().sum()
    assert {"qaly", "inc_qaly", "icer_se"} <= set(table.columns)


def test_where_the_frontier_changes_hands():
    """At the ICER of the means, and nowhere else, another strategy becomes the best on average."""
    from nbsmodel.analysis.acceptability import acceptability_table

    sample = random_sample(9, draws=400, strategies=3)
    steps = frontier_table(sample, "qaly")
    steps = steps[steps["status"] == "frontier"]
    for before, row in zip(steps["strategy"], steps.iloc[1:].to_dict("records"), strict=False):
        for factor, best in ((1 - 1e-6, before), (1 + 1e-6, row["strategy"])):
            rows = acceptability_table(sample, [row["icer"] * factor])
            assert list(rows.loc[rows["frontier"], "strategy"]) == [best]
    assert len(steps) > 1


def test_alternatives_one_by_one():
    sample = random_sample(6, draws=300, strategies=2)
    drawn = np.where(np.arange(300) % 3 == 0, "wanes", "lasts")
    table = alternative_table(sample, drawn, [20000.0]).set_index(["alternative", "strategy"]).sort_index()
    inmb = 20000 * (sample.effect[:, 1] - sample.effect[:, 0]) - (sample.cost[:, 1] - sample.cost[:, 0])
    for name in ("wanes", "lasts"):
        row, mine = table.loc[(name, "b")], inmb[drawn == name]
        assert row["inmb"] == pytest.approx(mine.mean()) and row["draws"] == len(mine)
        assert row["inmb_se"] == pytest.approx(mine.std(ddof=1) / math.sqrt(len(mine)))
        assert row["probability"] == pytest.approx((mine > 0).mean())
    parts = table.xs("b", level="strategy")
    assert (parts["inmb"] * parts["draws"]).sum() / 300 == pytest.approx(inmb.mean())
    assert math.isnan(table.loc[("wanes", "a"), "inmb"])
