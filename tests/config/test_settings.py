"""Settings themselves, the shipped configs, and the page that describes them."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from helpers import write_complete

from nbsmodel.config.panel import is_panel, load_panel
from nbsmodel.config.scenario import load_scenario, make_settings
from nbsmodel.config.settings import Correction, Settings, Timing
from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model
from nbsmodel.model.yamlfile import read_yaml

ROOT = Path(__file__).parents[2]


def test_settings_from_python_stand_over_those_of_the_model(tmp_path):
    write_complete(tmp_path)
    model = load_model(tmp_path / "model")
    written = make_settings(model, {"discount_rate_costs": 0}).as_written()
    assert (written["discount_rate_costs"], written["discount_rate_outcomes"], written["horizon"]) == (
        0.0,
        0.015,
        "8 years",
    )
    with pytest.raises(InputError, match="settings.horizon: 5 is no length of time|settings: 5 is no length of time"):
        make_settings(model, {"horizon": 5})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {
            "discount_rate_costs": 0,
            "discount_rate_outcomes": [{"from_year": 0, "rate": 0.035}, {"from_year": 30, "rate": 0.03}],
        },
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


@pytest.mark.parametrize("config", sorted(ROOT.glob("configs/**/*.yaml")), ids=lambda p: p.stem)
def test_shipped_configs_load(config):
    if config.parent.name == "common":
        assert Settings.model_validate(read_yaml(config).data["settings"])
    else:
        found = load_panel(config) if is_panel(config) else load_scenario(config)
        assert found.title and config.resolve() in found.files


def test_the_language_page_names_every_setting_and_every_option():
    page = (ROOT / "docs" / "model_language.md").read_text(encoding="utf-8")
    section = page.partition("## 5. Settings")[2].partition("\n## 6.")[0]
    for name in Settings.model_fields:
        assert f"`{name}`" in section, name
    for options in (Timing, Correction):
        for option in typing.get_args(options):
            assert f"`{option}`" in section, option
