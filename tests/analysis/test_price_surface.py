"""The price surface from samples made by hand: corners tell everything, probabilities and lines are right."""

import numpy as np
import pytest
from draws import normals, sample_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.analysis.contrast import Pair
from nbsmodel.analysis.price_surface import (
    Corners,
    chances,
    departure,
    from_corners,
    line_table,
    side_table,
    surface_table,
)
from nbsmodel.analysis.two_way import Side, mesh

N = 400
PAIR = Pair("b", "a")
X = Side("dx", "Discount on x", "probability", 0.0, np.linspace(0, 0.9, 7))
Y = Side("dy", "Discount on y", "probability", 0.5, np.linspace(0, 0.9, 4))


def drugs(x, y, n=N, bend=0.0):
    """Draws of a strategy with two drugs and of one without; `bend` leaves the straight line."""
    gain = 0.2 + 0.05 * normals(3, "gain", n)
    first, second = 4000 * (1 - x) * (1 + 0.1 * normals(3, "x", n)), 2500 * (1 - y) * (1 + 0.2 * normals(3, "y", n))
    both = first * (1 - y) * 0.1 + bend * x**2
    return sample_of(np.column_stack([np.full(n, 300.0), 500 + first + second + both]),
                     np.column_stack([np.full(n, 1.0), 1 + gain]))  # fmt: skip


def corners(bend=0.0, x=X, y=Y):
    low, high = (x.values[0], y.values[0]), (x.values[-1], y.values[-1])
    return Corners(tuple(drugs(a, b, bend=bend) for a in (low[0], high[0]) for b in (low[1], high[1])))


def test_corners_tell_every_point_of_a_bilinear_surface():
    for at_x, at_y, found in zip(*mesh(X, Y), from_corners(X, Y, corners()), strict=True):
        assert departure(drugs(at_x, at_y), found) < 1e-13


def test_at_the_corners_they_are_exact():
    exact = corners()
    for (u, v), sample in zip(((0, 0), (0, 1), (1, 0), (1, 1)), exact.samples, strict=True):
        assert np.array_equal(exact.at(u, v).cost, sample.cost)


def test_a_bent_surface_is_found_out():
    middle = corners(bend=50.0).at(0.5, 0.5)
    assert departure(drugs(0.45, 0.45, bend=50.0), middle) > 1e-4


@settings(max_examples=40, deadline=None)
@given(*(st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4) for _ in range(2)), st.floats(0, 1), st.floats(0, 1))
def test_interpolation_is_exact_for_any_bilinear_function(cost, effect, u, v):
    """``a + b u + c v + d u v`` is what it is at four corners."""

    def at(p, q):
        terms = np.array([1, p, q, p * q])
        return sample_of([[0.0, terms @ cost]], [[0.0, terms @ effect]])

    found = Corners(tuple(at(p, q) for p in (0, 1) for q in (0, 1))).at(u, v)
    scale = np.abs(cost).sum() + np.abs(effect).sum() + 1e-300
    assert np.abs(found.cost - at(u, v).cost).max() <= 1e-14 * scale
    assert np.abs(found.effect - at(u, v).effect).max() <= 1e-14 * scale


def test_chances_are_those_of_a_plain_count():
    table = chances(from_corners(X, Y, corners()), [PAIR], [20_000.0, 30_000.0])
    assert len(table) == 7 * 4 * 2
    for i, (at_x, at_y) in enumerate(zip(*mesh(X, Y), strict=True)):
        sample = drugs(at_x, at_y)
        for row in table[table["point"] == i].to_dict("records"):
            inmb = [row["threshold"] * (e[1] - e[0]) - (c[1] - c[0])
                    for c, e in zip(sample.cost, sample.effect, strict=True)]  # fmt: skip
            share = sum(v > 0 for v in inmb) / N
            assert row["probability"] == share and row["draws"] == N
            assert row["probability_se"] == pytest.approx(np.sqrt(share * (1 - share) / (N - 1)), abs=1e-12)
            assert row["inmb_psa"] == pytest.approx(np.mean(inmb))
            assert row["inmb_psa_se"] == pytest.approx(np.std(inmb, ddof=1) / np.sqrt(N))


def surface(drawn=True):
    at = [drugs(x, y, 1) for x, y in zip(*mesh(X, Y), strict=True)]
    base = sample_of(np.concatenate([s.cost for s in at]), np.concatenate([s.effect for s in at]))
    told = chances(from_corners(X, Y, corners()), [PAIR], [20_000.0]) if drawn else None
    return surface_table(X, Y, base, [PAIR], [20_000.0], told)


def test_the_table_has_every_point_once():
    table = surface()
    assert len(table) == 28 and not table.isna().drop(columns="icer").any().any()
    assert table[["x", "y"]].drop_duplicates().shape[0] == 28
    row = table[(table["x"] == X.values[2]) & (table["y"] == Y.values[1])].iloc[0]
    sample = drugs(X.values[2], Y.values[1])
    assert row["inmb"] == pytest.approx(
        20_000 * (sample.effect[0, 1] - sample.effect[0, 0]) - (sample.cost[0, 1] - sample.cost[0, 0])
    )
    assert row["probability"] == np.mean(20_000 * (sample.effect[:, 1] - 1) - (sample.cost[:, 1] - 300) > 0)


def test_without_draws_there_is_no_probability():
    table = surface(drawn=False)
    assert (table["draws"] == 0).all() and table["probability"].isna().all() and table["inmb"].notna().all()
    assert set(line_table(table, X, Y)["line"]) == {"break_even"}


def test_lines_lie_where_the_level_is_passed():
    """Between two points of the grid the net benefit is straight, so its line is exact."""
    lines = line_table(surface(), X, Y)
    even = lines[lines["line"] == "break_even"]
    assert len(even) >= 3 and (even["positive"] == "above").all()
    for row in even.to_dict("records"):
        sample = drugs(row["x"], row["y"], 1)
        inmb = 20_000 * (sample.effect[0, 1] - 1) - (sample.cost[0, 1] - 300)
        assert inmb == pytest.approx(0, abs=1e-8)
    for row in lines[lines["line"] == "break_even_psa"].to_dict("records"):
        sample = drugs(row["x"], row["y"])
        assert np.mean(20_000 * (sample.effect[:, 1] - 1) - (sample.cost[:, 1] - 300)) == pytest.approx(0, abs=1e-8)
    half, sure = (lines[lines["line"] == name].set_index("x")["y"] for name in ("probability_50", "probability_95"))
    assert (sure[half.index.intersection(sure.index)] > half[half.index.intersection(sure.index)]).all()


def test_what_the_sides_are():
    table = side_table(X, Y).set_index("side")
    assert list(table.loc["y", ["name", "base", "from", "to", "steps"]]) == ["dy", 0.5, 0.0, 0.9, 4]
