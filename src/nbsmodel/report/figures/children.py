"""Figure: how costs and effects are distributed between simulated children."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import COST
from nbsmodel.report.figures.style import LINES, PALETTE, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import currency, effect_label, labels, number, scale

HEIGHT, PANEL = 3.1, 2.1


def draw_children(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Cumulative distributions, a panel an outcome and a line a strategy; None when none were kept."""
    if "distribution_curves" not in tables:
        return None
    table, named = tables["distribution_curves"], labels(scenario)
    outcomes = list(dict.fromkeys(table["outcome"]))
    height = HEIGHT + 0.17 * (-(-len(named) // 2) - 1)
    figure = new_figure(WIDTH, height)
    panels = np.ravel(figure.subplots(1, len(outcomes), sharey=True, squeeze=False))
    figure.subplots_adjust(left=0.62 / WIDTH, right=1 - 0.2 / WIDTH, bottom=1 - (PANEL + 0.15) / height,
                           top=1 - 0.15 / height, wspace=0.12)  # fmt: skip
    for axes, outcome in zip(panels, outcomes, strict=True):
        part = table[table["outcome"] == outcome]
        divisor, word = scale(part["value"]) if outcome == COST else (1.0, "")
        for i, (strategy, label) in enumerate(named.items()):
            line = part[part["strategy"] == strategy]
            axes.plot(line["value"] / divisor, line["share"], color=PALETTE[i % len(PALETTE)],
                      linestyle=LINES[i % len(LINES)], label=label)  # fmt: skip
        what = f"Cost ({currency(scenario, word)})" if outcome == COST else effect_label(scenario)
        axes.set_xlabel(f"{what} of a child, discounted")
        axes.set_ylim(0, 1.02)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
        axes.grid(color="#e8e8e8", linewidth=0.5)
        plain_ticks(axes.xaxis)
    panels[0].set_ylabel("Share of children with at most this")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=2, handlelength=3.2, borderaxespad=0.2)
    caption = (
        f"Discounted totals of simulated children ({currency(scenario)}): the share of them, up the axis, whose total "
        "is at most the value below. Amounts paid on branches of the tree, such as for a test, are not in it."
    )
    return Sketch(figure, "Costs and effects between children", caption, _alt(scenario, table, outcomes))


def _alt(scenario: Scenario, table: pd.DataFrame, outcomes: list[str]) -> str:
    parts = []
    for strategy, label in labels(scenario).items():
        said = []
        for outcome in outcomes:
            line = table[(table["strategy"] == strategy) & (table["outcome"] == outcome)].set_index("share")["value"]
            low, middle, high = (number(float(line.iloc[round(q * (len(line) - 1))])) for q in (0.05, 0.5, 0.95))
            said.append(
                f"{scenario.model.outcomes[outcome].label} {middle} in the middle, 5% below {low}, 5% above {high}"
            )
        parts.append(f"{label}: {'; '.join(said)}.")
    return "Cumulative distributions between simulated children. " + " ".join(parts)
