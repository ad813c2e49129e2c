"""Shipped tables in a declared model: both engines, closings, hazard ratios, empty cells, years that are no rows."""

from __future__ import annotations

import numpy as np
import pytest
from engine_models import build, one_cohort, run, total, years

import nbsmodel
from nbsmodel.analysis.life_table import qale_by_age
from nbsmodel.errors import InputError
from nbsmodel.model.tables import reference_table

LIFE_TABLE = {"within_cycle_correction": "life_table", "discount_timing": "start"}
SEXES = ("female", "male")


def newborn(sex, cycles=101, **closing):
    """A cohort from birth to 101 years, or longer where the table is closed."""
    cohort = {
        "cycles": years(cycles),
        "states": {"living": {}, "dead": {"dead": True}},
        "transitions": {"living": {"dead": {"probability": "qx(age)", "per": "cycle"}}},
        "payoffs": [{"in": "living", "outcome": "qaly", "per": "year", "value": "norm(age)"}],
    }
    tables = {
        "qx": {"reference": "uk_life_table_2018_2020", "column": f"qx_{sex}"} | closing,
        "norm": {"reference": "uk_utility_norms", "column": f"hse2014_eq5d3l_{sex}", "beyond": "last"},
    }
    return one_cohort(cohort, start="living", tables=tables)


def columns(sex):
    life, norm = reference_table("uk_life_table_2018_2020").columns, reference_table("uk_utility_norms").columns
    return life[f"qx_{sex}"], norm[f"hse2014_eq5d3l_{sex}"], life[f"ex_{sex}"][-1], life[f"lx_{sex}"][-1] / 1e5


ORACLE = {  # worked out apart from this package from the same table, closed by l100 * e100
    ("female", 0.0): 70.692, ("female", 0.015): 41.525, ("female", 0.035): 24.604,
    ("male", 0.0): 70.185, ("male", 0.015): 41.883, ("male", 0.035): 25.131,
}  # fmt: skip


@pytest.mark.parametrize(("sex", "rate"), ORACLE)
def test_newborn_qale_through_the_engine(sex, rate):
    """A constant hazard from 100 on; the engine counts a year by the mean of both its ends."""
    model = build(newborn(sex, 300, closing="hazard"))
    found = total(run(model, LIFE_TABLE | {"discount_rate_outcomes": rate}), "qaly")
    q, u, left, alive = columns(sex)
    stay, v = np.exp(-1 / left), 1 / (1 + rate)
    # expected exactly: the table to 99, then the mean of both ends of every year of a constant hazard
    to_100 = qale_by_age(q, np.append(u[:-1], 0.0), rate, closing="stop")[0]
    survive = np.prod(1 - q[:-1])
    tail = u[-1] * (1 + stay) / 2 / (1 - stay * v)
    assert found == pytest.approx(to_100 + survive * v**100 * tail, rel=1e-11)
    # against the oracle: closing by e100 years as one interval differs by what the two tails differ
    difference = survive * v**100 * (tail - u[-1] * left)
    assert abs(difference) < (1e-3 if rate == 0 else 2e-4)
    assert found - difference == pytest.approx(ORACLE[sex, rate], abs=0.00051)
    assert survive == pytest.approx(alive, abs=1e-4)


def test_mixed_columns_are_one_cohort_of_both_sexes():
    found = total(run(build(newborn("mixed", 101)), LIFE_TABLE), "qaly")
    apart = {sex: total(run(build(newborn(sex, 101)), LIFE_TABLE), "qaly") for sex in SEXES}
    # utilities are weighted by survivors at the start of a year, while years lived are means of both its ends
    assert found == pytest.approx(0.487 * apart["female"] + 0.513 * apart["male"], rel=3e-5)


# --- closing


def test_the_table_is_not_closed_unless_it_says_so():
    with pytest.raises(InputError, match=r"qx has no age 101; it has 0 to 100.*Lengthen the table.*`closing: hazard`"):
        run(build(newborn("female", 102)))


@pytest.mark.parametrize("engine", ["cohort", "microsimulation"])
def test_closing(engine):
    """After 100 years: half of 0.42 dies a year, or everybody at once."""
    left = columns("male")[2]
    for closing, stays in (("hazard", np.exp(-1 / left)), ("dies", 0.0)):
        body = newborn("male", 3, closing=closing)
        body["cohorts"]["life"]["start_age"] = 100
        how = {} if engine == "cohort" else {"engine": engine, "individuals": 20_000}
        result = run(build(body), keep_trace=True, **how)
        trace = result.trace("life")[0, 0, :, 0]
        expected = stays ** np.arange(4)
        assert trace == pytest.approx(expected, rel=1e-12 if engine == "cohort" else 0.03, abs=0.01 * (stays > 0))


def test_months_share_the_constant_hazard():
    body = newborn("female", closing="hazard")
    course = body["cohorts"]["life"]
    course["start_age"], course["cycles"] = 100, {"length": "1 month", "count": 24}
    course["transitions"]["living"]["dead"]["per"] = "year"
    trace = run(build(body), keep_trace=True).trace("life")[0, 0, :, 0]
    assert trace == pytest.approx(np.exp(-np.arange(25) / 12 / columns("female")[2]), rel=1e-12)


# --- relative effects on a life table


def test_hazard_ratio_and_standardised_mortality_ratio():
    """An SMR multiplies the hazard: ``1 - (1 - qx)^smr``, which is ``apply_hr``."""
    q = columns("female")[0]
    for smr in (0.5, 3.0, 12.0):
        for formula in (f"apply_hr(qx(age), {smr})", f"1 - (1 - qx(age)) ** {smr}"):
            body = newborn("female", 101)
            body["cohorts"]["life"]["transitions"]["living"]["dead"]["probability"] = formula
            trace = run(build(body), keep_trace=True).trace("life")[0, 0, :, 0]
            assert trace[1:] == pytest.approx(np.cumprod((1 - q) ** smr), rel=1e-10)


def test_a_risk_ratio_that_passes_1_is_refused_where_a_hazard_ratio_is_not():
    body = newborn("male", 101)
    body["cohorts"]["life"]["transitions"]["living"]["dead"]["probability"] = "apply_rr(qx(age), 12)"
    with pytest.raises(InputError, match="age 8"):
        run(build(body))


# --- ways to apply the norm


@pytest.mark.parametrize("engine", ["cohort", "microsimulation"])
@pytest.mark.parametrize(
    ("way", "expected"),
    [
        # HSE 2014, women: 0.9103 at 16 and below, 0.8039 at 60 (read from the table below)
        ("utility_multiplicative(0.6, norm(age), norm(16))", lambda at, ref: 0.6 * at / ref),
        ("utility_additive(0.6, norm(age), norm(16))", lambda at, ref: 0.6 - (ref - at)),
        ("utility_minimum(0.6, norm(age))", lambda at, ref: 0.6),
        ("utility_minimum(0.9, norm(age))", lambda at, ref: at),
    ],
)
def test_norms_at_one_age(engine, way, expected):
    u = columns("female")[1]
    body = newborn("female", 1)
    course = body["cohorts"]["life"]
    course["start_age"], course["payoffs"][0]["value"] = 60, way
    # what differs from child to child goes through the compiled rendering
    course["payoffs"][0]["value"] = way.replace("age", "age + 0 * time_in_state")
    course["transitions"]["living"]["dead"] = {"probability": 0, "per": "cycle"}
    how = {} if engine == "cohort" else {"engine": engine, "individuals": 100}
    assert total(run(build(body), **how), "qaly") == pytest.approx(expected(u[60], u[16]), rel=1e-12)


# --- years: exact rows, empty cells


def births(value, **schema):
    return one_cohort(
        {
            "cycles": years(1),
            "states": {"living": {}, "dead": {"dead": True}},
            "payoffs": [{"starting_in": "living", "outcome": "cost", "value": value}],
        },
        tables={"born": {"reference": "uk_births", "between": "exact"} | schema},
    )


@pytest.mark.parametrize("engine", ["cohort", "microsimulation"])
def test_a_year_is_looked_up_exactly(engine):
    how = {} if engine == "cohort" else {"engine": engine, "individuals": 10}
    model = build(births('born(calendar, "england")'), {"calendar": 2023})
    assert total(run(model, **how), "cost") == 563_698
    assert total(run(model, overrides={"calendar": 2024}, **how), "cost") == 567_845
    for calendar in (2023.5, 2030, 2020):
        with pytest.raises(InputError) as refused:
            run(model, overrides={"calendar": calendar}, **how)
        assert f"born has no year {calendar:g} (calendar); it has 2021 to 2025" in str(refused.value)
        assert "Use one of its rows" in str(refused.value)
        assert "cohorts.life.payoffs[1]" in str(refused.value)


@pytest.mark.parametrize("engine", ["cohort", "microsimulation"])
def test_an_empty_cell_is_refused_where_it_is_used(engine):
    how = {} if engine == "cohort" else {"engine": engine, "individuals": 10}
    model = build(births('born(calendar, "united_kingdom")'), {"calendar": 2023})
    assert total(run(model, **how), "cost") == 656_969
    with pytest.raises(InputError) as refused:
        run(model, overrides={"calendar": 2024}, **how)
    assert "born has no value of united_kingdom for year 2024: the cell is empty" in str(refused.value)
    # what is not used does no harm
    unused = build(
        births('born(2023, "united_kingdom") if calendar else born(2024, "united_kingdom")'), {"calendar": 1}
    )
    assert total(run(unused, **how), "cost") == 656_969


def test_births_a_year_may_come_from_the_table():
    body = births("1", column="united_kingdom") | {"births_per_year": "born(2023)"}
    assert float(run(build(body)).births[0]) == 656_969
    with pytest.raises(InputError, match="has no value of united_kingdom for year 2025"):
        run(build(body | {"births_per_year": "born(2025)"}))
    with pytest.raises(InputError, match=r"born has no year 2030; it has 2021 to 2025\. So the number of births"):
        run(build(body | {"births_per_year": "born(2030)"}))


def test_the_engines_agree_on_a_life_table():
    """Compiled look-ups of a shipped table, by a clock so that they are not worked out beforehand."""
    body = newborn("male", 101)
    body["cohorts"]["life"]["transitions"]["living"]["dead"]["probability"] = "qx(time_in_state)"
    exact = total(run(build(body), {"within_cycle_correction": "life_table"}), "life_years")
    simulated = nbsmodel.evaluate(build(body), settings=LIFE_TABLE, engine="microsimulation", individuals=40_000)
    (found,) = simulated.total("life_years", "only", discounted=False)
    assert float(found) == pytest.approx(exact, abs=4 * 14 / 200)  # 14 years is the spread of ages at death
