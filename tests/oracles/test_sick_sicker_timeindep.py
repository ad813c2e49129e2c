"""Sick-Sicker with constant rates against the figures printed in the DARTH introductory tutorial."""

import numpy as np
import pytest
from oracle import MODELS, check_published, load, one

import nbsmodel
from nbsmodel.analysis.incremental import incremental_table


def test_published_figures():
    check_published(MODELS / "sick_sicker_timeindep")


def test_frontier():
    result = nbsmodel.evaluate(load("sick_sicker_timeindep"))
    names = list(result.strategies)
    assert names == ["SoC", "A", "B", "AB"]
    cost = [one(result.total("cost", strategy=s)) for s in names]
    qaly = [one(result.total("qaly", strategy=s)) for s in names]
    table = incremental_table(names, cost, qaly)
    assert list(table["strategy"]) == ["SoC", "B", "AB", "A"]
    assert list(table["status"])[1:] == ["frontier", "frontier", "dominated"]
    assert list(table["icer"])[1:3] == pytest.approx([72988, 125764], abs=0.5)


def test_treatment_a_does_not_change_the_course():
    result = nbsmodel.evaluate(load("sick_sicker_timeindep"), keep_trace=True)
    trace = result.trace("course")
    assert trace.shape == (1, 4, 76, 4)
    assert list(result.states("course")) == ["H", "S1", "S2", "D"]
    np.testing.assert_allclose(trace.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_array_equal(trace[0, 0], trace[0, 1])
    np.testing.assert_array_equal(trace[0, 2], trace[0, 3])
