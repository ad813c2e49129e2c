"""Impossible values of simulated children: the message says what, where, under which strategy, when and whose."""

import sys
from pathlib import Path

import numpy as np
import pytest
from child_models import TABLES
from engine_models import build, everyone, one_cohort, write, years
from random_children import not_compiled

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.numerics.philox import in_cycle, once

ARMS = {"old": {"arm": 0}, "new": {"arm": 1}}
HEAD = {
    "attributes": {
        "grade": {"values": {"1": 0.5, "2": "rest"}},
        "rank": {"distribution": "uniform(low=0, high=1)"},
    },
    "tables": {"line": {"file": "tables/line.csv", "by": "age", "between": "linear"}},
}
TEACHING = Path(__file__).parents[1] / "models" / "sick_sicker_microsim"


def life(transition=None, payoffs=(), **more):
    return {
        "start_age": 30,
        "cycles": {"length": "6 months", "count": 8},
        "states": {"well": {}, "ill": {}, "dead": {"dead": True}},
        "clocks": {"sick": {"runs_in": ["ill"]}},
        "transitions": {"well": transition or {"ill": {"hazard": 0.5}}, "ill": {"dead": {"hazard": 0.1}}},
        "payoffs": list(payoffs),
    } | more


def body(cohort, **more):
    return HEAD | one_cohort(cohort, "well") | more


def message(run):
    with pytest.raises(nbsmodel.InputError) as refused:
        run()
    (problem,) = refused.value.problems
    return f"{problem.place.split('model.yaml')[-1]}: {problem.found} {problem.fix}"


def simulated(model, individuals=130, **how):
    return nbsmodel.evaluate(model, engine="microsimulation", individuals=individuals, **how)


def refusal(cohort, parameters=None, **how):
    """The message of a run that is refused: the same on one and two threads, in blocks of any size."""
    more = how.pop("more", {})
    model = build(body(cohort, **more), {"x": 1.0, "y": 0.0} | (parameters or {}), TABLES, ARMS)
    with not_compiled():
        found = [
            message(lambda b=block, t=threads: simulated(model, block=b, threads=t, **how))
            for block, threads in ((None, 1), (1, 2), (1, 1), (100_000, 2))
        ]
    assert len(set(found)) == 1, found
    return found[0]


def says(text, *words):
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"


def luck(event, individuals=130, cycle=None):
    """The children's numbers for an event, or a cycle of the cohort."""
    if cycle is None:
        return once(1, "child", event, individuals)[0]
    return np.array([in_cycle(1, "child", f"{event} life", child, 0, cycle) for child in range(individuals)])


# --- transitions -----------------------------------------------------------------------------


def test_probabilities_that_add_up_to_too_much_for_one_child_in_thousands():
    child = int(np.argmax(luck("attribute rank", 2500) > 0.9997))
    assert child > 1024
    way = {"ill": {"probability": "0.5 if rank <= 0.9997 else 0.75"}, "dead": {"probability": 0.5}}
    text = refusal(life(way), individuals=2500)
    says(text, "cohorts.life.transitions.well", "the probabilities out of well add up to 1.25 in strategy old, ")
    says(text, f"cycle 0 (age 30), child {child}. They may add up to 1 at most.")


def test_probabilities_that_add_up_to_too_much_by_a_clock():
    rows = {
        "well": {"ill": {"probability": 1}},
        "ill": {"dead": {"probability": "sick"}, "well": {"probability": "0.3 * rank * (sick >= 1)"}},
    }
    child = int(np.argmax(luck("walk", cycle=2) >= 0.5))  # the first to live on at half a year of illness
    says(
        refusal(life(transitions=rows)), "out of ill add up to 1.", f"strategy old, cycle 3 (age 31.5), child {child}."
    )


def test_a_compiled_walk_says_the_same():
    """The probabilities of the sick, in whom the hazard of death grows with the years ill."""
    model = nbsmodel.load_model(TEACHING)
    how = {"overrides": {"p_S1H": 0.4, "p_S1S2": 0.3, "rp_S1S2": 10.0}}
    found = [
        message(lambda b=block, t=threads: simulated(model, 3000, block=b, threads=t, **how))
        for block, threads in ((None, 1), (1, 2))
    ]
    assert found[0] == found[1]
    says(found[0], "the probabilities out of S1 add up to 1.0", "strategy no_treatment, cycle ", "child ")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ({"hazard": "0.5 - grade * arm"}, "the hazard from well to ill is -"),
        ({"hazard": "rank / y"}, "the hazard from well to ill is inf"),
        (
            {"hazard": "line(10 * grade * age)"},
            "(10 * grade * age); it has 0 to 40. So the hazard from well to ill has no value",
        ),
        ({"probability": "0.6 * grade"}, "the probability from well to ill is 1.2"),
        ({"probability": "-rank", "per": "year"}, "the probability from well to ill is -0."),
        ({"probability": "log(-grade)"}, "the probability from well to ill is nan"),
    ],
)
def test_a_hazard_or_probability_outside_its_range(way, words):
    text = refusal(life({"ill": way}))
    says(text, "cohorts.life.transitions.well.ill", words, "in strategy ", "cycle 0 (age 30), child ")


def test_a_child_that_leaves_all_states():
    way = {"well": {"probability": "0.5"}, "ill": {"probability": "0.25 * grade"}}
    child = int(np.argmax(luck("attribute grade") < 0.5))  # the first of grade 1
    text = refusal(life(way))
    says(
        text,
        f"well lists staying, but its probabilities add up to 0.75 in strategy old, cycle 0 (age 30), child {child}",
    )


def test_a_draw_is_named():
    text = refusal(life({"ill": {"hazard": "grade * x"}}), draws={"x": np.array([0.1, 0.2, -0.1])})
    says(text, "is -0.", "strategy old, cycle 0 (age 30), draw 2, child 0: grade * x")


def test_the_first_draw_is_named_first():
    """However many draws are under way at once: a share of the tree is wrong in draw 2, a hazard in draw 1."""
    tree = {"in": {"p": "x", "cohort": "life", "start": "well"}, "out": {"p": "rest"}}
    model = build(body(life({"ill": {"hazard": "grade - y"}}), tree=tree), {"x": 1.0, "y": 0.0}, TABLES, ARMS)
    draws = {"x": np.array([1.0, 1.0, 1.5]), "y": np.array([0.0, 3.0, 0.0])}
    with not_compiled():
        for threads in (1, 2):
            says(
                message(lambda t=threads: simulated(model, block=1, threads=t, draws=draws)),
                "hazard",
                "draw 1, child 0",
            )


# --- payoffs, attributes, starts -------------------------------------------------------------


@pytest.mark.parametrize(
    ("payoff", "words"),
    [
        ({"in": "well", "value": "log(2 - grade)", "per": "year"}, "the cost in well is -inf in strategy old, cycle 0"),
        ({"in": "ill", "value": "rank / time_in_state", "per": "year"}, "the cost in ill is inf in strategy old"),
        ({"moving": {"from": "well", "to": "ill"}, "value": "log(-rank)"}, "of moving from well to ill is nan"),
        ({"starting_in": "well", "value": "1 / (grade - 1)"}, "the cost of starting in well is inf in strategy old"),
    ],
)  # fmt: skip
def test_a_payoff_that_is_no_number(payoff, words):
    text = refusal(life(payoffs=[payoff | {"outcome": "cost"}]))
    says(text, "cohorts.life.payoffs[1].value", words, ", child ", "A finite number is needed.")


def test_a_payoff_beyond_a_table():
    payoff = {"in": "well", "value": "line(age + 20 * rank)", "per": "year", "outcome": "cost"}
    text = refusal(life(payoffs=[payoff]))
    says(text, "cohorts.life.payoffs[1].value: line has no age ", "(age + 20 * rank); it has 0 to 40", ", child ")
    says(text, "Lengthen the table")


@pytest.mark.parametrize("correction", ["start", "end", "life_table"])
def test_a_row_that_does_not_count_needs_no_value(correction):
    """The table ends with the last cycle; at the last row, at 41, it has no value."""
    cohort = life(
        payoffs=[{"in": "alive", "outcome": "cost", "value": "line(age) * rank", "per": "year"}], start_age=33
    )
    cohort["cycles"] = years(8)
    model = build(body(cohort), {}, TABLES, ARMS)
    with not_compiled():
        result = simulated(model, settings={"within_cycle_correction": correction})
        assert np.isfinite(result.total("cost", "old")).all()
        text = message(lambda: simulated(model, settings={"within_cycle_correction": "half_cycle"}))
    says(text, "line has no age 41; it has 0 to 40", "has no value in strategy old, cycle 8 (age 41), child ")


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ({"values": {"1": "0.4 * grade + 0.3", "2": "rest"}}, "the probability of extra 1 is 1.1 in child "),
        ({"values": {"1": "0.3 * grade", "2": 0.7}}, "the probabilities of extra add up to 1.3 in child "),
        (
            {"distribution": "lognormal(meanlog=800 * (grade - 1), sdlog=1)"},
            "too large or too small to compute with in child ",
        ),
        ({"distribution": "gamma(mean=grade - 2, se=1)"}, "child "),
        ({"distribution": "normal(mean=x / y, se=1)"}, "attributes.extra"),
    ],
)
def test_an_attribute_that_is_impossible_for_some_child(attribute, words):
    says(refusal(life(), more={"attributes": HEAD["attributes"] | {"extra": attribute}}), "attributes.extra", words)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"well": "grade - 1", "ill": 0.5}, "the probabilities of well, ill add up to "),
        ({"well": "0.8 * grade", "ill": "rest"}, "the probability of start state well is 1.6"),
    ],
)
def test_starts_that_do_not_add_up_for_some_child(start, words):
    text = refusal(life(), more={"tree": everyone(start=start)})
    says(text, "tree.everyone.start", words, " child ")


# --- what is too much, and what cannot be simulated ------------------------------------------


def test_a_million_million_children():
    model = nbsmodel.load_model(TEACHING)
    text = message(lambda: simulated(model, 10**12))
    says(text, "individuals: 1,000,000,000,000 children, 1 draw, 30 cycles and 2 strategies would take about", "hours")
    says(message(lambda: simulated(model, 0)), "individuals: 0 is no number of children.")


def test_tables_that_are_too_large():
    states = {f"s{i}": {} for i in range(150)} | {"well": {}}
    cohort = {"cycles": {"length": "1 day", "count": 100_000}, "states": states, "transitions": {}, "payoffs": []}
    text = message(lambda: simulated(build(body(cohort), {}, TABLES, ARMS), 10))
    says(text, "cohorts.life", "MB, at most 500 MB are allowed.", "Use longer cycles or a shorter horizon.")


def test_a_model_without_children():
    model = build({"tree": {"a": {"p": 0.5}, "b": {"p": "rest"}}}, {}, {}, ARMS)
    says(message(lambda: simulated(model)), "nobody enters a cohort", "Use engine: cohort.")


NEVER = "gengamma_hazard(sick + 1, 1, 0.5, rank)"


@pytest.mark.parametrize("formula", [NEVER, "0.1 * late", "gengamma_hazard(age, rank, 0.5, 1)"])
@pytest.mark.parametrize("where", ["transition", "payoff"])
def test_a_function_that_cannot_be_compiled(formula, where):
    if where == "transition":
        cohort = life(transitions={"well": {"ill": {"hazard": 0.5}}, "ill": {"dead": {"hazard": formula}}})
    else:
        cohort = life(payoffs=[{"in": "ill", "outcome": "cost", "value": formula, "per": "year"}])
    text = refusal(cohort, more={"derived": {"late": NEVER}})
    says(text, "transitions.ill.dead.hazard" if where == "transition" else "payoffs[1].value", formula)
    says(text, "gengamma_hazard() cannot be worked out for each child in each cycle", "use another family")


@pytest.mark.parametrize("formula", ["gengamma_hazard(grade, 1, 0.5, rank)", "gengamma_hazard(sick + 1, 1, 0.5, 1)"])
def test_a_function_that_need_not_be_compiled(formula):
    cohort = life(transitions={"well": {"ill": {"hazard": 0.5}}, "ill": {"dead": {"hazard": formula}}})
    with not_compiled():
        assert simulated(build(body(cohort), {}, TABLES, ARMS)).total("life_years", "old") > 1


# --- on the command line ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"individuals": 10**12}, "1,000,000,000,000"),
        ({"individuals": 100, "overrides": {"x": -1}}, "the hazard from well to ill is -"),
    ],
)
def test_exit_code_2_on_the_command_line(monkeypatch, capsys, tmp_path, config, words):
    folder = tmp_path / "model"
    folder.mkdir()
    write(folder, body(life({"ill": {"hazard": "x * grade"}})), {"x": 1.0}, TABLES, ARMS)
    text = "".join(f"{key}: {value}\n" for key, value in config.items()).replace("'", "")
    (tmp_path / "config.yaml").write_text(f"model: model\nengine: microsimulation\n{text}")
    monkeypatch.setattr(sys, "argv", ["nbsmodel", "run", str(tmp_path / "config.yaml"), "--out", str(tmp_path / "out")])
    with not_compiled(), pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    assert stop.value.code == 2
    says(captured.err, words)
    assert "Traceback" not in captured.out + captured.err
    assert not (tmp_path / "out").exists()
