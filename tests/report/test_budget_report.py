"""The figure and the section on budget impact: legible, true to their tables, honest about their inputs."""

import functools
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from budget_models import write_budget
from figure_checks import ROOT, one_line, texts
from test_figures import check_files, check_texts

import nbsmodel
from nbsmodel.report.figures import sketch_figures
from nbsmodel.report.figures.style import finish
from nbsmodel.report.format import MINUS, NO_BREAK
from nbsmodel.report.record import FILES
from nbsmodel.report.report_page import contents
from nbsmodel.report.sections.budget_impact import budget_impact_section

SEVERAL = (
    "{years: 6, births: [1000, 1200, 900, 1100, 800, 1000], "
    "roll_out: {default: [0.25, 0.5, 1, 1, 0.75, 1], twice: 0.1}, test: 1000, "
    "set_up: [{label: Machines, amount: 900, years: [1, 3], strategies: first, status: placeholder},"
    " {label: Closed office, amount: -4000, saving: true, years: every, strategies: twice, component: test},"
    " {label: Schools, amount: 11, years: 2, strategies: twice, payer: education, status: published, source: ours}]}"
)


@functools.cache
def small(block=SEVERAL, *edits):
    with tempfile.TemporaryDirectory() as folder:
        output = nbsmodel.run(write_budget(Path(folder), block, "", *edits), write=False)
    return output.scenario, output.tables


@functools.cache
def uk():
    output = nbsmodel.run(ROOT / "configs" / "sma" / "uk_budget_impact.yaml", write=False)
    return output.scenario, output.tables


@functools.cache
def with_draws():
    sets = ("analyses.psa={draws: 40}",)
    output = nbsmodel.run(ROOT / "configs" / "sma" / "uk_budget_impact.yaml", sets, write=False)
    return output.scenario, output.tables


def drawn(made):
    return {name: s for name, s in sketch_figures(*made).items() if name.startswith("budget")}


def section(*how):
    return budget_impact_section(*how)


def words_of(found):
    return " ".join(found.paragraphs).replace(NO_BREAK, " ")


def grids(found):
    return {item.id: item for item in found.items if not isinstance(item, str)}


# --- figures


@pytest.mark.parametrize(
    ("made", "names"), [(uk, ["budget_impact"]), (small, ["budget_impact_first", "budget_impact_twice"])]
)
def test_a_figure_a_strategy(made, names):
    found = drawn(made())
    assert sorted(found) == names
    for name, sketch in found.items():
        check_texts(sketch)
        check_files(name, finish(name, sketch))
        assert sketch.caption.endswith(".") and sketch.alt.endswith(".") and "undiscounted" in sketch.caption
        assert not re.search(r"\bnan\b|\binf\b|None|\.000000", sketch.alt + sketch.caption)


def test_bars_add_up_to_the_net_difference():
    scenario, tables = uk()
    axes = drawn(uk())["budget_impact"].figure.axes[0]
    (net,) = (line for line in axes.lines if line.get_marker() == "D")
    summary = tables["budget_impact_summary"]
    wanted = summary[summary["headline"]]["difference"].to_numpy()
    np.testing.assert_allclose(net.get_ydata(), wanted / 1e6)
    bars = [b for b in axes.patches if b.get_facecolor()[3] > 0]  # the others are their outlines
    for year, difference in enumerate(wanted, 1):
        mine = [b for b in bars if b.get_x() < year < b.get_x() + b.get_width()]
        assert sum(b.get_height() for b in mine) == pytest.approx(difference / 1e6)
        ends = sorted((min(b.get_y(), b.get_y() + b.get_height()), abs(b.get_height())) for b in mine if b.get_height())
        for (low, height), (next_low, _) in zip(ends, ends[1:], strict=False):
            assert low + height == pytest.approx(next_low, abs=1e-9)  # stacked without a gap or an overlap


def test_the_line_of_the_test_is_drawn_where_it_can_be_seen():
    near = drawn(uk())["budget_impact"]
    shown = one_line(" ".join(text for text, _ in texts(near)))
    assert one_line("test amount, 40.0 million") in shown and "first 3 years" in near.caption
    far = drawn(small(SEVERAL.replace("test: 1000", "test: 1000000000")))["budget_impact_first"]
    assert "test amount" not in " ".join(text for text, _ in texts(far)) and "is not drawn" in far.caption


def test_nothing_to_draw_without_a_difference():
    assert drawn(small("{years: 2, roll_out: 0}")) == {}


# --- the section


def test_words_of_the_shipped_example():
    scenario, tables = uk()
    found = section(scenario, tables)
    text = words_of(found)
    row = tables["budget_impact_test"].iloc[0]
    assert f"the largest net cost is £{row['largest'] / 1e6:.1f} million, in year {row['largest_year']}" in text
    assert "The budget impact test of £40 million is not exceeded" in text
    assert "undiscounted" in text and "2024/25 prices" in text and "585,195 births a year" in text
    assert "reaches 25%, 50%, 100%, 100% and 100% of births in years 1 to 5" in text
    assert "Set-up costs that rest on no published figure" in text and "(placeholder)" in text
    assert not found.warnings and not found.uncertainty


def test_the_section_stands_in_the_report():
    scenario, tables = uk()
    page = contents(scenario, dict(tables), {})
    assert "budget-impact" in [s.id for s in page["sections"]]
    assert all(name in FILES for name in tables if name.startswith("budget_impact"))


def test_tables_show_the_files():
    scenario, tables = uk()
    found = grids(section(scenario, tables))
    summary = tables["budget_impact_summary"]
    summary = summary[summary["headline"]]
    rows = {row.head: row for row in found["table-budget-impact"].groups[0].rows}
    net = [float(cell.text.replace(MINUS, "-")) for cell in rows["Net difference"].cells]
    np.testing.assert_allclose(net, [*summary["difference"] / 1e6, summary["difference"].sum() / 1e6], atol=0.005001)
    assert [cell.text for cell in rows["Set-up"].cells] == ["5.50", "0.50", "0.50", "0.50", "0.50", "7.50"]
    assert "million £, undiscounted" in found["table-budget-impact"].caption
    worlds = found["table-budget-worlds"].groups[0].rows
    assert [row.cells[1].text for row in worlds] == ["146,299", "292,598", "585,195", "585,195", "585,195"]
    counts = {row.head: row for row in found["table-budget-counts"].groups[0].rows}
    assert [cell.text for cell in counts["True positives"].cells] == ["14", "28.1", "56.2", "56.2", "56.2"]


def test_others_stand_apart_and_set_up_costs_say_what_they_rest_on():
    scenario, tables = small()
    found = section(scenario, tables)
    text = words_of(found)
    assert "What falls on others (education) stands apart" in text
    assert "Machines" in text and "Closed office" in text and "Schools" not in text
    parts = {group.title: group for group in grids(found)["table-budget-impact-twice"].groups}
    assert list(parts) == ["Headline: health system", "Apart: education"]
    assert "School" not in [row.head for row in parts["Headline: health system"].rows]
    rests = {row.head: row.cells[-1].text for row in grids(found)["table-budget-set-up"].groups[0].rows}
    assert rests == {"Machines": "placeholder", "Closed office": "assumption", "Schools": "published; ours"}


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("{years: 1, test: 1}", "The budget impact test of £1.00 is exceeded: in the first year the net cost is £"),
        ("{years: 3, test: 1e9}", "£1 billion is not exceeded: in the first 3 years"),
        ("{years: 2, roll_out: 0}", "the budget is the same in every year"),
        (
            "{years: 2, set_up: {label: s, amount: -1e7, saving: true, years: every, strategies: first}, test: 5}",
            "is not exceeded: in the first 2 years there is no net cost",
        ),
        ("{years: 2, births: [10, 20]}", "10 and 20 births in years 1 to 2 enter"),
    ],
)
def test_readings(block, says):
    assert says in words_of(section(*small(block)))


def test_a_cohort_that_ends_early_is_said():
    found = section(*small("{years: 10}", ("model/model.yaml", "until: 12 years", "until: 6 years")))
    assert len(found.warnings) == 1 and "ends after 6 years, before the 10 years of the budget" in found.warnings[0]


def test_intervals_over_the_draws():
    scenario, tables = with_draws()
    grid = grids(section(scenario, tables))["table-budget-draws"]
    assert "40 draws" in grid.caption and [c.text for c in grid.columns][-1] == "Above the test"
    rows, table = grid.groups[0].rows, tables["budget_impact_psa"]
    for row, found in zip(rows, table.to_dict("records"), strict=True):
        assert float(row.cells[0].text.replace(MINUS, "-")) == pytest.approx(found["mean"] / 1e6, abs=0.005001)
        low, high = (float(v.replace(MINUS, "-")) for v in row.cells[1].text.split(" to "))
        assert low <= found["mean"] / 1e6 <= high
    assert [row.cells[-1].text != "" for row in rows] == [True, True, True, False, False]


def test_no_section_without_the_analysis():
    scenario, _ = uk()
    assert section(scenario, {}) is None
