"""Two-way analyses and price surfaces of scenarios: points are single runs, draws are those of the analysis."""

import re

import numpy as np
import pandas as pd
import pytest
from points_models import net_benefits, write_points

import nbsmodel
from nbsmodel.analysis.price_surface import LINE_COLUMNS, SURFACE_COLUMNS
from nbsmodel.analysis.two_way import GRID_COLUMNS, SUMMARY_COLUMNS

BENT = ("model/model.yaml", "net_one: c_one * (1 - discount_one)", "net_one: c_one * (1 - discount_one) ** 2")


def run(folder, analyses, more="", *edits, **how):
    return nbsmodel.run(write_points(folder, analyses, more, *edits), write=False, **how)


def part(table, **wanted):
    for key, value in wanted.items():
        table = table[table[key] == value]
    return table


# --- two-way


def test_every_point_of_a_grid_by_hand(tmp_path):
    asked = (
        "two_way: {x: {name: c_one, from: 1000, to: 20000, steps: 5}, y: {name: c_two, from: 0, to: 9000, steps: 3}}"
    )
    found = run(tmp_path, asked).tables
    assert list(found["two_way"].columns) == GRID_COLUMNS
    assert list(found["two_way_summary"].columns) == SUMMARY_COLUMNS
    table = part(found["two_way"], strategy="both")
    assert len(table) == 15 and set(table["threshold"]) == {20_000.0}
    for row in table.to_dict("records"):
        assert row["inmb"] == pytest.approx(net_benefits(row["x"], row["y"])[1])
        assert row["inmb"] == pytest.approx(20_000 * row["inc_effect"] - row["inc_cost"])
        if row["inc_cost"] > 0:
            assert row["icer"] == pytest.approx(row["inc_cost"] / row["inc_effect"])
    row = part(found["two_way_summary"], strategy="both").iloc[0]
    assert (row["x_base"], row["y_base"], row["points"]) == (8000, 3000, 15)
    assert row["inmb_lowest"] == table["inmb"].min() and (row["x_lowest"], row["y_lowest"]) == (20_000, 9000)
    assert row["inmb_highest"] == table["inmb"].max() and (row["x_highest"], row["y_highest"]) == (1000, 0)
    assert row["positive"] == (table["inmb"] > 0).mean() and row["inmb_base"] == pytest.approx(net_benefits()[1])


def test_ranges_left_out_are_the_interval(tmp_path):
    found = run(tmp_path, "two_way: {x: c_one, y: u_gain, strategy: first, threshold: 15000}")
    table, parameters = found.tables["two_way"], found.tables["parameters"].set_index("name")
    assert (table["x"].min(), table["x"].max()) == tuple(parameters.loc["c_one", ["low95", "high95"]])
    assert table["y"].max() == 1.0  # not 1.146
    assert len(table) == 21 * 21 and set(table["strategy"]) == {"first"} and set(table["threshold"]) == {15_000.0}


def test_two_shares_of_one_whole_leave_the_rest_to_the_third(tmp_path):
    asked = "two_way: {x: {name: p_a, from: 0.1, to: 0.5, steps: 3}, y: {name: p_b, from: 0.1, to: 0.5, steps: 3}}"
    table = part(run(tmp_path, asked).tables["two_way"], strategy="first")
    for row in table.to_dict("records"):
        assert row["inmb"] == pytest.approx(net_benefits(a=row["x"], b=row["y"])[0])


def test_an_impossible_corner_is_named(tmp_path):
    asked = "two_way: {x: {name: p_a, from: 0.1, to: 0.9, steps: 3}, y: {name: p_b, from: 0.05, to: 0.5, steps: 3}}"
    with pytest.raises(nbsmodel.InputError) as refused:
        run(tmp_path, asked)
    text = str(refused.value)
    assert re.search(r"analyses\.two_way\[1\]: the model cannot run at p_a = 0\.9, p_b = 0\.275, p_c = -0\.175", text)
    assert "no probability" in text and "draw" not in text.partition("p_c = ")[2]


def test_several_grids_are_numbered(tmp_path):
    asked = """
        two_way:
          - {x: c_one, y: c_fixed}
          - {x: {scale: [c_one, c_two], from: 0.5, to: 2, steps: 2}, y: {name: c_fixed, steps: 2}}
    """
    found = run(tmp_path, asked).tables
    assert set(found["two_way"]["grid"]) == {1, 2}
    second = part(found["two_way_summary"], grid=2).iloc[0]
    assert second["x_name"] == "factor on c_one c_two" and second["x_base"] == 1
    row = part(found["two_way"], grid=2, strategy="both", x=2.0).iloc[0]
    assert row["inmb"] == pytest.approx(net_benefits(16_000, 6000, c_fixed=row["y"])[1])


# --- price surface

SURFACE = "price_surface: {x: discount_one, y: discount_two, steps: 4, from: 0, to: 0.9}"


def test_a_surface_at_base_values_by_hand(tmp_path):
    found = run(tmp_path, SURFACE).tables
    table = found["price_surface"]
    assert list(table.columns) == SURFACE_COLUMNS and list(found["price_surface_lines"].columns) == LINE_COLUMNS
    assert len(table) == 16 * 2 * 2
    for row in part(table, strategy="both").to_dict("records"):
        by_hand = net_benefits(d_one=row["x"], d_two=row["y"], threshold=row["threshold"])[1]
        assert row["inmb"] == pytest.approx(by_hand)
    assert (table["draws"] == 0).all()


DEAR = "overrides: {c_fixed: 6000, c_two: 9000}\n"


@pytest.mark.parametrize("bent", [False, True])
def test_probabilities_are_those_of_draws_run_at_each_point(tmp_path, bent):
    """Whether the four corners tell everything or every point is run, and with the very draws of the analysis."""
    asked = f"psa: {{draws: 300}}\n{SURFACE}"
    output = run(tmp_path, asked, DEAR, *([BENT] if bent else []))
    table = part(output.tables["price_surface"], threshold=20_000.0)
    drawn, model = output.psa.draws, output.scenario.model
    assert (table["draws"] == len(drawn)).all() and 0 < table["probability"].mean() < 1
    assert 150 < len(drawn) < 300  # utilities above 1 are refused
    for row in table[table["x"] > 0.5].to_dict("records"):
        columns = {name: drawn[name].to_numpy() for name in drawn}
        base = {"c_fixed": 6000, "c_two": 9000, "discount_one": row["x"], "discount_two": row["y"]}
        columns = {name: column for name, column in columns.items() if name not in base}
        result = nbsmodel.evaluate(model, columns, overrides=base)
        nb = 20_000 * result.by_strategy("qaly") - result.by_strategy("cost")
        s = result.strategies.index(row["strategy"])
        best = nb >= nb.max(axis=1, keepdims=True)
        assert row["probability"] == pytest.approx((best / best.sum(axis=1, keepdims=True))[:, s].mean(), abs=1e-12)
        assert row["inmb_psa"] == pytest.approx((nb[:, s] - nb[:, 0]).mean(), rel=1e-9, abs=1e-6)


def test_a_surface_that_is_not_bilinear_is_run_on_fewer_draws_and_says_how_many(tmp_path, monkeypatch):
    from nbsmodel.run import analysis_price_surface as module

    monkeypatch.setattr(module, "MOST_ROWS", 16 * 60)
    output = run(tmp_path, f"psa: {{draws: 300}}\n{SURFACE}", DEAR, BENT)
    table = output.tables["price_surface"]
    assert (table["draws"] == (output.psa.draws.index < 60).sum()).all()
    straight = run(tmp_path / "straight", f"psa: {{draws: 300}}\n{SURFACE}", DEAR).tables["price_surface"]
    assert (straight["draws"] == len(output.psa.draws)).all()


def test_an_uncertain_price_is_fixed_at_each_point(tmp_path):
    asked = "psa: {draws: 200}\nprice_surface: {x: c_one, y: c_two, from: 0, to: 20000, steps: 3, strategy: first}"
    table = run(tmp_path, asked).tables["price_surface"]
    for row in table.to_dict("records"):
        assert row["inmb"] == pytest.approx(net_benefits(row["x"], row["y"], threshold=row["threshold"])[0])
    dear = part(table, x=20_000.0, y=0.0, threshold=20_000.0).iloc[0]
    assert dear["inmb_psa_se"] < 400  # the price no longer varies


def test_one_discount_on_several_prices(tmp_path):
    asked = SURFACE.replace(
        "x: discount_one, y: discount_two", "x: {same: [discount_one, discount_two]}, y: share_saved"
    )
    table = part(run(tmp_path, f"psa: {{draws: 50}}\n{asked}").tables["price_surface"], strategy="both")
    for row in table.to_dict("records"):
        by_hand = net_benefits(d_one=row["x"], d_two=row["x"], saved=row["y"], threshold=row["threshold"])[1]
        assert row["inmb"] == pytest.approx(by_hand)


def test_structural_alternatives_are_in_the_draws(tmp_path):
    """An alternative that changes nothing but a cost moves the mean over the draws."""
    asked = f"psa: {{draws: 100, alternatives: {{a: {{weight: 1, overrides: {{c_fixed: 2000}}}}}}}}\n{SURFACE}"
    plain = run(tmp_path, f"psa: {{draws: 100}}\n{SURFACE}", "overrides: {c_fixed: 2000}\n").tables["price_surface"]
    found = run(tmp_path / "alternative", asked).tables["price_surface"]
    assert np.allclose(found["inmb_psa"], plain["inmb_psa"], rtol=1e-9)
    assert not np.allclose(found["inmb"], plain["inmb"])


def test_threads_and_batches_change_nothing(tmp_path, monkeypatch):
    from nbsmodel.run import points

    asked = f"psa: {{draws: 100}}\n{SURFACE}\ntwo_way: {{x: c_one, y: c_fixed}}\nbreak_even: c_one"
    one = run(tmp_path, asked, threads=1).tables
    monkeypatch.setattr(points, "BATCH", 7)
    two = run(tmp_path / "again", asked, threads=2).tables
    for name in ("price_surface", "price_surface_lines", "two_way", "two_way_summary", "threshold"):
        pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)
