"""The cloud on the plane: quadrants counted one by one, points that are truly a part of the draws."""

import numpy as np
import pytest
from draws import normals, random_sample, sample_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbsmodel.analysis.incremental import quadrant
from nbsmodel.analysis.plane_cloud import FOUR, cloud_table, point_table, quadrant_table


@settings(max_examples=60, deadline=None)
@given(arrays(float, (15, 3), elements=st.integers(-2, 2)), arrays(float, (15, 3), elements=st.integers(-2, 2)))
def test_quadrants_counted_one_by_one(cost, effect):
    table = quadrant_table(sample_of(cost, effect, comparator=1))
    for name, s in (("a", 0), ("c", 2)):
        rows = table[table["strategy"] == name]
        assert rows["share"].sum() == pytest.approx(1, abs=1e-12) and set(rows["against"]) == {"b"}
        found = [quadrant(c, e) for c, e in zip(cost[:, s] - cost[:, 1], effect[:, s] - effect[:, 1], strict=True)]
        expected = {kind: found.count(kind) / 15 for kind in {*found, *FOUR}}
        assert dict(zip(rows["quadrant"], rows["share"], strict=True)) == pytest.approx(expected)


def test_equal_arms_are_never_dominated():
    effect = 20 + normals(1, "effect", 200)
    cost = np.stack([0.3 * effect, (0.1 * effect + 0.2 * effect)], 1)  # equal but for rounding
    table = quadrant_table(sample_of(cost, np.stack([effect, effect], 1))).set_index("quadrant")
    assert table.loc["no difference", "share"] == 1 and (table.loc[list(FOUR), "share"] == 0).all()
    points = point_table(sample_of(cost, np.stack([effect, effect], 1)))
    assert (points[["inc_cost", "inc_effect"]] == 0).all(axis=None)


def test_errors_of_shares():
    sample = random_sample(2, draws=400, strategies=2)
    row = quadrant_table(sample).set_index("quadrant").loc["north-east"]
    p = row["share"]
    assert 0 < p < 1 and row["share_se"] == pytest.approx(np.sqrt(p * (1 - p) / 399))


def test_centre_and_spread():
    sample = random_sample(3, draws=300, strategies=3)
    row = cloud_table(sample).set_index("strategy").loc["c"]
    cost, effect = (x[:, 2] - x[:, 0] for x in (sample.cost, sample.effect))
    assert row["inc_cost"] == pytest.approx(cost.mean()) and row["sd_effect"] == pytest.approx(effect.std(ddof=1))
    assert row["correlation"] == pytest.approx(np.corrcoef(cost, effect)[0, 1]) and row["draws"] == 300


def test_a_cloud_that_does_not_vary_has_no_correlation():
    sample = sample_of(np.tile([1.0, 2.0], (50, 1)), np.stack([np.zeros(50), normals(1, "e", 50)], 1))
    row = cloud_table(sample).iloc[0]
    assert row["sd_cost"] == 0 and np.isnan(row["correlation"]) and row["sd_effect"] > 0


def test_the_points_are_a_random_part_of_the_draws():
    sample = random_sample(5, draws=4096, strategies=3)
    points = point_table(sample, most=500)
    assert len(points) == 500 and list(points["strategy"].unique()) == ["b", "c"]
    drawn = points.loc[points["strategy"] == "b", "draw"].to_numpy()
    assert len(set(drawn)) == 250 and (np.diff(drawn) > 0).all()
    assert list(points.loc[points["strategy"] == "c", "draw"]) == list(drawn)
    # of Sobol' points, a power of two as a step would leave one corner: all residues must occur
    assert len(set(drawn % 16)) == 16
    mine = points[points["strategy"] == "c"]
    np.testing.assert_allclose(mine["inc_cost"], (sample.cost[:, 2] - sample.cost[:, 0])[drawn])
    np.testing.assert_allclose(mine["inc_effect"], (sample.effect[:, 2] - sample.effect[:, 0])[drawn])
    assert point_table(sample, most=500).equals(points)


def test_all_draws_where_they_are_few_and_numbered_as_they_were():
    sample = random_sample(5, draws=30, strategies=2)
    object.__setattr__(sample, "draws", np.arange(100, 130))
    assert list(point_table(sample)["draw"]) == list(range(100, 130))
    assert point_table(sample_of(np.ones((5, 1)), np.ones((5, 1)))).empty
