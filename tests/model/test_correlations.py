"""Correlated parameters: ranks as asked for, distributions kept, every mistake refused."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from helpers import write_complete
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from uncertain import joined, table_of

from nbsmodel.errors import InputError
from nbsmodel.model.correlations import copulas
from nbsmodel.model.load import load_model
from nbsmodel.model.sampling import SAMPLINGS, draw_parameters
from nbsmodel.numerics.correlation import is_definite, normal_correlation
from nbsmodel.numerics.random import uniforms

MANY = 2**17  # somewhat over 1e5, and a power of 2 for Sobol'


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return table_of(tmp_path_factory.mktemp("table"))


def spearman(drawn, *names):
    return stats.spearmanr(np.column_stack([drawn[name] for name in names])).statistic


# --- what is drawn


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_rank_correlations_are_those_asked_for(table, sampling):
    """Within 0.02 at some 1e5 draws, between distributions of different shapes; pairs not given are 0."""
    asked = (joined("cost", "share", rank=0.7), joined("ratio", "cost", rank=-0.5), joined("score", "delay", rank=0.95))
    drawn = draw_parameters(replace(table, correlations=asked), MANY, 1, sampling)
    found = spearman(drawn, "cost", "share", "ratio", "score", "delay", "age")
    expected = np.eye(6)
    for i, j, rank in ((0, 1, 0.7), (0, 2, -0.5), (3, 4, 0.95)):
        expected[i, j] = expected[j, i] = rank
    assert np.abs(found - expected).max() < 0.02


def test_every_pair_of_a_list_is_meant(table):
    drawn = draw_parameters(replace(table, correlations=(joined("cost", "share", "age", rank=0.4),)), MANY, 2)
    found = spearman(drawn, "cost", "share", "age")
    assert found[np.triu_indices(3, 1)] == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_distributions_are_kept(table, sampling):
    """Kolmogorov-Smirnov against the distribution of each."""
    asked = (
        joined("cost", "share", "ratio", rank=0.8),
        joined("age", "cost", rank=-0.3),
        joined("age", "delay", rank=0.3),
    )
    drawn = draw_parameters(replace(table, correlations=asked), 2**14, 4, sampling)
    laws = {
        "cost": stats.gamma(25, scale=4), "share": stats.beta(2, 6), "ratio": stats.lognorm(0.4, scale=np.exp(-0.5)),
        "age": stats.triang(0.2, 0, 5), "delay": stats.uniform(1, 1),
    }  # fmt: skip
    for name, law in laws.items():
        assert stats.kstest(drawn[name], law.cdf).pvalue > 0.001, name
        if sampling == "latin_hypercube":  # one draw a stratum, correlated though it is
            assert np.array_equal(np.sort(np.floor(law.cdf(drawn[name]) * 2**14)), np.arange(2**14))


def test_covariance_of_normal_and_lognormal_in_closed_form(tmp_path):
    """cov(X, Z) = E[X] r s t for lognormal X of log sd s and normal Z of sd t; r = 2 sin(pi rank / 6)."""
    table = table_of(
        tmp_path,
        'x,,ratio,"lognormal(meanlog=0.1, sdlog=0.5)",ons,published\n'
        'y,,ratio,"lognormal(meanlog=-1, sdlog=0.3)",ons,published\n'
        'z,0,number,"normal(mean=0, se=3)",ons,published\n',
    )
    asked = (joined("x", "y", rank=0.6), joined("y", "z", rank=-0.3), joined("x", "z", rank=0.2))
    drawn = draw_parameters(replace(table, correlations=asked), MANY, 0, "sobol")
    r = {rank: 2 * np.sin(np.pi * rank / 6) for rank in (0.6, -0.3, 0.2)}
    x, y = np.exp(0.1 + 0.125), np.exp(-1 + 0.045)
    covariance = np.cov([drawn["x"], drawn["y"], drawn["z"]])
    assert covariance[0, 1] == pytest.approx(x * y * np.expm1(r[0.6] * 0.5 * 0.3), rel=5e-3)
    assert covariance[1, 2] == pytest.approx(y * r[-0.3] * 0.3 * 3, rel=5e-3)
    assert covariance[0, 2] == pytest.approx(x * r[0.2] * 0.5 * 3, rel=5e-3)


def test_against_a_slow_twin(table):
    """Cholesky by hand, one draw at a time."""
    asked = (joined("score", "delay", rank=0.5), joined("delay", "age", rank=-0.7))
    drawn = draw_parameters(replace(table, correlations=asked), 200, 8)
    normal = NormalDist()
    ab, bc = float(normal_correlation(0.5)), float(normal_correlation(-0.7))
    for i in range(200):
        a, b, c = (normal.inv_cdf(float(uniforms(8, "parameter", name, 1, i)[0])) for name in ("score", "delay", "age"))
        root = (1 - ab**2) ** 0.5
        second = ab * a + root * b
        third = bc / root * b + (1 - (bc / root) ** 2) ** 0.5 * c
        assert drawn["score"][i] == pytest.approx(3 + 2 * a, rel=1e-12)
        assert drawn["delay"][i] == pytest.approx(1 + normal.cdf(second), rel=1e-12)
        assert drawn["age"][i] == pytest.approx(stats.triang(0.2, 0, 5).ppf(normal.cdf(third)), rel=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    rank=st.floats(-0.9999, 0.9999), start=st.integers(0, 64), count=st.integers(0, 64),
    sampling=st.sampled_from(SAMPLINGS), seed=st.integers(-5, 2**70),
)  # fmt: skip
def test_parts_have_the_bits_of_the_whole(table, rank, start, count, sampling, seed):
    correlated = replace(table, correlations=(joined("cost", "age", rank=rank),))
    whole = draw_parameters(correlated, 64, seed, sampling)
    count = min(count, 64 - start)
    part = draw_parameters(correlated, 64, seed, sampling, start, count)
    assert all(part[name].tobytes() == whole[name][start : start + count].tobytes() for name in whole)


@pytest.mark.parametrize("rank", [0.999999, -0.999999])
def test_nearly_perfect_correlation(table, rank):
    drawn = draw_parameters(replace(table, correlations=(joined("cost", "age", rank=rank),)), 5000, 1)
    assert np.isfinite(drawn["age"]).all()
    assert spearman(drawn, "cost", "age") == pytest.approx(rank, abs=1e-5)


def test_who_is_joined_with_whom():
    found = copulas([
        joined("b", "a", rank=0.1), joined("x", "y", rank=0.2), joined("c", "d", rank=0.3), joined("d", "b", rank=0.4)
    ])  # fmt: skip
    assert [c.members for c in found] == [("b", "a", "c", "d"), ("x", "y")]
    expected = np.eye(4)
    for i, j, rank in ((0, 1, 0.1), (2, 3, 0.3), (3, 0, 0.4)):
        expected[i, j] = expected[j, i] = rank
    assert np.array_equal(found[0].ranks, expected) and copulas([]) == []


# --- in the model file


def written(*entries):
    """Edit of the complete model that gives it correlations."""
    lines = "".join(f"  - {entry}\n" for entry in entries)
    return ("model/model.yaml", "outcomes:\n", f"correlations:\n{lines}outcomes:\n")


GOOD = "{between: [p_birth, h_ill], rank: 0.5, source: smith; ons, note: Invented}"


def load(folder, *entries):
    write_complete(folder, written(*entries))
    return load_model(folder / "model")


def problems(folder, *entries):
    with pytest.raises(InputError) as refused:
        load(folder, *entries)
    return [str(p).removeprefix(f"{folder}/") for p in refused.value.problems]


def test_a_model_with_correlations(tmp_path):
    table = load(tmp_path, GOOD, "{between: [hr_treated, p_birth, p_sensitivity], rank: -0.25, source: ons}").parameters
    first, second = table.correlations
    assert (first.between, first.rank, first.sources, first.note) == (
        ("p_birth", "h_ill"),
        0.5,
        ("smith", "ons"),
        "Invented",
    )
    assert re.fullmatch(r".*model.yaml:\d+ correlations\[1\]", first.place)
    assert second.pairs == [("hr_treated", "p_birth"), ("hr_treated", "p_sensitivity"), ("p_birth", "p_sensitivity")]
    assert spearman(table.draws(20_000, 1), "p_birth", "h_ill") == pytest.approx(0.5, abs=0.03)


def test_a_model_without_correlations(tmp_path):
    write_complete(tmp_path)
    assert load_model(tmp_path / "model").parameters.correlations == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{between: [p_birth, h_il], rank: 0.5, source: smith}",
            "correlations[1].between: no parameter is named h_il. Did you mean h_ill?",
        ),
        (
            "{between: [p_birth, p_found], rank: 0.5, source: smith}",
            "correlations[1].between: p_found is no parameter; it is one of the derived values. "
            "Only parameters with a distribution can be correlated; name those it is made of.",
        ),
        ("{between: [p_birth, screened], rank: 0.5, source: smith}", "screened is no parameter; it is one of the lev"),
        (
            "{between: [p_birth, p_uptake], rank: 0.5, source: smith}",
            "correlations[1].between: p_uptake is fixed: it has no distribution. "
            "Give it a distribution in parameters.csv, or leave it out here.",
        ),
        (
            "{between: [p_birth, p_late], rank: 0.5, source: smith}",
            "correlations[1].between: correlation with a Dirichlet member: p_late belongs to the group timing, whose "
            "shares vary together already, as they add up to 1. Leave it out; or write the shares as conditional "
            "probabilities (this of all, the next of those left) with a beta distribution each, and correlate these.",
        ),
        ("{between: [p_birth], rank: 0.5, source: smith}", "found only p_birth. A correlation is between two"),
        ("{between: p_birth, rank: 0.5, source: smith}", "found only p_birth. A correlation is between two"),
        ("{between: [], rank: 0.5, source: smith}", "no parameter is named. A correlation is between two parameters"),
        ("{between: [p_birth, h_ill, p_birth], rank: 0.5, source: smith}", "p_birth stands twice. Keep it once."),
        (
            "{between: [p_birth, h_ill], rank: 1, source: smith}",
            "correlations[1].rank: found 1. A rank correlation lies between -1 and 1, both left out. "
            "For parameters that move as one, make one a derived value of the other.",
        ),
        ("{between: [p_birth, h_ill], rank: -1, source: smith}", "correlations[1].rank: found -1."),
        ("{between: [p_birth, h_ill], rank: 50, source: smith}", "correlations[1].rank: found 50."),
        ("{between: [p_birth, h_ill], rank: 50%, source: smith}", "rank: a number is needed, found '50%'"),
        ("{between: [p_birth, h_ill], rank: nan, source: smith}", "rank: a number is needed, found 'nan'"),
        (
            "{between: [p_birth, h_ill], rank: 0.5, source: smth}",
            "correlations[1].source: smth is not in sources.yaml. Did you mean smith?",
        ),
        ("{between: [p_birth, h_ill], rank: 0.5, source: ';'}", "the source is missing. Give a key of sources.yaml."),
        ("{between: [p_birth, h_ill], rank: 0.5}", "the key source is missing. Add it."),
        ("{between: [p_birth, h_ill], source: smith}", "the key rank is missing. Add it."),
        ("{between: [p_birth, h_ill], rho: 0.5, rank: 0.5, source: smith}", "unknown key rho."),
        ("{between: [p_birth, '1x'], rank: 0.5, source: smith}", "'1x' is no valid name"),
        ("[p_birth, h_ill, 0.5]", "a block of `key: value` lines is needed"),
    ],
)  # fmt: skip
def test_refused(entry, message, tmp_path):
    found = problems(tmp_path, entry)
    assert len(found) == 1 and message in found[0]
    assert re.match(r"model/model\.yaml:\d+ correlations\[1\]", found[0])


def test_a_member_of_a_multivariate_normal(tmp_path):
    rows = (
        'm1,,1,number,"multivariate_normal(group=curve, cholesky=[1])",ons,published,,\n'
        'm2,,2,number,"multivariate_normal(group=curve, cholesky=[0.5; 1])",ons,published,,\nbirths,'
    )
    edit = ("model/parameters.csv", "births,", rows)
    write_complete(tmp_path, edit, written("{between: [m1, h_ill], rank: 0.2, source: ons}"))
    with pytest.raises(InputError) as refused:
        load_model(tmp_path / "model")
    assert "m1 belongs to the multivariate normal group curve, whose covariance says already how" in str(refused.value)


@pytest.mark.parametrize("again", ["[h_ill, p_birth]", "[hr_treated, p_birth, h_ill]"])
def test_a_pair_given_twice(tmp_path, again):
    found = problems(tmp_path, GOOD, f"{{between: {again}, rank: 0.5, source: ons}}")
    assert len(found) == 1
    assert re.search(r"correlations\[2\].between: the correlation of \w+ and \w+ stands already at \S+model.yaml:\d+ "
                     r"correlations\[1\]. Keep one of them.", found[0])  # fmt: skip
    assert "p_birth" in found[0] and "h_ill" in found[0]


def test_everything_at_once(tmp_path):
    found = problems(
        tmp_path,
        "{between: [p_birht, p_uptake], rank: 2, source: smth}",
        "{between: [p_late, p_found], rank: 0.5, source: ons}",
        GOOD,
        GOOD,
    )
    assert len(found) == 7


def test_a_row_that_cannot_be_read_is_not_blamed_twice(tmp_path):
    edit = ("model/parameters.csv", "gamma(mean=0.5, se=0.1)", "gamma(mean=0.5, se=-1)")
    write_complete(tmp_path, edit, written(GOOD))
    with pytest.raises(InputError) as refused:
        load_model(tmp_path / "model")
    assert len(refused.value.problems) == 1 and "gamma" in str(refused.value)


# --- correlations that cannot hold together

CHAIN = (
    "{between: [p_birth, h_ill], rank: 0.9, source: ons}",
    "{between: [h_ill, hr_treated], rank: 0.9, source: ons}",
)


def offers(message):
    """The pairs and ranks that a message offers."""
    pairs = re.findall(r"(\w+) and (\w+) (-?[\d.]+\d)", message.partition("nearest ranks that can:")[2])
    return {frozenset((a, b)): float(rank) for a, b, rank in pairs}


def test_what_cannot_hold_together_is_refused_and_the_nearest_offered(tmp_path):
    found = problems(tmp_path, *CHAIN, "{between: [p_birth, p_sensitivity], rank: 0, source: ons}")
    assert len(found) == 1 and "model.yaml:25 correlations[1]: " in found[0]
    message = (
        "the correlations of p_birth, h_ill, hr_treated and p_sensitivity cannot hold together: their matrix is not "
        "positive definite (its smallest eigenvalue is -0.284; pairs that are not given count as 0). Check signs and "
        "sizes. The nearest ranks that can: p_birth and h_ill 0."
    )
    assert message in found[0]
    offered = offers(found[0])
    assert set(offered) == {
        frozenset(pair) for pair in (("p_birth", "h_ill"), ("h_ill", "hr_treated"), ("p_birth", "hr_treated"))
    }
    assert offered[frozenset(("p_birth", "h_ill"))] == pytest.approx(0.73, abs=0.01)


def test_what_is_offered_is_accepted(tmp_path):
    message = problems(tmp_path / "refused", *CHAIN, "{between: [p_birth, hr_treated], rank: -0.8, source: ons}")[0]
    assert "pairs that are not given" not in message
    entries = [
        f"{{between: [{', '.join(sorted(pair))}], rank: {rank}, source: ons}}" for pair, rank in offers(message).items()
    ]
    table = load(tmp_path / "offered", *entries).parameters
    assert len(entries) == 3 and is_definite(copulas(table.correlations)[0].matrix)
    assert all(np.isfinite(column).all() for column in table.draws(100, 1).values())


def test_a_chain_that_can_hold_is_taken_as_it_is(tmp_path):
    table = load(tmp_path, *[entry.replace("0.9", "0.6") for entry in CHAIN]).parameters
    assert copulas(table.correlations)[0].ranks[0, 2] == 0
