"""Figure: cases found, missed and not screened, and false positives, by strategy."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import paths
from nbsmodel.report.figures.fit import Ruler
from nbsmodel.report.figures.style import HATCHES, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, plain_ticks
from nbsmodel.report.figures.words import labels, number

#: Row label, screening class, and whether only births with the condition count.
ROWS = (
    ("cases found", "true_positive", False, 2),
    ("cases missed", "false_negative", False, 5),
    ("cases not screened", "not_screened", True, 7),
    ("cases known before", "known_before", False, 0),
    ("false positives", "false_positive", False, 1),
    ("incidental findings", "incidental", False, 3),
)
ALWAYS = {"true_positive", "false_negative", "not_screened", "false_positive"}
OTHERS = ("false_positive", "incidental")
APART = 8
BAR, TITLE = 0.2, 0.26
Row = tuple[str, str, bool, int]


def draw_detection(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars by strategy; None for a model without screening classes."""
    if "screening" not in tables:
        return None
    counts, unit = _counts(scenario, tables)
    named = labels(scenario)
    rows = [r for r in ROWS if r[1] in ALWAYS or counts[r[1]].any()]
    if not _has_cases(scenario):
        rows = [r for r in rows if not r[2]]
    panels = _panels(rows, counts)
    ruler = Ruler(new_figure(1, 1))
    rows_high = max(map(len, panels)) * BAR + TITLE
    height = len(named) * rows_high + 0.5
    figure = new_figure(WIDTH, height)
    left = 0.0
    for panel, share in zip(panels, (0.57, 0.43) if len(panels) == 2 else (1.0,), strict=True):
        names = max(ruler.width(r[0], SMALL) for r in panel) + 0.2
        wide = WIDTH * share - names - 0.2
        axes = figure.add_axes(((left + names) / WIDTH, 0.45 / height, wide / WIDTH, 1 - 0.5 / height))
        axes.set_ylim(len(named) * rows_high, 0)
        _panel(axes, panel, counts, named, rows_high, room=0.55 / wide)
        axes.set_xlabel(f"Children {unit}")
        left += WIDTH * share
    caption = f"Children {unit} by what screening does for them. Cases are births with the condition."
    if not _has_cases(scenario):
        caption = f"Children {unit} by what screening does for them."
    return Sketch(figure, "Detection", caption, _alt(named, counts, rows, unit))


def _panels(rows: list[Row], counts: pd.DataFrame) -> list[list[Row]]:
    """One panel, or one for cases and one for the others where their bars would differ too much in length."""
    cases = [r for r in rows if r[1] not in OTHERS]
    others = [r for r in rows if r[1] in OTHERS]
    most = [float(counts[[r[1] for r in part]].to_numpy().max()) for part in (cases, others)]
    return [cases, others] if min(most) > 0 and max(most) > APART * min(most) else [rows]


def _panel(
    axes: Any, rows: list[Row], counts: pd.DataFrame, named: dict[str, str], rows_high: float, room: float
) -> None:
    largest = float(counts[[r[1] for r in rows]].to_numpy().max()) or 1.0
    axes.set_xlim(0, largest / (1 - room))
    ticks = []
    for i, (strategy, label) in enumerate(named.items()):
        axes.text(0, i * rows_high + TITLE - 0.05, label, fontsize=NORMAL, weight="bold", va="bottom", ha="left")
        for k, (name, class_, _, look) in enumerate(rows):
            y, value = i * rows_high + TITLE + (k + 0.5) * BAR, float(counts[class_][strategy])
            ticks.append((y, name))
            axes.text(value + largest * 0.01, y, number(value), va="center", ha="left", fontsize=SMALL)
            if value > 0:
                axes.barh(
                    y, value, height=BAR * 0.78, color=PALETTE[look], hatch=HATCHES[look], edgecolor="white", lw=0.4
                )
                axes.barh(y, value, height=BAR * 0.78, facecolor="none", edgecolor=INK, linewidth=0.5)
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    axes.tick_params(axis="y", length=0)
    plain_ticks(axes.xaxis)


def _has_cases(scenario: Scenario) -> bool:
    return any(b.case for path in paths(scenario.model.tree) for b in path)


def _counts(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """A row a strategy, a column a class, a year or, without births a year, for 100,000 births."""
    screening = tables["screening"]
    yearly = bool(screening["per_year"].notna().all())
    column = "per_year" if yearly else "per_100000"
    counts = screening.pivot(index="strategy", columns="class", values=column)
    counts = counts.reindex(index=list(scenario.model.strategy_names), columns=[r[1] for r in ROWS]).fillna(0.0)
    births, unit = 1e5, "per 100,000 births"
    if yearly:
        programme = tables["programme"].set_index("quantity")
        births = float(programme.loc["Births", scenario.model.comparator])  # type: ignore[arg-type]
        unit = f"a year ({number(births)} births)"
    share = {" > ".join(b.name for b in p): any(b.case for b in p) for p in paths(scenario.model.tree)}
    known = tables["paths"]
    wanted = known[(known["class"] == "not_screened") & known["path"].map(share)]
    counts["not_screened"] = births * wanted.groupby("strategy")["probability"].sum().reindex(counts.index).fillna(0.0)
    return counts, unit


def _alt(named: dict[str, str], counts: pd.DataFrame, rows: Any, unit: str) -> str:
    parts = []
    for strategy, label in named.items():
        every = [f"{number(float(counts[r[1]][strategy]))} {r[0]}" for r in rows]
        parts.append(f"{label}: {', '.join(every)}.")
    return f"Bars of children {unit}. " + " ".join(parts)
