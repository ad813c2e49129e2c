"""The value of studies in the report: which is worth making, and what it should measure."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.config.settings import length_text
from nbsmodel.report.format import counted, fixed, joined, money_decimals, number, percent, rates, records, share
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.psa_words import Z95, PsaWords, Record, Tables
from nbsmodel.report.sections.section import Section
from nbsmodel.report.study_tables import ALL, EVERYTHING, numbers_of, shown_design, worded

#: Rows of the table of designs.
MOST_ROWS = 24
#: Designs left out that the text names.
MOST_NAMED = 3


def evsi_section(scenario: Scenario, tables: Tables) -> Section | None:
    """What the data of studies would be worth, in words and tables; None without the analysis."""
    if "evsi" not in tables:
        return None
    words = _Words(scenario, tables)
    items: list[Grid | str] = ["evsi", words.designs(), "evsi_data", words.data()]
    return Section("evsi", "Value of studies", tuple(words.paragraphs()), tuple(items), tuple(words.warnings()))


class _Words(PsaWords):
    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        super().__init__(scenario, tables)
        self.table, self.limits = tables["evsi"], tables["evsi_limits"]
        self.numbers = numbers_of(self.table)
        self.every = list(dict.fromkeys(float(t) for t in self.table["threshold"]))
        self.first = self.every[0]
        whole = self.table[self.table["data"] == ALL]
        self.populated = bool(whole["population"].notna().all())
        self.priced = bool(whole["net_benefit"].notna().all())

    def whole(self, threshold: float) -> list[Record]:
        """A row a design, with all its data."""
        table = self.table
        return records(table[(table["threshold"] == threshold) & (table["data"] == ALL)])

    def limit(self, threshold: float, data: str) -> Record:
        """What perfect information on some data would be worth."""
        table = self.limits[self.limits["threshold"] == threshold]
        names = list(table["data"])
        return records(table)[names.index(data)]

    def sizes(self, row: Record) -> str:
        """A design by its numbers and years."""
        parts = [f"{number(row[n], 6)} {worded(n)}" for n in self.numbers if row[n] == row[n]]
        return f"{joined(parts)}, reporting after {self._years(row['years'])}" if parts else str(row["design"])

    @staticmethod
    def _years(years: float) -> str:
        return f"{number(years, 3)} year{'' if years == 1 else 's'}"

    def paragraphs(self) -> Iterator[str]:
        labels = [str(r["label"]) for r in records(self.limits[self.limits["threshold"] == self.first])
                  if r["data"] not in (ALL, EVERYTHING)]  # fmt: skip
        every = ", screened or not" if self.basis == "birth" else ""
        yield (
            "A study does not make parameters known for certain; its data narrow them. The expected value of sample "
            "information (EVSI) is what choosing after seeing such data, and not before, is worth on average. The "
            f"data are: {joined(labels)}. They were simulated for every draw of the parameters. Values "
            f"per {self.basis} are averages over all {self.basis}s{every}."
        )
        yield from self._left_out()
        worth = [t for t in self.every if any(r["evsi"] > 0 for r in self.whole(t))]
        if not worth:
            yield "No design would change the decision in any of its simulated studies: their data are worth nothing."
        for threshold in self.every if self.priced else worth:
            yield self._verdict(threshold)
        if worth and len(worth) < len(self.every) and not self.priced:
            rest = [self.at(t) for t in self.every if t not in worth]
            yield f"At {joined(rest)} the data of no design would change the decision: they are worth nothing."
        yield from self._measured()
        yield from self._assumptions()

    def _left_out(self) -> Iterator[str]:
        """Designs that cannot be carried out, and why."""
        if "evsi_left_out" not in self.tables:
            return
        rows = records(self.tables["evsi_left_out"])
        n = len({r["design"] for r in rows})
        said = [f"{r['design']} ({r['condition']} is {r['found']})" for r in rows[:MOST_NAMED]]
        more = "; the others are in evsi_left_out.csv" if len(rows) > MOST_NAMED else ""
        yield (
            f"{counted(n, 'design').capitalize()} {'was' if n == 1 else 'were'} left out, since "
            f"{'it' if n == 1 else 'they'} cannot be carried out: {joined(said)}{more}."
        )

    def _verdict(self, threshold: float) -> str:
        rows = self.whole(threshold)
        if not self.priced:
            top = max(rows, key=lambda r: r["evsi"])
            return (
                f"At {self.at(threshold)} the data of {self.sizes(top)} are worth most, "
                f"{self.money(top['evsi'])} per {self.basis}: {share(_part(top))} of knowing the same parameters for "
                "certain."
            )
        best = max(rows, key=lambda r: r["net_benefit"])
        if best["net_benefit"] <= 0:
            return (
                f"At {self.at(threshold)} no design is worth its cost and the wait: the least bad, with "
                f"{self.sizes(best)}, would lose {self._range(-best['net_benefit'], best['net_benefit_se'])}. It is "
                "better to decide now."
            )
        near = [r for r in rows if r is not best and best["net_benefit"] - r["net_benefit"] < best["net_benefit_se"]]
        text = (
            f"At {self.at(threshold)} the design with the highest net benefit has {self.sizes(best)}. Its data are "
            f"worth {self.large(best['population'])} for the births that come after it; it costs "
            f"{self.large(best['cost'])}, and waiting for it {self.large(best['delay_cost'])}. What is left is "
            f"{self._range(best['net_benefit'], best['net_benefit_se'])}."
        )
        if near:
            others = "Another design is" if len(near) == 1 else f"{len(near)} other designs are"
            text += f" {others} within one standard error of it and should not be called worse."
        return text

    def _range(self, value: float, se: float) -> str:
        return f"{self.large(value)} (95% interval {self.large(value - Z95 * se)} to {self.large(value + Z95 * se)})"

    def _measured(self) -> Iterator[str]:
        rows = shown_design(self.table)
        alone = sorted(records(rows[rows["data"] != ALL]), key=lambda r: -r["evsi"])
        if not alone:
            return
        (whole,) = records(rows[rows["data"] == ALL])
        if not whole["evsi"] > 0:
            return
        parts = []
        for r in alone:
            limit = self.limit(self.first, r["data"])
            reached = f", {share(_part(r))} of knowing it for certain" if limit["evppi"] > 0 else ""
            parts.append(f"{limit['label']} {self.money(r['evsi'])} per {self.basis}{reached}")
        text = (
            f"What the study should measure: in the design with {self.sizes(whole)}, at {self.at(self.first)}, each "
            f"kind of data alone would be worth: {'; '.join(parts)}. All together are worth "
            f"{self.money(whole['evsi'])}."
        )
        nothing = [self.limit(self.first, r["data"])["label"] for r in alone if r["evsi"] < 0.01 * whole["evsi"]]
        if nothing and whole["evsi"] > 0:
            text += f" For this decision there is next to nothing in: {joined(map(str, nothing))}."
        yield text

    def _assumptions(self) -> Iterator[str]:
        asked, population = self.scenario.analyses.evsi, self.scenario.analyses.population
        said = [
            "the data are unbiased measurements of the parameters they inform, in children like those of the model",
            "they inform nothing else",
            "sizes of the data that depend on parameters are worked out from their base values, not from each draw's",
            "the strategy that is best once the study reports is taken up at once, by everybody and at no further cost",
        ]
        if self.populated:
            rate = self.settings.discount_rate_costs if population.discount_rate is None else population.discount_rate
            said.append(
                f"the decision stands for {length_text(population.horizon)} from now, with as many births every year, "
                f"discounted at {rates(rate)}; births before the study reports gain nothing from it"
            )
        if self.priced and asked is not None:
            said.append("a study is paid for at its beginning")
            meanwhile = [
                f"{percent(float(v)) if isinstance(v, int | float) else v} {self.labels[s]}"
                for s, v in asked.meanwhile.items()
            ]
            rest = self.labels[self.comparator]
            gets = f"{joined(meanwhile)} and the rest {rest}" if meanwhile else f"all {rest}"
            said.append(
                f"until it reports, births get {gets}; without a study all would get the strategy that is best on "
                "average now, at once"
            )
        yield f"This assumes that {'; '.join(said)}."

    def warnings(self) -> Iterator[str]:
        remarks = [(r["data"], r["remark"]) for r in records(self.table) if r["remark"]]
        remarks += [(r["data"], r["remark"]) for r in records(self.limits) if r["remark"]]
        for remark in dict.fromkeys(text for _, text in remarks):
            data = dict.fromkeys(str(self.limit(self.first, d)["label"]) for d, text in remarks if text == remark)
            yield f"Value of {joined(data)}: {remark}"

    def designs(self) -> Grid:
        """Every design with all its data, at the first threshold."""
        rows = self.whole(self.first)[:MOST_ROWS]
        each = money_decimals([r["evsi"] for r in rows])
        columns = [Column("Design", False), *(Column(worded(n).capitalize()) for n in self.numbers), Column("Years")]
        columns.append(Column(f"EVSI per {self.basis}"))
        keys = ["population"] if self.populated else []
        keys += ["cost", "delay_cost", "net_benefit"] if self.priced else []
        heads = {"population": "EVSI, births after it", "cost": "Cost", "delay_cost": "Cost of waiting",
                 "net_benefit": "Net benefit"}  # fmt: skip
        columns += [Column(heads[k]) for k in keys]
        large = money_decimals([r[k] for r in rows for k in keys])
        body = []
        for r in rows:
            best = bool(r["best"])
            cells = [Cell(number(r[n], 6)) for n in self.numbers] + [Cell(number(r["years"], 3))]
            cells.append(Cell(fixed(r["evsi"], each), error=fixed(r["se"], each)))
            for k in keys:
                error = fixed(r[f"{k}_se"], large) if f"{k}_se" in r else ""
                cells.append(Cell(fixed(r[k], large), best and k == "net_benefit", error))
            body.append(Row(str(r["design"]), tuple(cells)))
        note = "In brackets: standard errors, which designs largely share."
        if self.priced:
            note += " In bold: the highest net benefit, where it is above that of no study, which is 0."
        caption = f"Designs of the study at {self.at(self.first)} ({self.currency})"
        return Grid("table-evsi", caption, tuple(columns), (Group("", tuple(body)),), "evsi.csv", note)

    def data(self) -> Grid:
        """Each kind of data in the best design of the first threshold."""
        rows = records(shown_design(self.table))
        rows = sorted(rows, key=lambda r: (r["data"] != ALL, -r["evsi"]))
        limits = [self.limit(self.first, r["data"]) for r in rows]
        each = money_decimals([p["evppi"] for p in limits])
        body = [
            Row(
                "All data" if r["data"] == ALL else str(p["label"]),
                (
                    Cell(fixed(r["evsi"], each), error=fixed(r["se"], each)),
                    Cell(fixed(p["evppi"], each), error=fixed(p["se"], each)),
                    Cell(share(_part(r)) if p["evppi"] > 0 else ""),
                ),
                r["data"] == ALL,
            )
            for r, p in zip(rows, limits, strict=True)
        ]
        columns = (
            Column("Data", False), Column(f"EVSI per {self.basis}"), Column("Known for certain (EVPPI)"),
            Column("Share reached"),
        )  # fmt: skip
        caption = f"Data of the study with {self.sizes(rows[0])}, at {self.at(self.first)} ({self.currency})"
        note = "In brackets: standard errors."
        return Grid("table-evsi-data", caption, columns, (Group("", tuple(body)),), "evsi.csv", note)


def _part(row: Record) -> float:
    """Share of the value of perfect information; none of nothing."""
    found = row["share_of_evppi"]
    return 0.0 if pd.isna(found) else float(found)
