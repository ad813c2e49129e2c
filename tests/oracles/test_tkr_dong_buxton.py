"""Total knee replacement (Dong and Buxton 2006): ten yearly rows of both arms, first months."""

import numpy as np
import pytest
from oracle import MODELS, check_published, expected, load, one

import nbsmodel

COUNTED = ("serious_complications", "minor_complications", "complex_revisions", "simple_revisions")


def test_published_figures():
    check_published(MODELS / "tkr_dong_buxton", differ={"Incremental cost, paper", "Incremental QALYs, paper"})


@pytest.mark.parametrize("year", range(1, 11))
def test_yearly_row(year):
    table = expected("tkr_yearly.csv").set_index(["strategy", "year"])
    result = nbsmodel.evaluate(load("tkr_dong_buxton"), settings={"horizon": f"{year} years"}, keep_trace=True)
    dead = list(result.states("knee")).index("I")
    for i, strategy in enumerate(result.strategies):
        row = table.loc[strategy, year]
        for outcome in COUNTED:
            assert one(result.total(outcome, strategy=strategy)) == pytest.approx(row[outcome], abs=0.005)
        assert 100 * result.trace("knee")[0, i, 12 * year, dead] == pytest.approx(row["dead"], abs=0.005)
        assert 1000 * one(result.total("cost", strategy=strategy)) == pytest.approx(row["cost"], abs=0.5)
        assert 1000 * one(result.total("qaly", strategy=strategy)) == pytest.approx(row["qaly"], abs=0.005)


def test_first_months_of_the_conventional_arm():
    table = expected("tkr_first_cycles.csv")
    model = load("tkr_dong_buxton")
    runs = [
        nbsmodel.evaluate(model, settings={"horizon": f"{month} months"}, keep_trace=True) for month in table["cycle"]
    ]
    for outcome, column, digits in [
        ("cost", "cost_per_patient", 0.005),
        ("qaly", "qaly_per_patient", 0.0005),
    ]:
        totals = [one(r.total(outcome, strategy="conventional")) for r in runs]
        np.testing.assert_allclose(np.diff([0, *totals]), table[column], atol=digits + 1e-9)
    conventional = list(runs[-1].strategies).index("conventional")
    trace = runs[-1].trace("knee")[0, conventional, 1:]
    np.testing.assert_allclose(1000 * trace, table[list(runs[-1].states("knee"))], atol=0.005 + 1e-9)
