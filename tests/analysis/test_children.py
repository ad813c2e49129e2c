"""Spread between simulated children: means, quantiles, differences of the same child, curves."""

import numpy as np
import pytest

from nbsmodel.analysis.children import CURVE, PERCENT, curve_table, distribution_table, interval

TOTALS = {
    "cost": np.array([[0.0, 10.0, 20.0, 30.0], [5.0, 15.0, 25.0, 35.0]]),
    "qaly": np.array([[1.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0]]),
}


def rows(table):
    return {(r["strategy"], r["against"], r["outcome"]): r for r in table.to_dict("records")}


def test_each_strategy_then_the_same_child():
    found = rows(distribution_table(TOTALS, ("a", "b"), "a"))
    assert list(found) == [
        ("a", "", "cost"), ("a", "", "qaly"), ("b", "", "cost"), ("b", "", "qaly"),
        ("b", "a", "cost"), ("b", "a", "qaly"),
    ]  # fmt: skip
    own, step = found["a", "", "cost"], found["b", "a", "cost"]
    assert (own["children"], own["mean"], own["p50"]) == (4, 15.0, 15.0)
    assert own["sd"] == pytest.approx(np.std([0, 10, 20, 30], ddof=1))
    assert (step["mean"], step["sd"], step["p1"], step["p99"]) == (5.0, 0.0, 5.0, 5.0)
    assert found["b", "a", "qaly"]["p50"] == 1.5


def test_the_comparator_may_stand_anywhere():
    found = rows(distribution_table(TOTALS, ("a", "b"), "b"))
    assert found["a", "b", "cost"]["mean"] == -5.0 and ("b", "a", "cost") not in found


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(1).gamma(2.0, size=(1, 1000))
    (row,) = distribution_table({"cost": values}, ("a",), "a").to_dict("records")
    assert [row[f"p{p}"] for p in PERCENT] == pytest.approx(list(np.quantile(values[0], np.array(PERCENT) / 100)))


def test_one_child_has_no_spread():
    (row,) = distribution_table({"cost": np.array([[7.0]])}, ("a",), "a").to_dict("records")
    assert (row["mean"], row["sd"], row["p5"], row["p95"]) == (7.0, 0.0, 7.0, 7.0)


def test_curves_rise_from_the_least_to_the_most():
    table = curve_table(TOTALS, ("a", "b"))
    assert len(table) == 4 * len(CURVE)
    line = table[(table["strategy"] == "b") & (table["outcome"] == "qaly")]
    assert line["share"].iloc[[0, -1]].tolist() == [0.0, 1.0]
    assert line["value"].iloc[[0, -1]].tolist() == [1.0, 4.0]
    assert line["value"].is_monotonic_increasing


def test_an_interval_is_two_errors_to_each_side():
    low, high = interval(10.0, 1.0)
    assert (low, high) == pytest.approx((8.04, 11.96), abs=0.001)
