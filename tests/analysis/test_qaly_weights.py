"""Severity and HST weights: printed cut-offs, derived examples, and what must hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.analysis.qaly_weights import (
    RARE,
    SEVERITY,
    SEVERITY_WEIGHTS,
    UNWEIGHTED,
    cut_offs,
    draw_summary,
    rare_weight,
    shortfall,
    weight_shares,
    weighted,
    weighted_rows,
)

QALYS = st.floats(-20, 60, allow_nan=False)
EXPECTED = st.floats(0.5, 40, allow_nan=False)


@pytest.mark.parametrize(
    ("without", "with_", "absolute", "proportional", "weight"),
    [
        (24.04, 4.0, 20.04, 0.8336, 1.7),  # a newborn
        (24.04, 10.0, 14.04, 0.584, 1.2),
        (5.31, 0.5, 4.81, 0.905838, 1.2),  # a man of 80: by the proportional shortfall
        (5.31, 0.2, 5.11, 0.962335, 1.7),
        (24.04, 20.0, 4.04, 0.168053, 1.0),
    ],
)
def test_examples_worked_out_from_printed_qale(without, with_, absolute, proportional, weight):
    found = shortfall(without, with_)
    assert found.absolute == pytest.approx(absolute, abs=1e-9)
    assert found.proportional == pytest.approx(proportional, abs=5e-5)
    assert found.weight == weight


@pytest.mark.parametrize(
    ("absolute", "weight"), [(11.999, 1), (12, 1.2), (17.999, 1.2), (18, 1.7), (30, 1.7), (-1, 1), (0, 1)]
)
def test_absolute_cut_offs_are_met_exactly(absolute, weight):
    assert shortfall(64.0, 64.0 - absolute).weight_absolute == weight  # 64 less these numbers is exact


@pytest.mark.parametrize(("left", "weight"), [(16, 1), (15, 1.2), (6, 1.2), (5, 1.7), (0, 1.7), (-1, 1.7)])
def test_proportional_cut_offs_are_met_exactly(left, weight):
    found = shortfall(100.0, left)  # 85 and 95 hundredths, exactly as written
    assert found.proportional == (100 - left) / 100
    assert found.weight_proportional == weight


def test_cut_offs_of_a_newborn():
    """HSE 2014, UK 2018-2020, both sexes alike, 3.5%."""
    at = cut_offs(24.868)
    assert at == pytest.approx({1.2: 12.868, 1.7: 6.868})
    assert 24.868 * 0.05 == pytest.approx(1.243, abs=5e-4) and 24.868 * 0.15 == pytest.approx(3.730, abs=5e-4)


@given(EXPECTED, QALYS)
def test_cut_offs_say_where_the_weight_changes(without, with_):
    at, found = cut_offs(without), shortfall(without, with_).weight
    if min(abs(with_ - q) for q in at.values()) > 1e-9:
        assert found == (1.7 if with_ < at[1.7] else 1.2 if with_ < at[1.2] else 1.0)


@given(EXPECTED)
def test_the_weight_applies_at_its_cut_off_whatever_the_rounding(without):
    for weight, left in cut_offs(without).items():
        assert shortfall(without, left).weight >= weight


@given(EXPECTED, QALYS, QALYS)
def test_a_worse_outlook_never_weighs_less(without, one, other):
    low, high = sorted((one, other))
    assert shortfall(without, low).weight >= shortfall(without, high).weight


def test_weights_for_very_rare_diseases():
    assert rare_weight([5, 10, 15, 20, 25, 30, 40]).tolist() == [1, 1, 1.5, 2, 2.5, 3, 3]
    assert rare_weight(-3.0) == 1.0


def test_the_general_population_has_a_life_expectancy():
    with pytest.raises(ValueError, match="above 0"):
        shortfall(0.0, 1.0)


@given(QALYS, QALYS, st.sampled_from(SEVERITY_WEIGHTS))
def test_others_are_never_weighted(affected, others, weight):
    assert weighted(affected, others, 1.0) == affected + others
    assert weighted(0.0, others, weight) == others
    assert weighted(affected, others, weight) - others == pytest.approx(weight * affected, abs=1e-9)


def test_rows_by_hand():
    increments = {"cost": 30_000.0, "affected": 2.0, "others": -0.5}
    weights = {UNWEIGHTED: 1.0, SEVERITY: 1.7, RARE: 2.5}
    rows = weighted_rows(increments, weights, {UNWEIGHTED: (20_000, 100_000), SEVERITY: (20_000,), RARE: (100_000,)})
    assert [r["weighting"] for r in rows] == [UNWEIGHTED, UNWEIGHTED, SEVERITY, RARE]
    assert [r["inc_qaly"] for r in rows] == pytest.approx([1.5, 1.5, 2.9, 4.5])
    assert [r["icer"] for r in rows] == pytest.approx([20_000, 20_000, 30_000 / 2.9, 30_000 / 4.5])
    assert [r["inmb"] for r in rows] == pytest.approx([0, 120_000, 28_000, 420_000])
    assert {r["quadrant"] for r in rows} == {"north-east"}


def test_no_ratio_where_a_ratio_means_nothing():
    rows = weighted_rows({"cost": -5.0, "affected": 1.0, "others": 0.0}, {SEVERITY: 1.2}, {SEVERITY: (1000,)})
    assert np.isnan(rows[0]["icer"]) and rows[0]["quadrant"] == "dominant" and rows[0]["inmb"] == 1205


def test_summaries_over_draws():
    assert weight_shares(np.array([1.0, 1.2, 1.2, 1.7])) == {1.0: 0.25, 1.2: 0.5, 1.7: 0.25}
    found = draw_summary("x", np.arange(41.0))
    assert found == {"x_mean": 20.0, "x_low95": 1.0, "x_high95": 39.0}
