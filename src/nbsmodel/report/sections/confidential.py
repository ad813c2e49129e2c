"""The verdict at confidential prices, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import currency_sign, joined, records, whole
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.section import Section


def confidential_section(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Section | None:
    """On which side of each threshold every strategy falls; None without confidential values."""
    if "confidential" not in tables:
        return None
    model = scenario.model
    labels = {s.name: s.label for s in model.strategies}
    rows = records(tables["confidential"])
    sign, per = currency_sign(model.about["currency"]), per_effect(model, scenario.settings.effect)
    said = []
    for strategy in dict.fromkeys(r["strategy"] for r in rows):
        mine = [r for r in rows if r["strategy"] == strategy]
        verdicts = [f"{r['verdict']} at {sign}{whole(r['threshold'])} per {per}" for r in mine]
        said.append(f"{labels[strategy]} against {labels[mine[0]['against']]} is {joined(verdicts)}.")
    body = tuple(
        Row(labels[r["strategy"]], (Cell(f"{sign}{whole(r['threshold'])}"), Cell(r["verdict"]), Cell(r["probability"])))
        for r in rows
    )
    other = labels[model.comparator]
    columns = (
        Column("Strategy", False), Column("Threshold"), Column(f"Verdict against {other}, at base values", False),
        Column("Probability of being cost-effective", False),
    )  # fmt: skip
    note = (
        f"The probability that a strategy is cost-effective against {other}, in classes only, and only where a "
        "probabilistic analysis was made."
    )
    grid = Grid(
        "table-confidential",
        "Verdict at the confidential prices",
        columns,
        (Group("", body),),
        "confidential.csv",
        note,
    )
    paragraphs = (
        "This section, and nothing else in this report, was worked out with confidential prices, which were given "
        "when the model was run. All other results stand at the prices of the model and its scenario.",
        " ".join(said),
        "Neither the confidential prices nor any number that depends on them is written anywhere: with this model at "
        "hand, a cost, an ICER, a net benefit or an exact probability could be solved for the price. What the verdicts "
        "and classes themselves tell is a range of prices; they are few and wide for that reason.",
    )
    return Section("confidential", "At the confidential prices", paragraphs, (grid,))
