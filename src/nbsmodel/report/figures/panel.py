"""Figures of a panel: what each condition contributes, and what adding each is worth."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.ranked import RankedPanels
from nbsmodel.report.figures.style import FAINT, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import listing, money, number, scale
from nbsmodel.report.format import records
from nbsmodel.report.panel_words import PanelWords

#: Conditions for which there is room; of more, those with the largest net benefit either way.
MOST = 24
ROW, BOTTOM, AXIS = 0.3, 0.72, 0.55
TOGETHER, SHARED = "All together", "Shared test"


def draw_contributions(words: PanelWords) -> Sketch:
    """Bars of cost and effect by condition beside each other, with the shared test and the sum."""
    rows = _largest(words)
    suffix = "per_year" if words.yearly else ""
    cost, effect = ("cost_per_year", "effect_per_year") if suffix else ("inc_cost", words.inc)
    shared = words.tables["panel_costs"]
    paid = float(shared.loc[shared["condition"] == "", "cost_per_year" if suffix else "inc_cost"].sum())
    bears = len(words.marginal) == 1  # the only condition's row has the shared cost in it
    names = [r["label"] for r in rows] + ([] if bears else [SHARED]) + [TOGETHER]
    costs = [r[cost] for r in rows] + ([] if bears else [paid]) + [words.all[cost]]
    effects = [r[effect] for r in rows] + ([] if bears else [0.0]) + [words.all[effect]]
    ruler = Ruler(new_figure(1, 1))
    wrapped = [ruler.wrap(name, NORMAL, 1.7) for name in names]
    left = max(ruler.width(t, NORMAL) for lines in wrapped for t in lines) + 0.2
    height = AXIS + 0.34 * len(names) + 0.15
    figure = new_figure(WIDTH, height)
    width = (WIDTH - left - 0.5) / 2
    per = "a year" if words.yearly else "per birth"
    prices = f"{words.currency}, {words.panel.about['price_year']} prices"
    for i, (values, label) in enumerate(
        ((costs, f"Cost {per} ({{}}{prices})"), (effects, f"{words.effects_label} {per}{{}}"))
    ):
        divisor, word = scale(values) if i == 0 else (1.0, "")
        box = ((left + i * (width + 0.3)) / WIDTH, AXIS / height, width / WIDTH, 0.34 * len(names) / height)
        axes = figure.add_axes(box)
        _bars(axes, [v / divisor for v in values], names, i == 0)
        axes.set_yticks(range(len(names)), ["\n".join(t) for t in wrapped] if i == 0 else [], fontsize=NORMAL)
        axes.set_xlabel("\n".join(ruler.balanced(label.format(word), NORMAL, width)))
    caption = (
        f"What screening for each condition adds to costs and {words.effects} {per} against no screening, on the "
        "shared test at base values; the cost of the shared test is paid once."
        + ("" if len(rows) == len(words.marginal) else f" Shown are {len(rows)} of {len(words.marginal)} conditions.")
    )
    told = [f"{n}: cost {money(c)}, {words.effects} {number(e)}" for n, c, e in zip(names, costs, effects, strict=True)]
    return Sketch(
        figure, "Contribution of each condition", caption, f"Bars of cost and {words.effects} {per}. {'; '.join(told)}."
    )


def draw_adding(words: PanelWords) -> Sketch:
    """Net benefit of adding each condition at the first threshold, with its interval between draws."""
    first, last = words.thresholds[0], words.thresholds[-1]
    rows = _largest(words) + ([] if len(words.marginal) == 1 else [words.all | {"label": TOGETHER, "condition": "all"}])
    drawn, beyond = _drawn(words, first), _drawn(words, last)
    panels = RankedPanels({"": [r["label"] for r in rows]}, ROW, BOTTOM)
    axes = panels.axes[0]
    ends, word = [0.0], "mean " if drawn else ""
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    for y, r in enumerate(rows):
        found = drawn.get(r["condition"], {})
        if found:
            axes.plot([found["low95"], found["high95"]], [y, y], color=INK, linewidth=2.4, alpha=0.5, zorder=2,
                      label="95% interval between draws" if y == 0 else None)  # fmt: skip
            ends += [found["low95"], found["high95"]]
        value = found.get("mean", r[f"inmb_{first:g}"])
        colour = PALETTE[0] if value >= 0 else PALETTE[5]
        axes.plot([value], [y], "o" if value >= 0 else "s", color=colour, markersize=6, markeredgecolor=INK,
                  markeredgewidth=0.6, zorder=4, label=f"{word}at {number(first)}" if y == 0 else None)  # fmt: skip
        ends.append(value)
        if last != first:
            far = beyond.get(r["condition"], {}).get("mean", r[f"inmb_{last:g}"])
            axes.plot([far], [y], "D", color="white", markersize=5, markeredgecolor=FAINT, markeredgewidth=1.1,
                      zorder=3, label=f"at {number(last)}" if y == 0 else None)  # fmt: skip
            ends.append(far)
    room = 0.06 * ((max(ends) - min(ends)) or 1.0)
    panels.across(min(ends) - room, max(ends) + room, f"Net monetary benefit per birth ({words.currency})")
    panels.figure.legend(*axes.get_legend_handles_labels(), loc="lower left", ncols=3, borderaxespad=0.3,
                         bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0))  # fmt: skip
    mean = "mean over the draws" if drawn else "at base values"
    caption = (
        f"Net monetary benefit of adding each condition to all others, {mean}, at {number(first)} "
        f"{words.currency} per {words.unit} (filled; squares lie left of zero)"
        + (f" and at {number(last)} (hollow diamonds)" if last != first else "")
        + (f". Bars: 95% interval between draws at {number(first)}." if drawn else ".")
        + " All together pays for the shared test."
    )
    told = [f"{r['label']} {money(drawn.get(r['condition'], {}).get('mean', r[f'inmb_{first:g}']))}" for r in rows]
    alt = f"Dots of net monetary benefit per birth in {words.currency} at {number(first)}: {listing(told)}."
    return Sketch(panels.figure, "What adding each condition is worth", caption, alt)


def _bars(axes: Any, values: list[float], names: list[str], cost: bool) -> None:
    for y, (name, value) in enumerate(zip(names, values, strict=True)):
        colour, hatch = (
            (FAINT, "") if name == TOGETHER else (PALETTE[1], "////") if name == SHARED else (PALETTE[0], "")
        )
        axes.barh(y, value, height=0.62, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.4)
    low, high = min(0.0, *values), max(0.0, *values)
    room = (high - low or 1.0) * 0.3
    axes.set_xlim(low - (room if low < 0 else 0), high + (room if high > 0 else 0.02 * room))
    for y, value in enumerate(values):
        text = (money(value) if abs(value) < 1000 else number(value)) if cost else number(value)
        if value or cost:
            axes.annotate(text, (value, y), (4 if value >= 0 else -4, 0), textcoords="offset points", va="center",
                          ha="left" if value >= 0 else "right", fontsize=SMALL)  # fmt: skip
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.locator_params(axis="x", nbins=4)
    plain_ticks(axes.xaxis)


def _largest(words: PanelWords) -> list[dict[str, Any]]:
    """Conditions by falling net benefit at the first threshold; of many those furthest from zero."""
    column = f"inmb_{words.thresholds[0]:g}"
    kept = sorted(words.marginal, key=lambda r: (-abs(r[column]), r["condition"]))[:MOST]
    return sorted(kept, key=lambda r: (-r[column], r["condition"]))


def _drawn(words: PanelWords, threshold: float) -> dict[str, dict[str, Any]]:
    table: pd.DataFrame | None = words.tables.get("panel_psa_marginal")
    if table is None:
        return {}
    return {r["option"]: r for r in records(table[(table["quantity"] == "inmb") & (table["threshold"] == threshold)])}
