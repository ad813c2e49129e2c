"""Configs: what is merged over what, and what is logged."""

from __future__ import annotations

from fractions import Fraction

import pytest
from config_files import MODEL, scenario
from helpers import write_complete, write_files

from nbsmodel.config.scenario import load_scenario
from nbsmodel.config.settings import Settings
from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model


def costs(found):
    return found.settings.as_written()["discount_rate_costs"]


# --- order


def test_defaults_are_weakest_then_the_model_file(tmp_path):
    found = scenario(tmp_path, {"main": MODEL})
    written = found.settings.as_written()
    assert written == Settings().as_written() | {"discount_rate_outcomes": 0.015, "horizon": "8 years"}
    assert found.changes == () and found.overrides == {} and found.choices == {"outlook": "observed"}
    assert (found.engine, found.seed, found.name, found.title) == ("cohort", 1, "main", "Small complete model")


def test_then_what_is_extended_then_the_config_then_set(tmp_path):
    configs = {
        "base": (
            "settings: {discount_rate_costs: 0.01, discount_rate_outcomes: 0.01,\n"
            "  horizon: 7 years, effect: life_years}\n"
        ),
        "main": f"extends: base.yaml\n{MODEL}settings: {{discount_rate_costs: 0.02, horizon: 6 years}}\n",
    }
    found = scenario(tmp_path, configs, "settings.horizon=5 years", "settings.horizon=4 years")
    written = found.settings.as_written()
    assert written["discount_rate_outcomes"] == 0.01  # base over the model file
    assert written["effect"] == "life_years"
    assert written["discount_rate_costs"] == 0.02  # the config over its base
    assert written["horizon"] == "4 years"  # --set over both, the last one wins


def test_every_kind_of_value_is_merged(tmp_path):
    configs = {
        "base": (
            "title: Base\nnote: base note\nseed: 5\noverrides: {p_uptake: 0.5, c_drug: 10}\n"
            f"choices: {{outlook: cautious}}\n{MODEL}"
        ),
        "main": "extends: base.yaml\ntitle: Main\noverrides: {p_uptake: 0.6, c_ill: 20}\n",
    }
    found = scenario(tmp_path, configs)
    assert (found.title, found.note, found.seed) == ("Main", "base note", 5)
    assert found.overrides == {"p_uptake": 0.6, "c_drug": 10.0, "c_ill": 20.0}
    assert found.choices == {"outlook": "cautious"}


def test_extended_files_count_first_to_last(tmp_path):
    configs = {
        "a": "settings: {discount_rate_costs: 0.01, horizon: 7 years}\n",
        "b": "settings: {discount_rate_costs: 0.02}\n",
        "main": f"extends: [a.yaml, b.yaml]\n{MODEL}",
    }
    found = scenario(tmp_path, configs)
    assert costs(found) == 0.02 and found.settings.as_written()["horizon"] == "7 years"
    configs["main"] = f"extends: [b.yaml, a.yaml]\n{MODEL}"
    assert costs(scenario(tmp_path, configs)) == 0.01


def test_a_chain(tmp_path):
    configs = {f"c{i}": f"extends: c{i - 1}.yaml\noverrides: {{p_uptake: 0.{i}}}\n" for i in range(1, 9)}
    configs["c0"] = f"{MODEL}overrides: {{p_uptake: 0.05, c_drug: 7}}\n"
    configs["main"] = "extends: c8.yaml\n"
    found = scenario(tmp_path, configs)
    assert found.overrides == {"p_uptake": 0.8, "c_drug": 7.0}
    assert [p.name for p in found.files[:10]] == ["main.yaml", *(f"c{i}.yaml" for i in range(8, -1, -1))]


def test_two_variants_of_one_base_add_up(tmp_path):
    """A diamond: the base that both extend counts once, so that neither variant undoes the other."""
    configs = {
        "base": f"{MODEL}settings: {{discount_rate_costs: 0.035}}\noverrides: {{c_drug: 100}}\n",
        "low_rate": "extends: base.yaml\nsettings: {discount_rate_costs: 0.015}\n",
        "cheap": "extends: base.yaml\noverrides: {c_drug: 50}\n",
    }
    for order in ("low_rate.yaml, cheap.yaml", "cheap.yaml, low_rate.yaml"):
        found = scenario(tmp_path, configs | {"main": f"extends: [{order}]\n"})
        assert costs(found) == 0.015 and found.overrides == {"c_drug": 50.0}
        assert [p.name for p in found.files].count("base.yaml") == 1


def test_many_diamonds_do_not_explode(tmp_path):
    configs = {f"c{i}": f"extends: [c{i - 1}.yaml, ../configs/c{i - 1}.yaml]\n" for i in range(1, 40)}
    found = scenario(tmp_path, configs | {"c0": MODEL, "main": "extends: c39.yaml\n"})
    assert len([p for p in found.files if p.parent.name == "configs"]) == 41


def test_paths_are_seen_from_the_file_that_names_them(tmp_path):
    write_complete(tmp_path)
    write_files(
        tmp_path,
        {
            "common/base.yaml": "model: ../model\nreference_case: rc.yaml\n",
            "common/rc.yaml": "settings: {horizon: 5 years}\n",
            "deep/er/main.yaml": "extends: ../../common/base.yaml\n",
        },
    )
    found = load_scenario(tmp_path / "deep" / "er" / "main.yaml")
    assert found.model.folder == (tmp_path / "model").resolve()
    assert found.reference_case[0] == tmp_path / "common" / "rc.yaml"


def test_a_model_folder_is_a_scenario(tmp_path):
    write_complete(tmp_path)
    found = load_scenario(tmp_path / "model", ["overrides.p_uptake=0.5"])
    assert found.name == "model" and found.overrides == {"p_uptake": 0.5} and found.reference_case is None


# --- lists, by outcome, --set


def test_lists_are_replaced_not_joined(tmp_path):
    configs = {
        "base": f"{MODEL}settings: {{thresholds: [1, 2, 3], perspectives: [health_system, society]}}\n",
        "main": "extends: base.yaml\nsettings: {thresholds: [4]}\n",
    }
    written = scenario(tmp_path, configs).settings.as_written()
    assert written["thresholds"] == [4] and written["perspectives"] == ["health_system", "society"]


def test_schedules_and_settings_by_outcome_are_replaced_as_a_whole(tmp_path):
    configs = {
        "base": f"{MODEL}settings: {{discount_timing: {{default: end, qaly: mid, cost: start}}}}\n",
        "main": "extends: base.yaml\nsettings: {discount_timing: {default: mid, qaly: end}}\n",
    }
    assert scenario(tmp_path, configs).settings.discount_timing == {"default": "mid", "qaly": "end"}


@pytest.mark.parametrize(
    ("before", "sets", "after"),
    [
        ("{}", ["settings.discount_timing.qaly=start"], {"default": "mid", "qaly": "start"}),
        ("{discount_timing: end}", ["settings.discount_timing.qaly=start"], {"default": "end", "qaly": "start"}),
        (
            "{discount_timing: {default: end, cost: mid}}",
            ["settings.discount_timing.qaly=start"],
            {"default": "end", "cost": "mid", "qaly": "start"},
        ),
        (
            "{}",
            ["settings.discount_timing.qaly=start", "settings.discount_timing.cost=end"],
            {"default": "mid", "qaly": "start", "cost": "end"},
        ),
        (
            "{discount_timing: {default: end, cost: mid}}",
            ["settings.discount_timing.cost=end", "settings.discount_timing.default=start"],
            {"default": "start", "cost": "end"},
        ),
        ("{}", ["settings.discount_timing.qaly=start", "settings.discount_timing=end"], {"default": "end"}),
        (
            "{}",
            ["settings.discount_timing=end", "settings.discount_timing.qaly=start"],
            {"default": "end", "qaly": "start"},
        ),
    ],
)
def test_set_of_one_outcome_leaves_the_others(before, sets, after, tmp_path):
    found = scenario(tmp_path, {"main": f"{MODEL}settings: {before}\n"}, *sets)
    assert found.settings.discount_timing == after


def test_set_of_one_outcome_over_the_model_file(tmp_path):
    write_complete(
        tmp_path, ("model/model.yaml", "  horizon: 8 years", "  within_cycle_correction: {default: end, cost: start}")
    )
    found = scenario(tmp_path, {"main": MODEL}, "settings.within_cycle_correction.qaly=half_cycle")
    assert found.settings.within_cycle_correction == {"default": "end", "cost": "start", "qaly": "half_cycle"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("overrides.p_uptake=0.25", lambda s: s.overrides["p_uptake"] == 0.25),
        ("overrides.p_uptake = 1e-5", lambda s: s.overrides["p_uptake"] == 1e-5),
        ("choices.outlook=cautious", lambda s: s.choices["outlook"] == "cautious"),
        ("settings.thresholds=[100, 200]", lambda s: s.settings.thresholds == [100.0, 200.0]),
        ("settings.horizon=6 months", lambda s: s.settings.horizon == Fraction(1, 2)),
        ("settings.discount_rate_costs=[{from_year: 0, rate: 0.03}]", lambda s: costs(s) == 0.03),
        ("title=a = b", lambda s: s.title == "a = b"),
        ("seed=0", lambda s: s.seed == 0),
        ("settings={horizon: 5 years}", lambda s: s.settings.horizon == 5),
        ("model=model", lambda s: s.model.folder.name == "model"),
    ],
)
def test_set(text, read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a path given with --set is seen from here
    assert read(scenario(tmp_path, {"main": MODEL}, text))


# --- what is logged


def test_every_change_is_logged_with_old_new_and_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configs = {
        "base": "settings: {discount_rate_costs: 0.015, effect: qaly}\noverrides: {p_uptake: 0.5}\n",
        "main": f"extends: base.yaml\n{MODEL}overrides: {{p_found: 0.25}}\nchoices: {{outlook: cautious}}\n",
    }
    found = scenario(tmp_path, configs, "settings.horizon=5 years", "overrides.p_uptake=0.75")
    assert {(c.key, c.old, c.new, c.place) for c in found.changes} == {
        ("settings.discount_rate_costs", 0.035, 0.015, "configs/base.yaml:1 settings.discount_rate_costs"),
        ("settings.horizon", "8 years", "5 years", "--set settings.horizon=5 years"),
        ("overrides.p_uptake", 0.95, 0.75, "--set overrides.p_uptake=0.75"),
        ("overrides.p_found", "screened * p_uptake * p_sensitivity", 0.25, "configs/main.yaml:3 overrides.p_found"),
        ("choices.outlook", "observed", "cautious", "configs/main.yaml:4 choices.outlook"),
    }


def test_what_is_given_again_as_it_was_is_no_change(tmp_path):
    text = f"{MODEL}settings: {{horizon: 96 months, thresholds: [20000, 30000.0]}}\nchoices: {{outlook: observed}}\n"
    assert scenario(tmp_path, {"main": text}).changes == ()


def test_departures_from_the_reference_case(tmp_path):
    configs = {
        "rc": "settings: {discount_rate_costs: 0.035, discount_rate_outcomes: 0.035, horizon: 8 years}\n",
        "main": f"{MODEL}reference_case: rc.yaml\nsettings: {{discount_rate_costs: 0.06}}\n",
    }
    found = scenario(tmp_path, configs)
    assert found.departures() == [("discount_rate_costs", 0.035, 0.06), ("discount_rate_outcomes", 0.035, 0.015)]
    configs["main"] += "extends: rc.yaml\n"  # the same file as base and as reference
    assert scenario(tmp_path, configs).departures() == [("discount_rate_costs", 0.035, 0.06)]
    assert scenario(tmp_path, {"main": MODEL}).departures() == []


def test_all_files_read_are_listed_once(tmp_path):
    configs = {"rc": "settings: {effect: qaly}\n", "main": f"extends: rc.yaml\nreference_case: rc.yaml\n{MODEL}"}
    names = [p.name for p in scenario(tmp_path, configs).files]
    assert sorted(names) == [
        "main.yaml",
        "model.yaml",
        "parameters.csv",
        "qx.csv",
        "rc.yaml",
        "sources.yaml",
        "weight.csv",
    ]


def test_places_of_settings_for_messages_of_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = scenario(tmp_path, {"main": f"{MODEL}settings:\n  effect: qaly\n"})
    with pytest.raises(InputError) as refused, found.locating():
        load_model(tmp_path / "nowhere")
    assert refused.value.problems[0].place == "nowhere"  # a place of another kind stays
    assert found.places["effect"] == "configs/main.yaml:3 settings.effect"
    assert found.places["horizon"] == "model/model.yaml:74 settings.horizon"


ANALYSES = """\
analyses:
  psa:
    draws: 50
    alternatives:
      low: {weight: 1}
      high: {weight: 1, choices: {outlook: cautious}}
  evppi: {groups: {one: [h_ill], two: [hr_treated]}}
  one_way: true
"""


def test_analyses_merge_key_by_key_at_every_depth(tmp_path):
    child = "extends: main0.yaml\nanalyses:\n  psa: {alternatives: {low: {label: Low}}}\n  one_way: null\n"
    found = scenario(
        tmp_path, {"main0": MODEL + ANALYSES, "main": child}, "analyses.psa.alternatives.high.weight=3",
        "analyses.evppi.groups.one=null", "analyses.psa.draws=70",
    ).analyses  # fmt: skip
    assert found.psa.draws == 70 and found.one_way is None
    assert found.psa.alternatives["high"].weight == 3 and found.psa.alternatives["high"].choices == {
        "outlook": "cautious"
    }
    assert found.psa.alternatives["low"].label == "Low" and list(found.evppi.groups) == ["two"]
