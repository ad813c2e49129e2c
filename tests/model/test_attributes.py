"""Attributes and counts: loaded, drawn, and found where they are used."""

from __future__ import annotations

import numpy as np
import pytest
from attribute_models import edits, load
from helpers import write_complete
from scipy import stats

from nbsmodel.errors import InputError
from nbsmodel.model.attributes import attribute_values, individual_places, unused_names
from nbsmodel.model.load import load_model

#: The middles of equal parts of (0, 1), for four thousand children and one draw.
MIDDLES = ((np.arange(4000) + 0.5) / 4000)[:, None, None]
BASE = {"p_late": 0.1, "h_ill": 0.5, "h_crisis": 0.2}
USED = ("value: c_ill, per: month", "value: c_ill * severe * frailty * onset, per: month")
COUNTED = ("exp(-0.1 * sick)", "exp(-0.1 * sick + relapses - crises)")


def draw(model, name, values=None, u=MIDDLES, **where):
    return attribute_values(model, model.attributes[name], u, BASE | (values or {}), **where)


def shares(drawn):
    found, counts = np.unique(drawn, return_counts=True)
    return dict(zip(found.tolist(), (counts / drawn.size).tolist(), strict=True))


# --- loading


def test_attributes_are_loaded_in_their_order(tmp_path):
    found = load(tmp_path).attributes
    assert list(found) == ["copies", "severe", "frailty", "onset"]
    assert [a.label for a in found.values()] == ["Gene copies", "severe", "frailty", "onset"]
    assert [(v, f and f.text) for v, f in found["copies"].values] == [(2.0, "p_late"), (3.0, "0.6"), (4.5, None)]
    assert found["copies"].place.endswith("model.yaml:25 attributes.copies")
    assert found["severe"].values[0][1].place.endswith("model.yaml:28 attributes.severe.values.1")
    assert found["frailty"].values == () and found["frailty"].arguments == {}
    assert found["frailty"].fixed.mean() == pytest.approx(1) and found["frailty"].fixed.sd() == pytest.approx(0.3)
    assert found["copies"].fixed is None and found["copies"].distribution == ""
    assert found["onset"].fixed is None
    assert list(found["onset"].arguments) == ["4 * h_ill if copies > 2 else 1", "h_crisis / 2"]


def test_counts_are_loaded(tmp_path):
    relapses, crises = load(tmp_path).cohorts["course"].counts
    assert (relapses.name, relapses.starting) == ("relapses", {"ill"})
    assert relapses.moves == {("well", "ill"), ("crisis", "ill")}  # the end of the tunnel among them
    assert (crises.name, crises.starting, crises.moves) == ("crises", frozenset(), {("ill", "crisis")})


def test_a_model_without_attributes_has_none(tmp_path):
    write_complete(tmp_path)
    model = load_model(tmp_path / "model")
    assert model.attributes == {} and model.cohorts["course"].counts == ()
    assert individual_places(model) == [] and unused_names(model) == []


@pytest.mark.parametrize(
    ("formula", "axes"),
    [
        ("copies + 1", {"draw", "individual"}),
        ("copies * screened", {"draw", "individual", "strategy"}),
        ("frailty * age", {"draw", "individual", "cycle"}),
        ("crises", {"draw", "individual", "strategy", "cycle"}),
    ],
)
def test_axes_of_derived_values(formula, axes, tmp_path):
    derived = load(tmp_path, ("  p_found:", f"  one: {formula}\n  two: 2 * one\n  p_found:")).derived
    assert derived["one"].axes == derived["two"].axes == axes
    assert "individual" not in derived["p_found"].axes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ill: {hazard: h_worse}", "ill: {hazard: h_worse * frailty}"),
        ("value: u_now", "value: u_now - 0.01 * severe * relapses"),
        ("admission, value: 1", "admission, value: frailty + crises"),
        ("{entering: crisis, outcome: admission, value: 1", "{starting_in: ill, outcome: admission, value: onset"),
        ("value: c_drug_year * treated, per: year", "value: c_drug_year * severe, per: year"),
        ("value: c_death", "value: c_death * copies"),
        ("ill: p_late}", "ill: p_late * severe}"),
        ("with: {treated: 1}\n", "with: {treated: copies == 2}\n"),
        ("with: {treated: 1}\n", "with: {treated: severity}\n"),
    ],
)  # fmt: skip
def test_where_attributes_may_be_used(old, new, tmp_path):
    load(tmp_path, ("  p_found:", "  severity: severe * frailty\n  p_found:"), (old, new))


def test_two_cohorts_may_have_a_count_of_the_same_name(tmp_path):
    other = """  later:
    cycles: {length: 1 year, count: 1}
    states: {well: {}, dead: {dead: true}}
    counts: {relapses: {entering: well}}
    payoffs:
      - {in: well, outcome: cost, value: relapses, per: year}
settings:
"""
    model = load(tmp_path, ("settings:\n", other))
    (count,) = model.cohorts["later"].counts  # no transition leads there, but one may start there
    assert (count.starting, count.moves) == ({"well"}, frozenset())


# --- drawing


def test_shares_of_values(tmp_path):
    drawn = draw(load(tmp_path), "copies")
    assert drawn.shape == MIDDLES.shape
    assert shares(drawn) == pytest.approx({2.0: 0.1, 3.0: 0.6, 4.5: 0.3})
    assert np.all(np.diff(drawn[:, 0, 0]) >= 0)  # in the order of the file


def test_probabilities_that_depend_on_an_earlier_attribute(tmp_path):
    copies = np.where(np.arange(4000) % 2, 2.0, 3.0)[:, None, None]
    drawn = draw(load(tmp_path), "severe", {"copies": copies})
    assert drawn[copies == 2].mean() == pytest.approx(0.8)
    assert drawn[copies == 3].mean() == pytest.approx(0.2)


def test_probabilities_by_draw(tmp_path):
    p = np.array([[0.0, 0.1, 0.4]])
    drawn = draw(load(tmp_path), "copies", {"p_late": p}, np.repeat(MIDDLES, 3, axis=2))
    assert [shares(drawn[..., i]) for i in range(3)] == [
        pytest.approx(expected)
        for expected in ({3.0: 0.6, 4.5: 0.4}, {2.0: 0.1, 3.0: 0.6, 4.5: 0.3}, {2.0: 0.4, 3.0: 0.6})
    ]


def test_a_value_of_probability_zero_is_never_drawn(tmp_path):
    model = load(tmp_path, ("{2: p_late, 3: 0.6, 4.5: rest}", "{2: 0, 3: 0.1, 4: 0.2, 5: 0.7 - 1e-16, 6: p_late}"))
    ends = np.array([2.0**-53, 1 - 2.0**-53])[:, None, None]
    assert draw(model, "copies", {"p_late": 0.0}, ends).ravel().tolist() == [3.0, 5.0]


@pytest.mark.parametrize("values", ["{7: 1}", "{7: rest}"])
def test_one_value(values, tmp_path):
    assert shares(draw(load(tmp_path, ("{2: p_late, 3: 0.6, 4.5: rest}", values)), "copies")) == {7.0: 1.0}


def test_a_distribution_of_numbers(tmp_path):
    drawn = draw(load(tmp_path), "frailty")
    expected = stats.gamma(1 / 0.09, scale=0.09).ppf(MIDDLES)
    assert np.allclose(drawn, expected, rtol=1e-12)
    assert drawn.mean() == pytest.approx(1, rel=1e-3) and drawn.std() == pytest.approx(0.3, rel=1e-2)


def test_arguments_by_draw_and_by_an_earlier_attribute(tmp_path):
    model = load(tmp_path)
    copies = np.where(np.arange(4000) % 2, 2.0, 3.0)[:, None, None]
    values = {"h_ill": np.array([[0.5, 1.0]]), "copies": copies}
    drawn = draw(model, "onset", values, np.repeat(MIDDLES, 2, axis=2))
    for i, mean in ((0, 2.0), (1, 4.0)):
        for chosen, m in ((copies[:, 0, 0] == 3, mean), (copies[:, 0, 0] == 2, 1.0)):
            sdlog = np.sqrt(np.log1p((0.1 / m) ** 2))
            expected = stats.lognorm(sdlog, scale=m * np.exp(-(sdlog**2) / 2)).ppf(MIDDLES[chosen, 0, 0])
            assert np.allclose(drawn[chosen, 0, i], expected, rtol=1e-12)
            assert drawn[chosen, 0, i].mean() == pytest.approx(m, rel=1e-3)


def test_numbers_and_formulas_in_one_distribution(tmp_path):
    model = load(tmp_path, ('"gamma(mean=1, se=0.3)"', '"elicited(family=normal, q05=1/2; q95=h_ill * 4)"'))
    assert list(model.attributes["frailty"].arguments) == ["h_ill * 4"]
    assert np.quantile(draw(model, "frailty"), [0.05, 0.95]) == pytest.approx([0.5, 2], rel=1e-3)


@pytest.mark.parametrize("name", ["copies", "severe", "frailty", "onset"])
def test_blocks_of_children_and_draws_give_the_same(name, tmp_path):
    model, luck = load(tmp_path), np.random.default_rng(1)
    u = luck.random((60, 1, 10))
    copies = luck.choice([2.0, 3.0, 4.5], u.shape)
    p, h = luck.random((1, 10)) * 0.3, luck.random((1, 10)) + 0.1
    whole = draw(model, name, {"p_late": p, "h_ill": h, "copies": copies}, u)
    for children in (slice(0, 7), slice(7, 60)):
        for draws in (slice(0, 1), slice(1, 10)):
            values = {"p_late": p[:, draws], "h_ill": h[:, draws], "copies": copies[children, :, draws]}
            assert np.array_equal(draw(model, name, values, u[children, :, draws]), whole[children, :, draws])


@pytest.mark.parametrize(
    ("name", "values", "where", "message"),
    [
        ("copies", {"p_late": 1.2}, {}, "attributes.copies.values.2: the probability of copies 2 is 1.2: p_late."),
        ("copies", {"p_late": np.array([[0.1, -0.1]])}, {"first_draw": 5}, "copies 2 is -0.1 in draw 6: p_late."),
        ("copies", {"p_late": np.nan}, {"first_draw": 0}, "copies 2 is nan in draw 0: p_late."),
        ("copies", {"p_late": 0.5}, {}, "copies: the probabilities of copies add up to 1.1. They may add up to 1 at"),
        ("severe", {"copies": np.array([3, 2.0])[:, None, None]}, {"first_child": 10}, "1 is 1.8 in child 11: 18 *"),
        ("severe", {"copies": np.array([3, 2.0])[:, None, None]}, {"first_draw": 4}, "1 is 1.8 in draw 4, child 1:"),
        ("onset", {"h_ill": -1.0, "copies": 3.0}, {}, "lognormal: mean must be above 0 (found -4). As written: logn"),
        (
            "onset",
            {"h_ill": np.array([[1.0, np.nan]]), "copies": np.array([2, 3.0])[:, None, None]},
            {"first_draw": 7},
            "attributes.onset.distribution: lognormal: mean must be a finite number (found 4 * h_ill if copies > 2 "
            "else 1) in draw 8, child 1.",
        ),
    ],
)  # fmt: skip
def test_what_is_impossible_in_a_run(name, values, where, message, tmp_path):
    model = load(tmp_path, ("1: 0.8 if", "1: 18 * p_late if"))
    u = np.full((2, 1, 2), 0.5)
    with pytest.raises(InputError) as refused:
        draw(model, name, values, u, **where)
    assert message in str(refused.value)


def test_probabilities_without_rest_must_add_up_to_one(tmp_path):
    model = load(tmp_path, ("4.5: rest", "4.5: 0.3"))
    draw(model, "copies", {"p_late": 0.1 + 1e-12})
    with pytest.raises(InputError, match="copies add up to 0.95. They must add up to 1; give one of them `rest`."):
        draw(model, "copies", {"p_late": 0.05})


# --- use


def names_at(model, **how):
    return {(place.partition(" ")[2], name) for place, name in individual_places(model, **how)}


def test_places_that_only_individuals_can_follow(tmp_path):
    costs = "cohorts.course.payoffs[2].value"
    assert names_at(load(tmp_path)) == set()
    assert names_at(load(tmp_path, USED)) == {(costs, "severe"), (costs, "frailty"), (costs, "onset")}
    crisis = "cohorts.course.transitions.ill.crisis.hazard"
    assert names_at(load(tmp_path, COUNTED)) == {(crisis, "relapses"), (crisis, "crises")}
    start = ("ill: p_late}", "ill: p_late * severe}")
    assert names_at(load(tmp_path, start)) == {("tree.affected.then.found.start.ill", "severe")}


def test_places_reached_through_derived_values_and_names_handed_over(tmp_path):
    model = load(
        tmp_path,
        ("  p_found:", "  one: severe\n  two: 2 * one\n  p_found:"),
        ("with: {treated: 1}\n", "with: {treated: two}\n"),
    )
    assert names_at(model) == {
        ("tree.affected.then.found.with.treated", "severe"),
        ("cohorts.course.transitions.well.ill.hazard", "treated"),  # through h_worse
        ("cohorts.course.payoffs[3].value", "treated"),
    }
    assert names_at(model, replaced=["one"]) == set()
    assert ("cohorts.course.payoffs[3].value", "treated") in names_at(model, replaced=["h_worse"])


def test_names_that_nothing_uses(tmp_path):
    place = f"{tmp_path}/model/model.yaml"
    assert unused_names(load(tmp_path, USED, COUNTED)) == []
    assert unused_names(load(tmp_path, ("exp(-0.1 * sick)", "exp(-0.1)"))) == [
        f"{place}:26 attributes.severe: no formula uses the attribute severe.",
        f"{place}:30 attributes.frailty: no formula uses the attribute frailty.",
        f"{place}:31 attributes.onset: no formula uses the attribute onset.",
        f"{place}:56 cohorts.course: no formula uses the clock sick.",
        f"{place}:56 cohorts.course: no formula uses the count relapses.",
        f"{place}:56 cohorts.course: no formula uses the count crises.",
    ]


def test_loading_does_not_depend_on_where_derived_values_stand(tmp_path):
    """A derived value may use an attribute, and a later attribute that derived value."""
    write_complete(
        tmp_path, *edits(("  p_found:", "  risk: 0.1 * copies\n  p_found:"), ("1: 0.8 if copies", "1: risk if copies"))
    )
    assert list(load_model(tmp_path / "model").attributes) == ["copies", "severe", "frailty", "onset"]
