"""The report of simulated children: what is said of their error, and the figures that show them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from simulated import write_simulated
from test_figures import check_files, check_texts, check_words
from test_report import assert_shown, parsed, plain_text

import nbsmodel
from nbsmodel.report import report as report_module
from nbsmodel.report.figures import sketch_figures
from nbsmodel.report.figures.style import finish
from nbsmodel.report.methods import methods_sentences
from nbsmodel.report.report_page import page
from nbsmodel.report.report_simulation import simulation_part


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return nbsmodel.run(write_simulated(tmp_path_factory.mktemp("simulated")), write=False)


@pytest.fixture(scope="module")
def written(output, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    report_module.write_report(folder, output.scenario, output.tables)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_is_well_formed(written):
    found = parsed(written)
    assert found.wrong == [] and found.open == [] and found.unlabelled == [] and found.unscoped == 0
    assert [i for i, n in Counter(found.ids).items() if n > 1] == []
    assert {"simulation", "figure-children", "figure-by-age-course"} <= set(found.ids)
    assert all(t[1:] in found.ids for _, _, t in found.refers if t.startswith("#"))
    assert not re.search(r"\b(nan|NaN|None\.|Undefined)\b", plain_text(written))


def test_it_says_what_was_simulated_and_how_precisely(output, written):
    text = plain_text(written)
    assert "3,000 children were simulated one by one (seed 1)" in text
    assert "They stand for the 0.01% of births who enter a cohort" in text
    row = output.tables["simulation_summary"].iloc[1]
    assert f"{row['rerouted']:,} (" in text and f"{row['differ']:,} (" in text
    assert "its 95% interval of simulation is" in text
    assert "says nothing about the uncertainty of the parameters" in text
    assert "These are means of simulated children at base values." in text
    assert "no uncertainty analysis" not in text


def test_errors_stand_in_brackets_below_the_means(output, written):
    (head, *lines) = parsed(written).tables["table-pairwise"]
    row = output.tables["pairwise"].iloc[0]
    mean, error = re.fullmatch(r"(.+?)\s*\((.+)\)", lines[0][1]).groups()
    assert_shown(mean, row["inc_cost"])
    assert_shown(error, row["inc_cost_se"])
    assert head[1] == "Incr. cost"
    assert plain_text(written).count("In brackets: standard errors of simulation") == 3


def test_the_table_of_errors_reads_back(output):
    part = simulation_part(output.scenario, output.tables)
    grid = next(g for g in part.grids if g.id == "table-simulation")
    assert "95% intervals of simulation, not of parameters." in grid.note
    titles = [g.title for g in grid.groups]
    assert titles[0] == "Cost (GBP)" and "Net monetary benefit at £30,000 per QALY (GBP)" in titles
    table = output.tables["simulation"].set_index(["outcome", "strategy"]).sort_index()
    shown = grid.groups[0].rows[1]
    expected = table.loc[("cost", "screening")]
    for cell, key in zip(shown.cells, ("mean", "se", None, "increment", "increment_se", None), strict=True):
        if key:
            assert_shown(cell.text, expected[key])
    assert " to " in shown.cells[2].text and grid.groups[0].rows[0].cells[3].text == ""


def test_attributes_and_spread_are_listed(output):
    part = simulation_part(output.scenario, output.tables)
    attributes = next(g for g in part.grids if g.id == "table-attributes")
    by_label = {r.head: r.cells[1].text for r in attributes.groups[0].rows}
    assert by_label == {"Gene copies": "2: p_late; 3: the rest", "Frailty": "gamma(mean=1, se=0.3)"}
    spread = next(g for g in part.grids if g.id == "table-distribution")
    assert "payoffs on branches of the tree are not" in spread.note
    heads = [r.head for r in spread.groups[0].rows]
    assert heads[:2] == ["No screening", "Screening"] or len(heads) == 3
    assert heads[-1].endswith("same child")


def test_the_methods_name_engine_generator_and_error(output):
    text = " ".join(methods_sentences(output.scenario, output.tables))
    assert "microsimulation engine" in text and "3,000 children were simulated, with the seed 1" in text
    assert "Philox 4x32-10" in text and "common random numbers" in text
    assert "Standard errors of simulation are those of a mean of independent children" in text
    assert "closed form (cohort engine)" not in text and "state_table.csv" in text


def test_a_precision_is_said(output):
    tables = dict(output.tables)
    summary = tables["simulation_summary"].copy()
    for asked, words_ in ((1e9, "which was reached"), (1e-9, "which was not reached")):
        summary["half_width_asked"] = asked
        tables["simulation_summary"] = summary
        assert words_ in " ".join(simulation_part(output.scenario, tables).sentences)


def test_a_cohort_run_says_nothing_of_simulation():
    output = nbsmodel.run("tests/models/hiv_lamivudine", write=False)
    assert simulation_part(output.scenario, output.tables) is None
    text = plain_text(page(output.scenario, output.tables, {}))
    assert "simulated" not in text.replace("no individual is simulated", "") and "In brackets" not in text


def test_figures_of_simulated_children(output):
    sketches = sketch_figures(output.scenario, output.tables)
    for name in ("children", "by_age_course", "occupancy_course"):
        drawing = finish(name, sketches[name])
        check_files(name, drawing)
        check_words(name, drawing, output.scenario)
        check_texts(sketches[name])
        assert "simulated children" in drawing.caption


def test_survival_is_what_the_trace_says(output):
    trace = output.tables["trace"]
    axes = sketch_figures(output.scenario, output.tables)["by_age_course"].figure.axes
    assert [a.get_title("left") for a in axes][:1] == ["Alive"]
    assert len(axes) == 1 + sum(not s.dead for s in output.scenario.model.cohorts["course"].states)
    ours = trace[trace["strategy"] == "usual"].pivot_table(index="time", columns="state", values="occupancy")
    alive = 1 - ours["dead"] / ours.iloc[0].sum()
    assert axes[0].lines[0].get_ydata() == pytest.approx(alive.to_numpy())
    assert axes[0].lines[0].get_color() != axes[0].lines[1].get_color()
    assert axes[0].lines[0].get_linestyle() != axes[0].lines[1].get_linestyle()
