"""Figure: tornado of the one-way analysis, on incremental net monetary benefit."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.heat import SHARES, side_text
from nbsmodel.report.figures.ranked import MOST_PANELS, MOST_ROWS, RankedPanels
from nbsmodel.report.figures.style import INK, PALETTE, SMALL, Sketch
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, listing, money, number, scale
from nbsmodel.report.format import in_proportion, probability

ROW, BOTTOM, BAR, GAP = 0.33, 0.86, 0.62, 0.05
LOW, HIGH = (PALETTE[4], "////"), (PALETTE[0], "")
BASE_LINE = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 2))}
BACKGROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
ZERO_LINE = {"color": PALETTE[5], "linewidth": 1.4}


def draw_tornado(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars from the base case to the value at each end; None where nothing makes a difference."""
    if "tornado" not in tables:
        return None
    parts = panels_of(tables["tornado"])
    if not parts:
        return None
    named = labels(scenario)
    shown = {pair: part.head(MOST_ROWS[min(len(parts), MOST_PANELS)])
             for pair, part in list(parts.items())[:MOST_PANELS]}  # fmt: skip
    divisor, word = scale(v for part in shown.values() for v in _values(part))
    titles = {pair: f"{named[pair[0]]} against {named[pair[1]]}" for pair in shown}
    panels = RankedPanels({titles[pair]: _names(part) for pair, part in shown.items()}, ROW, BOTTOM)
    ruler = Ruler(panels.figure)
    far = False
    for axes, part in zip(panels.axes, shown.values(), strict=True):
        far |= not _panel(axes, part, divisor, ruler, panels.width)
    panels.axes[-1].set_xlabel(f"Incremental net monetary benefit {basis(scenario)} ({currency(scenario, word)})")
    handles = [
        Patch(facecolor=LOW[0], hatch=LOW[1], edgecolor=INK, linewidth=0.4, label="low end"),
        Patch(facecolor=HIGH[0], hatch=HIGH[1], edgecolor=INK, linewidth=0.4, label="high end"),
        Line2D([], [], label="base case", **BASE_LINE),  # type: ignore[arg-type]
    ]
    if not all(_zero_is_far(_values(part)) for part in shown.values()):
        handles.append(Line2D([], [], label="zero: worth its cost to the right", **ZERO_LINE))  # type: ignore[arg-type]
    panels.figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=4, borderaxespad=0.3,
                         columnspacing=1.4)  # fmt: skip
    return Sketch(panels.figure, "Tornado of the one-way analysis", _caption(scenario, parts, shown, far),
                  _alt(scenario, shown))  # fmt: skip


def panels_of(table: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """Rows that make a difference at the first threshold, widest first, by strategy and what it is set against."""
    table = table[(table["threshold"] == table["threshold"].iloc[0]) & (table["width"] > 0)]
    return {(str(s), str(a)): part for (s, a), part in table.groupby(["strategy", "against"], sort=False)}


def _names(part: pd.DataFrame) -> list[str]:
    return [
        in_proportion(side_text(str(label), str(unit)), moved)
        for label, unit, moved in zip(part["label"], part["unit"], part["with_low"], strict=True)
    ]


def _at(value: float, unit: str) -> str:
    """A value at an end of a bar; probabilities so that neither rare nor near certain ones look like 0 or 1."""
    return probability(value, 3) if unit in SHARES else number(value)


def _values(part: pd.DataFrame) -> list[float]:
    return [float(v) for column in ("inmb_base", "inmb_low", "inmb_high") for v in part[column]]


def _zero_is_far(values: list[float]) -> bool:
    """Whether zero lies so far from the bars that they would shrink to nothing beside it."""
    low, high = min(values), max(values)
    return low - (high - low) > 0 or high + (high - low) < 0


def _panel(axes: Any, part: pd.DataFrame, divisor: float, ruler: Ruler, width: float) -> bool:
    """Draw the bars of a panel; tells whether zero is on it."""
    values = _values(part)
    far = _zero_is_far(values)
    low, high = min([*values, *([] if far else [0.0])]), max([*values, *([] if far else [0.0])])
    base = float(part["inmb_base"].iloc[0])
    texts: list[tuple[float, float, str, bool]] = []
    for i, row in enumerate(part.itertuples()):
        y = float(i)
        ends = [(float(row.inmb_low), float(row.low), LOW), (float(row.inmb_high), float(row.high), HIGH)]  # type: ignore[arg-type]
        one_side = (ends[0][0] - base) * (ends[1][0] - base) > 0
        ends.sort(key=lambda e: -abs(e[0] - base))  # the shorter of two bars on one side lies on top
        for k, (value, at, (colour, hatch)) in enumerate(ends):
            axes.barh(y, (value - base) / divisor, BAR, left=base / divisor, color=colour, hatch=hatch, edgecolor=INK,
                      linewidth=0.4, zorder=2 + k)  # fmt: skip
            other = ends[1 - k][0]
            right = value > base or (value == base and other < base)
            if one_side and k == 1:  # its value stands on the free side of the base case
                value, right = base, not right
            texts.append((value, y, _at(at, str(row.unit)), right))
    rooms = [max([ruler.width(t, SMALL) for _, _, t, right in texts if right == side] or [0.0]) + 2 * GAP
             for side in (False, True)]  # fmt: skip
    unit = (high - low or abs(high) or 1.0) / (width - sum(rooms))  # of money an inch
    for value, y, text, right in texts:
        axes.text((value + (GAP if right else -GAP) * unit) / divisor, y, text, fontsize=SMALL, va="center",
                  ha="left" if right else "right", zorder=5, bbox=BACKGROUND)  # fmt: skip
    axes.set_xlim((low - rooms[0] * unit) / divisor, (high + rooms[1] * unit) / divisor)
    axes.axvline(base / divisor, zorder=4, **BASE_LINE)
    if not far:
        axes.axvline(0, zorder=1.5, **ZERO_LINE)
    return not far


def _caption(scenario: Scenario, parts: dict[Any, pd.DataFrame], shown: dict[Any, pd.DataFrame], far: bool) -> str:
    threshold = _threshold(scenario, next(iter(shown.values())))
    text = (
        f"Each bar is the incremental net monetary benefit at {threshold} when one parameter stands at the low or the "
        "high end of its limits, printed beside the bar, and all others at their base values."
    )
    if far:
        text += " Where the line of zero is not drawn, it lies far outside: no bar comes near it."
    left_out = sum(len(p) for p in parts.values()) - sum(len(p) for p in shown.values())
    if left_out:
        text += " Narrower bars are in the table only."
    return text


def _threshold(scenario: Scenario, part: pd.DataFrame) -> str:
    return f"{number(part['threshold'].iloc[0])} {scenario.model.about['currency']} per {effect_unit(scenario)}"


def _alt(scenario: Scenario, shown: dict[tuple[str, str], pd.DataFrame]) -> str:
    named, told = labels(scenario), []
    for (strategy, against), part in shown.items():
        bars = [
            f"{r.label}, {money(r.inmb_low)} at {_at(r.low, r.unit)} and {money(r.inmb_high)} at {_at(r.high, r.unit)}"  # type: ignore[arg-type]
            for r in part.head(4).itertuples()
            if math.isfinite(float(r.low))  # type: ignore[arg-type]
        ]
        base = money(float(part["inmb_base"].iloc[0]))
        told.append(f"{named[strategy]} against {named[against]}, base case {base}: {listing(bars)}")
    first = next(iter(shown.values()))
    return (
        f"Tornado: incremental net monetary benefit ({basis(scenario)}, {currency(scenario)}) at "
        f"{_threshold(scenario, first)} with one parameter at a time at both ends. Widest bars: {'; '.join(told)}."
    )
