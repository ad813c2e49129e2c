"""Results as plain text for the terminal; the columns paste into a document."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.assumptions import count_unsupported
from nbsmodel.report.format import rounded_away
from nbsmodel.report.perspective_words import longer_life_as_harm
from nbsmodel.report.refused_words import refused_draws


def cea_for_people(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> str:
    """The cost-effectiveness table and, for screening models, the programme table."""
    model, effect = scenario.model, scenario.settings.effect
    cea, illustration = tables["cea"], count_unsupported(scenario).illustration
    labels = {s.name: s.label for s in model.strategies}
    unit = model.outcomes[effect].label
    head = ["Strategy", f"Cost ({model.about['currency']})", unit, "Inc. cost", f"Inc. {unit}", "ICER", "Against"]
    rows = [
        [
            labels[r["strategy"]], *(_with_error(r, c) for c in ("cost", effect, "inc_cost", f"inc_{effect}")),
            number(r["icer"]) if r["status"] == "frontier" else r["status"], _against(r["comparator"], labels),
        ]
        for r in cea.to_dict("records")
    ]  # fmt: skip
    parts = [
        scenario.title,
        f"Discounted, per {model.about['basis']}, {model.about['currency']} {model.about['price_year']}",
        *([_simulated(tables["simulation_summary"])] if "simulation_summary" in tables else []),
        *([f"Illustration: {illustration}"] if illustration else []),
        "",
        text_table(head, rows),
        "",
        *(_pair(r, labels, effect, unit) for r in tables["pairwise"].to_dict("records")),
        *(_net_benefits(scenario, tables["simulation"], labels) if "simulation" in tables else []),
    ]
    if "programme" in tables:
        table = tables["programme"]
        names = [labels[c] for c in table.columns if c in labels]
        others = [s for s in model.strategy_names if s != model.comparator]
        many = len(others) > 1
        head = ["", "Unit", *names, *(f"{labels[s]}, difference" if many else "Difference" for s in others)]
        columns = [c for c in table.columns if c not in ("quantity", "unit")]
        body = [
            [r["quantity"], r["unit"], *(number(v) for v in rounded_away([r[c] for c in columns]))]
            for r in table.to_dict("records")
        ]
        parts += ["", text_table(head, body)]
    parts += [f"\nWarning: {warning}" for warning in longer_life_as_harm(scenario, tables)]
    if refused := refused_draws(scenario, tables):
        parts += ["", f"Warning: {refused}"]
    departures = scenario.departures()
    if departures:
        parts += [
            "",
            "Departs from the reference case: "
            + "; ".join(
                f"{k} {_setting(b)} (reference {_setting(a)}; {scenario.reasons.get(k, 'no reason given')})"
                for k, a, b in departures
            ),
        ]
    return "\n".join(parts)


def _setting(value: object) -> str:
    """A setting as it would be written in a config."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value))
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_setting(v)}" for k, v in value.items())
    return "none" if value is None else str(value)


def _pair(row: dict[Hashable, Any], labels: dict[str, str], effect: str, unit: str) -> str:
    """One strategy against the comparator, as a sentence."""
    gain = row[f"inc_{effect}"]
    verdict = row["quadrant"]
    if not math.isnan(row["icer"]):
        verdict = f"{number(row['icer'])} per {unit.removesuffix('s')} {'gained' if gain > 0 else 'lost (saving)'}"
    names = f"{labels[row['strategy']]} against {labels[row['comparator']]}"
    return f"{names}: cost {_with_error(row, 'inc_cost')}, {unit} {_with_error(row, f'inc_{effect}')}: {verdict}"


def _with_error(row: Mapping[Hashable, Any], column: str) -> str:
    """A number, with its standard error of simulation in brackets where it has one."""
    error = row.get(f"{column}_se", math.nan)
    return number(row[column]) + ("" if math.isnan(error) else f" ({number(float(f'{error:.2g}'))})")


def _simulated(summary: pd.DataFrame) -> str:
    """How the children were simulated, and whether they were enough."""
    row = summary.iloc[0]
    count = row["individuals"]
    text = f"{count:,} child{'ren' if count != 1 else ''} simulated, seed {row['seed']}; in brackets standard errors"
    text += " of simulation, which say nothing about parameters"
    asked, found = summary["half_width_asked"].iloc[0], summary["inmb_half_width"].max()
    if not found > asked:
        return text
    return (
        f"{text}\nNot as precise as asked: half an interval is {number(found)}, not {number(asked)}. Raise individuals"
    )


def _net_benefits(scenario: Scenario, table: pd.DataFrame, labels: dict[str, str]) -> list[str]:
    """Incremental net benefit at the first threshold, with its interval."""
    first = scenario.settings.thresholds[0]
    rows = table[(table["threshold"] == first) & table["increment"].notna()].to_dict("records")
    return [
        f"{labels[r['strategy']]}: incremental net benefit at {number(first)} is "
        f"{_with_error(r, 'increment')}, {_interval(r)}"
        for r in rows
    ]


def _interval(row: Mapping[Any, Any]) -> str:
    """The interval of simulation; a single child has none."""
    low, high = row["increment_low95"], row["increment_high95"]
    if math.isnan(low):
        return "its error of simulation not known from one child"
    return f"95% interval of simulation {number(low)} to {number(high)}"


def _against(comparator: str, labels: dict[str, str]) -> str:
    """The comparator, or the two neighbours of an extendedly dominated strategy."""
    return " and ".join(labels.get(name, name) for name in comparator.split(" and "))


def reproduction_for_people(table: pd.DataFrame) -> str:
    """Published beside ours."""
    parts = []
    for (model, study), rows in table.groupby(["model", "study"], sort=False):
        body = [
            [
                r["quantity"], r["published"] if isinstance(r["published"], str) else number(r["published"]),
                number(r["ours"]), number(r["difference"]), r["verdict"],
            ]
            for r in rows.to_dict("records")
        ]  # fmt: skip
        parts += [f"{model}: {study}", text_table(["Quantity", "Published", "Ours", "Difference", "Verdict"], body), ""]
    counts = table["verdict"].str.partition(":")[0].value_counts()
    parts.append("; ".join(f"{name}: {count}" for name, count in counts.items()))
    return "\n".join(parts)


def number(value: object) -> str:
    """A number as people read it: thousands separated, as many decimals as its size asks for."""
    if not isinstance(value, int | float) or math.isnan(value):
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-6:
        return f"{value:.1e}"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(decimals, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, words to the left and numbers to the right."""
    widths = [max(len(str(line[i])) for line in (head, *rows)) for i in range(len(head))]
    right = [all(_numeric(str(row[i])) for row in rows) for i in range(len(head))]
    lines = []
    for line in (head, ["-" * w for w in widths], *rows):
        cells = [str(c).rjust(w) if r else str(c).ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _numeric(text: str) -> bool:
    text = text.replace(" (", "").removesuffix(")")
    return not text or text.replace(",", "").replace(".", "").replace("e-", "").lstrip("-").isdigit()
