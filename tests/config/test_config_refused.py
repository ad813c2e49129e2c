"""Configs and changes that cannot be: file, line, what was found and what would be right."""

from __future__ import annotations

import pytest
from config_files import MODEL, refusal
from helpers import write_complete

from nbsmodel.config.scenario import check_changes
from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("overrides.p_uptke=0.9", "no such parameter in model. Did you mean p_uptake?"),
        ("overrides.p_uptake", "not of the form key=value. For example --set"),
        ("=1", "not of the form key=value."),
        (".x=1", "not of the form key=value."),
        ("overrides..p=1", "not of the form key=value."),
        ("overrides.p_uptake=", "a number is needed, found nothing."),
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


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ({"main": "title: x\n"}, "configs/main.yaml: the key model is missing."),
        ({"main": "model:\n"}, "configs/main.yaml: the key model is missing."),
        ({"main": "model: [a]\n"}, "configs/main.yaml:1 model: text is needed, found ['a']."),
        ({"main": "modle: ../model\n"}, "configs/main.yaml:1 modle: unknown key modle. Did you mean model?"),
        (
            {"main": "extends: main.yaml\n"},
            "configs/main.yaml:1 extends: a config extends itself: configs/main.yaml extends configs/main.yaml.",
        ),
        (
            {"main": "extends: a.yaml\n", "a": "note: x\nextends: b.yaml\n", "b": "extends: [a.yaml]\n"},
            "configs/b.yaml:1 extends: a config extends itself: "
            "configs/a.yaml extends configs/b.yaml extends configs/a.yaml.",
        ),
        (
            {"main": f"{MODEL}extends: missing.yaml\n"},
            "configs/main.yaml:2 extends > configs/missing.yaml: no such file.",
        ),
        (
            {"main": f"{MODEL}extends: .\n"},
            "configs/main.yaml:2 extends > configs: this is a folder, a file is needed.",
        ),
        ({"main": f"{MODEL}extends: [1]\n"}, "configs/main.yaml:2 extends[1]: text is needed, found 1."),
        ({"main": f"{MODEL}extends: bad.yaml\n", "bad": "a: [\n"}, "configs/bad.yaml:2: not valid YAML"),
        (
            {"main": f"{MODEL}extends: bad.yaml\n", "bad": "titel: x\n"},
            "configs/bad.yaml:1 titel: unknown key titel. Did you mean title?",
        ),
        (
            {"main": f"{MODEL}reference_case: none.yaml\n"},
            "configs/main.yaml:2 reference_case > configs/none.yaml: no such file.",
        ),
        (
            {"main": f"{MODEL}reference_case: rc.yaml\n", "rc": "settings: {effct: qaly}\n"},
            "configs/main.yaml:2 reference_case > configs/rc.yaml:1 settings.effct: "
            "unknown key effct. Did you mean effect?",
        ),
        (
            {"main": f"{MODEL}settings:\n"},
            "configs/main.yaml:2 settings: a block of `key: value` lines is needed, found nothing.",
        ),
        (
            {"main": f"{MODEL}settings: 5\n"},
            "configs/main.yaml:2 settings: a block of `key: value` lines is needed, found 5.",
        ),
        ({"main": f"{MODEL}seed: 1.5\n"}, "configs/main.yaml:2 seed: a whole number is needed, found 1.5."),
        (
            {"main": f"{MODEL}engine: events\n"},
            "configs/main.yaml:2 engine: found 'events'. Allowed: cohort, microsimulation.",
        ),
        ({"main": f"{MODEL}engine: cohrt\n"}, "configs/main.yaml:2 engine: found 'cohrt'. Did you mean cohort?"),
        (
            {"main": f"{MODEL}overrides: {{u_well: -1.2}}\n"},
            "configs/main.yaml:2 overrides.u_well: -1.2 is no utility. It must be between -1 and 1.",
        ),
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
    (
        "discount_rate_costs: '0.035'",
        "settings.discount_rate_costs: a number is needed, found '0.035' (it stands in quotes: remove them).",
    ),
    ("discount_rate_costs: []", "settings.discount_rate_costs: at least 1 entry is needed."),
    (
        "discount_rate_costs: [{from_year: 1, rate: 0}]",
        "settings.discount_rate_costs: a schedule begins at from_year 0 and its years rise.",
    ),
    ("discount_rate_costs: [{from_year: 0, rate: 0}, {from_year: 0, rate: 0.1}]", "its years rise."),
    (
        "discount_rate_costs: [{from_yaer: 0, rate: 0}]",
        "settings.discount_rate_costs[1].from_yaer: unknown key from_yaer. Did you mean from_year?",
    ),
    ("discount_timing: always", "settings.discount_timing: found 'always'. Allowed: end, mid, start, year_step."),
    ("discount_timing: {qaly: mid}", "settings.discount_timing: a setting by outcome needs a `default`."),
    ("discount_timing: {default: mid, qaly: midd}", "settings.discount_timing.qaly: found 'midd'. Did you mean mid?"),
    (
        "within_cycle_correction: half-cycle",
        "settings.within_cycle_correction: found 'half-cycle'. Did you mean half_cycle?",
    ),
    ("horizon: 10", "settings.horizon: 10 is no length of time"),
    ("horizon: 0 years", "settings.horizon: a length of time must be longer than zero"),
    ("thresholds: []", "settings.thresholds: at least 1 entry is needed."),
    ("thresholds: [0]", "settings.thresholds[1]: found 0. It must be at least 0.001."),
    ("thresholds: [-5]", "settings.thresholds[1]: found -5. It must be at least 0.001."),
    ("thresholds: [20000, 20000]", "settings.thresholds: a threshold stands twice: 20000."),
    ("thresholds: 20000", "settings.thresholds: a list is needed, found 20000."),
    ("thresholds: [a]", "settings.thresholds[1]: found 'a', which is no number and no preset (uk, "),
    (f"thresholds: {list(range(1, 22))}", "settings.thresholds: there are 21 thresholds, at most 20 are allowed."),
    ("effect: cost", "settings.effect: the effect is a health outcome"),
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
    text = "settings: {effct: x, horizon: 5}\noverrides: {p_uptke: 1, p_uptake: 2}\nchoices: {outlook: x, y: z}\n"
    assert len(refusal(tmp_path, {"main": MODEL + text})) == 6


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
