"""The tests of a programme in the results: table, figure, section, written tree, and tests of no use."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from screening_models import SCREENING, write_model

import nbsmodel
from nbsmodel.analysis.screening import CLEARED, NOT_CLEARED
from nbsmodel.analysis.tiers import COUNTS, TierCount, tier_table
from nbsmodel.cli import main
from nbsmodel.model.programme import ALL_GROUPS
from nbsmodel.report.figures.all import sketch_figures
from nbsmodel.report.sections.tiers import alike, tiers_section


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiers")
    return nbsmodel.run(write_model(folder), out=folder / "out")


@pytest.fixture(scope="module")
def tiers(output):
    return output.tables["tiers"].set_index(["test", "group"])


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


# --- the table


def test_by_hand():
    """Two groups, two tests; a repeat for every tenth child on the first."""

    def count(test, group, case, *values):
        return TierCount(test, group, case, *(np.array([0.0, v]) for v in values))

    counts = [
        count("a", "ill", True, 1e-3, 0.0, 9e-4, 0.0, 0.0, 1.1e-3, 5e-3),
        count("a", "well", False, 0.5, 0.1, 9e-3, 0.0, 1e-3, 0.55, 2.5),
        count("b", "ill", True, 9e-4, 0.0, 6e-4, 0.0, 0.0, 9e-4, 0.01),
    ]
    table = tier_table(["none", "all"], counts, 1000.0).set_index(["test", "group"])
    assert set(table["strategy"]) == {"all"}
    both = table.loc[("a", ALL_GROUPS)]
    assert both["reached_per_100000"] == pytest.approx(50_100)
    assert both["tests_per_100000"] == pytest.approx(55_110)
    assert both["no_result_per_100000"] == pytest.approx(10_000)
    assert both["positive_per_100000"] == pytest.approx(990)
    assert both["cost_per_100000"] == pytest.approx(250_500)
    assert both["cases_among_positive"] == pytest.approx(9e-4 / 9.9e-3)
    assert both["not_cleared_per_100000"] == pytest.approx(100) and both["cleared_per_100000"] == 0
    assert both["positive_per_year"] == pytest.approx(9.9) and both["cost_per_year"] == pytest.approx(2505)
    assert table.loc[("b", ALL_GROUPS), "cases_among_positive"] == 1
    assert np.isnan(table.loc[("a", "ill"), "cases_among_positive"])
    assert tier_table(["none", "all"], counts, None)["reached_per_year"].isna().all()


def test_the_model_by_hand(tiers):
    """Per 100,000: others 91,997.5 of whom 98% are tested; the test fails three times in a million."""
    others = 1e5 * (1 - 1 / 40_000 - 0.08)
    row = tiers.loc[("first", "others")]
    assert row["reached_per_100000"] == pytest.approx(others * 0.98, rel=1e-12)
    assert row["tests_per_100000"] == pytest.approx(others * 0.98 * 1.0101, rel=1e-12)
    assert row["no_result_per_100000"] == pytest.approx(others * 0.98 * 1e-6, rel=1e-10)
    assert row["positive_per_100000"] == pytest.approx(others * 0.98 * (1 - 1e-6) * 5e-4, rel=1e-10)
    assert row["cost_per_100000"] == pytest.approx(others * 0.98 * (4 + 14 * 0.0101), rel=1e-12)
    assert row["cost_per_year"] == pytest.approx(6 * row["cost_per_100000"], rel=1e-12)
    again = tiers.loc[("again", "preterm")]
    assert again["reached_per_100000"] == pytest.approx(
        tiers.loc[("first", "preterm"), "positive_per_100000"], rel=1e-12
    )
    assert again["cost_per_100000"] == pytest.approx(4 * again["reached_per_100000"], rel=1e-12)
    assert list(tiers.loc["again"].index) == [ALL_GROUPS, "preterm"]


def test_it_agrees_with_the_other_tables(output, tiers):
    """Costs of all tests are the cost components; those positive on the last test are the classes found."""
    outcomes = output.tables["outcomes"]
    mine = outcomes[(outcomes["strategy"] == "screening") & ~outcomes["discounted"] & (outcomes["outcome"] == "cost")]
    booked = mine.set_index("component")["value"]
    every = tiers.xs(ALL_GROUPS, level="group")
    assert every.loc["first", "cost_per_100000"] == pytest.approx(1e5 * booked["screening"], rel=1e-12)
    assert every.loc[["again", "flow"], "cost_per_100000"].sum() == pytest.approx(
        1e5 * booked["confirmation"], rel=1e-12
    )
    classes = output.tables["screening"].set_index(["strategy", "class"])["per_100000"]["screening"]
    found = tiers.loc["flow"]["positive_per_100000"]
    assert found["typical"] + found["leaky"] == pytest.approx(classes["true_positive"], rel=1e-12)
    assert found["preterm"] == pytest.approx(classes["incidental"], rel=1e-12)
    for kind in (f"{c}_per_100000" for c in (*COUNTS, "cost")):
        parts = tiers[kind].drop(ALL_GROUPS, level="group").groupby("test").sum()
        assert np.allclose(parts, every[kind][parts.index], rtol=1e-12)


def test_false_positives_are_cleared_or_not(output, tiers):
    """By hand: of others, J = 5e-4 on the first, then 0.1 + 0.3 * (1 - 0.1) = 0.37 again on flow."""
    others = tiers.loc[("first", "others"), "positive_per_100000"]
    assert tiers.loc[("flow", "others"), "not_cleared_per_100000"] == pytest.approx(others * 0.37, rel=1e-12)
    assert tiers.loc[("flow", "others"), "cleared_per_100000"] == pytest.approx(others * 0.63, rel=1e-12)
    assert not tiers.loc[["first", "again"], ["cleared_per_100000", "not_cleared_per_100000"]].any(axis=None)
    assert not tiers.loc[("flow", "typical"), ["cleared_per_100000", "not_cleared_per_100000"]].any()
    programme = output.tables["programme"].set_index("quantity")["screening"]
    every = tiers.xs(ALL_GROUPS, level="group")
    for row, column in (("cleared by a later test", "cleared"), ("not cleared", "not_cleared")):
        assert programme[f"False positives {row}"] == pytest.approx(every[f"{column}_per_year"].sum(), rel=1e-12)
    parts = programme["False positives cleared by a later test"] + programme["False positives not cleared"]
    assert parts == pytest.approx(programme["False positives"], rel=1e-12)


def test_a_test_without_a_result_clears_nobody(tmp_path):
    edit = ("dependence: rho_flow", "dependence: rho_flow\n      failure: 0.1")
    tables = nbsmodel.run(write_model(tmp_path, SCREENING, edit), write=False).tables
    flow = tables["tiers"].set_index(["test", "group"]).loc[("flow", "others")]
    assert flow["not_cleared_per_100000"] == pytest.approx(
        flow["no_result_per_100000"] + flow["positive_per_100000"], rel=1e-12
    )
    assert flow["no_result_per_100000"] > 0


def test_simulated_children_change_nothing_in_it(output, tmp_path):
    """The tree is exact arithmetic with either engine."""
    config = tmp_path / "config.yaml"
    model = output.scenario.model.folder
    config.write_text(f"model: {model}\ntitle: Children\nengine: microsimulation\nindividuals: 500\n")
    simulated = nbsmodel.run(config, write=False)
    pd.testing.assert_frame_equal(simulated.tables["tiers"], output.tables["tiers"], check_exact=False, rtol=1e-13)


# --- what is written


def test_the_results_folder_has_the_table_and_the_tree(output, tmp_path):
    assert (output.folder / "tiers.csv").is_file()
    text = (output.folder / "tree.yaml").read_text()
    shutil.copytree(output.scenario.model.folder, tmp_path / "d" / "hand")
    file = tmp_path / "d" / "hand" / "model.yaml"
    written = file.read_text()
    programme = written[written.index("screening:\n  offered") : written.index("subtrees:\n")]
    derived, _, tree = text.partition("\nderived:\n")[2].partition("\ntree:\n")
    file.write_text(written.replace(programme, f"tree:\n{tree}").replace("derived:\n", f"derived:\n{derived}"))
    hand = nbsmodel.run(file.parent, write=False)
    assert "tiers" not in hand.tables
    told = output.tables["programme"]["quantity"].isin([CLEARED, NOT_CLEARED])  # of a declared programme only
    output.tables["programme"] = output.tables["programme"][~told].reset_index(drop=True)
    for name in ("cea", "outcomes", "screening", "programme", "paths"):
        pd.testing.assert_frame_equal(hand.tables[name], output.tables[name], check_exact=True)


def test_the_report_has_a_section(output):
    section = tiers_section(output.scenario, output.tables)
    assert section.items[0] == "tiers"
    assert "First assay and 85.9 are positive (1.92% of them with the condition)" in section.paragraphs[0]
    assert (
        "of the families told, 47.8 have a false positive (31.1 cleared by a later test, 16.7 not cleared)."
        in section.paragraphs[0]
    )
    assert section.paragraphs[-1].startswith("What a false positive means in the perspective carer is not counted")
    page = (output.folder / "report.html").read_text()
    assert "Tests of the screening programme" in page and "tiers.csv" in page
    assert (output.folder / "figures" / "tiers.png").is_file()


def test_the_figure_says_what_the_table_says(output):
    sketch = sketch_figures(output.scenario, output.tables)["tiers"]
    axes = sketch.figure.axes[0]
    assert axes.get_xscale() == "log" and "per 100,000 births" in axes.get_xlabel()
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names == [
        f"{test}: {w}" for test in ("First assay", "Second sample", "Flow cytometry") for w in ("tested", "positive")
    ]
    shown = {t.get_text() for t in axes.texts}
    assert {"1.86", "97,998", "84.3", "39.2", "0"} <= shown
    assert "Flow cytometry: positive: 1.63 with and 17.9 without the condition" in sketch.alt


def test_strategies_whose_tests_go_alike_share_a_table(output):
    twice = output.tables["tiers"].copy()
    other = twice.assign(strategy="usual")
    assert [names for names, _ in alike(pd.concat([twice, other]))] == [["screening", "usual"]]
    other["reached_per_year"] *= 2
    assert [names for names, _ in alike(pd.concat([twice, other]))] == [["screening"], ["usual"]]


def test_models_with_a_tree_have_neither(tmp_path):
    from helpers import write_complete

    hand = nbsmodel.run(write_complete(tmp_path), out=tmp_path / "out")
    assert "tiers" not in hand.tables and not (tmp_path / "out" / "tree.yaml").exists()


# --- tests of no use


@pytest.mark.parametrize(
    ("edits", "place", "found"),
    [
        (
            [("first: p_sens_typical", "first: 0"), ("first: p_sens_leaky", "first: 0"),
             ("first: 1 - p_spec_preterm", "first: 0"), ("first: 1 - p_specificity", "first: 0")],
            "tests.again", "nobody comes to the test again, in any strategy",
        ),
        ([("first: 1 - p_spec_preterm", "first: 0")], "tests.again", "nobody comes to the test again, in any strategy"),
        (
            [("first: p_sens_typical", "first: 0"), ("first: p_sens_leaky", "first: 0"),
             ("first: 1 - p_specificity", "first: 0"), ("again: 0.1", "again: 0")],
            "tests.flow", "nobody comes to the test flow, in any strategy",
        ),
    ],
    ids=["a first test that finds nobody", "a tier nobody comes to", "a tier nobody leaves"],
)  # fmt: skip
def test_a_test_of_no_use_is_refused(monkeypatch, capsys, tmp_path, edits, place, found):
    folder = write_model(tmp_path, SCREENING, *edits)
    for command in (("run", folder, "--out", tmp_path / "out"), ("validate", folder)):
        code, out, err = call(monkeypatch, capsys, *command)
        assert code == 2 and "Traceback" not in out + err
        assert f"screening.{place}: {found}" in err
        assert err.count("nobody ") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("at: age_at_result_first + 2 / 365.25", "at: 12 days"), "tests.flow.at: flow is done at 12 days, before "
         "the result of again at 13 days (children of the group preterm)."),
        (("at: age_at_result_first + 2 / 365.25", "at: 0"), "tests.flow.at: flow is done at 0 days, before the result"),
        (("at: 13 days", "at: p_fail"), "tests.again.at: again is done at 3.652 days, before the result of first at"),
        (("at: 13 days", "at: 11 days"), "tests.again.at: again is done at 11 days, before the result of first at 12 "),
    ],
)  # fmt: skip
def test_a_test_before_the_result_it_waits_for_is_refused(monkeypatch, capsys, tmp_path, edit, words):
    folder = write_model(tmp_path, SCREENING, edit)
    for command in (("run", folder, "--out", tmp_path / "out"), ("validate", folder)):
        code, out, err = call(monkeypatch, capsys, *command)
        assert code == 2 and "Traceback" not in out + err
        assert f"screening.{words}" in err
        number, line = err.partition("model.yaml:")[2].split(" ")[0], edit[1]
        assert line in (folder / "model.yaml").read_text().split("\n")[int(number) - 1]


def test_a_test_on_the_day_of_the_result_is_none_too_early(tmp_path):
    """Repeats of the few whose test failed are not waited for."""
    folder = write_model(tmp_path, SCREENING, ("at: 13 days", "at: 12 days"))
    assert "tiers" in nbsmodel.run(folder, write=False).tables


@pytest.mark.parametrize("change", ["p_uptake=0", "p_spec_flow=1"])
def test_a_programme_that_reaches_or_finds_nobody_else_is_a_scenario(tmp_path, change):
    nbsmodel.run(write_model(tmp_path), sets=[f"overrides.{change}"], write=False)


def test_a_test_that_one_strategy_has_is_of_use(tmp_path):
    """No screening offers none of them, and that is no mistake."""
    assert len(nbsmodel.run(write_model(tmp_path), write=False).tables["tiers"]) == 12
