"""A strategy set against another: increments, ratio, quadrant, and which pairs there are."""

import math

import numpy as np
import pytest
from draws import random_sample, sample_of

from nbsmodel.analysis.contrast import Pair, contrast, pairs_of
from nbsmodel.analysis.incremental import net_benefit_table, pairwise_table


def test_the_same_as_the_tables_of_the_base_case():
    cost, effect = [100.0, 250.0, 90.0], [1.0, 1.5, 1.2]
    sample = sample_of([cost], [effect])
    pairwise = pairwise_table(sample.strategies, cost, effect, "a")
    net = net_benefit_table(sample.strategies, cost, effect, "a", [200.0]).set_index("strategy")
    for row in pairwise.to_dict("records"):
        found = contrast(sample, Pair(row["strategy"], "a"))
        assert found.inc_cost[0] == row["inc_cost"] and found.inc_effect[0] == row["inc_effect"]
        assert found.quadrants == [row["quadrant"]]
        assert np.array_equal(found.icer[0], row["icer"], equal_nan=True)
        assert found.inmb(200.0)[0] == net.loc[row["strategy"], "inc_nmb"]


@pytest.mark.parametrize(
    ("cost", "effect", "icer", "quadrant"),
    [
        (10, 0.5, 20.0, "north-east"), (-10, -0.5, 20.0, "south-west"), (-10, 0.5, math.nan, "dominant"),
        (10, -0.5, math.nan, "dominated"), (0, 0, math.nan, "no difference"),
        (10, 0, math.nan, "same effect, more costly"),
    ],
)  # fmt: skip
def test_a_ratio_only_where_it_means_something(cost, effect, icer, quadrant):
    found = contrast(sample_of([[5.0, 5.0 + cost]], [[2.0, 2.0 + effect]]), Pair("b", "a"))
    assert found.icer[0] == pytest.approx(icer, nan_ok=True)
    assert found.quadrants == [quadrant]


def test_rounding_error_is_no_difference():
    found = contrast(sample_of([[0.1 + 0.2, 0.3]], [[1.0, 1.0]]), Pair("b", "a"))
    assert found.inc_cost[0] == 0 and found.inmb(100.0)[0] == 0 and found.quadrants == ["no difference"]


def test_against_another_strategy_it_is_the_difference_of_two():
    sample = random_sample(1)
    both = contrast(sample, Pair("c", "b")).inmb(20_000.0)
    apart = contrast(sample, Pair("c", "a")).inmb(20_000.0) - contrast(sample, Pair("b", "a")).inmb(20_000.0)
    assert both == pytest.approx(apart, rel=1e-9)


def test_pairs():
    names = ("a", "b", "c")
    assert pairs_of(names, "a") == [Pair("b", "a"), Pair("c", "a")]
    assert pairs_of(names, "a", "c") == [Pair("c", "a")]
    assert pairs_of(names, "a", against=("a", "b")) == [Pair("b", "a"), Pair("c", "a"), Pair("c", "b")]
    assert pairs_of(names, "a", against=("b", "c")) == [Pair("c", "b")]
    assert pairs_of(("a",), "a") == []
