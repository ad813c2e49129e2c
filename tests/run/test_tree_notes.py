"""Remarks of `validate` on the tree and on tests: what is allowed and is, as a rule, a slip."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import write_complete
from screening_models import SCREENING, write_model

from nbsmodel.run.validate import validate

GROUP = "      known: treated_early\n      found: treated_found\n      missed: treated_late\n    leaky"
MODELS = Path(__file__).resolve().parents[2] / "models"


def notes(folder, *edits):
    problems, found = validate([write_model(folder, SCREENING, *edits)])
    assert problems == []
    return found


def test_nothing_is_remarked_on_a_model_in_order(tmp_path):
    edit = ("dependence: rho_flow", "dependence: {typical: rho_flow, leaky: rho_flow}")
    assert notes(tmp_path, edit) == []


# --- births with the condition of whom nothing is counted


def test_a_group_of_cases_without_any_route(tmp_path):
    found = [n for n in notes(tmp_path, (GROUP, "    leaky")) if "no costs and no QALYs" in n]
    assert len(found) == 1 and "screening.births.typical: " in found[0]
    assert "(typical > known_before, and 4 more)" in found[0]  # a positive has at least the clinic


def test_where_nothing_was_meant_to_follow(tmp_path):
    meant = "      known: none\n      found: none\n      missed: none\n    leaky"
    assert not any("no costs and no QALYs" in n for n in notes(tmp_path, (GROUP, meant)))


def test_a_leaf_of_a_tree_by_hand(tmp_path):
    """`missed` without its cohort; with a payoff it is counted, without `case` it is nobody's life."""
    leaf = "missed: {p: rest, class: false_negative, cohort: course, start: well, delay: 0, with: {treated: 0}}"
    for name, changed, expected in (
        ("a", "missed: {p: rest, class: false_negative}", 1),
        ("b", "missed: {p: rest, class: false_negative, payoffs: [{outcome: cost, value: 5}]}", 0),
        ("c", leaf, 0),
    ):
        file = write_complete(tmp_path / name).parents[1] / "model" / "model.yaml"
        text = file.read_text()
        assert text.count(leaf) == 1 and "case: true" in text
        file.write_text(text.replace(leaf, changed))
        problems, found = validate([file.parent])
        assert problems == [] and len([n for n in found if "no costs and no QALYs" in n]) == expected, name


# --- delays


def test_one_cohort_entered_at_different_times(tmp_path):
    edit = ("start: {ill: 0.5, well: rest}, delay: 0,", "start: {ill: 0.5, well: rest}, delay: age_at_result_flow,")
    (found,) = [n for n in notes(tmp_path, edit) if "is entered with" in n]
    assert "subtrees.treated_late.late: course is entered with a delay of 0.03861 years here and of 0 at" in found
    assert "The time before entry is not lived" in found


def test_the_same_delay_everywhere_is_no_slip(tmp_path):
    edits = [(f"{leaf}, delay: 0,", f"{leaf}, delay: 1 / 12,") for leaf in (
        "early: {p: 1, cohort: course, start: well", "found: {p: 1, cohort: course, start: well",
        "start: {ill: 0.5, well: rest}",
    )]  # fmt: skip
    assert not any("is entered with" in n for n in notes(tmp_path, *edits))


# --- tests


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("at: 5 days", "at: 5", "tests.first.at: the first test first is done at 5 years, with a result at"),
        ("      takes: 7 days", "      takes: 7", "is done at 0.01369 years, with a result at 7.0"),
    ],
)
def test_a_first_test_late_in_life(tmp_path, old, new, words):
    later = [("at: 13 days", "at: 20"), ("at: age_at_result_first + 2 / 365.25", "at: 20")]
    found = [n for n in notes(tmp_path, (old, new), *later) if "the first test" in n]
    assert len(found) == 1 and words in found[0]


def test_dependence_that_makes_false_positives_many_times_as_likely(tmp_path):
    """Flow in preterm babies: 0.01 + 0.3 * (1 - 0.01) = 0.307, 30.7 times 0.01; of others 0.37 is 3.7 times 0.1."""
    (found,) = [n for n in notes(tmp_path / "a") if "Dependence" in n]
    assert "screening.tests.flow.dependence: among preterm positive before" in found
    assert "0.307 in place of 0.01, 30.7 times as much" in found
    by_group = ("dependence: rho_flow", "dependence: {leaky: rho_flow, others: 1}")
    (found,) = [n for n in notes(tmp_path / "b", by_group) if "Dependence" in n]
    assert "dependence.others: among others positive before" in found and "1 in place of 0.1, 10 times" in found
    cases = ("dependence: rho_flow", "dependence: {leaky: 1}")
    assert not [n for n in notes(tmp_path / "c", cases) if "Dependence" in n]


@pytest.mark.parametrize("folder", ["sma/uk", "scid/uk", "scid/netherlands"])
def test_shipped_models_have_none(folder):
    problems, found = validate([MODELS / folder])
    assert problems == [] and not [n for n in found if any(w in n for w in ("is entered", "no QALYs", "Dependence"))]
