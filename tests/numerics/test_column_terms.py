"""Functions of a column: what they are apart from, how they are scaled, which columns count."""

import numpy as np
import pytest

from nbsmodel.numerics.column_terms import KNOTS, MOST_LEVELS, distinct, products, terms_of

N = 400
RNG = np.random.default_rng(7)
COLUMNS = {
    "even": RNG.uniform(0, 1, N),
    "skewed": RNG.gamma(0.5, 1, N),
    "tied": np.maximum(RNG.normal(0, 1, N), 0.0),  # half of them 0
    "large": 1e9 + RNG.normal(0, 1, N),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_terms_have_mean_0_and_bends_are_apart_from_the_line(name):
    terms = terms_of(COLUMNS[name])
    assert terms.line.shape == (N, 1)
    assert terms.line.std() == pytest.approx(1)
    assert 3 < terms.bend.shape[1] <= KNOTS
    assert np.abs(terms.bend.mean(axis=0)).max() < 1e-9
    assert np.abs(terms.line.T @ terms.bend / N).max() < 1e-9
    np.testing.assert_allclose(terms.leading[:, 0], terms.line[:, 0])


@pytest.mark.parametrize("name", COLUMNS)
def test_bends_are_uncorrelated_and_rougher_ones_are_smaller(name):
    bend = terms_of(COLUMNS[name]).bend
    covariance = bend.T @ bend / N
    size = np.sqrt(np.diag(covariance))
    assert np.abs(covariance / np.outer(size, size) - np.eye(len(size))).max() < 1e-6
    assert size[0] == pytest.approx(1)
    assert (np.diff(size) < 1e-12).all()


def test_line_and_bends_reach_any_smooth_function_of_a_skewed_column():
    x = COLUMNS["skewed"]
    terms = terms_of(x)
    design = np.hstack([np.ones((N, 1)), terms.line, terms.bend])
    for y in (x, np.sqrt(x), np.log1p(x), 3 - 2 * x):
        fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        assert np.var(y - fitted) < 1e-3 * np.var(y)


def test_the_order_of_the_rows_does_not_matter():
    x = COLUMNS["skewed"]
    order = np.random.default_rng(1).permutation(N)
    one, two = terms_of(x), terms_of(x[order])
    hat = one.bend @ one.bend.T
    np.testing.assert_allclose((two.bend @ two.bend.T), hat[np.ix_(order, order)], atol=1e-8)


def test_few_values_have_a_mean_each():
    x = np.resize([0.0, 1.0, 4.0], N)
    terms = terms_of(x)
    assert terms.bend.shape == (N, 3)
    design = np.hstack([np.ones((N, 1)), terms.line, terms.bend])
    y = np.where(x == 1, 7.0, np.where(x == 4, -2.0, 1.0))
    np.testing.assert_allclose(design @ np.linalg.lstsq(design, y, rcond=None)[0], y, atol=1e-9)
    assert terms_of(np.resize(np.arange(MOST_LEVELS + 1.0), N)).bend.shape[1] > 3
    assert terms_of(np.resize([0.0, 1.0], N)).bend.shape == (N, 0)


def test_categories_have_no_line():
    terms = terms_of(np.array(["a", "b", "c", "a"] * 100, dtype=object))
    assert terms.line.shape == (N, 0)
    assert terms.bend.shape == (N, 3)
    assert set(np.round(np.unique(terms.bend[:, 0]), 9)) == {-0.5, 0.5}


def test_what_others_determine_is_left_out():
    a, b = COLUMNS["even"], COLUMNS["skewed"]
    assert distinct([a, np.full(N, 3.0), b, 1 - a - b, 2 * a + 1, a * b]) == [0, 2, 5]
    assert distinct([np.full(N, 1e-30), np.zeros(N), a * 1e-30]) == [2]
    text = np.array(["x", "y"] * (N // 2), dtype=object)
    assert distinct([text, np.full(N, "x", dtype=object), a]) == [0, 2]
    assert distinct([]) == []


def test_products_of_two_columns():
    a, b = terms_of(COLUMNS["even"]).leading, terms_of(COLUMNS["skewed"]).leading
    plain, higher = products(a, b)
    expected = a[:, 0] * b[:, 0]
    np.testing.assert_allclose(plain[:, 0], expected - expected.mean())
    assert higher.shape == (N, 8)
    corner = a[:, 2] * b[:, 2]
    np.testing.assert_allclose(higher[:, -1], (corner - corner.mean()) / 16)
    plain, higher = products(a, b, 2)
    assert (plain.shape, higher.shape) == ((N, 1), (N, 3))
