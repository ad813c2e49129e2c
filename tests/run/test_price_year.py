"""Analyses of a model whose prices are uprated: parameters in their own price year, results in that of the results."""

import re
from html import unescape

import pandas as pd
import pytest
from points_models import FILES, net_benefits, write_points

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.report.methods_prices import preset_sentences, price_sentences

INDEX = "year,level\n2020,100\n2024,160\n"
F = 1.6
RATE = "fx,Rate,0.5,GBP per EUR,,smith,published,,\n"
ANALYSES = """
    one_way: {parameters: [c_one, c_fixed]}
    break_even:
      - c_one
      - {formula: c_one + net_one, by: c_one, strategy: first}
      - {scale: [c_one, c_two], strategy: first}
    value_based_price: [c_one, net_one]
    psa: {draws: 64}
"""


def written(folder, more="", analyses=ANALYSES):
    """The model of closed forms: two drugs priced in 2020, a clinic in 2024/25, a made-up index that rises by 60%."""
    lines = FILES["model/parameters.csv"].splitlines()
    named = {"c_one": "2020,own", "c_two": "2020,own", "c_fixed": "2024/25,none", "name": "price_year,index"}
    out = []
    for line in lines:
        front, year, note = line.rsplit(",", 2)
        out.append(f"{front},{named.get(line.split(',')[0], year + ',')},{note}")
    config = write_points(folder, analyses, more)
    (folder / "model" / "parameters.csv").write_text("\n".join(out) + "\n")
    (folder / "model" / "own.csv").write_text(f"# Rise of prices, 2nd edition\n{INDEX}")
    file = folder / "model" / "model.yaml"
    file.write_text(file.read_text().replace("derived:\n", "tables:\n  own: {file: own.csv, by: year}\nderived:\n"))
    return config


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prices")
    return nbsmodel.run(written(folder), out=folder / "out")


def rows(table, **wanted):
    for key, value in wanted.items():
        table = table[table[key] == value]
    return table.to_dict("records")


def inmb(output, overrides, threshold=20_000.0):
    result = nbsmodel.evaluate(output.scenario.model, overrides=overrides)
    cost, qaly = result.by_strategy("cost")[0], result.by_strategy("qaly")[0]
    return threshold * (qaly[1] - qaly[0]) - (cost[1] - cost[0])


def test_the_result_by_hand(output):
    pair = output.tables["pairwise"].set_index("strategy").loc["first"]
    by_hand = net_benefits(8000 * F, 3000 * F)[0]
    assert 20_000 * pair["inc_qaly"] - pair["inc_cost"] == pytest.approx(by_hand, rel=1e-12)
    assert inmb(output, {}) == pytest.approx(by_hand, rel=1e-12)


def test_parameters_stand_in_their_own_year_with_factor_and_value_used(output):
    table = output.tables["parameters"].set_index("name")
    assert table.loc["c_one", ["value", "base_value", "mean", "price_year", "index"]].tolist() == [
        8000,
        8000,
        8000,
        "2020",
        "own",
    ]
    assert table.loc["c_one", "factor"] == pytest.approx(F) and table.loc["c_one", "uprated"] == pytest.approx(8000 * F)
    assert table.loc["c_one", "vintage"] == "Rise of prices, 2nd edition"
    assert (
        table.loc[["c_fixed", "p_a"], ["factor", "uprated"]].isna().all().all()
        and table.loc["c_fixed", "index"] == "none"
    )
    assert output.tables["derived"].set_index("name").loc["net_one", "value"] == "12800"


def test_a_break_even_value_is_in_the_price_year_of_its_parameter(output):
    (row,) = rows(output.tables["threshold"], name="c_one", strategy="first", threshold=20_000.0)
    by_hand = (2 * 20_000 * (0.5 * 0.95 + 0.03) - 500) / F
    assert row["value"] == pytest.approx(by_hand, rel=1e-9) and row["base"] == 8000
    assert abs(inmb(output, {"c_one": row["value"]})) < 1e-6
    assert row["label"] == "First drug (2020 prices)"


def test_a_formula_that_is_asked_for_is_in_the_price_year_of_the_results(output):
    found = output.tables["threshold"]
    (row,) = [
        r for r in rows(found, strategy="first", threshold=20_000.0) if r["by"] == "c_one" and r["name"] != "c_one"
    ]
    assert row["value"] == pytest.approx(2 * F * row["by_value"], rel=1e-9)
    assert row["base"] == pytest.approx(2 * F * 8000) and row["unit"] == "GBP"


def test_value_based_prices_agree_with_running_the_model_at_them(output):
    prices = output.tables["value_based_price"]
    (own,) = rows(prices, name="c_one", strategy="first", threshold=20_000.0)
    (net,) = rows(prices, name="net_one", strategy="first", threshold=20_000.0)
    assert net["price"] == pytest.approx(F * own["price"], rel=1e-12)
    assert (own["price_in_force"], net["price_in_force"]) == (8000, pytest.approx(8000 * F))
    assert own["label"] == "First drug (2020 prices)" and net["label"] == "Net one"
    assert abs(inmb(output, {"c_one": own["price"]})) < 1e-6 and abs(inmb(output, {"net_one": net["price"]})) < 1e-6


def test_ends_of_a_bar_are_in_the_price_year_of_the_parameter(output):
    (row,) = rows(output.tables["tornado"], parameter="c_one", strategy="first", threshold=20_000.0)
    assert row["low"] < 8000 < row["high"] < 8000 * F
    for end in ("low", "high"):
        assert row[f"inmb_{end}"] == pytest.approx(inmb(output, {"c_one": row[end]}), rel=1e-9)


def test_draws_have_the_distribution_of_the_row(output):
    draws = pd.read_parquet(output.folder / "psa_draws.parquet")
    assert draws["c_one"].mean() == pytest.approx(8000, rel=0.05)


def test_the_same_prices_whatever_year_they_are_shown_in(tmp_path):
    later = load_scenario(written(tmp_path / "a", analyses="one_way: true"))
    earlier = load_scenario(written(tmp_path / "b", "price_year: 2020\n", analyses="one_way: true"))
    free = {"c_fixed": 0.0}
    costs = [nbsmodel.evaluate(s.model, overrides=free).by_strategy("cost")[0] for s in (later, earlier)]
    assert costs[0] == pytest.approx(F * costs[1], rel=1e-12) and costs[1][1] == 0.5 * 8000


# --- the report


def plain(output):
    text = (output.folder / "report.html").read_text(encoding="utf-8")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", " ", text, flags=re.S))).split())


def test_the_report_shows_what_was_uprated(output):
    text = plain(output)
    assert "Prices brought to 2024/25" in text
    assert "First drug 8,000 GBP 2020 1.6 12,800 own: Rise of prices, 2nd edition" in text
    assert (
        "Two costs (c_one and c_two) are multiplied by an index to 2024/25, 1.6 from 2020. "
        "Index: Rise of prices, 2nd edition."
    ) in text
    assert "Never uprated (index none): c_fixed (2024/25)." in text


def test_the_sentences_say_another_price_year(tmp_path):
    config = written(tmp_path, "price_year: 2020\nsettings: {thresholds: uk_opportunity_cost}\n", "one_way: true")
    scenario = load_scenario(config)
    found = list(price_sentences(scenario))
    assert found[0] == "Prices are those of 2020; the model as its folder has it is in 2024/25 prices."
    assert found[1] == "Two costs with an index are in 2020 prices already."
    (text,) = preset_sentences(scenario)
    assert text == (
        "Thresholds of the preset uk_opportunity_cost, Opportunity cost of NHS spending: £13,000 and £15,000. "
        "£13,000 and £15,000 are placeholders from memory, not read in any source: replace before use."
    )


def test_a_model_without_indices_says_nothing_of_them(tmp_path):
    scenario = load_scenario(write_points(tmp_path, "one_way: true"))
    assert list(price_sentences(scenario)) == [] and list(preset_sentences(scenario)) == []


def test_prices_of_other_years_and_exchange_rates_are_listed(tmp_path):
    config = write_points(
        tmp_path, "one_way: true", "",
        ("model/parameters.csv", "3000,GBP,,smith,published,2024/25", "3000,GBP,,smith,published,2019"),
        ("model/parameters.csv", "c_fixed,Clinic,500,GBP", f"{RATE}c_fixed,Clinic,1000,EUR"),
        ("model/parameters.csv", "lognormal(mean=500, se=50)", "lognormal(mean=1000, se=50)"),
        ("model/model.yaml", "one * c_fixed}", "one * c_fixed * fx}"),
    )  # fmt: skip
    scenario = load_scenario(config)
    left, rates = price_sentences(scenario)
    assert left.startswith("Not in 2024/25 prices and without an index") and left.endswith(": c_two (2019).")
    assert rates == "Amounts in another currency are multiplied by exchange rates: 0.5 GBP per EUR (fx)."
    cost = nbsmodel.evaluate(scenario.model).by_strategy("cost")[0]
    assert cost[1] == pytest.approx(0.5 * (8000 + 500))
