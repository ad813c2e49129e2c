"""Every figure of several shipped models: valid, complete, legible, and the same each time."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest
from figure_checks import one_line, outside, overlapping, run, texts, words

from nbsmodel.report import figures
from nbsmodel.report.figures import make_figures, sketch_figures, write_figures
from nbsmodel.report.figures.style import finish

EXPECTED = {
    "uk": "tree states_course cost_components occupancy_course plane net_benefit detection",
    "nl": "tree states_course cost_components occupancy_course plane net_benefit",
    "us": "tree cost_components plane net_benefit detection",
    "sumatriptan": "tree cost_components plane net_benefit",
    "knee": "tree states_knee cost_components occupancy_knee plane net_benefit",
    "sick": "tree states_course cost_components occupancy_course plane net_benefit",
    "valve": "tree states_valve occupancy_valve",
}


@pytest.mark.parametrize("model", list(EXPECTED))
def test_the_figures_of_a_model(model):
    scenario, tables = run(model)
    sketches = sketch_figures(scenario, tables)
    assert list(sketches) == EXPECTED[model].split()
    for name, sketch in sketches.items():
        drawing = finish(name, sketch)
        check_files(name, drawing)
        check_words(name, drawing, scenario)
        check_texts(sketch)


def check_files(name, drawing):
    assert ET.fromstring(drawing.svg).tag.endswith("}svg")
    ids = re.findall(r'\bid="([^"]+)"', drawing.svg)
    assert len(ids) == len(set(ids))
    assert all(i.startswith(name) for i in ids)
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', drawing.svg)) <= set(ids)
    assert "sans-serif" in drawing.svg and "<dc:date>" not in drawing.svg
    assert drawing.png.startswith(b"\x89PNG")


def check_texts(sketch):
    """Nothing cut off, overprinted, or too small to read on a printed page."""
    found = texts(sketch)
    assert outside(sketch, found) == []
    assert overlapping(found) == []
    assert min(t.get_fontsize() for t in sketch.figure.findobj(matplotlib.text.Text) if t.get_text()) >= 7
    assert sketch.figure.get_figwidth() <= 7.5 and sketch.figure.get_figheight() <= 10.5


def check_words(name, drawing, scenario):
    """Strategies, states and units are named; captions and alt text are sentences."""
    assert drawing.title and drawing.caption.endswith(".") and drawing.alt.endswith(".") and len(drawing.alt) > 40
    assert not re.search(r"\bnan\b|\binf\b|None|\.000000", drawing.alt)
    about, expected = scenario.model.about, []
    for cohort in scenario.model.cohorts.values():
        if name in (f"states_{cohort.name}", f"occupancy_{cohort.name}"):
            expected += [s.label for s in cohort.states]
    if not name.startswith(("tree", "states")):
        strategies = [s.label for s in scenario.model.strategies]
        expected += strategies
        assert all(s in drawing.alt for s in strategies)
    if name in ("cost_components", "plane", "net_benefit"):
        expected += [about["currency"], f"per {about['basis']}"]
        expected += [about["price_year"]] if about["price_year"] != "none" else []
    if name == "plane":
        expected += [f"{int(t):,} {about['currency']} per QALY" for t in scenario.settings.thresholds]
    found = one_line(words(drawing.svg))
    assert [e for e in expected if one_line(e) not in found] == []


@pytest.mark.parametrize("model", ["sumatriptan", "valve"])
def test_the_same_bytes_whatever_the_settings_of_the_user(model):
    scenario, tables = run(model)
    once = make_figures(scenario, tables)
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": True, "savefig.dpi": 50}):
        before = dict(matplotlib.rcParams)
        assert make_figures(scenario, tables) == once
        assert dict(matplotlib.rcParams) == before


def test_no_window_system_is_used():
    for path in Path(figures.__file__).parent.glob("*.py"):
        assert "pyplot" not in path.read_text(encoding="utf-8"), path.name


def test_files_are_written(tmp_path):
    scenario, tables = run("valve")
    drawings = make_figures(scenario, tables)
    write_figures(tmp_path, drawings)
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {f"{n}.{e}" for n in drawings for e in ("svg", "png")}
    assert (tmp_path / "figures" / "tree.svg").read_bytes() == drawings["tree"].svg.encode()
