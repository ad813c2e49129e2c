"""Shrunken regression: against restricted maximum likelihood written out, and at its limits."""

import numpy as np
import pytest
from scipy.optimize import minimize

from nbsmodel.numerics.one_thread import one_thread
from nbsmodel.numerics.shrunken_regression import LOOSE, TIGHT, ShrunkenRegression


def blocks_of(seed, n, sizes):
    rng = np.random.default_rng(seed)
    return [x - x.mean(axis=0) for x in (rng.normal(size=(n, k)) for k in sizes)]


def restricted_likelihood(penalties, blocks, y):
    """Minus twice the log of it, with the residual variance and the mean profiled out, by dense matrices."""
    n = len(y)
    v = np.eye(n) + sum(x @ x.T / p for x, p in zip(blocks, penalties, strict=True))
    inverse, one = np.linalg.inv(v), np.ones(n)
    information = one @ inverse @ one
    mean = one @ inverse @ y / information
    rest = (y - mean) @ inverse @ (y - mean)
    return np.linalg.slogdet(v)[1] + np.log(information) + (n - 1) * np.log(rest)


@pytest.mark.parametrize("seed", range(4))
def test_penalties_have_the_highest_restricted_likelihood(seed):
    n = 60
    blocks = blocks_of(seed, n, (1, 4, 6))
    rng = np.random.default_rng(100 + seed)
    y = 5 + blocks[0][:, 0] * 2 + blocks[1] @ rng.normal(0, 0.7, 4) + blocks[2] @ rng.normal(0, 0.3, 6)
    y = y + rng.normal(0, 1, n)
    fit = ShrunkenRegression(blocks).fit(y)
    ours = restricted_likelihood(fit.penalties, blocks, y)
    best = min(
        minimize(
            lambda log: restricted_likelihood(np.exp(np.clip(log, -15, 15)), blocks, y), start, method="Nelder-Mead"
        ).fun
        for start in (np.zeros(3), np.full(3, 3.0), np.log(np.minimum(fit.penalties, 1e5)))
    )
    assert ours == pytest.approx(best, abs=0.02)


def test_coefficients_are_those_of_ridge_regression():
    blocks = blocks_of(1, 80, (2, 3))
    y = np.random.default_rng(2).normal(size=80) + blocks[0][:, 0]
    fit = ShrunkenRegression(blocks).fit(y)
    x, penalty = np.hstack(blocks), np.repeat(fit.penalties, (2, 3))
    direct = np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ (y - y.mean()))
    np.testing.assert_allclose(fit.coefficients, direct, rtol=1e-8)
    np.testing.assert_allclose(fit.fitted, y.mean() + x @ direct, rtol=1e-8)
    hat = x @ np.linalg.solve(x.T @ x + np.diag(penalty), x.T)
    assert fit.freedom.sum() == pytest.approx(np.trace(hat), abs=5e-3)
    residuals = y - fit.fitted
    assert fit.variance == pytest.approx(residuals @ residuals / (80 - 1 - fit.freedom.sum()), rel=1e-6)


def test_the_mean_of_the_response_is_kept():
    blocks = blocks_of(3, 500, (1, 5))
    y = 1e6 + np.random.default_rng(3).normal(size=500) + blocks[1][:, 0]
    assert ShrunkenRegression(blocks).fit(y).fitted.mean() == pytest.approx(y.mean(), rel=1e-14)


def test_what_is_exact_is_reached_and_what_is_nothing_is_left_at_nothing():
    blocks = blocks_of(4, 1000, (1, 5, 5))
    y = 3 + 2 * blocks[0][:, 0]
    fit = ShrunkenRegression(blocks).fit(y)
    np.testing.assert_allclose(fit.fitted, y, atol=1e-6)
    noise = np.random.default_rng(5).normal(size=1000)
    design = np.hstack([np.ones((1000, 1)), *blocks])
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]  # nothing at all in any block
    fit = ShrunkenRegression(blocks).fit(noise)
    assert fit.freedom.max() < 0.02
    np.testing.assert_allclose(fit.fitted, 0, atol=1e-6)


def test_a_constant_response_is_fitted_by_itself():
    blocks = blocks_of(6, 50, (1, 3))
    fit = ShrunkenRegression(blocks).fit(np.full(50, 4.0))
    np.testing.assert_array_equal(fit.fitted, 4.0)
    assert fit.variance == 0


def test_the_fit_does_not_depend_on_where_it_starts():
    """A response that needs nothing must not teach its neighbour that nothing is needed."""
    blocks = blocks_of(7, 2000, (1, 8))
    rng = np.random.default_rng(8)
    nothing, something = rng.normal(size=2000), 0.3 * blocks[0][:, 0] + blocks[1][:, 2] + rng.normal(size=2000)
    regression = ShrunkenRegression(blocks)
    cold = regression.fit(something)
    warm = regression.fit(something, np.full(2, TIGHT * 2000))
    np.testing.assert_allclose(warm.fitted, cold.fitted, atol=1e-3)
    warm = regression.fit(something, regression.fit(nothing).penalties)
    np.testing.assert_allclose(warm.fitted, cold.fitted, atol=1e-3)


def test_errors_have_the_posterior_covariance_and_lines_that_of_least_squares():
    blocks = blocks_of(9, 300, (1, 4))
    rng = np.random.default_rng(9)
    y = 0.05 * blocks[0][:, 0] + blocks[1] @ np.array([0.5, 0.1, 0, 0]) + rng.normal(size=300)
    regression = ShrunkenRegression(blocks)
    fit = regression.fit(y)
    flat = np.sqrt(fit.variance) * np.where(np.arange(300) % 2, 1.0, -1.0)  # as spread in every row as in any other
    pulled = regression.errors(regression.error_root(fit, flat, np.array([True, False])), rng.normal(size=(6, 40_000)))
    errors = pulled[0] * (1 - 6 / 300)  # residuals of rows left out are larger by what the row pulls
    assert pulled[1].std() == pytest.approx(np.sqrt(fit.variance / 300), rel=0.03)
    penalty = np.concatenate([[LOOSE * 300], np.repeat(fit.penalties[1], 4)])
    expected = fit.variance * np.linalg.inv(regression.gram + np.diag(penalty))
    np.testing.assert_allclose(np.cov(errors), expected, atol=0.15 * expected.max())


def test_errors_where_residuals_spread_with_the_terms_are_those_of_new_samples():
    """Least squares on a line whose noise grows outwards: errors spread as fits of new samples do."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(2000, 1))
    x = x - x.mean()
    regression, free = ShrunkenRegression([x]), np.array([True])
    slopes, levels, said = [], [], []
    for _ in range(300):
        noise = rng.normal(size=2000) * (1 + x[:, 0])
        slopes.append(float(x[:, 0] @ noise / (x[:, 0] @ x[:, 0])))
        levels.append(noise.mean())
        y = 2 * x[:, 0] + noise
        fit = regression.fit(y)
        errors, level = regression.errors(regression.error_root(fit, y - fit.fitted, free), rng.normal(size=(2, 500)))
        said.append([errors[0].std(), level.std(), np.corrcoef(errors[0], level)[0, 1]])
    slope, level, together = np.mean(said, axis=0)
    assert slope == pytest.approx(np.std(slopes), rel=0.12)
    assert slope > 1.7 / np.sqrt(2000)  # residuals taken as equally spread would say 1.4
    assert level == pytest.approx(np.std(levels), rel=0.12)
    assert together == pytest.approx(np.corrcoef(slopes, levels)[0, 1], abs=0.12)


def test_errors_of_an_exact_fit_are_nothing():
    blocks = blocks_of(11, 200, (1, 3))
    regression = ShrunkenRegression(blocks)
    for y in (3 + 2 * blocks[0][:, 0], np.full(200, 4.0)):
        fit = regression.fit(y)
        normals = np.random.default_rng(1).normal(size=(5, 50))
        errors, level = regression.errors(regression.error_root(fit, y - fit.fitted, np.array([True, False])), normals)
        assert np.abs(errors).max() < 1e-6 and np.abs(level).max() < 1e-6


def test_linear_algebra_goes_back_to_its_threads():
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):  # tests have one from the start
        before = threads()
        assert set(before) == {2}
        with one_thread():
            assert set(threads()) == {1}
        assert threads() == before
