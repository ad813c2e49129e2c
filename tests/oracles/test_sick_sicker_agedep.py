"""Sick-Sicker with mortality by age against the DARTH tutorial on time-dependent models."""

import numpy as np
import pytest
from oracle import MODELS, check_published, load, one

import nbsmodel

# Life-years are then the sum over rows 0 to 75 of the share alive, as in the source
ALL_ROWS = {"within_cycle_correction": "every_point", "discount_timing": "end"}


def test_published_figures():
    check_published(MODELS / "sick_sicker_agedep")


def test_restricted_life_expectancy_of_the_base_case():
    result = nbsmodel.evaluate(load("sick_sicker_agedep"), settings=ALL_ROWS)
    assert one(result.total("life_years", strategy="SoC", discounted=False)) == pytest.approx(40.70, abs=0.005)


def test_restricted_life_expectancy_over_draws():
    """40.8 with 95% limits 38.4 and 43.6 in the source, over 1,000 draws."""
    rng = np.random.default_rng(1)
    n = 4000
    draws = {
        "r_HS1": rng.gamma(30, 1 / 200, n),
        "r_S1H": rng.gamma(60, 1 / 120, n),
        "r_S1S2": rng.gamma(84, 1 / 800, n),
        "hr_S1": np.exp(rng.normal(np.log(3), 0.01, n)),
        "hr_S2": np.exp(rng.normal(np.log(10), 0.02, n)),
    }
    result = nbsmodel.evaluate(load("sick_sicker_agedep"), draws=draws, settings=ALL_ROWS)
    years = result.total("life_years", strategy="SoC", discounted=False)
    assert years.shape == (n,)
    assert years.mean() == pytest.approx(40.8, abs=0.2)
    assert np.quantile(years, [0.025, 0.975]) == pytest.approx([38.4, 43.6], rel=0.02)
