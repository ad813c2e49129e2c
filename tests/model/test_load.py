"""Loading whole folders: the shipped ones, and the parts of one."""

from __future__ import annotations

import ast
from fractions import Fraction
from pathlib import Path

import pytest
from helpers import FILES, write_complete

from nbsmodel.formula.parse import parse
from nbsmodel.model.load import load_model
from nbsmodel.model.parts import Account, paths

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(p.parent for base in ("models", "tests/models") for p in ROOT.glob(f"{base}/**/model.yaml"))
MODEL = "model/model.yaml"


def load(folder, *edits):
    write_complete(folder, *edits)
    return load_model(folder / "model")


def test_some_models_are_shipped():
    assert len(SHIPPED) >= 10


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda p: str(p.relative_to(ROOT)))
def test_shipped_models_load(folder):
    model = load_model(folder)
    assert model.strategies and model.tree and model.comparator in model.strategy_names
    assert all(row.sources for row in model.parameters.rows.values())
    assert set(model.files) >= {folder.resolve() / name for name in ("model.yaml", "parameters.csv", "sources.yaml")}
    for derived in model.derived.values():
        assert parse(derived.formula.text) == derived.formula.node
    ranks = {name: i for i, name in enumerate(model.derived)}
    for name, derived in model.derived.items():
        needed = {node.id for node in ast.walk(ast.parse(derived.formula.text)) if isinstance(node, ast.Name)}
        assert all(ranks[other] < ranks[name] for other in needed if other in ranks)


def test_the_parts_of_a_model(tmp_path):
    model = load(tmp_path)
    assert model.about["title"] == "Small complete model" and model.about["basis"] == "birth"
    assert model.strategy_names == ("usual", "screening")
    assert [s.levers for s in model.strategies] == [{"screened": 0.0}, {"screened": 1.0}]
    assert model.choices["outlook"].options == ("observed", "cautious")
    assert len(set(model.option_codes.values())) == 2
    assert list(model.outcomes) == ["cost", "qaly", "life_years", "admission"]
    assert model.outcomes["admission"].discounted_as == "none"
    assert model.births.text == "births"
    assert model.settings == {"discount_rate_outcomes": 0.015, "horizon": "8 years"}
    assert model.settings_places["horizon"].endswith("model.yaml:74 settings.horizon")
    assert model.sources["smith"].citation == "Smith 2020"
    assert {p.name for p in model.files} == {"model.yaml", "parameters.csv", "sources.yaml", "qx.csv", "weight.csv"}


def test_the_tree_of_a_model(tmp_path):
    model = load(tmp_path)
    routes = [".".join(b.name for b in path) for path in paths(model.tree)]
    assert routes == ["affected.found", "affected.missed", "unaffected.false_positive", "unaffected.true_negative"]
    affected, unaffected = model.tree
    assert affected.case and not unaffected.case and unaffected.p is None
    found, missed = affected.branches
    assert found.class_ == "true_positive" and found.label == "found"
    (payoff,) = found.payoffs
    assert payoff.account == Account("cost", "confirmation", "health_system") and payoff.at.text == "1 / 12"
    assert found.entry.mix["well"] is None and found.entry.mix["ill"].text == "p_late"
    assert list(missed.entry.mix) == ["well"] and missed.entry.mix["well"] is None
    assert found.entry.hands_over["treated"].text == "1"
    assert found.entry.key != missed.entry.key


def test_the_cohort_of_a_model(tmp_path):
    cohort = load(tmp_path).cohorts["course"]
    assert cohort.state_names == ("well", "ill", "crisis", "dead")
    assert [s.dead for s in cohort.states] == [False, False, False, True]
    assert [(s.length, s.count) for s in cohort.stretches] == [(Fraction(1, 12), 12), (Fraction(1), 9)]
    assert cohort.clocks[0].runs_in == ("ill", "crisis")
    assert [(t.to, t.kind, t.per) for t in cohort.transitions["crisis"]] == [
        ("dead", "probability", Fraction(1)),
        ("ill", "tunnel", None),  # the end of the tunnel
    ]
    assert {p.state for p in cohort.state_payoffs if p.account.outcome == "qaly"} == {"well", "ill", "crisis"}
    assert [p.state for p in cohort.start_payoffs] == ["crisis"]  # `entering` also by starting there
    moves = {(p.origin, p.target) for p in cohort.move_payoffs if p.account.component == "end of life"}
    assert moves == {("well", "dead"), ("ill", "dead"), ("crisis", "dead")}
    assert {(p.origin, p.target) for p in cohort.move_payoffs if p.account.outcome == "admission"} == {
        ("ill", "crisis")
    }


def test_axes_and_order_of_derived_values(tmp_path):
    derived = load(tmp_path, (MODEL, "  p_found: screened", "  p_first: 1 - p_found\n  p_found: screened")).derived
    assert list(derived).index("p_found") < list(derived).index("p_first")
    assert derived["p_found"].axes == {"draw", "strategy"}
    assert derived["u_now"].axes == {"cycle"}
    assert derived["h_worse"].axes == {"draw", "strategy"}  # what a leaf hands over may differ by both
    assert (derived["h_worse"].unit, derived["p_found"].unit) == ("rate", "number")


def test_two_cohorts_may_have_a_clock_of_the_same_name(tmp_path):
    block = FILES[MODEL].partition("cohorts:\n")[2].partition("settings:")[0]
    other = block.replace("  course:", "  later:", 1)
    model = load(tmp_path, (MODEL, "settings:\n", other + "settings:\n"))
    assert list(model.cohorts) == ["course", "later"]


def test_two_choices_may_share_an_option(tmp_path):
    model = load(tmp_path, (MODEL, "[observed, cautious]", "[observed, cautious]\n  costs: [cautious, bold]"))
    assert set(model.option_codes) == {"observed", "cautious", "bold"}


def test_subtrees_may_hold_others(tmp_path):
    model = load(
        tmp_path,
        (
            MODEL,
            "true_negative: {p: rest, class: true_negative}",
            "true_negative: {p: rest, class: true_negative, then: deeper}\n"
            "  deeper:\n    a: {p: 0.5}\n    b: {p: rest}",
        ),
    )
    assert [b.name for path in paths(model.tree) for b in path[-1:]] == ["found", "missed", "false_positive", "a", "b"]


def test_loading_twice_gives_equal_models(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    for part in ("about", "strategies", "choices", "derived", "outcomes", "tree", "cohorts", "sources", "files"):
        assert getattr(first, part) == getattr(second, part)
