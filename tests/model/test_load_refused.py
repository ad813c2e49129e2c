"""Model folders that do not fit together: names, scopes, trees, cohorts, files."""

from __future__ import annotations

import pytest
from helpers import FILES, write_complete, write_files

from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model

MODEL = "model/model.yaml"


def load(folder, *edits):
    write_complete(folder, *edits)
    return load_model(folder / "model")


def problems(folder, *edits):
    """Problems of the complete model after edits of model.yaml (old, new)."""
    with pytest.raises(InputError) as refused:
        load(folder, *[(MODEL, old, new) for old, new in edits])
    return [str(p).removeprefix(f"{folder}/") for p in refused.value.problems]


# --- one name, one meaning


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p_found: screened", "c_ill: 5\n  p_found: screened", "c_ill is a derived value here and a parameter at"),
        ("p_found: screened", "screened: 5\n  p_found: screened", "screened is a derived value here and a lever at"),
        ("p_found: screened", "outlook: 5\n  p_found: screened", "outlook is a derived value here and a choice at"),
        (
            "p_found: screened",
            "observed: 5\n  p_found: screened",
            "observed is a derived value here and a choice option at",
        ),
        ("p_found: screened", "qx: 5\n  p_found: screened", "qx is a derived value here and a table at"),
        ("outlook: [", "outlook: [c_ill, ", "c_ill is a choice option here and a parameter at"),
        ("outlook: [", "screened: [one, two]\n  outlook: [", "screened is a choice here and a lever at"),
        ("weight: {file", "c_ill: {file", "c_ill is a table here and a parameter at"),
        ("sick: {runs_in", "c_ill: {runs_in", "c_ill is a clock here and a parameter at"),
        ("sick: {runs_in", "treated: {runs_in", "treated is a received name here and a clock at"),
        ("receives: [treated]", "receives: [treated, p_found]", "p_found is a"),
        *[
            (old, new.format(name), f"the name {name} is reserved")
            for name in (
                "age",
                "time",
                "cycle",
                "dt",
                "time_in_state",
                "rest",
                "alive",
                "exp",
                "min",
                "if",
                "lambda",
                "True",
            )
            for old, new in [("p_found: screened", "{}: 5\n  p_found: screened")]
        ],
        ("sick: {runs_in", "cycle: {runs_in", "the name cycle is reserved"),
        ("receives: [treated]", "receives: [treated, age]", "the name age is reserved"),
        ("weight: {file", "exp: {file", "the name exp is reserved"),
        (
            "screening: {label: Screening, screened: 1}",
            "screening: {label: Screening, screened: 1, dt: 1}",
            "the name dt is reserved",
        ),
        ("outlook: [", "outlook: [rest, ", "the name rest is reserved"),
        ("outcomes:\n", "outcomes:\n  qaly: {label: Q, unit: q}\n", "qaly exists already"),
        ("outlook: [", "outlook: [cautious, ", "an option stands twice"),
    ],
)
def test_names_may_not_clash(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert any(message in line for line in found), found


# --- choices, perspectives, states that are dead


def test_other_perspectives_are_declared(tmp_path):
    declared = "perspectives: [family, society]\ncomparator"
    old, new = "component: confirmation,", "component: confirmation, perspective: family,"
    assert load(tmp_path, (MODEL, "comparator", declared), (MODEL, old, new)).perspectives == (
        "health_system",
        "family",
        "society",
    )
    (found,) = problems(tmp_path, ("comparator", declared), (old, new.replace("family", "famly")))
    assert "payoffs[1].perspective: no perspective is named famly. Did you mean family?" in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p: p_birth\n", "p: p_birth * outlook\n", "tree.affected.p: the choice outlook is no number."),
        ("p: p_birth\n", "p: p_birth * cautious\n", "tree.affected.p: the option cautious is no number."),
        ("if outlook == observed", "if outlook == p_late", "outlook has no option p_late."),
        ("dead: {dead: true}", "dead: {}", "states.dead: dead is not declared dead"),
        ("lasts: 1 year, then: ill", "lasts: 1 year, then: crisis", "tunnel: the tunnel crisis leads to itself."),
        (
            "lasts: 1 year, then: ill",
            "lasts: 6 months, then: ill",
            "states.crisis.tunnel: 0.5 years is no whole number",
        ),
    ],
)
def test_slips_that_would_give_a_wrong_number(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert any(message in line for line in found), found


# --- scopes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "p: p_birth\n",
            "p: p_birth * age\n",
            "model/model.yaml:28 tree.affected.p: the tree does not have age. It belongs to a cohort.",
        ),
        ("p: p_birth\n", "p: p_birth * sick\n", "the tree does not have sick."),
        ("p: p_birth\n", "p: p_birth * treated\n", "the tree does not have treated."),
        ("p: p_birth\n", "p: p_birth * u_now\n", "tree.affected.p: u_now needs age, which the tree does not have."),
        ("p: p_birth\n", "p: p_birth * h_worse\n", "h_worse needs treated, which the tree does not have."),
        ("with: {treated: 1}\n", "with: {treated: u_now}\n", "with.treated: u_now needs age"),
        ("delay: 0,", "delay: time,", "missed.delay: the tree does not have time."),
        ("value: c_confirm", "value: c_confirm * u_now", "payoffs[1].value: u_now needs age"),
        ("at: 1/12", "at: dt", "payoffs[1].at: the tree does not have dt."),
        ("start_age: 0", "start_age: age", "cohorts.course.start_age: the tree does not have age."),
        ("births_per_year: births", "births_per_year: births * u_now", "births_per_year: u_now needs age"),
        (
            "births_per_year: births",
            "births_per_year: birth",
            "births_per_year: no parameter, derived value or clock is named birth. Did you mean births?",
        ),
        ("{well: rest, ill: p_late}", "{well: rest, ill: u_now}", "start.ill: u_now needs age"),
        (
            "p_found: screened *",
            "p_found: sickk *",
            "derived.p_found: no parameter, derived value or clock is named sickk. Did you mean sick?",
        ),
    ],
)
def test_names_are_used_only_where_they_mean_something(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert any(message in line for line in found), found


def test_a_clock_of_another_cohort_is_refused(tmp_path):
    other = """  later:
    cycles: {length: 1 year, count: 1}
    states: {well: {}, dead: {dead: true}}
    transitions:
      well: {dead: {hazard: h_ill * sick}}
    payoffs:
      - {in: well, outcome: cost, value: h_worse, per: year}
settings:
"""
    found = problems(tmp_path, ("settings:\n", other))
    assert len(found) == 2
    assert "cohorts.later.transitions.well.dead.hazard: later does not have sick." in found[0]
    assert "cohorts.later.payoffs[1].value: h_worse needs treated, which later does not have." in found[1]


def test_a_broken_value_is_not_reported_again_where_it_is_used(tmp_path):
    assert len(problems(tmp_path, ("p_found: screened * p_uptake", "p_found: screened * (p_uptake"))) == 1
    assert len(problems(tmp_path, ("p_found: screened * p_uptake", "p_found: screened * p_uptke"))) == 1
    assert len(problems(tmp_path, ("file: tables/weight.csv", "file: tables/wait.csv"))) == 1


def test_circles_of_derived_values_name_their_members(tmp_path):
    (found,) = problems(
        tmp_path, ("p_found: screened", "one: two + 1\n  two: 2 * three\n  three: one\n  p_found: screened")
    )
    for pair in ("one needs two", "two needs three", "three needs one"):
        assert pair in found


# --- trees and cohorts that do not fit together


SUBTREE = "true_negative: {p: rest, class: true_negative}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            SUBTREE,
            "true_negative: {p: rest, then: tested}",
            "subtrees.tested.true_negative.then: a subtree holds itself: tested holds tested.",
        ),
        (
            SUBTREE,
            "true_negative: {p: rest, then: b}\n  b:\n    x: {p: 1, then: c}\n  c:\n    x: {p: 1, then: tested}",
            "a subtree holds itself: tested holds b holds c holds tested.",
        ),
        ("then: tested", "then: tested_", "no subtree is named tested_. Did you mean tested?"),
        (
            "p: p_found",
            "p: rest",
            "tree.affected.then: 2 branches have `p: rest` (found, missed). Only one branch of a node may.",
        ),
        (
            "{well: rest, ill: p_late}",
            "{well: rest, ill: rest}",
            "start: 2 states have `rest` (well, ill). Only one may.",
        ),
        (
            "class: true_positive",
            "note: none",
            "the leaf affected > found has no `class`, while other leaves have one.",
        ),
        ("delay: 0", "delay: rest", "missed.delay: `rest` cannot stand here."),
        ("with: {treated: 1}\n", "with: {treated: rest}\n", "with.treated: `rest` cannot stand here."),
        ("start_age: 0", "start_age: rest", "start_age: `rest` cannot stand here."),
        ("at: 1/12", "at: rest", "payoffs[1].at: `rest` cannot stand here."),
        ("value: c_confirm", "value: rest", "payoffs[1].value: `rest` cannot stand here."),
        ("admission, value: 1", "admission, value: rest", "payoffs[4].value: `rest` cannot stand here."),
        ("p_found: screened * p_uptake * p_sensitivity", "p_found: rest", "derived.p_found: `rest` cannot stand here."),
        ("ill: {hazard: h_worse}", "ill: {hazard: rest}", "ill.hazard: `rest` cannot stand here."),
        ("births_per_year: births", "births_per_year: rest", "births_per_year: `rest` cannot stand here."),
        (
            "outcome: qaly, value: u_now",
            "outcome: life_years, value: u_now",
            "payoffs[1].outcome: life-years count themselves.",
        ),
        (
            "ill: {hazard: h_worse}",
            "well: {hazard: h_worse}",
            "transitions.well.well: a hazard leads to another state.",
        ),
        (
            "      crisis:\n        dead: {prob",
            "      dead:\n        ill: rest\n      crisis:\n        dead: {prob",
            "transitions.dead: dead is dead: nobody leaves it.",
        ),
        (
            "      crisis:\n        dead: {prob",
            "      crises:\n        dead: {prob",
            "transitions.crises: course has no state crises.",
        ),
        (
            "ill: {hazard: h_worse}",
            "il: {hazard: h_worse}",
            "transitions.well.il: course has no state il. Did you mean ill?",
        ),
        ("lasts: 1 year, then: ill", "lasts: 1 year, then: il", "states.crisis.tunnel: course has no state il."),
        (
            "crisis:\n        dead: {probability: p_death_crisis, per: year}",
            "crisis:\n        dead: rest",
            "crisis is a tunnel and its transitions have a `rest`.",
        ),
        (
            "moving: {from: alive, to: dead}",
            "moving: {from: crisis, to: well}",
            "payoffs[5].moving: no transition leads from there to there.",
        ),
        (
            "moving: {from: alive, to: dead}",
            "moving: {from: alife, to: dead}",
            "payoffs[5].moving.from: course has no state alife. Did you mean alive?",
        ),
        ("entering: crisis", "entering: alive", "payoffs[4].entering: course has no state alive."),
        ("runs_in: [ill, crisis]", "runs_in: [alive]", "clocks.sick: course has no state alive."),
        ("until: 10 years", "until: 6 months", "cycles[2].until: -0.5 years cannot be divided into cycles of 1 year."),
        ("count: 12}", "count: 13}", "cycles[2].until: 8.91667 years cannot be divided into cycles of 1 year."),
        (
            "{length: 1 year, until: 10 years}",
            "{length: 1 day, count: 100000}",
            "cycles: there are over 100,000 cycles.",
        ),
        (
            "usual: {label: No screening, screened: 0}",
            "usual: {label: No screening}",
            "strategies.usual.screened: the lever screened is missing",
        ),
        (
            "usual: {label: No screening, screened: 0}",
            "usual: {label: No screening, screened: x}",
            "strategies.usual.screened: a number is needed, found 'x'.",
        ),
    ],
)
def test_what_does_not_fit_together(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert any(message in line for line in found), found


def test_a_probability_per_cycle_needs_equal_cycles_or_time_in_it(tmp_path):
    old = "dead: {probability: p_death_crisis, per: year}"
    for allowed in (
        "dead: {probability: p_death_crisis, per: cycle}",
        "dead: {probability: p_death_crisis * dt}",
        "dead: {probability: p_death_crisis * sick}",
        "dead: {probability: u_now}",  # a derived value of age
        "dead: {probability: 1}",
        "dead: {probability: 0}",
    ):
        load(tmp_path, (MODEL, old, allowed))
    (found,) = problems(tmp_path, (old, "dead: {probability: p_found}"))
    assert "while cycles differ in length. Add `per: year`" in found
    write_complete(
        tmp_path,
        (MODEL, old, "dead: {probability: p_death_crisis}"),
        (MODEL, "length: 1 year, until: 10 years", "length: 1 month, until: 10 years"),
    )
    load_model(tmp_path / "model")


def test_a_tree_that_explodes_is_refused_in_time(tmp_path):
    """Thirty subtrees that each name the next one twice would have a billion leaves."""
    lines = [f"  s{i}:\n    a: {{p: 0.5, then: s{i + 1}}}\n    b: {{p: rest, then: s{i + 1}}}\n" for i in range(30)]
    subtrees = "".join(lines) + "  s30:\n    a: {p: 1, class: true_negative}\n"
    found = problems(tmp_path, ("then: tested", "then: s0"), ("subtrees:\n", f"subtrees:\n{subtrees}"))
    assert any("the tree has over 5,000 leaves." in line for line in found)
    assert len(found) < 100


def test_chains_that_are_too_long_are_refused(tmp_path):
    """They would exhaust the stack while the model runs."""
    chain = "".join(f"  v{i}: {f'v{i - 1} + 1' if i else 'p_uptake'}\n" for i in range(300))
    (found,) = problems(tmp_path, ("derived:\n", f"derived:\n{chain}"))
    assert "stands on a chain of derived values that is too long. Join some of them." in found
    load(tmp_path, (MODEL, "derived:\n", "derived:\n" + "".join(chain.splitlines(keepends=True)[:60])))
    chain = "".join(f"  s{i}:\n    a: {{p: 1, then: s{i + 1}}}\n" for i in range(400))
    chain += "  s400:\n    a: {p: 1, class: true_negative}\n"
    found = problems(tmp_path, ("then: tested", "then: s0"), ("subtrees:\n", f"subtrees:\n{chain}"))
    assert any("subtrees are nested deeper than 40. Move branches into a cohort." in line for line in found)


# --- files


def test_a_folder_that_is_not_there(tmp_path):
    write_complete(tmp_path)
    with pytest.raises(InputError, match="there is no such model folder. Did you mean model?"):
        load_model(tmp_path / "modle")
    with pytest.raises(InputError, match="there is no such model folder"):
        load_model(tmp_path / ("x" * 1000))
    with pytest.raises(InputError, match="A model folder holds model.yaml, parameters.csv and sources.yaml."):
        load_model(tmp_path)


def test_every_file_is_read_before_giving_up(tmp_path):
    write_complete(tmp_path, ("model/parameters.csv", "Uptake,0.95", "Uptake,1.95"))
    write_files(tmp_path, {MODEL: "a: [", "model/sources.yaml": b"\xff"})
    with pytest.raises(InputError) as refused:
        load_model(tmp_path / "model")
    assert {p.place.rpartition("/")[2].partition(":")[0] for p in refused.value.problems} == {
        "model.yaml",
        "sources.yaml",
    }
    write_files(tmp_path, {"model/sources.yaml": FILES["model/sources.yaml"]})
    with pytest.raises(InputError) as refused:
        load_model(tmp_path / "model")
    assert [p.found for p in refused.value.problems][1:] == ["1.95 is no probability."]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (
            "smith: Smith 2020\nons: {citation: x}\n",
            "sources.yaml:1 smith: a block of `key: value` lines is needed, found 'Smith 2020'.",
        ),
        ("smith: {url: x}\nons: {citation: x}\n", "sources.yaml:1 smith: the key citation is missing."),
        (
            "smith: {citaton: x}\nons: {citation: x}\n",
            "sources.yaml:1 smith.citaton: unknown key citaton. Did you mean citation?",
        ),
        (
            "smith: {citation: 1, year: 2020}\nons: {citation: x}\n",
            "sources.yaml:1 smith.year: unknown key year. Allowed: citation, note, url.",
        ),
    ],
)
def test_sources(sources, message, tmp_path):
    write_complete(tmp_path)
    write_files(tmp_path, {"model/sources.yaml": sources})
    with pytest.raises(InputError) as refused:
        load_model(tmp_path / "model")
    assert message in str(refused.value)
