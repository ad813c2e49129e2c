"""The look of every figure, in one place, and how a figure becomes SVG and PNG bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

#: Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
HATCHES = ("", "////", "\\\\\\\\", "----", "xxxx", "||||", "++++", "//")
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)), (0, (3, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, FAINT, PALE, DEAD = "#222222", "#666666", "#e8e8e8", "#d0d0d0"

#: Text width of an A4 page in portrait, in inches: no figure is wider unless it must be.
WIDTH = 7.1
SMALL, NORMAL = 7.0, 8.0
PNG_DPI = 200

FONT = "DejaVu Sans"  # comes with matplotlib, so text is measured alike everywhere
SVG_FONTS = "'DejaVu Sans', Verdana, Arial, sans-serif"

RC = {
    "font.family": FONT, "font.size": NORMAL, "axes.labelsize": NORMAL, "axes.titlesize": NORMAL,
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "legend.fontsize": SMALL,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": FAINT, "xtick.color": INK, "ytick.color": INK,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "lines.linewidth": 1.4,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "hatch.linewidth": 0.5,
    "axes.titlelocation": "left", "axes.formatter.useoffset": False, "axes.axisbelow": True,
    "figure.facecolor": "white", "savefig.facecolor": "white", "figure.dpi": PNG_DPI,
    "text.parse_math": False, "svg.fonttype": "none",
}  # fmt: skip
#: Settings that choose a window system or a cache; those are left as they are.
_NOT_OURS = re.compile("backend|interactive|toolbar|timezone|tk.|datapath|figure.max_open|webagg|macosx|savefig.dir")


@dataclass(frozen=True)
class Drawing:
    """A finished figure: ``alt`` says in words what it shows."""

    title: str
    caption: str
    alt: str
    svg: str
    png: bytes


@dataclass(frozen=True)
class Sketch:
    """A figure that is drawn but not yet turned into bytes."""

    figure: Figure
    title: str
    caption: str
    alt: str


@contextmanager
def house_style(salt: str = "figure") -> Iterator[None]:
    """Draw with the settings above whatever the user's own are, and leave those as they were."""
    settings: Any = {k: v for k, v in rcParamsDefault.items() if not _NOT_OURS.search(k)}
    settings |= {**RC, "svg.hashsalt": salt}
    with rc_context(settings):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that belongs to no window."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def paper(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure to draw on with coordinates in inches from the lower left corner."""
    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    return figure, axes


def plain_ticks(axis: Axis) -> None:
    """Numbers written out, with commas between thousands and without powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda x, _: written_out(x)))


def written_out(x: float) -> str:
    """A tick's number: 0.00005 rather than 5e-05."""
    text = f"{x:,.10g}"
    if "e-" in text and abs(x) >= 1e-9:
        text = f"{x:.15f}".rstrip("0").rstrip(".")
        text = "0" if text == "-0" else text
    return text.replace("-", "\N{MINUS SIGN}")


def renderer(figure: Figure) -> Any:
    """What measures text on this figure."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return canvas.get_renderer()


def finish(name: str, sketch: Sketch) -> Drawing:
    """SVG and PNG of a sketch: the same bytes each time."""
    with house_style(name):
        svg, png = io.BytesIO(), io.BytesIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        sketch.figure.savefig(svg, format="svg", metadata={**nothing, "Title": sketch.title})
        sketch.figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return Drawing(sketch.title, sketch.caption, sketch.alt, _tidy(svg.getvalue().decode(), name), png.getvalue())


def _tidy(svg: str, name: str) -> str:
    """Fonts that any viewer has, and ids that stay apart when several figures share a page."""
    svg = svg.replace(f"'{FONT}'", SVG_FONTS)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(xlink:href="|href=")#', rf"\1#{name}-", svg)
    svg = svg.replace("url(#", f"url(#{name}-")
    return "\n".join(line.rstrip() for line in svg.replace("\r\n", "\n").split("\n"))
