"""What the report says of simulated children: how precise the means are, who differs, how they spread."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import COST, Attribute
from nbsmodel.report.format import (
    MINUS,
    counted,
    currency_sign,
    decimals_for,
    fixed,
    joined,
    money,
    money_decimals,
    number,
    percent,
    records,
    whole,
)
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row, present

QUANTILES = ("p5", "p25", "p50", "p75", "p95")


@dataclass(frozen=True)
class SimulationPart:
    """The section on what was simulated."""

    sentences: tuple[str, ...]
    grids: tuple[Grid, ...]


def simulation_part(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> SimulationPart | None:
    """The section of a run with simulated children; None for any other."""
    if "simulation" not in tables:
        return None
    part = _Part(scenario, tables)
    grids = present([part.means(), part.distribution(), part.attributes()])
    return SimulationPart(tuple(part.sentences()), tuple(grids))


class _Part:
    def __init__(self, scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> None:
        self.model, self.settings, self.tables = scenario.model, scenario.settings, tables
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.comparator = self.model.comparator
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]

    def sentences(self) -> Iterator[str]:
        rows = records(self.tables["simulation_summary"])
        n, seed = int(rows[0]["individuals"]), rows[0]["seed"]
        shares = dict.fromkeys(percent(r["share_simulated"]) for r in rows)
        yield (
            f"{n:,} children were simulated one by one (seed {seed}), each under every strategy with the same luck. "
            f"They stand for the {joined(shares, 'or')} of {self.basis}s who enter a cohort; what happens to all "
            "others is worked out exactly."
        )
        for r in rows:
            if r["strategy"] != self.comparator:
                routes, differ = (f"{int(r[k]):,} ({percent(round(r[k] / n, 4))})" for k in ("rerouted", "differ"))
                yield (
                    f"{self.labels[r['strategy']]} against {self.labels[self.comparator]}: {routes} of the simulated "
                    f"children take another route through the tree, and {differ} end with another discounted total "
                    "of some outcome."
                )
        yield from self._benefits()
        asked = float(rows[0]["half_width_asked"])
        found = float(self.tables["simulation_summary"]["inmb_half_width"].max())
        if asked == asked:
            reached = "which was reached" if not found > asked else "which was not reached: raise `individuals`"
            yield (
                f"The run was to stop once half the 95% interval of the incremental net benefit was at most "
                f"{money(asked, self.currency)} per {self.basis}, {reached}."
            )

    def _benefits(self) -> Iterator[str]:
        first = self.settings.thresholds[0]
        table = self.tables["simulation"]
        rows = records(table[(table["threshold"] == first) & table["increment"].notna()])
        at = f"{currency_sign(self.currency)}{whole(first)} per {per_effect(self.model, self.settings.effect)}"
        for r in rows:
            low, high = (money(r[f"increment_{k}95"], self.currency) for k in ("low", "high"))
            found = (
                f"The incremental net monetary benefit of {self.labels[r['strategy']]} at {at} is "
                f"{money(r['increment'], self.currency)} per {self.basis}; "
            )
            if math.isnan(r["increment_low95"]):
                yield f"{found}one child says nothing about the error of simulation."
                continue
            yield (
                f"{found}its 95% interval of simulation is {low} to "
                f"{high}. Another seed would move the result by about this much; the interval says nothing about the "
                "uncertainty of the parameters."
            )

    def means(self) -> Grid:
        """Means and increments with standard errors and intervals."""
        table = self.tables["simulation"]
        groups = []
        for _, part in table.groupby([table["outcome"], table["threshold"].fillna(0)], sort=False):
            rows = records(part)
            if not any(r["se"] or r["mean"] for r in rows):
                continue
            is_money = rows[0]["unit"] == self.currency
            values = [r[k] for r in rows for k in ("mean", "increment")]
            errors = [r[k] for r in rows for k in ("se", "increment_se")]
            places = max(money_decimals(values) if is_money else decimals_for(values), decimals_for(errors, 2))
            body = tuple(Row(self.labels[r["strategy"]], tuple(_cells(r, places))) for r in rows)
            groups.append(Group(self._title(rows[0]), body))
        columns = (
            Column("Strategy", False), Column("Mean"), Column("Standard error"), Column("95% interval"),
            Column("Increment"), Column("Standard error"), Column("95% interval"),
        )  # fmt: skip
        caption = f"Discounted means and increments per {self.basis}, with their errors of simulation"
        note = (
            f"Increments are against {self.labels[self.comparator]}, for the same children. 95% intervals of "
            "simulation, not of parameters."
        )
        return Grid("table-simulation", caption, columns, tuple(groups), "simulation.csv", note)

    def _title(self, row: dict[str, Any]) -> str:
        if row["outcome"] in self.model.outcomes:
            return f"{self.model.outcomes[row['outcome']].label} ({row['unit']})"
        sign, per = currency_sign(self.currency), per_effect(self.model, self.settings.effect)
        return f"Net monetary benefit at {sign}{whole(row['threshold'])} per {per} ({self.currency})"

    def distribution(self) -> Grid | None:
        """Spread of costs and outcomes between children."""
        if "distribution" not in self.tables:
            return None
        table = self.tables["distribution"]
        groups = []
        for outcome, part in table.groupby("outcome", sort=False):
            rows = records(part)
            values = [r[k] for r in rows for k in ("mean", *QUANTILES)]
            places = money_decimals(values) if outcome == COST else min(decimals_for(values), 3)
            body = []
            for r in rows:
                label = self.labels[r["strategy"]]
                head = f"{label} {MINUS} {self.labels[r['against']]}, same child" if r["against"] else label
                body.append(Row(head, tuple(Cell(fixed(r[k], places)) for k in ("mean", "sd", *QUANTILES))))
            found = self.model.outcomes[str(outcome)]
            groups.append(Group(f"{found.label} ({found.unit})", tuple(body)))
        columns = (
            Column("Strategy", False), Column("Mean"), Column("Standard deviation"), Column("5%"), Column("25%"),
            Column("Median"), Column("75%"), Column("95%"),
        )  # fmt: skip
        caption = (
            f"Spread between the first {int(table['children'].iloc[0]):,} simulated children, discounted, per child"
        )
        note = "Of what happens from entering a cohort on: payoffs on branches of the tree are not in these amounts."
        return Grid("table-distribution", caption, columns, tuple(groups), "distribution.csv", note)

    def attributes(self) -> Grid | None:
        """In what the children differ from the start."""
        if not self.model.attributes:
            return None
        rows = tuple(Row(a.label, (Cell(a.name), Cell(_drawn(a)))) for a in self.model.attributes.values())
        columns = (Column("Attribute", False), Column("Name", False), Column("How it is drawn", False))
        caption = f"{counted(len(rows), 'attribute').capitalize()} in which simulated children differ"
        return Grid("table-attributes", caption, columns, (Group("", rows),), "model.yaml")


def _cells(row: dict[str, Any], places: int) -> Iterator[Cell]:
    for name in ("", "increment_"):
        mean, error = row[name.rstrip("_") or "mean"], row[f"{name}se"]
        if mean != mean:
            yield from (Cell(""), Cell(""), Cell(""))
            continue
        mean, error, low, high = (fixed(v, places) if v else "0" for v in (mean, error, *_ends(row, name)))
        yield from (Cell(mean), Cell(error), Cell(f"{low} to {high}"))


def _ends(row: dict[str, Any], name: str) -> tuple[float, float]:
    return row[f"{name}low95"], row[f"{name}high95"]


def _drawn(attribute: Attribute) -> str:
    if attribute.distribution:
        return attribute.distribution
    return "; ".join(f"{number(v)}: {'the rest' if f is None else f.text}" for v, f in attribute.values)
