"""The sumatriptan tree of Evans 1997: paths, totals, one-way analysis."""

import numpy as np
import pytest
from oracle import MODELS, check_published, load, one

import nbsmodel


def test_published_figures():
    check_published(MODELS / "sumatriptan", differ={"ICER, high relief, paper", "ICER, low relief, paper"})


def test_paths_add_up():
    result = nbsmodel.evaluate(load("sumatriptan"))
    paths = result.paths()
    assert len(paths) == 10
    for strategy, group in paths.groupby("strategy"):
        assert group["probability"].sum() == pytest.approx(1, abs=1e-12)
        for outcome in ("cost", "utility", "qaly"):
            assert group[outcome].sum() == pytest.approx(one(result.total(outcome, strategy=strategy)), rel=1e-12)


def test_qalys_are_a_day_of_utility():
    result = nbsmodel.evaluate(load("sumatriptan"))
    for strategy in result.strategies:
        utility = one(result.total("utility", strategy=strategy))
        assert one(result.total("qaly", strategy=strategy)) == pytest.approx(utility / 365.25, rel=1e-12)


def test_one_way_analysis_as_draws():
    result = nbsmodel.evaluate(load("sumatriptan"), draws={"p_relief_sumatriptan": np.array([0.647, 0.558, 0.47])})
    cost = result.total("cost", strategy="sumatriptan") - result.total("cost", strategy="caffeine")
    qaly = result.total("qaly", strategy="sumatriptan") - result.total("qaly", strategy="caffeine")
    assert list(cost / qaly) == pytest.approx([19632, 29383, 58498], abs=0.5)
