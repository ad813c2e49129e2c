"""Simulated data: their distributions, and the same luck in every design."""

import numpy as np
import pytest
from scipy import stats
from voi_models import frame

from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.study_data import Data, Size, statistics

N = 20_000


def data(kind, *members):
    return Data("item", "Item", kind, ParameterSet("set", "Set", members))


def draws(**constants):
    return frame(**{name: np.full(N, value) for name, value in constants.items()})


def test_counts_are_binomial():
    (share,) = statistics(data("counts", "p"), Size(12.0), draws(p=0.3), 1)
    observed = np.bincount(np.round(12 * share).astype(int), minlength=13) / N
    np.testing.assert_allclose(observed, stats.binom.pmf(np.arange(13), 12, 0.3), atol=0.012)


def test_counts_of_a_group_are_multinomial():
    shares = statistics(data("counts", "a", "b", "c"), Size(10.0), draws(a=0.2, b=0.5, c=0.3), 1)
    counts = np.round(10 * np.array(shares)).astype(int)
    assert (counts.sum(axis=0) == 10).all()
    np.testing.assert_allclose(np.array(shares).mean(axis=1), [0.2, 0.5, 0.3], atol=0.004)
    covariance = np.cov(counts)
    p = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(covariance, 10 * (np.diag(p) - np.outer(p, p)), atol=0.06)
    chance = stats.multinomial.pmf([2, 5, 3], 10, p)
    assert np.mean((counts.T == [2, 5, 3]).all(axis=1)) == pytest.approx(chance, abs=0.006)


def test_members_that_do_not_add_up_to_1_leave_the_rest():
    shares = statistics(data("counts", "a", "b"), Size(50.0), draws(a=0.2, b=0.3), 1)
    assert np.mean(sum(shares)) == pytest.approx(0.5, abs=0.003)


def test_shares_at_their_ends():
    for value in (0.0, 1.0):
        (share,) = statistics(data("counts", "p"), Size(7.0), draws(p=value), 1)
        assert (share == value).all()
    a, b, c = statistics(data("counts", "a", "b", "c"), Size(5.0), draws(a=1.0, b=0.0, c=0.0), 1)
    assert (a == 1).all() and (b == 0).all() and (c == 0).all()
    a, b = statistics(data("counts", "a", "b"), Size(5.0), draws(a=0.1 + 0.2, b=0.7), 1)  # above 1 by rounding
    assert np.isclose(a + b, 1).all()


def test_events_are_poisson():
    (rate,) = statistics(data("events", "r"), Size(40.0), draws(r=0.1), 1)
    observed = np.bincount(np.round(40 * rate).astype(int), minlength=16)[:16] / N
    np.testing.assert_allclose(observed, stats.poisson.pmf(np.arange(16), 4), atol=0.012)
    (none,) = statistics(data("events", "r"), Size(40.0), draws(r=0.0), 1)
    assert (none == 0).all()


def test_means_are_normal():
    (mean,) = statistics(data("mean", "c"), Size(25.0, 10.0), draws(c=100.0), 1)
    assert stats.kstest(mean, stats.norm(100, 2).cdf).pvalue > 0.01


@pytest.mark.parametrize(("kind", "value", "sd"), [("counts", 0.3, 0.0), ("events", 2.0, 0.0), ("mean", 5.0, 3.0)])
def test_larger_studies_meet_the_same_luck(kind, value, sd):
    small, large = (
        statistics(data(kind, "x"), Size(size, sd), draws(x=value), 1)[0] - value for size in (400.0, 40_000.0)
    )
    assert stats.spearmanr(small, large).statistic > 0.99
    assert large.std() == pytest.approx(small.std() / 10, rel=0.03)


def test_data_follow_the_parameters_of_their_draw():
    p = np.linspace(0.1, 0.9, N)
    (share,) = statistics(data("counts", "p"), Size(1e6), frame(p=p), 1)
    np.testing.assert_allclose(share, p, atol=0.003)


def test_luck_hangs_on_the_seed_and_the_name():
    one, same, seed = (statistics(data("mean", "x"), Size(1.0, 1.0), draws(x=0.0), seed)[0] for seed in (1, 1, 0))
    other = statistics(Data("other", "", "mean", ParameterSet("x", "", ("x",))), Size(1.0, 1.0), draws(x=0.0), 1)[0]
    assert (one == same).all()
    for different in (seed, other):
        assert abs(np.corrcoef(one, different)[0, 1]) < 0.03
