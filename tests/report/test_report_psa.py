"""What the report says of the probabilistic analysis: the numbers of the tables, in plain and honest sentences."""

import re
from collections import Counter

import numpy as np
import pytest
from psa_cases import analysed, with_values
from test_report import assert_shown, parsed, plain_text, value

from nbsmodel.report.format import number, share
from nbsmodel.report.report_page import page
from nbsmodel.report.sections.psa import psa_answer, psa_section
from nbsmodel.report.sections.psa_words import PsaWords

REFUSED = [["p_found", "parameter", 30, 0.02, 1.01, 1.2, "between 0 and 1", 17]]


def said(section):
    return " ".join(section.paragraphs)


def grid(section, name):
    (found,) = [g for g in section.items if not isinstance(g, str) and g.id == name]
    return found


@pytest.fixture(scope="module")
def uk():
    return analysed("uk", 3000)


@pytest.mark.parametrize("model", ["uk", "sumatriptan", "sick", "valve", "knee"])
def test_the_page_is_well_formed(model):
    scenario, tables = analysed(model, refused=REFUSED, drawn=["as_seen", "wanes"])
    text = page(scenario, tables, {})
    found = parsed(text)
    assert found.wrong == [] and found.open == [] and found.unscoped == 0
    assert [i for i, n in Counter(found.ids).items() if n > 1] == []
    assert {"psa", "table-psa", "table-psa-refused"} <= set(found.ids)
    assert all(t[1:] in found.ids for _, _, t in found.refers if t.startswith("#"))
    assert not re.search(r"\b(nan|NaN|inf|Undefined)\b", plain_text(text))
    assert ("table-evpi" in found.ids) == (model != "valve")
    assert ("table-psa-case" in found.ids) == (model == "uk")
    assert ("table-psa-cea" in found.ids) == (model in ("sick",))


def test_the_summary_says_how_uncertain_the_answer_is(uk):
    scenario, tables = uk
    text = plain_text(page(scenario, tables, {}))
    assert "no uncertainty analysis" not in text and "point estimates" not in text
    best = tables["ceac"]
    row = best[(best["threshold"] == 20000) & best["frontier"]].iloc[0]
    assert f"the probability that it is cost-effective is {share(row['probability'])}" in text
    mean = tables["psa_summary"].query("quantity == 'nmb' and threshold == 20000 and against != '' and per == 'birth'")
    shown = re.search(r"is, per birth, (\S+) \(95% interval (\S+) to (\S+)\) for Universal screening", text)
    for word, key in zip(shown.groups(), ("mean", "low95", "high95"), strict=True):
        assert_shown(word.replace("£", ""), mean.iloc[0][key])
    assert "From the probabilistic analysis. The answer above is at base values." in text


def test_without_draws_nothing_is_said(uk):
    scenario, tables = uk
    bare = {name: t for name, t in tables.items() if not name.startswith("psa")}
    assert psa_section(scenario, bare) is None and psa_answer(scenario, bare) == []
    assert "These are point estimates" in plain_text(page(scenario, bare, {}))


def test_the_tables_read_back(uk):
    scenario, tables = uk
    section = psa_section(scenario, tables)
    frame = tables["psa_summary"]
    shown = grid(section, "table-psa").groups[0].rows
    rows = frame[(frame["quantity"] == "cost") & (frame["per"] == "birth")].to_dict("records")
    assert len(shown) == len(rows) == 3
    for row, expected in zip(shown, rows, strict=True):
        assert_shown(row.cells[0].text, expected["mean"])
        assert_shown(row.cells[0].error, expected["se"])
        low, high = row.cells[1].text.split(" to ")
        assert_shown(low, expected["low95"])
        assert_shown(high, expected["high95"])
        assert_shown(row.cells[2].text, expected["base"])
        assert_shown(row.cells[3].text, expected["difference"])
        assert row.cells[3].strong == expected["nonlinear"]
    groups = grid(section, "table-ceac").groups
    assert len(groups) == len(scenario.settings.thresholds)
    ceac = tables["ceac"]
    for group, threshold in zip(groups, sorted(scenario.settings.thresholds), strict=True):
        for row, expected in zip(group.rows, ceac[ceac["threshold"] == threshold].itertuples(), strict=True):
            assert value(row.cells[0].text) == pytest.approx(100 * expected.probability, abs=0.051)
            assert row.cells[1].strong == expected.frontier
            assert_shown(row.cells[1].text, expected.mean_nmb)
    evpi = tables["evpi"].set_index("threshold")
    for row, threshold in zip(grid(section, "table-evpi").groups[0].rows, scenario.settings.thresholds, strict=True):
        for cell, key in zip(row.cells, ("evpi", "per_case", "per_year", "population"), strict=True):
            assert_shown(cell.text, evpi.loc[threshold, key])
    rows = grid(section, "table-quadrants").groups[0].rows
    assert sum(value(c.text) for c in rows[0].cells) == pytest.approx(100, abs=0.3)


def test_enough_draws_bring_no_warning(uk):
    assert psa_section(*uk).warnings == ()
    assert "Read the warnings" not in " ".join(psa_answer(*uk))


def test_too_few_draws_are_told_with_how_many_would_do():
    scenario, tables = analysed("uk", 60, psa={"precision": {"inmb": "1 per birth"}})
    warnings = " ".join(psa_section(scenario, tables).warnings)
    rows = tables["psa_precision"].set_index("quantity")
    inmb = rows.loc["inmb"].query("wanted > 0").iloc[0]
    assert (
        f"£{inmb['half_width']:,.2f} per birth, and £1.00 was wanted. About {inmb['draws_wanted']:,.0f} draws"
        in warnings
    )
    worst = rows.loc["probability"]["draws_wanted"].max()
    assert f"2 were wanted. About {worst:,.0f} draws would do." in warnings
    assert (
        "Too few draws for 95% intervals: of 60 draws fewer than 25 lie beyond each end. Take at least 1,000"
        in warnings
    )
    assert psa_answer(scenario, tables)[-1] == "Read the warnings there first."
    text = page(scenario, tables, {})
    assert text.count('<p class="warning">') == len(psa_section(scenario, tables).warnings) >= 3


def test_a_precision_per_case_is_turned_into_one_per_birth():
    scenario, tables = analysed("uk", 60, psa={"precision": {"inmb": "50 per case"}})
    row = tables["psa_precision"].query("quantity == 'inmb' and wanted > 0").iloc[0]
    assert row["wanted"] == pytest.approx(50 * tables["psa_run"]["cases"][0])


def test_a_lead_within_noise_is_told():
    def level(cost):
        cost = cost.copy()
        cost[:, 1] += (cost[:, 0] - cost[:, 1]).mean() - 0.01
        return cost

    scenario, tables = analysed("uk", 1500, with_values(level, lambda e: np.ones_like(e)))
    (warning,) = [w for w in psa_section(scenario, tables).warnings if "best on average at £20,000" in w]
    assert "Universal screening leads No screening by £0.01, which is known to within" in warning
    assert re.search(r"About [\d,]+ draws would do\.|No number of draws", warning)


def test_refused_draws_stand_first():
    scenario, tables = analysed("uk", 1470, refused=REFUSED)
    section = psa_section(scenario, tables)
    assert section.items[0].id == "table-psa-refused"
    assert section.warnings[0].startswith("30 of 1,500 draws (2.0%) could not be run and are left out")
    (row,) = section.items[0].groups[0].rows
    assert row.head == "p_found (parameter)" and [c.text for c in row.cells][:3] == ["30", "2.0%", "1.01 to 1.2"]


def test_the_mean_of_the_draws_beside_the_base_case(uk):
    scenario, tables = uk
    assert "no further apart than the draws leave to chance" in said(psa_section(scenario, tables))
    shifted = with_values(lambda c: c * np.array([1.0, 1.2]), lambda e: e)
    scenario, tables = analysed("uk", change=shifted)
    text = said(psa_section(scenario, tables))
    assert "the model is not linear in its parameters, or their base values are not the means" in text
    assert "At £20,000 per QALY the run at base values favours Universal screening, the mean over the draws No" in text


def test_the_most_probable_is_not_always_the_best():
    def skewed(cost):
        cost = np.full_like(cost, 500.0)
        cost[:, 1] += np.where(np.arange(len(cost)) % 10 == 0, -400.0, 20.0)
        return cost

    scenario, tables = analysed("uk", 1000, with_values(skewed, lambda e: np.ones_like(e)))
    text = said(psa_section(scenario, tables))
    assert "At £20,000 per QALY No screening most often has the highest net benefit, but Universal screening" in text
    assert "Universal screening has the highest mean net monetary benefit at £20,000 per QALY (the probability" in text
    assert "cost-effective is 10.0%)" in text


def test_no_decision_that_could_change():
    better = with_values(lambda c: np.stack([c[:, 0], c[:, 0] - 1], 1), lambda e: np.ones_like(e))
    text = said(psa_section(*analysed("uk", 1000, better)))
    assert "the expected value of perfect information is 0" in text and "is 100%" in text


def test_where_the_best_choice_changes():
    scenario, tables = analysed("sick", 3000)
    text = said(psa_section(scenario, tables))
    steps = tables["psa_cea"]
    later = steps[(steps["status"] == "frontier") & steps["icer"].notna()]
    for row in later.itertuples():
        assert f"from US${round(row.icer):,} on (give or take US$" in text
    (sentence,) = re.findall(r"On average over the draws the best choice is .*?\)\. ", text)
    assert f" below US${round(later['icer'].iloc[0]):,} per QALY" in sentence and sentence.count(" and ") == 1


@pytest.mark.parametrize(
    ("psa", "says"),
    [({}, "drawn at random (Monte Carlo), seed 1"), ({"sampling": "latin_hypercube"}, "as a rule they are smaller"),
     ({"sampling": "sobol", "draws": 1024}, "scrambled Sobol' sequence, seed 1"),
     ({"file": "posterior.csv"}, "read from a file and used as they are. Errors are stated as for independent draws")],
)  # fmt: skip
def test_how_the_draws_were_made(psa, says):
    assert says in said(psa_section(*analysed("uk", 100, psa=psa)))


def test_alternatives_have_a_table():
    alternatives = {"as_seen": {"weight": 2, "label": "Benefit as seen"}, "wanes": {"weight": 1}}
    scenario, tables = analysed("uk", 999, drawn=["as_seen", "as_seen", "wanes"], psa={"alternatives": alternatives})
    found = grid(psa_section(scenario, tables), "table-psa-alternatives")
    assert [g.title for g in found.groups] == ["Benefit as seen: 666 draws", "Wanes: 333 draws"]


def test_many_thresholds_do_not_make_long_tables():
    thresholds = [float(t) for t in range(10_000, 80_000, 10_000)]
    section = psa_section(*analysed("uk", 100, settings={"thresholds": thresholds}))
    assert len(grid(section, "table-ceac").groups) == 4 and len(grid(section, "table-evpi").groups[0].rows) == 7
    assert grid(section, "table-ceac").note.endswith("The file has the other thresholds.")


def test_a_single_strategy():
    scenario, tables = analysed("valve", 40)
    section = psa_section(scenario, tables)
    assert [i.id for i in section.items] == ["table-psa"]
    row = tables["psa_summary"].query("quantity == @scenario.settings.effect").iloc[0]
    assert f"with a mean of {number(row['mean'])} " in psa_answer(scenario, tables)[0]
    assert "holds no" not in plain_text(page(scenario, tables, {}))
    assert any("95% intervals" in w for w in section.warnings)


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0%"), (1, "100%"), (0.5, "50.0%"), (0.0295, "2.9%"), (0.0006667, "0.067%"), (0.9993333, "99.933%"),
     (0.999, "99.9%"), (0.001, "0.1%"), (1e-6, "0.0001%"), (1 - 1e-6, "99.9999%")],
)  # fmt: skip
def test_shares_next_to_nothing_and_to_all(part, text):
    assert share(part) == text


def test_labels_of_the_words(uk):
    words = PsaWords(*uk)
    assert words.at(20000.0) == "£20,000 per QALY" and words.others == ["screening"]
    assert words.evpi(20000.0)["threshold"] == 20000
