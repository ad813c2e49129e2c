"""Figure: net benefit and probability of being cost-effective over two discounts."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.lines import Line2D

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.heat import colour_bar, line_at, mark_base, parted, rising, side_text, sides, surface
from nbsmodel.report.figures.style import INK, LINES, NORMAL, SMALL, WIDTH, Sketch, new_figure
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, listing, money, number, scale

#: Side of a panel in inches: of two beside each other, and of one alone.
BESIDE, ALONE = 2.0, 3.0
BAR, ASIDE, TITLE = 0.11, 0.08, 0.36
#: Room for the scale of the left panel and the ticks of the right one, and for the scale of that.
BETWEEN, RIGHT = 1.3, 0.72
#: Probabilities with a line.
CERTAIN: tuple[tuple[float, Any], ...] = ((0.5, "-"), (0.95, (0, (5, 2))))
Part = Any


def draw_price_surface(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> dict[str, Sketch]:
    """A figure a strategy, by file name: ``price_surface``, and with several ``price_surface_<strategy>``."""
    if "price_surface" not in tables:
        return {}
    table = tables["price_surface"]
    strategies = list(dict.fromkeys(table["strategy"]))
    return {
        "price_surface" if len(strategies) == 1 else f"price_surface_{s}": _draw(
            scenario, table[table["strategy"] == s], tables["price_surface_sides"]
        )
        for s in strategies
    }


def _draw(scenario: Scenario, table: pd.DataFrame, about: pd.DataFrame) -> Sketch:
    x_side, y_side = (about[about["side"] == side].iloc[0] for side in ("x", "y"))
    thresholds = list(dict.fromkeys(table["threshold"]))
    first = table[table["threshold"] == thresholds[0]]
    drawn = bool(first["draws"].iloc[0])
    ruler = Ruler(new_figure(1, 1))
    wide = BESIDE if drawn else ALONE
    y_text = "\n".join(ruler.balanced(side_text(y_side["label"], y_side["unit"]), NORMAL, wide))
    left = 0.6 + line_height(NORMAL) * (y_text.count("\n") + 1)
    size = min(wide, (WIDTH - left - 2 * (ASIDE + BAR) - BETWEEN - RIGHT) / 2) if drawn else wide
    x_text = "\n".join(ruler.balanced(side_text(x_side["label"], x_side["unit"]), NORMAL, size + 0.3))
    texts = [_per(scenario, t) for t in thresholds]
    lines = sum(_passes(table[table["threshold"] == t]["inmb"]) for t in thresholds)
    rows = -(-(lines + 1 + (len(CERTAIN) if drawn else 0)) // 3)
    bottom = 0.36 + 0.17 * rows + line_height(NORMAL) * (x_text.count("\n") + 1)
    height = bottom + size + TITLE
    figure = new_figure(WIDTH, height)
    divisor, word = scale(first["inmb"])

    def panel(at: float, title: str) -> Any:
        axes = figure.add_axes((at / WIDTH, bottom / height, size / WIDTH, size / height))
        axes.set_title("\n".join(ruler.balanced(title, NORMAL, size + 0.3)), fontsize=NORMAL)
        return axes

    def bar(at: float, filled: Any, text: str, share: bool) -> None:
        box = ((at + size + ASIDE) / WIDTH, bottom / height, BAR / WIDTH, size / height)
        colour_bar(figure, box, filled, text, share)

    axes = panel(left, f"Net benefit at {texts[0]}")
    x, y, values = surface(first, "inmb")
    bar(left, parted(axes, x, y, values / divisor), f"INMB {basis(scenario)}\n({currency(scenario, word)})", False)
    handles = []
    for i, threshold in enumerate(thresholds):
        style = LINES[i % len(LINES)]
        x, y, values = surface(table[table["threshold"] == threshold], "inmb")
        if line_at(axes, x, y, values, 0.0, colors=INK, linewidths=1.4, linestyles=[style], zorder=4):
            handles.append(Line2D([], [], color=INK, linewidth=1.4, linestyle=style, label=f"break-even at {texts[i]}"))
    sides(axes, (x_text, y_text), (x_side["unit"], y_side["unit"]))
    marked = mark_base(axes, float(x_side["base"]), float(y_side["base"]))
    if drawn:
        second = left + size + ASIDE + BAR + BETWEEN
        axes = panel(second, f"Probability cost-effective at {texts[0]}")
        x, y, values = surface(first, "probability")
        bar(second, rising(axes, x, y, values), "Probability", True)
        for level, style in CERTAIN:
            if line_at(axes, x, y, values, level, colors="#D55E00", linewidths=1.6, linestyles=[style], zorder=4):
                handles.append(Line2D([], [], color="#D55E00", linewidth=1.6, linestyle=style,
                                      label=f"probability {level:.0%}"))  # fmt: skip
        sides(axes, (x_text, ""), (x_side["unit"], y_side["unit"]))
        mark_base(axes, float(x_side["base"]), float(y_side["base"]))
    if marked:
        handles.append(Line2D([], [], linestyle="", marker="o", color="white", markeredgecolor=INK, markersize=7,
                              markeredgewidth=1.2, label="base case"))  # fmt: skip
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 0), ncols=3, borderaxespad=0.3, fontsize=SMALL,
                  columnspacing=1.2)  # fmt: skip
    return Sketch(figure, "Price surface", _caption(scenario, first, drawn, thresholds, table),
                  _alt(scenario, first, x_side, y_side, drawn))  # fmt: skip


def _per(scenario: Scenario, threshold: float) -> str:
    return f"{number(threshold)} {scenario.model.about['currency']} per {effect_unit(scenario)}"


def _caption(scenario: Scenario, first: pd.DataFrame, drawn: bool, thresholds: list[float], table: pd.DataFrame) -> str:
    named = labels(scenario)
    text = (
        f"{named[first['strategy'].iloc[0]]} against {named[first['against'].iloc[0]]}. Left: incremental net monetary "
        if drawn
        else f"{named[first['strategy'].iloc[0]]} against {named[first['against'].iloc[0]]}: incremental net monetary "
    )
    text += "benefit at base values; blue is worth its cost, orange is not."
    missing = [t for t in thresholds if not _passes(table[table["threshold"] == t]["inmb"])]
    if missing:
        text += (
            f" No line of break-even at {listing([number(t) for t in missing])}: it has one sign over the whole grid."
        )
    if drawn:
        text += f" Right: share of {int(first['draws'].iloc[0]):,} draws in which the strategy is the best."
    return text


def _passes(values: pd.Series) -> bool:
    return bool(values.min() < 0 < values.max())


def _alt(scenario: Scenario, first: pd.DataFrame, x_side: Any, y_side: Any, drawn: bool) -> str:
    named = labels(scenario)
    low, high = (first.loc[getattr(first["inmb"], end)()] for end in ("idxmin", "idxmax"))

    def at(row: Any) -> str:
        return f"{money(row['inmb'])} at {number(row['x'])} and {number(row['y'])}"

    text = (
        f"Contours over {x_side['label']} and {y_side['label']}: incremental net monetary benefit ({basis(scenario)}, "
        f"{currency(scenario)}) of {named[low['strategy']]} against {named[low['against']]} at "
        f"{_per(scenario, float(low['threshold']))}, from {at(low)} to {at(high)}"
    )
    if drawn:
        ends = first["probability"].min(), first["probability"].max()
        text += f"; probability of being cost-effective from {ends[0]:.1%} to {ends[1]:.1%}"
    return f"{text}."
