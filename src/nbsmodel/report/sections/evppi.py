"""The value of knowing parameters in the report: what drives the uncertainty of the decision."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot

from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import length_text
from nbsmodel.report.format import counted, fixed, joined, money_decimals, number, records, share
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.psa_words import Z95, PsaWords, Record, Tables
from nbsmodel.report.sections.section import Section

ALL = "all"
#: Rows of the table, and names in a sentence.
MOST_ROWS, MOST_NAMES = 12, 3
#: Estimates further apart than so many standard errors disagree.
APART = 3
#: Below this share of the value of knowing everything a parameter is of next to no value.
NEGLIGIBLE = 0.01


def evppi_section(scenario: Scenario, tables: Tables) -> Section | None:
    """What it would be worth to know parameters, in words and tables; None without the analysis."""
    if "evppi" not in tables:
        return None
    words = _Words(scenario, tables)
    items: list[Grid | str] = ["evppi", words.grid()] if words.worth_knowing else []
    paragraphs, warnings = tuple(words.paragraphs()), tuple(words.warnings())
    return Section("evppi", "Value of knowing parameters", paragraphs, tuple(items), warnings)


class _Words(PsaWords):
    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        super().__init__(scenario, tables)
        table = tables["evppi"]
        self.every = list(dict.fromkeys(float(t) for t in table["threshold"]))
        self.first = self.every[0]
        self.rows = {t: records(table[table["threshold"] == t]) for t in self.every}
        asked = scenario.analyses.evppi
        self.groups = set(asked.groups) if asked is not None else set()
        self.populated = bool(table["population"].notna().all())
        self.worth_knowing = bool((table["evppi"] > 0).any())

    def alone(self, threshold: float) -> list[Record]:
        """Rows of single parameters, those drawn together as one."""
        return [r for r in self.rows[threshold] if r["set"] not in self.groups and r["set"] != ALL]

    def of_all(self, threshold: float) -> Record:
        """The row of all parameters."""
        return next(r for r in self.rows[threshold] if r["set"] == ALL)

    def value(self, row: Record) -> str:
        """A value with its 95% interval, which ends at 0 and at the value of everything: for the population if any."""
        column, error = ("population", "population_se") if self.populated else ("evppi", "se")
        low, high = max(0.0, row[column] - Z95 * row[error]), row[column] + Z95 * row[error]
        if row["set"] != ALL:
            high = min(high, max(self.of_all(row["threshold"])[column], row[column]))
        if not high:
            return "nothing"
        return f"{self.large(row[column])} ({self.large(low)} to {self.large(high)})"

    @property
    def per(self) -> str:
        """What values in the text are per."""
        if not self.populated:
            return f"per {self.basis}"
        return f"for the births of {length_text(self.scenario.analyses.population.horizon)}"

    def paragraphs(self) -> Iterator[str]:
        if not self.worth_knowing:
            yield (
                "At each threshold the same strategy is best in every draw. Knowing any parameter better would not "
                "change the decision, so it is worth nothing here: every value of partial perfect information is 0."
            )
            return
        yield (
            "The value of knowing a parameter (expected value of partial perfect information, EVPPI) is what would be "
            "gained by knowing it for certain before choosing, because the choice would then sometimes be another. It "
            "is the most that any research on that parameter can be worth for this decision. A parameter that spreads "
            "the results without changing the choice has no such value."
        )
        for i, threshold in enumerate(self.every):
            yield from self._leading(threshold, first=i == 0)
        yield from self._none_alone()
        yield from self._little()
        yield from self._grouped()
        yield from self._checked()
        yield (
            "Values of several parameters do not add up. They come from a regression of the net benefits of the draws "
            f"on the parameters; the intervals hold the error of the regression and of the number of draws, and end "
            f"at 0 and at the value of knowing everything, beyond which no value can lie. "
            f"{self._held()}{self._births()}"
        )

    def _leading(self, threshold: float, first: bool) -> Iterator[str]:
        rows = [r for r in self.alone(threshold) if r["evppi"] > 0]
        whole = self.of_all(threshold)
        if not rows:
            return
        if not first:
            top = rows[0]
            yield (
                f"At {self.at(threshold)} it is {_quoted(top)} that is worth most: {self.value(top)} {self.per}, "
                f"{share(top['share_of_evpi'])} of the value of knowing everything."
            )
            return
        named = [f"{_quoted(r)} {self.value(r)}" for r in rows[:MOST_NAMES]]
        yield (
            f"At {self.at(threshold)} the uncertainty of the decision comes first of all from these, with the value of "
            f"knowing each {self.per} and its 95% interval: {joined(named)}. Knowing everything would be worth "
            f"{self.value(whole)}."
        )

    def _none_alone(self) -> Iterator[str]:
        """Thresholds at which no parameter has a value of its own, in one sentence for each kind."""
        none = [t for t in self.every if not any(r["evppi"] > 0 for r in self.alone(t))]
        for what, together in (("nothing by itself", True), ("nothing", False)):
            of_kind = [t for t in none if (self.of_all(t)["evppi"] > 0) is together]
            if of_kind:
                at = f"{joined(map(self.sum_of, of_kind))} per {self.unit}"
                yield f"At {at} no single parameter would change the decision: knowing one is worth {what}."
        if self.first in none and self.of_all(self.first)["evppi"]:
            worth = self.value(self.of_all(self.first))
            yield f"Knowing everything would be worth {worth} {self.per} at {self.at(self.first)}."

    def _little(self) -> Iterator[str]:
        rows = self.alone(self.first)
        evpi = self.of_all(self.first)["evppi"]
        little = [r for r in rows if r["evppi"] + Z95 * r["se"] < NEGLIGIBLE * evpi or r["evppi"] <= Z95 * r["se"]]
        if little and evpi:
            n = len(little)
            yield (
                f"For {counted(n, 'parameter')} of {len(rows)} the value at {self.at(self.first)} is below 1% of the "
                "value of knowing everything, or it cannot be told from nothing: better data on one of them would "
                "hardly help this decision."
            )

    def _grouped(self) -> Iterator[str]:
        rows = [r for r in self.rows[self.first] if r["set"] in self.groups]
        if rows:
            named = [f"{r['label']} {self.value(r)}" for r in rows]
            yield f"Known together, at {self.at(self.first)} and {self.per}: {joined(named)}."

    def _checked(self) -> Iterator[str]:
        rows = [r for r in self.rows[self.first] if r["nested"] == r["nested"]]
        if not rows:
            return
        said = [
            f"{r['label']} {self.money(r['nested'])} (regression {self.money(r['evppi'])}, standard errors "
            f"{self.money(r['nested_se'])} and {self.money(r['se'])})"
            for r in rows
        ]
        apart = [r["label"] for r in rows if abs(r["nested"] - r["evppi"]) > APART * hypot(r["nested_se"], r["se"])]
        verdict = (
            f"They disagree by more than chance explains for {joined(apart)}: do not rely on the regression there."
            if apart
            else "They agree within their errors."
        )
        where = f"per {self.basis} at {self.at(self.first)}"
        yield f"As a check, nested simulation gives, {where}: {joined(said)}. {verdict}"

    def _births(self) -> str:
        """Which births the amounts of the population are of."""
        if not self.populated:
            return ""
        births = "" if self.run["births"] != self.run["births"] else f" of {number(self.run['births'], 6)} births each"
        years = length_text(self.scenario.analyses.population.horizon)
        return f" Amounts {self.per} are sums over {years}{births}, discounted from the start of each year."

    def _held(self) -> str:
        changed = [r for rows in self.rows.values() for r in rows if r["adjusted"]]
        if not changed:
            return "None came out below that of a part of its set, or above the value of knowing everything."
        n = len(changed)
        return (
            f"{counted(n, 'estimate').capitalize()} came out below that of a part of the set, or above the value of "
            f"knowing everything, which cannot be, and {'was' if n == 1 else 'were'} moved to that limit; the file has "
            "what the regression gave."
        )

    def warnings(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for rows in self.rows.values():
            for r in rows:
                if r["remark"]:
                    found.setdefault(r["remark"], []).append(r["label"])
        for remark, labels in found.items():
            yield f"Value of knowing {joined(list(dict.fromkeys(labels))[:MOST_ROWS])}. {remark}"

    def grid(self) -> Grid:
        """The most valuable at the first threshold, with their values at the others."""
        some = {r["set"] for t in self.every for r in self.rows[t] if r["evppi"]}
        sets = [r for r in self.rows[self.first] if r["set"] != ALL]
        rows = [self.of_all(self.first), *(r for r in sets if r["set"] in some)][: MOST_ROWS + 1]
        others = sum(r["set"] not in some for r in sets)
        column, error = ("population", "population_se") if self.populated else ("evppi", "se")
        beside = self.every[:4]
        cells: list[Row] = []
        by = {(t, r["set"]): r for t in self.every for r in self.rows[t]}
        each = money_decimals([r["evppi"] for r in rows])
        large = money_decimals([r[column] for r in rows])
        for r in rows:
            line = [Cell(fixed(r["evppi"], each), error=fixed(r["se"], each)), Cell(share(r["share_of_evpi"]))]
            for t in beside:
                other = by[t, r["set"]]
                line.append(Cell(fixed(other[column], large), error=fixed(other[error], large)))
            cells.append(Row(str(r["label"]), tuple(line), r["set"] == ALL))
        if others:
            head = f"{others} other{'s, each' if others > 1 else ''}"
            cells.append(Row(head, (Cell("0"), Cell("0%"), *(Cell("0") for _ in beside))))
        columns = (
            Column("Known for certain", False), Column(f"Per {self.basis}"), Column("Of knowing everything"),
            *(Column(self.sum_of(t)) for t in beside),
        )  # fmt: skip
        over = (("", 1), (f"At {self.sum_of(self.first)}", 2), (f"{self.per.capitalize()}, at", len(beside)))
        caption = f"Expected value of partial perfect information ({self.currency}), the largest first"
        note = "In brackets: standard errors."
        return Grid("table-evppi", caption, columns, (Group("", tuple(cells)),), "evppi.csv", note, over)


def _quoted(row: Record) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{row['label']}\N{RIGHT DOUBLE QUOTATION MARK}"
