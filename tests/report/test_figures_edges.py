"""Figures of awkward input: deep trees, many states, savings, nobody in a cohort, nothing gained."""

import dataclasses as dc
import itertools

import numpy as np
import pandas as pd
import pytest
from figure_checks import one_line, outside, overlapping, run, texts, words

from nbsmodel.formula.parse import parse
from nbsmodel.model.parts import Formula, State, Transition
from nbsmodel.report.figures import sketch_figures
from nbsmodel.report.figures.costs import draw_costs
from nbsmodel.report.figures.detection import draw_detection
from nbsmodel.report.figures.fit import Ruler, spread
from nbsmodel.report.figures.net_benefit import draw_net_benefit
from nbsmodel.report.figures.occupancy import draw_occupancy
from nbsmodel.report.figures.plane import draw_plane
from nbsmodel.report.figures.states import _arrows, _nodes, draw_states
from nbsmodel.report.figures.style import finish, house_style, new_figure
from nbsmodel.report.figures.tree import draw_tree
from nbsmodel.report.figures.tree_shape import shown_tree
from nbsmodel.report.figures.words import listing, money, number


@pytest.fixture(autouse=True)
def _style():
    with house_style():
        yield


def legible(sketch):
    """All text of a figure, none of it cut off or overprinted."""
    found = texts(sketch)
    assert outside(sketch, found) == []
    assert overlapping(found) == []
    return one_line(" ".join(text for text, _ in found))


def every(shown):
    return [b for branch in shown for b in (branch, *every(branch.below))]


# --- the tree


def test_a_repeated_subtree_is_drawn_once():
    scenario, tables = run("uk")
    found = legible(draw_tree(scenario, tables))
    assert (
        found.count(one_line("as after \N{LEFT SINGLE QUOTATION MARK}missed\N{RIGHT SINGLE QUOTATION MARK} above")) == 1
    )
    assert sum(b.leaves() for b in shown_tree(scenario, tables["paths"])) == 13


def test_a_long_formula_gives_way_to_its_base_value():
    scenario, tables = run("uk")
    by_label = {b.label: b for b in every(shown_tree(scenario, tables["paths"]))}
    assert by_label["Treated before symptoms"].p == "= 0"
    assert by_label["found"].p == "p_sensitivity"
    assert by_label["missed"].p == "rest"


def test_a_range_where_strategies_differ():
    scenario, tables = run("us")
    long = Formula(parse("screened * 1 + screened * 0 + screened * 0 * 1"), "here")

    def change(branches):
        changed = [dc.replace(b, branches=change(b.branches)) for b in branches]
        return tuple(dc.replace(b, p=long) if b.name == "screened" else b for b in changed)

    scenario = dc.replace(scenario, model=dc.replace(scenario.model, tree=change(scenario.model.tree)))
    assert "= 0 to 1" in {b.p for b in every(shown_tree(scenario, tables["paths"]))}


def test_a_deep_tree_with_long_labels_and_special_characters():
    scenario, tables = run("uk")
    leaf = scenario.model.tree[1].branches[1]
    long = "A remarkably long label with $100 & <tags> and_a_very_long_name_without_any_spaces"
    tree = (dc.replace(leaf, name="a0", label="end"), dc.replace(leaf, name="b0", label="other end", p=None))
    for depth in range(1, 8):
        above = dc.replace(leaf, name=f"a{depth}", label=f"{long} {depth}", branches=tree, class_=None, p=leaf.p)
        tree = (above, dc.replace(leaf, name=f"b{depth}", label=f"Short {depth}", p=None))
    scenario = dc.replace(scenario, model=dc.replace(scenario.model, tree=tree))
    sketch = draw_tree(scenario, tables)
    legible(sketch)
    assert one_line("with $100 & <tags>") in one_line(words(finish("tree", sketch).svg))


# --- states


def cohort_of(n, dead=1):
    scenario, _ = run("knee")
    states = tuple(State(f"s{i}", f"State number {i} of them", i >= n - dead) for i in range(n))
    rule = Formula(parse("p_move"), "here")
    moves = {
        a.name: tuple(Transition(b.name, "probability", rule, None) for b in states if b.name != a.name)
        for a in states
        if not a.dead
    }
    return dc.replace(scenario.model.cohorts["knee"], states=states, transitions=moves)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 9])
def test_any_number_of_states(n):
    cohort = cohort_of(n, dead=1 if n > 1 else 0)
    sketch = draw_states(cohort)
    found = legible(sketch)
    assert all(one_line(s.label) in found for s in cohort.states)
    boxes = [node.box for node in _nodes(cohort, Ruler(new_figure(1, 1)), *sketch.figure.get_size_inches()).values()]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


@pytest.mark.parametrize("n", [2, 5, 9])
def test_both_directions_can_be_told_apart(n):
    cohort = cohort_of(n, dead=0)
    nodes = _nodes(cohort, Ruler(new_figure(1, 1)), 7, 5)
    middle = {(a.origin, a.target): a.curve[len(a.curve) // 2] for a in _arrows(cohort, nodes)}
    assert len(middle) == n * (n - 1)
    for (a, b), point in middle.items():
        assert np.hypot(*np.subtract(point, middle[b, a])) > 0.07


# --- costs


def test_savings_are_drawn_to_the_left():
    scenario, tables = run("uk")
    outcomes = tables["outcomes"].copy()
    outcomes.loc[(outcomes["outcome"] == "cost") & (outcomes["component"] == "care"), "value"] *= -0.4
    sketch = draw_costs(scenario, tables | {"outcomes": outcomes})
    assert "\N{MINUS SIGN}" in legible(sketch) and "savings" in sketch.caption
    assert sketch.figure.axes[0].get_xlim()[0] < 0


def test_many_components_are_joined():
    scenario, tables = run("sick")
    one = tables["outcomes"].query("outcome == 'cost' and discounted and component == 'care'")
    many = pd.concat([one.assign(component=f"component {i}", value=one["value"] * (20 - i)) for i in range(15)])
    found = legible(draw_costs(scenario, tables | {"outcomes": many}))
    assert "component6" in found and "component7" not in found and "other(8components)" in found


def test_nothing_costs_anything():
    scenario, tables = run("valve")
    assert draw_costs(scenario, tables) is None


def test_other_perspectives_are_left_out():
    scenario, tables = run("sick")
    rows = tables["outcomes"]
    extra = rows[rows["outcome"] == "cost"].assign(perspective="society", component="lost work")
    assert "lostwork" not in legible(draw_costs(scenario, tables | {"outcomes": pd.concat([rows, extra])}))


# --- occupancy


def test_nobody_enters_under_one_strategy():
    scenario, tables = run("uk")
    trace = tables["trace"].copy()
    trace.loc[trace["strategy"] == "no_screening", "occupancy"] = 0.0
    sketch = draw_occupancy(scenario, trace, scenario.model.cohorts["course"])
    assert "nobodyenters" in legible(sketch)
    assert "No screening: nobody enters." in sketch.alt


def test_shares_add_up_to_those_who_enter():
    scenario, tables = run("uk")
    sketch = draw_occupancy(scenario, tables["trace"], scenario.model.cohorts["course"])
    for axes in sketch.figure.axes:
        assert axes.lines[-1].get_ydata() == pytest.approx(1.0)
    assert "all who enter" in sketch.caption


@pytest.mark.parametrize(("name", "label"), [("uk", "Age (years)"), ("sick", "Years since entry (at age 25)")])
def test_the_time_axis(name, label):
    scenario, tables = run(name)
    cohort = scenario.model.cohorts["course"]
    assert label in [t for t, _ in texts(draw_occupancy(scenario, tables["trace"], cohort))]


# --- plane and net benefit


@pytest.mark.parametrize(("name", "joined"), [("uk", False), ("us", True), ("sick", True), ("nl", True)])
def test_a_frontier_only_with_three_strategies_or_more(name, joined):
    assert ("frontier" in legible(draw_plane(*run(name)))) == joined


@pytest.mark.parametrize(("cost", "effect"), [(0.0, 0.0), (0.0, 0.01), (5e6, 0.0), (-3.0, -1e-7)])
def test_increments_that_are_nothing_or_small(cost, effect):
    scenario, tables = run("uk")
    pairs = tables["pairwise"].assign(inc_cost=cost, inc_qaly=effect, icer=np.nan)
    legible(draw_plane(scenario, tables | {"pairwise": pairs}))
    legible(draw_net_benefit(scenario, tables | {"pairwise": pairs}))


def test_net_benefit_lines_pass_through_the_table():
    scenario, tables = run("sick")
    axes = draw_net_benefit(scenario, tables).figure.axes[0]
    rows = tables["net_benefit"]
    for line, strategy in zip(axes.lines, scenario.model.strategy_names, strict=False):
        (x0, x1), (y0, y1) = line.get_data()
        assert (x0, x1) == (0, 150_000)
        for _, row in rows[rows["strategy"] == strategy].iterrows():
            assert y0 + (y1 - y0) * row["threshold"] / x1 == pytest.approx(row["inc_nmb"] / 1000, abs=1e-9)


def test_a_single_strategy_has_no_plane():
    scenario, tables = run("valve")
    assert draw_plane(scenario, tables) is None and draw_net_benefit(scenario, tables) is None


# --- detection


def test_many_false_positives_get_their_own_panel():
    scenario, tables = run("uk")
    extra = pd.DataFrame([["screening", "false_positive", 200.0, 1170.4]], columns=tables["screening"].columns)
    sketch = draw_detection(scenario, tables | {"screening": pd.concat([tables["screening"], extra])})
    assert len(sketch.figure.axes) == 2
    assert "1,170" in legible(sketch)


def test_per_100000_without_births_a_year():
    scenario, tables = run("uk")
    screening = tables["screening"].assign(per_year=np.nan)
    sketch = draw_detection(scenario, tables | {"screening": screening})
    assert "per100,000births" in legible(sketch)
    assert "10 cases not screened" in sketch.alt and "9.6 cases found" in sketch.alt


def test_detection_only_for_screening_models():
    scenario, tables = run("sick")
    assert draw_detection(scenario, tables) is None


def test_long_strategy_labels_fit():
    scenario, tables = run("us")
    long = "Screening of every newborn with a second-tier test and treatment of all who are found"
    strategies = tuple(dc.replace(s, label=f"{long}, {i}") for i, s in enumerate(scenario.model.strategies))
    scenario = dc.replace(scenario, model=dc.replace(scenario.model, strategies=strategies))
    for name, sketch in sketch_figures(scenario, tables).items():
        assert outside(sketch, texts(sketch)) == [], name


# --- words and places


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.000805, "0.000805"), (58.52, "58.5"), (10, "10"), (585195, "585,195"), (4025713, "4.03 million"),
     (-52.2, "\N{MINUS SIGN}52.2"), (999_999, "1.00 million"), (2e-7, "2.00e\N{MINUS SIGN}07")],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_money_and_lists():
    assert [money(v) for v in (4.714, -0.001, 1234.5, 2.5e7)] == ["4.71", "0.00", "1,234", "25.0 million"]
    assert [listing(p) for p in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_labels_are_spread():
    assert spread([1, 1, 1], 1, 0, 10) == [1, 2, 3]
    assert spread([10, 10, 9.5], 1, 0, 10) == [9, 10, 8]
