"""Figures: survival, the share in each state, and events so far, by age; small multiples, a line a strategy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import Cohort
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.occupancy import shares_of, time_label
from nbsmodel.report.figures.style import LINES, PALETTE, WIDTH, Sketch, new_figure
from nbsmodel.report.figures.words import labels, number

PANEL, ACROSS = 1.3, 3
#: A line for each strategy, by the title of its panel.
Panels = dict[str, dict[str, pd.Series]]


def draw_by_age(scenario: Scenario, trace: pd.DataFrame, cohort: Cohort) -> Sketch | None:
    """Small multiples: alive first, then each state of the living; None when nobody enters."""
    ours = trace[trace["cohort"] == cohort.name]
    found = {s: shares_of(ours[ours["strategy"] == s], cohort) for s in labels(scenario)}
    shares = {s: table for s, table in found.items() if table is not None}
    if not shares:
        return None
    dead = [s.name for s in cohort.states if s.dead]
    panels: Panels = {"Alive": {s: 1 - table[dead].sum(axis=1) for s, table in shares.items()}} if dead else {}
    panels |= {state.label: {s: t[state.name] for s, t in shares.items()} for state in cohort.states if not state.dead}
    caption = (
        f"{cohort.label}: share of simulated children who are alive, and who are in each state, as a share of all who "
        "enter; each panel has its own scale. A state may be left again, so a falling line is not only deaths."
    )
    figure = _small_multiples(scenario, cohort, panels)
    return Sketch(figure, f"Survival and states by strategy: {cohort.label}", caption, _alt(scenario, cohort, shares))


def draw_events(scenario: Scenario, tables: dict[str, pd.DataFrame], cohort: Cohort) -> Sketch | None:
    """Small multiples: events so far by age, a panel an outcome that counts events; None when there is none."""
    if "events" not in tables:
        return None
    table = tables["events"]
    ours = table[table["cohort"] == cohort.name]
    if ours.empty:
        return None
    named = labels(scenario)
    panels: Panels = {}
    said = []
    for outcome, part in ours.groupby("outcome", sort=False):
        label = scenario.model.outcomes[str(outcome)].label
        lines = {str(s): rows.set_index("time")["so_far"] for s, rows in part.groupby("strategy", sort=False)}
        panels[label] = lines
        ends = ", ".join(f"{100 * line.iloc[-1]:.3g}% {named[s]}" for s, line in lines.items())
        said.append(f"{label}: at the end {ends}.")
    caption = (
        f"{cohort.label}: events so far for each 100 simulated children, by age. Where an event happens once at most, "
        "a line is the share of children to whom it has happened: a curve of the time to the event. Each panel has "
        "its own scale."
    )
    alt = f"Rising lines of events so far by age in {cohort.label}. " + " ".join(said)
    figure = _small_multiples(scenario, cohort, panels)
    return Sketch(figure, f"Time to events by strategy: {cohort.label}", caption, alt)


def _small_multiples(scenario: Scenario, cohort: Cohort, curves: Panels) -> Figure:
    """A panel for each title, a line for each strategy, one legend below."""
    named = labels(scenario)
    columns = min(ACROSS, len(curves))
    rows = -(-len(curves) // columns)
    ruler = Ruler(new_figure(1, 1))
    titles = [ruler.wrap(title, 8, WIDTH / columns - 0.5) for title in curves]
    top = 0.15 * max(len(t) for t in titles) + 0.1
    across = 1 if max(ruler.width(label, 7) for label in named.values()) > WIDTH / 2 - 0.8 else 2
    bottom = 0.62 + 0.17 * -(-len(named) // across)
    height = bottom + rows * (PANEL + top) + (rows - 1) * 0.2
    figure = new_figure(WIDTH, height)
    panels = np.ravel(figure.subplots(rows, columns, sharex=True, squeeze=False))
    figure.subplots_adjust(left=0.62 / WIDTH, right=1 - 0.15 / WIDTH, bottom=bottom / height, top=1 - top / height,
                           wspace=0.28, hspace=(top + 0.2) / PANEL)  # fmt: skip
    for i, (axes, title, lines) in enumerate(zip(panels, titles, curves.values(), strict=False)):
        axes.set_title("\n".join(title))
        axes.tick_params(labelbottom=i + columns >= len(curves))
        highest = max(float(line.max()) for line in lines.values())
        for k, (strategy, label) in enumerate(named.items()):
            if strategy in lines:
                line, colour = lines[strategy], PALETTE[k % len(PALETTE)]
                axes.plot(line.index, line, color=colour, linestyle=LINES[k % len(LINES)], label=label)
        axes.set_ylim(0, 1.04 * highest if highest > 0 else 1)
        axes.set_xlim(left=0)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.3g}%"))
        axes.grid(color="#e8e8e8", linewidth=0.5)
    for axes in panels[len(curves) :]:
        axes.remove()
    figure.supxlabel(time_label(scenario, cohort), fontsize=8, y=(bottom - 0.42) / height, va="bottom")
    figure.supylabel("Share of simulated children", fontsize=8, x=0.04 / WIDTH, ha="left")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=across, handlelength=3.2, borderaxespad=0.2)
    return figure


def _alt(scenario: Scenario, cohort: Cohort, shares: dict[str, pd.DataFrame]) -> str:
    """Half way and at the end, for every strategy."""
    named = labels(scenario)
    parts = []
    for strategy, label in named.items():
        if strategy not in shares:
            parts.append(f"{label}: nobody enters.")
            continue
        table = shares[strategy]
        times = table.index.to_numpy(dtype=float)
        said = []
        for time in (times[-1] / 10, times[-1] / 2):
            row = table.iloc[int(np.searchsorted(times, time, side="right")) - 1]
            states = [f"{100 * row[s.name]:.0f}% {s.label}" for s in cohort.states if row[s.name] >= 0.005]
            said.append(f"at {number(float(row.name))} years {', '.join(states)}")  # type: ignore[arg-type]
        parts.append(f"{label}: {'; '.join(said)}.")
    return f"Lines of survival and of the share in each state of {cohort.label}. " + " ".join(parts)
