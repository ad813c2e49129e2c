"""What figures over a grid of two values share: filled contours, colours that part at zero, labelled sides."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nbsmodel.report.figures.style import INK, PALETTE, SMALL, plain_ticks

#: Orange below zero, white at it, blue above: told apart with any kind of colour vision, and by their darkness.
PARTED = LinearSegmentedColormap.from_list("parted", ["#8a3800", PALETTE[5], "#f4d9c3", "#ffffff", "#cfe3f2",
                                                      PALETTE[0], "#003a5c"])  # fmt: skip
RISING = LinearSegmentedColormap.from_list("rising", ["#ffffff", "#cfe3f2", PALETTE[4], PALETTE[0], "#003a5c"])
LEVELS = 12
SHARES = ("probability", "share")


def surface(part: pd.DataFrame, column: str) -> tuple[Any, Any, Any]:
    """Both sides of a grid, rising, and the values (y, x)."""
    table = part.pivot(index="y", columns="x", values=column)
    return table.columns.to_numpy(dtype=float), table.index.to_numpy(dtype=float), table.to_numpy(dtype=float)


def parted(axes: Axes, x: Any, y: Any, values: Any, ends: tuple[float, float] | None = None) -> Any:
    """Filled contours with colours centred on zero, on the scale between two ends; for `colour_bar`."""
    low, high = ends or (float(values.min()), float(values.max()))
    most = max(abs(low), abs(high)) or 1.0
    levels = MaxNLocator(LEVELS).tick_values(low, high) if high > low else np.array([low - most, low + most])
    # the side that reaches less far is coloured at least half as strongly as its share, so that its sign is seen
    norm = TwoSlopeNorm(0.0, min(low, -most / 2), max(high, most / 2))
    return axes.contourf(x, y, values, levels=levels, cmap=PARTED, norm=norm)


def rising(axes: Axes, x: Any, y: Any, values: Any) -> Any:
    """Filled contours of a probability."""
    return axes.contourf(x, y, values, levels=np.linspace(0, 1, 11), cmap=RISING, vmin=0, vmax=1)


def line_at(axes: Axes, x: Any, y: Any, values: Any, level: float, **style: Any) -> bool:
    """Draw where values pass a level; tells whether they do."""
    if not (values.min() < level < values.max()):
        return False
    axes.contour(x, y, values, levels=[level], **style)
    return True


def mark_base(axes: Axes, x: float, y: float) -> bool:
    """Mark the base case where it lies on the grid; tells whether it does."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    if not (left <= x <= right and bottom <= y <= top):  # also where it is not one number
        return False
    axes.plot(x, y, "o", color="white", markeredgecolor=INK, markeredgewidth=1.2, markersize=7, zorder=5, clip_on=False)
    return True


def sides(axes: Axes, texts: tuple[str, str], units: tuple[str, str]) -> None:
    """Label both sides; shares are printed in per cent."""
    for axis, text, unit in zip((axes.xaxis, axes.yaxis), texts, units, strict=True):
        axis.set_label_text(text)
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        if unit in SHARES:
            axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.6g}%"))
        else:
            plain_ticks(axis)


def side_text(label: str, unit: str) -> str:
    """A side's label with its unit, where the unit is not told by the ticks."""
    told = unit in (*SHARES, "number", "utility") or unit.lower() in re.split(r"\W+", label.lower())
    return label if told else f"{label} ({unit})"


def colour_bar(figure: Figure, box: tuple[float, float, float, float], filled: Any, text: str, share: bool) -> None:
    """The scale of the colours, beside a panel."""
    place = figure.add_axes(box)
    bar = figure.colorbar(filled, cax=place)
    bar.outline.set_linewidth(0.6)
    bar.set_label(text)
    bar.ax.tick_params(labelsize=SMALL, width=0.6)
    if share:
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.6g}%"))
    else:
        plain_ticks(bar.ax.yaxis)
