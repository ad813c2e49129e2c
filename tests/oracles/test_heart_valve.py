"""Prosthetic heart valve: the trace of Sonnenberg and Beck 1993, all rows."""

import numpy as np
from oracle import MODELS, check_published, expected, load

import nbsmodel


def test_published_figures():
    check_published(MODELS / "heart_valve")


def test_whole_trace():
    table = expected("heart_valve_trace.csv")
    result = nbsmodel.evaluate(load("heart_valve"), keep_trace=True)
    states = list(result.states("valve"))
    ours = 10_000 * result.trace("valve")[0, 0]
    assert ours.shape == (26, 3)
    np.testing.assert_allclose(ours, table[states], atol=0.005 + 1e-9)


def test_qalys_of_every_cycle():
    table = expected("heart_valve_trace.csv")
    trace = nbsmodel.evaluate(load("heart_valve"), keep_trace=True).trace("valve")[0, 0]
    np.testing.assert_allclose(trace[1:] @ [1, 0.7, 0], table["qaly"][1:], atol=0.00005 + 1e-9)
    model = load("heart_valve")
    totals = [
        nbsmodel.evaluate(model, settings={"horizon": f"{k} years"}).total("qaly", strategy="natural_course")[0]
        for k in range(1, 26)
    ]
    np.testing.assert_allclose(totals, table["qaly_cumulative"][1:], atol=0.00005 + 1e-9)
