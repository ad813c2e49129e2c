"""Impossible values while a model runs: the message names formula, strategy, cycle, age and draw."""

import numpy as np
import pytest
from engine_models import build, one_cohort, run, years

import nbsmodel

ARMS = {"old": {"arm": 0}, "new": {"arm": 1}}


def life(transition=None, payoffs=(), **more):
    return {
        "start_age": 40,
        "cycles": {"length": "6 months", "count": 8},
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "clocks": {"sick": {"runs_in": ["ill"]}},
        "transitions": {"well": transition or {"ill": {"hazard": 0.1}}, "ill": {"dead": {"hazard": 0.2}}},
        "payoffs": list(payoffs),
    } | more


def refusal(spec, draws=None, parameters=None, settings=None, strategies=ARMS, **how):
    """The message of a run that is refused."""
    values = {"x": 1.0, "y": 0.0} | (parameters or {})
    model = build(spec, values, {"t.csv": "age,value\n0,0.1\n41,0.2\n"}, strategies)
    with pytest.raises(nbsmodel.InputError) as refused:
        run(model, settings, draws=draws, **how)
    (problem,) = refused.value.problems
    return f"{problem.place.split('model.yaml')[-1]}: {problem.found} {problem.fix}"


def message(cohort, **how):
    spec = one_cohort(cohort, "well", tables={"t": {"file": "tables/t.csv", "by": "age"}})
    return refusal(spec, **how)


def says(text, *words):
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"


# --- transitions -----------------------------------------------------------------------------


def test_a_negative_hazard_with_its_place_in_the_run():
    """From the fourth cycle on, in the new arm, in the last of three draws; age 40 + 3 * 0.5."""
    text = message(life({"ill": {"hazard": "0.1 - arm * x * (cycle >= 3)"}}), draws={"x": np.array([0, 0.05, 0.2])})
    says(text, "cohorts.life.transitions.well.ill.hazard", "the hazard from well to ill is -0.1")
    says(text, "strategy new, cycle 3 (age 41.5), draw 2: 0.1 - arm * x * (cycle >= 3)", "at least 0")


def test_draws_are_counted_over_all_blocks():
    draws = {"x": np.array([0, 0, 0, 0, 2.0])}
    for block in (1, 2, None):
        text = message(life({"ill": {"hazard": "1 - x"}}), draws=draws, block=block)
        says(text, "the hazard from well to ill is -1 in draw 4: 1 - x")


def test_a_run_at_base_values_names_no_draw():
    text = message(life({"ill": {"hazard": "-x"}}), strategies={"only": {"arm": 0}})
    says(text, "is -1 in strategy only: -x")
    assert "draw" not in text


def test_what_holds_for_all_strategies_names_none():
    text = message(life({"ill": {"hazard": "-x * (cycle == 2)"}}))
    says(text, "is -1 in cycle 2 (age 41)")
    assert "strategy" not in text


def test_an_infinite_hazard():
    says(message(life({"ill": {"hazard": "1 / y"}})), "is inf", "1 / y", "A hazard is a finite number")


@pytest.mark.parametrize(
    ("formula", "shown"), [("0.5 + arm", "1.5"), ("-0.01 * arm", "-0.01"), ("log(-arm - 1)", "nan")]
)
def test_a_probability_outside_its_range(formula, shown):
    text = message(life({"ill": {"probability": formula}}))
    says(text, f"the probability from well to ill is {shown}", "between 0 and 1", "cohorts.life.transitions.well.ill")
    if shown != "nan":
        says(text, "strategy new")


def test_a_probability_that_depends_on_a_clock():
    """Ill since the start of cycle 1, over 1 from half a year on: first in cycle 2, age 41."""
    cohort = life()
    cohort["transitions"] = {
        "well": {"ill": {"probability": 1}},
        "ill": {"dead": {"probability": "2 * x * arm * time_in_state + 0.5"}},
    }
    text = message(cohort, draws={"x": np.array([0.1, 1])})
    says(text, "the probability from ill to dead is 1.5 in strategy new, cycle 2 (age 41), draw 1: 2 * x * arm")


def test_probabilities_of_a_row_that_add_up_to_more_than_one():
    row = {"ill": {"probability": 0.6}, "dead": {"probability": "0.3 + 0.2 * arm * (age > 41.2)"}}
    text = message(life(row))
    says(text, "transitions.well", "the probabilities out of well add up to 1.1 in strategy new, cycle 3 (age 41.5)")
    says(text, "at most")


def test_staying_written_out_must_complete_the_row():
    row = {"well": {"probability": 0.5}, "ill": {"probability": 0.4}}
    text = message(life(row))
    says(text, "well lists staying, but its probabilities add up to 0.9", "`rest`")


def test_a_table_that_is_left_names_the_table_and_the_key():
    """The last row of the table holds for one more step: ages below 82."""
    text = message(life({"ill": {"hazard": "0.1 * t(age * 2)"}}))
    says(text, "So the hazard from well to ill has no value in cycle 2 (age 41): 0.1 * t(age * 2)")
    says(text, "t has no age 82 (age * 2); it has 0 to 41", "beyond: last")


def test_a_table_that_is_left_in_a_derived_value():
    spec = one_cohort(life({"ill": {"hazard": "h"}}), "well", derived={"h": "2 * t(age + 41)"})
    spec["tables"] = {"t": {"file": "tables/t.csv", "by": "age"}}
    says(refusal(spec), "has no value in cycle 2 (age 41): h", "t has no age 82 (age + 41); it has 0 to 41")


def test_the_age_is_that_of_the_strategy_and_the_draw():
    """Entry and start age differ by draw and strategy."""
    spec = one_cohort(life({"ill": {"hazard": "x * (cycle == 1) * arm * -1"}}, start_age="40 + 10 * arm"), "well")
    spec["tree"]["everyone"]["delay"] = "y"
    text = refusal(spec, draws={"x": np.array([0, 0, 1]), "y": np.array([0, 1, 2])})
    says(text, "is -1 in strategy new, cycle 1 (age 52.5), draw 2")


# --- payoffs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ({"in": "well", "per": "year"}, "the cost in well is"),
        ({"starting_in": "well"}, "the cost of starting in well is"),
        ({"moving": {"from": "well", "to": "ill"}}, "the cost of moving from well to ill is"),
    ],
)
@pytest.mark.parametrize(
    ("formula", "shown", "where"),
    [
        ("1 / (1 - x * arm)", "inf", "strategy new, draw 1"),
        ("log(x - 1.2 + 9 * (arm == 0))", "nan", "strategy new, draw 1"),
        ("x / (age - 40)", "inf", "cycle 0 (age 40), draw 0"),
    ],
)
def test_a_payoff_without_a_value(kind, what, formula, shown, where):
    payoff = {"outcome": "cost", "value": formula} | kind
    text = message(life(payoffs=[payoff]), draws={"x": np.array([1.5, 1])})
    if "starting_in" in kind:
        where = where.removeprefix("cycle 0 (age 40), ")  # there is only one time
    says(text, f"{what} {shown} in {where}: {formula}", "A finite number is needed", "cohorts.life.payoffs")


def test_a_payoff_that_depends_on_a_clock():
    payoff = {"in": "ill", "outcome": "qaly", "per": "year", "value": "1 / (sick - x)"}
    text = message(life({"ill": {"probability": 1}}, [payoff]), draws={"x": np.array([5, 0.5])})
    says(text, "the qaly in ill is inf in cycle 2 (age 41), draw 1: 1 / (sick - x)")


# --- tree ------------------------------------------------------------------------------------


def tree(first, second="rest", **more):
    return {"tree": {"a": {"p": first} | more, "b": {"p": second}}, "cohorts": {"life": life()}}


def test_a_branch_probability_outside_its_range():
    text = refusal(tree("x + arm / 2"), draws={"x": np.array([0.1, 0.6])})
    says(text, "tree.a.p", "the probability of branch a is 1.1 in strategy new, draw 1: x + arm / 2", "between 0 and 1")


def test_branches_that_add_up_to_more_or_less_than_one():
    says(refusal(tree("0.7", "0.2")), "the probabilities of a, b add up to 0.9", "must add up to 1", "`rest`")
    spec = tree("0.7")
    spec["tree"]["c"] = {"p": "0.2 + 0.2 * arm"}
    says(refusal(spec), "the probabilities of a, b, c add up to 1.1 in strategy new", "at most")


def test_a_start_mix_that_is_none():
    mix = {"start": {"well": "0.5 + x", "ill": "rest"}, "cohort": "life"}
    says(refusal(tree("0.5", **mix)), "the probability of start state well is 1.5")
    mix = {"start": {"well": 0.5, "ill": "0.1 * x"}, "cohort": "life"}
    says(refusal(tree("0.5", **mix)), "the probabilities of well, ill add up to 0.6")


def test_payoffs_times_and_delays_of_branches():
    says(refusal(tree(1, payoffs=[{"outcome": "cost", "value": "1 / y"}])), "the cost of branch a is inf", "1 / y")
    at = [{"outcome": "cost", "value": 1, "at": "y - x * arm"}]
    says(refusal(tree(1, payoffs=at)), "the time of a payoff is -1 in strategy new: y - x * arm", "at least 0")
    at = [{"outcome": "cost", "value": 1, "at": "x / y"}]
    says(refusal(tree(1, payoffs=at)), "the time of a payoff is inf")
    late = {"cohort": "life", "start": "well"}
    says(refusal(tree(1, **late, delay="-x")), "the delay is -1", "at least 0")
    says(refusal(tree(1, **late, delay="x / y")), "the delay is inf")


def test_births():
    says(refusal(tree(1) | {"births_per_year": "-x"}), "the number of births is -1: -x", "births_per_year")
    text = refusal(tree(1) | {"births_per_year": "100 * (1 + arm)"})
    says(text, "the number of births differs by strategy")


# --- draws and settings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        ({"z": [1.0]}, "no parameter is named z"),
        (
            {"x": [1.0, np.nan]},
            "draws x: nan in draw 1 is no number (1 of 2 draws are not). It must be a finite number.",
        ),
        ({"p": [1.5, 0.2, -1]}, "draws p: 1.5 in draw 0 is no probability (2 of 3 draws are not)"),
        ({"c": [np.inf]}, "draws c: inf in draw 0 is no GBP (1 of 1 draws are not). It must be finite and at least 0."),
        ({"x": [1.0, 2.0], "y": [1.0]}, "columns have [1, 2] rows"),
        ({"x": []}, "columns have [0] rows"),
        ({}, "columns have [] rows"),
    ],
)
def test_draws_that_cannot_be_used(draws, words):
    columns = {name: np.array(column) for name, column in draws.items()}
    says(refusal(tree(1), columns, {"p": (0.5, "probability"), "c": (1, "GBP")}), words)


def test_a_parameter_is_not_drawn_and_replaced_at_once():
    text = refusal(tree(1), draws={"x": np.array([1.0, 2.0])}, overrides={"x": 0.5})
    says(text, "draws x", "drawn and replaced by an override at once")


def test_settings_that_name_unknown_outcomes():
    says(
        refusal(tree(1), settings={"discount_timing": {"default": "end", "qalys": "mid"}}),
        "no outcome is named qalys",
        "qaly",
    )
    says(refusal(tree(1), settings={"effect": "lyfe_years"}), "life_years")


def test_detail_is_for_one_draw():
    model = build(
        {"tree": {"a": {"p": 1}}, "cohorts": {"life": {"cycles": years(1), "states": {"well": {}}}}}, {"x": 1}
    )
    with pytest.raises(ValueError, match="one draw"):
        run(model, draws={"x": np.array([1, 2])}, detail=True)


def test_names_that_do_not_exist_in_a_result():
    result = run(build({"tree": {"a": {"p": 1}}}))
    with pytest.raises(KeyError, match="Did you mean cost"):
        result.total("costs", "only")
    with pytest.raises(KeyError, match="no strategy is named onli. Did you mean only"):
        result.total("cost", "onli")
    with pytest.raises(KeyError, match="keep_trace"):
        result.trace("life")
