"""Incremental analysis: dominance against brute force, ties, quadrants, net benefit."""

import itertools
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.incremental import (
    DOMINATED,
    EXTENDED,
    FRONTIER,
    NO_DIFFERENCE,
    incremental_table,
    net_benefit_table,
    pairwise_table,
    quadrant,
)
from nbsmodel.analysis.ties import difference, same

points = st.lists(st.tuples(st.integers(0, 12).map(float), st.integers(0, 12).map(float)), min_size=1, max_size=7)


def best_at_some_threshold(cost, effect, i):
    """Slow twin: a strategy is on the frontier if it has the highest NMB at some threshold."""
    grid = {0.0, 1e-9, 1e9}
    for a, b in itertools.permutations(range(len(cost)), 2):
        if effect[a] != effect[b]:
            grid.add(max(0.0, (cost[a] - cost[b]) / (effect[a] - effect[b])))
    ordered = sorted(grid)
    grid |= {(a + b) / 2 for a, b in itertools.pairwise(ordered)}
    return any(all(w * effect[i] - cost[i] > w * effect[j] - cost[j] for j in range(len(cost)) if j != i) for w in grid)


@given(points)
@settings(max_examples=300, deadline=None)
def test_frontier_is_what_is_best_at_some_threshold(drawn):
    distinct = list(dict.fromkeys(drawn))
    cost, effect = [c for c, _ in distinct], [e for _, e in distinct]
    names = [f"s{i}" for i in range(len(distinct))]
    table = incremental_table(names, cost, effect)
    frontier = set(table.loc[table["status"] == FRONTIER, "strategy"])
    for i, name in enumerate(names):
        if best_at_some_threshold(cost, effect, i):
            assert name in frontier
        # on the frontier without being the single best somewhere: exactly on a line between two others
        elif name in frontier:
            assert len(distinct) > 1


@given(points)
@settings(max_examples=200, deadline=None)
def test_table_is_complete_and_ratios_rise(drawn):
    names = [f"s{i}" for i in range(len(drawn))]
    table = incremental_table(names, [c for c, _ in drawn], [e for _, e in drawn])
    assert sorted(table["strategy"]) == names
    front = table[table["status"] == FRONTIER]
    assert front["cost"].is_monotonic_increasing
    ratios = front["icer"].dropna().to_numpy()
    assert np.all(np.diff(ratios) >= -1e-12 * ratios[1:])
    assert np.all(ratios > 0)
    distinct = len(set(drawn))
    assert (table["status"] == NO_DIFFERENCE).sum() == len(drawn) - distinct


@given(points, st.randoms())
@settings(max_examples=100, deadline=None)
def test_order_of_strategies_does_not_matter(drawn, random):
    distinct = list(dict.fromkeys(drawn))
    names = [f"s{i}" for i in range(len(distinct))]
    shuffled = list(range(len(distinct)))
    random.shuffle(shuffled)
    one = incremental_table(names, [c for c, _ in distinct], [e for _, e in distinct])
    two = incremental_table(
        [names[i] for i in shuffled], [distinct[i][0] for i in shuffled], [distinct[i][1] for i in shuffled]
    )
    assert dict(zip(one["strategy"], one["status"], strict=True)) == dict(
        zip(two["strategy"], two["status"], strict=True)
    )


def test_on_one_line_nobody_is_dominated():
    table = incremental_table(["a", "b", "c"], [1.0, 4.0, 7.0], [2.0, 7.0, 12.0])
    assert list(table["status"]) == [FRONTIER] * 3
    tenths = incremental_table(["a", "b", "c"], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert list(tenths["status"]) == [FRONTIER] * 3


def test_identical_arms_are_no_difference_not_dominated():
    table = incremental_table(["a", "b"], [100.0, 100.0], [1.0, 1.0])
    assert list(table["status"]) == [FRONTIER, NO_DIFFERENCE]
    assert table.loc[1, "inc_cost"] == 0.0
    assert table.loc[1, "inc_effect"] == 0.0
    assert table.loc[1, "comparator"] == "a"
    pair = pairwise_table(["a", "b"], [100.0, 100.0], [1.0, 1.0], "a")
    assert pair.loc[0, "quadrant"] == NO_DIFFERENCE
    assert math.isnan(pair.loc[0, "icer"])


def test_rounding_error_is_no_difference():
    sums = [0.1 + 0.2, 0.3]
    assert sums[0] != sums[1]
    assert same(*sums)
    assert difference(*sums) == 0.0
    assert list(incremental_table(["a", "b"], [sums[0], sums[1]], [2.0, 2.0])["status"])[1] == NO_DIFFERENCE


def test_who_dominates_is_named():
    table = incremental_table(["a", "b", "c", "d"], [0, 10, 9, 30], [0, 1, 1.5, 2]).set_index("strategy")
    assert table.loc["b", "status"] == DOMINATED
    assert table.loc["b", "comparator"] == "c"
    extended = incremental_table(["a", "b", "c"], [0, 10, 12], [0, 1, 2]).set_index("strategy")
    assert extended.loc["b", "status"] == EXTENDED
    assert extended.loc["b", "comparator"] == "a and c"


@pytest.mark.parametrize(
    ("dc", "de", "words"),
    [
        (1, 1, "north-east"), (-1, -1, "south-west"), (-1, 1, "dominant"), (0, 1, "dominant"),
        (1, -1, "dominated"), (0, -1, "dominated"), (0, 0, "no difference"),
        (1, 0, "same effect, more costly"), (-1, 0, "same effect, less costly"),
    ],
)  # fmt: skip
def test_quadrants(dc, de, words):
    assert quadrant(dc, de) == words


def test_ratio_only_where_it_means_something():
    table = pairwise_table(["c", "a", "b", "d"], [0, 10, -10, -10], [0, 2, 1, -2], "c").set_index("strategy")
    assert table.loc["a", "icer"] == 5.0
    assert math.isnan(table.loc["b", "icer"])  # dominant
    assert table.loc["d", "icer"] == 5.0  # saved per unit lost
    assert table.loc["d", "quadrant"] == "south-west"


def test_net_benefit_is_linear_and_nhb_is_nmb_over_threshold():
    cost, effect = [10000, 16000], [5.0, 5.2]
    table = net_benefit_table(["a", "b"], cost, effect, "a", [20000, 30000]).set_index(["strategy", "threshold"])
    assert table.loc[("b", 20000), "inc_nmb"] == pytest.approx(-2000, rel=1e-12)
    assert table.loc[("b", 30000), "inc_nmb"] == pytest.approx(0, abs=1e-9)
    assert table.loc[("b", 20000), "inc_nhb"] == pytest.approx(-0.1, rel=1e-12)
    assert np.allclose(table["nhb"], table["nmb"] / table.index.get_level_values("threshold"), rtol=1e-15)
    slope = (table.loc[("b", 30000), "nmb"] - table.loc[("b", 20000), "nmb"]) / 10000
    assert slope == pytest.approx(5.2, rel=1e-12)


SAMPLES = Path(os.environ.get("NBSMODEL_SAMPLE_TABLES", Path(__file__).resolve().parents[3] / "shared/oracles/data"))


@pytest.mark.skipif(not (SAMPLES / "strategies_100.csv").is_file(), reason="sample tables are not at hand")
def test_a_hundred_strategies():
    """Sample of the dampack package (GPL-3, not copied here): frontier against the slow twin."""
    table = pd.read_csv(SAMPLES / "strategies_100.csv")
    names = table["strategy"].astype(str).tolist()
    cost, effect = table["cost"].tolist(), table["qaly"].tolist()
    found = incremental_table(names, cost, effect)
    frontier = found[found["status"] == FRONTIER]
    points = frontier[["cost", "effect"]].to_numpy()
    assert len(found) == 100
    assert np.all(np.diff(frontier["icer"].dropna()) > 0)
    for c, e in zip(cost, effect, strict=True):  # nobody lies above the frontier
        best = [w * points[:, 1] - points[:, 0] for w in (0.0, *frontier["icer"].dropna(), 1e9)]
        assert all(
            max(b) >= w * e - c - 1e-6 for b, w in zip(best, (0.0, *frontier["icer"].dropna(), 1e9), strict=True)
        )
