"""What a newcomer is told: illustrations, refused draws, idle inputs, one problem for one cause, no false precision."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError, Problem, grouped
from nbsmodel.report.assumptions import Count, count_unsupported
from nbsmodel.report.refused_words import refused_draws
from nbsmodel.report.report_page import page
from nbsmodel.run.show import cea_for_people
from nbsmodel.run.validate import validate

PARAMETERS, CONFIG, MODEL = "model/parameters.csv", "configs/base.yaml", "model/model.yaml"
UPTAKE = (CONFIG, "overrides:\n  p_uptake: 0.99\n", "")


def specificity(distribution):
    """The model with another distribution of the specificity."""
    old = "p_specificity,Specificity,0.999,probability,,smith"
    return PARAMETERS, old, f'p_specificity,Specificity,0.999,probability,"{distribution}",smith'


def invented(tmp_path, of, total):
    """The model with `of` placeholders among its `total` parameters."""
    config = write_complete(tmp_path)
    file = tmp_path / PARAMETERS
    head, *rows = file.read_text().splitlines()
    assert len(rows) == total
    rows = [re.sub(r",(published|derived|assumption|placeholder),", ",published,", row) for row in rows]
    rows = [row.replace(",published,", ",placeholder,") if i < of else row for i, row in enumerate(rows)]
    file.write_text("\n".join([head, *rows]) + "\n")
    return config


# --- results that rest on placeholders


@pytest.mark.parametrize(("placeholders", "parameters", "said"), [(5, 10, False), (6, 10, True), (0, 0, False)])
def test_more_than_half_placeholders_make_an_illustration(placeholders, parameters, said):
    """Assumptions do not count: somebody has thought about them."""
    count = Count(placeholders + 4, parameters, placeholders, 4, 0, 0, 0)
    assert bool(count.illustration) is said
    assert count.illustration.startswith(f"{placeholders} of {parameters} inputs are placeholders" if said else "")


@pytest.mark.parametrize(("of", "said"), [(8, False), (9, True)])
def test_an_illustration_is_called_one_before_its_answer(tmp_path, of, said):
    output = nbsmodel.run(invented(tmp_path, of, 17), write=False)
    html = page(output.scenario, output.tables, {})
    terminal = cea_for_people(output.scenario, output.tables)
    words = f"{of} of 17 inputs are placeholders"
    assert (words in html) is said and (f"Illustration: {words}" in terminal) is said
    if said:
        assert html.index(words) < html.index("The answer at base values")
        assert terminal.index(words) < terminal.index("Strategy")


def test_parameters_that_no_formula_uses_do_not_count(tmp_path):
    rows = "".join(f"x_{i},X,1,number,,smith,published,,\n" for i in range(40))
    config = invented(tmp_path, 9, 17)
    with open(tmp_path / PARAMETERS, "a") as file:
        file.write(rows)
    count = count_unsupported(load_scenario(config))
    assert (count.placeholders, count.parameters) == (9, 17) and count.illustration


# --- refused draws


def psa_of(folder, distribution):
    config = write_complete(folder, UPTAKE, specificity(distribution))
    return nbsmodel.run(config, sets=["analyses.psa.draws=400"], write=False)


@pytest.mark.parametrize(
    ("distribution", "least", "most", "strong"),
    [("normal(mean=0.999, se=0.002)", 0.2, 0.4, True), ("normal(mean=0.999, se=0.0006)", 0.01, 0.1, False)],
)
def test_refused_draws_are_said_with_their_cause_and_share(tmp_path, distribution, least, most, strong):
    output = psa_of(tmp_path, distribution)
    refused = output.tables["psa_refused"].iloc[0]
    assert least < refused["share"] < most
    said = refused_draws(output.scenario, output.tables)
    assert said.startswith(f"{refused['refused']} of 400 draws ({100 * refused['share']:.1f}%) were refused")
    assert "p_specificity (Specificity) was as high as 1.0" in said and "between 0 and 1" in said
    assert ("Do not use results of the draws" in said) is strong
    assert f"Warning: {said}" in cea_for_people(output.scenario, output.tables)
    html = page(output.scenario, output.tables, {})
    assert html.index("The answer at base values") < html.index("were refused") < html.index("Contents")


def test_few_refused_draws_are_left_to_the_section():
    tables = {"psa_run": pd.DataFrame([{"asked": 1000, "draws": 990}])}
    assert refused_draws(None, tables) == refused_draws(None, {}) == ""


def test_validate_says_how_much_of_a_distribution_is_impossible(tmp_path):
    """A normal distribution half a standard error below 1: 31% of it lies above."""
    config = write_complete(tmp_path, UPTAKE, specificity("normal(mean=0.999, se=0.002)"))
    problems, notes = validate([config])
    (note,) = [n for n in notes if "lies outside" in n]
    assert problems == [] and "31% of normal(mean=0.999, se=0.002) lies outside the range of a probability" in note
    folder = tmp_path / "narrow"
    config = write_complete(folder, UPTAKE, specificity("normal(mean=0.999, se=0.0003)"))
    assert not [n for n in validate([config])[1] if "lies outside" in n]


def test_what_is_overridden_is_not_drawn(tmp_path):
    edit = (CONFIG, "p_uptake: 0.99", "p_specificity: 0.99")
    config = write_complete(tmp_path, edit, specificity("normal(mean=0.999, se=0.002)"))
    assert not [n for n in validate([config])[1] if "lies outside" in n]


# --- notes


def test_idle_parameters_and_states_are_noted_not_refused(tmp_path):
    edits = (MODEL, "states: {well: {}, ill: {}", "states: {well: {}, lost: {}, ill: {}"), (
        PARAMETERS, "c_death,", "c_idle,Idle,5,GBP,,smith,published,2024/25,\nc_death,",
    )  # fmt: skip
    problems, notes = validate([write_complete(tmp_path, *edits)])
    assert problems == []
    assert any(n.endswith("no formula uses the parameter c_idle.") and "parameters.csv:18" in n for n in notes)
    assert any(n.endswith("cohorts.course: nothing enters the state lost.") for n in notes)
    # p_early stands in no formula, but is drawn together with p_late, which does
    assert not any("p_early" in n for n in notes)


# --- problems with one cause


def test_one_cause_is_one_problem():
    alike = [Problem(f"a.csv:{i}", "found 'x'.", "Allowed: y.") for i in range(45)]
    other = Problem("b.yaml:1", "found 'z'.")
    (first, second) = grouped([alike[0], other, *alike[1:]])
    assert first.splitlines() == [
        "a.csv:0: found 'x'. Allowed: y.",
        "    The same at 44 more places: a.csv:1, a.csv:2, a.csv:3 and 41 more.",
    ]
    assert second == str(other)
    assert grouped(alike[:2]) == list(map(str, alike[:2]))


def test_what_follows_from_one_cause_is_told_once():
    where = ((1, "1"), (1, "1, well"), (2, "2"))
    found = [Problem(f"m.yaml:{i}", f"t has no age 9. So {text}.", "", "t has no age 9") for i, text in where]
    assert grouped(found) == ["m.yaml:1: t has no age 9. So 1.\n    The same at 1 more place: m.yaml:2."]


def test_a_misspelt_status_in_every_row(tmp_path, monkeypatch, capsys):
    config = write_complete(tmp_path)
    file = tmp_path / PARAMETERS
    file.write_text(file.read_text().replace(",published,", ",publishd,"))
    monkeypatch.setattr(sys, "argv", ["nbsmodel", "validate", str(config)])
    with pytest.raises(SystemExit) as stop:
        main()
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.startswith("1 problem:") and "more places" in err


def test_an_unknown_name_may_be_a_new_parameter(tmp_path):
    with pytest.raises(InputError) as refused:
        load_scenario(write_complete(tmp_path, (MODEL, "value: c_ill,", "value: c_il,")))
    assert "Did you mean c_ill? If it is a new parameter, add it to parameters.csv." in str(refused.value)


# --- switching analyses off


def test_all_analyses_are_switched_off_at_once(tmp_path):
    config = write_complete(tmp_path)
    on = ["analyses.one_way=true", "analyses.psa.draws=50"]
    assert load_scenario(config, on).analyses
    off = load_scenario(config, [*on, "analyses=null"])
    assert not off.analyses and off.analyses_given == {}
    again = load_scenario(config, [*on, "analyses=null", "analyses.psa.draws=60"])
    assert again.analyses.psa.draws == 60 and again.analyses.one_way is None


# --- sources of set-up costs


def set_up(source):
    cost = f"{{label: a, amount: 5, years: 1, strategies: screening, source: {source}}}"
    return (CONFIG, "choices: {outlook: observed}", f"analyses: {{budget_impact: {{set_up: [{cost}]}}}}")


def test_set_up_costs_cite_sources_of_the_model(tmp_path):
    from nbsmodel.report.record import cited_sources

    scenario = load_scenario(write_complete(tmp_path, set_up("smith; ons")))
    assert scenario.analyses.budget_impact.set_up[0].sources == ("smith", "ons")
    assert {"smith", "ons"} <= {s.key for s in cited_sources(scenario)}
    problems, _ = validate([write_complete(tmp_path, set_up("smiht"))])
    assert "set_up[1].source: smiht is not in sources.yaml. Did you mean smith?" in str(problems[0])


def test_only_set_up_costs_cite_a_source(tmp_path):
    from nbsmodel.report.record import cited_sources

    edit = ("model/sources.yaml", "ons: {", 'quote: {citation: "A quotation"}\nons: {')
    assert "quote" not in {s.key for s in cited_sources(load_scenario(write_complete(tmp_path, edit)))}
    cited = cited_sources(load_scenario(write_complete(tmp_path, edit, set_up("quote"))))
    assert "quote" in {s.key for s in cited}


# --- rounding


def test_a_difference_that_is_rounding_is_0_in_the_terminal(tmp_path):
    output = nbsmodel.run(write_complete(tmp_path), write=False)
    programme = output.tables["programme"].copy()
    row = programme["quantity"] == "Births with the condition"
    programme.loc[row, "difference_screening"] = 7.1e-15
    text = cea_for_people(output.scenario, output.tables | {"programme": programme})
    (line,) = [line for line in text.splitlines() if line.startswith("Births with the condition")]
    assert line.split()[-1] == "0" and "e-15" not in text
