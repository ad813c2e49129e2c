"""Mistakes in a screening programme: each with the line the user wrote, all at once, and nothing else blamed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from screening_models import SCREENING, write_model

from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model

TIER, GROUP = "screening.tests.", "screening.births."


def refusal(folder, *edits):
    """Problems of the model after edits, each with its file cut away."""
    with pytest.raises(InputError) as error:
        load_model(write_model(Path(folder), SCREENING, *edits))
    return [re.sub(r"^.*?model\.yaml", "", str(p)) for p in error.value.problems]


CASES = {
    "a group that does not exist": (
        ("only: [preterm]", "only: [pretrm]"),
        [f"{TIER}again.only: no group of births is named pretrm. Did you mean preterm?",
         f"{GROUP}preterm.positive.again: the test again is not for the group preterm."],
    ),
    "a test that does not exist": (
        ("{first: p_sens_leaky, flow: p_sens_flow}", "{first: p_sens_leaky, flw: 0.5}"),
        [f"{GROUP}leaky.positive.flw: no test is named flw. Did you mean flow?",
         f"{GROUP}leaky.positive: flow is missing: the chance of a positive on it in the group leaky."],
    ),
    "a test without a chance": (
        ("{first: p_sens_leaky, flow: p_sens_flow}", "{first: p_sens_leaky}"),
        [f"{GROUP}leaky.positive: flow is missing"],
    ),
    "a test the group does not have": (
        ("{first: p_sens_leaky, flow: p_sens_flow}", "{first: p_sens_leaky, again: 1, flow: p_sens_flow}"),
        [f"{GROUP}leaky.positive.again: the test again is not for the group leaky. Remove this, or add leaky"],
    ),
    "a group without a test": (
        ("      label: First assay\n", "      label: First assay\n      only: [typical, leaky, others]\n"),
        [f"{GROUP}preterm.positive.first: the test first is not for the group preterm."],
    ),
    "two groups with the rest": (
        ("p: p_preterm", "p: rest"),
        [f"{GROUP[:-1]}: 2 branches have `p: rest` (preterm, others)."],
    ),
    "dependence above 1": (("dependence: rho_flow", "dependence: 1.5"), [f"{TIER}flow.dependence: found 1.5. It must"]),
    "dependence below 0": (("dependence: rho_flow", "dependence: -0.1"), [f"{TIER}flow.dependence: found -0.1."]),
    "a chance above 1": (("again: 0.1", "again: 1.1"), [f"{GROUP}preterm.positive.again: found 1.1. It must"]),
    "a negative cost": (("cost: c_flow", "cost: -4"), [f"{TIER}flow.cost: found -4. It must be at least 0."]),
    "a negative time": (
        ("      takes: 7 days", "      takes: -1"), [f"{TIER}first.takes: found -1. It must be at least 0."],
    ),
    "a negative age": (("at: 13 days", "at: -0.2"), [f"{TIER}again.at: found -0.2. It must be at least 0."]),
    "an uptake above 1": (("uptake: p_uptake", "uptake: 95"), ["screening.uptake: found 95. It must be between"]),
    "no dependence of a first test": (
        ("      label: First assay\n", "      label: First assay\n      dependence: 0.2\n"),
        [f"{TIER}first.dependence: first is the first test: there is nothing that it could depend on."],
    ),
    "a family told before the first test": (
        ("      label: First assay\n", "      label: First assay\n      family_told: true\n"),
        [f"{TIER}first.family_told: first is the first test: every family would have been told of a positive."],
    ),
    "repeats without failures": (
        ("      failure: p_fail\n", ""),
        [f"{TIER}first: `repeats` says how often a failed test is repeated; give `failure`"],
    ),
    "the cost of repeats that are not made": (
        ("      repeats: 2\n", ""),
        [f"{TIER}first: `repeat_cost` belongs to a test that is repeated"],
    ),
    "too many repeats": (("repeats: 2", "repeats: 6"), [f"{TIER}first.repeats: found 6. It must be at most 5."]),
    "groups that come from different tests": (
        ("      at: age_at_result_first + 2 / 365.25\n", ""),
        [f"{TIER}flow: groups come to flow from different tests, so its age is not the same for all. Give `at`"],
    ),
    "a class for cases": (
        ("      p: p_leaky\n", "      p: p_leaky\n      class: incidental\n"),
        [f"{GROUP}leaky: `class` is for births without the condition"],
    ),
    "a class that a group cannot have": (
        ("class: incidental", "class: incdental"),
        [f"{GROUP}preterm.class: found 'incdental'. Did you mean incidental?"],
    ),
    "known before without the condition": (
        ("      class: incidental\n", "      known_before: 0.1\n"),
        [f"{GROUP}preterm: `known_before` is for births with the condition"],
    ),
    "known without a share": (
        ("      known_before: p_family_history\n", ""),
        [f"{GROUP}typical: `known` is for those known before screening; give `known_before`"],
    ),
    "a subtree that does not exist": (
        ("      missed: treated_late\n    leaky", "      missed: treated_lat\n    leaky"),
        [f"{GROUP}typical.missed: no subtree is named treated_lat. Did you mean treated_late?"],
    ),
    "a missing route of cases": (
        ("      missed: treated_late\n    leaky", "    leaky"),
        [f"{GROUP}typical: `missed` is missing in the group typical, whose other children have something that follows: "
         "children there would have no costs and no QALYs. Give it, or say `missed: none` if nothing follows."],
    ),
    "two missing routes of cases": (
        ("      known: treated_early\n      found: treated_found\n", ""),
        [f"{GROUP}typical: `found` and `known` are missing in the group typical"],
    ),
    "an empty route": (
        ("      missed: treated_late\n    leaky", "      missed:\n    leaky"),
        [f"{GROUP}typical: `missed` is missing in the group typical"],
    ),
    "a missing route of others whose life is followed": (
        ("class: incidental\n", "class: incidental\n      found: treated_early\n"),
        [f"{GROUP}preterm: `missed` is missing in the group preterm"],
    ),
    "a missing route where the cohort stands deep in branches": (
        ("class: incidental\n", "class: incidental\n      missed: {a: {p: 0.5}, b: {p: rest, then: treated_late}}\n"),
        [f"{GROUP}preterm: `found` is missing in the group preterm"],
    ),
    "a subtree named none": (
        ("subtrees:\n", "subtrees:\n  none: {x: {cohort: course, start: well, with: {age_treated: 1}}}\n"),
        ["subtrees.none: `none` says in a group of births that nothing follows, so no subtree may have that name."],
    ),
    "a leaf with a probability": (
        ("known: treated_early", "known: {p: 1, cohort: course, start: well}"),
        [f"{GROUP}typical.known: `p` stands in a block without branches: all who come here take it; leave `p` out."],
    ),
    "a leaf with an unknown key": (
        ("known: treated_early", "known: {cohort: course, strt: well}"),
        [f"{GROUP}typical.known: strt is none of the keys of a block without branches (cohort, start,"],
    ),
    "a leaf without a start": (
        ("known: treated_early", "known: {cohort: course}"),
        [f"{GROUP}typical.known: `cohort` and `start` go together."],
    ),
    "a leaf with a state that does not exist": (
        ("known: treated_early", "known: {cohort: course, start: wel, with: {age_treated: 0}}"),
        [f"{GROUP}typical.known.start.wel: course has no state wel. Did you mean well?"],
    ),
    "a payoff of a leaf": (
        ("known: treated_early", "known: {cohort: course, start: well, with: {age_treated: 0}, "
         "payoffs: [{outcome: cost, value: c_none}]}"),
        [f"{GROUP}typical.known.payoffs[1].value: no parameter, derived value or clock is named c_none."],
    ),
    "a payoff of a leaf after those of a positive": (
        ("class: incidental\n", "class: incidental\n      found: {payoffs: [{outcome: cost, value: c_none}]}\n"),
        [f"{GROUP}preterm.found.payoffs[1].value: no parameter, derived value or clock is named c_none."],
    ),
    "payoffs of a leaf that are no list": (
        ("class: incidental\n", "class: incidental\n      found: {payoffs: 3}\n"),
        [f"{GROUP}preterm.found.payoffs: a list is needed, found 3."],
    ),
    "a subtree that is a leaf": (
        ("  treated_early:\n    early: {p: 1, cohort: course, start: well, delay: 0, with: {age_treated: 0.01}}\n",
         "  treated_early: {cohort: course, start: well, with: {age_treated: 0.01}}\n"),
        ["subtrees.treated_early: `cohort` stands where names of branches are needed: put a branch around it"],
    ),
    "two branches without a probability": (
        ("    early: {p: 1, cohort", "    other: {}\n    early: {p: 1, cohort"),
        ["subtrees.treated_early.other: the key p is missing."],
    ),
    "a length in a formula": (
        ("at: age_at_result_first + 2 / 365.25", "at: age_at_result_first + 2 days"),
        [f"{TIER}flow.at: age_at_result_first + 2 days is neither a length nor a formula: a length stands alone"],
    ),
    "a length that is too long": (
        ("at: 13 days", "at: 2000 years"),
        [f"{TIER}again.at: a length of time is at most 1,000 years, found 2000 years"],
    ),
    "dependence in a group that does not exist": (
        ("dependence: rho_flow", "dependence: {typicl: rho_flow}"),
        [f"{TIER}flow.dependence.typicl: no group of births is named typicl. Did you mean typical?"],
    ),
    "dependence in a group without the test": (
        ("cost: c_first\n      at: 13 days", "cost: c_first\n      dependence: {leaky: 0.1}\n      at: 13 days"),
        [f"{TIER}again.dependence.leaky: the test again is not for the group leaky."],
    ),
    "dependence of a group above 1": (
        ("dependence: rho_flow", "dependence: {typical: rho_flow, leaky: 1.5}"),
        [f"{TIER}flow.dependence.leaky: found 1.5. It must"],
    ),
    "dependence by group, of none": (
        ("dependence: rho_flow", "dependence: {}"),
        [f"{TIER}flow.dependence: at least 1 entry is needed."],
    ),
    "what is no subtree": (
        ("known: treated_early", "known: 3"),
        [f"{GROUP}typical.known: the name of a subtree, a block such as"],
    ),
    "branches of its own": (
        ("known: treated_early", "known: {x: {p: 1, cohrt: course}}"),
        [f"{GROUP}typical.known.x.cohrt: unknown key cohrt. Did you mean cohort?"],
    ),
    "payoffs on a positive": (
        ("value: c_clinic}", "valu: c_clinic}"),
        [f"{TIER}flow.payoffs_if_positive[1].valu: unknown key valu. Did you mean value?"],
    ),
    "an unknown name in a payoff": (
        ("value: c_clinic}", "value: c_clinc}"),
        [f"{TIER}flow.payoffs_if_positive[1].value: no parameter, derived value or clock is named c_clinc."],
    ),
    "an unknown name in a cost": (
        ("cost: c_flow", "cost: c_flw"),
        [f"{TIER}flow.cost: no parameter, derived value or clock is named c_flw."],
    ),
    "an unknown name in a share": (("p: p_preterm", "p: p_pretrm"), [f"{GROUP}preterm.p: no parameter"]),
    "a formula that cannot be read": (
        ("first: 1 - p_spec_preterm", "first: 1 -"),
        [f"{GROUP}preterm.positive.first: cannot read the formula"],
    ),
    "an unknown key": (
        ("family_told: true\n", "family_tld: true\n"),
        [f"{TIER}flow.family_tld: unknown key family_tld. Did you mean family_told?"],
    ),
    "a perspective that is not declared": (
        ("perspectives: [carer]\n", ""),
        ["screening.false_positive.parent_disutility.perspective: no perspective is named carer."],
    ),
    "weeks of nothing": (
        ("    weeks: weeks_false_positive\n", ""),
        ["screening.false_positive: `weeks` goes with `disutility` or `parent_disutility`"],
    ),
    "a negative disutility": (
        ("    disutility: du_family", "    disutility: -0.1"),
        ["screening.false_positive.disutility: found -0.1. It must be at least 0."],
    ),
    "a name that ends with an underscore": (
        ("  births:\n", "  births:\n    x_: {p: 0.1, positive: {first: 1, flow: 1}}\n"),
        [f"{GROUP}x_: x_ ends with an underscore"],
    ),
    "a derived value of the same name": (
        ("derived:\n", "derived:\n  age_at_first: 3\n"),
        [f"{TIER}first.at: the derived value age_at_first is made here, but"],
    ),
    "time, which the tree does not have": (
        ("uptake: p_uptake", "uptake: age / 100"),
        ["screening.offered: share_uptake needs age, which the tree does not have."],
    ),
    "both a tree and a programme": (
        ("screening:\n  offered", "tree: {a: {p: 1}}\nscreening:\n  offered"),
        ["screening: this and `tree` describe the same thing. Keep one"],
    ),
    "misspelt": (
        ("screening:\n  offered", "screning:\n  offered"),
        ["screning: unknown key screning. Did you mean screening?"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refused_where_it_was_written(tmp_path, name):
    edit, expected = CASES[name]
    found = refusal(tmp_path, edit)
    assert len(found) == len(expected), found
    lines = (tmp_path / "disease/screened/model.yaml").read_text().split("\n")
    for problem, words in zip(found, expected, strict=True):
        assert words in problem
        place = re.match(r":(\d+) (\S+): ", problem)
        if place is not None:  # the line holds the key, or the one above it where the key is missing
            keys = [re.sub(r"\[\d+\]", "", k) for k in place[2].split(".")]
            assert any(f"{key}:" in lines[int(place[1]) - 1] for key in keys) or "[" in place[2], problem


def test_nobody_with_the_condition(tmp_path):
    found = refusal(
        tmp_path,
        ("      p: p_leaky\n      case: true\n", "      p: p_leaky\n"),
        ("      case: true\n      known_before: p_family_history\n", ""),
        ("      known: treated_early\n", ""),
    )
    assert len(found) == 1 and "screening.births: no group has the condition that is screened for." in found[0]


def test_a_group_that_no_test_is_for(tmp_path):
    found = refusal(
        tmp_path,
        ("      label: First assay\n", "      label: First assay\n      only: [typical, leaky]\n"),
        ("      label: Flow cytometry\n", "      label: Flow cytometry\n      only: [typical, leaky, preterm]\n"),
        ("{first: 1 - p_spec_preterm, again: 0.1, flow: 0.01}", "{again: 0.1, flow: 0.01}"),
        ("others:\n      p: rest\n      positive: {first: 1 - p_specificity, flow: 1 - p_spec_flow}",
         "others:\n      p: rest\n      positive: {first: 1}"),
    )  # fmt: skip
    assert any("screening.births.others: no test is for the group others." in p for p in found)


def test_everything_is_reported_at_once(tmp_path):
    """Of the programme and of the rest of the file."""
    found = refusal(
        tmp_path,
        ("offered: screened", "offered: screned"),
        ("uptake: p_uptake", "uptake: 1.2"),
        ("dependence: rho_flow", "dependence: 2"),
        ("missed: treated_late\n    preterm", "missed: treated_lte\n    preterm"),
        ("well: {ill: {hazard: 0.1 * age_treated}", "well: {ill: {hazard: 0.1 * age_treted}"),
        ("comparator: usual", "comparator: usul"),
    )
    assert len(found) == 6
    for words in ("screned", "found 1.2", "found 2", "treated_lte", "age_treted", "usul"):
        assert sum(words in problem for problem in found) == 1, words


def test_neither_a_tree_nor_a_programme(tmp_path):
    with pytest.raises(InputError) as error:
        load_model(write_model(tmp_path, "", rest="cohorts: {}\n"))
    (problem,) = error.value.problems
    assert problem.found == "the key tree is missing, and so is screening, from which a tree is made."


@pytest.mark.parametrize("route", ["known", "found", "missed"])
def test_every_route_that_cases_can_take_is_asked_for(tmp_path, route):
    below = {"known": "treated_early", "found": "treated_found", "missed": "treated_late"}[route]
    group = "      known: treated_early\n      found: treated_found\n      missed: treated_late\n    leaky"
    line = f"      {route}: {below}\n"
    (problem,) = refusal(tmp_path / "a", (group, group.replace(line, "")))
    assert f"`{route}` is missing in the group typical" in problem
    said = load_model(write_model(tmp_path / "b", SCREENING, (group, group.replace(line, f"      {route}: none\n"))))
    assert said.programme.ended and {path[0] for path in said.programme.ended} == {"typical"}


def test_a_group_of_cases_may_leave_all_routes_out(tmp_path):
    group = "      known: treated_early\n      found: treated_found\n      missed: treated_late\n    leaky"
    model = load_model(write_model(tmp_path / "a", SCREENING, (group, "    leaky")))
    assert not model.programme.ended
    load_model(write_model(tmp_path / "b", SCREENING, (group, "      missed: none\n    leaky")))


def test_subtrees_in_a_circle_are_reported_and_nothing_else(tmp_path):
    found = refusal(
        tmp_path,
        ("class: incidental\n", "class: incidental\n      found: a\n"),
        ("subtrees:\n", "subtrees:\n  a: {x: {then: b}}\n  b: {y: {then: a}}\n"),
    )
    assert len(found) == 1 and "a subtree holds itself: a holds b holds a" in found[0]


def test_two_names_made_alike(tmp_path):
    """`positive_a_b_c` from group a_b and test c, and from group a and test b_c."""
    text = """\
        screening:
          offered: screened
          tests: {c: {}, b_c: {}}
          births:
            a: {p: 0.1, case: true, positive: {c: 1 - 0.1, b_c: 1 - 0.2}}
            a_b: {p: rest, positive: {c: 1 - 0.3, b_c: 1 - 0.4}}
    """
    rest = "cohorts: {}\n"
    with pytest.raises(
        InputError, match="positive_a_b_c is made here and at .*a.positive.b_c.*Rename a test or a group"
    ):
        load_model(write_model(tmp_path, text, rest=rest))
