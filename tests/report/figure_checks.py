"""What the tests of figures share: runs of shipped models, and where text stands on a figure."""

import functools
import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

from matplotlib.text import Text

import nbsmodel
from nbsmodel.report.figures.style import house_style, renderer

ROOT = Path(__file__).resolve().parents[2]
MODELS = {
    "uk": "configs/sma/uk_base_case.yaml",
    "nl": "configs/sma/broekhoff2021_nl.yaml",
    "us": "configs/sma/ecrd2020_us.yaml",
    "sumatriptan": "tests/models/sumatriptan",
    "knee": "tests/models/tkr_dong_buxton",
    "sick": "tests/models/sick_sicker_agedep",
    "valve": "tests/models/heart_valve",
}


@functools.cache
def _run(name):
    return nbsmodel.run(ROOT / MODELS[name], write=False)


def run(name):
    """Scenario and tables of a shipped model; the dict of tables is the caller's own."""
    output = _run(name)
    return output.scenario, dict(output.tables)


def texts(sketch):
    """Every text that is drawn, with its box in pixels."""
    figure = sketch.figure
    with house_style():
        figure.draw_without_rendering()
        unseen = set()
        for axis in (a for axes in figure.axes for a in (axes.xaxis, axes.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low <= tick.get_loc() <= high or not axis.axes.axison:
                    unseen |= {tick.label1, tick.label2}
        found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in unseen]
        return [(t.get_text(), Text.get_window_extent(t, renderer(figure))) for t in found]


def outside(sketch, found):
    """Texts that reach beyond the canvas."""
    page = sketch.figure.bbox
    return [
        text
        for text, box in found
        if box.x0 < page.x0 - 1 or box.y0 < page.y0 - 1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1
    ]


def overlapping(found, slack=1.5):
    """Pairs of texts that lie on each other; boxes are those of the glyphs with a little air."""
    return [
        (a, b)
        for (a, box), (b, other) in itertools.combinations(found, 2)
        if min(box.x1, other.x1) - max(box.x0, other.x0) > slack
        and min(box.y1, other.y1) - max(box.y0, other.y0) > slack
    ]


def words(svg):
    """All text of an SVG file, in one string; the file must be well-formed."""
    root = ET.fromstring(svg)
    return "\n".join("".join(e.itertext()).replace("\n", " ") for e in root.iter() if e.tag.endswith("}text"))


def one_line(text):
    """Without line breaks or spaces, to find text that was wrapped."""
    return "".join(text.split())
