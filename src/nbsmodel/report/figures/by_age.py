"""Figure: survival, and the share in each state, by age; a panel a state, a line a strategy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import Cohort
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.occupancy import shares_of, time_label
from nbsmodel.report.figures.style import LINES, PALETTE, WIDTH, Sketch, new_figure
from nbsmodel.report.figures.words import labels, number

PANEL, ACROSS = 1.3, 3
Curve = Callable[[pd.DataFrame], pd.Series]


def draw_by_age(scenario: Scenario, trace: pd.DataFrame, cohort: Cohort) -> Sketch | None:
    """Small multiples: alive first, then each state of the living; None when nobody enters."""
    named = labels(scenario)
    ours = trace[trace["cohort"] == cohort.name]
    found = {s: shares_of(ours[ours["strategy"] == s], cohort) for s in named}
    shares = {s: table for s, table in found.items() if table is not None}
    if not shares:
        return None
    curves = _curves(cohort)
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
    for i, (axes, title, curve) in enumerate(zip(panels, titles, curves.values(), strict=False)):
        axes.set_title("\n".join(title))
        axes.tick_params(labelbottom=i + columns >= len(curves))
        highest = 0.0
        for k, (strategy, label) in enumerate(named.items()):
            if strategy in shares:
                line = curve(shares[strategy])
                highest = max(highest, float(line.max()))
                axes.plot(
                    line.index, line, color=PALETTE[k % len(PALETTE)], linestyle=LINES[k % len(LINES)], label=label
                )
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
    caption = (
        f"{cohort.label}: share of simulated children who are alive, and who are in each state, as a share of all who "
        "enter; each panel has its own scale. A state may be left again, so a falling line is not only deaths."
    )
    return Sketch(figure, f"Survival and states by strategy: {cohort.label}", caption, _alt(scenario, cohort, shares))


def _curves(cohort: Cohort) -> dict[str, Curve]:
    """What is drawn in each panel, by its title."""
    dead = [s.name for s in cohort.states if s.dead]
    curves: dict[str, Curve] = {"Alive": lambda shares: 1 - shares[dead].sum(axis=1)} if dead else {}
    for state in cohort.states:
        if not state.dead:
            curves[state.label] = lambda shares, name=state.name: shares[name]  # type: ignore[misc]
    return curves


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
