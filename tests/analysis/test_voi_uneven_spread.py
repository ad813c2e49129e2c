"""Net benefits that multiply parameters: what is not known spreads them more in some draws than in others."""

import numpy as np
import pytest
from voi_models import frame, sample_from, single

from nbsmodel.analysis.conditional_mean import ConditionalMeans
from nbsmodel.analysis.evppi import PAIRED_PATTERN, PATTERN, TELLS, evppi_table
from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.voi import NetBenefits

SD = 0.6  # of the logarithms


def lognormal_values():
    """What it is worth to know one factor, and two, of a product of independent lognormal ones with mean 1."""
    z = np.random.default_rng(1).normal(size=(2, 2_000_000))
    x, y = np.exp(SD * z - SD**2 / 2)
    return np.maximum(x - 1.05, 0).mean(), np.maximum(x * y - 1.05, 0).mean()


def estimate(nb, name, *columns):
    return nb.value(ConditionalMeans(list(columns), nb.responses), 0, 1, name)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "samples"), [(1_000, 80), (10_000, 30)])
def test_errors_cover_the_truth_in_a_multiplicative_model(n, samples):
    """Errors that take residuals as equally spread are 0.7 of these, and hold the truth in 80 of 100 samples."""
    truth = lognormal_values()
    found = []
    for seed in range(samples):
        x, y, z, u = np.exp(SD * np.random.default_rng(seed).normal(size=(4, n)) - SD**2 / 2)
        nb = NetBenefits(sample_from(np.zeros(n), x * y * z * u - 1.05), [1.0])
        found.append([estimate(nb, "x", x), estimate(nb, "xy", x, y)])
    for place, value in enumerate(truth):
        values, errors = np.array([[pair[place].value, pair[place].se] for pair in found]).T
        assert np.mean(np.abs(values - value) < 2 * errors) >= 0.86  # of 0.95, and chance
        assert 0.8 < errors.mean() / values.std() < 1.3


def test_a_product_that_is_not_there_is_not_taken_for_one():
    """The third factor has mean 0, so two are worth nothing; taken as equally spread, 65 of 100 say something."""
    beyond = 0
    for seed in range(60):
        x, y, z = np.random.default_rng(seed).normal(size=(3, 1000))
        found = estimate(NetBenefits(sample_from(np.zeros(1000), x * y * z - 0.1), [1.0]), "xy", x, y)
        beyond += found.value > 2 * found.se
    assert beyond <= 8


def remark_of(net_benefit, **columns):
    """What is said of the set of the first two columns."""
    draws = frame(**columns)
    members = tuple(draws.columns[:2])
    table = evppi_table(
        sample_from(np.zeros(len(draws)), *net_benefit), draws, [ParameterSet("s", "S", members)], [1.0]
    )
    return table.set_index("set").loc["s", "remark"]


def test_a_step_over_two_columns_that_the_fit_misses_is_told():
    x, y, z = np.random.default_rng(2).normal(size=(3, 3000))
    assert remark_of([np.sign(x * y) - 0.2 + z], x=x, y=y, z=z) == PAIRED_PATTERN
    assert remark_of([x * y - 0.2 + z], x=x, y=y, z=z) == ""
    assert remark_of([np.sin(x) + y**2 - 0.7 + z * (1 + x**2)], x=x, y=y, z=z) == ""


def test_an_increment_that_does_not_vary_has_no_pattern():
    """A strategy at a constant distance, but for rounding: nothing is said of it."""
    rng = np.random.default_rng(3)
    x, y, z = rng.normal(size=(3, 3000))
    cost = 1e5 * (1 + rng.uniform(size=3000))
    constant = (cost + 17.3) - cost
    assert 0 < constant.std() < 1e-10
    assert remark_of([x + z, constant], x=x, y=y, z=z) == ""
    assert remark_of([constant], x=x, y=y, z=z) == ""
    means = ConditionalMeans([x], np.column_stack([x, 17.3 + 1e-15 * np.sign(np.sin(20 * x))]))
    assert means.pattern([1]) == []


def test_columns_of_any_scale():
    """Squares of very small and very large numbers are no numbers; the value is that of the plain column."""
    x, z = np.random.default_rng(4).normal(size=(2, 1000))
    sample = sample_from(np.zeros(1000), x + z)
    values = []
    for power in (0, -1000, 1000):
        column = np.ldexp(x, power)
        table = evppi_table(sample, frame(x=column, z=z), single("x"), [1.0]).set_index("set")
        values.append(tuple(table.loc["x", ["evppi", "se"]]))
    assert values[0] == values[1] == values[2]
    assert values[0][0] > 0.2


def test_a_value_that_gives_the_alternative_away_is_told():
    rng = np.random.default_rng(5)
    kind = np.resize(np.array(["a", "b"], dtype=object), 1000)
    p = np.where(kind == "a", rng.normal(size=1000), 0.5)
    draws = frame(p=p, x=rng.normal(size=1000), alternative=kind)
    sample = sample_from(np.zeros(1000), p + rng.normal(size=1000))
    sets = [*single("p", "x", "alternative"), ParameterSet("both", "Both", ("p", "alternative"))]
    table = evppi_table(sample, draws, sets, [1.0], overridden={"p"}).set_index("set")
    assert TELLS in table.loc["p", "remark"]
    assert not table.loc[["x", "alternative", "both", "all"], "remark"].str.contains("override").any()
    assert PATTERN not in table.loc["x", "remark"]
