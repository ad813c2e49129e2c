"""Presets of thresholds, reasons for departures from a reference case, and the price year of a config."""

import pandas as pd
import pytest
from config_files import MODEL, refusal, scenario
from helpers import PARAMETERS, write_complete, write_files

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.config.settings import Settings
from nbsmodel.reference.thresholds import presets
from nbsmodel.run.validate import validate

RC = "settings: {discount_rate_costs: 0.035, discount_rate_outcomes: 0.035, horizon: 8 years}\n"
NAMES = "(uk, uk_hst, uk_opportunity_cost)"


def indexed(folder):
    """The small model with an index on every price."""
    write_complete(folder)
    lines = [line.strip() for line in PARAMETERS.splitlines()]
    cells = ["index", *("nhscii_pay_prices_2025" if ",GBP," in line else "" for line in lines[1:])]
    rows = [
        f"{line.rsplit(',', 1)[0]},{cell},{line.rsplit(',', 1)[1]}" for line, cell in zip(lines, cells, strict=True)
    ]
    (folder / "model" / "parameters.csv").write_text("\n".join(rows) + "\n")


# --- presets of thresholds


def test_the_shipped_presets():
    found = presets()
    assert found["uk"].values == (20_000, 25_000, 30_000, 35_000) and not found["uk"].placeholders
    assert found["uk_hst"].values == (100_000,) and not found["uk_hst"].placeholders
    memory = found["uk_opportunity_cost"]
    assert memory.values == memory.placeholders == (13_000, 15_000)
    assert all("memory" in note for note in memory.notes) and {p.currency for p in found.values()} == {"GBP"}


@pytest.mark.parametrize(
    ("written", "numbers", "used"),
    [
        ("uk", [20_000, 25_000, 30_000, 35_000], ["uk"]),
        ("[uk_opportunity_cost, 20000, uk_hst]", [13_000, 15_000, 20_000, 100_000], ["uk_opportunity_cost", "uk_hst"]),
        ("[20000, 30000]", [20_000, 30_000], []),
        ("[50000, uk]", [50_000, 20_000, 25_000, 30_000, 35_000], ["uk"]),
    ],
)
def test_numbers_and_presets_mix(written, numbers, used, tmp_path):
    found = scenario(tmp_path, {"main": f"{MODEL}settings: {{thresholds: {written}}}\n"})
    assert found.settings.thresholds == numbers and [p.name for p in found.presets] == used
    assert found.settings.as_written()["thresholds"] == numbers


def test_a_model_file_and_set_may_name_a_preset(tmp_path):
    write_complete(tmp_path, ("model/model.yaml", "horizon: 8 years", "thresholds: uk_hst"))
    assert [p.name for p in load_scenario(tmp_path / "model").presets] == ["uk_hst"]
    found = load_scenario(tmp_path / "model", ["settings.thresholds=[uk, 7]"])
    assert found.settings.thresholds[-1] == 7 and [p.name for p in found.presets] == ["uk"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[1000, uk_hts]", f"settings.thresholds[2]: found 'uk_hts', which is no number and no preset {NAMES}."),
        ("ukk", f"settings.thresholds: found 'ukk', which is no number and no preset {NAMES}."),
        ("[uk, 30000]", "settings.thresholds: a threshold stands twice: 30000."),
        ("[uk, uk]", "settings.thresholds: a threshold stands twice: 20000."),
        ("['20000']", "settings.thresholds[1]: a number is needed, found '20000' (it stands in quotes: remove them)."),
        (f"[uk, {', '.join(map(str, range(1, 18)))}]", "there are 21 thresholds, at most 20 are allowed."),
    ],
)
def test_presets_refused(written, words, tmp_path):
    (found,) = refusal(tmp_path, {"main": f"{MODEL}settings: {{thresholds: {written}}}\n"})
    assert found.startswith("configs/main.yaml:2 settings.thresholds") and words in found


def test_a_preset_in_other_money_is_refused(tmp_path):
    write_complete(tmp_path, ("model/model.yaml", "currency: GBP", "currency: EUR"))
    file = tmp_path / "model" / "parameters.csv"
    file.write_text(file.read_text().replace(",GBP,", ",EUR,"))
    (found,) = refusal(tmp_path, {"main": f"{MODEL}settings: {{thresholds: uk}}\n"})
    assert found.startswith("configs/main.yaml:2 settings.thresholds: the preset uk is in GBP, the model in EUR.")


# --- reasons for departures


def test_reasons_are_inherited_and_replaced(tmp_path):
    configs = {
        "rc": RC,
        "base": f"{MODEL}reference_case: rc.yaml\ndepartures: {{discount_rate_outcomes: Lower, horizon: None}}\n",
        "main": "extends: base.yaml\ndepartures: {horizon: As published}\n",
    }
    found = scenario(tmp_path, configs, "departures.effect=Life-years")
    assert found.reasons == {"discount_rate_outcomes": "Lower", "horizon": "As published", "effect": "Life-years"}
    assert found.departures() == [("discount_rate_outcomes", 0.035, 0.015)]


def test_a_file_that_names_itself_is_the_reference_case_of_whoever_extends_it(tmp_path):
    main = f"extends: rc.yaml\n{MODEL}settings: {{discount_rate_costs: 0.06}}\n"
    twice = scenario(tmp_path / "a", {"rc": RC, "main": f"reference_case: rc.yaml\n{main}"})
    once = scenario(tmp_path / "b", {"rc": f"reference_case: rc.yaml\n{RC}", "main": main})
    assert twice.departures() == once.departures() == [("discount_rate_costs", 0.035, 0.06)]
    assert twice.settings == once.settings and twice.reference_case[1] == once.reference_case[1]
    assert once.reference_case[0] == (tmp_path / "b" / "configs" / "rc.yaml").resolve()
    # through a third config in another folder, and with another reference case instead
    configs = {"rc": f"reference_case: rc.yaml\n{RC}", "base": main, "other": "settings: {horizon: 8 years}\n"}
    write_files(tmp_path, {"b/more/third.yaml": "extends: ../configs/main.yaml\n"})
    assert load_scenario(tmp_path / "b" / "more" / "third.yaml").reference_case == once.reference_case
    found = scenario(tmp_path / "c", configs | {"main": "extends: base.yaml\nreference_case: other.yaml\n"})
    assert found.reference_case[0].stem == "other" and found.settings == once.settings


@pytest.mark.parametrize("key", list(Settings.model_fields))
def test_every_setting_can_depart(key, tmp_path):
    other = {
        "discount_rate_costs": "0.01", "discount_rate_outcomes": "0.01", "discount_timing": "end", "horizon": "5 years",
        "within_cycle_correction": "end", "thresholds": "[1]", "effect": "life_years", "perspectives": "[society]",
    }  # fmt: skip
    write_complete(tmp_path, ("model/model.yaml", "settings:\n", "perspectives: [society]\nsettings:\n"))
    # the small model has two settings of its own, which the reference case has too
    same = "settings: {discount_rate_outcomes: 0.015, horizon: 8 years}\n"
    main = f"{MODEL}reference_case: rc.yaml\nsettings: {{{key}: {other[key]}}}\ndepartures: {{{key}: Because}}\n"
    found = scenario(tmp_path, {"rc": same, "main": main})
    assert [name for name, _, _ in found.departures()] == [key] and found.reasons[key] == "Because"


@pytest.mark.parametrize(
    ("departures", "reference", "words"),
    [
        (
            "{discount_rate_cost: x}",
            True,
            "departures.discount_rate_cost: there is no setting discount_rate_cost. Did you mean",
        ),
        ("{horizon: x}", False, "departures.horizon: no reference case is named that could be departed from. Add `ref"),
        ("{horizon: [x]}", True, "departures.horizon: text is needed"),
        ("x", True, "departures: a block of `key: value` lines is needed"),
    ],
)
def test_reasons_refused(departures, reference, words, tmp_path):
    line = "reference_case: rc.yaml\n" if reference else "title: x\n"
    (found,) = refusal(tmp_path, {"rc": RC, "main": f"{MODEL}{line}departures: {departures}\n"})
    assert found.startswith("configs/main.yaml:3") and words in found


def test_validate_notes_missing_and_idle_reasons(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_complete(tmp_path)
    main = f"{MODEL}reference_case: rc.yaml\nsettings: {{effect: life_years}}\ndepartures:\n  horizon: None\n"
    write_files(tmp_path, {"configs/rc.yaml": RC, "configs/main.yaml": main})
    problems, notes = validate(["configs/main.yaml"])
    assert problems == []
    assert (
        "configs/main.yaml:3 settings.effect: departs from the reference case rc without a reason. "
        + ("Give one under `departures`.")
        in notes
    )
    assert any(n.startswith("model/model.yaml:73 settings.discount_rate_outcomes: departs from the") for n in notes)
    assert "configs/main.yaml:5 departures.horizon: horizon does not depart from the reference case rc." in notes
    write_files(tmp_path, {"configs/main.yaml": MODEL})
    assert not any("reference case" in n for n in validate(["configs/main.yaml"])[1])


def test_the_results_folder_says_it_all_again(tmp_path):
    indexed(tmp_path)
    main = (
        f"{MODEL}reference_case: rc.yaml\nprice_year: 2019/20\nsettings: {{thresholds: [uk, 50000]}}\n"
        "departures: {discount_rate_outcomes: As published}\n"
    )
    write_files(tmp_path, {"configs/rc.yaml": RC, "configs/main.yaml": main})
    first = nbsmodel.run(tmp_path / "configs" / "main.yaml", out=tmp_path / "one")
    again = nbsmodel.run(tmp_path / "one" / "resolved_config.yaml", out=tmp_path / "two")
    assert again.scenario.model.about["price_year"] == "2019/20"
    assert again.scenario.reference_case[0].stem == "rc" and again.scenario.reasons == first.scenario.reasons
    for name in ("cea", "departures", "parameters"):
        assert (tmp_path / "one" / f"{name}.csv").read_bytes() == (tmp_path / "two" / f"{name}.csv").read_bytes()
    table = pd.read_csv(tmp_path / "one" / "departures.csv", keep_default_na=False).set_index("setting")
    assert table.loc["discount_rate_outcomes", "reason"] == "As published" and table.loc["thresholds", "reason"] == ""


# --- price year


def test_a_config_sets_the_price_year_and_it_is_logged(tmp_path):
    indexed(tmp_path)
    base = {"base": f"{MODEL}price_year: 2019\n", "main": "extends: base.yaml\n"}
    found = scenario(tmp_path, base)
    (change,) = found.changes
    assert (change.key, change.old, change.new) == ("price_year", "2024/25", "2019")
    assert change.place.endswith("configs/base.yaml:2 price_year")
    assert found.model.prices.factor("c_ill") == pytest.approx(1 / 1.202648, rel=1e-6)
    assert scenario(tmp_path, base, "price_year=2024/25").changes == ()


@pytest.mark.parametrize(
    ("year", "words"),
    [
        ("2019/21", "price_year: found '2019/21', which is no price year."),
        ("list price", "price_year: found 'list price', which is no price year."),
        ("2002/03", "price_year: the index nhscii_pay_prices_2025 has no value for 2002/03."),
        ("[2019]", "price_year: text is needed, found [2019]."),
    ],
)
def test_price_years_refused_with_the_line_of_the_config(year, words, tmp_path):
    indexed(tmp_path)
    (found,) = refusal(tmp_path, {"main": f"{MODEL}price_year: {year}\n"})
    assert found.startswith("configs/main.yaml:2 ") and words in found


def test_prices_that_cannot_follow_are_listed(tmp_path):
    (found,) = refusal(tmp_path, {"main": f"{MODEL}price_year: 2019\n"})
    assert found.startswith(
        "configs/main.yaml:2 price_year: the model's prices are of 2024/25, and these have no index: "
    )
    assert "c_confirm, c_drug, c_ill, c_death." in found
