"""Shapes of the files: lengths of time, types, keys, and the words for what is wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import pytest
from helpers import MODEL
from hypothesis import given
from hypothesis import strategies as st

from nbsmodel.config.settings import length_text
from nbsmodel.errors import Problems, nearest
from nbsmodel.model.durations import duration
from nbsmodel.model.schema import CLASSES, ModelSchema
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import parse_yaml

TEXT = dedent(MODEL)


def shape(text):
    """Problems of a model file's shape."""
    problems = Problems()
    found = check_shape(parse_yaml(text, Path("model.yaml")), ModelSchema, problems)
    assert (found is None) == bool(problems.items)
    return [str(p) for p in problems.items]


def changed(old, new):
    assert TEXT.count(old) == 1, old
    return shape(TEXT.replace(old, new))


# --- lengths of time


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1 year", Fraction(1)),
        ("10 years", Fraction(10)),
        ("6 months", Fraction(1, 2)),
        ("1month", Fraction(1, 12)),
        ("  2   weeks  ", Fraction(56, 1461)),
        ("1 day", Fraction(4, 1461)),
        ("365.25 days", Fraction(1)),
        ("1/52 year", Fraction(1, 52)),
        ("1 / 52 year", Fraction(1, 52)),
        ("0.5 years", Fraction(1, 2)),
        ("1.5/3 months", Fraction(1, 24)),
    ],
)
def test_lengths_are_exact(text, years):
    assert duration(text) == years


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "year",
        "1 decade",
        "-1 year",
        "1e3 years",
        "1 year 6 months",
        "1/0 year",
        "½ year",
        "1,5 years",
        1,
        None,
        [],
    ],
)
def test_what_is_no_length(text):
    with pytest.raises(ValueError):
        duration(text)


@given(st.integers(1, 5000), st.integers(1, 400))
def test_length_text_reads_back(top, bottom):
    assert duration(length_text(Fraction(top, bottom))) == Fraction(top, bottom)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0 years", "must be longer than zero, found '0 years'"),
        ("1001 years", "is at most 1,000 years, found '1001 years'"),
        ("1" + "0" * 400 + " years", "is at most 1,000 years"),
        ("9" * 5000 + " years", "cycles[2].until"),
        ("3 fortnights", "'3 fortnights' is no length of time; write for example `6 months`"),
        ("1/0 year", "'1/0 year' divides by zero"),
    ],
)
def test_lengths_that_are_refused(written, message):
    (found,) = changed("until: 10 years", f"until: {written}")
    assert message in found and "cycles[2].until" in found and len(found) < 300


# --- what is wrong, where, and what would be right


def test_the_complete_model_has_no_problem():
    assert shape(TEXT) == []


REQUIRED = ("title", "condition", "decision_problem", "population", "perspective", "currency", "price_year", "basis")


@pytest.mark.parametrize("key", [*REQUIRED, "comparator"])
def test_required_keys(key):
    lines = [line for line in TEXT.splitlines() if not line.startswith(f"{key}:")]
    assert shape("\n".join(lines)) == [f"model.yaml: the key {key} is missing. Add it."]


def test_all_required_keys_are_missed_at_once():
    assert len(shape("titel: x\n")) == 11  # all but `title`, which the unknown key is near to, and the unknown key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Small", "titel: Small", "model.yaml:1 titel: unknown key titel. Did you mean title?"),
        ("by: age, between", "buy: age, between", "model.yaml:18 tables.weight.buy: unknown key buy. Did you mean by?"),
        ("unit: rate}", "unite: rate}", "model.yaml:21 derived.h_worse.unite: unknown key unite. Did you mean unit?"),
        (
            "at: 1/12",
            "att: 1/12",
            "model.yaml:35 tree.affected.then.found.payoffs[1].att: unknown key att. Did you mean at?",
        ),
        (
            "p: rest, class: false_n",
            "p: rest, clas: true, class: false_n",
            "tree.affected.then.missed.clas: unknown key clas. Did you mean class?",
        ),
        ("length: 1 month", "lenght: 1 month", "cycles[1].lenght: unknown key lenght. Did you mean length?"),
        ("{dead: true}", "{deed: true}", "states.dead.deed: unknown key deed. Did you mean dead?"),
        ("{tunnel: {lasts: 1", "{tunnel: {last: 1", "states.crisis.tunnel.last: unknown key last. Did you mean lasts?"),
        ("sick: {runs_in", "sick: {run_in", "clocks.sick.run_in: unknown key run_in. Did you mean runs_in?"),
        (
            "ill: {hazard: h",
            "ill: {hazzard: h",
            "transitions.well.ill.hazzard: unknown key hazzard. Did you mean hazard?",
        ),
        ("{entering: crisis", "{enterin: crisis", "payoffs[4].enterin: unknown key enterin. Did you mean entering?"),
        ("{from: alive, to", "{form: alive, to", "payoffs[5].moving.form: unknown key form. Did you mean from?"),
        (
            "{label: Admissions",
            "{lable: Admissions",
            "outcomes.admission.lable: unknown key lable. Did you mean label?",
        ),
        (
            "discounted_as: none",
            "discounted_as: nothing",
            "outcomes.admission.discounted_as: found 'nothing'. Allowed: costs, none, outcomes.",
        ),
        ("basis: birth", "basis: births", "model.yaml:8 basis: found 'births'. Did you mean birth?"),
        ("basis: birth", "basis:", "model.yaml:8 basis: found nothing. Allowed: birth, patient."),
        ("between: linear", "between: liner", "tables.weight.between: found 'liner'. Did you mean linear?"),
        (
            "class: true_positive",
            "class: tp",
            f"tree.affected.then.found.class: found 'tp'. Allowed: {', '.join(sorted(CLASSES))}.",
        ),
        (
            "value: c_ill, per: month",
            "value: c_ill, per: fortnight",
            "payoffs[2].per: found 'fortnight'. Allowed: cycle, day, month, week, year.",
        ),
        ("title: Small complete model", "title:", "model.yaml:1 title: text is needed, found nothing."),
        ("title: Small complete model", "title: [a]", "model.yaml:1 title: text is needed, found ['a']."),
        ("case: true", "case: yes", "tree.affected.case: true or false is needed, found 'yes'."),
        ("case: true", "case: 1", "tree.affected.case: true or false is needed, found 1."),
        ("p: p_birth", "p: [p_birth]", "tree.affected.p: a number or a formula is needed."),
        ("p: p_birth", "p: true", "tree.affected.p: a number or a formula is needed."),
        ("p: p_birth", "p:", "tree.affected.p: a number or a formula is needed."),
        ("count: 12", "count: 12.5", "cycles[1].count: a whole number is needed, found 12.5."),
        ("count: 12", "count: '12'", "cycles[1].count: a whole number is needed, found '12'."),
        ("count: 12", "count: 0", "cycles[1].count: found 0. It must be at least 1."),
        ("count: 12", "count: 1000000", "cycles[1].count: found 1000000. It must be at most 100000."),
        ("outlook: [observed, cautious]", "outlook: [observed]", "choices.outlook: at least 2 entries are needed."),
        ("outlook: [observed, cautious]", "outlook: observed", "choices.outlook: a list is needed, found 'observed'."),
        ("receives: [treated]", "receives: [1st]", "cohorts.course.receives[1]: '1st' is no valid name"),
        (
            "p_found: screened",
            "p-found: screened",
            "derived.p-found: 'p-found' is no valid name; use letters, digits and single underscores",
        ),
        ("p_found: screened", "p__found: screened", "'p__found' is no valid name"),
    ],
)
def test_words(old, new, message):
    found = changed(old, new)
    assert any(message in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("then: tested", "then: tested\n    cohort: course\n    start: well", "either `then` or a `cohort`, not both"),
        ("        cohort: course\n", "", "`cohort` and `start` go together"),
        ("start: well, ", "", "`cohort` and `start` go together"),
        (
            "p: rest\n    then: tested",
            "p: rest\n    with: {a: 1}\n    then: tested",
            "`delay` and `with` belong to a branch that enters",
        ),
        (
            "p: rest\n    then: tested",
            "p: rest\n    delay: 1\n    then: tested",
            "`delay` and `with` belong to a branch that enters",
        ),
        ("{length: 1 month, count: 12}", "{length: 1 month}", "give exactly one of `count` and `until`"),
        (
            "{length: 1 month, count: 12}",
            "{length: 1 month, count: 12, until: 1 year}",
            "give exactly one of `count` and `until`",
        ),
        ("ill: {hazard: h_worse}", "ill: {per: year}", "give exactly one of `hazard` and `probability`"),
        (
            "ill: {hazard: h_worse}",
            "ill: {hazard: 1, probability: 1}",
            "give exactly one of `hazard` and `probability`",
        ),
        ("ill: {hazard: h_worse}", "ill: {hazard: 1, per: cycle}", "a hazard is `per` year, month, week or day"),
        ("ill: {hazard: h_worse}", "ill: h_worse", "write `rest`, {hazard: ...} or {probability: ...}"),
        (
            "{in: alive, outcome",
            "{in: alive, entering: ill, outcome",
            "give exactly one of `in`, `entering`, `starting_in`, `moving`",
        ),
        ("{entering: crisis, ", "{", "give exactly one of `in`, `entering`, `starting_in`, `moving`"),
        (
            "value: u_now, per: year",
            "value: u_now",
            "`per` (year, month, week, day or cycle) goes with `in`, and only with it",
        ),
        (
            "admission, value: 1",
            "admission, value: 1, per: year",
            "`per` (year, month, week, day or cycle) goes with `in`",
        ),
    ],
)
def test_keys_that_do_not_go_together(old, new, message):
    found = changed(old, new)
    assert len(found) == 1 and message in found[0], found


def test_every_mistake_of_a_file_is_reported_at_once():
    text = TEXT.replace("case: true", "csae: true").replace("count: 12", "count: x").replace("basis: birth", "basis: x")
    assert len(shape(text)) == 3


def test_a_missing_key_that_is_misspelt_is_reported_once():
    assert changed("comparator: usual", "comparater: usual") == [
        "model.yaml:13 comparater: unknown key comparater. Did you mean comparator?"
    ]


def test_an_unquoted_comma_is_explained():
    (found,) = changed('value: "max(0, u_well - 0.01 * age)"', "value: max(0, u_well)")
    assert "u_well) is read as a key. A formula with a comma inside { } must stand in quotes." in found


@pytest.mark.parametrize(
    ("name", "allowed", "sentence"),
    [
        ("p_uptke", ["p_uptake", "p_test"], "Did you mean p_uptake?"),
        ("zzz", ["b", "a"], "Allowed: a, b."),
        ("zzz", [], "There are none here."),
        (
            "zzz",
            [f"n{i:02}" for i in range(20)],
            "Allowed: n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11, ....",
        ),
    ],
)
def test_nearest(name, allowed, sentence):
    assert nearest(name, allowed) == sentence
