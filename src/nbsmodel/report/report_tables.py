"""Result tables as the report shows them: labels for names, numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import paths
from nbsmodel.report.format import (
    MINUS,
    as_sentence,
    currency_sign,
    decimals_for,
    fixed,
    in_sentence,
    money_decimals,
    number,
    percent,
    plain,
    records,
    rounded_away,
    whole,
)
from nbsmodel.report.methods import per_effect
from nbsmodel.report.report_summary import AFFECTED, ANNUAL, strategy_labels

CLASS_LABELS = {
    "true_positive": "True positives",
    "false_negative": "False negatives",
    "false_positive": "False positives",
    "true_negative": "True negatives",
    "not_screened": "Not screened",
    "known_before": "Known before screening",
    "incidental": "Incidental findings",
}
QUADRANTS = {
    "dominant": "costs less, does more: dominant",
    "dominated": "costs more, does less: dominated",
    "north-east": "costs more, does more",
    "south-west": "costs less, does less",
}
#: The component of payoffs that name none, and the perspective of what counts in every one.
UNSPLIT, EVERY = "total", "all"
#: An effect per birth below this is also given per so many births.
TINY, MANY = 0.01, 100_000
#: More thresholds than this stand in the table of net benefit only.
THRESHOLDS_BESIDE_ICERS = 4


IN_BRACKETS = " In brackets: standard errors of simulation; they say nothing about the uncertainty of parameters."


@dataclass(frozen=True)
class Column:
    """A column's heading; numbers go to the right."""

    text: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; `error` is a standard error of simulation."""

    text: str
    strong: bool = False
    error: str = ""


@dataclass(frozen=True)
class Row:
    """A row with its heading."""

    head: str
    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under one heading, which may be empty."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Grid:
    """A table of the report; `file` is the results file its numbers come from."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    file: str
    note: str = ""
    over: tuple[tuple[str, int], ...] = ()

    @property
    def long(self) -> bool:
        """Whether it may run over several pages."""
        return sum(len(g.rows) for g in self.groups) > 24


class ResultTables:
    """Makes the result tables of a scenario.

    Parameters
    ----------
    scenario : Scenario
    tables : dict of str to DataFrame
    """

    def __init__(self, scenario: Scenario, tables: dict[str, pd.DataFrame]) -> None:
        self.model, self.settings, self.tables = scenario.model, scenario.settings, tables
        self.effect = self.settings.effect
        self.strategies = self.model.strategy_names
        self.labels = {s.name: s.label for s in self.model.strategies}
        self.currency, self.basis = self.model.about["currency"], self.model.about["basis"]
        self.unit = per_effect(self.model, self.effect)
        self.effects = self.model.outcomes[self.effect].label

    def cea(self) -> Grid:
        """Strategies in frontier order."""
        rows = records(self.tables["cea"])
        every = dict.fromkeys(("qaly", "life_years", self.effect))
        effects = [o for o in every if o == self.effect or any(r[o] != 0 for r in rows)]
        costs = money_decimals([r["cost"] for r in rows])
        places = {o: decimals_for([r[o] for r in rows], 4, 2) for o in effects}
        inc = f"inc_{self.effect}"
        places[self.effect] = max(places[self.effect], decimals_for([r[inc] for r in rows], 2))
        ratios = money_decimals([r["icer"] for r in rows])
        beside = self.settings.thresholds if len(self.settings.thresholds) <= THRESHOLDS_BESIDE_ICERS else []
        names = [f"nmb_{t:g}" for t in beside]
        benefit = money_decimals([r[k] for r in rows for k in names])
        best = {k: max(r[k] for r in rows) for k in names}
        body = []
        for r in rows:
            cells = [_cell(r, "cost", costs), *(_cell(r, o, places[o]) for o in effects)]
            cells += [_cell(r, "inc_cost", costs), _cell(r, inc, places[self.effect])]
            cells += [Cell(fixed(r["icer"], ratios)), Cell(self._status(r))]
            cells += [_cell(r, k, benefit, len(rows) > 1 and r[k] == best[k]) for k in names]
            body.append(Row(self.labels[r["strategy"]], tuple(cells)))
        columns = [Column("Strategy", False), Column("Cost")]
        columns += [Column(self.model.outcomes[o].label) for o in effects]
        columns += [
            Column("Incr. cost"),
            Column(f"Incr. {in_sentence(self.effects)}"),
            Column("ICER"),
            Column("Status", False),
        ]
        over: tuple[tuple[str, int], ...] = ()
        if names:
            over = (
                ("", len(columns)),
                (f"Net monetary benefit at a threshold ({self.currency} per {self.unit}) of", len(names)),
            )
            columns += [Column(whole(t)) for t in beside]
        ratio = f"ICER ({self.currency} per {self.unit})"
        note = f"Increments and {ratio} are against the next cheaper strategy on the frontier."
        if names and len(rows) > 1:
            note += " The highest net benefit at each threshold is in bold."
        note += self._ends + self._brackets
        caption = f"Costs and effects per {self.basis}, discounted, in {self.currency}; strategies in frontier order"
        return Grid("table-cea", caption, tuple(columns), (Group("", tuple(body)),), "cea.csv", note, over)

    def pairwise(self) -> Grid | None:
        """Each strategy against the comparator."""
        rows = records(self.tables["pairwise"])
        if not rows:
            return None
        inc = f"inc_{self.effect}"
        costs, ratios = money_decimals([r["inc_cost"] for r in rows]), money_decimals([r["icer"] for r in rows])
        places = decimals_for([r[inc] for r in rows], 3, 2)
        heads = ("Incr. cost", f"Incr. {in_sentence(self.effects)}")
        tiny = self.basis == "birth" and 0 < max(abs(r[inc]) for r in rows) < TINY
        many = money_decimals([MANY * r["inc_cost"] for r in rows]), decimals_for([MANY * r[inc] for r in rows], 3)
        body = tuple(
            Row(
                self.labels[r["strategy"]],
                (
                    _cell(r, "inc_cost", costs), _cell(r, inc, places),
                    *([_cell(r, "inc_cost", many[0], times=MANY), _cell(r, inc, many[1], times=MANY)] if tiny else []),
                    Cell(fixed(r["icer"], ratios)), Cell(QUADRANTS.get(r["quadrant"], r["quadrant"])),
                ),
            )
            for r in rows
        )  # fmt: skip
        columns = (
            Column("Strategy", False), *map(Column, heads),
            *(Column(f"{head} per {MANY:,} births") for head in heads if tiny),
            Column(f"{self.currency} per {self.unit}"), Column("Result", False),
        )  # fmt: skip
        caption = f"Each strategy against the comparator, {self.labels[self.model.comparator]}, per {self.basis}"
        note = "The ratio is given where both differences have one sign: cost per unit gained, or saved per unit lost."
        return Grid("table-pairwise", caption, columns, (Group("", body),), "pairwise.csv", note + self._brackets)

    def net_benefit(self) -> Grid:
        """Net benefit at each threshold."""
        table = self.tables["net_benefit"]
        rows = records(table)
        amounts = money_decimals([r["nmb"] for r in rows])
        places = decimals_for([r[k] for r in rows for k in ("nhb", "inc_nhb")], 3, 2)
        groups = []
        for threshold, part in table.groupby("threshold", sort=False):
            body = []
            for r in records(part):
                name, base = str(r["strategy"]), r["strategy"] == self.model.comparator
                cells = [_cell(r, "nmb", amounts), Cell("") if base else _cell(r, "inc_nmb", amounts)]
                cells += [_cell(r, "nhb", places), Cell("") if base else _cell(r, "inc_nhb", places)]
                body.append(Row(self.labels[name], tuple(cells)))
            sign = currency_sign(self.currency)
            groups.append(Group(f"{sign}{whole(float(str(threshold)))} per {self.unit}", tuple(body)))
        columns = (
            Column("Strategy", False), Column(f"Net monetary benefit ({self.currency})"), Column("Increment"),
            Column(f"Net health benefit ({self.effects})"), Column("Increment"),
        )  # fmt: skip
        caption = f"Net benefit per {self.basis} at each threshold"
        note = f"Increments are against the comparator, {self.labels[self.model.comparator]}.{self._brackets}"
        return Grid("table-net-benefit", caption, columns, tuple(groups), "net_benefit.csv", note)

    def detection(self) -> Grid | None:
        """Births by screening class."""
        if "screening" not in self.tables:
            return None
        table = self.tables["screening"]
        yearly = bool(table["per_year"].notna().any())
        kinds = ["per_100000", "per_year"] if yearly else ["per_100000"]
        found = {(r["strategy"], r["class"]): r for r in records(table)}
        body = []
        for name in dict.fromkeys(table["class"]):
            values = [found[s, name][k] for k in kinds for s in self.strategies]
            body.append(
                Row(CLASS_LABELS.get(name, as_sentence(plain(name))), tuple(Cell(number(v, 4)) for v in values))
            )
        over: tuple[tuple[str, int], ...] = (("", 1), ("Per 100,000 births", len(self.strategies)))
        if yearly:
            over += (("A year", len(self.strategies)),)
        columns = (Column("Births", False), *(Column(self.labels[s]) for _ in kinds for s in self.strategies))
        return Grid(
            "table-detection",
            "Births by screening result",
            columns,
            (Group("", tuple(body)),),
            "screening.csv",
            "",
            over,
        )

    def programme(self) -> Grid | None:
        """Annual totals, test performance, and results per affected birth."""
        if "programme" not in self.tables:
            return None
        titles = {"": "Screening programme", ANNUAL: "Annual birth cohort", AFFECTED: "Per affected birth"}
        parts: dict[str, list[Row]] = {key: [] for key in titles}
        others = [s for s in self.strategies if s != self.model.comparator]
        for r in records(self.tables["programme"]):
            name, _, ending = r["quantity"].rpartition(", ")
            key = ending if ending in titles else ""
            values = rounded_away([r[c] for c in (*self.strategies, *(f"difference_{s}" for s in others))])
            share = r["unit"] == "share"
            places = money_decimals(values) if r["unit"] == self.currency else decimals_for(values)
            texts = [percent(round(v, 6)) if share else fixed(v, places) if v else number(v) for v in values]
            parts[key].append(
                Row(name if key else r["quantity"], tuple(Cell(t) for t in ("" if share else r["unit"], *texts)))
            )
        base = self.labels[self.model.comparator]
        heads = [*(self.labels[s] for s in self.strategies), *(f"{self.labels[s]} {MINUS} {base}" for s in others)]
        columns = (Column("Quantity", False), Column("Unit", False), *(Column(h) for h in heads))
        groups = tuple(Group(titles[key], tuple(rows)) for key, rows in parts.items() if rows)
        note = "Costs and outcomes are discounted as in the methods."
        return Grid("table-programme", "Programme results", columns, groups, "programme.csv", note)

    def costs(self) -> Grid:
        """Costs by component, discounted and undiscounted."""
        table = self.tables["outcomes"]
        table = table[table["outcome"] == "cost"]
        groups = [
            self._components(table[table["discounted"] == d], title)
            for d, title in ((True, "Discounted"), (False, "Undiscounted"))
        ]
        caption = f"Costs by component per {self.basis} ({self.currency})"
        return self._component_grid("table-costs", caption, [g for g in groups if g.rows])

    def outcomes(self) -> Grid | None:
        """Outcomes other than cost by component."""
        table = self.tables["outcomes"]
        table = table[table["outcome"] != "cost"]
        groups = []
        for name, part in table.groupby("outcome", sort=False):
            outcome = self.model.outcomes[str(name)]
            if (part["value"] == 0).all() and name != self.effect:
                continue
            for discounted, word in ((True, "discounted"), (False, "undiscounted")):
                if discounted and outcome.discounted_as == "none":
                    continue
                title = f"{outcome.label} ({outcome.unit}), {word}"
                groups.append(self._components(part[part["discounted"] == discounted], title, False))
        if not groups:
            return None
        return self._component_grid("table-outcomes", f"Outcomes by component per {self.basis}", groups)

    def _component_grid(self, id_: str, caption: str, groups: Sequence[Group]) -> Grid:
        heads = [Column(self.labels[s]) for s in self.strategies]
        if self._two:
            heads.append(Column("Difference"))
        columns = (Column("Component", False), *heads)
        note = (
            f"Difference: {self.labels[self._other]} {MINUS} {self.labels[self.model.comparator]}." if self._two else ""
        )
        return Grid(id_, caption, columns, tuple(groups), "outcomes.csv", note)

    def _components(self, table: pd.DataFrame, title: str, costs: bool = True) -> Group:
        accounts = list(dict.fromkeys(zip(table["component"], table["perspective"], strict=True)))
        values = {(r["component"], r["perspective"], r["strategy"]): float(r["value"]) for r in records(table)}
        lines: list[tuple[str, list[float], bool]] = []
        total = dict.fromkeys(self.strategies, 0.0)
        counted = 0
        for component, perspective in accounts:
            row = [values[component, perspective, s] for s in self.strategies]
            headline = perspective in (*self.settings.perspectives, EVERY)
            counted += headline
            for s, v in zip(self.strategies, row, strict=True):
                total[s] += v if headline else 0.0
            lines.append((self._component(component, perspective, accounts), row, len(accounts) == 1 and headline))
        if len(accounts) > 1:
            title_of_sum = "Total" if counted == len(accounts) else "Total in the headline"
            lines.append((title_of_sum, list(total.values()), True))
        every = [v for _, row, _ in lines for v in self._with_difference(row)]
        places = money_decimals(every) if costs else decimals_for(every, 3, 2)
        rows = tuple(
            Row(name, tuple(Cell(fixed(v, places)) for v in self._with_difference(row)), is_sum and len(lines) > 1)
            for name, row, is_sum in lines
        )
        return Group(title, rows)

    def _component(self, component: str, perspective: str, accounts: Sequence[tuple[str, str]]) -> str:
        """A component's name, with its perspective where there are several."""
        name = "Not split" if component == UNSPLIT and len({c for c, _ in accounts}) > 1 else as_sentence(component)
        away = perspective not in (*self.settings.perspectives, EVERY)
        if not away and len({p for _, p in accounts}) == 1:
            return name
        return f"{name} ({plain(perspective)}{', not in the headline' if away else ''})"

    @property
    def _ends(self) -> str:
        """A remark where part of the births enters no cohort, so that totals are those of the others."""
        lives = [path[-1].entry is not None for path in paths(self.model.tree)]
        if all(lives) or not any(lives):
            return ""
        return (
            f" Only part of the {self.basis}s enter a cohort; the others end with the tree and bring only what its "
            f"branches pay, so totals per {self.basis} hold no life of theirs and are small: read the increments."
        )

    @property
    def _brackets(self) -> str:
        return IN_BRACKETS if "simulation" in self.tables else ""

    @property
    def _two(self) -> bool:
        return len(self.strategies) == 2

    @property
    def _other(self) -> str:
        others = [s for s in self.strategies if s != self.model.comparator]
        return others[-1] if others else self.model.comparator

    def _with_difference(self, row: Sequence[float]) -> list[float]:
        if not self._two:
            return list(row)
        by = dict(zip(self.strategies, row, strict=True))
        return [*row, by[self._other] - by[self.model.comparator]]

    def _status(self, row: dict[str, Any]) -> str:
        by = strategy_labels(self.labels, row["comparator"])
        if row["status"] == "frontier":
            return f"frontier, against {by}" if by else "frontier, lowest cost"
        return f"no difference from {by}" if row["status"] == "no difference" else f"{row['status']} by {by}"


def _cell(row: dict[str, Any], column: str, decimals: int, strong: bool = False, times: int = 1) -> Cell:
    """A number, with its standard error of simulation where it has one."""
    error = row.get(f"{column}_se")
    return Cell(fixed(times * row[column], decimals), strong, fixed(times * error, decimals) if error else "")


def present(grids: Iterable[Grid | None]) -> list[Grid]:
    """The tables that there are."""
    return [grid for grid in grids if grid is not None]
