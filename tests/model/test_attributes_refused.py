"""Attributes, counts and clocks that cannot work: each is refused with its place and what to do."""

from __future__ import annotations

import pytest
from attribute_models import load
from helpers import write_complete

from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model

LIST = "{2: p_late, 3: 0.6, 4.5: rest}"
GAMMA = '"gamma(mean=1, se=0.3)"'
ONSET = '"lognormal(mean=4 * h_ill if copies > 2 else 1, se=h_crisis / 2)"'
FOUND = "  p_found: screened"
RISK = "  risk: {}\n  p_found: screened"
ORDER = "Attributes are drawn in the order of the file: an attribute may use those declared before it, not itself."
LEVER = "It is a lever of the strategies, and a child is the same child in every arm."
TREE = (
    "The tree is exact arithmetic; attributes belong to the children that enter a cohort: use them there, or in "
    "`start` or `with`."
)


def problems(folder, *edits):
    """Problems of the model with attributes after edits of model.yaml (old, new)."""
    with pytest.raises(InputError) as refused:
        load(folder, *edits)
    return [str(p).removeprefix(f"{folder}/") for p in refused.value.problems]


def test_places_have_lines(tmp_path):
    (found,) = problems(tmp_path, (LIST, "{2: 0.1, 3: 0.6, 4: x}"))
    start = "model/model.yaml:25 attributes.copies.values.4: no parameter, derived value or clock is named x."
    assert found.startswith(start)


# --- what an attribute is


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (LIST, "{mild: 0.5, 3: rest}", "copies.values.mild: 'mild' is no number; use numbers as values, and compare w"),
        (LIST, "{nan: 0.5, 3: rest}", "copies.values.nan: 'nan' is no number;"),
        (LIST, "{true: 0.5, 3: rest}", "copies.values.true: 'true' is no number;"),
        (LIST, "{1_0: 0.5, 3: rest}", "copies.values.1_0: '1_0' is no number;"),
        (LIST, "{2: 0.5, 2.0: rest}", "attributes.copies.values.2.0: the value 2 stands twice. Keep it once."),
        (LIST, "{}", "attributes.copies.values: at least 1 entry is needed."),
        (LIST, "{2: rest, 3: rest}", "attributes.copies.values: 2 values have `rest` (2, 3). Only one may."),
        (LIST, "{2: 1.5, 3: p_late}", "copies.values.2: the probability of copies 2 is 1.5: 1.5. A probability is bet"),
        (LIST, "{2: 0.5, 3: 0.6, 4: p_late}", "attributes.copies: the probabilities of copies add up to 1.1. They may"),
        (LIST, "{2: 0.5, 3: 0.6, 4: rest}", "attributes.copies: the probabilities of copies add up to 1.1. They may a"),
        (LIST, "{2: 0.5, 3: 1/3}", "the probabilities of copies add up to 0.833333333333. They must add up to 1; give"),
        (LIST, "{2: [1], 3: rest}", "attributes.copies.values.2: a number or a formula is needed."),
        ("values: " + LIST, "p: 1", "attributes.copies.p: unknown key p. Allowed: distribution, label, note, values."),
        ("values: " + LIST, "note: x", "attributes.copies: give exactly one of `values` and `distribution`."),
        (GAMMA, GAMMA + ", values: {1: 1}", "attributes.frailty: give exactly one of `values` and `distribution`."),
        (GAMMA, "5", "attributes.frailty.distribution: text is needed, found 5."),
        (GAMMA, "gamma(mean=1, se=0.3)", "se=0.3) is read as a key. A formula with a comma inside { } must stand in q"),
    ],
)  # fmt: skip
def test_shape(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert len(found) == 1 and message in found[0], found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gama(mean=1, se=1)", "frailty.distribution: gama(mean=1, se=1): unknown distribution gama (Did you mean gam"),
        ("gamma(meen=p_late, se=1)", "gamma: the arguments must be (mean, se) or"),
        ("gamma(mean=-1, se=1)", "gamma(mean=-1, se=1): gamma: mean must be above 0 (found -1)."),
        ("gamma(mean=1, se=5%)", "frailty.distribution: gamma: se: '5%' is a percentage; write a share, as in 0.95 fo"),
        ("gamma(mean=1, se=1/0)", "frailty.distribution: gamma: se: '1/0' has no finite value."),
        ("gamma(mean=1, se=(2)", "gamma: the brackets do not match."),
        ("gamma(mean=1, se=sqr(2))", "there is no function or table sqr(). Did you mean sqrt?"),
        ("gamma(mean=1, se=exp(1, 2))", "exp() is given 2 arguments. Use exp(x)."),
        ("gamma(mean=1, se=p_lat)", "no parameter, derived value or clock is named p_lat. Did you mean p_late?"),
        ("elicited(family=beta, q05=p_late)", "elicited: at least two quantiles are needed (found 1)."),
        ("elicited(family=bta, q05=p_late, q95=1)", "elicited: family must be one of beta, gamma,"),
        ("gamma(mean=outlook, se=1)", "the choice outlook is no number. Compare it with an option"),
        ("dirichlet(group=a, count=3)", "dirichlet joins several parameters, an attribute stands alone. Draw one attr"),
        ("multivariate_normal(group=a, cholesky=[1])", "and write the other as a formula of it."),
        ("0.5", "frailty.distribution: 0.5: a distribution is written name(argument=value, ...) (found 0.5)."),
    ],
)  # fmt: skip
def test_distributions(text, message, tmp_path):
    found = problems(tmp_path, (GAMMA, f"'{text}'"))
    assert len(found) == 1 and message in found[0], found


def test_a_distribution_of_its_own_for_every_child(tmp_path):
    expected = (
        "model/model.yaml:31 attributes.onset.distribution: lognormal: mean depends on frailty, so that every child "
        "would need a distribution of its own. Make a derived value of this attribute and frailty, or group frailty by "
        "an attribute with `values`."
    )
    text = '"lognormal(mean={}, se=h_crisis)"'
    assert problems(tmp_path, (ONSET, text.format("frailty"))) == [expected]
    assert problems(tmp_path, (ONSET, text.format("risk")), (FOUND, RISK.format("2 * frailty"))) == [
        expected.replace(":31", ":32")
    ]


# --- which names an attribute may use


@pytest.mark.parametrize(
    ("used", "message"),
    [
        ("onset", f"the attribute severe does not have onset. {ORDER}"),
        ("severe", f"the attribute severe does not have severe. {ORDER}"),
        ("screened", f"the attribute severe does not have screened. {LEVER}"),
        ("p_found", f"p_found needs screened, which the attribute severe does not have. {LEVER}"),
        ("age", "the attribute severe does not have age. It belongs to a cohort."),
        ("sick", "the attribute severe does not have sick. It belongs to a cohort."),
        ("relapses", "the attribute severe does not have relapses. It belongs to a cohort."),
        ("treated", "the attribute severe does not have treated. It belongs to a cohort."),
        ("u_now", "u_now needs age, which the attribute severe does not have. Use it only in a cohort that offers it."),
        ("frailtyy", "no parameter, derived value or clock is named frailtyy."),
    ],
)
def test_formulas(used, message, tmp_path):
    found = problems(tmp_path, ("1: 0.8 if", f"1: {used} if"))
    assert len(found) == 1, found
    assert found[0].startswith(f"model/model.yaml:28 attributes.severe.values.1: {message}")


@pytest.mark.parametrize(
    ("used", "message"),
    [
        ("frailty", f"the attribute frailty does not have frailty. {ORDER}"),
        ("onset", f"the attribute frailty does not have onset. {ORDER}"),
        ("p_found", f"p_found needs screened, which the attribute frailty does not have. {LEVER}"),
        ("time", "the attribute frailty does not have time. It belongs to a cohort."),
    ],
)
def test_formulas_in_a_distribution(used, message, tmp_path):
    found = problems(tmp_path, (GAMMA, f"gamma(mean={used}; se=1)"))
    assert found == [f"model/model.yaml:30 attributes.frailty.distribution: {message}"]


def test_derived_values_in_between(tmp_path):
    risk = (FOUND, RISK.format("onset + screened"))
    (found,) = problems(tmp_path, ("1: 0.8 if", "1: risk if"), risk)
    assert f"risk needs onset, screened, which the attribute severe does not have. {ORDER}" in found
    circle = (FOUND, RISK.format("severe"))
    (found,) = problems(tmp_path, ("1: 0.8 if", "1: risk if"), circle)
    assert f"risk needs severe, which the attribute severe does not have. {ORDER}" in found


# --- where attributes and counts may be used


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("p: p_found", "p: p_found * {}", "tree.affected.then.found.p"),
        ("value: c_confirm", "value: c_confirm * {}", "tree.affected.then.found.payoffs[1].value"),
        ("at: 1/12", "at: '{}'", "tree.affected.then.found.payoffs[1].at"),
        ("delay: 0", "delay: '{}'", "tree.affected.then.missed.delay"),
        ("start_age: 0", "start_age: '{}'", "cohorts.course.start_age"),
        ("births_per_year: births", "births_per_year: births * {}", "births_per_year"),
        ("1 - p_specificity)", "1 - p_specificity) * {}", "subtrees.tested.false_positive.p"),
    ],
)
def test_not_in_the_tree(old, new, place, tmp_path):
    for name, message in (
        ("severe", f"{place}: the tree does not have severe. {TREE}"),
        ("risk", f"{place}: risk needs severe, which the tree does not have. {TREE}"),
        ("relapses", f"{place}: the tree does not have relapses. It belongs to a cohort."),
    ):
        found = problems(tmp_path, (FOUND, RISK.format("severe / 2")), (old, new.format(name)))
        assert len(found) == 1 and found[0].endswith(message), found


def test_strategies_take_numbers(tmp_path):
    (found,) = problems(tmp_path, ("{label: Screening, screened: 1}", "{label: Screening, screened: severe}"))
    assert "strategies.screening.screened: a number is needed, found 'severe'." in found


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("ill: p_late}", "ill: '{}'}}", "start.ill"),
        ("with: {treated: 1}\n", "with: {{treated: '{}'}}\n", "with.treated"),
    ],
)
def test_no_count_before_the_cohort(old, new, place, tmp_path):
    (found,) = problems(tmp_path, (old, new.format("relapses")))
    assert f"{place}: the tree does not have relapses. It belongs to a cohort." in found
    (found,) = problems(tmp_path, (old, new.format("risk")), (FOUND, RISK.format("severe * relapses")))
    assert (
        f"{place}: risk needs relapses, which the tree does not have. Use it only in a cohort that offers it." in found
    )


def test_a_count_of_another_cohort(tmp_path):
    other = """  later:
    cycles: {length: 1 year, count: 1}
    states: {well: {}}
    payoffs:
      - {in: well, outcome: cost, value: relapses + severe, per: year}
settings:
"""
    (found,) = problems(tmp_path, ("settings:\n", other))
    assert "cohorts.later.payoffs[1].value: later does not have relapses. It belongs to a cohort." in found


# --- what could never be used


def test_attributes_without_a_cohort(tmp_path):
    write_complete(tmp_path)
    path = tmp_path / "model" / "model.yaml"
    text = path.read_text()
    text = text.partition("tree:\n")[0] + "attributes: {copies: {values: {2: 1}}}\ntree:\n  all: {p: 1}\n"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        load_model(path.parent)
    found = [str(p) for p in refused.value.problems if "treated" not in str(p)]
    assert len(found) == 1
    assert "attributes.copies: no formula can use the attribute copies: the model has no cohort. Remove it" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("runs_in: [ill, crisis]", "runs_in: [dead]", "clocks.sick: no formula can use the clock sick: nobody leaves "),
        ("runs_in: [ill, crisis]", "runs_in: []", "clocks.sick.runs_in: at least 1 entry is needed."),
        ("from: alive, to: crisis", "from: well, to: crisis", "counts.crises.moving: no transition leads from there t"),
        ("from: alive, to: crisis", "from: [], to: crisis", "counts.crises.moving.from: at least 1 entry is needed."),
        ("from: alive, to: crisis", "from: wel, to: crisis", "crises.moving.from: course has no state wel. Did you me"),
        ("entering: [ill]", "entering: []", "counts.relapses.entering: at least 1 entry is needed."),
        ("entering: [ill]", "entering: [il]", "counts.relapses.entering: course has no state il. Did you mean ill?"),
        ("entering: [ill]", "in: [ill]", "counts.relapses.in: unknown key in."),
        ("{entering: [ill]}", "{}", "counts.relapses: give exactly one of `entering` and `moving`."),
    ],
)  # fmt: skip
def test_clocks_and_counts(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new), ("exp(-0.1 * sick)", "exp(-0.1)"))
    assert any(message in line for line in found), found


def test_a_clock_of_a_state_with_payoffs_alone_can_be_used(tmp_path):
    payoff = "  - {in: dead, outcome: cost, value: sick, per: year}\n      - {in: alive, outcome: qaly"
    load(tmp_path, ("runs_in: [ill, crisis]", "runs_in: [dead]"), ("  - {in: alive, outcome: qaly", payoff))


# --- names


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  copies: {label", "  c_ill: {label", "c_ill is an attribute here and a parameter at"),
        ("  copies: {label", "  screened: {label", "screened is an attribute here and a lever at"),
        ("  copies: {label", "  qx: {label", "qx is an attribute here and a table at"),
        ("  copies: {label", "  age: {label", "attributes.age: the name age is reserved."),
        ("  copies: {label", "  u_now: {label", "u_now is a derived value here and an attribute at"),
        ("relapses: {entering", "severe: {entering", "severe is a count here and an attribute at"),
        ("relapses: {entering", "sick: {entering", "sick is a count here and a clock at"),
        ("receives: [treated]", "receives: [severe]", "severe is a received name here and an attribute at"),
        ("  copies: {label", "  two copies: {label", "'two copies' is no valid name"),
    ],
)
def test_names_may_not_clash(old, new, message, tmp_path):
    found = problems(tmp_path, (old, new))
    assert any(message in line for line in found), found


def test_all_problems_are_reported_at_once(tmp_path):
    found = problems(
        tmp_path,
        (LIST, "{2: 1.5, 3: rest}"),
        ("1: 0.8 if", "1: onset if"),
        (ONSET, '"lognormal(meen=1, se=1)"'),
        ("entering: [ill]", "entering: [il]"),
        ("p: p_found", "p: severe"),
    )
    assert len(found) == 5, found
