"""Life expectancy and quality-adjusted life expectancy in England at every age."""

import numpy as np
import pytest
from oracle import MODELS, check_published, expected, load

import nbsmodel

AGES = np.arange(101.0)


def test_published_figures():
    check_published(MODELS / "england_life_table")


@pytest.mark.parametrize("mortality", ["by_survivors", "by_qx"])
def test_life_expectancy_at_every_age(mortality):
    """The table rounds qx to six decimals and ex to two: 0.006 covers both."""
    table = expected("england_life_expectancy.csv")
    result = nbsmodel.evaluate(load("england_life_table"), draws={"start_age": AGES}, choices={"mortality": mortality})
    for sex in ("female", "male"):
        np.testing.assert_allclose(result.total("life_expectancy", strategy=sex), table[sex], atol=0.006)


@pytest.mark.parametrize("rate", ["0", "0.015", "0.035"])
def test_qale_at_every_age(rate):
    table = expected("england_qale.csv")
    result = nbsmodel.evaluate(
        load("england_life_table"),
        draws={"start_age": AGES[:100]},
        settings={"discount_rate_outcomes": float(rate)},
    )
    for sex in ("female", "male"):
        np.testing.assert_allclose(result.total("qaly", strategy=sex), table[f"{sex}_{rate}"], atol=0.005)


def test_nobody_counts_past_the_table():
    """Life-years count themselves; those past 100 must not add to them."""
    result = nbsmodel.evaluate(load("england_life_table"), draws={"start_age": AGES})
    years = result.total("life_years", strategy="female", discounted=False)
    assert years[100] == pytest.approx(0.5, rel=1e-12)
    assert np.all(years <= 101 - AGES)
