"""A declared screening programme becomes the tree that would be written by hand."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pytest
from screening_models import REST, SCREENING, write_model

from nbsmodel.engine.evaluate import evaluate
from nbsmodel.model.load import load_model
from nbsmodel.model.parts import Formula, paths
from nbsmodel.model.schema import CLASSES
from nbsmodel.model.screening_text import tree_text
from nbsmodel.model.yamlfile import parse_yaml

TWO_TESTS = """\
    screening:
      offered: screened
      uptake: p_uptake
      tests:
        first: {cost: c_first, at: 5 / 365.25, takes: 0.02, failure: p_fail, repeats: 1, repeat_cost: c_recall}
        flow: {label: Flow cytometry, cost: c_flow, dependence: rho_flow, family_told: true}
      births:
        typical:
          label: Typical disease
          p: p_incidence
          case: true
          known_before: p_family_history
          positive: {first: p_sens_typical, flow: p_sens_flow}
          known: treated_early
          found: treated_found
          missed: treated_late
        lymphopenia:
          p: p_preterm
          class: incidental
          positive: {first: 0.5, flow: 1}
          found:
            watched: {p: 1, payoffs: [{outcome: cost, component: watching, value: 100}]}
        others: {p: rest, positive: {first: 1 - p_specificity, flow: 1 - p_spec_flow}}
      false_positive: {disutility: du_family, weeks: weeks_false_positive}
"""
#: What follows, without the subtrees that name ages of the programme.
COHORTS = "cohorts:" + dedent(REST).partition("cohorts:")[2]
#: The same by hand: what a modeller would write.
BY_HAND = """\
    tree:
      typical:
        label: Typical disease
        p: p_incidence
        case: true
        then:
          known_before: {p: p_family_history, class: known_before, then: treated_early}
          screened:
            p: (1 - p_family_history) * screened * p_uptake
            payoffs:
              - {outcome: cost, component: screening, value: c_first, at: age_at_first}
              - {outcome: cost, component: screening, value: p_fail * (c_first + c_recall), at: age_at_first + 0.02}
            then:
              first_no_result: {p: p_fail ** 2, class: not_screened, then: treated_late}
              first_positive:
                p: (1 - p_fail ** 2) * p_sens_typical
                payoffs: [{outcome: cost, component: confirmation, value: c_flow, at: age_at_flow}]
                then:
                  flow_positive:
                    label: Flow cytometry positive
                    p: positive_again_typical_flow
                    class: true_positive
                    then: treated_found
                  flow_negative: {label: Flow cytometry negative, p: rest, class: false_negative, then: treated_late}
              first_negative: {p: rest, class: false_negative, then: treated_late}
          not_screened: {p: rest, class: not_screened, then: treated_late}
      lymphopenia:
        p: p_preterm
        then:
          screened:
            p: screened * p_uptake
            payoffs:
              - {outcome: cost, component: screening, value: c_first, at: age_at_first}
              - {outcome: cost, component: screening, value: p_fail * (c_first + c_recall), at: age_at_first + 0.02}
            then:
              first_no_result: {p: p_fail ** 2, class: not_screened}
              first_positive:
                p: (1 - p_fail ** 2) * 0.5
                payoffs: [{outcome: cost, component: confirmation, value: c_flow, at: age_at_flow}]
                then:
                  flow_positive:
                    label: Flow cytometry positive
                    p: positive_again_lymphopenia_flow
                    class: incidental
                    then:
                      watched: {p: 1, payoffs: [{outcome: cost, component: watching, value: 100}]}
                  flow_negative:
                    label: Flow cytometry negative
                    p: rest
                    class: false_positive
                    payoffs:
                      - {outcome: qaly, component: false positive, at: age_at_result_flow,
                         value: -du_family * weeks_false_positive * 7 / 365.25}
              first_negative: {p: rest, class: true_negative}
          not_screened: {p: rest, class: not_screened}
      others:
        p: rest
        then:
          screened:
            p: screened * p_uptake
            payoffs:
              - {outcome: cost, component: screening, value: c_first, at: age_at_first}
              - {outcome: cost, component: screening, value: p_fail * (c_first + c_recall), at: age_at_first + 0.02}
            then:
              first_no_result: {p: p_fail ** 2, class: not_screened}
              first_positive:
                p: (1 - p_fail ** 2) * positive_others_first
                payoffs: [{outcome: cost, component: confirmation, value: c_flow, at: age_at_flow}]
                then:
                  flow_positive:
                    label: Flow cytometry positive
                    p: positive_again_others_flow
                    class: false_positive
                    payoffs:
                      - {outcome: qaly, component: false positive, at: age_at_result_flow,
                         value: -du_family * weeks_false_positive * 7 / 365.25}
                  flow_negative:
                    label: Flow cytometry negative
                    p: rest
                    class: false_positive
                    payoffs:
                      - {outcome: qaly, component: false positive, at: age_at_result_flow,
                         value: -du_family * weeks_false_positive * 7 / 365.25}
              first_negative: {p: rest, class: true_negative}
          not_screened: {p: rest, class: not_screened}
"""
BY_HAND_DERIVED = """\
      tests_first: {value: 1 + p_fail, unit: number}
      age_at_first: {value: 5 / 365.25, unit: years}
      age_at_result_first: {value: age_at_first + 0.02 + 0.02 * p_fail / tests_first, unit: years}
      age_at_flow: {value: age_at_result_first, unit: years}
      age_at_result_flow: {value: age_at_flow, unit: years}
      positive_again_typical_flow:
        value: p_sens_flow + rho_flow * (min(1, p_sens_flow / max(p_sens_typical, 1e-300)) - p_sens_flow)
        unit: probability
      positive_again_lymphopenia_flow: {value: "1 + rho_flow * (min(1, 1 / max(0.5, 1e-300)) - 1)", unit: probability}
      positive_others_first: {value: 1 - p_specificity, unit: probability}
      positive_others_flow: {value: 1 - p_spec_flow, unit: probability}
      positive_again_others_flow:
        value:
          positive_others_flow + rho_flow * (min(1, positive_others_flow / max(positive_others_first, 1e-300))
          - positive_others_flow)
        unit: probability
"""


def alike(a, b):
    """Whether two parts of a model say the same, wherever they stand."""
    if isinstance(a, Formula):
        return isinstance(b, Formula) and a.text == b.text
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if hasattr(a, "__dataclass_fields__"):
        names = [f.name for f in fields(a) if f.name != "place"]
        return type(a) is type(b) and all(alike(getattr(a, name), getattr(b, name)) for name in names)
    return a == b


def same_results(a, b):
    first, second = (evaluate(m, keep_trace=True) for m in (a, b))
    assert set(first.sums) == set(second.sums)
    for key in first.sums:
        assert np.array_equal(first.sums[key], second.sums[key]), key
    for one, other in zip(first.leaves, second.leaves, strict=True):
        assert np.array_equal(one.probability, other.probability)


def declared(folder, *edits, screening=SCREENING, rest=REST):
    return load_model(write_model(Path(folder), screening, *edits, rest=rest))


def leaf(model, route):
    """The leaf at the end of a route of names, and its path."""
    found = [p for p in paths(model.tree) if " > ".join(b.name for b in p) == route]
    assert len(found) == 1, route
    return found[0]


def test_it_equals_the_tree_written_by_hand(tmp_path):
    ours = declared(tmp_path / "a", screening=TWO_TESTS)
    hand = declared(
        tmp_path / "b", ("derived:\n", "derived:\n" + indent(dedent(BY_HAND_DERIVED), "  ")), screening=BY_HAND
    )
    assert alike(ours.tree, hand.tree)
    assert {n: d.formula.text for n, d in ours.derived.items()} == {n: d.formula.text for n, d in hand.derived.items()}
    assert {n: d.unit for n, d in ours.derived.items()} == {n: d.unit for n, d in hand.derived.items()}
    assert ours.programme is not None and hand.programme is None
    same_results(ours, hand)


@pytest.mark.parametrize("screening", [SCREENING, TWO_TESTS], ids=["three tests", "two tests"])
def test_the_written_tree_stands_for_the_programme(tmp_path, screening):
    """`tree.yaml` in the place of `screening` gives the same model and the same results."""
    ours = declared(tmp_path / "a", screening=screening)
    text = tree_text(ours.programme)
    derived, _, tree = text.partition("\nderived:\n")[2].partition("\ntree:\n")
    hand = declared(tmp_path / "b", ("derived:\n", f"derived:\n{derived}"), screening=f"tree:\n{tree}")
    assert alike(ours.tree, hand.tree)
    assert alike(dict(sorted(ours.derived.items())), dict(sorted(hand.derived.items())))
    same_results(ours, hand)


def test_the_written_tree_keeps_what_must_stand_in_quotes(tmp_path):
    odd = [
        'label: "Disease: typical, #1"',
        'note: "no"',
        'payoffs: [{outcome: cost, value: "max(1, births)", note: "a [b]"}]',
    ]
    ours = declared(tmp_path, ("label: Typical disease", "\n      ".join(odd)))
    written = parse_yaml(tree_text(ours.programme), Path("tree.yaml")).data["tree"]["typical"]
    assert written["label"] == "Disease: typical, #1" and written["note"] == "no"
    assert written["payoffs"] == [{"outcome": "cost", "value": "max(1, births)", "note": "a [b]"}]


def test_classes_and_what_comes_below(tmp_path):
    model = declared(tmp_path)
    classes = {" > ".join(b.name for b in p): [b.class_ for b in p if b.class_][-1] for p in paths(model.tree)}
    assert classes == {
        "typical > known_before > early": "known_before",
        "typical > screened > first_no_result > late": "not_screened",
        "typical > screened > first_positive > flow_positive > found": "true_positive",
        "typical > screened > first_positive > flow_negative > late": "false_negative",
        "typical > screened > first_negative > late": "false_negative",
        "typical > not_screened > late": "not_screened",
        "leaky > screened > first_no_result > late": "not_screened",
        "leaky > screened > first_positive > flow_positive > found": "true_positive",
        "leaky > screened > first_positive > flow_negative > late": "false_negative",
        "leaky > screened > first_negative > late": "false_negative",
        "leaky > not_screened > late": "not_screened",
        "preterm > screened > first_no_result": "not_screened",
        "preterm > screened > first_positive > again_positive > flow_positive": "incidental",
        "preterm > screened > first_positive > again_positive > flow_negative": "false_positive",
        "preterm > screened > first_positive > again_negative": "true_negative",
        "preterm > screened > first_negative": "true_negative",
        "preterm > not_screened": "not_screened",
        "others > screened > first_no_result": "not_screened",
        "others > screened > first_positive > flow_positive": "false_positive",
        "others > screened > first_positive > flow_negative": "false_positive",
        "others > screened > first_negative": "true_negative",
        "others > not_screened": "not_screened",
    }


def test_a_told_family_without_a_result_had_a_false_alarm(tmp_path):
    """A case whose second test fails counts as not screened; an unaffected child as a false positive."""
    model = declared(tmp_path, ("dependence: rho_flow", "dependence: rho_flow\n      failure: p_fail"))
    route = "screened > first_positive > flow_no_result"
    assert leaf(model, f"leaky > {route} > late")[3].class_ == "not_screened"
    alarmed = leaf(model, f"others > {route}")[-1]
    assert alarmed.class_ == "false_positive"
    assert [p.account.perspective for p in alarmed.payoffs] == ["health_system", "carer"]


def test_defaults(tmp_path):
    """Uptake 1, tests at birth with the result at once, costs nothing, no dependence."""
    short = """\
        screening:
          offered: screened
          tests: {only_one: {}, other: {}}
          births:
            ill: {p: 0.1, case: true, positive: {only_one: 0.9, other: 0.5}}
            well: {p: rest, positive: {only_one: 0.2, other: 0.1}}
    """
    model = declared(tmp_path, screening=short, rest=COHORTS)
    ill = model.tree[0]
    assert [b.name for b in ill.branches] == ["screened", "not_screened"]
    assert ill.branches[0].p.text == "screened" and not ill.branches[0].payoffs
    assert [b.p and b.p.text for b in ill.branches[0].branches] == ["0.9", None]
    assert [b.p and b.p.text for b in ill.branches[0].branches[0].branches] == ["0.5", None]
    assert {n: d.formula.text for n, d in model.derived.items() if n != "p_leaky"} == {
        "age_at_only_one": "0",
        "age_at_result_only_one": "age_at_only_one",
        "age_at_other": "age_at_result_only_one",
        "age_at_result_other": "age_at_other",
    }
    assert leaf(model, "well > screened > only_one_positive > other_negative")[-1].class_ == "true_negative"


LEAVES = [
    ("      known: treated_early\n", "      known: {cohort: course, start: well, with: {age_treated: 0.01}}\n"),
    ("      found: treated_found\n      missed: treated_late\n    leaky",
     "      found: {cohort: course, start: well, with: {age_treated: age_at_result_flow}}\n"
     "      missed: {then: treated_late}\n    leaky"),
]  # fmt: skip


def test_what_follows_may_be_a_leaf_without_a_branch_around_it(tmp_path):
    """The same totals, one level less; the name of a subtree may stand in `then`."""
    long, short = declared(tmp_path / "a"), declared(tmp_path / "b", *LEAVES)
    assert leaf(short, "typical > known_before")[-1].entry is not None
    route = "typical > screened > first_positive > flow_positive"
    assert alike(leaf(short, route)[-1].entry, leaf(long, f"{route} > found")[-1].entry)
    assert leaf(short, route)[-1].class_ == "true_positive"
    assert leaf(short, "typical > not_screened > late")[-1].entry is not None
    same_results(long, short)


def test_the_written_tree_of_leaves_without_branches(tmp_path):
    ours = declared(tmp_path / "a", *LEAVES)
    derived, _, tree = tree_text(ours.programme).partition("\nderived:\n")[2].partition("\ntree:\n")
    hand = declared(tmp_path / "b", ("derived:\n", f"derived:\n{derived}"), screening=f"tree:\n{tree}")
    assert alike(ours.tree, hand.tree)


def test_payoffs_of_a_leaf_come_after_those_of_the_positive_and_of_the_false_alarm(tmp_path):
    model = declared(
        tmp_path,
        ("      p: rest\n", "      p: rest\n      found: {payoffs: [{outcome: cost, value: 3}]}\n"),
        ("      class: incidental\n", "      class: incidental\n      found: {payoffs: [{outcome: cost, value: 4}]}\n"),
    )
    alarm = leaf(model, "others > screened > first_positive > flow_positive")[-1]
    assert [p.value.text.split(" ")[0] for p in alarm.payoffs] == ["c_clinic", "-du_family", "-2", "3"]
    other = leaf(model, "preterm > screened > first_positive > again_positive > flow_positive")[-1]
    assert [p.value.text for p in other.payoffs] == ["c_clinic", "4"]
    assert [p.at.text for p in other.payoffs] == ["age_at_result_flow", "0"]


def test_a_lone_branch_has_the_probability_one(tmp_path):
    short = [
        (f"    {name}: {{p: 1, cohort", f"    {name}: {{cohort") for name in ("early", "found", "late")
    ]  # fmt: skip
    assert alike(declared(tmp_path / "a").tree, declared(tmp_path / "b", *short).tree)


def test_none_is_where_nothing_follows(tmp_path):
    model = declared(tmp_path, ("      missed: treated_late\n    leaky", "      missed: none\n    leaky"))
    assert model.programme.ended == {
        ("typical", "screened", "first_no_result"),
        ("typical", "screened", "first_negative"),
        ("typical", "screened", "first_positive", "flow_negative"),
        ("typical", "not_screened"),
    }
    assert leaf(model, "typical > not_screened")[-1].entry is None


@pytest.mark.parametrize(
    ("written", "years"),
    [
        ("5 days", "5 / 365.25"), ("2 weeks", "14 / 365.25"), ("1 month", "1 / 12"), ("6 months", "6 / 12"),
        ("1 year", "1"), ("0 days", "0"), ("1/52 year", "1 / 52"), ("0.5 day", "2 / 1461"),
    ],
)  # fmt: skip
def test_times_may_be_lengths(tmp_path, written, years):
    for key, old in (
        ("at", "at: 13 days"),
        ("takes", "      takes: 7 days"),
        ("repeat_takes", "repeat_takes: 10 days"),
    ):
        long = declared(tmp_path / key / "a", (old, old.partition(":")[0] + f": {years}"))
        short = declared(tmp_path / key / "b", (old, old.partition(":")[0] + f": {written}"))
        assert {n: d.formula.text for n, d in long.derived.items()} == {
            n: d.formula.text for n, d in short.derived.items()
        }


def test_a_length_has_the_bits_of_the_formula_in_years(tmp_path):
    for days in (1, 5, 7, 13, 14, 28, 100):
        model = declared(tmp_path / str(days), ("at: 13 days", f"at: {days} days"))
        assert float(evaluate(model).values["age_at_again"]) == days / 365.25


def test_dependence_by_group(tmp_path):
    """Groups that are not named have none; every group named is the same as one formula for all."""
    some = declared(tmp_path / "a", ("dependence: rho_flow", "dependence: {leaky: rho_flow, typical: 2 * 0.1}"))
    again = {name: d.formula.text for name, d in some.derived.items() if name.startswith("positive_again_")}
    assert list(again) == ["positive_again_leaky_flow", "positive_again_typical_flow"]
    assert some.derived["dependence_flow_typical"].unit == "share"
    assert "rho_flow" in again["positive_again_leaky_flow"]
    every = "{typical: rho_flow, leaky: rho_flow, preterm: rho_flow, others: rho_flow}"
    same_results(declared(tmp_path / "b"), declared(tmp_path / "c", ("dependence: rho_flow", f"dependence: {every}")))
    none = declared(tmp_path / "d", ("dependence: rho_flow", "dependence: {leaky: 0}"))
    assert not [name for name in none.derived if name.startswith("positive_again_")]


def test_components(tmp_path):
    first = declared(tmp_path / "a")
    booked = {p.account.component for path in paths(first.tree) for b in path for p in b.payoffs}
    assert booked == {"screening", "confirmation", "clinic", "false positive"}
    other = declared(tmp_path / "b", ("      cost: c_flow", "      cost: c_flow\n      component: laboratory"))
    booked = {p.account.component for path in paths(other.tree) for b in path for p in b.payoffs}
    assert booked == {"screening", "confirmation", "laboratory", "clinic", "false positive"}


def test_what_is_paid_on_a_positive_and_in_a_group(tmp_path):
    """At the result unless it says when; payoffs of a group stand on its branch."""
    model = declared(
        tmp_path,
        ("value: c_clinic}", "value: c_clinic}\n        - {outcome: cost, value: 7, at: 1}"),
        ("      p: p_leaky\n", "      p: p_leaky\n      payoffs: [{outcome: cost, value: 5}]\n"),
    )
    path = leaf(model, "leaky > screened > first_positive > flow_positive > found")
    assert [(p.value.text, p.at.text) for p in path[0].payoffs] == [("5", "0")]
    assert [(p.value.text, p.at.text) for p in path[3].payoffs] == [("c_clinic", "age_at_result_flow"), ("7", "1")]


def test_parents_lose_in_their_own_perspective(tmp_path):
    model = declared(tmp_path, ("parent_disutility: du_parent", "parent_disutility: du_parent\n    parents: 1.7"))
    path = leaf(model, "others > screened > first_positive > flow_negative")
    assert [(p.account.perspective, p.value.text) for p in path[-1].payoffs] == [
        ("health_system", "-du_family * weeks_false_positive * 7 / 365.25"),
        ("carer", "-1.7 * du_parent * weeks_false_positive * 7 / 365.25"),
    ]


def test_ages_are_chained_through_the_tests_a_group_has(tmp_path):
    """Without `at` a test is done when the result of the one before is there."""
    model = declared(
        tmp_path,
        ("at: age_at_result_first + 2 / 365.25\n", "only: [typical, leaky, others]\n"),
        ("again: 0.1, flow: 0.01}", "again: 0.1}"),
    )
    assert model.derived["age_at_flow"].formula.text == "age_at_result_first"
    result = evaluate(model)
    fail = 0.01
    expected = 12 / 365.25 + 10 / 365.25 * (fail + 2 * fail**2) / (1 + fail + fail**2)
    assert float(result.values["age_at_result_flow"]) == pytest.approx(expected, rel=1e-14)


def test_bounded_names_are_used_as_written_and_expressions_get_a_name(tmp_path):
    model = declared(tmp_path, ("uptake: p_uptake", "uptake: p_uptake * 1"), ("cost: c_flow", "cost: 2 * c_flow"))
    assert model.derived["share_uptake"].unit == "share"
    assert model.derived["cost_flow"].unit == "GBP"
    assert model.tree[1].branches[0].p.text == "screened * share_uptake"


def test_a_model_without_a_programme_has_none(tmp_path):
    hand = "tree: {all: {p: 1, cohort: course, start: well, with: {age_treated: 0}}}\n"
    model = declared(tmp_path, screening=hand, rest=COHORTS)
    assert model.programme is None and [b.name for b in model.tree] == ["all"]


def test_the_example_of_the_documentation_loads(tmp_path):
    text = (Path(__file__).resolve().parents[2] / "docs" / "model_language.md").read_text()
    example = "screening:" + text.partition("```yaml\nscreening:")[2].partition("```")[0]
    aliases = "derived:\n  c_test: {value: c_first, unit: GBP}\n  p_sens: {value: p_sens_typical, unit: probability}\n"
    model = declared(tmp_path, ("derived:\n", aliases), screening=example)
    result = evaluate(model)
    assert [t.name for t in model.programme.tiers] == ["trec", "flow"]
    assert sum(result.class_probability(c)[0, 1] for c in CLASSES) == pytest.approx(1, abs=1e-12)
