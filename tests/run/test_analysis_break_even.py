"""Break-even values and value-based prices of scenarios, against closed forms; every root is run again."""

import math
import re

import numpy as np
import pytest
from points_models import net_benefits, write_points

import nbsmodel
from nbsmodel.analysis.threshold_table import PRICE_COLUMNS, THRESHOLD_COLUMNS


def tables(folder, analyses, more="", *edits):
    return nbsmodel.run(write_points(folder, analyses, more, *edits), write=False).tables


def rows(table, **wanted):
    for key, value in wanted.items():
        table = table[table[key] == value]
    return table.to_dict("records")


def inmb(folder, overrides, strategy="first", threshold=20_000.0):
    """Net benefit of a single run."""
    model = nbsmodel.load_model(folder / "model")
    result = nbsmodel.evaluate(model, overrides=overrides)
    value = {s: threshold * result.total("qaly", s)[0] - result.total("cost", s)[0] for s in result.strategies}
    return value[strategy] - value["usual"]


# --- break-even


def test_a_price_by_hand_and_run_again(tmp_path):
    table = tables(tmp_path, "break_even: c_one")["threshold"]
    assert list(table.columns) == THRESHOLD_COLUMNS
    for threshold in (20_000.0, 30_000.0):
        (row,) = rows(table, strategy="first", threshold=threshold)
        by_hand = 2 * (threshold * (0.5 * 0.95 + 0.03)) - 500
        assert row["value"] == pytest.approx(by_hand, rel=1e-13)
        assert (row["status"], row["positive"], row["base"]) == ("break-even", "below", 8000)
        assert row["relative_to_base"] == pytest.approx(by_hand / 8000)
        assert row["inmb_at_base"] == pytest.approx(net_benefits(threshold=threshold)[0])
        assert abs(inmb(tmp_path, {"c_one": row["value"]}, "first", threshold)) < 1e-8
        (second,) = rows(table, strategy="both", threshold=threshold)
        assert abs(inmb(tmp_path, {"c_one": second["value"]}, "both", threshold)) < 1e-8


def test_a_probability_is_looked_for_over_all_it_may_be(tmp_path):
    (row,) = rows(tables(tmp_path, "break_even: discount_one", "overrides: {c_one: 30000}\n")["threshold"],
                  strategy="first", threshold=20_000.0)  # fmt: skip
    assert (row["from"], row["to"]) == (0, 1)
    assert row["positive"] == "above"
    assert net_benefits(30_000, d_one=row["value"])[0] == pytest.approx(0, abs=1e-8)
    assert math.isnan(row["relative_to_base"])


def test_a_member_of_a_group_carries_the_others_with_it(tmp_path):
    (row,) = rows(tables(tmp_path, "break_even: p_a")["threshold"], strategy="both", threshold=20_000.0)
    assert row["status"] == "no change of sign"  # the drugs pay even when nobody else is left, and in nobody
    asked = tables(tmp_path / "dear", "break_even: p_a", "overrides: {c_one: 30000}\n")["threshold"]
    (row,) = rows(asked, strategy="first", threshold=20_000.0)
    a = row["value"]
    assert net_benefits(30_000, a=a, b=0.6 * (1 - a))[0] == pytest.approx(0, abs=1e-8)


def test_a_factor_and_a_common_value(tmp_path):
    table = tables(tmp_path, """
        break_even:
          - {scale: [c_one, c_two], strategy: both}
          - {same: [discount_one, discount_two], strategy: both, label: One discount}
    """, "overrides: {c_one: 40000, c_two: 20000}\n")["threshold"]  # fmt: skip
    (factor,) = rows(table, name="factor on c_one c_two", threshold=20_000.0)
    f = factor["value"]
    assert net_benefits(40_000 * f, 20_000 * f)[1] == pytest.approx(0, abs=1e-8)
    assert factor["base"] == 1 and factor["unit"] == "factor"
    (common,) = rows(table, name="discount_one discount_two", threshold=20_000.0)
    d = common["value"]
    assert net_benefits(40_000, 20_000, d_one=d, d_two=d)[1] == pytest.approx(0, abs=1e-8)
    assert common["label"] == "One discount" and d == pytest.approx(1 - f, rel=1e-9)


def test_a_formula_is_solved_by_moving_one_parameter(tmp_path):
    table = tables(tmp_path, "break_even: {formula: c_one + c_fixed, by: c_one, strategy: first}")["threshold"]
    (row,) = rows(table, threshold=20_000.0)
    assert row["name"] == "c_one + c_fixed" and row["by"] == "c_one" and row["base"] == 8500
    assert row["value"] == pytest.approx(2 * 20_000 * (0.5 * 0.95 + 0.03), rel=1e-13)
    assert row["by_value"] == pytest.approx(row["value"] - 500)
    assert row["from"] == 500


def test_a_derived_value(tmp_path):
    (row,) = rows(tables(tmp_path, "break_even: {name: net_one, between: [0, 50000], strategy: first}")["threshold"],
                  threshold=20_000.0)  # fmt: skip
    assert row["base"] == 8000 and net_benefits(row["value"])[0] == pytest.approx(0, abs=1e-8)


def test_several_roots_and_a_jump(tmp_path):
    """(z - 2) (z - 5) costs 200 each in group c; the rest of the net benefit is cancelled by a fixed cost."""
    flat = net_benefits(c_fixed=0)[0] / 0.5
    more = f"overrides: {{c_fixed: {flat!r}, use_bend: 1}}\n"
    asked = "break_even: {name: z, between: [0, 8], strategy: first}"
    smooth = rows(tables(tmp_path, asked, more)["threshold"], threshold=20_000.0)
    assert [r["value"] for r in smooth] == pytest.approx([2, 5], abs=1e-7)
    assert [r["positive"] for r in smooth] == ["above", "below"]
    (step,) = rows(tables(tmp_path / "step", asked, more + "choices: {shape: step}\n")["threshold"], threshold=20_000.0)
    assert step["status"] == "jump" and step["value"] == pytest.approx(4)
    assert "jumps across it at 4" in step["note"]


def test_no_change_of_sign_loses_nothing(tmp_path):
    table = tables(tmp_path, "break_even: [share_saved, {name: c_two, between: [0, 100]}, c_fixed]")["threshold"]
    (row,) = rows(table, name="share_saved", strategy="both", threshold=20_000.0)
    assert math.isnan(row["value"]) and row["status"] == "no change of sign"
    low, high = net_benefits(saved=0)[1], net_benefits(saved=1)[1]
    assert (row["inmb_at_low"], row["inmb_at_high"]) == pytest.approx((low, high))
    assert row["note"] == (
        f"No break-even value over 0 to 1: the INMB stays positive (from {low:,.0f} to {high:,.0f} GBP per birth). "
        "These are all values that its unit allows."
    )
    (still,) = rows(table, name="share_saved", strategy="first", threshold=20_000.0)
    assert still["status"] == "no effect" and "does not depend on it" in still["note"]
    (given,) = rows(table, name="c_two", strategy="both", threshold=20_000.0)
    assert given["note"].endswith("Widen `between` to look further.")
    assert rows(table, name="c_fixed", strategy="first")[0]["status"] == "break-even"


def test_where_the_model_cannot_run_is_told(tmp_path):
    """Without the group, p_b leaves no room for p_a above 0.7."""
    edits = [("model/parameters.csv", f'"dirichlet(group=mix, count={n})"', "") for n in (50, 30, 20)]
    asked = "break_even: {name: p_a, strategy: first}"
    (row,) = rows(tables(tmp_path, asked, "", *edits)["threshold"], threshold=20_000.0)
    assert row["to"] == pytest.approx(0.7) and row["status"] == "no change of sign"
    assert "The model cannot run further" in row["note"] and "tree" in row["note"]
    with pytest.raises(nbsmodel.InputError, match=r"cannot run at p_a = 0\.7"):
        tables(tmp_path / "given", asked.replace("}", ", between: [0, 1]}"), "", *edits)


def test_costs_are_looked_for_far_beyond_the_value_in_force(tmp_path):
    """A test that would have to cost 11 times as much."""
    (row,) = rows(tables(tmp_path, "break_even: c_fixed", "overrides: {c_fixed: 200}\n")["threshold"],
                  strategy="first", threshold=30_000.0)  # fmt: skip
    assert row["relative_to_base"] > 30 and row["to"] >= 100 * 200


def test_a_formula_that_falls_turns_the_sides_round(tmp_path):
    asked = "break_even: {formula: 20000 - c_one, by: c_one, strategy: first, between: [8000, 30000]}"
    (row,) = rows(tables(tmp_path, asked)["threshold"], threshold=20_000.0)
    price = 2 * 20_000 * (0.5 * 0.95 + 0.03) - 500
    assert row["value"] == pytest.approx(20_000 - price, rel=1e-9) and row["by_value"] == pytest.approx(price)
    assert (row["positive"], row["base"], row["unit"]) == ("above", 12_000, "GBP")
    assert (row["from"], row["to"]) == (-10_000, 12_000)
    assert (row["inmb_at_low"], row["inmb_at_high"]) == pytest.approx((net_benefits(30_000)[0], net_benefits(8000)[0]))
    assert row["note"].startswith("The INMB is positive above ")
    for step, sign in ((10, 1), (-10, -1)):  # more of the formula is less of the price
        assert inmb(tmp_path, {"c_one": 20_000 - (row["value"] + step)}) * sign > 0


def test_several_roots_of_a_formula_that_falls(tmp_path):
    flat = net_benefits(c_fixed=0)[0] / 0.5
    more = f"overrides: {{c_fixed: {flat!r}, use_bend: 1}}\n"
    found = rows(tables(tmp_path, "break_even: {formula: 10 - z, by: z, between: [0, 8], strategy: first}", more)[
        "threshold"], threshold=20_000.0)  # fmt: skip
    assert [r["value"] for r in found] == pytest.approx([5, 8], abs=1e-7)
    assert [r["by_value"] for r in found] == pytest.approx([5, 2], abs=1e-7)
    assert [r["positive"] for r in found] == ["above", "below"]


@pytest.mark.parametrize(
    ("formula", "by", "unit"),
    [
        ("c_one * (1 - discount_one)", "discount_one", "GBP"),
        ("net_one + c_fixed", "c_one", "GBP"),
        ("c_one / c_two", "c_one", ""),
        ("c_one * c_two", "c_one", ""),
        ("1 - discount_one", "discount_one", ""),
    ],
)
def test_the_unit_of_a_formula_is_that_of_its_money(tmp_path, formula, by, unit):
    table = tables(tmp_path, f"break_even: {{formula: {formula}, by: {by}, strategy: first}}")["threshold"]
    assert set(table["unit"]) == {unit}


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("(c_one - 9000) ** 2", "does not rise throughout or fall throughout as c_one goes from 0 to"),
        ("min(c_one, 17000)", "does not rise throughout"),
        ("1 / (c_one - c_one)", "is no finite number at c_one = 0"),
        ("log(c_one - 100000)", "is no finite number at c_one = 0"),
        ("c_two + c_fixed", "does not change as c_one goes"),
    ],
)
def test_a_formula_without_one_side_is_refused(tmp_path, formula, words):
    asked = f'break_even: {{formula: "{formula}", by: c_one}}'
    with pytest.raises(nbsmodel.InputError) as refused:
        tables(tmp_path, asked)
    assert "analyses.break_even[1].formula" in str(refused.value) and words in str(refused.value)
    assert "narrower `between`" in str(refused.value) or "Give `between: [low, high]`" in str(refused.value)


def test_a_formula_is_allowed_where_it_rises(tmp_path):
    asked = 'break_even: {formula: "(c_one - 9000) ** 2", by: c_one, between: [10000, 30000], strategy: first}'
    (row,) = rows(tables(tmp_path, asked)["threshold"], threshold=20_000.0)
    assert row["value"] == pytest.approx((row["by_value"] - 9000) ** 2) and row["positive"] == "below"


def test_two_roots_have_one_sentence(tmp_path):
    flat = net_benefits(c_fixed=0)[0] / 0.5
    more = f"overrides: {{c_fixed: {flat!r}, use_bend: 1}}\n"
    asked = """
        break_even:
          - {name: z, between: [0, 8], strategy: first}
          - {name: z, between: [0, 4], strategy: first}
    """
    table = tables(tmp_path, asked, more)["threshold"]
    found = rows(table, question=1, threshold=20_000.0)
    assert {r["note"] for r in found} == {"The INMB is positive between 2 and 5, and negative below 2 and above 5."}
    (one,) = rows(table, question=2, threshold=20_000.0)
    assert one["note"] == "The INMB is positive above 2."


# --- value-based prices


KINK = ("model/model.yaml", "net_one: c_one *", "net_one: min(c_one, 17000) *")


def test_a_price_beyond_a_bend_is_not_given(tmp_path):
    """Nothing is left to pay above 17,000, so that no price is too high; three equal steps up to 16,000 do not tell."""
    table = tables(tmp_path, "value_based_price: c_one", "", KINK)["value_based_price"]
    for row in rows(table, strategy="first"):
        assert row["status"] == "no straight line" and "break_even" in row["note"]
        assert math.isnan(row["price"]) and math.isnan(row["inmb_at_price"])
    swap = ("model/model.yaml", "value: one * net_one + two", "value: (1 - one) * net_one + two")
    table = tables(tmp_path / "saving", "value_based_price: c_one", "", KINK, swap)["value_based_price"]
    assert set(table[table["strategy"] == "first"]["status"]) == {"no straight line"}


def test_a_price_before_a_bend_stands(tmp_path):
    table = tables(tmp_path, "value_based_price: c_one", "overrides: {c_fixed: 9000}\n", KINK)["value_based_price"]
    (row,) = rows(table, strategy="first", threshold=20_000.0)
    assert row["status"] == "price" and row["price"] == pytest.approx(2 * 20_000 * 0.505 - 9000)
    assert abs(row["inmb_at_price"]) < 1e-8


def test_a_net_price_is_a_derived_value(tmp_path):
    asked = """
        value_based_price: [c_one, {name: net_one, label: "First drug, net of discount"}, net_two]
        psa: {draws: 80}
        price_surface: {x: {name: net_one}, y: {name: net_two}, from: 0, to: 20000, steps: 3}
    """
    found = tables(tmp_path, asked, "overrides: {discount_one: 0.5}\n")
    prices = found["value_based_price"]
    for threshold in (20_000.0, 30_000.0):
        (bare,) = rows(prices, name="c_one", strategy="first", threshold=threshold)
        (net,) = rows(prices, name="net_one", strategy="first", threshold=threshold)
        assert net["price"] == pytest.approx(0.5 * bare["price"], rel=1e-12)  # half of the list price is paid
        assert (net["price_in_force"], net["unit"], net["label"]) == (4000, "GBP", "First drug, net of discount")
        assert net["note"].startswith("The INMB is not negative at or below ") and "currency" not in net["note"]
        assert abs(inmb(tmp_path, {"net_one": net["price"]}, "first", threshold)) < 1e-8
    assert rows(prices, name="net_two")[0]["label"] == "Net two"
    for row in rows(found["price_surface"], strategy="first", threshold=20_000.0):
        assert row["inmb"] == pytest.approx(net_benefits(row["x"])[0])
        # in every draw the net price is the number given, so only clinic, utility and groups vary
        assert row["inmb_psa_se"] > 0 and abs(row["inmb_psa"] - row["inmb"]) < 8 * row["inmb_psa_se"] + 800


def test_prices_by_hand(tmp_path):
    table = tables(tmp_path, "value_based_price: [c_one, c_two]")["value_based_price"]
    assert list(table.columns) == PRICE_COLUMNS
    (row,) = rows(table, name="c_one", strategy="first", threshold=20_000.0)
    by_hand = 2 * 20_000 * (0.5 * 0.95 + 0.03) - 500
    assert row["price"] == pytest.approx(by_hand, rel=1e-14) and row["price_in_force"] == 8000
    assert row["discount"] == pytest.approx(1 - by_hand / 8000)
    assert (row["status"], row["positive"]) == ("price", "below")
    assert abs(row["inmb_at_price"]) < 1e-8
    assert (row["inmb_in_force"], row["inmb_at_zero"]) == pytest.approx((net_benefits()[0], net_benefits(0)[0]))
    assert rows(table, name="c_two", strategy="first")[0]["status"] == "no effect"


def test_the_ratio_at_the_price_is_the_threshold(tmp_path):
    table = tables(tmp_path, "value_based_price: c_one")["value_based_price"]
    model = nbsmodel.load_model(tmp_path / "model")
    for row in table.to_dict("records"):
        result = nbsmodel.evaluate(model, overrides={"c_one": row["price"]})
        cost, effect = (result.total(o, row["strategy"])[0] - result.total(o, "usual")[0] for o in ("cost", "qaly"))
        assert cost / effect == pytest.approx(row["threshold"], rel=1e-12)


def test_not_even_for_nothing_and_at_any_price(tmp_path):
    poor = tables(tmp_path, "value_based_price: c_one", "overrides: {c_fixed: 50000}\n")["value_based_price"]
    (row,) = rows(poor, strategy="first", threshold=20_000.0)
    assert row["status"] == "not even at 0" and row["price"] < 0 and math.isnan(row["inmb_at_price"])
    assert row["note"].startswith("Not even a price of 0 is low enough")
    swap = ("model/model.yaml", "value: one * net_one + two", "value: (1 - one) * net_one + two")
    saving = tables(tmp_path / "saving", "value_based_price: c_one", "", swap)["value_based_price"]
    (row,) = rows(saving, strategy="first", threshold=20_000.0)
    assert (row["status"], row["positive"]) == ("at any price", "above") and row["price"] < 0


def test_what_is_no_straight_line_is_left_to_the_solver(tmp_path):
    bent = (
        "model/model.yaml",
        "net_one: c_one * (1 - discount_one)",
        "net_one: c_one ** 2 / 8000 * (1 - discount_one)",
    )
    found = tables(tmp_path, "value_based_price: c_one\nbreak_even: c_one", "", bent)
    (row,) = rows(found["value_based_price"], strategy="first", threshold=20_000.0)
    assert row["status"] == "no straight line" and math.isnan(row["price"]) and "break_even" in row["note"]
    (root,) = rows(found["threshold"], strategy="first", threshold=20_000.0)
    assert root["value"] == pytest.approx(math.sqrt(8000 * (2 * 20_000 * 0.505 - 500)), rel=1e-12)


def test_the_price_agrees_with_the_solver(tmp_path):
    found = tables(tmp_path, "value_based_price: [c_one, c_two]\nbreak_even: [c_one, c_two]")
    prices = found["value_based_price"][found["value_based_price"]["status"] == "price"]
    for row in prices.to_dict("records"):
        wanted = {key: row[key] for key in ("name", "strategy", "threshold")}
        (root,) = rows(found["threshold"], **wanted)
        assert root["value"] == pytest.approx(row["price"], rel=1e-12)


def test_a_unit_that_is_no_currency_is_remarked_upon(tmp_path):
    edit = ("model/parameters.csv", "c_two,Second drug,3000,GBP", "c_two,Second drug,3000,years")
    table = tables(tmp_path, "value_based_price: [c_one, c_two]", "", edit)["value_based_price"]
    notes = {name: part["note"].iloc[-1] for name, part in table.groupby("name")}
    assert "no currency" in notes["c_two"] and "no currency" not in notes["c_one"]


def test_numbers_in_sentences_are_those_of_the_table(tmp_path):
    for row in tables(tmp_path, "break_even: c_one")["threshold"].to_dict("records"):
        told = float(re.search(r"below ([\d,.]+)\.", row["note"])[1].replace(",", ""))
        assert np.isclose(told, row["value"], rtol=1e-3)
