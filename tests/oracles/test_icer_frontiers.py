"""Dominance and extended dominance: examples worked by dampack and, for two, published before."""

import math

import pytest

from nbsmodel.analysis.incremental import incremental_table

FRONTIER, DOMINATED, EXTENDED, SAME = "frontier", "dominated", "extendedly dominated", "no difference"

# name: strategies, costs, effects, expected rows (strategy, status, inc cost, inc effect, ICER)
CASES = {
    # Paltiel et al, Ann Intern Med 2006;145:797-806, quality-adjusted life-months
    "HIV screening": (
        ["status quo", "one time", "5yr", "3yr", "annual"],
        [26000, 27000, 28020, 28440, 29440],
        [months / 12 for months in (277.25, 277.57, 277.78, 277.83, 277.76)],
        [
            ("status quo", FRONTIER, None, None, None),
            ("one time", FRONTIER, 1000, 0.026666667, 37500),
            ("5yr", FRONTIER, 1020, 0.0175, 58285.71),
            ("3yr", FRONTIER, 420, 0.004166667, 100800),
            ("annual", DOMINATED, None, None, None),
        ],
    ),
    # Six strategies from the cost-effectiveness page of the VA Health Economics Resource Center
    "six strategies": (
        ["E", "D", "C", "B", "A", "UC"],
        [55000, 35000, 25000, 10000, 12000, 5000],
        [5, 4, 3, 2, 1.5, 1],
        [
            ("UC", FRONTIER, None, None, None),
            ("B", FRONTIER, 5000, 1, 5000),
            ("D", FRONTIER, 25000, 2, 12500),
            ("E", FRONTIER, 20000, 1, 20000),
            ("C", EXTENDED, None, None, None),
            ("A", DOMINATED, None, None, None),
        ],
    ),
    # The cheapest is as good as the best: equal effect at a higher cost is dominance
    "tied effect": (
        ["No Treat", "Treat all", "Test & treat"],
        [163771.0, 164848.7, 163765.1],
        [6.48273, 6.52861, 6.52861],
        [
            ("Test & treat", FRONTIER, None, None, None),
            ("No Treat", DOMINATED, None, None, None),
            ("Treat all", DOMINATED, None, None, None),
        ],
    ),
    "single": (["s"], [1], [2], [("s", FRONTIER, None, None, None)]),
}


def _close(ours, value) -> bool:
    if value is None:
        return ours is None or math.isnan(ours)
    return math.isclose(ours, value, rel_tol=1e-6)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backwards", [False, True])
def test_case(case, backwards):
    names, cost, effect, rows = CASES[case]
    order = slice(None, None, -1 if backwards else None)
    table = incremental_table(names[order], cost[order], effect[order]).set_index("strategy")
    assert set(table.index) == set(names)
    for i, (name, status, inc_cost, inc_effect, icer) in enumerate(rows):
        row = table.loc[name]
        assert row["status"] in ((status, "reference") if i == 0 else (status,)), name
        if status == FRONTIER and i > 0:
            assert _close(row["inc_cost"], inc_cost), name
            assert _close(row["inc_effect"], inc_effect), name
            assert _close(row["icer"], icer), name
            assert row["comparator"] == rows[i - 1][0]
        else:
            assert _close(row["icer"], None), name


@pytest.mark.parametrize("case", CASES)
def test_frontier_comes_first_in_order_of_effect(case):
    names, cost, effect, rows = CASES[case]
    table = incremental_table(names, cost, effect)
    frontier = [row[0] for row in rows if row[1] == FRONTIER]
    assert list(table["strategy"])[: len(frontier)] == frontier


def test_equal_cost_and_effect_is_no_difference():
    table = incremental_table(["first", "twin", "better"], [100, 100, 200], [1, 1, 2]).set_index("strategy")
    assert sorted(table.loc[["first", "twin"], "status"].replace("reference", FRONTIER)) == [FRONTIER, SAME]
    assert table.loc["better", "icer"] == pytest.approx(100)
