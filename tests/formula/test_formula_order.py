"""Names, axes and the dependency order of derived values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.formula.check import AXES, axes_of, axes_of_definitions, choice_problems, problems_of
from nbsmodel.formula.order import CircularDefinition, dependency_order, needed_by
from nbsmodel.formula.parse import parse
from nbsmodel.formula.tree import names

NEW = "If it is a new parameter, add it to parameters.csv."
KNOWN_AXES = {
    "fixed": frozenset(),
    "p": frozenset({"draw"}),
    "screened": frozenset({"strategy"}),
    "age": frozenset({"cycle"}),
    "sick": frozenset({"clock"}),
    "sex": frozenset({"individual"}),
}


def definitions(**texts):
    return {name: parse(text) for name, text in texts.items()}


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("1 + 2", set()),
        ("fixed * 2", set()),
        ("-p", {"draw"}),
        ("p * screened", {"draw", "strategy"}),
        ("exp(age) if p > 0.5 else 1", {"draw", "cycle"}),
        ("1 if age > 5 else 2", {"cycle"}),
        ("qx(age)", {"cycle"}),
        ('qx(sick, "male")', {"clock"}),
        ("sex", {"individual"}),
        ("p + screened + age + sick + sex", set(AXES)),
        ("nobody_knows", set()),
    ],
)
def test_axes(text, axes):
    assert axes_of(parse(text), KNOWN_AXES) == axes


def test_axes_go_through_derived_values():
    found = axes_of_definitions(
        definitions(found="p * screened", worse="found * qx(age)", longer="worse + sick", same="fixed + 1"), KNOWN_AXES
    )
    assert found == {
        "found": {"draw", "strategy"},
        "worse": {"draw", "strategy", "cycle"},
        "longer": {"draw", "strategy", "cycle", "clock"},
        "same": set(),
    }


def test_each_value_comes_after_what_it_needs():
    order = dependency_order(definitions(d="b + c", b="a", c="a * x", a="x", e="1"))
    assert sorted(order) == ["a", "b", "c", "d", "e"]
    assert order.index("a") < order.index("b") < order.index("d")
    assert order.index("a") < order.index("c") < order.index("d")


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_order_of_random_graphs(random, n):
    """Each value may need only earlier ones; shown in any order, they come back sorted."""
    made = {f"v{i}": parse(" + ".join(["1", *(f"v{j}" for j in range(i) if random.random() < 0.4)])) for i in range(n)}
    shuffled = dict(random.sample(list(made.items()), n))
    order = dependency_order(shuffled)
    assert sorted(order) == sorted(made)
    for place, name in enumerate(order):
        assert names(made[name]) <= set(order[:place])


@pytest.mark.parametrize(
    ("texts", "members"),
    [
        ({"a": "a + 1"}, {"a"}),
        ({"a": "b", "b": "a"}, {"a", "b"}),
        ({"a": "b", "b": "2 * c", "c": "exp(d)", "d": "a if x else 1", "e": "a"}, {"a", "b", "c", "d"}),
        ({"x": "1", "y": "x + z", "z": "y"}, {"y", "z"}),
    ],
)
def test_a_circle_names_all_its_members_in_the_order_of_need(texts, members):
    made = definitions(**texts)
    with pytest.raises(CircularDefinition) as found:
        dependency_order(made)
    loop = found.value.loop
    assert set(loop) == members
    assert loop[0] == loop[-1] and len(loop) == len(members) + 1
    for name, needs in zip(loop, loop[1:], strict=False):
        assert needs in names(made[name])
    assert str(found.value) == " needs ".join(loop)


def test_needed_by_follows_all_the_way_down():
    made = definitions(a="x", b="a + y", c="b * 2", d="z")
    assert needed_by(frozenset({"c"}), made) == {"a", "b", "c"}
    assert needed_by(frozenset({"x", "d"}), made) == {"d"}
    assert needed_by(frozenset({"a"}), definitions(a="b", b="a")) == {"a", "b"}
    assert needed_by(frozenset(), made) == set()


TABLES = {"qx": {"qx"}, "weight": {"male", "female"}, "broken": ()}
NAMES = {"p_uptake", "age"}


@pytest.mark.parametrize(
    "text",
    [
        "p_uptake * qx(age)",
        'weight(age, "male")',
        'qx(age, "qx")',
        "min(age, 1, 2, 3)",
        "broken(age)",
        'broken(1, "x")',
    ],
)
def test_nothing_wrong(text):
    assert problems_of(parse(text), NAMES, TABLES) == []


@pytest.mark.parametrize(
    ("text", "found", "fix"),
    [
        ("p_uptke + 1", "no parameter, derived value or clock is named p_uptke", f"Did you mean p_uptake? {NEW}"),
        ("zzz", "no parameter, derived value or clock is named zzz", f"Allowed: age, p_uptake. {NEW}"),
        ("expp(1)", "there is no function or table expp()", "Did you mean exp?"),
        ("weigth(1)", "there is no function or table weigth()", "Did you mean weight?"),
        ("exp(1, 2)", "exp() is given 2 arguments", "Use exp(x)."),
        ("exp()", "exp() is given 0 arguments", "Use exp(x)."),
        ("min(1)", "min() is given 1 argument", "Use min(a, b, ...)."),
        ("clip(1, 2)", "clip() is given 2 arguments", "Use clip(x, low, high)."),
        ('exp(1, "male")', "exp() takes no text, found 'male'", "Use exp(x)."),
        ("qx(1, 2)", "table qx is given 2 keys", "Use qx(x)."),
        ("qx()", "table qx is given 0 keys", "Use qx(x)."),
        ("weight(age)", "table weight has several columns", 'Name one, as in weight(x, "female").'),
        ('weight(age, "mal")', "table weight has no column mal", "Did you mean male?"),
        ("qx * 2", "qx is a table", "Look it up as in qx(x)."),
        ("exp + 1", "exp is a function", "Use exp(x)."),
        ("p_uptake(1 - age)", "p_uptake is a value, no function", "Write p_uptake * (...) to multiply."),
    ],
)
def test_what_is_wrong_and_what_to_do(text, found, fix):
    assert problems_of(parse(text), NAMES, TABLES) == [(found, fix)]


CHOICES = {"outlook": ("observed", "cautious"), "costs": ("list", "net")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 if outlook == observed else 2", []),
        ("(outlook != cautious) * exp(costs == list)", []),
        ("observed == outlook", []),
        ("outlook + 1", ["the choice outlook is no number"]),
        ("observed * 2", ["the option observed is no number"]),
        ("outlook == net", ["outlook has no option net"]),
        ("outlook == p_uptake", ["outlook has no option p_uptake"]),
        ("outlook < observed", ["the choice outlook is no number", "the option observed is no number"]),
        ("exp(outlook == observed + 1)", ["the choice outlook is no number", "the option observed is no number"]),
        ("1 if outlook else -observed", ["the choice outlook is no number", "the option observed is no number"]),
    ],
)
def test_choices_are_only_compared_with_their_options(text, found):
    assert [words for words, _ in choice_problems(parse(text), CHOICES)] == found


def test_all_that_is_wrong_at_once():
    found = problems_of(parse("a + b(1) + exp(1, 2) + qx()"), NAMES, TABLES)
    assert len(found) == 4
