"""Text that fits: measuring, wrapping and finding a free place for a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from nbsmodel.report.figures.style import FONT, renderer

LEADING = 1.22  # height of a line as a multiple of the font size

Box = tuple[float, float, float, float]  # left, bottom, right, top


class Ruler:
    """Measures text on a figure, in inches."""

    def __init__(self, figure: Figure) -> None:
        self._renderer, self._dpi = renderer(figure), figure.dpi
        self._known: dict[tuple[str, float, str], float] = {}

    def width(self, text: str, size: float, style: str = "normal") -> float:
        """Width of one line."""
        key = (text, size, style)
        if key not in self._known:
            font = FontProperties(family=FONT, size=size, style=style)  # type: ignore[arg-type]
            self._known[key] = self._renderer.get_text_width_height_descent(text, font, False)[0] / self._dpi
        return self._known[key]

    def wrap(self, text: str, size: float, width: float, style: str = "normal") -> list[str]:
        """Lines no wider than ``width``; a long name breaks after an underscore, if need be anywhere."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            joined = f"{line} {word}".strip()
            if self.width(joined, size, style) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            *whole, line = self._pieces(word, size, width, style)
            lines += whole
        return [*lines, line] if line else lines

    def balanced(self, text: str, size: float, width: float) -> list[str]:
        """As `wrap`, in as many lines, but of more equal length."""
        lines = self.wrap(text, size, width)
        for part in (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5):
            closer = self.wrap(text, size, width * part)
            if len(closer) > len(lines) or any(len(w) > 1 and w not in " ".join(closer).split() for w in text.split()):
                break
            lines = closer
        return lines

    def _pieces(self, word: str, size: float, width: float, style: str) -> list[str]:
        pieces = []
        while self.width(word, size, style) > width and len(word) > 1:
            fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or self.width(word[:n], size, style) <= width)
            cut = word.rfind("_", 1, fits) + 1
            pieces.append(word[: cut or fits])
            word = word[cut or fits :]
        return [*pieces, word]


def line_height(size: float) -> float:
    """Height of a line of text, in inches."""
    return size * LEADING / 72


def overlap(a: Box, b: Box, gap: float = 0.0) -> bool:
    """Whether two boxes come closer than ``gap``."""
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def inside(points: Any, box: Box, gap: float = 0.0) -> int:
    """How many points, a row each, lie in a box."""
    return int(in_box(points, box, gap).sum())


def in_box(points: Any, box: Box, gap: float = 0.0) -> Any:
    """Which points, a row each, lie in a box."""
    x, y = np.asarray(points, dtype=float).reshape(-1, 2).T
    return (box[0] - gap < x) & (x < box[2] + gap) & (box[1] - gap < y) & (y < box[3] + gap)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions close to the wanted ones, in their order, at least ``gap`` apart, between two ends."""
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    places = [min(max(w, low), high) for w in wanted]
    for before, after in zip(order, order[1:], strict=False):
        places[after] = max(places[after], places[before] + gap)
    ceiling = high
    for i in reversed(order):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return places


def text_box(text: Any, figure: Figure) -> Box:
    """Box of a text in pixels."""
    extent = text.get_window_extent(renderer(figure))
    return extent.x0, extent.y0, extent.x1, extent.y1
