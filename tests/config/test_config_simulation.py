"""What a config says about simulated children, and what it cannot say."""

from __future__ import annotations

import pytest
from config_files import MODEL, refusal, scenario
from simulated import write_simulated

from nbsmodel.config.scenario import load_scenario, refuse_individual
from nbsmodel.config.settings import INDIVIDUALS, MOST_FOR_PRECISION, Precision
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.load import load_model

ENGINE = f"{MODEL}engine: microsimulation\n"


def test_what_is_not_said(tmp_path):
    plain = scenario(tmp_path, {"main": MODEL})
    assert (plain.engine, plain.simulated, plain.individuals, plain.precision, plain.children) == (
        "cohort", False, INDIVIDUALS, None, False,
    )  # fmt: skip
    assert scenario(tmp_path, {"main": ENGINE}).simulated


def test_what_is_said(tmp_path):
    text = "individuals: 500\nseed: 7\nprecision: {inmb: 50 per birth}\nchildren: true\n"
    found = scenario(tmp_path, {"main": ENGINE + text})
    assert (found.individuals, found.seed, found.children) == (500, 7, True)
    assert found.precision == Precision(50.0, "birth")


def test_a_precision_raises_the_number_of_children(tmp_path):
    found = scenario(tmp_path, {"main": f"{ENGINE}precision: {{inmb: 2.5e3 per case}}\n"})
    assert found.individuals == MOST_FOR_PRECISION
    assert found.precision is not None and found.precision.as_written() == {"inmb": "2500 per case"}


def test_set_stands_over_the_config(tmp_path):
    changes = ("individuals=20", "precision.inmb=3 per case", "children=true", "engine=microsimulation")
    found = scenario(tmp_path, {"main": f"{MODEL}individuals: 5\n"}, *changes)
    assert (found.individuals, found.precision, found.children) == (20, Precision(3.0, "case"), True)
    assert found.places["individuals"] == "--set individuals=20"


def test_extended_configs_hand_on(tmp_path):
    configs = {"main": "extends: base.yaml\nindividuals: 9\n", "base": f"{ENGINE}individuals: 5\nchildren: true\n"}
    found = scenario(tmp_path, configs)
    assert (found.individuals, found.children, found.simulated) == (9, True, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("individuals: 0", "individuals: found 0. It must be at least 1."),
        ("individuals: 1.5", "individuals: a whole number is needed, found 1.5."),
        ("individuals: many", "individuals: a whole number is needed, found 'many'."),
        ("precision: 50", "precision: "),
        ("precision: {}", "precision: the key inmb is missing."),
        ("precision: {inbm: 50 per birth}", "unknown key inbm. Did you mean inmb?"),
        ("precision: {inmb: 50}", "precision.inmb: 50 is no precision; write for example `50 per birth`"),
        ("precision: {inmb: 0 per birth}", "'0 per birth' is no precision"),
        ("precision: {inmb: -1 per birth}", "'-1 per birth' is no precision"),
        ("precision: {inmb: inf per birth}", "'inf per birth' is no precision"),
        ("precision: {inmb: 5 per year}", "'5 per year' is no precision"),
        ("precision: {inmb: 5 per patient}", "precision: results are per birth, not per patient. Write per birth, or"),
        ("children: maybe", "children: "),
    ],
)
def test_refused(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (found,) = refusal(tmp_path, {"main": f"{ENGINE}{text}\n"})
    assert found.startswith("configs/main.yaml:3 ") and message in found


def test_problems_of_a_run_get_their_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = scenario(tmp_path, {"main": f"{ENGINE}individuals: 5\n"})
    with pytest.raises(InputError) as refused, found.locating():
        raise InputError([Problem(place, "too many.") for place in ("individuals", "precision", "individuals x")])
    places = [p.place for p in refused.value.problems]
    assert places == ["configs/main.yaml:3 individuals", "precision", "individuals x"]


def test_the_cohort_engine_refuses_children_who_differ(tmp_path):
    write_simulated(tmp_path)
    model = load_model(tmp_path / "model")
    with pytest.raises(InputError) as refused:
        refuse_individual(model, ())
    (problem,) = refused.value.problems
    assert "model.yaml:" in problem.place
    assert problem.found.startswith("the cohort engine cannot follow copies, frailty: they differ between the children")
    assert problem.fix.startswith("Add `engine: microsimulation` to the config")


def test_a_model_without_such_formulas_is_not_refused(tmp_path):
    found = scenario(tmp_path, {"main": MODEL})
    refuse_individual(found.model, ())


def test_the_config_of_simulated_children_loads(tmp_path):
    found = load_scenario(write_simulated(tmp_path))
    assert found.simulated and found.individuals == 3000 and set(found.model.attributes) == {"copies", "frailty"}
