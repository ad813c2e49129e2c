"""Tests of residuals: what they find, and how often they find something where there is nothing."""

import numpy as np
import pytest

from nbsmodel.numerics.residual_tests import explained, patterned, patterned_pair

N = 2000


def scaled(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def test_terms_that_explain_something_and_how_much():
    rng = np.random.default_rng(1)
    x, z = rng.normal(size=(2, N))
    y = scaled((0.2 * x + rng.normal(size=N))[:, None])
    found = explained(scaled(x[:, None]), y, 0.01)
    assert found == pytest.approx(float((scaled(x) @ y[:, 0]) ** 2) / N)
    assert explained(scaled(z[:, None]), y, 0.01) == 0
    assert explained(scaled(x[:, None]), np.zeros((N, 1)), 0.01) == 0


def test_an_exact_product_of_skewed_columns_is_found_in_few_rows():
    rng = np.random.default_rng(2)
    x, y = scaled(np.exp(0.6 * rng.normal(size=(300, 2)))).T
    product = scaled((x * y)[:, None])
    assert explained(product, product, 1e-5) == pytest.approx(300)
    noisy = scaled(product + 0.5 * rng.normal(size=(300, 1)))
    assert explained(product, noisy, 1e-5) > 100


def test_terms_are_not_found_because_residuals_spread_with_them():
    """Of 400 samples in which the product of two columns spreads the residuals: about 1 in 20, not most."""
    found = plain = 0
    for seed in range(400):
        x, y, z = np.random.default_rng(seed).normal(size=(3, 500))
        product = scaled((x * y)[:, None])
        rest = scaled((x * y * z)[:, None])
        found += explained(product, rest, 0.05) > 0
        plain += float((product[:, 0] @ rest[:, 0]) ** 2) / 500 > 3.84
    assert plain > 150
    assert found < 40


def test_terms_that_are_nothing_are_found_as_often_as_said():
    found = 0
    for seed in range(400):
        terms, rest = np.random.default_rng(seed).normal(size=(2, 300, 3))
        found += explained(scaled(terms), scaled(rest[:, :1]), 0.05) > 0
    assert 4 <= found <= 32


def test_a_pattern_over_two_columns_that_neither_has_alone():
    rng = np.random.default_rng(3)
    a, b, c = rng.normal(size=(3, N))
    rest = 0.3 * np.sign(a * c) + rng.normal(size=N)
    assert not patterned(a, rest, 1.0) and not patterned(c, rest, 1.0)
    assert patterned_pair([a, b, c], rest, 1.0) == (0, 2)
    assert patterned_pair([a, b], rest, 1.0) is None
    assert patterned_pair([a, b, c], rest, 20.0) is None  # small beside what is fitted
    assert patterned_pair([a], rest, 1.0) is None
    kind = np.where(c > 0, "high", "low").astype(object)
    assert patterned_pair([a, kind], rest, 1.0) == (0, 1)
    assert patterned_pair([a, (c > 0).astype(float)], rest, 1.0) == (0, 1)


def test_no_pattern_in_noise_that_spreads_with_the_columns():
    found = 0
    for seed in range(200):
        a, b, c, d = np.random.default_rng(seed).normal(size=(4, 1000))
        found += patterned_pair([a, b, d], a * b * c, 0.05) is not None
    assert found <= 2
