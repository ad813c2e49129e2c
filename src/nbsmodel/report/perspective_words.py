"""What is said of further perspectives, in the report and on the command line."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import LIFE_YEARS, QALY
from nbsmodel.report.format import joined, number, plain, records

#: A choice of this name says how a model counts the loss of those whom a child leaves behind.
BEREAVEMENT = "bereavement"
#: Perspectives whose costs and QALYs may be two counts of one loss.
CARERS, WORK = "carer", "productivity"


def longer_life_as_harm(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A warning for each perspective that loses QALYs while people live longer.

    A decrement that is counted only while a child lives ends with the child's death, so that longer survival looks
    like harm to the family.
    """
    effect = scenario.settings.effect
    if "perspectives" not in tables or effect != QALY:
        return []
    labels = {s.name: s.label for s in scenario.model.strategies}
    basis = scenario.model.about["basis"]
    years = scenario.model.outcomes[LIFE_YEARS].unit
    table = tables["perspectives"]
    per, of = ("affected birth", "_per_case") if "inc_cost_per_case" in table else (basis, "")
    return [
        f"{labels[r['strategy']]} against {labels[r['against']]}: people live longer "
        f"({number(r[f'inc_life_years{of}'], 3)} undiscounted {years} more per {per}), and yet the perspective "
        f"{plain(r['row'])} loses {number(-r[f'inc_{effect}{of}'], 3)} QALYs. A loss that is counted only while a "
        f"child lives ends with its death, so that living longer counts as harm. {_bereaved(scenario)}"
        for r in records(table[table["longer_life_as_harm"]])
    ]


def counted_twice(tables: Mapping[str, pd.DataFrame], effect: str) -> str:
    """A note where carers' QALYs and lost earnings both differ between strategies; empty otherwise."""
    table = tables["perspectives"]
    adds = table[table["kind"] == "adds"]
    carers = adds.loc[adds["row"] == CARERS, f"inc_{effect}"]
    work = adds.loc[adds["row"] == WORK, "inc_cost"]
    if not (carers.any() and work.any()):
        return ""
    return (
        "Rows that hold both carers' QALYs and lost earnings may count one loss twice: a carer's quality of life as "
        "measured may already reflect the income that was given up. Read them as an upper end, or leave one out."
    )


def _bereaved(scenario: Scenario) -> str:
    choice = scenario.model.choices.get(BEREAVEMENT)
    if choice is None:
        return (
            "Let the model count the loss of the bereaved as well: at the death (a payoff on moving to dead) or in "
            f"the years after it (a payoff in dead), best under a choice named {BEREAVEMENT}."
        )
    chosen = scenario.choices[BEREAVEMENT]
    others = [option for option in choice.options if option not in (chosen, "none")]
    also = f"; look at {joined(map(_quoted, others))} as well" if others else ""
    return f"The choice {BEREAVEMENT} stands at {_quoted(chosen)}{also}."


def _quoted(option: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{plain(option)}\N{RIGHT DOUBLE QUOTATION MARK}"
