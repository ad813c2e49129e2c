"""Draws by Monte Carlo, Latin hypercube and Sobol': parts, seeds, strata, errors of integration."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from uncertain import ROWS, UNIVARIATE, joined, table_of

from nbsmodel.model.sampling import SAMPLINGS, draw_parameters
from nbsmodel.numerics.random import uniforms

N = 64
SEED = 11
MEMBERS = ("mix1", "mix2", "mix3")
NAMES = (*UNIVARIATE, *MEMBERS, "level", "slope")
EVERY = pytest.mark.parametrize("sampling", SAMPLINGS)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Every kind of distribution; three parameters are correlated."""
    correlations = (joined("cost", "share", rank=0.6), joined("share", "age", rank=-0.4))
    return replace(table_of(tmp_path_factory.mktemp("table")), correlations=correlations)


@pytest.fixture(scope="module")
def wholes(table):
    return {sampling: draw_parameters(table, N, SEED, sampling) for sampling in SAMPLINGS}


def same(part, whole, rows=slice(None)):
    """The same bits, in the same columns."""
    assert list(part) == list(whole)
    for name, column in part.items():
        assert column.tobytes() == whole[name][rows].tobytes(), name


@EVERY
def test_what_is_drawn(wholes, sampling):
    drawn = wholes[sampling]
    assert tuple(drawn) == NAMES  # in the order of the file, without what is fixed
    assert all(column.shape == (N,) and column.dtype == np.float64 for column in drawn.values())
    assert all(np.isfinite(column).all() for column in drawn.values())
    assert sum(drawn[name] for name in MEMBERS) == pytest.approx(1.0, abs=1e-14)
    assert drawn["delay"].min() > 1 and drawn["delay"].max() < 2


@settings(max_examples=150, deadline=None)
@given(sampling=st.sampled_from(SAMPLINGS), start=st.integers(0, N), count=st.integers(0, N))
def test_any_part_has_the_bits_of_the_whole(table, wholes, sampling, start, count):
    count = min(count, N - start)
    part = draw_parameters(table, N, SEED, sampling, start, count)
    same(part, wholes[sampling], slice(start, start + count))


@EVERY
@pytest.mark.parametrize("size", [1, 3, 1000, 4096])
def test_parts_of_any_size_join_to_the_whole(table, sampling, size):
    """Larger than what vector instructions take at once, and odd ends."""
    n = 4096 if size > 3 else 32
    parts = [draw_parameters(table, n, 0, sampling, i, min(size, n - i)) for i in range(0, n, size)]
    whole = draw_parameters(table, n, 0, sampling)
    same({name: np.concatenate([part[name] for part in parts]) for name in whole}, whole)


def test_monte_carlo_draws_do_not_depend_on_how_many_are_made(table, wholes):
    same(draw_parameters(table, 7 * N, SEED, count=N), wholes["monte_carlo"])
    same(table.draws(20, SEED, start=5), wholes["monte_carlo"], slice(5, 25))


@EVERY
def test_the_seed_decides_and_0_is_a_seed(table, sampling):
    zero, again, one, minus = (draw_parameters(table, N, seed, sampling) for seed in (0, 0, 1, -1))
    same(again, zero)
    for name in NAMES:
        assert not np.isin(zero[name], one[name]).any() and not np.isin(zero[name], minus[name]).any()


@EVERY
def test_methods_have_draws_of_their_own(wholes, sampling):
    for other in set(SAMPLINGS) - {sampling}:
        assert not any(np.isin(wholes[other][name], wholes[sampling][name]).any() for name in NAMES)


@pytest.mark.parametrize("sampling", ["monte_carlo", "latin_hypercube"])
def test_an_added_parameter_leaves_the_others(table, wholes, tmp_path, sampling):
    """Nor does the order of the rows matter, nor a further correlation at the end."""
    rows = "".join(reversed(list(ROWS.values()))) + 'new,1,GBP,"gamma(mean=1, se=1)",ons,published\n'
    more = replace(table_of(tmp_path, rows), correlations=(*table.correlations, joined("age", "new", rank=0.5)))
    drawn = draw_parameters(more, N, SEED, sampling)
    assert list(drawn)[0] == "level" and list(drawn)[-1] == "new"
    same({name: drawn[name] for name in NAMES}, wholes[sampling])


def test_what_is_uncorrelated_is_not_moved_by_a_correlation(table, wholes, tmp_path):
    plain = draw_parameters(table_of(tmp_path), N, SEED)
    for name in NAMES:
        assert np.array_equal(plain[name], wholes["monte_carlo"][name]) == (name not in ("cost", "share", "age"))


def test_monte_carlo_numbers_never_change(tmp_path):
    """The quantile at the parameter's own stream, as results that were published used it."""
    drawn = draw_parameters(table_of(tmp_path), 200, 5)
    u = {name: uniforms(5, "parameter", name, 200) for name in NAMES}
    assert np.array_equal(drawn["delay"], 1 + u["delay"])
    for name, law in LAWS.items():
        assert drawn[name] == pytest.approx(law.ppf(u[name]), rel=1e-13)
    z = stats.norm.ppf(np.array([u["level"], u["slope"]]))
    assert drawn["level"] == pytest.approx(1 + z[0], rel=1e-13)
    assert drawn["slope"] == pytest.approx(2 + 0.5 * z[0] + z[1], rel=1e-12)
    gammas = np.array([stats.gamma(a).ppf(u[name]) for a, name in zip((0.5, 3, 7), MEMBERS, strict=True)])
    assert drawn["mix1"] == pytest.approx(gammas[0] / gammas.sum(axis=0), rel=1e-10)


LAWS = {
    "cost": stats.gamma(25, scale=4),
    "share": stats.beta(2, 6),
    "ratio": stats.lognorm(0.4, scale=np.exp(-0.5)),
    "score": stats.norm(3, 2),
    "age": stats.triang(0.2, 0, 5),
    "delay": stats.uniform(1, 1),
}
MARGINALS = LAWS | {
    "mix1": stats.beta(0.5, 10),
    "mix3": stats.beta(7, 3.5),
    "level": stats.norm(1, 1),
    "slope": stats.norm(2, np.sqrt(1.25)),
}


@EVERY
@pytest.mark.parametrize("seed", [0, 1])
def test_each_parameter_keeps_its_distribution(table, sampling, seed):
    drawn = draw_parameters(table, 2**14, seed, sampling)
    for name, law in MARGINALS.items():
        assert stats.kstest(drawn[name], law.cdf).pvalue > 0.001, name


@pytest.mark.parametrize("n", [1, 2, 37, 1000])
def test_latin_hypercube_has_one_draw_a_stratum(table, n):
    """Of every parameter, correlated or not, and of the shares behind a group."""
    drawn = draw_parameters(table, n, 3, "latin_hypercube")
    for name, law in (LAWS | {"level": stats.norm(1, 1)}).items():
        strata = np.floor(law.cdf(drawn[name]) * n).astype(int)
        assert np.array_equal(np.sort(strata), np.arange(n)), name


def test_the_place_within_a_stratum_is_even(tmp_path):
    drawn = draw_parameters(table_of(tmp_path), 5000, 3, "latin_hypercube")
    place = {name: LAWS[name].cdf(drawn[name]) * 5000 % 1 for name in ("cost", "score", "delay")}
    for name, values in place.items():
        assert stats.kstest(values, "uniform").pvalue > 0.001, name
        assert abs(stats.spearmanr(values, drawn[name]).statistic) < 0.06
    assert abs(np.corrcoef(place["cost"], place["score"])[0, 1]) < 0.06


@pytest.mark.parametrize("sampling", ["latin_hypercube", "sobol"])
def test_uncorrelated_parameters_stay_so(table, sampling):
    drawn = draw_parameters(table, 4096, 2, sampling)
    ranks = stats.spearmanr(np.column_stack([drawn[name] for name in ("cost", "score", "ratio", "delay")])).statistic
    assert np.abs(ranks - np.eye(4)).max() < 0.06


def root_mean_square(table, sampling, n, of, truth, seeds=30):
    errors = [of(draw_parameters(table, n, seed, sampling)).mean() - truth for seed in range(seeds)]
    return float(np.sqrt(np.mean(np.square(errors))))


def test_sobol_integrates_closer_than_monte_carlo(tmp_path):
    """Means over smooth functions, known exactly: a sum of parameters, and a product of three."""
    table = table_of(tmp_path)

    def total(drawn):
        return sum(drawn[name] / LAWS[name].std() for name in UNIVARIATE)

    def product(drawn):
        return drawn["cost"] * drawn["share"] * drawn["delay"]

    for of, truth in ((total, sum(law.mean() / law.std() for law in LAWS.values())), (product, 100 * 0.25 * 1.5)):
        plain = root_mean_square(table, "monte_carlo", 1024, of, truth)
        even = root_mean_square(table, "sobol", 1024, of, truth)
        assert even < plain / 8
    # without bias: the mean over scrambles is within its own error
    assert (
        root_mean_square(table, "latin_hypercube", 1024, total, sum(x.mean() / x.std() for x in LAWS.values())) < 0.01
    )


def test_sobol_points_are_balanced(tmp_path):
    """Every half, quarter ... of each axis holds its share, and so do boxes of two axes."""
    drawn = draw_parameters(table_of(tmp_path), 256, 9, "sobol")
    u = {name: LAWS[name].cdf(drawn[name]) for name in ("cost", "share")}
    for values in u.values():
        assert np.array_equal(np.sort(np.floor(values * 256)), np.arange(256))
    boxes = np.histogram2d(u["cost"], u["share"], bins=4, range=[[0, 1], [0, 1]])[0]
    assert np.array_equal(boxes, np.full((4, 4), 16))


@EVERY
def test_no_warning_and_no_end_of_the_interval(tmp_path, sampling):
    table = table_of(tmp_path, 'x,,number,"uniform(low=0, high=1)",ons,published\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in (1, 2, 2**16):
            for start, count in ((0, n), (0, (n + 2) // 3), (n // 2, n - n // 2)):
                x = draw_parameters(table, n, 1, sampling, start, count)["x"]
                assert x.min() > 0 and x.max() < 1


@EVERY
def test_a_table_without_distributions_gives_nothing(tmp_path, sampling):
    assert draw_parameters(table_of(tmp_path, ROWS["fixed"]), 8, 1, sampling) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((6, 1, "sobol"), r"powers of 2 \(found 6\)"),
        ((0, 1, "sobol"), r"powers of 2 \(found 0\)"),
        ((8, 1, "random"), r"one of monte_carlo, latin_hypercube, sobol \(found random\)"),
        ((8, 1, "monte_carlo", 5, 4), "draws 5 to 8 do not lie in 8 draws"),
        ((8, 1, "latin_hypercube", -1, 4), "draws -1 to 2 do not lie in 8 draws"),
        ((8, 1, "sobol", 9), "do not lie in 8 draws"),
    ],
)
def test_refused(table, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_parameters(table, *arguments)
