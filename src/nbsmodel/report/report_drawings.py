"""Figures made part of the page: ids that no other figure has, words for those who cannot see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Protocol

from markupsafe import Markup


class DrawingLike(Protocol):
    """What the page needs of a figure."""

    @property
    def title(self) -> str: ...
    @property
    def caption(self) -> str: ...
    @property
    def alt(self) -> str: ...
    @property
    def svg(self) -> str: ...


@dataclass(frozen=True)
class Picture:
    """A figure ready for the page."""

    id: str
    title: str
    caption: str
    svg: Markup


def picture(name: str, drawing: DrawingLike) -> Picture:
    """A figure as inline SVG with a label; nothing in it refers outside the figure."""
    id_ = "figure-" + name.replace("_", "-")
    return Picture(id_, drawing.title, drawing.caption, Markup(inline_svg(drawing.svg, id_, drawing.alt)))


def inline_svg(svg: str, prefix: str, alt: str) -> str:
    """SVG for use inside HTML.

    Parameters
    ----------
    svg : str
        A whole file.
    prefix : str
        Put before every id, and before every reference to one.
    alt : str
        Label of the image.
    """
    start = svg.find("<svg")
    if start < 0:
        raise ValueError(f"{prefix}: no <svg> element")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[start:], flags=re.DOTALL).strip()
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    svg = re.sub(r'\bhref="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"(<style[^>]*>\s*)\*\s*\{", rf"\1#{prefix} * {{", svg)
    root, _, rest = svg.partition(">")
    root = re.sub(r'\s(?:role|aria-label|aria-labelledby|aria-describedby)="[^"]*"', "", root)
    return f'{root} role="img" aria-label="{escape(" ".join(alt.split()), quote=True)}">{rest}'
