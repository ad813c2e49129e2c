"""Detection and programme tables against numbers worked out by hand."""

import numpy as np
import pytest

from nbsmodel.analysis.screening import detection_table, programme_table
from nbsmodel.analysis.verdict import verdict

# 600,000 births, 1 in 10,000, sensitivity 0.95, specificity 0.9999 (closed form)
PROBABILITY = {
    "true_positive": [0.0, 57 / 6e5],
    "false_negative": [0.0, 3 / 6e5],
    "false_positive": [0.0, 59.994 / 6e5],
    "true_negative": [0.0, 599880.006 / 6e5],
    "not_screened": [1.0, 0.0],
}


def test_detection_table_per_year_and_per_100000():
    table = detection_table(["none", "screen"], PROBABILITY, 6e5).set_index(["strategy", "class"])
    assert table.loc[("screen", "true_positive"), "per_year"] == pytest.approx(57, rel=1e-12)
    assert table.loc[("screen", "true_positive"), "per_100000"] == pytest.approx(9.5, rel=1e-12)
    assert table.groupby("strategy")["per_year"].sum().tolist() == pytest.approx([6e5, 6e5])
    assert "incidental" not in table.index.get_level_values("class")


def test_programme_table():
    totals = {"Cost (GBP)": np.array([10.0, 12.0])}
    table = programme_table(["none", "screen"], PROBABILITY, [1e-4, 1e-4], 6e5, totals, "none").set_index("quantity")
    assert table.loc["Predictive value: cases among families told", "screen"] == pytest.approx(
        0.4872044720242339, rel=1e-12
    )
    assert table.loc["Number needed to screen", "screen"] == pytest.approx(6e5 / 57, rel=1e-12)
    assert table.loc["Cases found by screening", "difference_screen"] == pytest.approx(57)
    assert table.loc["Births with the condition", "none"] == pytest.approx(60)
    assert table.loc["Cost, annual birth cohort", "difference_screen"] == pytest.approx(1.2e6)
    assert table.loc["Cost, per affected birth", "screen"] == pytest.approx(120000)
    assert "Cases known before screening" not in table.index


def test_without_births_only_shares_and_per_case():
    table = programme_table(["none", "screen"], PROBABILITY, [1e-4, 1e-4], None, {}, "none")
    assert list(table["quantity"]) == ["Predictive value: cases among families told", "Number needed to screen"]


def test_false_positives_apart():
    """50 cleared by a later test and 9.994 not; rows without a programme, or of nobody, are left out."""
    parts = (np.array([0.0, 50 / 6e5]), np.array([0.0, 9.994 / 6e5]))
    table = programme_table(["none", "screen"], PROBABILITY, [1e-4, 1e-4], 6e5, {}, "none", parts).set_index("quantity")
    assert table.loc["False positives cleared by a later test", "screen"] == pytest.approx(50)
    assert table.loc["False positives not cleared", "screen"] == pytest.approx(9.994)
    assert table.loc["False positives", "screen"] == pytest.approx(59.994)
    nobody = (np.zeros(2), np.array([0.0, 59.994 / 6e5]))
    table = programme_table(["none", "screen"], PROBABILITY, [1e-4, 1e-4], 6e5, {}, "none", nobody)
    assert "False positives cleared by a later test" not in set(table["quantity"])


@pytest.mark.parametrize(
    ("kind", "published", "ours", "kwargs", "expected"),
    [
        ("exact", 100.0, 100.00001, {"relative": 1e-6}, "exact"),
        ("exact", 100.0, 100.4, {"absolute": 0.5}, "within rounding"),
        ("exact", 100.0, 100.6, {"absolute": 0.5}, "differs: reason unknown"),
        ("exact", 100.0, 100.6, {"absolute": 0.5, "reason": "misprint"}, "differs: misprint"),
        ("exact", 100.0, 100.5, {"absolute": 0.5}, "within rounding"),
        ("published", 100.0, 101.0, {"relative": 0.02, "noise": True}, "within noise"),
        ("published", 100.0, float("nan"), {"relative": 0.02}, "differs: reason unknown"),
        ("benchmark", 100.0, 500.0, {}, "benchmark: inputs not public"),
        ("calibrated", 100.0, 100.0, {}, "calibrated"),
    ],
)
def test_verdicts(kind, published, ours, kwargs, expected):
    given = {"relative": None, "absolute": None, "noise": False, "reason": ""} | kwargs
    assert verdict(kind, published, ours, **given) == expected
