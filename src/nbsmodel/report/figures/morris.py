"""Figure: Morris' elementary effects, their mean size against their spread."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.fit import Ruler, line_height
from nbsmodel.report.figures.plane import name_points
from nbsmodel.report.figures.style import FAINT, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import basis, currency, effect_unit, labels, listing, money, number

#: Factors named beside the plot, and strategies for which there is room.
NAMED, MOST_PANELS = 8, 3
LEFT, KEY, HEIGHT, STRIP, TITLE, BOTTOM = 0.85, 2.45, 2.5, 0.42, 0.3, 0.5


def draw_morris(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """A point a factor, the largest numbered and named; None where nothing has an effect."""
    if "morris" not in tables:
        return None
    table, named = tables["morris"], labels(scenario)
    strategies = [s for s, part in table.groupby("strategy", sort=False) if (part["mu_star"] > 0).any()][:MOST_PANELS]
    if not strategies:
        return None
    parts = {str(s): table[table["strategy"] == s] for s in strategies}
    grouped = bool(table["sigma"].isna().any())
    each = HEIGHT + (STRIP + 0.08 if grouped else 0)
    above = TITLE if len(parts) > 1 else 0.1
    height = len(parts) * (each + above + BOTTOM)
    figure = new_figure(WIDTH, height)
    high = 1.08 * float((table["mu_star"] + table["mu_star_half_width"]).max())
    top = height
    for strategy, part in parts.items():
        if len(parts) > 1:
            figure.text(0.06 / WIDTH, (top - 0.2) / height, named[strategy], fontsize=NORMAL, weight="bold")
        top -= above
        _panel(figure, part, (top, height), high, grouped, f"({basis(scenario)}, {currency(scenario)})")
        top -= each + BOTTOM
    threshold = f"{number(table['threshold'].iloc[0])} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = (
        f"Elementary effects on the incremental net monetary benefit at {threshold}, against "
        f"{named[scenario.model.comparator]}, of moving a factor from the 0.5th to the 99.5th percentile of its "
        "distribution. To the right: matters more, with 95% intervals. Above the dotted line the effect changes more, "
        "with the values of all parameters, than it amounts to on average."
    )
    if grouped:
        caption += " Below: parameters that vary together, whose effects have a size but no direction."
    return Sketch(figure, "Morris screening", caption, _alt(scenario, parts, threshold))


def _panel(
    figure: Any, part: pd.DataFrame, place: tuple[float, float], high: float, grouped: bool, unit: str
) -> None:  # fmt: skip
    """One strategy: the plot, below it the strip of groups, on the right the names."""
    top, height = place
    width = WIDTH - LEFT - KEY
    axes = figure.add_axes((LEFT / WIDTH, (top - HEIGHT) / height, width / WIDTH, HEIGHT / height))
    single = part[part["sigma"].notna()]
    axes.set_xlim(0, high)
    tallest = float(single["sigma"].max()) if len(single) else 0.0
    axes.set_ylim(0, 1.15 * tallest if tallest > 0 else 1.0)
    axes.axline((0, 0), slope=1, color=FAINT, linewidth=0.9, linestyle=":", zorder=1)
    numbers = {factor: str(i + 1) for i, factor in enumerate(part["factor"].head(NAMED))}
    _points(figure, axes, single, numbers, "sigma")
    axes.set_ylabel(f"Spread of the effects, sigma\n{unit}")
    plain_ticks(axes.xaxis)
    plain_ticks(axes.yaxis)
    last = axes
    if grouped:
        last = figure.add_axes(
            (LEFT / WIDTH, (top - HEIGHT - STRIP - 0.08) / height, width / WIDTH, STRIP / height), sharex=axes
        )
        axes.tick_params(axis="x", labelbottom=False)
        last.set_ylim(-1, 1.6)
        last.set_yticks([0], ["together"])
        last.tick_params(axis="y", length=0, pad=7)
        _points(figure, last, part[part["sigma"].isna()].assign(sigma=0.0), numbers, "sigma")
        plain_ticks(last.xaxis)
    last.set_xlabel(f"Mean size of the effects, mu* {unit}")
    ruler = Ruler(figure)
    y, left = top - 0.05, WIDTH - KEY + 0.2
    for label, number_ in zip(part["label"].head(NAMED), numbers.values(), strict=True):
        figure.text(left / WIDTH, y / height, number_, fontsize=SMALL, weight="bold", va="top")
        lines = ruler.wrap(label, SMALL, KEY - 0.5)[:2]
        figure.text((left + 0.2) / WIDTH, y / height, "\n".join(lines), fontsize=SMALL, va="top")
        y -= len(lines) * line_height(SMALL) + 0.06


def _points(figure: Any, axes: Any, part: pd.DataFrame, numbers: dict[str, str], column: str) -> None:
    for x, y, half in zip(part["mu_star"], part[column], part["mu_star_half_width"], strict=True):
        axes.plot([x - half, x + half], [y, y], color=PALETTE[0], linewidth=0.7, zorder=2, clip_on=False)
    marker = "D" if axes.get_ylim()[0] < 0 else "o"
    axes.scatter(part["mu_star"], part[column], s=24, c=PALETTE[0], marker=marker, edgecolors=INK, linewidths=0.5,
                 zorder=3, clip_on=False)  # fmt: skip
    named = part[part["factor"].isin(numbers)]
    if len(named):
        places = [(float(x), float(y)) for x, y in zip(named["mu_star"], named[column], strict=True)]
        name_points(figure, axes, places, [numbers[f] for f in named["factor"]])


def _alt(scenario: Scenario, parts: dict[str, pd.DataFrame], threshold: str) -> str:
    named, told = labels(scenario), []
    for strategy, part in parts.items():
        top = part.head(4)
        values = [f"{label} {money(v)}" for label, v in zip(top["label"], top["mu_star"], strict=True)]
        told.append(f"{named[strategy]}: {listing(values)}")
    return (
        f"Points of the mean size of elementary effects against their spread, on the incremental net monetary benefit "
        f"at {threshold} against {named[scenario.model.comparator]}. Largest mean sizes "
        f"({basis(scenario)}, {currency(scenario)}): {'; '.join(told)}."
    )
