"""A panel as plain text for the terminal."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from nbsmodel.config.panel_parts import Panel
from nbsmodel.report.panel_words import PanelWords
from nbsmodel.run.show import number, text_table

#: Conditions shown; of more, those with the largest marginal net benefit in absolute terms.
MOST = 30


def panel_for_people(panel: Panel, tables: dict[str, pd.DataFrame]) -> str:
    """What each condition adds, what all give together, and which are worth having."""
    first, effect, about = panel.settings.thresholds[0], panel.settings.effect, panel.about
    inc, benefit = f"inc_{effect}", f"inmb_{first:g}"
    label = next(iter(panel.conditions.values())).own.model.outcomes[effect].label
    head = ["Against no screening", f"Cost ({about['currency']})", label, "ICER", "Cases a year",
            f"Net benefit at {number(first)}"]  # fmt: skip
    table = tables["panel_marginal"]
    shown = table.iloc[sorted(table[benefit].abs().sort_values(ascending=False, kind="stable").index[:MOST])]
    rows = [_row(f"adding {r['label']}", r, inc, benefit) for r in shown.to_dict("records")]
    together = tables["panel"].set_index("option").loc["all"].to_dict()
    rows.append(_row("all together, shared test paid", together, inc, benefit))
    parts = [
        *(f"Illustration: {text}" for text in PanelWords(panel, tables).illustrations()),
        panel.title,
        f"Discounted, per {about['basis']}, {about['currency']} {about['price_year']}",
        "",
        text_table(head, rows),
        "",
        *(_best(r, panel) for r in tables["panel_best"].to_dict("records")),
    ]
    if len(shown) < len(table):
        parts.append(f"{len(table) - len(shown)} more conditions are in panel_marginal.csv")
    return "\n".join(parts)


def _row(name: str, row: Mapping[Hashable, Any], inc: str, benefit: str) -> list[str]:
    ratio = number(row["icer"]) if row["quadrant"] == "north-east" else row["quadrant"]
    return [name, number(row["inc_cost"]), number(row[inc]), ratio, number(row["cases_found_per_year"]),
            number(row[benefit])]  # fmt: skip


def _best(row: Mapping[Hashable, Any], panel: Panel) -> str:
    lead = f"Best at {number(row['threshold'])}: "
    if not row["number"]:
        return f"{lead}no screening"
    if row["number"] == len(panel.conditions):
        return f"{lead}all conditions, net benefit {number(row['inmb'])}"
    names = row["conditions"].split("; ")
    listed = ", ".join(panel.conditions[n].label for n in names[:6]) + (", ..." if len(names) > 6 else "")
    return f"{lead}{listed} ({row['number']} of {len(panel.conditions)}), net benefit {number(row['inmb'])}"
