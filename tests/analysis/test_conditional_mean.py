"""Means given columns: what the regression finds, what it leaves out, what it says of itself."""

import numpy as np
import pytest

from nbsmodel.analysis.conditional_mean import ConditionalMeans

N = 3000


def uniform_columns(seed, k, n=N):
    return list(np.random.default_rng(seed).uniform(-1, 1, (k, n)))


def noise(seed, sd, n=N):
    return np.random.default_rng(1000 + seed).normal(0, sd, n)


def error_of(means, truth, r=0):
    """Root mean square error of the fitted values, as a share of the spread of the truth."""
    return np.sqrt(np.mean((means.fitted[:, r] - truth) ** 2)) / truth.std()


def test_smooth_functions_of_one_column():
    (x,) = uniform_columns(1, 1)
    for truth in (x, x**2, np.exp(2 * x), np.sin(3 * x), np.maximum(x, 0.3)):
        means = ConditionalMeans([x], (truth + noise(1, truth.std()))[:, None])
        assert error_of(means, truth) < 0.1
        assert means.fitted.mean() == pytest.approx((truth + noise(1, truth.std())).mean(), abs=1e-12)


def test_a_skewed_column_with_a_function_of_its_logarithm():
    x = np.exp(np.random.default_rng(2).normal(0, 1.5, N))
    for truth in (np.log(x), x, np.sqrt(x)):
        assert error_of(ConditionalMeans([x], (truth + noise(2, truth.std()))[:, None]), truth) < 0.12


def test_products_of_two_and_three_columns_are_found_and_no_others():
    a, b, c, d = uniform_columns(3, 4)
    truth = a + b * c + 2 * a * b * c
    means = ConditionalMeans([a, b, c, d], (truth + noise(3, 0.2))[:, None])
    assert {(1, 2)} <= set(means.pairs)
    assert means.triples == [(0, 1, 2)] or {(0, 1), (0, 2), (1, 2)} & set(means.pairs)
    assert error_of(means, truth) < 0.2
    plain = ConditionalMeans([a, b, c, d], (a - np.sin(2 * b) + d + noise(4, 0.5))[:, None])
    assert (plain.pairs, plain.triples) == ([], [])


def test_products_of_several_columns_together():
    a, b, c = uniform_columns(5, 3)
    truth = (1 + a) * (1 + b) * (1 + c)
    means = ConditionalMeans([a, b, c], (truth + noise(5, 0.1))[:, None])
    assert error_of(means, truth) < 0.03


def test_categories_and_few_values():
    kind = np.resize(np.array(["x", "y", "z"], dtype=object), N)
    level = np.resize([0.0, 1.0, 2.0, 5.0], N)
    truth = np.where(kind == "y", 3.0, 0.0) + np.where(level == 2, -1.0, 0.5)
    means = ConditionalMeans([kind, level], (truth + noise(6, 1))[:, None])
    assert error_of(means, truth) < 0.08
    by_kind = ConditionalMeans([kind], (truth + noise(6, 1))[:, None])
    assert len(np.unique(np.round(by_kind.fitted, 9))) == 3


def test_shares_that_add_up_to_1():
    shares = np.random.default_rng(7).dirichlet([4, 2, 3], N)
    truth = shares[:, 0] - 2 * shares[:, 2] ** 2
    columns = list(shares.T)
    means = ConditionalMeans(columns, (truth + noise(7, truth.std()))[:, None])
    assert means.used == [0, 1]
    assert error_of(means, truth) < 0.12
    other = ConditionalMeans(columns[::-1], (truth + noise(7, truth.std()))[:, None])
    assert error_of(other, truth) < 0.12


def test_columns_that_do_not_vary_leave_the_mean():
    y = noise(8, 1)[:, None]
    means = ConditionalMeans([np.ones(N), np.zeros(N)], y)
    np.testing.assert_array_equal(means.fitted, np.full((N, 1), y.mean()))
    assert means.quality([0]) == {
        "r2": pytest.approx(0), "r2_cv": pytest.approx(0, abs=1e-12), "df": 0.0,
        "residual_sd": pytest.approx(y.std(ddof=1)),
    }  # fmt: skip
    errors, level = means.errors([0], np.arange(5), 100, 1, "x")
    assert (errors == level[:, None]).all()
    assert level.std() == pytest.approx(1 / np.sqrt(N), rel=0.3)


def test_each_response_is_fitted_as_if_alone():
    """In any order, next to responses that need nothing."""
    (x,) = uniform_columns(9, 1)
    y = np.column_stack([noise(9, 1), np.sin(3 * x) + noise(10, 1), 2 * x + noise(11, 3), noise(12, 1)])
    together = ConditionalMeans([x], y).fitted
    for r in range(4):
        alone = ConditionalMeans([x], y[:, [r]]).fitted[:, 0]
        np.testing.assert_allclose(together[:, r], alone, atol=0.02 * max(alone.std(), 0.1))


def test_a_response_that_nothing_explains_stays_flat():
    columns = uniform_columns(10, 3)
    y = noise(13, 1)[:, None]
    means = ConditionalMeans(columns, y)
    quality = means.quality([0])
    assert means.fitted.std() < 0.06
    assert -0.01 < quality["r2_cv"] < 0.005


def test_quality_is_that_of_held_out_draws():
    x, z = uniform_columns(11, 2, 600)
    truth = np.sin(4 * x) + z
    y = truth + noise(14, 1, 600)
    means = ConditionalMeans([x, z], y[:, None])
    assert means.quality([0])["residual_sd"] == pytest.approx(1, abs=0.08)
    expected = 1 - (1 + np.mean((means.fitted[:, 0] - truth) ** 2)) / y.var()  # of new noise at the same columns
    assert means.quality([0])["r2_cv"] == pytest.approx(expected, abs=0.06)
    assert means.quality([0])["r2"] > means.quality([0])["r2_cv"]


def test_a_fit_that_leaves_a_pattern_is_told():
    (x,) = uniform_columns(12, 1, 20_000)
    jumps = np.where(np.floor(40 * x) % 2 == 0, 1.0, -1.0) * (x > 0.9)  # too fast for the spline
    saw = np.where(x > 0.97, 3.0, 0.0) + jumps
    assert ConditionalMeans([x], (saw + noise(15, 0.05, 20_000))[:, None]).pattern([0]) == [0]
    smooth = ConditionalMeans([x], (np.exp(x) + noise(16, 0.5, 20_000) * (1 + x))[:, None])
    assert smooth.pattern([0]) == []


def test_errors_are_those_of_new_noise():
    """The simulated errors of fitted values spread as the fitted values of new samples do."""
    (x,) = uniform_columns(13, 1, 500)
    truth = 2 * x + np.sin(3 * x)
    fits = np.array([ConditionalMeans([x], (truth + noise(i, 1, 500))[:, None]).fitted[:, 0] for i in range(120)])
    means = ConditionalMeans([x], (truth + noise(500, 1, 500))[:, None])
    errors, _ = means.errors([0], np.arange(500), 400, 1, "x")
    said = np.sqrt((errors[0] ** 2).mean())
    assert said == pytest.approx(np.sqrt(((fits - truth) ** 2).mean()), rel=0.2)


def test_errors_of_responses_that_are_equal_are_equal():
    (x,) = uniform_columns(14, 1, 300)
    y = x + noise(17, 1, 300)
    means = ConditionalMeans([x], np.column_stack([y, y, -y]))
    errors, level = means.errors([0, 1, 2], np.arange(300), 50, 1, "x")
    np.testing.assert_allclose(errors[0], errors[1], atol=1e-6)
    np.testing.assert_allclose(errors[0], -errors[2], atol=1e-6)
    np.testing.assert_allclose(level[0], level[1], atol=1e-9)
