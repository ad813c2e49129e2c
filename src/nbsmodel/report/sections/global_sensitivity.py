"""Global sensitivity in the report: Sobol' indices, Morris screening, PAWN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import MINUS, counted, currency_sign, joined, money, records, whole
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.section import Section

#: Rows of the table of Sobol' indices; names in a sentence.
MOST_ROWS, MOST_NAMES = 12, 3
#: Half an interval of an index, or of the sum of the first-order indices, above which it is called wide.
WIDE, WIDE_SUM = 0.1, 0.2
#: A factor below this share of the largest elementary effect may be held at its base value.
NEGLIGIBLE = 0.01

Tables = Mapping[str, pd.DataFrame]


def global_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The reading of whichever of the three analyses were made; None without any."""
    words = _Words(scenario)
    paragraphs: list[str] = []
    items: list[Grid | str] = []
    for name, read in (("sobol", words.sobol), ("morris", words.morris), ("pawn", words.pawn)):
        if name in tables:
            paragraphs += read(tables)
            items.append(name)
    if not items:
        return None
    if "sobol" in tables:
        items.insert(1, words.grid(tables["sobol"]))
    if scenario.simulated:
        paragraphs.append(
            "Children are simulated with the same luck at every point, so what chance adds to these figures is "
            "small, but not nothing; more individuals make it smaller."
        )
    paragraphs.append(
        "These figures say which uncertainties spread the result. Whether better information on one of them could "
        "change the decision is another question, that of the value of information."
    )
    return Section("global-sensitivity", "Global sensitivity", tuple(paragraphs), tuple(items))


class _Words:
    def __init__(self, scenario: Scenario) -> None:
        self.model = scenario.model
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]
        self.unit = per_effect(self.model, scenario.settings.effect)

    def at(self, table: pd.DataFrame) -> str:
        """The threshold, in words."""
        return f"{currency_sign(self.currency)}{whole(float(table['threshold'].iloc[0]))} per {self.unit}"

    def sobol(self, tables: Tables) -> Iterator[str]:
        table, summary = tables["sobol"], tables["sobol_summary"]
        yield (
            f"Sobol' indices share out the variance of the incremental net monetary benefit at {self.at(table)} among "
            "the uncertain parameters, all varied at once over their whole distributions. The first-order index is the "
            "share that would go if the parameter were known; the total index adds what it does together with others. "
            f"Parameters that vary together count as one. {self._runs(table)}"
        )
        for total in records(summary):
            name = self.labels[total["strategy"]]
            if total["sd"] == 0:
                yield (
                    f"{name} against {self.labels[self.model.comparator]}: the incremental net monetary benefit is "
                    f"{money(total['mean'], self.currency)} per {self.basis} whatever the uncertain parameters are. "
                    "There is no variance to share out."
                )
                continue
            rows = records(table[table["strategy"] == total["strategy"]])
            top = [f"{_quoted(r['label'])} {_percent(r['st'])} {_within(r, 'st')}" for r in rows[:MOST_NAMES]]
            yield (
                f"{name} against {self.labels[self.model.comparator]}: the standard deviation is "
                f"{money(total['sd'], self.currency)} per {self.basis} around a mean of "
                f"{money(total['mean'], self.currency)}. Largest total shares, with 95% intervals: {joined(top)}. "
                f"{self._interactions(total)}{self._wide(total, rows)}"
            )

    def _runs(self, table: pd.DataFrame) -> str:
        row = table.iloc[0]
        return f"The model was run {row['evaluations']:,} times from base samples of {row['base_samples']:,} points."

    def _interactions(self, total: dict[str, Any]) -> str:
        alone, half = total["s1_sum"], total["s1_sum_half_width"]
        text = f"One at a time the parameters explain {_percent(alone)} of the variance {_within(total, 's1_sum')}; "
        if 1 - alone <= half:
            return text + "what they do only in combination cannot be told from nothing."
        return text + f"the remaining {_percent(1 - alone)} are interactions, which no one-way analysis shows."

    def _wide(self, total: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        widest = max(max(r["s1_half_width"], r["st_half_width"]) for r in rows)
        if widest <= WIDE and total["s1_sum_half_width"] <= WIDE_SUM:
            return ""
        return (
            " The intervals are wide, so the order of parameters may be chance: raise base_samples from "
            f"{total['base_samples']:,} to {4 * total['base_samples']:,}, which halves them."
        )

    def grid(self, table: pd.DataFrame) -> Grid:
        """The largest Sobol' indices, with their intervals."""
        groups = []
        for strategy, part in table.groupby("strategy", sort=False):
            rows = tuple(
                Row(
                    r["label"],
                    (Cell(_index(r["st"])), Cell(_ends(r, "st")), Cell(_index(r["s1"])), Cell(_ends(r, "s1"))),
                )
                for r in records(part.head(MOST_ROWS))
            )
            groups.append(Group(self.labels[str(strategy)] if len(self.labels) > 2 else "", rows))
        columns = (
            Column("Parameter", False), Column("Total index"), Column("95% interval"), Column("First-order index"),
            Column("95% interval"),
        )  # fmt: skip
        note = (
            "Intervals are bootstrap intervals. An index is estimated and may come out a little below 0, or below the "
            "first-order index."
        )
        caption = f"Sobol' indices of the incremental net monetary benefit at {self.at(table)}, largest first"
        return Grid("table-sobol", caption, columns, tuple(groups), "sobol.csv", note)

    def morris(self, tables: Tables) -> Iterator[str]:
        table = tables["morris"]
        first = table.iloc[0]
        yield (
            f"Morris screening moves one factor at a time, between the 0.5th and 99.5th percentile of its distribution "
            f"in {first['levels']} levels, from {first['trajectories']:,} random starting points "
            f"({first['evaluations']:,} runs). Its measure is the mean size of the change in incremental net monetary "
            f"benefit at {self.at(table)}: it is quick and ranks factors, but it gives the extremes of a distribution "
            "the same weight as its middle."
        )
        for strategy, part in table.groupby("strategy", sort=False):
            rows = records(part)
            name = self.labels[str(strategy)]
            if rows[0]["mu_star"] == 0:
                yield f"{name}: no factor changes the incremental net monetary benefit."
                continue
            top = [
                f"{_quoted(r['label'])} {money(r['mu_star'], self.currency)} "
                f"(\N{PLUS-MINUS SIGN} {money(r['mu_star_half_width'], self.currency)})"
                for r in rows[:MOST_NAMES]
            ]
            little = sum(r["mu_star"] < NEGLIGIBLE * rows[0]["mu_star"] for r in rows)
            uneven = [_quoted(r["label"]) for r in rows[:8] if r["sigma"] > r["mu_star"]]
            text = f"{name}: largest mean effects per {self.basis}, with half their 95% intervals: {joined(top)}."
            if uneven:
                text += (
                    f" For {joined(uneven)} the spread of the effects exceeds their mean size: what it does hangs on "
                    "where it and the other parameters stand."
                )
            if little:
                text += (
                    f" {counted(little, 'factor').capitalize()} of {len(rows)} {'has' if little == 1 else 'have'} less "
                    "than a hundredth of the largest effect and could stay at base values."
                )
            yield text

    def pawn(self, tables: Tables) -> Iterator[str]:
        table = tables["pawn"]
        yield (
            "PAWN asks how far the whole distribution of the incremental net monetary benefit "
            f"(at {self.at(table)}) moves when a parameter is known to lie in one tenth of its draws, and so also sees "
            "what does not show in the variance. The index is the distance between the two distribution functions, 0 "
            f"to 1, in the median tenth, from {table['draws'].iloc[0]:,} draws of the probabilistic analysis. "
            "Parameters that vary together share their influence: each has that of the others in its index."
        )
        for strategy, part in table.groupby("strategy", sort=False):
            rows = records(part)
            name, noise = self.labels[str(strategy)], rows[0]["noise"]
            if rows[0]["median"] == 0:
                yield f"{name}: the incremental net monetary benefit is the same in all draws."
                continue
            seen = sum(r["median"] > noise for r in rows)
            top = [f"{_quoted(r['label'])} {_index(r['median'])}" for r in rows[:MOST_NAMES]]
            yield (
                f"{name}: {joined(top)} come first. {counted(seen, 'parameter').capitalize()} of {len(rows)} "
                f"{'stands' if seen == 1 else 'stand'} out above {_index(noise)}, which random numbers without any "
                "influence reach by chance; for the others no influence is shown."
            )


def _quoted(label: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}"


def _index(value: float) -> str:
    text = f"{abs(value):.3f}"
    return MINUS + text if value < 0 and float(text) else text


def _percent(share: float) -> str:
    text = f"{abs(100 * share):.0f}"
    return f"{MINUS if share < 0 and text != '0' else ''}{text}%"


def _within(row: dict[str, Any], column: str) -> str:
    value, half = row[column], row[f"{column}_half_width"]
    return f"({_percent(value - half)} to {_percent(value + half)})"


def _ends(row: dict[str, Any], column: str) -> str:
    value, half = row[column], row[f"{column}_half_width"]
    return f"{_index(value - half)} to {_index(value + half)}"
