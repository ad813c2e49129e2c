"""Tables of the report on the probabilistic analysis."""

from __future__ import annotations

from nbsmodel.model.parts import COST, LIFE_YEARS, QALY
from nbsmodel.report.format import (
    MINUS,
    as_sentence,
    decimals_for,
    fixed,
    money_decimals,
    number,
    plain,
    records,
    share,
)
from nbsmodel.report.report_tables import QUADRANTS, Cell, Column, Grid, Group, Row
from nbsmodel.report.sections.psa_words import CASE, NMB, PsaWords, Record

IN_BRACKETS = "In brackets: Monte Carlo standard errors, which fall as more draws are taken."


def summary_grid(words: PsaWords) -> Grid:
    """Means, 95% intervals and base values, strategy by strategy and as differences."""
    groups = [_group(words, name, None, words.basis) for name in _outcomes(words)]
    groups += [_group(words, NMB, t, words.basis) for t in words.shown if words.others]
    caption = f"Means over the draws per {words.basis}, discounted, beside the run at base values"
    note = (
        "95% intervals are those of the uncertainty of the parameters: 2.5% of the draws lie below and 2.5% above. "
        f"In bold: mean and base value differ by more than 1.96 standard errors. {IN_BRACKETS}{words.elsewhere}"
    )
    return Grid("table-psa", caption, _columns("Quantity"), tuple(groups), "psa_summary.csv", note)


def case_grid(words: PsaWords) -> Grid | None:
    """Differences per child with the condition."""
    if not words.others or (words.tables["psa_summary"]["per"] != CASE).all():
        return None
    groups = [_group(words, name, None, CASE) for name in _outcomes(words)]
    groups += [_group(words, NMB, t, CASE) for t in words.shown]
    note = (
        "Means are ratios of the means per birth: what all births differ in, shared among the affected. Intervals are "
        f"those of the ratio in each draw. {IN_BRACKETS}{words.elsewhere}"
    )
    caption = "Differences per affected birth over the draws, discounted, beside the run at base values"
    return Grid("table-psa-case", caption, _columns("Difference"), tuple(groups), "psa_summary.csv", note)


def _outcomes(words: PsaWords) -> list[str]:
    table = words.tables["psa_summary"]
    used = set(table.loc[(table["mean"] != 0) | (table["base"] != 0), "quantity"])
    return [o for o in dict.fromkeys((COST, words.effect, QALY, LIFE_YEARS)) if o in used]


def _columns(first: str) -> tuple[Column, ...]:
    return (
        Column(first, False), Column("Mean"), Column("95% interval"), Column("Base values"), Column("Mean less base"),
    )  # fmt: skip


def _group(words: PsaWords, quantity: str, threshold: float | None, per: str) -> Group:
    rows = [] if per == CASE or quantity == NMB else words.summary(quantity, threshold, per, increment=False)
    rows = rows + words.summary(quantity, threshold, per)
    is_money = quantity in (COST, NMB)
    values = [r[k] for r in rows for k in ("mean", "base", "low95", "high95")]
    places = money_decimals(values) if is_money else decimals_for([r["mean"] for r in rows], 3, 2)
    body = tuple(Row(_head(words, r), tuple(_cells(r, places))) for r in rows)
    if quantity == NMB:
        assert threshold is not None
        return Group(f"Incremental net monetary benefit at {words.at(threshold)} ({words.currency})", body)
    outcome = words.model.outcomes[quantity]
    return Group(f"{outcome.label} ({outcome.unit})", body)


def _head(words: PsaWords, row: Record) -> str:
    name = words.labels[row["strategy"]]
    return f"{name} {MINUS} {words.labels[row['against']]}" if row["against"] else name


def _cells(row: Record, places: int) -> list[Cell]:
    low, high = (fixed(row[k], places) for k in ("low95", "high95"))
    gap = fixed(row["difference"], places) if row["difference"] else "0"
    interval = f"{low} to {high}" if low and high else ""
    return [
        Cell(fixed(row["mean"], places), error=fixed(row["se"], places) if row["se"] else ""), Cell(interval),
        Cell(fixed(row["base"], places)), Cell(gap, bool(row["nonlinear"])),
    ]  # fmt: skip


def quadrant_grid(words: PsaWords) -> Grid:
    """Share of the draws in each quadrant."""
    table = words.tables["quadrants"]
    kinds = list(dict.fromkeys(table["quadrant"]))
    found = {(r["strategy"], r["quadrant"]): r for r in records(table)}
    body = []
    for strategy in words.others:
        rows = [found.get((strategy, kind)) for kind in kinds]
        cells = (Cell("0%") if r is None else Cell(share(r["share"]), error=_points(r["share_se"])) for r in rows)
        body.append(Row(words.labels[strategy], tuple(cells)))
    columns = (Column("Strategy", False), *(Column(as_sentence(QUADRANTS.get(k, k))) for k in kinds))
    caption = f"Where the draws lie against {words.labels[words.comparator]}: share of the draws"
    return Grid("table-quadrants", caption, columns, (Group("", tuple(body)),), "quadrants.csv", IN_BRACKETS)


def ceac_grid(words: PsaWords) -> Grid:
    """Acceptability, expected net benefit and expected loss at the thresholds of the analysis."""
    groups = []
    every = [r for t in words.shown for r in words.ceac(t)]
    places, loss_places = (money_decimals([r[k] for r in every]) for k in ("mean_nmb", "expected_loss"))
    for threshold in words.shown:
        body = tuple(
            Row(
                words.labels[r["strategy"]],
                (
                    Cell(share(r["probability"]), error=_points(r["probability_se"])),
                    Cell(fixed(r["mean_nmb"], places), bool(r["frontier"]), _error(r["mean_nmb_se"], places)),
                    Cell(_amount(r["expected_loss"], loss_places), error=_error(r["expected_loss_se"], loss_places)),
                ),
            )
            for r in words.ceac(threshold)
        )
        groups.append(Group(words.at(threshold), body))
    columns = (
        Column("Strategy", False), Column("Probability of the highest net benefit"),
        Column(f"Expected net monetary benefit ({words.currency})"), Column(f"Expected loss ({words.currency})"),
    )  # fmt: skip
    note = f"In bold: the highest expected net benefit, the best choice on average. {IN_BRACKETS}{words.elsewhere}"
    caption = f"Choosing between the strategies, per {words.basis}"
    return Grid("table-ceac", caption, columns, tuple(groups), "ceac.csv", note)


def frontier_grid(words: PsaWords) -> Grid | None:
    """Strategies in frontier order by their means, with ICERs and their errors."""
    if len(words.labels) < 3:
        return None  # the summary has it all
    rows = records(words.tables["psa_cea"])
    inc = f"inc_{words.effect}"
    costs, ratios = (money_decimals([r[k] for r in rows]) for k in ("cost", "icer"))
    places = decimals_for([r[words.effect] for r in rows], 4, 2)
    body = []
    for r in rows:
        by = joined_names(words, r["comparator"])
        status = r["status"] if r["status"] == "frontier" and not by else f"{r['status']}{_by(r['status'])}{by}"
        cells = [Cell(fixed(r["cost"], costs)), Cell(fixed(r[words.effect], places))]
        cells += [Cell(fixed(r["inc_cost"], costs)), Cell(fixed(r[inc], places))]
        cells += [Cell(fixed(r["icer"], ratios), error=_error(r["icer_se"], ratios)), Cell(status)]
        body.append(Row(words.labels[r["strategy"]], tuple(cells)))
    label = words.model.outcomes[words.effect].label
    columns = (
        Column("Strategy", False), Column("Cost"), Column(label), Column("Incr. cost"),
        Column(f"Incr. {words.effects}"), Column(f"ICER ({words.currency} per {words.unit})"), Column("Status", False),
    )  # fmt: skip
    note = (
        "ICERs are ratios of means. Along the frontier each is the threshold from which on that strategy has the "
        f"highest expected net benefit. {IN_BRACKETS}"
    )
    caption = f"Incremental comparison of the means over the draws, per {words.basis}, in {words.currency}"
    return Grid("table-psa-cea", caption, columns, (Group("", tuple(body)),), "psa_cea.csv", note)


def joined_names(words: PsaWords, names: str) -> str:
    """Labels of one name, or of two joined by ``and`` as the tables write them."""
    if names in words.labels:
        return words.labels[names]
    return " and ".join(words.labels[n] for n in names.split(" and ") if n)


def _by(status: str) -> str:
    return {"frontier": ", against ", "no difference": " from "}.get(status, " by ")


def evpi_grid(words: PsaWords) -> Grid:
    """Value of perfect information at the thresholds of the analysis."""
    heads = {"evpi": f"Per {words.basis}", "per_case": "Per affected birth", "per_year": "A year",
             "population": "For all births of the horizon"}  # fmt: skip
    rows = [words.evpi(t) for t in words.thresholds]
    shown = [k for k in heads if rows[0][k] == rows[0][k]]
    places = {k: money_decimals([r[k] for r in rows]) for k in shown}
    body = tuple(
        Row(
            words.sum_of(r["threshold"]),
            tuple(Cell(_amount(r[k], places[k]), error=_error(r[f"{k}_se"], places[k])) for k in shown),
        )
        for r in rows
    )
    columns = (
        Column(f"Threshold, per {words.unit}", False),
        *(Column(f"{heads[k]} ({words.currency})") for k in shown),
    )
    caption = "Expected value of perfect information"
    return Grid("table-evpi", caption, columns, (Group("", body),), "evpi.csv", IN_BRACKETS)


def alternative_grid(words: PsaWords) -> Grid | None:
    """Results within each structural alternative."""
    if "psa_alternatives" not in words.tables:
        return None
    psa = words.scenario.analyses.psa
    assert psa is not None
    table, groups = words.tables["psa_alternatives"], []
    places = money_decimals(table["inmb"].dropna())
    for name, part in table.groupby("alternative", sort=False):
        known = psa.alternatives.get(str(name))
        label = known.label if known is not None and known.label else as_sentence(plain(str(name)))
        body = tuple(
            Row(
                f"{words.label(r)}, {words.sum_of(r['threshold'])}",
                (
                    Cell(fixed(r["inmb"], places), error=_error(r["inmb_se"], places)),
                    Cell(share(r["probability"]), error=_points(r["probability_se"])),
                ),
            )
            for r in records(part)
            if r["strategy"] != words.comparator
        )
        groups.append(Group(f"{label}: {int(part['draws'].iloc[0]):,} draws", body))
    columns = (
        Column("At a threshold of", False), Column(f"Incremental net monetary benefit ({words.currency})"),
        Column("Probability of the highest net benefit"),
    )  # fmt: skip
    caption = f"Within each structural alternative, against {words.labels[words.comparator]}, per {words.basis}"
    return Grid("table-psa-alternatives", caption, columns, tuple(groups), "psa_alternatives.csv", IN_BRACKETS)


def _error(value: float, places: int) -> str:
    return fixed(value, places) if value else ""


def _points(value: float) -> str:
    """A standard error or half-width of a share, in percentage points."""
    return number(100 * value, 2) if value else ""


def _amount(value: float, places: int) -> str:
    return fixed(value, places) if value else "0"
