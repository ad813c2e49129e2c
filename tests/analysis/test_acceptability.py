"""Acceptability, frontier, losses and the value of perfect information: slow twin, closed forms, invariants."""

import math

import numpy as np
import pytest
from draws import normals, random_sample, sample_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbsmodel.analysis.acceptability import acceptability_table, evpi_table, losses, threshold_grid

GRID = [0.0, 1000.0, 20000.0, 30000.0, 100000.0]


def slow(sample, threshold):
    """Everything at one threshold, draw by draw, in plain Python."""
    names = range(len(sample.strategies))
    nb = [
        [threshold * e - c for c, e in zip(*row, strict=True)] for row in zip(sample.cost, sample.effect, strict=True)
    ]
    n = len(nb)
    probability, loss = [0.0] * len(names), [0.0] * len(names)
    for row in nb:
        best = max(row)
        winners = [s for s in names if abs(row[s] - best) <= 1e-9]
        for s in names:
            probability[s] += (1 / len(winners) if s in winners else 0) / n
            loss[s] += (best - row[s]) / n
    means = [sum(row[s] for row in nb) / n for s in names]
    evpi = sum(max(row) for row in nb) / n - max(means)
    return probability, loss, means, evpi


@pytest.mark.parametrize("seed", range(3))
def test_as_the_slow_twin_says(seed):
    sample = random_sample(seed, draws=150, strategies=4)
    ceac, evpi = acceptability_table(sample, GRID), evpi_table(sample, GRID, None)
    for threshold in GRID:
        probability, loss, means, value = slow(sample, threshold)
        rows = ceac[ceac["threshold"] == threshold]
        np.testing.assert_allclose(rows["probability"], probability, atol=1e-12)
        np.testing.assert_allclose(rows["expected_loss"], loss, rtol=1e-9)
        np.testing.assert_allclose(rows["mean_nmb"], means, rtol=1e-12)
        assert list(rows["frontier"]) == [m == max(means) for m in means]
        assert evpi.set_index("threshold").loc[threshold, "evpi"] == pytest.approx(value, rel=1e-9)


def test_the_most_probable_need_not_be_the_best_on_average():
    # b loses 10 in nine draws of ten and gains 200 in the tenth: 190 - 90 = 11 a draw on average
    inmb = np.where(np.arange(1000) % 10 == 0, 200.0, -10.0)
    sample = sample_of(np.stack([np.zeros(1000), -inmb], 1), np.ones((1000, 2)))
    rows = acceptability_table(sample, [20000.0]).set_index("strategy")
    assert rows.loc["a", "probability"] == pytest.approx(0.9) and rows.loc["b", "probability"] == pytest.approx(0.1)
    assert not rows.loc["a", "frontier"] and rows.loc["b", "frontier"]
    assert rows.loc["b", "expected_loss"] == pytest.approx(9) and rows.loc["a", "expected_loss"] == pytest.approx(20)
    assert evpi_table(sample, [20000.0], None)["evpi"][0] == pytest.approx(9)


def test_strategies_that_tie_share_the_probability():
    cost = np.tile([100.0, 100.0, 100.0 + 1e-13, 50.0], (8, 1))
    effect = np.tile([1.0, 1.0, 1.0, 0.0], (8, 1))
    rows = acceptability_table(sample_of(cost, effect), [0.0, 1000.0])
    low, high = rows["probability"][:4], rows["probability"][4:]
    assert list(low) == [0, 0, 0, 1]
    assert list(high) == [1 / 3, 1 / 3, 1 / 3, 0]
    assert list(rows["frontier"][4:]) == [True, True, True, False]
    assert list(rows["expected_loss"][4:7]) == [0, 0, 0] and (rows["probability_se"] == 0).all()


def test_equal_arms_computed_in_another_order_tie_in_every_draw():
    effect = 25 + 0.1 * normals(1, "effect", 500)
    cost = np.full(500, 0.1 + 0.2) * effect
    again = (0.1 * effect + 0.2 * effect) * (1 + 1e-15)
    sample = sample_of(np.stack([cost, again], 1), np.stack([effect, effect], 1))
    assert losses(sample, 30000.0).by_draw.max() == 0
    assert list(acceptability_table(sample, [30000.0])["probability"]) == [0.5, 0.5]
    assert evpi_table(sample, [30000.0], 10.0)["evpi"][0] == 0


def test_the_value_is_exactly_0_where_one_strategy_wins_in_every_draw():
    cost = np.abs(normals(1, "cost", 1000))
    sample = sample_of(np.stack([cost + 1, cost], 1), np.full((1000, 2), 24.7))
    evpi = evpi_table(sample, GRID, 8.6)
    assert (evpi[["evpi", "evpi_se"]] == 0).all(axis=None) and set(evpi["strategy"]) == {"b"}


@pytest.mark.parametrize(("mean", "sd"), [(1.0, math.sqrt(5)), (0.0, 1.0), (-2.0, 3.0)])
def test_closed_form_for_a_normal_net_benefit(mean, sd):
    """EVPI = s phi(m / s) - |m| Phi(-|m| / s); the CEAC is Phi(m / s)."""
    from scipy.stats import norm

    m, n = mean / sd, 40_000
    expected = sd * norm.pdf(m) - abs(mean) * norm.cdf(-abs(m))
    inmb = mean + sd * normals(3, "inmb", n)
    sample = sample_of(np.stack([np.zeros(n), -inmb], 1), np.zeros((n, 2)))
    evpi, ceac = evpi_table(sample, [1.0], None).iloc[0], acceptability_table(sample, [1.0]).iloc[1]
    assert abs(evpi["evpi"] - expected) < 4 * evpi["evpi_se"]
    assert abs(ceac["probability"] - norm.cdf(m)) < 4 * ceac["probability_se"]
    assert ceac["probability_se"] == pytest.approx(math.sqrt(norm.cdf(m) * norm.cdf(-m) / n), rel=0.02)


def test_the_stated_errors_cover_as_often_as_they_should():
    from scipy.stats import norm

    n, tries, inside = 400, 500, np.zeros(3)
    truth = (norm.pdf(0.5) - 0.5 * norm.cdf(-0.5), norm.cdf(0.5), 0.5)
    for seed in range(tries):
        inmb = 0.5 + normals(seed, "coverage", n)
        sample = sample_of(np.stack([np.zeros(n), -inmb], 1), np.zeros((n, 2)))
        evpi, row = evpi_table(sample, [1.0], None).iloc[0], acceptability_table(sample, [1.0]).iloc[1]
        found = [(evpi["evpi"], evpi["evpi_se"])]
        found += [(row[name], row[f"{name}_se"]) for name in ("probability", "mean_nmb")]
        inside += [abs(value - true) < 1.96 * error for (value, error), true in zip(found, truth, strict=True)]
    # 95% of 500 is 475; four standard errors of that are 19.5
    assert (inside > 475 - 20).all(), inside


@settings(max_examples=60, deadline=None)
@given(
    arrays(float, (10, 3), elements=st.integers(-(10**7), 10**7).map(lambda x: x / 100)),
    arrays(float, (10, 3), elements=st.integers(-5000, 30000).map(lambda x: x / 1000)),
    st.sampled_from(GRID),
)
def test_what_must_always_hold(cost, effect, threshold):
    sample = sample_of(cost, effect)
    rows, evpi = acceptability_table(sample, [threshold]), evpi_table(sample, [threshold], 5.0).iloc[0]
    assert abs(rows["probability"].sum() - 1) < 1e-12
    assert (rows["expected_loss"] >= 0).all() and evpi["evpi"] >= 0 and rows["frontier"].any()
    frontier = rows[rows["frontier"]]
    assert evpi["evpi"] == frontier["expected_loss"].iloc[0] and evpi["strategy"] == frontier["strategy"].iloc[0]
    size = np.abs(threshold * effect).max() + np.abs(cost).max()
    assert frontier["expected_loss"].max() - rows["expected_loss"].min() <= 1e-11 * size
    assert rows["mean_nmb"].max() - frontier["mean_nmb"].min() <= 1e-11 * size
    assert evpi["evpi"] <= rows["expected_loss"].min() + 1e-11 * size
    # a strategy that is best in no draw loses in all; one that loses nothing is best in all that it does not share
    assert ((rows["probability"] > 0) | (rows["expected_loss"] > 0)).all()


@settings(max_examples=30, deadline=None)
@given(arrays(float, (12, 2), elements=st.floats(-100, 100)), st.floats(0, 1e6), st.integers(0, 1))
def test_the_order_of_draws_and_a_common_amount_do_not_matter(inmb, common, comparator):
    sample = sample_of(-inmb, np.zeros_like(inmb), comparator)
    other = sample_of(-inmb[::-1] + np.round(common), np.zeros_like(inmb), comparator)
    mine, theirs = (acceptability_table(s, [1.0])["expected_loss"] for s in (sample, other))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_population_and_case_figures():
    n = 5000
    inmb, births = normals(5, "inmb", n), 600_000 + 1000 * normals(5, "births", n)
    cases = 1e-4 * (1 + 0.1 * normals(5, "cases", n))
    sample = sample_of(np.stack([np.zeros(n), -inmb], 1), np.zeros((n, 2)), births=births, cases=cases)
    row = evpi_table(sample, [1.0], 8.6).iloc[0]
    assert row["per_year"] == pytest.approx(row["evpi"] * births.mean(), rel=1e-12)
    assert row["population"] == pytest.approx(8.6 * row["per_year"], rel=1e-12)
    assert row["per_case"] == pytest.approx(row["evpi"] / cases.mean(), rel=1e-12)
    # births and cases hardly vary beside the losses, so relative errors are those of the loss
    assert row["per_year_se"] / row["per_year"] == pytest.approx(row["evpi_se"] / row["evpi"], rel=0.02)
    assert row["per_case_se"] / row["per_case"] == pytest.approx(row["evpi_se"] / row["evpi"], rel=0.03)
    bare = evpi_table(sample_of(sample.cost, sample.effect), [1.0], None).iloc[0]
    assert np.isnan([bare[k] for k in ("per_case", "per_year", "population", "population_se")]).all()


def test_the_grid_has_the_thresholds_once():
    grid = threshold_grid([30000.0, 20000.0, 12345.0], 75000.0, 101)
    assert grid == sorted(grid) and len(grid) == 103 and grid[0] == 0 and grid[-1] == 75000
    assert all(grid.count(t) == 1 for t in (20000.0, 30000.0, 12345.0))
    assert threshold_grid([0.1 + 0.2], 0.3, 2) == [0.0, 0.1 + 0.2]
