"""Figure: how births pass through the tests of a screening programme, on a logarithmic scale."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.programme import ALL_GROUPS
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.style import HATCHES, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import labels, listing, number
from nbsmodel.report.sections.tiers import alike

#: Children with the condition, and all others: words and look.
KINDS = (("with the condition", 0), ("without the condition", 1))
BAR, GAP, TITLE = 0.17, 0.14, 0.28
SAME = 1e-9
Line = tuple[str, tuple[float, float]]


def draw_tiers(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Two bars a step, a block a strategy; None without a declared programme."""
    programme = scenario.model.programme
    if programme is None or "tiers" not in tables or tables["tiers"].empty:
        return None
    named = labels(scenario)
    blocks = [
        (listing([named[s] for s in strategies]), _lines(scenario, part)) for strategies, part in alike(tables["tiers"])
    ]
    ruler = Ruler(new_figure(1, 1))
    names = max(ruler.width(line[0], SMALL) for _, lines in blocks for line in lines) + 0.25
    titles = TITLE if len(blocks) > 1 else 0.06
    high = sum(titles + len(lines) * (2 * BAR + GAP) for _, lines in blocks)
    height = high + 0.85
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((names / WIDTH, 0.8 / height, (WIDTH - names - 0.2) / WIDTH, high / height))
    handles = _bars(axes, blocks, titles, high)
    axes.set_xlabel("Children per 100,000 births (logarithmic scale)")
    figure.legend(handles=handles, loc="lower center", ncols=2, handlelength=2.4, borderaxespad=0.2)
    caption = (
        "Children who come to each test and are positive on it, of 100,000 births, by whether they have the condition. "
        "The scale is logarithmic: a step of the grid is a factor of ten, and lengths of bars cannot be added."
    )
    return Sketch(figure, "Births through the tests", caption, _alt(blocks))


def _lines(scenario: Scenario, part: pd.DataFrame) -> list[Line]:
    """Who has and who is positive on each test: cases, and all others. A step that changes nothing is left out."""
    programme = scenario.model.programme
    assert programme is not None
    tests = {t.name: t.label for t in programme.tiers}
    cases = {g.name for g in programme.groups if g.case}
    found: list[Line] = []
    for test, rows in part.groupby("test", sort=False):
        rows = rows[rows["group"] != ALL_GROUPS]
        case = rows["group"].isin(cases)
        for column, words in (("reached", "tested"), ("positive", "positive")):
            values = rows[f"{column}_per_100000"]
            pair = (float(values[case].sum()), float(values[~case].sum()))
            before = found[-1][1] if found else (0.0, 0.0)
            if any(abs(a - b) > SAME * max(a, b) for a, b in zip(pair, before, strict=True)):
                found.append((f"{tests[str(test)]}: {words}", pair))
    return found


def _bars(axes: Any, blocks: list[tuple[str, list[Line]]], titles: float, high: float) -> list[Any]:
    every = [v for _, lines in blocks for _, pair in lines for v in pair if v > 0]
    low = 10.0 ** (len(f"{int(1 / min(every))}") * -1) if min(every) < 1 else 0.1
    axes.set_xscale("log")
    axes.set_xlim(low, max(every) * 8)
    axes.set_ylim(high, 0)
    axes.grid(axis="x", color="#e8e8e8", linewidth=0.5)
    ticks, handles, y = [], [], 0.0
    for title, lines in blocks:
        if len(blocks) > 1:
            axes.text(low, y + titles - 0.05, title, fontsize=NORMAL, weight="bold", va="bottom", ha="left")
        y += titles
        for name, pair in lines:
            ticks.append((y + BAR, name))
            for value, (words, look) in zip(pair, KINDS, strict=True):
                if value > 0:
                    handle = axes.barh(
                        y + BAR / 2, value - low, left=low, height=BAR * 0.8, color=PALETTE[look],
                        hatch=HATCHES[look], edgecolor="white", lw=0.4, label=words,
                    )  # fmt: skip
                    axes.barh(y + BAR / 2, value - low, left=low, height=BAR * 0.8, facecolor="none", edgecolor=INK,
                              linewidth=0.5)  # fmt: skip
                    handles.append(handle)
                axes.text(max(value, low) * 1.12, y + BAR / 2, number(value), va="center", ha="left", fontsize=SMALL)
                y += BAR
            y += GAP
    axes.set_yticks([t for t, _ in ticks], [name for _, name in ticks])
    axes.tick_params(axis="y", length=0)
    axes.minorticks_off()
    plain_ticks(axes.xaxis)
    return list({h.get_label(): h for h in handles}.values())


def _alt(blocks: list[tuple[str, list[Line]]]) -> str:
    said = []
    for title, lines in blocks:
        parts = [f"{name}: {number(a)} with and {number(b)} without the condition" for name, (a, b) in lines]
        said.append(f"{title}, of 100,000 births: {'; '.join(parts)}.")
    return "Bars of children at each step of the tests. " + " ".join(said)
