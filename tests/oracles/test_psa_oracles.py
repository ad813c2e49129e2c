"""Decision measures of published draws: dampack's three strategies, BCEA's vaccine, and two without answers."""

import math

import numpy as np
import pytest
from sample_tables import as_sample, sample_table
from scipy.special import ndtri

from nbsmodel.analysis.acceptability import acceptability_table, evpi_table, threshold_grid
from nbsmodel.analysis.convergence import convergence_table, precision_table
from nbsmodel.analysis.plane_cloud import cloud_table, point_table, quadrant_table
from nbsmodel.analysis.psa_summary import frontier_table, summary_table
from nbsmodel.analysis.sample import Sample
from nbsmodel.numerics.random import uniforms

# dampack 1.0.2.1000 (CRAN), inst/doc/psa_analysis.html and inst/doc/voi.html
SUMMARY = {
    "Chemo": (30900.8, 11.06869, 3841.172, 1.2599541),
    "Radio": (16128.88, 10.68492, 5073.654, 1.2768415),
    "Surgery": (25110.22, 10.8812, 10523.753, 0.9418639),
}
CEAC = {1000: (0.0073, 0.7799, 0.2128), 11000: (0.0579, 0.6379, 0.3042)}
LOSS = {1000: (15472.987, 1084.833, 9869.887), 11000: (13163.617, 2613.132, 9435.351)}
EVPI = {1000: 1084.833, 11000: 2613.132, 21000: 5781.22, 31000: 10023.211, 41000: 13847.286, 51000: 15086.647}

# BCEA 2.4.82 (CRAN): EVPI stored by the package for its objects e.pts and c.pts
VACCINE_EVPI = {
    0: 0.0370536074589553, 5000: 0.154080681097981, 10000: 0.609624125485616, 15000: 1.42398996898926,
    20000: 2.45475044013588, 20400: 2.54070684447442, 25000: 2.45384950976433, 30000: 2.43728707679443,
    40000: 2.50946173259015, 50000: 2.66564728935189,
}  # fmt: skip


def three_strategies():
    names = {"Chemo": "Chemo", "Radio": "Radio", "Surg": "Surgery"}
    return as_sample(sample_table("psa_three_strategies.csv.gz"), "*_Cost", "*_Eff", names, "Chemo")


def vaccine(which):
    names = {"statusquo": "status quo", "vaccination": "vaccination"}
    table = sample_table("psa_vaccine.csv")
    return as_sample(table, f"cost{which}_*", f"eff{which}_*", names, "status quo")


def printed(value):
    """Half a unit of the last digit that was printed."""
    decimals = len(str(value).partition(".")[2])
    return pytest.approx(value, abs=0.5 * 10**-decimals * (1 + 1e-9))


def test_three_strategies_means_and_spread():
    sample = three_strategies()
    table = summary_table(sample, sample, [50000.0], "patient")
    for strategy, (cost, effect, sd_cost, sd_effect) in SUMMARY.items():
        rows = table[(table["strategy"] == strategy) & (table["against"] == "")].set_index("quantity")
        assert rows.loc["cost", "mean"] == printed(cost) and rows.loc["qaly", "mean"] == printed(effect)
        assert rows.loc["cost", "sd"] == pytest.approx(sd_cost, rel=1e-6)
        assert rows.loc["qaly", "sd"] == pytest.approx(sd_effect, rel=1e-6)


def test_three_strategies_acceptability_and_losses():
    table = acceptability_table(three_strategies(), sorted(CEAC)).set_index(["threshold", "strategy"])
    for threshold, shares in CEAC.items():
        # dampack breaks near-ties at random, and one draw at 11,000 is one
        np.testing.assert_allclose(table.loc[threshold, "probability"], shares, atol=2e-4)
        np.testing.assert_allclose(table.loc[threshold, "expected_loss"], LOSS[threshold], rtol=1e-6)


def test_three_strategies_frontier():
    sample, grid = three_strategies(), list(range(1000, 141001, 10000))
    table = acceptability_table(sample, grid)
    best = table[table["frontier"]].set_index("threshold")["strategy"]
    assert best.to_dict() == {t: "Radio" if t < 41000 else "Chemo" for t in grid}
    steps = frontier_table(sample, "qaly").set_index("strategy")
    assert 31000 < steps.loc["Chemo", "icer"] < 41000 and steps.loc["Surgery", "status"] == "extendedly dominated"


def test_three_strategies_perfect_information():
    table = evpi_table(three_strategies(), list(EVPI), None)
    np.testing.assert_allclose(table["evpi"], list(EVPI.values()), rtol=1e-6)


def test_vaccine_perfect_information():
    table = evpi_table(vaccine(""), list(VACCINE_EVPI), None)
    np.testing.assert_allclose(table["evpi"], list(VACCINE_EVPI.values()), rtol=1e-12)


def test_vaccine_summary():
    """BCEA's printed summary at 25,000: EIB 1.2284, CEAC 0.529, ICER 20098, EVPI 2.4145, and expected utilities."""
    sample = vaccine("2")
    table = summary_table(sample, sample, [25000.0], "patient")
    nmb = table[table["quantity"] == "nmb"].set_index(["strategy", "against"])["mean"]
    assert nmb["vaccination", "status quo"] == pytest.approx(1.2284, abs=5e-5)
    assert nmb["status quo", ""] == pytest.approx(-36.054, abs=5e-4)
    assert nmb["vaccination", ""] == pytest.approx(-34.826, abs=5e-4)
    rows = acceptability_table(sample, [25000.0]).set_index("strategy")
    assert rows.loc["vaccination", "probability"] == 0.529 and rows.loc["vaccination", "frontier"]
    assert frontier_table(sample, "qaly")["icer"].iloc[1] == pytest.approx(20098, abs=0.5)
    assert evpi_table(sample, [25000.0], None)["evpi"][0] == pytest.approx(2.4145, abs=5e-5)
    # the same from the draws with all their digits
    assert nmb["vaccination", "status quo"] == pytest.approx(1.2284280616, rel=1e-9)
    assert evpi_table(sample, [25000.0], None)["evpi"][0] == pytest.approx(2.4144669544, rel=1e-9)


def test_vaccine_breaks_even_on_a_grid_of_hundreds():
    """BCEA's k* is the first point of the grid at which the decision changes: 20100."""
    table = acceptability_table(vaccine("2"), list(range(0, 50001, 100)))
    best = table[table["frontier"]].set_index("threshold")["strategy"]
    assert best.index[best == "vaccination"][0] == 20100 and (best[best.index >= 20100] == "vaccination").all()


@pytest.mark.parametrize(
    ("name", "names", "comparator"),
    [("psa_chemo.csv.gz", ("soc", "novel"), "soc"),
     ("psa_smoking.csv", ("none", "selfhelp", "individual", "group"), "none")],
)  # fmt: skip
def test_tables_without_answers_give_every_measure(name, names, comparator):
    sample = as_sample(sample_table(name), "cost_*", "eff_*", dict(zip(names, names, strict=True)), comparator)
    thresholds, n = [20000.0, 30000.0], len(sample)
    grid = threshold_grid(thresholds, 75000.0, 101)
    ceac, evpi = acceptability_table(sample, grid), evpi_table(sample, grid, None)
    np.testing.assert_allclose(ceac.groupby("threshold")["probability"].sum(), 1, atol=1e-12)
    least = ceac.groupby("threshold")["expected_loss"].min()
    np.testing.assert_allclose(evpi["evpi"], least, rtol=1e-9)
    np.testing.assert_allclose(ceac[ceac["frontier"]].set_index("threshold")["expected_loss"], least, rtol=1e-9)
    assert (evpi["evpi"] >= 0).all() and evpi["evpi"].iloc[-1] > 0 and ceac["probability"].between(0, 1).all()
    table = summary_table(sample, sample, thresholds, "patient")
    assert table.drop(columns="threshold").notna().all(axis=None)
    assert (table["low95"] <= table["high95"]).all()
    pairs = frontier_table(sample, "qaly")
    assert set(pairs["strategy"]) == set(names) and (pairs["status"] == "frontier").any()
    quadrants = quadrant_table(sample)
    np.testing.assert_allclose(quadrants.groupby("strategy")["share"].sum(), 1, atol=1e-12)
    assert len(cloud_table(sample)) == len(names) - 1 and cloud_table(sample)["correlation"].between(-1, 1).all()
    assert len(point_table(sample)) == min(n, 2000 // (len(names) - 1)) * (len(names) - 1)
    running = convergence_table(sample, thresholds)
    final = running[running["draws"] == n].set_index(["threshold", "strategy"])["probability"]
    np.testing.assert_allclose(final, ceac.set_index(["threshold", "strategy"])["probability"][final.index])
    precision = precision_table(sample, thresholds, 50.0, 0.02)
    assert list(precision["quantity"].iloc[[0, -1]]) == ["inmb", "interval"]
    assert precision.iloc[-1]["enough"] == (n >= 1000)


# Closed forms: voi 1.0.3 (CRAN), inst/doc/voi.html; option 2 has the net benefit k * p1 - p2,
# p1 ~ N(1, 1), p2 ~ N(0, 2). By k: EVPI and probability cost-effective.
ANALYTIC = {
    1: (0.4798107063483925, 0.6726395769907115),
    2: (0.3992824567484915, 0.7602499389065233),
    3: (0.4094634159938352, 0.7973097217705288),
}


def normal_sample(seed, n):
    """Draws of that model, with p1 as the effect and p2 as the cost."""
    p1 = 1 + ndtri(uniforms(seed, "oracle", "p1", n))
    p2 = 2 * ndtri(uniforms(seed, "oracle", "p2", n))
    zero = np.zeros(n)
    return Sample(("one", "two"), 0, np.stack([zero, p2], 1), np.stack([zero, p1], 1), np.arange(n))


def test_closed_forms_within_their_errors():
    sample = normal_sample(1, 100_000)
    evpi = evpi_table(sample, list(ANALYTIC), None)
    ceac = acceptability_table(sample, list(ANALYTIC))
    ceac = ceac[ceac["strategy"] == "two"]
    for (value, share), row, curve in zip(ANALYTIC.values(), evpi.itertuples(), ceac.itertuples(), strict=True):
        assert abs(row.evpi - value) < 4 * row.evpi_se and row.evpi_se < 0.01
        assert abs(curve.probability - share) < 4 * curve.probability_se


def test_errors_cover_the_closed_forms_as_often_as_they_should():
    tries, inside = 300, np.zeros(2)
    value, share = ANALYTIC[2]
    for seed in range(tries):
        sample = normal_sample(seed, 1000)
        evpi = evpi_table(sample, [2.0], None).iloc[0]
        curve = acceptability_table(sample, [2.0]).iloc[1]
        inside += (
            abs(evpi["evpi"] - value) < 1.96 * evpi["evpi_se"],
            abs(curve["probability"] - share) < 1.96 * curve["probability_se"],
        )
    assert (abs(inside / tries - 0.95) < 4 * math.sqrt(0.95 * 0.05 / tries)).all(), inside / tries
