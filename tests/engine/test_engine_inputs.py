"""What `evaluate` is given: draws, overrides, blocks, settings; and totals that cannot be added up."""

from pathlib import Path

import numpy as np
import pytest
from engine_models import build, one_cohort, run, years

import nbsmodel
from nbsmodel.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model():
    return nbsmodel.load_model(ROOT / "models" / "sma" / "uk")


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        ({"p_uptke": [0.5]}, "no parameter is named p_uptke. Did you mean p_uptake?"),
        ({"p_uptake": [0.5, 1.4, 2.0]}, r"1.4 in draw 1 is no probability \(2 of 3 draws are not\)"),
        ({"p_uptake": [0.5, np.nan]}, "nan in draw 1"),
        ({"p_uptake": ["much"]}, "holds something that is no number"),
        ({"p_uptake": [[0.5]]}, "2 dimensions"),
        ({"p_uptake": [0.5], "c_test": [1.0, 2.0]}, r"columns have \[1, 2\] rows"),
        ({"p_uptake": []}, r"columns have \[0\] rows"),
        ({}, "rows"),
    ],
)
def test_draws_that_are_refused(model, draws, words):
    with pytest.raises(InputError, match=words):
        nbsmodel.evaluate(model, draws)


def test_all_wrong_columns_are_reported_together(model):
    with pytest.raises(InputError) as error:
        nbsmodel.evaluate(model, {"p_uptake": [1.4], "p_specificity": [-1], "nobody": [0]})
    assert len(error.value.problems) == 3


def test_a_parameter_is_drawn_or_replaced_not_both(model):
    with pytest.raises(InputError, match="drawn and replaced"):
        nbsmodel.evaluate(model, {"p_uptake": [0.5]}, overrides={"p_uptake": 0.9})


@pytest.mark.parametrize("block", [0, -3])
def test_a_block_holds_at_least_one_draw(model, block):
    with pytest.raises(ValueError, match="at least one draw"):
        nbsmodel.evaluate(model, {"p_uptake": [0.5]}, block=block)


def test_totals_that_overflow_are_refused():
    dear = {"in": "living", "outcome": "cost", "per": "year", "value": 1e308}
    cohort = {"cycles": years(7), "states": {"living": {}, "dead": {"dead": True}}, "payoffs": [dear]}
    with pytest.raises(InputError, match="too large to add up"):
        run(build(one_cohort(cohort)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"perspectives": ["helth_system"]}, "no perspective is named helth_system. Did you mean health_system?"),
        ({"effect": "qualy"}, "no outcome is named qualy. Did you mean qaly?"),
        ({"effect": "cost"}, "health outcome"),
        ({"horizon": "200 years"}, "longest cohort ends after 100"),
        ({"thresholds": list(range(1, 300))}, "at most 20"),
    ],
)
def test_settings_that_are_refused(model, settings, words):
    with pytest.raises(InputError, match=words):
        nbsmodel.evaluate(model, settings=settings)


def test_all_values_of_a_tree_are_checked_in_one_go(model):
    with pytest.raises(InputError) as error:
        nbsmodel.evaluate(model, overrides={"p_copies_2": 0.9, "share_sit_2_copies": 0.9, "share_walk_type_1": 0.0})
    assert "no such parameter" in str(error.value)
    with pytest.raises(InputError) as error:
        nbsmodel.evaluate(model, {"p_copies_2": [0.9], "share_sit_2_copies": [0.9]})  # overrides have to add up
    text = str(error.value)
    assert "copies_2, copies_3, copies_4 add up to 1.09" in text
    assert "sitting, walking, not_sitting add up to" in text
