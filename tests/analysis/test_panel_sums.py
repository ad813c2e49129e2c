"""Conditions on one shared test: sums, options, the best set against every set, break-even."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.analysis.panel import (
    ALL,
    NONE,
    PanelSample,
    best_subset,
    best_table,
    break_even_table,
    marginal_draws_table,
    option_sample,
    options_of,
    sum_in_order,
)


def sample(cost, effect, shared=3.0):
    cost, effect = np.atleast_2d(np.asarray(cost, float).T).T, np.atleast_2d(np.asarray(effect, float).T).T
    names = tuple("abcdefgh"[: len(cost)])
    return PanelSample(names, cost, effect, np.full(cost.shape[1], shared), np.arange(cost.shape[1]))


THREE = sample([1.0, -2.0, 4.0], [0.1, 0.2, 0.0])


@pytest.mark.parametrize(
    ("option", "cost", "effect"),
    [
        (NONE, 0.0, 0.0),
        (ALL, 1 - 2 + 4 + 3, 0.3),
        ("only_b", -2 + 3, 0.2),
        ("without_b", 1 + 4 + 3, 0.1),
    ],
)
def test_options_by_hand(option, cost, effect):
    found = THREE.option(option)
    assert found[0][0] == pytest.approx(cost, abs=1e-12)
    assert found[1][0] == pytest.approx(effect, abs=1e-12)


def test_without_the_only_condition_nothing_is_left_and_nothing_is_paid():
    one = sample([1.0], [0.1])
    assert one.option("without_a")[0][0] == 0.0
    assert one.option(ALL)[0][0] == one.option("only_a")[0][0] == 4.0
    assert one.marginal(0)[0][0] == 4.0  # it bears the shared test
    assert THREE.marginal(0)[0][0] == 1.0  # the others do


def test_a_condition_without_cost_or_effect_changes_no_bit():
    rng = np.random.default_rng(1)
    cost, effect = rng.normal(size=(2, 5, 40))
    whole = sample(cost, effect)
    for place in range(6):
        more = sample(np.insert(cost, place, 0.0, axis=0), np.insert(effect, place, 0.0, axis=0))
        for a, b in zip(whole.option(ALL), more.option(ALL), strict=True):
            assert a.tobytes() == b.tobytes()
        nothing = more.names[place]
        assert more.option(f"without_{nothing}")[0].tobytes() == more.option(ALL)[0].tobytes()


def test_options_are_each_there_once():
    assert options_of(["a"]) == [NONE, ALL]
    assert options_of(["a", "b"]) == [NONE, "only_a", "only_b", ALL]  # without a is only b
    assert options_of(["a", "b", "c"]) == [
        NONE, "only_a", "only_b", "only_c", "without_a", "without_b", "without_c", ALL
    ]  # fmt: skip
    assert options_of([f"c{i}" for i in range(50)]) == [NONE, ALL]


def test_options_as_strategies():
    found = option_sample(THREE, options_of(THREE.names), "qaly")
    assert found.strategies[found.comparator] == NONE
    assert found.effect is found.outcomes["qaly"]
    assert found.incremental_net_benefit(100.0)[0, -1] == pytest.approx(100 * 0.3 - 6)


amounts = st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 3))


@given(st.lists(amounts, min_size=1, max_size=8), st.floats(0, 60).map(lambda x: round(x, 3)))
def test_the_best_set_is_the_best_of_all_sets(benefits, shared):
    every = {(): 0.0}
    for size in range(1, len(benefits) + 1):
        for members in itertools.combinations(range(len(benefits)), size):
            every[members] = sum(benefits[i] for i in members) - shared
    worth, total = best_subset(benefits, shared)
    assert total == pytest.approx(max(every.values()), abs=1e-9)
    assert every[tuple(worth)] == pytest.approx(total, abs=1e-9)


def test_the_best_set_leaves_out_what_is_not_worth_its_cost():
    table = best_table(THREE, [20.0, 1000.0]).set_index("threshold")
    assert table.loc[20.0, "conditions"] == "a; b"  # 1 + 6 against a shared cost of 3; c costs 4 and gives nothing
    assert table.loc[20.0, "inmb"] == pytest.approx(20 * 0.1 - 1 + 20 * 0.2 + 2 - 3)
    assert table.loc[20.0, "worth_before_shared"] == pytest.approx(7.0)
    assert table.loc[20.0, "all_inmb"] == pytest.approx(0.0)
    costly = best_table(sample([1.0, -2.0], [0.1, 0.2], shared=8.0), [20.0]).iloc[0]
    assert (costly["conditions"], costly["number"], costly["inmb"]) == ("", 0, 0.0)


def test_break_even_costs_make_the_net_benefit_zero():
    threshold, tested, set_up = 40.0, 0.8, 0.5
    shared = 2.0 * tested + set_up
    two = sample([1.0, 0.5], [0.1, 0.2], shared)
    table = break_even_table(two, [threshold], tested, 2.0, set_up, [0.8, 1.6], [0.3, 0.4])
    top, a, b = (row._asdict() for row in table.itertuples())
    worth = threshold * 0.3 - 1.5
    assert top["break_even"] * tested + set_up == pytest.approx(worth)
    assert top["change"] == pytest.approx(top["break_even"] - 2.0)
    for row, cost, effect, tests in ((a, 1.0, 0.1, 0.8), (b, 0.5, 0.2, 1.6)):
        at = cost + tests * (row["break_even"] - row["used"])
        assert threshold * effect - at == pytest.approx(0.0, abs=1e-12)


def test_an_only_condition_breaks_even_with_the_shared_test_paid():
    one = sample([1.0], [0.1], shared=1.6)
    table = break_even_table(one, [40.0], 0.8, 2.0, 0.0, [0.8], [0.5]).set_index("quantity")
    assert table.loc["shared_cost", "break_even"] * 0.8 == pytest.approx(3.0)
    assert (table.loc["marginal_cost", "break_even"] - 0.5) * 0.8 == pytest.approx(3.0 - 1.6)


def test_over_draws():
    rng = np.random.default_rng(2)
    drawn = PanelSample(("a", "b"), rng.normal(1, 0.5, (2, 500)), rng.normal(0.1, 0.02, (2, 500)),
                        rng.gamma(9, 0.3, 500), np.arange(500))  # fmt: skip
    base = sample([1.0, 1.0], [0.1, 0.1])
    table = marginal_draws_table(drawn, base, [20.0]).set_index(["option", "quantity"])
    benefit = 20 * drawn.effect[1] - drawn.cost[1]
    row = table.loc[("b", "inmb")]
    assert row["mean"] == pytest.approx(benefit.mean())
    assert row["low95"] == pytest.approx(np.quantile(benefit, 0.025))
    assert row["probability_positive"] == (benefit > 0).mean()
    assert row["base"] == pytest.approx(1.0)
    together = 20 * drawn.effect.sum(axis=0) - drawn.cost.sum(axis=0) - drawn.shared
    assert table.loc[("all", "inmb"), "mean"] == pytest.approx(together.mean())
    assert np.isnan(table.loc[("a", "cost"), "probability_positive"])


def test_sums_are_made_in_order():
    values = np.array([[1e16], [1.0], [-1e16]])
    assert sum_in_order(values)[0] == 0.0  # as written, whatever is better numerically
    assert sum_in_order(np.empty((0, 2))).tolist() == [0.0, 0.0]
