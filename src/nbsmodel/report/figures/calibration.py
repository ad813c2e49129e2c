"""Figures of a calibration: how closely the targets are met, and the ridge of a profile."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.lines import Line2D

from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.style import (
    FAINT,
    INK,
    MARKERS,
    NORMAL,
    PALE,
    PALETTE,
    WIDTH,
    Sketch,
    new_figure,
    plain_ticks,
)
from nbsmodel.report.figures.words import listing, number

ROW, BOTTOM, NAMES, PANEL = 0.42, 0.62, 2.7, 1.65
#: Panels of a profile; further parameters are in the table only.
MOST_PANELS = 4


def draw_calibration(tables: Mapping[str, pd.DataFrame]) -> dict[str, Sketch]:
    """Every figure, by file name: ``calibration``, and ``calibration_profile_1``, ... a profile."""
    found = {"calibration": _residuals(tables["calibration_targets"])}
    if "calibration_profile" in tables:
        profiles = tables["calibration_profile"].groupby("fixed", sort=False)
        for i, (_, part) in enumerate(profiles, start=1):
            found[f"calibration_profile_{i}"] = _profile(part)
    return found


def _residuals(targets: pd.DataFrame) -> Sketch:
    ruler = Ruler(new_figure(1, 1))
    names = ["\n".join(ruler.wrap(str(q), NORMAL, NAMES - 0.3)) for q in targets["quantity"]]
    height = BOTTOM + ROW * len(targets) + 0.15
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((NAMES / WIDTH, BOTTOM / height, (WIDTH - NAMES - 0.2) / WIDTH, ROW * len(targets) / height))
    shares = (targets["difference"] / targets["allowed"]).to_numpy()
    axes.axvspan(-1, 1, color=PALE, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    for y, (share, met) in enumerate(zip(shares, targets["met"], strict=True)):
        colour, marker = (PALETTE[0], "o") if met else (PALETTE[5], "s")
        axes.plot([share], [y], marker, color=colour, markeredgecolor=INK, markersize=6, markeredgewidth=0.6, zorder=3)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    reach = max(1.3, *(1.1 * abs(s) for s in shares))
    axes.set_xlim(-reach, reach)
    axes.set_xlabel("Difference from the target, as a share of what is allowed\n(shaded: the target is met)")
    rows = [
        f"{q}: {number(o)} for {number(t)}"
        for q, o, t in zip(targets["quantity"], targets["ours"], targets["target"], strict=True)
    ]
    caption = "How far the model calibrated lies from each target. Squares lie outside what is allowed."
    return Sketch(figure, "Targets of the calibration", caption, f"Dots of ours less the target. {listing(rows)}.")


def _profile(part: pd.DataFrame) -> Sketch:
    names = list(dict.fromkeys(part["parameter"]))[:MOST_PANELS]
    first = part.iloc[0]
    columns = min(len(names), 2)
    down = -(-len(names) // columns)
    left, gap, foot, above = 0.85, 0.95, 0.72, 0.42
    side = (WIDTH - left - 0.2 - gap * (columns - 1)) / columns
    height = 0.3 + foot + down * PANEL + (down - 1) * (above + 0.3) + above
    figure, ruler = new_figure(WIDTH, height), Ruler(new_figure(1, 1))
    missed = bounded = False
    for i, name in enumerate(names):
        row, column = divmod(i, columns)
        bottom = foot + 0.3 + (down - 1 - row) * (PANEL + above + 0.3)
        axes = figure.add_axes(((left + column * (side + gap)) / WIDTH, bottom / height, side / WIDTH, PANEL / height))
        rows = part[part["parameter"] == name]
        axes.plot(rows["at"], rows["fitted"], color=PALETTE[0], linewidth=1.0, zorder=2)
        for at, value, met, bound in zip(
            rows["at"], rows["fitted"], rows["targets_met"], rows["at_bound"], strict=True
        ):
            missed, bounded = missed or not met, bounded or bool(bound)
            axes.plot([at], [value], MARKERS[1] if bound else MARKERS[0], color=PALETTE[0] if met else "white",
                      markeredgecolor=PALETTE[0] if met else PALETTE[5], markersize=5, zorder=3)  # fmt: skip
        label = _with_unit(rows["label"].iloc[0], rows["unit"].iloc[0])
        axes.set_title("\n".join(ruler.wrap(label, NORMAL, side)), fontsize=NORMAL)
        plain_ticks(axes.yaxis)
        plain_ticks(axes.xaxis)
        axes.tick_params(axis="x", labelrotation=25)
        axes.margins(0.08)
    axis = f"{_with_unit(first['fixed_label'], first['fixed_unit'])}, fixed"
    figure.text((left + (WIDTH - left) / 2) / WIDTH, (0.28 + line_height(NORMAL) / 2) / height, axis, ha="center",
                va="center", fontsize=NORMAL)  # fmt: skip
    handles = [Line2D([], [], marker=MARKERS[0], color=PALETTE[0], markersize=5, label="all targets met")]
    if missed:
        handles.append(Line2D([], [], marker=MARKERS[0], linestyle="", markerfacecolor="white",
                              markeredgecolor=PALETTE[5], markersize=5, label="some target missed"))  # fmt: skip
    if bounded:
        handles.append(Line2D([], [], marker=MARKERS[1], linestyle="", color=PALETTE[0], markersize=5,
                              label="at a bound"))  # fmt: skip
    figure.legend(handles=handles, loc="lower left", ncols=3, borderaxespad=0.2)
    caption = (
        f"Values at which the model meets its targets when {first['fixed_label']} stands where the axis says: every "
        "full point fits as well as the others."
    )
    told = [
        f"{r.label} {number(float(r.fitted))} at {number(float(r.at))}"
        for r in part[part["parameter"] == names[0]].itertuples()
    ]
    alt = f"Values fitted with {first['fixed_label']} fixed at each of some values: {listing(told)}."
    return Sketch(figure, f"Profile over {first['fixed_label']}", caption, alt)


def _with_unit(label: str, unit: str) -> str:
    return label if unit == "number" else f"{label} ({unit})"
