"""Lamivudine in HIV: exercise 2.5 of Briggs, Claxton and Sculpher and its re-implementations."""

import numpy as np
import pytest
from oracle import MODELS, check_published, expected, load

import nbsmodel

HALF_CYCLE_LIFE_YEARS = {"within_cycle_correction": {"default": "end", "life_years": "life_table"}}


def test_published_figures():
    check_published(MODELS / "hiv_lamivudine")


def test_whole_trace_of_zidovudine_alone():
    table = expected("hiv_mono_trace.csv")
    result = nbsmodel.evaluate(load("hiv_lamivudine"), keep_trace=True)
    mono = list(result.strategies).index("mono")
    states = list(result.states("hiv"))
    assert states == ["A", "B", "C", "D"]
    trace = result.trace("hiv")[0, mono]
    assert len(trace) == 21, "the horizon of 20 years ends the trace"
    np.testing.assert_allclose(1000 * trace, table[states], atol=0.5)


def test_cost_and_life_years_of_every_cycle():
    table = expected("hiv_mono_trace.csv")
    model = load("hiv_lamivudine")
    runs = [nbsmodel.evaluate(model, settings={"horizon": f"{k} years"}) for k in range(1, 21)]
    cost = [r.total("cost", strategy="mono")[0] for r in runs]
    years = [r.total("life_years", strategy="mono")[0] for r in runs]
    np.testing.assert_allclose(np.diff([0, *cost]), table["cost"][1:], atol=0.5)
    np.testing.assert_allclose(np.diff([0, *years]), table["life_years"][1:], atol=0.0005)


def test_means_over_draws():
    """Means of 1,000 runs of the book (exercise 4.7), within 4 standard errors of the difference."""
    rng = np.random.default_rng(7)
    n = 8000
    draws = {}
    for row, counts in {"A": (1251, 350, 116, 17), "B": (731, 512, 15), "C": (1312, 437)}.items():
        p = rng.dirichlet(counts, n)
        draws |= {f"p_{row}{to}": p[:, k] for k, to in enumerate("ABCD"["ABC".index(row) :])}
    sd = np.sqrt(np.log1p((0.345 / (2 * 1.96) / 0.509) ** 2))
    draws["relative_risk"] = np.exp(rng.normal(np.log(0.509) - sd**2 / 2, sd, n))
    for name, mean in {
        "medical_A": 1701, "medical_B": 1774, "medical_C": 6948,
        "community_A": 1055, "community_B": 1278, "community_C": 2059,
    }.items():  # fmt: skip
        draws[f"c_{name}"] = rng.exponential(mean, n)
    result = nbsmodel.evaluate(load("hiv_lamivudine"), draws=draws, settings=HALF_CYCLE_LIFE_YEARS)
    cost = {s: result.total("cost", strategy=s) for s in ("mono", "comb")}
    years = {s: result.total("life_years", strategy=s) for s in ("mono", "comb")}
    book = [
        (cost["mono"], 45924, 613),
        (cost["comb"], 51759, 595),
        (years["mono"], 8.488, 0.0065),
        (years["comb"], 9.413, 0.0084),
        (cost["comb"] - cost["mono"], 5834.7, 56.8),
        (years["comb"] - years["mono"], 0.9247, 0.0055),
    ]
    for ours, mean, error in book:
        assert ours.mean() == pytest.approx(mean, abs=4 * np.hypot(error, ours.std() / np.sqrt(n)))
    icer = (cost["comb"] - cost["mono"]) / (years["comb"] - years["mono"])
    assert icer.mean() == pytest.approx(6516, abs=4 * np.hypot(70, icer.std() / np.sqrt(n)))
