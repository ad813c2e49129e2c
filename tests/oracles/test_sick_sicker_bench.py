"""Means over 10,000 shared draws, agreed between independent programs in C, Numba and NumPy."""

import numpy as np
import pandas as pd
import pytest
from oracle import MODELS, check_published, load

import nbsmodel

MEANS = {
    "SoC": (113786.147, 19.042421),
    "A": (215583.464, 19.837928),
    "B": (199354.042, 20.304475),
    "AB": (292651.014, 21.247145),
}


def shared_draws(n: int = 10_000) -> pd.DataFrame:
    """The draws of the comparison: the order of the calls is part of them."""
    rng = np.random.default_rng(20240101)

    def lognormal(median: float, sd: float) -> np.ndarray:
        return np.exp(rng.normal(np.log(median), sd, n))

    return pd.DataFrame({
        "r_HS1": rng.gamma(30, 1 / 200, n), "r_S1H": rng.gamma(60, 1 / 120, n),
        "r_S1S2": rng.gamma(84, 1 / 800, n),
        "hr_S1": lognormal(3, 0.01), "hr_S2": lognormal(10, 0.02), "hr_S1S2_trtB": lognormal(0.6, 0.02),
        "c_H": rng.gamma(100, 20, n), "c_S1": rng.gamma(177.8, 22.5, n), "c_S2": rng.gamma(225, 66.7, n),
        "c_trtA": rng.gamma(73.5, 163.3, n), "c_trtB": rng.gamma(86.2, 150.8, n),
        "u_H": rng.beta(200, 3, n), "u_S1": rng.beta(130, 45, n), "u_S2": rng.beta(230, 230, n),
        "u_trtA": rng.beta(300, 15, n),
    })  # fmt: skip


def test_base_case():
    check_published(MODELS / "sick_sicker_bench")


def test_means_over_the_shared_draws():
    result = nbsmodel.evaluate(load("sick_sicker_bench"), draws=shared_draws())
    for strategy, (cost, qaly) in MEANS.items():
        assert result.total("cost", strategy=strategy).mean() == pytest.approx(cost, abs=0.0005)
        assert result.total("qaly", strategy=strategy).mean() == pytest.approx(qaly, abs=5e-7)


def test_a_draw_does_not_depend_on_the_others():
    draws = shared_draws()
    together = nbsmodel.evaluate(load("sick_sicker_bench"), draws=draws)
    alone = nbsmodel.evaluate(load("sick_sicker_bench"), draws=draws.iloc[1234:1235])
    for strategy in MEANS:
        for outcome in ("cost", "qaly"):
            whole = together.total(outcome, strategy=strategy)
            assert alone.total(outcome, strategy=strategy)[0] == pytest.approx(whole[1234], rel=1e-12)
