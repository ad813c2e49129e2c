"""Sobol' indices, elementary effects and PAWN against closed forms and plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from nbsmodel.analysis.global_sensitivity import (
    MORRIS_RANGE,
    Factor,
    library_seed,
    morris_effects,
    sobol_indices,
    table_of,
)
from nbsmodel.analysis.pawn import DUMMIES, SLICES, pawn_indices

# Ishigami and Sobol' G as in SALib (Saltelli et al., Global sensitivity analysis: the primer, 2008; Saltelli
# et al., Comput Phys Commun 2010;181:259-70): closed forms, and what its source prints.
ISHIGAMI = {
    "s1": [0.31390519114781146, 0.4424111447900409, 0.0],
    "st": [0.5575888552099592, 0.4424111447900409, 0.2436836640621477],
    "s2_13": 0.2436836640621477,
    "mean": 3.5,
    "variance": 13.844587940719254,
}
G = [0, 1, 4.5, 9, 99, 99, 99, 99]
G_PRINTED = [0.7165, 0.1791, 0.0237, 0.0072, 0.0001, 0.0001, 0.0001, 0.0001]
G_SECOND = [78, 12, 0.5, 2, 97, 33]
G_SECOND_PARTIAL = [5.3e-05, 0.001972, 0.148148, 0.037037, 3.5e-05, 0.000288]
G_SECOND_VARIANCE = 0.19347


def factors(*names, quantile=lambda u: u):
    return [Factor(name, (name,), quantile) for name in names]


def benefit(function, comparator=0.0):
    """Net benefits of a comparator and of a strategy that is better by the function."""

    def net_benefit(table):
        gain = function(table)
        return np.column_stack([np.full(len(gain), comparator), comparator + gain])

    return net_benefit


def ishigami(t):
    return np.sin(t["x1"]) + 7 * np.sin(t["x2"]) ** 2 + 0.1 * t["x3"] ** 4 * np.sin(t["x1"])


def around(u):
    return np.pi * (2 * u - 1)


def g_function(a):
    return lambda t: np.prod([(np.abs(4 * t[f"x{i}"] - 2) + ai) / (1 + ai) for i, ai in enumerate(a)], axis=0)


def g_indices(a):
    """First-order and total indices of the G function, and its variance, in closed form."""
    v = [1 / (3 * (1 + ai) ** 2) for ai in a]
    total = math.prod(1 + vi for vi in v) - 1
    return [vi / total for vi in v], [vi * (1 + total) / (1 + vi) / total for vi in v], total


@pytest.mark.parametrize(("base_samples", "tolerance"), [(1024, 0.05), (8192, 0.02)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ishigami(base_samples, tolerance, seed):
    found = sobol_indices(factors("x1", "x2", "x3", quantile=around), benefit(ishigami), 0, base_samples, seed)
    assert found.first[0] == pytest.approx(ISHIGAMI["s1"], abs=tolerance)
    assert found.total[0] == pytest.approx(ISHIGAMI["st"], abs=tolerance)
    assert found.mean[0] == pytest.approx(ISHIGAMI["mean"], abs=tolerance)
    assert found.sd[0] ** 2 == pytest.approx(ISHIGAMI["variance"], rel=tolerance)
    assert found.first_sum[0] == pytest.approx(sum(found.first[0]))
    assert found.evaluations == base_samples * 5
    # the intervals hold the closed form, and shrink with the root of the sample
    for value, half, true in ((found.first[0], found.first_half_width[0], ISHIGAMI["s1"]),
                              (found.total[0], found.total_half_width[0], ISHIGAMI["st"])):  # fmt: skip
        assert (abs(value - true) <= half).all()
        assert (half < 3 / math.sqrt(base_samples)).all() and (half > 0).all()
    assert abs(found.first_sum[0] - sum(ISHIGAMI["s1"])) <= found.first_sum_half_width[0]


def test_ishigami_interactions():
    found = sobol_indices(factors("x1", "x2", "x3", quantile=around), benefit(ishigami), 0, 4096, 1, second_order=True)
    assert found.second[0, 0, 2] == pytest.approx(ISHIGAMI["s2_13"], abs=0.02)
    assert found.second[0, [0, 1], [1, 2]] == pytest.approx(0, abs=0.02)
    assert (found.second_half_width[0][np.triu_indices(3, 1)] > 0).all()
    assert found.evaluations == 4096 * 8


def test_ishigami_by_groups():
    """x1 and x3 together have all that x2 has not, and nothing is left to interact."""
    pair = Factor("pair", ("x1", "x3"), around)
    found = sobol_indices([pair, *factors("x2", quantile=around)], benefit(ishigami), 0, 4096, 1)
    expected = [ISHIGAMI["st"][0], ISHIGAMI["s1"][1]]
    assert found.first[0] == pytest.approx(expected, abs=0.02)
    assert found.total[0] == pytest.approx(expected, abs=0.02)
    assert found.evaluations == 4096 * 4


def test_all_parameters_in_one_group():
    """SALib's halves disagree on what a lone group is."""
    whole = Factor("all", ("x1", "x2", "x3"), around)
    found = sobol_indices([whole], benefit(ishigami), 0, 1024, 1)
    assert found.first.shape == (1, 1)
    assert found.first[0] == pytest.approx([1], abs=0.05)
    assert found.total[0] == pytest.approx([1], abs=0.05)
    assert morris_effects([whole], benefit(ishigami), 0, 10, 4, 1).mu_star.shape == (1, 1)


@pytest.mark.parametrize("a", [G, G_SECOND])
def test_g_function(a):
    first, total, variance = g_indices(a)
    if a is G:
        assert first == pytest.approx(G_PRINTED, abs=5e-4)
    else:
        assert [f * variance for f in first] == pytest.approx(G_SECOND_PARTIAL, abs=1e-6)
        assert variance == pytest.approx(G_SECOND_VARIANCE, abs=1e-5)
    found = sobol_indices(factors(*(f"x{i}" for i in range(len(a)))), benefit(g_function(a)), 0, 4096, 1)
    assert found.first[0] == pytest.approx(first, abs=0.02)
    assert found.total[0] == pytest.approx(total, abs=0.02)
    assert found.sd[0] ** 2 == pytest.approx(variance, rel=0.02)


def test_heavy_tails_go_through_their_own_quantiles():
    """A product of lognormals: ``S_i = (exp(s_i^2) - 1) / (prod exp(s_j^2) - 1)``."""
    spread = {"a": 0.5, "b": 0.3, "c": 0.1}
    given_ = [Factor(n, (n,), lambda u, s=s: np.exp(s * norm.ppf(u))) for n, s in spread.items()]
    found = sobol_indices(given_, benefit(lambda t: 1e5 * t["a"] * t["b"] * t["c"]), 0, 8192, 1)
    v = {n: math.expm1(s * s) for n, s in spread.items()}
    total = math.prod(1 + x for x in v.values()) - 1
    assert found.first[0] == pytest.approx([x / total for x in v.values()], abs=0.02)
    assert found.total[0] == pytest.approx([x * (1 + total) / (1 + x) / total for x in v.values()], abs=0.02)


@settings(max_examples=10, deadline=None)
@given(weights=st.lists(st.floats(0.1, 10), min_size=2, max_size=5), seed=st.integers(0, 2**40))
def test_an_additive_function_has_no_interactions(weights, seed):
    names = [f"x{i}" for i in range(len(weights))]
    function = benefit(lambda t: sum(w * t[n] for w, n in zip(weights, names, strict=True)))
    found = sobol_indices(factors(*names), function, 0, 512, seed)
    shares = [w * w / sum(x * x for x in weights) for w in weights]
    assert found.first[0] == pytest.approx(shares, abs=0.08)
    assert found.total[0] == pytest.approx(shares, abs=0.08)
    effects = morris_effects(factors(*names), function, 0, 8, 4, seed)
    low, high = MORRIS_RANGE
    assert effects.mu_star[0] == pytest.approx([w * (high - low) for w in weights])
    assert effects.mu[0] == pytest.approx([w * (high - low) for w in weights])
    assert effects.sigma[0] == pytest.approx(0, abs=1e-9)


def test_several_strategies_each_against_the_comparator():
    def three(t):
        return np.column_stack([2 * t["x1"], t["x1"], t["x1"] + t["x2"]])

    found = sobol_indices(factors("x1", "x2"), three, 1, 1024, 1)
    assert found.first == pytest.approx(np.array([[1, 0], [0, 1]]), abs=0.02)
    effects = morris_effects(factors("x1", "x2"), three, 1, 8, 4, 1)
    assert effects.mu_star == pytest.approx(0.99 * np.eye(2), abs=1e-9)


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_without_variance_there_are_no_indices(level):
    """Increments that differ by rounding alone are one number."""

    def same(t):
        cost = 1e6 * t["x1"] / 3
        return np.column_stack([-cost, -(cost + 0.1 * t["x2"]) + 0.1 * t["x2"] + level])

    found = sobol_indices(factors("x1", "x2"), same, 0, 64, 1)
    for array in (found.first, found.total, found.first_half_width, found.total_half_width, found.sd):
        assert (array == 0).all()
    assert found.mean[0] == pytest.approx(level, abs=1e-9)
    assert (morris_effects(factors("x1", "x2"), same, 0, 8, 4, 1).mu_star == 0).all()
    draws = {"x1": np.linspace(0, 1, 500), "x2": np.linspace(1, 2, 500)}
    pawn = pawn_indices(draws, same(draws), 0, 1)
    assert (pawn.median == 0).all() and (pawn.maximum == 0).all() and (pawn.noise == 0).all()


def test_morris_by_hand():
    """Every step along a trajectory is an elementary effect: the same means from a plain loop over the rows."""
    seen = []

    def function(t):
        seen.append({n: v.copy() for n, v in t.items()})
        return t["x1"] * t["x2"] + 3 * t["x3"] ** 2

    names = ["x1", "x2", "x3"]
    found = morris_effects(factors(*names), benefit(function), 0, 20, 6, 5)
    values = function(seen[0])
    low, high = MORRIS_RANGE
    step = 6 / (2 * 5) * (high - low)
    effects = {n: [] for n in names}
    for row in range(len(values) - 1):
        moved = [n for n in names if abs(seen[0][n][row + 1] - seen[0][n][row]) > 1e-12]
        if row % 4 == 3:
            continue  # from the end of one trajectory to the beginning of the next
        assert len(moved) == 1
        change = seen[0][moved[0]][row + 1] - seen[0][moved[0]][row]
        assert abs(change) == pytest.approx(step)
        effects[moved[0]].append((values[row + 1] - values[row]) / change * (high - low))
    assert {len(e) for e in effects.values()} == {20}
    assert found.mu_star[0] == pytest.approx([np.mean(np.abs(e)) for e in effects.values()])
    assert found.mu[0] == pytest.approx([np.mean(e) for e in effects.values()])
    assert found.sigma[0] == pytest.approx([np.std(e, ddof=1) for e in effects.values()])
    levels = np.unique(np.round(np.concatenate(list(seen[0].values())), 12))
    assert levels == pytest.approx(np.linspace(low, high, 6))


def test_morris_orders_ishigami_and_leaves_out_what_does_nothing():
    given_ = factors("x1", "x2", "x3", "idle", quantile=around)
    found = morris_effects(given_, benefit(ishigami), 0, 200, 8, 0)
    assert found.mu_star[0, 3] == 0
    assert (found.mu_star[0, :3] > 2).all() and (found.sigma[0, :3] > found.mu_star[0, :3] / 2).all()
    assert (found.mu_star_half_width[0, :3] > 0).all()
    assert abs(found.mu[0, 1]) < found.mu_star[0, 1] / 2  # up and down: sin squared


def test_a_group_has_a_mean_size_and_no_direction():
    pair = Factor("pair", ("x1", "x2"), lambda u: u)
    found = morris_effects([pair, *factors("x3")], benefit(lambda t: t["x1"] + 2 * t["x2"] + t["x3"]), 0, 50, 4, 1)
    assert found.mu_star[0, 1] == pytest.approx(0.99)
    assert 0.99 * 1 < found.mu_star[0, 0] < 0.99 * 3  # the two move together, up or down each
    assert np.isnan(found.mu[0, 0]) and np.isnan(found.sigma[0, 0])
    assert not np.isnan(found.mu[0, 1])


def plain_pawn(x, y):
    """PAWN in loops: distances between distribution functions, slice by slice."""
    ends = np.quantile(x, np.linspace(0, 1, SLICES + 1))
    distances = []
    for low, high in zip(ends, ends[1:], strict=False):
        inside = sorted(b for a, b in zip(x, y, strict=True) if low <= a < high)
        if inside:
            whole = sorted(y)
            gaps = (
                np.searchsorted(inside, v, side="right") / len(inside)
                - np.searchsorted(whole, v, side="right") / len(whole)
                for v in whole
            )
            distances.append(max(abs(g) for g in gaps))
    return np.median(distances), np.max(distances), np.std(distances) / np.mean(distances)


def test_pawn_by_hand_and_against_noise():
    rng = np.random.default_rng(3)
    draws = {name: rng.random(1000) for name in ("strong", "weak", "idle")} | {"fixed": np.full(1000, 0.2)}
    draws["whole"] = rng.integers(0, 3, 1000).astype(float)
    gain = draws["strong"] + 0.4 * draws["weak"] + 0.1 * draws["whole"]
    found = pawn_indices(draws, np.column_stack([gain * 0, gain]), 0, 0)
    for i, name in enumerate(draws):
        if name != "fixed":
            expected = plain_pawn(draws[name], gain)
            assert (found.median[0, i], found.maximum[0, i], found.cv[0, i]) == pytest.approx(expected, abs=1e-12)
    assert found.median[0, 3] == found.maximum[0, 3] == 0 and np.isnan(found.cv[0, 3])
    assert found.median[0, 0] > found.median[0, 1] > found.noise[0] > found.median[0, 2]


def test_the_noise_of_pawn_is_rarely_passed_by_chance():
    """An idle parameter beats the largest of 20 dummies 1 time in 21."""
    rng = np.random.default_rng(4)
    gain = rng.random(500)
    idle = {f"x{i}": rng.random(500) for i in range(100)}
    found = pawn_indices(idle, np.column_stack([gain * 0, gain]), 0, 1)
    assert (found.median[0] > found.noise[0]).mean() < 4 / (DUMMIES + 1)


def test_the_same_figures_each_time_whatever_the_global_generator():
    names = ("x1", "x2", "x3")
    draws = {name: np.linspace(0, 1, 600) ** (i + 1) for i, name in enumerate(names)}

    def everything():
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        sobol = sobol_indices(factors(*names, quantile=around), benefit(ishigami), 0, 64, 0)
        morris = morris_effects(factors(*names), benefit(ishigami), 0, 8, 4, 0)
        pawn = pawn_indices(draws, benefit(ishigami)(draws), 0, 0)
        assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
        return [a for r in (sobol, morris, pawn) for a in vars(r).values() if isinstance(a, np.ndarray)]

    np.random.seed(1)  # noqa: NPY002
    first = everything()
    np.random.seed(2)  # noqa: NPY002
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, everything(), strict=True))


def test_seeds_given_to_the_library():
    """SALib takes 0 for no seed."""
    seeds = {library_seed(seed, purpose) for seed in range(500) for purpose in ("sobol points", "morris points")}
    assert len(seeds) > 990
    assert all(0 < s < 2**31 for s in seeds)
    one, two = (
        sobol_indices(factors("x1", "x2", "x3", quantile=around), benefit(ishigami), 0, 64, seed) for seed in (0, 1)
    )
    assert not np.array_equal(one.first, two.first)


def test_points_stay_inside_the_unit_interval():
    ends = []

    def quantile(u):
        ends.append((u.min(), u.max()))
        return norm.ppf(u)

    sobol_indices(factors("x1", "x2", quantile=quantile), benefit(lambda t: t["x1"] + t["x2"]), 0, 4096, 1)
    assert all(0 < low and high < 1 for low, high in ends)


def test_quantiles_are_asked_for_each_point_once():
    calls = []

    def quantile(u):
        calls.append(len(u))
        return u**2

    points = np.repeat([[0.1, 0.5], [0.2, 0.6], [0.3, 0.7]], 100, axis=0)
    table = table_of([Factor("pair", ("a", "b"), quantile)], points.copy())
    assert calls == [3]
    assert np.array_equal(table["a"], points[:, 0] ** 2) and np.array_equal(table["b"], points[:, 1] ** 2)
