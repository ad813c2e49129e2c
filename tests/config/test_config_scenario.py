"""Configs: what is merged over what, what is logged, and what cannot be."""

from __future__ import annotations

import inspect
import typing
from fractions import Fraction
from pathlib import Path

import pytest
from helpers import write_complete, write_files

from nbsmodel.config.scenario import check_changes, load_scenario, make_settings
from nbsmodel.config.settings import Settings
from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model

ROOT = Path(__file__).parents[2]


def scenario(folder, configs, *sets, main="configs/main.yaml"):
    """The complete model with other configs; `main` is loaded."""
    if not (folder / "model").exists():
        write_complete(folder)
    write_files(folder, {f"configs/{name}.yaml": text for name, text in configs.items()})
    return load_scenario(folder / main, sets)


def refusal(folder, configs, *sets):
    with pytest.raises(InputError) as refused:
        scenario(folder, configs, *sets)
    return [str(p).replace(f"{folder}/", "") for p in refused.value.problems]


MODEL = "model: ../model\n"


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
        "base": "settings: {discount_rate_costs: 0.01, discount_rate_outcomes: 0.01, horizon: 7 years, effect: life_years}\n",
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
        ("{}", ["settings.discount_timing=end", "settings.discount_timing.qaly=start"], {"default": "end", "qaly": "start"}),
    ],
)
def test_set_of_one_outcome_leaves_the_others(before, sets, after, tmp_path):
    found = scenario(tmp_path, {"main": f"{MODEL}settings: {before}\n"}, *sets)
    assert found.settings.discount_timing == after


def test_set_of_one_outcome_over_the_model_file(tmp_path):
    write_complete(tmp_path, ("model/model.yaml", "  horizon: 8 years", "  within_cycle_correction: {default: end, cost: start}"))
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("overrides.p_uptke=0.9", "no such parameter in model. Did you mean p_uptake?"),
        ("overrides.p_uptake", "not of the form key=value. For example --set"),
        ("=1", "not of the form key=value."),
        (".x=1", "not of the form key=value."),
        ("overrides..p=1", "not of the form key=value."),
        ("overrides.p_uptake=", "a number is needed, found None."),
        ("overrides.p_uptake=0.9=1", "a number is needed, found '0.9=1'."),
        ("overrides.p_uptake.x=1", "a number is needed, found {'x': 1}."),
        ("overide.p_uptake=1", "unknown key overide. Did you mean overrides?"),
        ("settings.horizon.x=1", "is no length of time"),
        ("settings.treshold=1", "unknown key treshold. Did you mean thresholds?"),
        ("settings.treshold.x=1", "unknown key treshold. Did you mean thresholds?"),
        ("settings.thresholds=[1, 2", "not valid YAML"),
        ("title=a: b", "not valid YAML"),
        ("title=*x", "YAML anchors and aliases"),
        ("extends=a.yaml", "extends cannot be set here. Write it into a config."),
        ("reference_case=a.yaml", "reference_case cannot be set here."),
        ("model=nowhere", "there is no such model folder"),
        (".".join("a" * 100) + "=1", "nested deeper than"),
    ],
)
def test_set_refused(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (found,) = refusal(tmp_path, {"main": MODEL}, text)
    assert found.startswith(f"--set {text}: ") and message in found


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
    assert sorted(names) == ["main.yaml", "model.yaml", "parameters.csv", "qx.csv", "rc.yaml", "sources.yaml", "weight.csv"]


def test_places_of_settings_for_messages_of_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = scenario(tmp_path, {"main": f"{MODEL}settings:\n  effect: qaly\n"}, "settings.seed=1" * 0 or "seed=2")
    with pytest.raises(InputError) as refused, found.locating():
        load_model(tmp_path / "nowhere")
    assert refused.value.problems[0].place == "nowhere"  # a place of another kind stays
    assert found.places["effect"] == "configs/main.yaml:3 settings.effect"
    assert found.places["horizon"] == "model/model.yaml:74 settings.horizon"


# --- what cannot be


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ({"main": "title: x\n"}, "configs/main.yaml: the key model is missing."),
        ({"main": "model:\n"}, "configs/main.yaml: the key model is missing."),
        ({"main": "model: [a]\n"}, "configs/main.yaml:1 model: text is needed, found ['a']."),
        ({"main": "modle: ../model\n"}, "configs/main.yaml:1 modle: unknown key modle. Did you mean model?"),
        ({"main": "extends: main.yaml\n"}, "configs/main.yaml:1 extends: a config extends itself: configs/main.yaml extends configs/main.yaml."),
        (
            {"main": "extends: a.yaml\n", "a": "note: x\nextends: b.yaml\n", "b": "extends: [a.yaml]\n"},
            "configs/b.yaml:1 extends: a config extends itself: configs/a.yaml extends configs/b.yaml extends configs/a.yaml.",
        ),
        ({"main": f"{MODEL}extends: missing.yaml\n"}, "configs/main.yaml:2 extends > configs/missing.yaml: no such file."),
        ({"main": f"{MODEL}extends: .\n"}, "configs/main.yaml:2 extends > configs: this is a folder, a file is needed."),
        ({"main": f"{MODEL}extends: [1]\n"}, "configs/main.yaml:2 extends[1]: text is needed, found 1."),
        ({"main": f"{MODEL}extends: bad.yaml\n", "bad": "a: [\n"}, "configs/bad.yaml:2: not valid YAML"),
        ({"main": f"{MODEL}extends: bad.yaml\n", "bad": "titel: x\n"}, "configs/bad.yaml:1 titel: unknown key titel. Did you mean title?"),
        ({"main": f"{MODEL}reference_case: none.yaml\n"}, "configs/main.yaml:2 reference_case > configs/none.yaml: no such file."),
        (
            {"main": f"{MODEL}reference_case: rc.yaml\n", "rc": "settings: {effct: qaly}\n"},
            "configs/main.yaml:2 reference_case > configs/rc.yaml:1 settings.effct: unknown key effct. Did you mean effect?",
        ),
        ({"main": f"{MODEL}settings:\n"}, "configs/main.yaml:2 settings: a block of `key: value` lines is needed, found nothing."),
        ({"main": f"{MODEL}settings: 5\n"}, "configs/main.yaml:2 settings: a block of `key: value` lines is needed, found 5."),
        ({"main": f"{MODEL}seed: 1.5\n"}, "configs/main.yaml:2 seed: a whole number is needed, found 1.5."),
        ({"main": f"{MODEL}engine: microsimulation\n"}, "configs/main.yaml:2 engine: the engine microsimulation is not there yet. Use cohort."),
        ({"main": f"{MODEL}engine: cohrt\n"}, "configs/main.yaml:2 engine: found 'cohrt'. Did you mean cohort?"),
        ({"main": f"{MODEL}overrides: {{u_well: -1.2}}\n"}, "configs/main.yaml:2 overrides.u_well: -1.2 is no utility. It must be between -1 and 1."),
        ({"main": f"{MODEL}overrides: {{c_drug: -1}}\n"}, "overrides.c_drug: -1 is no GBP. It must be at least 0."),
        ({"main": f"{MODEL}overrides: {{h_worse: -1}}\n"}, "overrides.h_worse: -1 is no rate. It must be at least 0."),
        ({"main": f"{MODEL}overrides: {{c_drug: 1e999}}\n"}, "overrides.c_drug: a number is needed, found '1e999'"),
        ({"main": f"{MODEL}overrides: {{screened: 1}}\n"}, "overrides.screened: no such parameter in model."),
        ({"main": f"{MODEL}choices: {{outlook: 1}}\n"}, "choices.outlook: 1 is no valid name"),
    ],
)
def test_refused(configs, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = refusal(tmp_path, configs)
    assert len(found) == 1 and message in found[0], found


SETTINGS = [
    ("discount_rate_costs: -0.01", "settings.discount_rate_costs: found -0.01. It must be at least 0."),
    ("discount_rate_costs: 3.5", "settings.discount_rate_costs: found 3.5. It must be at most 1."),
    ("discount_rate_costs: '0.035'", "settings.discount_rate_costs: a number is needed, found '0.035' (it stands in quotes: remove them)."),
    ("discount_rate_costs: []", "settings.discount_rate_costs: at least 1 entry is needed."),
    ("discount_rate_costs: [{from_year: 1, rate: 0}]", "settings.discount_rate_costs: a schedule begins at from_year 0 and its years rise."),
    ("discount_rate_costs: [{from_year: 0, rate: 0}, {from_year: 0, rate: 0.1}]", "its years rise."),
    ("discount_rate_costs: [{from_yaer: 0, rate: 0}]", "settings.discount_rate_costs[1].from_yaer: unknown key from_yaer. Did you mean from_year?"),
    ("discount_timing: always", "settings.discount_timing: found 'always'. Allowed: end, mid, start, year_step."),
    ("discount_timing: {qaly: mid}", "settings.discount_timing: a setting by outcome needs a `default`."),
    ("discount_timing: {default: mid, qaly: midd}", "settings.discount_timing.qaly: found 'midd'. Did you mean mid?"),
    ("within_cycle_correction: half-cycle", "settings.within_cycle_correction: found 'half-cycle'. Did you mean half_cycle?"),
    ("horizon: 10", "settings.horizon: 10 is no length of time"),
    ("horizon: 0 years", "settings.horizon: a length of time must be longer than zero"),
    ("thresholds: []", "settings.thresholds: at least 1 entry is needed."),
    ("thresholds: [0]", "settings.thresholds[1]: found 0. It must be above 0."),
    ("thresholds: [-5]", "settings.thresholds[1]: found -5. It must be above 0."),
    ("thresholds: [20000, 20000]", "settings.thresholds: a threshold stands twice."),
    ("thresholds: 20000", "settings.thresholds: a list is needed, found 20000."),
    ("thresholds: [a]", "settings.thresholds[1]: a number is needed, found 'a'."),
    ("effect: 5", "settings.effect: 5 is no valid name"),
    ("perspectives: []", "settings.perspectives: at least 1 entry is needed."),
    ("tresholds: [1]", "settings.tresholds: unknown key tresholds. Did you mean thresholds?"),
]


@pytest.mark.parametrize(("text", "message"), SETTINGS)
def test_settings_refused(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (found,) = refusal(tmp_path, {"main": f"{MODEL}settings:\n  {text}\n"})
    assert message in found
    assert found.startswith("configs/main.yaml:3 settings.")


@pytest.mark.parametrize(("text", "message"), SETTINGS[::4])
def test_settings_of_a_model_file_are_refused_with_their_line(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_complete(tmp_path, ("model/model.yaml", "horizon: 8 years", text))
    (found,) = refusal(tmp_path, {"main": MODEL})
    assert message in found and found.startswith("model/model.yaml:74 settings.")


def test_all_problems_of_a_config_and_its_model_at_once(tmp_path):
    write_complete(tmp_path, ("model/model.yaml", "case: true", "csae: true"))
    found = refusal(tmp_path, {"main": f"{MODEL}titel: x\nseed: -1\n"}, "overide.x=1")
    assert len(found) == 4


def test_several_wrong_changes_at_once(tmp_path):
    text = f"{MODEL}settings: {{effct: x, horizon: 5}}\noverrides: {{p_uptke: 1, p_uptake: 2}}\nchoices: {{outlook: x, y: z}}\n"
    assert len(refusal(tmp_path, {"main": text})) == 6


# --- from Python


def test_changes_from_python_are_checked_alike(tmp_path):
    write_complete(tmp_path)
    model = load_model(tmp_path / "model")
    assert check_changes(model, {"p_uptake": 0.5}, {}) == ({"p_uptake": 0.5}, {"outlook": "observed"})
    for overrides, choices, message in (
        ({"p_uptke": 0.5}, {}, "changes overrides.p_uptke: no such parameter"),
        ({"p_uptake": float("nan")}, {}, "a finite number is needed, found nan"),
        ({"c_drug": float("inf")}, {}, "a finite number is needed, found inf"),
        ({"p_uptake": "0.5"}, {}, "a number is needed, found '0.5'"),
        ({"p_uptake": True}, {}, "a number is needed, found True"),
        ({}, {"outlook": "x"}, "outlook has no option x. Allowed: cautious, observed."),
    ):
        with pytest.raises(InputError) as refused:
            check_changes(model, overrides, choices)
        assert message in str(refused.value)


def test_settings_from_python_stand_over_those_of_the_model(tmp_path):
    write_complete(tmp_path)
    model = load_model(tmp_path / "model")
    written = make_settings(model, {"discount_rate_costs": 0}).as_written()
    assert (written["discount_rate_costs"], written["discount_rate_outcomes"], written["horizon"]) == (0.0, 0.015, "8 years")
    with pytest.raises(InputError, match="settings.horizon: 5 is no length of time|settings: 5 is no length of time"):
        make_settings(model, {"horizon": 5})


# --- settings themselves


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"discount_rate_costs": 0, "discount_rate_outcomes": [{"from_year": 0, "rate": 0.035}, {"from_year": 30, "rate": 0.03}]},
        {"discount_timing": {"default": "end", "qaly": "mid"}, "within_cycle_correction": "simpson"},
        {"horizon": "7 months", "thresholds": [0.5, 20000], "effect": "life_years", "perspectives": ["a", "b"]},
        {"horizon": "1/52 year"},
        {"perspectives": "society"},
    ],
)
def test_settings_as_written_read_back(given):
    settings = Settings.model_validate(given)
    assert Settings.model_validate(settings.as_written()) == settings


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().effect = "cost"


def test_what_settings_say_about_outcomes():
    settings = Settings.model_validate(
        {
            "discount_rate_costs": [{"from_year": 0, "rate": 0.035}, {"from_year": 30, "rate": 0.03}],
            "discount_rate_outcomes": 0.015,
            "discount_timing": {"default": "end", "qaly": "mid"},
            "within_cycle_correction": {"default": "end", "cost": "every_point"},
        }
    )
    assert settings.schedule("costs") == ((0.0, 0.035), (30.0, 0.03))
    assert settings.schedule("outcomes") == ((0.0, 0.015),)
    assert settings.schedule("none") == ((0.0, 0.0),)
    assert [settings.timing(o) for o in ("qaly", "cost")] == ["mid", "end"]
    assert [settings.correction(o) for o in ("qaly", "cost")] == ["end", "every_point"]
    assert settings.legacy == {"cost": "every_point"}


# --- the shipped configs and the page that describes them


@pytest.mark.parametrize("config", sorted(ROOT.glob("configs/**/*.yaml")), ids=lambda p: p.stem)
def test_shipped_configs_load(config):
    if config.parent.name == "common":
        assert Settings.model_validate(load_yaml(config)["settings"])
    else:
        found = load_scenario(config)
        assert found.title and config.resolve() in found.files


def load_yaml(path):
    from nbsmodel.model.yamlfile import read_yaml

    return read_yaml(path).data


def test_the_language_page_names_every_setting_and_every_option():
    page = (ROOT / "docs" / "model_language.md").read_text(encoding="utf-8")
    section = page.partition("## 5. Settings")[2].partition("\n## 6.")[0]
    for name in Settings.model_fields:
        assert f"`{name}`" in section, name
    from nbsmodel.config import settings as module

    for options in (module.Timing, module.Correction):
        for option in typing.get_args(options):
            assert f"`{option}`" in section, option
    assert inspect.isclass(Settings)
