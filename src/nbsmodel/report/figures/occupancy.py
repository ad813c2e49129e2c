"""Figures: who is in which state, over time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from nbsmodel.config.scenario import Scenario
from nbsmodel.formula.tree import Number
from nbsmodel.model.parts import Cohort, Formula, paths
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.style import DEAD, HATCHES, INK, PALETTE, SMALL, WIDTH, Sketch, new_figure
from nbsmodel.report.figures.words import labels, listing, number

MOST_POINTS = 200
PANEL = 1.75
Look = dict[str, tuple[str, str]]


def draw_occupancy(scenario: Scenario, trace: pd.DataFrame, cohort: Cohort) -> Sketch:
    """Shares of a cohort by state, a panel a strategy."""
    named = labels(scenario)
    columns = 1 if len(named) == 1 else 2 if len(named) in (2, 4) else 3
    rows = -(-len(named) // columns)
    look = state_look(cohort)
    ruler = Ruler(new_figure(1, 1))
    longest = max(ruler.width(s.label, SMALL) for s in cohort.states)
    across = max(1, int((WIDTH - 0.2) / (longest + 0.55)))
    bottom = 0.5 + 0.19 * -(-len(cohort.states) // across)
    titles = {s: ruler.wrap(label, 8, (WIDTH - 0.6) / columns - 0.25) for s, label in named.items()}
    top = 0.17 * max(len(t) for t in titles.values()) + 0.08
    height = bottom + rows * (PANEL + top) + 0.12 * (rows - 1)
    figure = new_figure(WIDTH, height)
    panels = np.ravel(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    figure.subplots_adjust(left=0.6 / WIDTH, right=1 - 0.15 / WIDTH, bottom=bottom / height, top=1 - top / height,
                           wspace=0.1, hspace=(top + 0.12) / PANEL)  # fmt: skip
    ours = trace[trace["cohort"] == cohort.name]
    shares = {s: shares_of(ours[ours["strategy"] == s], cohort) for s in named}
    for i, (axes, (strategy, title)) in enumerate(zip(panels, titles.items(), strict=False)):
        axes.set_title("\n".join(title))
        _panel(axes, shares[strategy], cohort, look, last_row=i + columns >= len(named))
    for axes in panels[len(named) :]:
        axes.remove()
    figure.supxlabel(time_label(scenario, cohort), fontsize=8, y=(bottom - 0.42) / height, va="bottom")
    figure.supylabel("Share of those who enter", fontsize=8, x=0.04 / WIDTH, ha="left")
    keys = [
        Patch(facecolor=look[s.name][0], hatch=look[s.name][1], edgecolor="white", label=s.label) for s in cohort.states
    ]
    figure.legend(
        handles=keys, loc="lower center", ncols=across, borderaxespad=0.2, handlelength=1.8, columnspacing=1.2
    )
    caption = (
        f"{cohort.label}: share in each state since entry, as a share of all who enter this cohort under the strategy "
        f"(entrants {_entrants(scenario, ours)}). States are stacked in the order of the key, the first at the bottom."
        + (" Shares of simulated children." if scenario.simulated else "")
    )
    return Sketch(figure, f"State occupancy: {cohort.label}", caption, _alt(scenario, cohort, shares))


def state_look(cohort: Cohort) -> Look:
    """Colour and hatching of each state; grey for the dead."""
    living = [s.name for s in cohort.states if not s.dead]
    dead = [s.name for s in cohort.states if s.dead]
    look = {name: (PALETTE[i % 7], HATCHES[(i + i // 7) % 8]) for i, name in enumerate(living)}
    return look | {name: (DEAD, HATCHES[i % 8]) for i, name in enumerate(dead)}


def shares_of(rows: pd.DataFrame, cohort: Cohort) -> pd.DataFrame | None:
    """Time by state, normalised to those who enter; None when nobody does."""
    table = rows.pivot_table(index="time", columns="state", values="occupancy", aggfunc="sum", sort=True)
    if table.empty or not (entered := float(table.iloc[0].sum())) > 0:
        return None
    table = table[list(cohort.state_names)] / entered
    if len(table) > MOST_POINTS:
        kept = sorted({*range(0, len(table), math.ceil(len(table) / MOST_POINTS)), len(table) - 1})
        table = table.iloc[kept]
    return table


def _panel(axes: Any, shares: pd.DataFrame | None, cohort: Cohort, look: Look, last_row: bool) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(labelbottom=last_row)
    if shares is None:
        axes.text(0.5, 0.5, "nobody enters", transform=axes.transAxes, ha="center", va="center", color=INK)
        return
    times, below = shares.index.to_numpy(dtype=float), np.zeros(len(shares))
    axes.set_xlim(times[0], times[-1] if times[-1] > times[0] else times[0] + 1)
    for state in cohort.states:
        above = below + shares[state.name].to_numpy()
        colour, hatch = look[state.name]
        axes.fill_between(times, below, above, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0.0)
        if np.any(above > below):
            axes.plot(times, above, color=INK, linewidth=0.4, clip_on=True)
        below = above


def _zero(formula: Formula) -> bool:
    return isinstance(formula.node, Number) and formula.node.value == 0


def time_label(scenario: Scenario, cohort: Cohort) -> str:
    """What the axis of time is: age, where all enter at birth, or years since entry."""
    entries = [p[-1].entry for p in paths(scenario.model.tree)]
    at_once = all(_zero(e.delay) for e in entries if e is not None and e.cohort == cohort.name)
    if at_once and _zero(cohort.start_age) and scenario.model.about["basis"] == "birth":
        return "Age (years)"
    age = cohort.start_age.node
    known = at_once and isinstance(age, Number) and age.value > 0
    return f"Years since entry (at age {cohort.start_age.text})" if known else "Years since entry"


def _entrants(scenario: Scenario, trace: pd.DataFrame) -> str:
    per = 100_000 if scenario.model.about["basis"] == "birth" else 100
    start = trace[trace["cycle"] == 0].groupby("strategy")["occupancy"].sum()
    every = [f"{label} {number(per * float(start.get(s, 0.0)))}" for s, label in labels(scenario).items()]
    return f"per {per:,} {scenario.model.about['basis']}s: {listing(every)}"


def _alt(scenario: Scenario, cohort: Cohort, shares: dict[str, pd.DataFrame | None]) -> str:
    named = labels(scenario)
    by_name = {s.name: s.label for s in cohort.states}
    dead = [s.name for s in cohort.states if s.dead]
    parts = []
    for strategy, table in shares.items():
        if table is None:
            parts.append(f"{named[strategy]}: nobody enters.")
            continue
        times = table.index.to_numpy(dtype=float)
        middle = table.iloc[len(table) // 2]
        largest = max(by_name, key=lambda s: middle[s])
        half_way = number(float(times[len(table) // 2]))
        text = f"{named[strategy]}: at {half_way} years the largest share is {by_name[largest]} ({middle[largest]:.0%})"
        last = table.iloc[-1]
        text += f"; at {number(float(times[-1]))} years {float(last[dead].sum()):.0%} are dead." if dead else "."
        parts.append(text)
    return f"Stacked areas of state occupancy in {cohort.label}. " + " ".join(parts)
