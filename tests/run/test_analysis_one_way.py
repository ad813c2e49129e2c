"""One-way analysis of a scenario: bars are single runs, limits stay legal, shares still add up to 1."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from points_models import net_benefits, write_points

import nbsmodel
from nbsmodel.analysis.one_way import COLUMNS

ROOT = Path(__file__).resolve().parents[2]


def run(path, *sets):
    return nbsmodel.run(path, list(sets), write=False)


def tornado(path, *sets):
    return run(path, *sets).tables["tornado"]


def bar(table, name, strategy="first", against="usual", threshold=20_000):
    rows = table[(table["parameter"] == name) & (table["strategy"] == strategy) & (table["against"] == against)]
    return rows[rows["threshold"] == threshold].iloc[0]


def overrides_of(row, end):
    """What a row of the table says was changed at one end, as overrides of a single run."""
    texts = [t for t in row[f"with_{end}"].split("; ") if t]
    return {row["parameter"]: row[end]} | {t.partition("=")[0]: float(t.partition("=")[2]) for t in texts}


def single(scenario, overrides, settings=None):
    """Costs and effects by strategy of one run, the way the base case is run."""
    result = nbsmodel.evaluate(
        scenario.model, settings=scenario.settings.as_written() | (settings or {}),
        overrides=scenario.overrides | overrides, choices=scenario.choices,
    )  # fmt: skip
    effect = scenario.settings.effect
    return {s: (result.total("cost", s)[0], result.total(effect, s)[0]) for s in result.strategies}


# --- bars are two single runs, bit for bit


@pytest.mark.parametrize("config", ["uk_utilities_lloyd", "broekhoff2021_nl"])
def test_bars_equal_two_single_runs_to_the_last_bit(config):
    output = run(ROOT / "configs" / "sma" / f"{config}.yaml", "analyses.one_way=true")
    table, scenario = output.tables["tornado"], output.scenario
    rows = table[table["threshold"] == table["threshold"].iloc[-1]]
    assert len(rows) >= 15
    for row in rows.iloc[::3].to_dict("records"):
        for end in ("low", "high"):
            found = single(scenario, overrides_of(row, end))
            (cost, effect), (base_cost, base_effect) = found[row["strategy"]], found[row["against"]]
            threshold = row["threshold"]
            assert row[f"inmb_{end}"] == pytest.approx(
                (threshold * effect - cost) - (threshold * base_effect - base_cost), rel=0, abs=0
            )
            assert row[f"inc_cost_{end}"] == cost - base_cost
            assert row[f"inc_effect_{end}"] == effect - base_effect


def test_the_base_case_stands_in_every_row():
    output = run(ROOT / "configs" / "sma" / "uk_base_case.yaml", "analyses.one_way=true")
    net = output.tables["net_benefit"].set_index(["strategy", "threshold"])["inc_nmb"]
    for row in output.tables["tornado"].to_dict("records"):
        assert row["inmb_base"] == net[row["strategy"], row["threshold"]]
    pairwise = output.tables["pairwise"].iloc[0]
    assert (output.tables["tornado"]["inc_cost_base"] == pairwise["inc_cost"]).all()
    assert (output.tables["tornado"]["quadrant_base"] == pairwise["quadrant"]).all()


# --- limits


def test_columns_and_the_default_limits(tmp_path):
    output = run(write_points(tmp_path, "one_way: true"))
    table, parameters = output.tables["tornado"], output.tables["parameters"].set_index("name")
    assert list(table.columns) == COLUMNS
    assert set(table["parameter"]) == {"c_one", "c_fixed", "share_saved", "u_gain", "p_a", "p_b", "p_c"}
    for row in table.to_dict("records"):
        if row["parameter"] != "u_gain":
            assert (row["low"], row["high"]) == tuple(parameters.loc[row["parameter"], ["low95", "high95"]])
            assert row["limits"] == "95% interval"
    assert set(zip(table["strategy"], table["against"], strict=True)) == {("first", "usual"), ("both", "usual")}


def test_a_utility_is_never_set_above_1(tmp_path):
    """Its own 97.5% quantile would be 1.146."""
    row = bar(tornado(write_points(tmp_path, "one_way: true")), "u_gain")
    assert row["high"] == 1.0
    assert row["low"] == pytest.approx(0.95 - 1.959964 * 0.1, abs=1e-6)
    assert row["limits"] == "95% interval, cut where the unit ends (1.146 is no utility)"
    assert row["inmb_high"] == net_benefits(gain=1.0)[0]


def test_bars_by_hand(tmp_path):
    table = tornado(write_points(tmp_path, "one_way: {parameters: [], limits: {c_one: [2000, 30000], c_two: 50%}}"))
    for threshold in (20_000, 30_000):
        row = bar(table, "c_one", threshold=threshold)
        found = [row["inmb_low"], row["inmb_base"], row["inmb_high"]]
        assert found == pytest.approx([net_benefits(c, threshold=threshold)[0] for c in (2000, 8000, 30_000)])
        assert row["width"] == pytest.approx(14_000)
    row = bar(table, "c_one")
    assert row["changes_sign"] and row["quadrant_high"] == "north-east"
    assert row["icer_low"] == pytest.approx(0.5 * 2500 / (0.5 * 0.95 + 0.03))
    second = bar(table, "c_two", "both")
    assert (second["low"], second["high"], second["base"]) == (1500, 4500, 3000)
    assert second["inmb_low"] == pytest.approx(net_benefits(c_two=1500)[1])
    assert bar(table, "c_two", "first")["width"] == 0


def test_shares_of_one_whole_still_add_up_to_1(tmp_path):
    row = bar(tornado(write_points(tmp_path, "one_way: {parameters: p_a}")), "p_a")
    for end in ("low", "high"):
        changed = overrides_of(row, end)
        assert sum(changed.values()) == pytest.approx(1, abs=1e-15)
        assert changed["p_b"] / changed["p_c"] == pytest.approx(1.5, rel=1e-12)
        assert row[f"inmb_{end}"] == pytest.approx(net_benefits(a=changed["p_a"], b=changed["p_b"])[0])


def test_shares_that_the_scenario_fixes_stay(tmp_path):
    """Given p_c, the others share what it leaves: p_a / 0.8 is beta(50, 30)."""
    from scipy.stats import beta

    table = tornado(write_points(tmp_path, "one_way: true", "overrides: {p_c: 0.2}\n"))
    assert "p_c" not in set(table["parameter"])
    row = bar(table, "p_a")
    assert row["low"] == pytest.approx(0.8 * beta(50, 30).ppf(0.025), rel=1e-9)
    assert overrides_of(row, "low")["p_b"] == pytest.approx(0.8 - row["low"], rel=1e-12)
    assert "p_c" not in row["with_low"]


def test_what_a_scenario_overrides_is_the_base_and_not_varied(tmp_path):
    table = tornado(write_points(tmp_path, "one_way: true", "overrides: {c_one: 5000}\n"))
    assert "c_one" not in set(table["parameter"])
    assert table["inmb_base"].iloc[0] in net_benefits(c_one=5000)
    named = tornado(write_points(tmp_path / "named", "one_way: {parameters: c_one}", "overrides: {c_one: 5000}\n"))
    assert bar(named, "c_one")["base"] == 5000


def test_a_factor_moves_several_parameters_at_once(tmp_path):
    asked = "one_way: {parameters: [], scale: {label: Drugs, parameters: [c_one, c_two], between: [0.5, 2]}}"
    row = bar(tornado(write_points(tmp_path, asked)), "factor on c_one c_two", "both")
    assert (row["label"], row["unit"], row["base"], row["low"], row["high"]) == ("Drugs", "factor", 1, 0.5, 2)
    assert row["with_low"] == "c_one=4000.0; c_two=1500.0"
    assert row["inmb_high"] == pytest.approx(net_benefits(16_000, 6000)[1])


def test_a_derived_value_can_be_named(tmp_path):
    row = bar(tornado(write_points(tmp_path, "one_way: {parameters: [], limits: {net_one: [0, 100]}}")), "net_one")
    assert (row["base"], row["inmb_low"]) == (8000, pytest.approx(net_benefits(0)[0]))


def test_discount_rates_are_settings(tmp_path):
    path = ROOT / "configs" / "sma" / "uk_base_case.yaml"
    output = run(path, "analyses.one_way={parameters: [], settings: {discount_rate_costs: [0, 0.06]}}")
    row = output.tables["tornado"].iloc[0]
    assert (row["parameter"], row["label"], row["base"]) == ("discount_rate_costs", "Discount rate, costs", 0.035)
    found = single(output.scenario, {}, {"discount_rate_costs": 0.06})
    dc, de = (a - b for a, b in zip(found["screening"], found["no_screening"], strict=True))
    assert (row["inc_cost_high"], row["inc_effect_high"]) == (dc, de)


# --- what is told


def test_decisions_and_signs(tmp_path):
    asked = "one_way: {parameters: [], against: [usual, first], limits: {c_two: [1000, 12000], c_fixed: [400, 600]}}"
    table = tornado(write_points(tmp_path, asked))
    assert list(dict.fromkeys(zip(table["strategy"], table["against"], strict=True))) == [
        ("first", "usual"), ("both", "usual"), ("both", "first"),
    ]  # fmt: skip
    row = bar(table, "c_two", "both", "first")
    assert row["changes_sign"] and row["changes_decision"]
    assert not bar(table, "c_two", "first")["changes_sign"] and bar(table, "c_two", "first")["changes_decision"]
    assert not bar(table, "c_fixed", "both", "first")["changes_decision"]


def test_bars_are_sorted_by_width_at_the_first_threshold(tmp_path):
    table = tornado(write_points(tmp_path, "one_way: true"))
    for (_, threshold), part in table.groupby(["strategy", "threshold"]):
        widths = part["width"].to_numpy()
        assert (widths >= 0).all()
        if threshold == 20_000:
            assert (np.diff(widths) <= 0).all()
    orders = [list(p["parameter"]) for _, p in table[table["strategy"] == "both"].groupby("threshold")]
    assert orders[0] == orders[1]


def test_an_impossible_end_is_refused_with_its_values(tmp_path):
    edit = ("model/model.yaml", "p: p_b\n", "p: p_b + share_saved\n")
    path = write_points(tmp_path, "one_way: {parameters: [], limits: {share_saved: [0.05, 0.9]}}", "", edit)
    with pytest.raises(nbsmodel.InputError, match=r"cannot run at share_saved = 0\.9: .*tree\.b\.p: the probab"):
        run(path)


def test_a_batch_is_what_single_rows_are(tmp_path, monkeypatch):
    """Rows are run in batches; where these end makes no difference."""
    from nbsmodel.run import points

    path = write_points(tmp_path, "one_way: true")
    whole = tornado(path)
    monkeypatch.setattr(points, "BATCH", 3)
    pd.testing.assert_frame_equal(tornado(path), whole, check_exact=True)


def test_names_and_labels_of_all_bars_differ(tmp_path):
    table = tornado(write_points(tmp_path, "one_way: true"))
    for _, part in table.groupby(["strategy", "threshold"]):
        assert all(a != b for a, b in itertools.combinations(part["parameter"], 2))
