"""The report on a panel: what it says, that it says it of the numbers, figures that can be read."""

from __future__ import annotations

import html
import re

import pytest
from figure_checks import outside, overlapping, texts, words
from panel_models import write_panel

import nbsmodel
from nbsmodel.report.figures.panel import draw_adding, draw_contributions
from nbsmodel.report.figures.style import finish, house_style
from nbsmodel.report.panel_report import panel_figures, panel_page, panel_sections
from nbsmodel.report.panel_words import PanelWords
from nbsmodel.run.panel import run_panel
from nbsmodel.run.show_panel import panel_for_people

PSA = "analyses: {psa: {draws: 80, ceac_steps: 6}}"
TOYS = {
    "two": {"alpha": {}, "beta": {"p": "1/50000", "c_late": 60000.0}},
    "one": {"alpha": {}},
    "no_worth": {"alpha": {"p": "1/500000"}, "beta": {"p": "1/900000"}},
    "six": {f"c{i}": {"p": f"1/{4000 * 4**i}", "u_early": 12.0} for i in range(6)},
    "forty": {f"c{i:02d}": {"p": f"1/{5000 + 900 * i}"} for i in range(40)},
}


def output(folder, name, psa=True):
    return run_panel(write_panel(folder, TOYS[name], PSA if psa else ""), write=False)


def page_of(found):
    reading = PanelWords(found.panel, found.tables)
    return panel_page(reading, panel_figures(reading))


def plain(page):
    page = re.sub(r"<(style|svg).*?</\1>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_first_page_says_what_was_found(tmp_path):
    text = plain(page_of(output(tmp_path, "two")))
    for sentence in (
        "Testing every newborn for condition alpha and condition beta with one test (Duplex test) costs £1.91 more and "
        "gains 0.000972 QALYs per birth compared with no screening: £1,963 per QALY gained.",
        "A year (600,000 births) it costs £1.14 million more and gains 583 QALYs, and screening finds 58.3 children: "
        "48.6 with condition alpha, 9.72 with condition beta.",
        "Adding condition alpha to the other saves £1.98 and gains 0.00081 QALYs per birth: it costs less and does",
        "At every threshold from £20,000 to £30,000 per QALY the test with all its conditions has the highest",
        "Duplex test costs £4.00 a baby once, whatever the number of conditions, and is made in 90.0% of births.",
        "Shared test (assumption) and Marginal cost (assumption)",
        "Condition alpha: 1 assumption and 0 placeholders of 9 parameters",
    ):
        assert sentence in text, sentence


@pytest.mark.parametrize("name", TOYS)
def test_every_page_is_whole(tmp_path, name):
    found = output(tmp_path, name)
    page = page_of(found)
    text = plain(page)
    assert page.count("<section") == page.count("</section>")
    ids = re.findall(r'\bid="([^"]+)"', re.sub(r"<svg.*?</svg>", "", page, flags=re.S))
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', re.sub(r"<svg.*?</svg>", "", page, flags=re.S)):
        assert target in ids, target
    assert not re.search(r"\b(nan|None|inf)\b", text.replace("None: all settings", ""))
    for condition in found.panel.conditions:
        assert f'href="scenarios/{condition}.yaml"' in page


def test_what_is_not_worth_it_is_said(tmp_path):
    text = plain(page_of(output(tmp_path, "no_worth")))
    assert "no screening has the highest net benefit" in text
    assert "not even if it were free" in text or "up to £0." in text


def test_of_many_conditions_the_extremes(tmp_path):
    found = output(tmp_path, "six")
    text = plain(page_of(found))
    best = found.tables["panel_best"].set_index("threshold").loc[20_000.0]
    assert 0 < best["number"] < 6
    assert "3 of 6 conditions are worth their marginal cost" in text
    assert "the test for condition c0, condition c1 and condition c2 has the highest net benefit" in text
    assert "Testing every newborn for all 6 conditions" in text


def test_conditions_of_placeholders_are_flagged_before_the_answer(tmp_path):
    config = write_panel(tmp_path, TOYS["two"])
    rows = tmp_path / "models" / "alpha" / "parameters.csv"
    rows.write_text(rows.read_text().replace(",published,", ",placeholder,"))
    found = run_panel(config, write=False)
    text = plain(page_of(found))
    lead = text[: text.index("The answer at base values")]
    assert lead.count("Illustration:") == 1 and "inputs are placeholders, numbers without a source" in lead
    assert panel_for_people(found.panel, found.tables).startswith("Illustration: ")
    whole = run_panel(write_panel(tmp_path / "whole", TOYS["two"]), write=False)
    assert "Illustration:" not in plain(page_of(whole)) + panel_for_people(whole.panel, whole.tables)


def test_without_draws(tmp_path):
    found = output(tmp_path, "two", psa=False)
    text = plain(page_of(found))
    assert "this report holds no probabilistic analysis" in text
    assert "psa" not in [s.id for s in panel_sections(PanelWords(found.panel, found.tables))]


@pytest.mark.parametrize("name", TOYS)
@pytest.mark.parametrize("draw", [draw_contributions, draw_adding])
def test_figures_can_be_read(tmp_path, name, draw):
    found = output(tmp_path, name)
    with house_style():
        sketch = draw(PanelWords(found.panel, found.tables))
    seen = texts(sketch)
    assert not outside(sketch, seen)
    assert not overlapping(seen)
    svg = finish("panel", sketch).svg
    assert "Condition" in words(svg)
    assert sketch.alt.endswith(".")
    if name == "forty" and draw is draw_contributions:
        assert "24 of 40 conditions" in sketch.caption


def test_the_bars_are_the_numbers(tmp_path):
    found = output(tmp_path, "two")
    with house_style():
        sketch = draw_contributions(PanelWords(found.panel, found.tables))
    costs, effects = ([patch.get_width() for patch in axes.patches] for axes in sketch.figure.axes)
    assert costs[-1] == pytest.approx(sum(costs[:-1]))
    assert effects[-1] == pytest.approx(sum(effects[:-1]))
    assert effects[-1] == pytest.approx(found.tables["panel"].set_index("option").loc["all", "effect_per_year"])


def test_the_report_is_the_same_bytes_each_time(tmp_path):
    config = write_panel(tmp_path, TOYS["two"], PSA)
    one, two = (nbsmodel.run(config, out=tmp_path / f"out{i}", threads=1 + i) for i in range(2))
    assert (one.folder / "report.html").read_bytes() == (two.folder / "report.html").read_bytes()
    for path in (one.folder / "figures").iterdir():
        assert path.read_bytes() == (two.folder / "figures" / path.name).read_bytes(), path.name
