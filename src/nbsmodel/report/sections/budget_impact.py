"""Budget impact in the report: what a new strategy changes in each calendar year, undiscounted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.format import (
    MINUS,
    as_sentence,
    currency_sign,
    fixed,
    in_sentence,
    joined,
    money_in_words,
    number,
    percent,
    plain,
    price_year,
    records,
    rounded_away,
    share,
)
from nbsmodel.report.report_tables import CLASS_LABELS, UNSPLIT, Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.section import Section

Tables = Mapping[str, pd.DataFrame]
KEY = "budget_impact"
QUOTES = ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}")
UNSUPPORTED = ("assumption", "placeholder")
#: Amounts from which a table is in millions, and in thousands, and the decimals shown then.
NOTHING = 1e-9  # of the unit of the table: the error of adding up
SCALES = ((1e6, "million ", 2), (1e3, "thousand ", 1), (1.0, "", 0))


def budget_impact_section(scenario: Scenario, tables: Tables) -> Section | None:
    """The reading, the figure and the tables of each new strategy; None without the analysis."""
    if KEY not in tables:
        return None
    labels = {s.name: s.label for s in scenario.model.strategies}
    strategies = list(dict.fromkeys(tables[KEY]["strategy"]))
    paragraphs: list[str] = []
    items: list[Grid | str] = []
    for strategy in strategies:
        mine = {name: t[t["strategy"] == strategy] for name, t in tables.items() if name in _BY_STRATEGY}
        ending = "" if len(strategies) == 1 else f"_{strategy}"
        pair = f"{labels[strategy]} against {labels[scenario.model.comparator]}"
        paragraphs.append(f"{pair}: {' '.join(_reading(scenario, mine))}")
        items += [f"{KEY}{ending}", _difference(scenario, mine, pair, ending), _worlds(scenario, mine, pair, ending)]
        if f"{KEY}_psa" in mine:
            items.append(_draws(scenario, mine, pair, ending))
        items.append(_counts(mine, labels[strategy], pair, ending))
    if f"{KEY}_set_up" in tables:
        items.append(_set_up(scenario, tables[f"{KEY}_set_up"], labels))
    paragraphs += _conditions(scenario, tables)
    return Section("budget-impact", "Budget impact", tuple(paragraphs), tuple(items), tuple(_warnings(scenario)), False)


_BY_STRATEGY = (KEY, f"{KEY}_summary", f"{KEY}_counts", f"{KEY}_test", f"{KEY}_psa")


def _headline(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["headline"].astype(bool)]


def _money(scenario: Scenario, value: float) -> str:
    return money_in_words(value, scenario.model.about["currency"])


def _reading(scenario: Scenario, tables: Tables) -> Iterator[str]:
    rows = records(_headline(tables[f"{KEY}_summary"]))
    first, last = rows[0], rows[-1]
    if all(r["difference"] == 0 for r in rows):
        yield "the budget is the same in every year."
        return
    change = [_change(scenario, r["difference"]) for r in (first, last)]
    if len(rows) == 1:
        yield f"in year 1 the budget {change[0]}."
    else:
        yield (
            f"in year 1 the budget {change[0]}, in year {last['year']} it {change[1]}; over the {len(rows)} years "
            f"together it {_change(scenario, last['cumulative'])}."
        )
    for row in records(tables[f"{KEY}_test"]) if f"{KEY}_test" in tables else ():
        yield _test(scenario, row)


def _change(scenario: Scenario, value: float) -> str:
    if value == 0:
        return "does not change"
    return f"{'rises' if value > 0 else 'falls'} by {_money(scenario, abs(value))}"


def _test(scenario: Scenario, row: Mapping[str, Any]) -> str:
    years, largest = row["years"], row["largest"]
    verdict = "is exceeded" if row["exceeded"] else "is not exceeded"
    over = "the first year" if years == 1 else f"the first {years} years"
    when = "" if years == 1 else f", in year {row['largest_year']}"
    most = "the net cost" if years == 1 else "the largest net cost"
    found = f"{most} is {_money(scenario, largest)}{when}" if largest > 0 else "there is no net cost"
    return f"The budget impact test of {_money(scenario, row['amount'])} {verdict}: in {over} {found}."


def _conditions(scenario: Scenario, tables: Tables) -> Iterator[str]:
    asked = scenario.analyses.budget_impact
    assert asked is not None
    about = scenario.model.about
    summary = _headline(tables[f"{KEY}_summary"])
    births = list(summary.groupby("year", sort=True)["births"].first())
    entering = number(births[0], 6) if len(set(births)) == 1 else f"{joined(number(b, 6) for b in births)}"
    who = "births" if about["basis"] == "birth" else "patients"
    when = "a year" if len(set(births)) == 1 else f"in years 1 to {len(births)}"
    payers = joined(plain(p) for p in scenario.settings.perspectives)
    yield (
        f"Amounts are undiscounted, in {price_year(about)}, without inflation, and those of the headline ({payers}). "
        f"{entering} {who} {when} enter, each year's from its first day; every cohort is followed from its own birth, "
        "so that a year's budget is the sum over all cohorts born so far. Children born before year 1 are the same in "
        "both worlds and are not counted."
    )
    labels = {s.name: s.label for s in scenario.model.strategies}
    for strategy in dict.fromkeys(summary["strategy"]):
        shares = asked.shares(strategy).over(asked.years)
        if len(set(shares)) == 1:
            yield f"{labels[strategy]} reaches {percent(shares[0])} of {who} from year 1 on."
        else:
            yield f"{labels[strategy]} reaches {joined(map(percent, shares))} of {who} in years 1 to {len(shares)}."
    away = tables[f"{KEY}_summary"]
    others = list(dict.fromkeys(away[~away["headline"].astype(bool) & away["difference"].ne(0)]["payer"]))
    if others:
        yield f"What falls on others ({joined(map(plain, others))}) stands apart and is not part of these sums."
    if f"{KEY}_set_up" in tables:
        weak = [r for r in records(tables[f"{KEY}_set_up"]) if r["status"] in UNSUPPORTED]
        if weak:
            told = joined(f"{QUOTES[0]}{r['label']}{QUOTES[1]} ({r['status']})" for r in weak)
            yield f"Set-up costs that rest on no published figure: {told}."


def _warnings(scenario: Scenario) -> Iterator[str]:
    """Cohorts that end before the budget does."""
    asked = scenario.analyses.budget_impact
    assert asked is not None
    for cohort in scenario.model.cohorts.values():
        years = float(sum(s.length * s.count for s in cohort.stretches))
        if years < asked.years:
            yield (
                f"The cohort {cohort.label or plain(cohort.name)} ends after {number(years)} years, before the "
                f"{asked.years} years of the budget: what comes later is counted as nothing."
            )


def _scale(scenario: Scenario, values: pd.Series) -> tuple[float, str, int]:
    largest = float(values.abs().max()) if len(values) else 0.0
    size, word, places = next(s for s in SCALES if largest >= s[0] or s[0] == 1.0)
    return size, f"{word}{currency_sign(scenario.model.about['currency']).strip()}", places


def _amount(value: float, size: float, places: int) -> Cell:
    shown = round(value / size, places)
    if not shown and abs(value) > size * NOTHING:  # something, if little
        smallest = f"{10**-places:.{places}f}"
        return Cell(f"<{smallest}" if value > 0 else f">{MINUS}{smallest}")
    return Cell(fixed(shown, places))


def _component(component: str) -> str:
    return "Not split" if component == UNSPLIT else as_sentence(component)


def _difference(scenario: Scenario, tables: Tables, pair: str, ending: str) -> Grid:
    """Difference by component and year, headline payers first."""
    table = tables[KEY]
    table = table[table["world"] == "difference"]
    years = list(dict.fromkeys(table["year"]))
    size, unit, places = _scale(scenario, table["amount"])
    summary = tables[f"{KEY}_summary"]
    groups = []
    several = bool((~summary["headline"].astype(bool) & summary["difference"].ne(0)).any())
    for headline, payer in dict.fromkeys(zip(summary["headline"], summary["payer"], strict=True)):
        members = scenario.settings.perspectives if headline else [payer]
        part = table[table["payer"].isin(members)]
        rows = []
        for component, own in dict.fromkeys(zip(part["component"], part["payer"], strict=True)):
            values = list(part[(part["component"] == component) & (part["payer"] == own)]["amount"])
            if any(values):
                name = _component(component) + (f" ({plain(own)})" if len(members) > 1 else "")
                rows.append(Row(name, _cells([*values, sum(values)], size, places)))
        sums = summary[summary["payer"] == payer]
        net = list(sums["difference"])
        if not headline and not any(net):
            continue
        rows.append(Row("Net difference", _cells([*net, sum(net)], size, places), True))
        so_far = [_amount(v, size, places) for v in sums["cumulative"]]
        rows.append(Row("Cumulative", (*so_far, Cell(""))))
        title = (
            "" if not several else "Headline: " + joined(map(plain, members)) if headline else f"Apart: {plain(payer)}"
        )
        groups.append(Group(title, tuple(rows)))
    columns = (Column("Component", False), *(Column(f"Year {y}") for y in years), Column("All years"))
    caption = f"Budget impact by component, {pair} (difference, {unit}, undiscounted)"
    note = f"{_prices(scenario)} A minus sign is a cost avoided. Components that do not change are left out."
    return Grid(f"table-budget-impact{ending.replace('_', '-')}", caption, columns, tuple(groups), f"{KEY}.csv", note)


def _cells(values: list[float], size: float, places: int) -> tuple[Cell, ...]:
    return tuple(_amount(v, size, places) for v in values)


def _prices(scenario: Scenario) -> str:
    return f"{as_sentence(price_year(scenario.model.about))}."


def _worlds(scenario: Scenario, tables: Tables, pair: str, ending: str) -> Grid:
    """The two worlds beside each other, year by year."""
    rows = records(_headline(tables[f"{KEY}_summary"]))
    kinds = (("without", "Without"), ("with", "With"), ("difference", "Difference"), ("cumulative", "Cumulative"))
    size, unit, places = _scale(scenario, pd.Series([r[k] for r in rows for k, _ in kinds]))
    body = []
    for r in rows:
        entering = [Cell(number(r[k], 6)) for k in ("births", "births_new")]
        body.append(Row(f"Year {r['year']}", (*entering, *(_amount(r[k], size, places) for k, _ in kinds))))
    who = "Births" if scenario.model.about["basis"] == "birth" else "Patients"
    columns = (
        Column("Year", False), Column(who), Column("of these, new strategy"), *(Column(text) for _, text in kinds),
    )  # fmt: skip
    caption = f"Budget without and with the new strategy, {pair} ({unit}, undiscounted)"
    note = f"{_prices(scenario)} Cohorts born from year 1 on, headline payers."
    return Grid(f"table-budget-worlds{ending.replace('_', '-')}", caption, columns, (Group("", tuple(body)),),
                f"{KEY}_summary.csv", note)  # fmt: skip


def _draws(scenario: Scenario, tables: Tables, pair: str, ending: str) -> Grid:
    """Net difference of each year over the draws."""
    table = tables[f"{KEY}_psa"]
    rows = records(table)
    size, unit, places = _scale(scenario, table[["low95", "high95", "cumulative_high95"]].abs().max(axis=1))
    tested = bool(table["above_test"].notna().any())
    body = []
    for r in rows:
        cells = [_amount(r["mean"], size, places), _interval(r, "", size, places)]
        cells += [_amount(r["cumulative"], size, places), _interval(r, "cumulative_", size, places)]
        body.append(
            Row(
                f"Year {r['year']}",
                (
                    *cells,
                    *([_above(r["above_test"])] if tested else []),
                ),
            )
        )
    heads = ["Mean difference", "95% interval", "Cumulative", "95% interval"] + (["Above the test"] if tested else [])
    caption = f"Net difference over {rows[0]['draws']:,} draws, {pair} ({unit}, undiscounted)"
    note = f"{_prices(scenario)} Headline payers. Births, roll-out and set-up costs written in the config do not vary."
    columns = (Column("Year", False), *(Column(h) for h in heads))
    return Grid(f"table-budget-draws{ending.replace('_', '-')}", caption, columns, (Group("", tuple(body)),),
                f"{KEY}_psa.csv", note)  # fmt: skip


def _above(found: float) -> Cell:
    """Share of the draws above the amount of the test; empty in years that it does not look at."""
    return Cell(share(found) if found == found else "")


def _interval(row: Mapping[str, Any], of: str, size: float, places: int) -> Cell:
    return Cell(" to ".join(_amount(row[f"{of}{end}"], size, places).text for end in ("low95", "high95")))


def _counts(tables: Tables, new: str, pair: str, ending: str) -> Grid:
    """Births and events by year, in the world with the new strategy and as a difference."""
    table = tables[f"{KEY}_counts"]
    years = list(dict.fromkeys(table["year"]))
    groups = []
    for world, title in (("with", f"With {in_sentence(new)}"), ("difference", "Difference")):
        rows = []
        for item, label, unit in dict.fromkeys(zip(table["item"], table["label"], table["unit"], strict=True)):
            mine = table[table["item"] == item]
            values = rounded_away([*mine[world], *mine["with"]])[: len(years)]
            if any(values):
                name = CLASS_LABELS.get(item, label)
                shown = name if unit in ("births", "") or unit.lower() in name.lower() else f"{name} ({unit})"
                rows.append(Row(shown, tuple(Cell(number(v, 3)) for v in values)))
        groups.append(Group(title, tuple(rows)))
    columns = (Column("Number a year", False), *(Column(f"Year {y}") for y in years))
    return Grid(f"table-budget-counts{ending.replace('_', '-')}", f"Births and events by year, {pair}", columns,
                tuple(g for g in groups if g.rows), f"{KEY}_counts.csv")  # fmt: skip


def _set_up(scenario: Scenario, table: pd.DataFrame, labels: Mapping[str, str]) -> Grid:
    """Set-up costs with what they rest on."""
    body = []
    for r in records(table):
        rests = "; ".join(t for t in (r["status"], r["source"], r["note"]) if t)
        when = "every year" if r["years"] == "every" else f"year {', '.join(str(r['years']).split())}"
        whose = joined(labels[s] for s in str(r["strategies"]).split())
        cells = (_money(scenario, r["amount"]), when, plain(r["payer"]), r["component"], whose, rests)
        body.append(Row(r["label"], tuple(map(Cell, cells))))
    heads = ("Due in", "Payer", "Component", "Strategy", "Rests on")
    columns = (Column("Cost of the programme", False), Column("Amount"), *(Column(h, False) for h in heads))
    caption = "Set-up and fixed costs, whatever the number of births"
    return Grid("table-budget-set-up", caption, columns, (Group("", tuple(body)),), f"{KEY}_set_up.csv",
                "Each amount falls due in each year named.")  # fmt: skip
