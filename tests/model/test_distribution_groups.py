"""Dirichlet and multivariate normal groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nbsmodel.model.distributions import GroupMember, build_groups, parse_distribution
from nbsmodel.numerics.random import uniforms


def member(text):
    found = parse_distribution(text, float)
    assert isinstance(found, GroupMember)
    return found


def groups(rows):
    """Groups from {parameter: (text, base value)}."""
    return build_groups({name: (member(text), value) for name, (text, value) in rows.items()})


def dirichlet(*counts):
    rows = {f"p{i}": (f"dirichlet(group=g, count={count})", None) for i, count in enumerate(counts)}
    (group,) = groups(rows)
    return group


def normal(kind, matrix, means):
    rows = {}
    for i, (row, mean) in enumerate(zip(matrix, means, strict=True)):
        entries = "; ".join(map(repr, row[: i + 1]))
        rows[f"x{i}"] = (f"multivariate_normal(group=g, {kind}=[{entries}])", mean)
    (group,) = groups(rows)
    return group


def uniform_matrix(n, k, start=0):
    return np.column_stack([uniforms(0, "test", f"member {i}", n, start) for i in range(k)])


def test_dirichlet_moments_in_closed_form():
    # counts / sum, and sqrt(m (1 - m) / (sum + 1))
    group = dirichlet(1251, 350, 116, 17)
    mean = [0.7214532871972318, 0.20184544405997693, 0.06689734717416378, 0.00980392156862745]
    sd = [0.010762257714712592, 0.009636142961036721, 0.005998178979911869, 0.0023654336766598333]
    np.testing.assert_allclose(group.mean(), mean, rtol=1e-13)
    np.testing.assert_allclose(group.sd(), sd, rtol=1e-13)


@settings(deadline=None)
@given(counts=st.lists(st.floats(1e-4, 1e4), min_size=2, max_size=6))
def test_dirichlet_draws_are_probabilities(counts):
    draws = dirichlet(*counts).from_uniforms(uniform_matrix(50, len(counts)))
    assert draws.shape == (50, len(counts))
    assert np.all((draws >= 0) & (draws <= 1))
    np.testing.assert_allclose(draws.sum(axis=1), 1, rtol=1e-13)


@pytest.mark.parametrize("counts", [(45, 19, 36), (0.5, 2.5, 13.5), (0.01, 0.02)])
def test_dirichlet_draws_follow_the_distribution(counts):
    group, n = dirichlet(*counts), 40_000
    draws = group.from_uniforms(uniform_matrix(n, len(counts)))
    standard_error = group.sd() / np.sqrt(n)
    assert np.all(np.abs(draws.mean(axis=0) - group.mean()) < 4 * standard_error)
    np.testing.assert_allclose(draws.std(axis=0), group.sd(), rtol=0.03)
    if min(counts) > 0.1:  # smaller ones put draws at 0 and 1 in floating point, as the beta does
        for i, count in enumerate(counts):
            marginal = stats.beta(count, sum(counts) - count)
            assert stats.kstest(draws[:, i], marginal.cdf).pvalue > 1e-4
    # cov(i, j) = -m_i m_j / (sum + 1)
    expected = -np.prod(group.mean()[:2]) / (sum(counts) + 1)
    found = np.cov(draws[:, 0], draws[:, 1])[0, 1]
    assert found == pytest.approx(expected, rel=0.05)


def test_dirichlet_with_tiny_counts_puts_everything_on_one_member():
    draws = dirichlet(0.0005, 0.0005).from_uniforms(uniform_matrix(500, 2))
    assert np.all(np.isfinite(draws))
    assert np.mean(draws.max(axis=1) > 0.999) > 0.95
    assert draws[:, 0].mean() == pytest.approx(0.5, abs=0.1)


def test_dirichlet_quantiles_are_those_of_the_beta():
    group = dirichlet(2, 3, 5)
    q = np.array([0.025, 0.5, 0.975])
    np.testing.assert_allclose(group.quantile(1, q), stats.beta(3, 7).ppf(q), rtol=1e-12)


COVARIANCE = [[0.04, 0.01, 0.0], [0.01, 0.09, -0.02], [0.0, -0.02, 0.05]]
MEANS = [0.5, -1.0, 2.0]


def test_normal_moments_and_quantiles():
    group = normal("covariance", COVARIANCE, MEANS)
    assert group.name == "g"
    assert tuple(group.members) == ("x0", "x1", "x2")
    np.testing.assert_array_equal(group.mean(), MEANS)
    np.testing.assert_allclose(group.sd(), np.sqrt(np.diag(COVARIANCE)), rtol=1e-14)
    q = np.array([0.025, 0.5, 0.975])
    np.testing.assert_allclose(group.quantile(2, q), stats.norm(2, 0.05**0.5).ppf(q), rtol=1e-12)


def test_cholesky_and_covariance_are_the_same_group():
    factor = np.linalg.cholesky(COVARIANCE).tolist()
    u = uniform_matrix(20, 3)
    by_factor = normal("cholesky", factor, MEANS).from_uniforms(u)
    np.testing.assert_allclose(normal("covariance", COVARIANCE, MEANS).from_uniforms(u), by_factor, rtol=1e-13)
    expected = MEANS + stats.norm.ppf(u) @ np.array(factor).T
    np.testing.assert_allclose(by_factor, expected, rtol=1e-12)


def test_normal_draws_have_the_covariance():
    n = 100_000
    draws = normal("covariance", COVARIANCE, MEANS).from_uniforms(uniform_matrix(n, 3))
    np.testing.assert_allclose(draws.mean(axis=0), MEANS, atol=4 * 0.3 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, atol=0.002)


def test_published_factor_is_read_row_by_row():
    (group,) = groups(
        {
            "log_shape": ("multivariate_normal(group=os, cholesky=[0.32062961])", 0.1),
            "log_scale": ("multivariate_normal(group=os; cholesky=[0.05216662; 0.1832504])", 0.2),
        }
    )
    np.testing.assert_allclose(group.sd(), [0.32062961, np.hypot(0.05216662, 0.1832504)], rtol=1e-14)


@pytest.mark.parametrize("make", [lambda: dirichlet(4, 12, 28), lambda: normal("covariance", COVARIANCE, MEANS)])
def test_a_draw_does_not_depend_on_those_made_with_it(make):
    group = make()
    together = group.from_uniforms(uniform_matrix(101, 3))
    in_blocks = [group.from_uniforms(uniform_matrix(min(7, 101 - i), 3, i)) for i in range(0, 101, 7)]
    np.testing.assert_array_equal(np.concatenate(in_blocks), together)


def test_groups_keep_file_order_even_when_interleaved():
    found = groups(
        {
            "b2": ("dirichlet(group=b, count=1)", None),
            "a1": ("dirichlet(group=a, count=2)", None),
            "b1": ("dirichlet(group=b, count=3)", 0.75),
            "a2": ("dirichlet(group=a, count=2)", None),
        }
    )
    assert [(group.name, tuple(group.members)) for group in found] == [
        ("b", ("b2", "b1")),
        ("a", ("a1", "a2")),
    ]
    np.testing.assert_allclose(found[0].mean(), [0.25, 0.75])
    assert groups({}) == []


def test_a_member_keeps_what_was_written():
    text = "dirichlet(group=copies, count=45)"
    found = member(text)
    assert (found.kind, found.group, found.count, found.text) == ("dirichlet", "copies", 45, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dirichlet(group=g, count=0)", r"count must be above 0 \(found 0\)"),
        ("dirichlet(group=g, count=-1)", "count must be above 0"),
        ("dirichlet(group=1, count=1)", "group must be a name"),
        ("dirichlet(count=1)", r"must be \(group, count\), found count"),
        ("multivariate_normal(group=g, cholesky=0.1)", r"list such as \[1; 2\]"),
        ("multivariate_normal(group=g, cholesky=[0.1; x])", "cholesky: could not convert"),
        ("multivariate_normal(group=g, cholesky=[])", "cholesky: could not convert"),
        ("multivariate_normal(group=g, covariance=[inf])", "finite"),
        ("multivariate_normal(group=g, cholesky=[1], covariance=[1])", "found group, cholesky, covariance"),
    ],
)
def test_messages_for_a_row(text, message):
    with pytest.raises(ValueError, match=message):
        parse_distribution(text, float)


def rows_of(*texts, value=0.0):
    return {f"x{i}": (text, value) for i, text in enumerate(texts)}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (rows_of("dirichlet(group=g, count=1)"), "dirichlet group g: at least two members"),
        (
            rows_of("dirichlet(group=g, count=1)", "multivariate_normal(group=g, cholesky=[1])"),
            "group g: all members must be of one kind",
        ),
        (
            rows_of(
                "multivariate_normal(group=g, cholesky=[1])",
                "multivariate_normal(group=g, covariance=[0; 1])",
            ),
            "cholesky rows or covariance rows, not both",
        ),
        (rows_of("multivariate_normal(group=g, cholesky=[1])", value=None), "x0 needs a value"),
        (
            rows_of("multivariate_normal(group=g, cholesky=[1; 2])"),
            r"x0 is row 1, so its list must have 1 number \(found 2\)",
        ),
        (
            rows_of("multivariate_normal(group=g, cholesky=[1])", "multivariate_normal(group=g, cholesky=[2])"),
            r"x1 is row 2, so its list must have 2 numbers \(found 1\)",
        ),
        (
            rows_of("multivariate_normal(group=g, cholesky=[1])", "multivariate_normal(group=g, cholesky=[1; 0])"),
            "last number of each cholesky row must be above 0 .see x1",
        ),
        (
            rows_of(
                "multivariate_normal(group=g, covariance=[1])",
                "multivariate_normal(group=g, covariance=[2; 1])",
            ),
            "not positive definite .its smallest eigenvalue is -1",
        ),
        (  # perfectly correlated: singular but for rounding
            rows_of(
                "multivariate_normal(group=g, covariance=[0.01])",
                "multivariate_normal(group=g, covariance=[0.03; 0.09])",
            ),
            "not positive definite",
        ),
        (rows_of("multivariate_normal(group=g, covariance=[-1])"), "not positive definite"),
    ],
)
def test_messages_for_a_group(rows, message):
    with pytest.raises(ValueError, match=message):
        groups(rows)


@pytest.mark.parametrize("shape", [(3,), (5, 2), (5, 4)])
def test_uniforms_of_the_wrong_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        dirichlet(1, 2, 3).from_uniforms(np.full(shape, 0.5))
