"""Further perspectives in the report: what carers, schools and parents' work would add to the headline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import as_sentence, decimals_for, fixed, joined, money_decimals, number, plain, records
from nbsmodel.report.perspective_words import counted_twice, longer_life_as_harm
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.points_words import QUADRANT_WORDS, PointsWords, Record
from nbsmodel.report.sections.section import Section


def perspectives_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """The headline beside every further perspective; None for a model that declares none."""
    if "perspectives" not in tables:
        return None
    words = PointsWords(scenario)
    effect = scenario.settings.effect
    table = tables["perspectives"]
    note = counted_twice(tables, effect)
    paragraphs = [_lead(scenario), *_readings(words, table, effect), *([note] if note else [])]
    title = "Other perspectives"
    warnings = tuple(longer_life_as_harm(scenario, tables))
    return Section(
        "perspectives", title, tuple(paragraphs), (_grid(words, table, effect),), warnings, uncertainty=False
    )


def _lead(scenario: Scenario) -> str:
    counted = joined(plain(p) for p in scenario.settings.perspectives)
    left = [plain(p) for p in scenario.model.perspectives if p not in scenario.settings.perspectives]
    if not left:
        return (
            f"The headline counts all perspectives of the model: {counted}. The table shows what it would be without "
            "each of them."
        )
    return (
        f"The headline of this report counts {counted} and nothing else. The model also holds costs or effects of "
        f"{joined(left)}; the table shows what {'this' if len(left) == 1 else 'each'} would add, and changes no other "
        "result."
    )


def _readings(words: PointsWords, table: pd.DataFrame, effect: str) -> Iterator[str]:
    """What each perspective adds, a sentence a strategy; per affected birth where the model says which those are."""
    effects = words.model.outcomes[effect].label
    for _, part in table[table["kind"] == "adds"].groupby("strategy", sort=False):
        rows = records(part)
        said = []
        for r in rows:
            cost, gained = (r.get(f"{name}_per_case", r[name]) for name in ("inc_cost", f"inc_{effect}"))
            told = []
            if cost:
                told.append(f"{'saves' if cost < 0 else 'costs'} {words.money(abs(cost))}")
            if gained:
                told.append(f"{'gains' if gained > 0 else 'loses'} {number(abs(gained), 3)} {effects}")
            said.append(f"the perspective {plain(r['row'])} {joined(told) or 'makes no difference'}")
        per = "affected birth" if "inc_cost_per_case" in table else words.basis
        yield f"{words.pair(rows[0])}, per {per}: {joined(said)}."


def _grid(words: PointsWords, table: pd.DataFrame, effect: str) -> Grid:
    benefits = [c for c in table.columns if c.startswith("inmb_")]
    gained = f"inc_{effect}"
    costs = money_decimals(table["inc_cost"])
    nmb = money_decimals(table[benefits].to_numpy().ravel().tolist())
    places = decimals_for(table[gained].tolist(), 3, 2)
    ratios = money_decimals(table["icer"])
    groups = []
    for strategy, part in table.groupby("strategy", sort=False):
        name = f"{words.labels[str(strategy)]}: " if words.several() else ""
        for kind, title in (("adds", "what it adds"), ("total", "results")):
            rows = [
                _row(r, benefits, gained, (costs, places, ratios, nmb)) for r in records(part[part["kind"] == kind])
            ]
            groups.append(Group(as_sentence(name + title), tuple(rows)))
    unit = words.model.outcomes[effect].label
    columns = (
        Column("Perspective", False), Column("Incr. cost"), Column(f"Incr. {unit}"), Column("ICER"),
        *(Column(f"INMB at {words.at(t)}") for t in words.settings.thresholds),
    )  # fmt: skip
    note = (
        "Discounted, against the comparator. The first rows hold what a perspective adds by itself, the others sums "
        "over perspectives; the headline is what the rest of this report holds. INMB: incremental net monetary benefit."
    )
    caption = f"The headline and further perspectives, per {words.basis} ({words.currency})"
    return Grid("table-perspectives", caption, columns, tuple(groups), "perspectives.csv", note)


def _row(r: Record, benefits: list[str], gained: str, places: tuple[int, int, int, int]) -> Row:
    costs, effects, ratios, nmb = places
    ratio = fixed(r["icer"], ratios)
    if r["kind"] == "total":
        lost = " per unit lost" if r["quadrant"] == "south-west" else ""
        ratio = f"{ratio}{lost}" if ratio else str(QUADRANT_WORDS.get(r["quadrant"], r["quadrant"]))
    head = as_sentence(plain(r["row"])) + (" (in the headline)" if r["kind"] == "adds" and r["counted"] else "")
    cells = [_number(r["inc_cost"], costs), _number(r[gained], effects), Cell(ratio)]
    cells += [_number(r[b], nmb) for b in benefits]
    return Row(head, tuple(cells), r["row"] == "headline")


def _number(value: float, decimals: int) -> Cell:
    return Cell(fixed(value, decimals) if value else "0")
