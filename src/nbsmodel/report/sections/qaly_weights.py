"""QALY weights in the report: shortfall of affected children, and results unweighted and weighted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.reference import reference
from nbsmodel.report.format import (
    decimals_for,
    fixed,
    joined,
    money_decimals,
    number,
    percent,
    rates,
    records,
    share,
)
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.points_words import QUADRANT_WORDS, PointsWords, Record
from nbsmodel.report.sections.section import Section

KINDS = {"unweighted": "Unweighted", "severity": "Severity weight", "hst": "HST weight"}
WEIGHTS = ("1", "1.2", "1.7")


def qaly_weights_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """Shortfall, weights and weighted results; None without the analysis."""
    if "qaly_weights" not in tables:
        return None
    words = PointsWords(scenario)
    weights = records(tables["qaly_weights"])
    paragraphs = (*_readings(words, weights), _how(scenario, weights[0]))
    items = (
        "qaly_weights", _shortfall_grid(words, weights), _results_grid(words, tables["qaly_weights_results"]),
    )  # fmt: skip
    caution = (
        "NICE does not apply the severity modifier to tests and other HealthTech for now (PMG36, 6.2.12), and a "
        "screening programme is no medicine. The weighted results stand beside the unweighted ones and change nothing "
        "else in this report."
    )
    return Section("qaly-weights", "QALY weights: severity and HST", paragraphs, items, (caution,), uncertainty=False)


def _readings(words: PointsWords, rows: list[Record]) -> Iterator[str]:
    first = rows[0]
    yield (
        f"Under {words.labels[first['against']]} an affected child has {number(first['qaly_comparator'], 4)} QALYs, "
        f"and a child of the general population {number(first['qale'], 4)}, both discounted at {percent(first['rate'])}"
        f" a year: an absolute shortfall of {number(first['absolute_shortfall'], 3)} QALYs and a proportional one of "
        f"{percent(round(first['proportional_shortfall'], 3))}. The severity weight is {first['severity_weight']:g}: "
        f"{first['weight_absolute']:g} by the absolute and {first['weight_proportional']:g} by the proportional "
        "shortfall, of which the larger counts."
    )
    if "draws" in first:
        shares = [f"{w} in {share(first[f'share_weight_{w}'])}" for w in WEIGHTS]
        yield f"Over {int(first['draws']):,} draws the severity weight is {joined(shares)} of them."
    for r in rows:
        interval = ""
        if "draws" in r:
            interval = f" (mean over the draws {number(r['hst_weight_mean'], 3)})"
        yield (
            f"{words.pair(r)}: an affected child gains {number(r['inc_qaly_lifetime'], 3)} undiscounted QALYs over "
            f"its life, for which the weight of highly specialised technologies (HST) is "
            f"{number(r['hst_weight'], 3)}{interval}."
        )


def _how(scenario: Scenario, first: Record) -> str:
    ours = rates(scenario.settings.discount_rate_outcomes)
    norm = reference("uk_utility_norms").columns[f"{first['norm']}_female"]
    when = "start" if first["timing"] == "start" else "middle"
    return (
        "Weights multiply the QALYs that affected children gain, never those of other children or of carers. QALYs "
        f"without the condition: {reference(first['life_table']).title}; {norm.removesuffix(', women')}; "
        f"{percent(first['female_share'])} girls, from age {first['age']}, each year discounted from its {when}. "
        f"Shortfall is discounted at {percent(first['rate'])}; the results themselves at {ours} for outcomes, as "
        "everywhere in this report. The HST weight rises in equal steps from 1 at 10 undiscounted QALYs to 3 at 30."
    )


def _shortfall_grid(words: PointsWords, rows: list[Record]) -> Grid:
    first = rows[0]
    lines = {
        "General population": first["qale"],
        f"Affected child, {words.labels[first['against']]}": first["qaly_comparator"],
        **{f"Affected child, {words.labels[r['strategy']]}": r["qaly_strategy"] for r in rows},
    }
    body = [Row(name, (Cell(fixed(value, 2)), Cell(""))) for name, value in lines.items()]
    base = [
        Row("Absolute shortfall", (Cell(fixed(first["absolute_shortfall"], 2)), Cell(f"{first['weight_absolute']:g}"))),
        Row(
            "Proportional shortfall",
            (Cell(fixed(first["proportional_shortfall"], 3)), Cell(f"{first['weight_proportional']:g}")),
        ),
    ]
    gained = [
        Row(f"Undiscounted QALYs gained, {words.labels[r['strategy']]}",
            (Cell(fixed(r["inc_qaly_lifetime"], 2)), Cell(fixed(r["hst_weight"], 2))))
        for r in rows
    ]  # fmt: skip
    columns = (Column("Per affected child", False), Column("Value"), Column("Weight"))
    groups = (
        Group(f"QALYs expected, discounted at {percent(first['rate'])}", tuple(body)),
        Group("Severity modifier", tuple(base)), Group("Highly specialised technologies", tuple(gained)),
    )  # fmt: skip
    note = (
        f"The weight is 1.7 for a child with {number(first['qaly_for_1.7'], 4)} QALYs or fewer under "
        f"{words.labels[first['against']]}, and 1.2 for one with {number(first['qaly_for_1.2'], 4)} or fewer."
    )
    return Grid("table-qaly-weights", "Shortfall and weights", columns, groups, "qaly_weights.csv", note)


def _results_grid(words: PointsWords, table: pd.DataFrame) -> Grid:
    drawn = "probability" in table
    costs, benefits = money_decimals(table["inc_cost"]), money_decimals(table["inmb"])
    ratios, places = money_decimals(table["icer"]), decimals_for(table["inc_qaly"].tolist(), 3, 2)
    groups = []
    for (strategy, threshold), part in table.groupby(["strategy", "threshold"], sort=False):
        rows = []
        for r in records(part):
            ratio = fixed(r["icer"], ratios) or QUADRANT_WORDS.get(r["quadrant"], r["quadrant"])
            cells = [Cell(f"{r['weight']:.3g}"), Cell(fixed(r["inc_cost"], costs)), Cell(fixed(r["inc_qaly"], places))]
            cells += [Cell(ratio), Cell(fixed(r["inmb"], benefits))]
            cells += [Cell(share(r["probability"]))] if drawn else []
            rows.append(Row(KINDS[r["weighting"]], tuple(cells)))
        name = f"{words.labels[str(strategy)]}, at " if words.several() else "At "
        groups.append(Group(f"{name}{words.at(float(str(threshold)))}", tuple(rows)))
    columns = [
        Column("QALYs of affected children", False), Column("Weight"), Column("Incr. cost"), Column("Incr. QALYs"),
        Column(f"{words.currency} per {words.unit}"), Column("INMB"),
    ]  # fmt: skip
    if drawn:
        columns.append(Column("Probability INMB is above 0"))
    note = (
        f"Per {words.basis}, discounted, against {words.labels[table['against'].iloc[0]]}; incremental QALYs are those "
        "of affected children times the weight plus everybody else's. INMB: incremental net monetary benefit."
    )
    if drawn:
        note += " Probabilities are shares of the draws, each with its own weight."
    caption = "Results unweighted and weighted, side by side"
    return Grid("table-qaly-weights-results", caption, tuple(columns), tuple(groups), "qaly_weights_results.csv", note)
