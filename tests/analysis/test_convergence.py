"""Running means and half-widths: as recomputed from scratch, honest at the ends, and what would do truly does."""

import math

import numpy as np
import pytest
from draws import normals, random_sample, sample_of

from nbsmodel.analysis.acceptability import acceptability_table
from nbsmodel.analysis.convergence import convergence_table, draws_wanted, precision_table


def test_as_recomputed_from_the_first_draws():
    sample = random_sample(1, draws=1234, strategies=3)
    table = convergence_table(sample, [20000.0, 30000.0])
    counts = sorted(set(table["draws"]))
    assert len(counts) == 100 and counts[-1] == 1234 and counts[0] == 13
    for threshold in (20000.0, 30000.0):
        nb = threshold * sample.effect - sample.cost
        for n in (counts[0], counts[41], 1234):
            rows = table[(table["threshold"] == threshold) & (table["draws"] == n)].set_index("strategy")
            best = nb[:n].argmax(axis=1)
            for s, name in enumerate(sample.strategies):
                assert rows.loc[name, "probability"] == pytest.approx((best == s).mean())
                if s:
                    inmb = nb[:n, s] - nb[:n, 0]
                    assert rows.loc[name, "inmb"] == pytest.approx(inmb.mean())
                    half = 1.959963984540054 * inmb.std(ddof=1) / math.sqrt(n)
                    assert rows.loc[name, "inmb_half_width"] == pytest.approx(half)
            assert math.isnan(rows.loc["a", "inmb"])


def test_the_last_row_is_the_whole():
    sample = random_sample(2, draws=333)
    last = convergence_table(sample, [20000.0]).groupby("strategy").last()
    rows = acceptability_table(sample, [20000.0]).set_index("strategy")
    np.testing.assert_allclose(last["probability"], rows["probability"])
    precision = precision_table(sample, [20000.0], None, 0.02)
    inmb = precision[precision["quantity"] == "inmb"].set_index("strategy")
    np.testing.assert_allclose(last.loc[["b", "c"], "inmb_half_width"], inmb["half_width"])
    chances = precision[precision["quantity"] == "probability"].set_index("strategy")
    np.testing.assert_allclose(last["probability_half_width"], chances["half_width"])


@pytest.mark.parametrize("draws", [2, 3, 7, 99, 100, 101])
def test_few_draws(draws):
    table = convergence_table(random_sample(3, draws=draws), [20000.0])
    counts = list(table.loc[table["strategy"] == "a", "draws"])
    assert counts == sorted(set(counts)) and counts[-1] == draws and counts[0] >= 1
    assert np.isnan(table.loc[table["draws"] == 1, "inmb_half_width"]).all()
    assert table.loc[table["draws"] > 1, "probability"].between(0, 1).all()


def test_the_half_width_of_a_probability_is_never_0():
    sample = sample_of(np.tile([1.0, 0.0], (50, 1)), np.zeros((50, 2)))
    rows = precision_table(sample, [20000.0], None, 0.02)
    chances = rows[rows["quantity"] == "probability"]
    z2 = 1.959963984540054**2
    assert list(chances["value"]) == [0, 1]
    np.testing.assert_allclose(chances["half_width"], z2 / (2 * (50 + z2)))  # Wilson at 0 and at 1
    assert not chances["enough"].any()
    inmb = rows[rows["quantity"] == "inmb"].iloc[0]
    assert inmb["half_width"] == 0 and inmb["value"] == 1 and inmb["enough"]


def test_as_many_draws_as_said_do():
    few = random_sample(4, draws=200, strategies=2)
    wanted = 60.0
    row = precision_table(few, [20000.0], wanted, 0.5).iloc[0]
    assert row["quantity"] == "inmb" and not row["enough"]
    many = random_sample(4, draws=int(row["draws_wanted"]), strategies=2)
    again = precision_table(many, [20000.0], wanted, 0.5).iloc[0]
    assert again["half_width"] == pytest.approx(wanted, rel=0.15)
    assert precision_table(few, [20000.0], row["half_width"], 0.5).iloc[0]["enough"]


def test_a_decision_within_noise_is_told():
    n = 400
    x = normals(7, "x", n)
    for lead, enough in ((1.0, True), (0.02, False)):
        inmb = lead + x - x.mean()
        sample = sample_of(np.stack([np.zeros(n), -inmb], 1), np.zeros((n, 2)))
        rows = precision_table(sample, [20000.0], None, 0.9)
        (row,) = rows[rows["quantity"] == "decision"].to_dict("records")
        assert (row["strategy"], row["against"]) == ("b", "a") and row["value"] == pytest.approx(lead)
        assert row["enough"] is enough
        exact = n * (1.959963984540054 * x.std(ddof=1) / math.sqrt(n) / lead) ** 2
        assert exact <= row["draws_wanted"] <= exact * 1.1 + 1


def test_equal_strategies_leave_nothing_to_decide():
    sample = sample_of(np.ones((20, 3)), np.ones((20, 3)))
    rows = precision_table(sample, [20000.0], 5.0, 0.9)
    assert "decision" not in set(rows["quantity"])
    assert (rows.loc[rows["quantity"] == "inmb", "value"] == 0).all() and rows.iloc[:2]["enough"].all()
    assert np.allclose(rows.loc[rows["quantity"] == "probability", "value"], 1 / 3)


def test_the_wanted_half_width_holds_at_the_first_threshold_only():
    rows = precision_table(random_sample(1), [30000.0, 20000.0], 5.0, 0.02)
    inmb = rows[rows["quantity"] == "inmb"]
    assert list(inmb["wanted"].notna()) == [True, True, False, False]
    assert list(inmb["threshold"]) == [30000, 30000, 20000, 20000]


@pytest.mark.parametrize(("draws", "enough"), [(999, False), (1000, True)])
def test_intervals_want_a_thousand_draws(draws, enough):
    row = precision_table(random_sample(1, draws=draws), [20000.0], None, 0.9).iloc[-1]
    assert row["quantity"] == "interval" and row["enough"] == enough and row["draws_wanted"] == 1000


@pytest.mark.parametrize(
    ("draws", "half", "wanted", "expected"),
    [(100, 2, 1, 400), (100, 1, 1, 100), (1000, 3, 1, 9000), (1000, 1.1, 1, 1300), (12345, 1, 1, 13000),
     (100, 0, 1, 1), (100, 0.01, 1, 1), (100, 1, 0, math.inf), (100, 1, 1e-300, math.inf), (50, 0.3, 1, 5)],
)  # fmt: skip
def test_draws_wanted(draws, half, wanted, expected):
    assert draws_wanted(draws, half, wanted) == pytest.approx(expected)
