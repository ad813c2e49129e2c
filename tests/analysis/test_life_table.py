"""Life expectancy and QALE: closed forms, published tables, invariants, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.life_table import (
    life_expectancy,
    population_qale,
    qale_by_age,
    quality_adjusted_life_expectancy,
)
from nbsmodel.model.tables import reference_table

TESTS = Path(__file__).resolve().parents[1]
SEXES = ("female", "male")


def life(name):
    return reference_table(name).columns


def norms(source):
    found = reference_table("uk_utility_norms").columns
    return {sex: found[f"{source}_{sex}"] for sex in SEXES}


def by_survivors(table, sex):
    """Probabilities from survivors, which carry more digits than qx; the last from qx itself."""
    lx = table[f"lx_{sex}"]
    return np.append(1 - lx[1:] / lx[:-1], table[f"qx_{sex}"][-1])


# --- published tables


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("england_life_table_2017_2019", 0.006),
        ("uk_life_table_2017_2019", 0.006),
        # men at birth (England, 0.0064) and at 98 and 99 (United Kingdom, 0.0065) lie just beyond
        ("england_life_table_2018_2020", 0.0066),
        ("uk_life_table_2018_2020", 0.0066),
    ],
)
@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("probabilities", ["qx", "lx"])
def test_life_expectancy_at_every_age_is_the_published_one(name, within, sex, probabilities):
    """The workbook rounds qx to six decimals and ex to two, and lets infants die earlier in their first year."""
    table = life(name)
    q = table[f"qx_{sex}"] if probabilities == "qx" else by_survivors(table, sex)
    found = life_expectancy(q, "open", table[f"ex_{sex}"][-1])
    np.testing.assert_allclose(found, table[f"ex_{sex}"], rtol=0, atol=within)


@pytest.mark.parametrize(
    ("name", "sex", "recomputed", "published"),
    [
        ("uk_life_table_2018_2020", "male", 79.041, 79.0),
        ("uk_life_table_2018_2020", "female", 82.859, 82.9),
        ("england_life_table_2018_2020", "male", 79.336, 79.3),
        ("england_life_table_2018_2020", "female", 83.124, 83.1),
        ("england_life_table_2017_2019", "male", 79.6758, 79.7),
        ("england_life_table_2017_2019", "female", 83.3330, 83.3),
    ],
)
def test_life_expectancy_at_birth(name, sex, recomputed, published):
    """Published: ONS statistical bulletins on the national life tables."""
    table = life(name)
    found = life_expectancy(by_survivors(table, sex), "open", table[f"ex_{sex}"][-1])[0]
    assert found == pytest.approx(recomputed, abs=0.0006)
    assert round(float(found), 1) == published


def test_all_600_published_figures_of_the_qale_calculator():
    """McNamara et al. 2022, doi 10.1016/j.jval.2022.07.005; England 2017-2019, printed to two decimals."""
    printed = pd.read_csv(TESTS / "oracles" / "expected" / "england_qale.csv", comment="#")
    utility = pd.read_csv(TESTS / "models" / "england_life_table" / "tables" / "utility.csv", comment="#")
    table, compared = life("england_life_table_2017_2019"), 0
    for sex in SEXES:
        for rate in ("0", "0.015", "0.035"):
            found = qale_by_age(by_survivors(table, sex), utility[sex][:101], float(rate), "start", "stop")
            np.testing.assert_allclose(found[:100], printed[f"{sex}_{rate}"][:100], rtol=0, atol=0.00501)
            compared += 100
    assert compared == 600


@pytest.mark.parametrize(
    ("source", "rate", "female", "male"),
    [
        ("hse2017_18_5l_vanhout", 0, 68.68, 68.28),
        ("hse2017_18_5l_vanhout", 0.015, 40.16, 40.63),
        ("hse2017_18_5l_vanhout", 0.035, 23.73, 24.35),
        ("hse2017_18_5l_mapped_dsu", 0, 68.24, 68.21),
        ("hse2017_18_5l_mapped_dsu", 0.035, 23.61, 24.36),
    ],
)
def test_qale_at_birth_in_england_with_the_shipped_norms(source, rate, female, male):
    table, norm = life("england_life_table_2017_2019"), norms(source)
    for sex, expected in zip(SEXES, (female, male), strict=True):
        found = quality_adjusted_life_expectancy(by_survivors(table, sex), norm[sex], rate, 0, "start", "stop")
        assert float(found) == pytest.approx(expected, abs=0.0055)


@pytest.mark.parametrize(
    ("source", "timing", "rate", "female", "male"),
    [
        (None, "start", 0, 82.859, 79.041),
        (None, "start", 0.015, 47.487, 46.222),
        (None, "start", 0.035, 27.559, 27.227),
        ("hse2014_eq5d3l", "start", 0, 70.692, 70.185),
        ("hse2014_eq5d3l", "start", 0.015, 41.525, 41.883),
        ("hse2014_eq5d3l", "start", 0.035, 24.604, 25.131),
        ("ara_brazier_2010", "start", 0, 71.256, 70.142),
        ("ara_brazier_2010", "start", 0.015, 42.143, 42.176),
        ("ara_brazier_2010", "start", 0.035, 25.166, 25.485),
        ("hse2014_eq5d3l", "mid", 0.015, 41.217, 41.572),
        ("hse2014_eq5d3l", "mid", 0.035, 24.184, 24.702),
    ],
)
def test_uk_newborns(source, timing, rate, female, male):
    """Worked out apart from this package from the same ONS table, open interval l100 * e100."""
    table = life("uk_life_table_2018_2020")
    for sex, expected in zip(SEXES, (female, male), strict=True):
        utility = 1.0 if source is None else norms(source)[sex]
        q, left = by_survivors(table, sex), table[f"ex_{sex}"][-1]
        found = quality_adjusted_life_expectancy(q, utility, rate, 0, timing, "open", left)
        assert float(found) == pytest.approx(expected, abs=0.00051)


def test_the_mid_of_the_year_lowers_newborn_qale_by_1_7_per_cent():
    table, norm = life("uk_life_table_2018_2020"), norms("hse2014_eq5d3l")
    start, mid = (population_qale(table, norm, 0.035, timing=timing) for timing in ("start", "mid"))
    assert float(start) == pytest.approx(24.868, abs=0.001)  # half women, half men
    assert float(mid / start) == pytest.approx(1.035**-0.5, rel=1e-12)


def test_both_sexes_by_share():
    table, norm = life("uk_life_table_2018_2020"), norms("hse2014_eq5d3l")
    women, men, boys = (population_qale(table, norm, 0.035, [0, 16, 100], s) for s in (0, 1, 0.513))
    assert boys == pytest.approx(0.487 * women + 0.513 * men, rel=1e-14)
    # within 0.1% of one cohort with mixed probabilities and norms, which is another quantity
    mixed = reference_table("uk_utility_norms").columns["hse2014_eq5d3l_mixed"]
    one = quality_adjusted_life_expectancy(table["qx_mixed"], mixed, 0.035, 0, closing="stop")
    assert float(one) == pytest.approx(float(boys[0]), rel=1e-3)


# --- closed forms


def test_a_constant_hazard_of_death():
    """Life expectancy is 1 / h whatever the age, when years lived in a year are deaths / h."""
    h = 0.25
    q = np.full(40, -np.expm1(-h))
    stay, v = np.exp(-h), 1 / 1.035
    tail = (1 - stay) / h / (1 - v * stay)  # from the last age on, by the series
    assert qale_by_age(q, 0.8, 0.035, "start", "hazard", 1 / h)[-1] == pytest.approx(0.8 * tail, rel=1e-13)
    assert life_expectancy(q, "hazard", 1 / h)[-1] == pytest.approx(1 / h, rel=1e-13)
    # a long sum of the same series
    k = np.arange(2000)
    assert tail == pytest.approx(((1 - stay) / h * (v * stay) ** k).sum(), rel=1e-12)


def test_nobody_dies():
    q = np.zeros(5)
    assert life_expectancy(q, "stop").tolist() == [5, 4, 3, 2, 1]
    discounted = sum(1.035**-t for t in range(5))
    assert float(quality_adjusted_life_expectancy(q, 1, 0.035, closing="stop")) == pytest.approx(discounted, rel=1e-13)
    years = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    assert qale_by_age(q, years, 0, closing="stop") == pytest.approx(years[::-1].cumsum()[::-1], rel=1e-13)
    assert life_expectancy(q, "open", 7)[0] == pytest.approx(4 + 7, rel=1e-13)


def test_all_die_in_the_first_year():
    assert life_expectancy([1.0, 0.1, 0.1], "open", 3)[0] == 0.5
    assert life_expectancy([0.4], "stop")[0] == 0.8


def test_by_hand():
    """Half die at age 0, a fifth of the rest at 1, two years left at 2."""
    found = qale_by_age([0.5, 0.2, 0.9], [1.0, 0.5, 0.25], 0.25, "start", "open", 2)
    at_2 = 0.25 * 2
    at_1 = 0.5 * 0.9 + 0.8 * at_2 / 1.25
    assert found.tolist() == pytest.approx([0.75 + 0.5 * at_1 / 1.25, at_1, at_2], rel=1e-14)
    mid = qale_by_age([0.5, 0.2, 0.9], [1.0, 0.5, 0.25], 0.25, "mid", "open", 2)
    assert mid == pytest.approx(found / 1.25**0.5, rel=1e-14)


# --- invariants

tables = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0, 0.1), st.floats(0, 1), st.sampled_from(["start", "mid"]), st.floats(0.1, 5))
def test_qale_against_sums_over_survivors(q, rate, u, timing, left):
    """The recursion is the sum of discounted person-years over those alive at the start age."""
    q = np.array(q)
    found = qale_by_age(q, u, rate, timing, "open", left)
    lx = np.append(1.0, np.cumprod(1 - q))
    lived = lx[1:] + (lx[:-1] - lx[1:]) / 2
    lived[-1] = lx[len(q) - 1] * left
    shift = 0.5 if timing == "mid" else 0.0
    direct = (lived * u * (1 + rate) ** -(np.arange(len(q)) + shift)).sum()
    assert float(found[0]) == pytest.approx(float(direct), rel=1e-10, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0, 0.1), st.floats(0.5, 5))
def test_order_of_the_closings_and_of_rates(q, rate, left):
    opened, hazard = (qale_by_age(q, 1, rate, "start", c, left) for c in ("open", "hazard"))
    assert np.all(hazard <= opened * (1 + 1e-12))  # the same years, some of them later
    assert qale_by_age(q, 1, 0, "start", "hazard", left) == pytest.approx(life_expectancy(q, "open", left), rel=1e-12)
    assert np.all(qale_by_age(q, 1, rate + 0.01, "start", "open", left) <= opened * (1 + 1e-12))
    assert np.all(qale_by_age(q, 0.5, rate, "start", "open", left) == pytest.approx(opened / 2, rel=1e-12))


def test_columns_beside_each_other():
    """Draws or sexes may stand in further axes."""
    table = life("uk_life_table_2018_2020")
    both = np.stack([table["qx_female"], table["qx_male"]], axis=1)
    left = np.array([table["ex_female"][-1], table["ex_male"][-1]])
    found = quality_adjusted_life_expectancy(both, 1, 0.035, [0, 50], closing="hazard", years_at_last=left)
    assert found.shape == (2, 2)
    one = quality_adjusted_life_expectancy(both[:, 1], 1, 0.035, 50, closing="hazard", years_at_last=left[1])
    assert found[1, 1] == one


# --- refused


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"qx": [1.1]}, "between 0 and 1"),
        ({"qx": [np.nan, 0.1]}, "between 0 and 1"),
        ({"qx": []}, "between 0 and 1"),
        ({"qx": 0.1}, "between 0 and 1"),
        ({"utility": [0.9, np.nan, 0.9]}, "utilities"),
        ({"utility": 1.2}, "utilities"),
        ({"rate": -0.01}, "discount rate"),
        ({"rate": float("nan")}, "discount rate"),
        ({"timing": "end"}, "start or mid"),
        ({"closing": "last"}, "open, hazard or stop"),
        ({"years_at_last": None}, "closing open needs the years"),
        ({"years_at_last": 0}, "above 0"),
        ({"years_at_last": float("inf")}, "above 0"),
        ({"age": 3}, "whole numbers from 0 to 2"),
        ({"age": -1}, "whole numbers from 0 to 2"),
        ({"age": 0.5}, "whole numbers from 0 to 2"),
        ({"age": float("nan")}, "whole numbers from 0 to 2"),
    ],
)
def test_refused(how, message):
    given = {"qx": [0.1, 0.2, 0.3], "utility": 0.9, "rate": 0.035, "closing": "open", "years_at_last": 2.0} | how
    with pytest.raises(ValueError, match=message):
        quality_adjusted_life_expectancy(**given)


def test_a_share_is_between_0_and_1():
    with pytest.raises(ValueError, match="share of men"):
        population_qale({}, {}, 0.035, share_male=1.1)
