"""The tornado's table, from samples made by hand."""

import numpy as np
import pytest
from draws import sample_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.contrast import pairs_of
from nbsmodel.analysis.one_way import COLUMNS, Bar, tornado_table

AMOUNT = st.floats(-1e6, 1e6, allow_nan=False)


def bars(n):
    return [Bar(f"p{i}", f"Parameter {i}", "GBP", 1.0, 0.0, 2.0, "95% interval") for i in range(n)]


def table_of(cost, effect, thresholds=(20_000.0,), strategies=2):
    """The first row is the base case, then two rows a bar."""
    cost, effect = np.asarray(cost, float).reshape(-1, strategies), np.asarray(effect, float).reshape(-1, strategies)
    base, ends = sample_of(cost[:1], effect[:1]), sample_of(cost[1:], effect[1:])
    pairs = pairs_of(base.strategies, "a")
    return tornado_table(bars(len(cost) // 2), base, ends, pairs, thresholds)


def test_by_hand():
    found = table_of([[0, 100], [0, 40], [0, 500], [0, 100], [0, 90]], [[0, 0.01]] * 5, (20_000.0, 60_000.0))
    assert list(found.columns) == COLUMNS
    assert list(found["parameter"]) == ["p0", "p1", "p0", "p1"]
    first = found.iloc[0]
    assert (first["inmb_base"], first["inmb_low"], first["inmb_high"]) == pytest.approx((100, 160, -300))
    assert first["width"] == pytest.approx(460) and first["changes_sign"] and first["changes_decision"]
    assert (first["icer_low"], first["icer_high"]) == pytest.approx((4000, 50_000))
    last = found.iloc[-1]
    assert last["width"] == pytest.approx(10) and not last["changes_sign"] and not last["changes_decision"]
    assert not found[found["threshold"] == 60_000]["changes_sign"].any()


def test_both_ends_on_one_side_of_the_base_case():
    found = table_of([[0, 100], [0, 60], [0, 90]], [[0, 0.01]] * 3)
    assert found["width"].iloc[0] == pytest.approx(40)  # from the base case to the farther end


def test_rounding_is_no_difference():
    """Net benefits near 20,000 that differ in their last bit, where the INMB is 100 and 0."""
    for cost in (100.0, 0.0):
        effect = [[1, 1], [1, 1 + 2e-16 * 2], [1, 1]]
        found = table_of([[0, cost]] * 3, effect)
        assert found["width"].iloc[0] == 0.0 and not found["changes_sign"].iloc[0]
    found = table_of([[0, 100], [0, 100 + 1e-6], [0, 100]], [[1, 1]] * 3)
    assert found["width"].iloc[0] > 0  # a difference that is more than rounding


def test_the_best_of_several_strategies():
    """The third overtakes the second, which stays better than the first: another decision, the same signs."""
    found = table_of([[0, 10, 20], [0, 10, 5], [0, 10, 30]], [[0, 1, 1]] * 3, strategies=3)
    assert list(found["changes_sign"]) == [False, False] and list(found["changes_decision"]) == [True, True]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.tuples(AMOUNT, AMOUNT), min_size=2 * n + 1, max_size=2 * n + 1)))
def test_widths_are_sorted_and_cover_their_ends(points):
    cost = [[0.0, c] for c, _ in points]
    effect = [[0.0, e / 1e6] for _, e in points]
    found = table_of(cost, effect, (20_000.0, 30_000.0))
    first = found[found["threshold"] == 20_000]
    assert (np.diff(first["width"]) <= 0).all() and (found["width"] >= 0).all()
    for column in ("inmb_low", "inmb_high"):
        assert (found["width"] >= (found[column] - found["inmb_base"]).abs() * (1 - 1e-12)).all()
    still = found[found["width"] == 0]
    assert not still["changes_sign"].any()
    assert len(found) == 2 * (len(points) // 2) == len(found.drop_duplicates(["parameter", "threshold"]))
