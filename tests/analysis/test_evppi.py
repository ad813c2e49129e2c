"""EVPPI: closed forms, limits, errors that cover the truth, what is refused."""

import numpy as np
import pytest
from voi_models import frame, normal_model, sample_from, single, unit_loss

from nbsmodel.analysis.acceptability import evpi_table
from nbsmodel.analysis.conditional_mean import ConditionalMeans
from nbsmodel.analysis.evppi import ALL, COLUMNS, evppi_table
from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.voi import Estimate, NetBenefits

TRUTH = {
    "p1": lambda k: unit_loss(k, k),
    "p2": lambda k: unit_loss(k, 2.0),
    ALL: lambda k: unit_loss(k, np.hypot(k, 2)),
}


def by_set(table):
    return table.set_index("set")


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_normal_model_within_its_errors(k):
    sample, draws = normal_model(k, 10_000, seed=k)
    table = by_set(evppi_table(sample, draws, single("p1", "p2"), [1.0]))
    for name, truth in TRUTH.items():
        assert abs(table.loc[name, "evppi"] - truth(k)) < 4 * table.loc[name, "se"]
        assert abs(table.loc[name, "evppi"] - truth(k)) < 0.03


def test_errors_cover_the_truth():
    """Over 120 samples of 1,000 draws, intervals of 1.96 errors hold the closed form about as often as they say."""
    inside = {"p1": 0, "p2": 0}
    widths = {"p1": [], "p2": []}
    for seed in range(120):
        sample, draws = normal_model(1, 1_000, seed)
        nb = NetBenefits(sample, [1.0])
        for name in inside:
            found = nb.value(ConditionalMeans([draws[name].to_numpy()], nb.responses), 0, 1, name)
            inside[name] += abs(found.value - TRUTH[name](1)) < 1.96 * found.se
            widths[name].append((found.value, found.se))
    for name, count in inside.items():
        values, errors = np.array(widths[name]).T
        assert count >= 106  # 88%; 95% of 120 is 114, and chance takes off 7 at most
        assert 0.85 < errors.mean() / values.std() < 1.4  # on the safe side with so few draws


def test_all_parameters_are_evpi_by_definition_and_the_regression_gets_there():
    rng = np.random.default_rng(1)
    n = 4_000
    a, b, c, d = rng.beta(4, 2, n), rng.gamma(4, 0.5, n), rng.normal(1, 0.3, n), rng.uniform(0, 1, n)
    net = [np.zeros(n), 3 * a * b - 4 * c, b**2 / 2 - 2 * a + d - 1, np.exp(c) * d - 2 * b * (1 - a)]
    sample, draws = sample_from(*net), frame(a=a, b=b, c=c, d=d)
    table = by_set(evppi_table(sample, draws, [*single("a", "b"), ParameterSet("every", "", tuple("abcd"))], [1.0]))
    evpi = float(evpi_table(sample, [1.0], None)["evpi"].iloc[0])
    for name in (ALL, "every"):
        assert table.loc[name, "evppi"] == evpi
        assert table.loc[name, "share_of_evpi"] == 1
        assert table.loc[name, "method"] == "EVPI by definition"
    nb = NetBenefits(sample, [1.0])
    means = ConditionalMeans([draws[x].to_numpy() for x in "abcd"], nb.responses)
    found = nb.value(means, 0, 1, "all")
    assert found.value == pytest.approx(evpi, abs=2 * found.se)
    assert found.value == pytest.approx(evpi, rel=0.02)
    assert means.quality([0, 1, 2])["r2"] > 0.98


def test_no_value_where_no_draw_changes_the_decision():
    """The second strategy is ahead in every draw: nothing is worth knowing, to the last bit."""
    rng = np.random.default_rng(2)
    x, n = rng.normal(size=2000), 2000
    sample = sample_from(np.zeros(n), 5 + np.maximum(x, -4.9) + 0.05 * rng.uniform(-1, 1, n))
    table = evppi_table(sample, frame(x=x, y=rng.normal(size=n)), single("x", "y"), [1.0])
    assert (table[["evppi", "per_year", "se"]].fillna(0) == 0).all(axis=None)
    assert table["share_of_evpi"].isna().all()


def test_no_value_where_what_is_known_never_changes_the_decision():
    """Everything together would change it, the parameter by itself in no draw: exactly 0."""
    rng = np.random.default_rng(3)
    n = 4000
    x = rng.uniform(-1, 1, n)
    sample = sample_from(np.zeros(n), 3 + x + rng.normal(0, 3, n))
    table = by_set(evppi_table(sample, frame(x=x, other=rng.normal(size=n)), single("x"), [1.0]))
    assert table.loc[ALL, "evppi"] > 0.1
    assert table.loc["x", "evppi"] == 0
    assert table.loc["x", "se"] == 0


def test_strategies_that_are_equal():
    rng = np.random.default_rng(4)
    nb = rng.normal(size=1000)
    table = evppi_table(sample_from(nb, nb, nb), frame(x=nb, y=rng.normal(size=1000)), single("x", "y"), [1.0])
    assert (table["evppi"] == 0).all()


def test_knowing_more_is_worth_no_less_and_at_most_everything():
    rng = np.random.default_rng(5)
    n = 1500
    x = rng.normal(size=(4, n))
    nb = sample_from(np.zeros(n), x[0] + 0.3 * x[1] + 0.02 * x[2] + 0.5 * rng.normal(size=n), 0.8 * x[1] - 0.1)
    draws = frame(a=x[0], b=x[1], c=x[2], d=x[3], e=rng.normal(size=n))
    sets = [ParameterSet(s, s, tuple(s)) for s in ("a", "b", "c", "d", "ab", "ac", "abc", "abcd", "cd", "bcd")]
    table = evppi_table(nb, draws, sets, [1.0, 2.0])
    for _, part in table.groupby("threshold"):
        value = dict(zip(part["set"], part["evppi"], strict=True))
        for small in value:
            assert 0 <= value[small] <= value[ALL]
            for large in value:
                if small != ALL and large != ALL and set(small) <= set(large):
                    assert value[small] <= value[large]
        moved = part[part["adjusted"] != ""]
        assert (moved.loc[moved["adjusted"] == "raised", "estimate"] < moved["evppi"]).all()
        unmoved = part[part["adjusted"] == ""]
        assert (unmoved["estimate"] == unmoved["evppi"]).all()
    assert list(table["threshold"]) == sorted(table["threshold"])
    assert all(part["evppi"].is_monotonic_decreasing for _, part in table.groupby("threshold"))


def test_an_estimate_is_raised_to_that_of_a_part_and_capped_at_everything():
    """Sets whose regressions are given no chance: pure noise that a small sample takes for something."""
    seen = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(3, 200))
        nb = sample_from(np.zeros(200), 0.3 * rng.normal(size=200) + 0.2 * x[0])
        sets = [*single("a", "b"), ParameterSet("ab", "", ("a", "b"))]
        table = by_set(evppi_table(nb, frame(a=x[0], b=x[1], c=x[2]), sets, [1.0]))
        seen |= set(table["adjusted"])
        assert table.loc["ab", "evppi"] >= max(table.loc["a", "evppi"], table.loc["b", "evppi"])
    assert "raised" in seen


def test_every_threshold_is_worked_out_as_if_alone():
    rng = np.random.default_rng(6)
    n = 2000
    q, c = rng.gamma(4, 0.05, n), rng.gamma(4, 800, n)
    sample = sample_from(np.zeros(n), np.zeros(n))
    sample = type(sample)(
        strategies=("a", "b"), comparator=0, cost=np.column_stack([np.zeros(n), c]),
        effect=np.column_stack([np.zeros(n), q]), draws=np.arange(n),
    )  # fmt: skip
    draws = frame(q=q, c=c, x=rng.normal(size=n))
    many = evppi_table(sample, draws, single("q", "c"), [5_000, 16_000, 40_000])
    for threshold in (5_000, 16_000, 40_000):
        alone = by_set(evppi_table(sample, draws, single("q", "c"), [threshold]))
        part = by_set(many[many["threshold"] == threshold])
        for name in ("q", "c"):
            assert part.loc[name, "evppi"] == pytest.approx(alone.loc[name, "evppi"], rel=2e-3, abs=1)


def test_values_per_case_and_for_the_population():
    n = 2000
    sample, draws = normal_model(1, n, 7)
    births, cases = np.full(n, 5e5), np.linspace(0.9e-4, 1.1e-4, n)
    sample = sample_from(*(sample.net_benefit(1.0).T), births=births, cases=cases)
    table = evppi_table(sample, draws, single("p1"), [1.0], years=8.0)
    row = by_set(table).loc["p1"]
    assert row["per_case"] == pytest.approx(row["evppi"] / 1e-4)
    assert row["per_year"] == pytest.approx(row["evppi"] * 5e5)
    assert row["population"] == pytest.approx(row["evppi"] * 4e6)
    assert row["population_se"] == pytest.approx(row["se"] * 4e6)
    assert list(table.columns) == COLUMNS
    bare = by_set(evppi_table(sample_from(*(sample.net_benefit(1.0).T)), draws, single("p1"), [1.0])).loc["p1"]
    assert bare[["per_case", "per_year", "population"]].isna().all()
    assert bare["evppi"] == row["evppi"]


def test_structural_alternatives_are_a_parameter():
    rng = np.random.default_rng(8)
    n = 6000
    kind = np.resize(np.array(["a", "b", "c"], dtype=object), n)
    effect = np.where(kind == "a", 1.0, np.where(kind == "b", -0.5, -0.2))
    draws = frame(x=rng.normal(size=n), alternative=kind)
    sample = sample_from(np.zeros(n), effect + rng.normal(0, 1, n))
    row = by_set(evppi_table(sample, draws, single("alternative", "x"), [1.0])).loc["alternative"]
    truth = (1.0 + 0 + 0) / 3 - 0.1
    assert row["evppi"] == pytest.approx(truth, abs=3 * row["se"])


def test_few_draws_are_told_and_too_few_refused():
    for n, remark in ((450, True), (600, False)):
        sample, draws = normal_model(1, n, 9)
        row = by_set(evppi_table(sample, draws, single("p1"), [1.0])).loc["p1"]
        assert ("500 or more" in row["remark"]) == remark
    sample, draws = normal_model(1, 60, 9)
    with pytest.raises(ValueError, match="60 draws are too few for p1; at least 100 are needed"):
        evppi_table(sample, draws, single("p1"), [1.0])
    rng = np.random.default_rng(9)
    wide = frame(**{f"x{i}": rng.normal(size=240) for i in range(6)})
    sample = sample_from(np.zeros(240), rng.normal(size=240))
    with pytest.raises(ValueError, match="at least 250"):
        evppi_table(sample, wide, [ParameterSet("five", "five", tuple(wide.columns[:5]))], [1.0])


def test_draws_and_outcomes_of_different_runs_are_refused():
    sample, draws = normal_model(1, 500, 10)
    with pytest.raises(ValueError, match="not of the same draws"):
        evppi_table(sample, draws.iloc[:400], single("p1"), [1.0])
    shifted = draws.copy()
    shifted.index = shifted.index + 1
    with pytest.raises(ValueError, match="499 in both"):
        evppi_table(sample, shifted, single("p1"), [1.0])


def test_nested_simulations_stand_beside_the_regression():
    sample, draws = normal_model(1, 500, 11)
    nested = {"p1": [Estimate(0.08, 0.01)]}
    table = by_set(evppi_table(sample, draws, single("p1", "p2"), [1.0], nested=nested))
    assert (table.loc["p1", "nested"], table.loc["p1", "nested_se"]) == (0.08, 0.01)
    assert table.loc[["p2", ALL], "nested"].isna().all()


def test_the_same_draws_give_the_same_table():
    sample, draws = normal_model(2, 800, 12)
    one, two = (evppi_table(sample, draws, single("p1", "p2"), [1.0], seed=0) for _ in range(2))
    assert one.equals(two)
    other = evppi_table(sample, draws, single("p1", "p2"), [1.0], seed=5)
    assert (other["evppi"] == one["evppi"]).all()
    assert (other["se"] != one["se"]).any()
