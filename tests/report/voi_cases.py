"""Tables on the value of information made by hand, on shipped models."""

from __future__ import annotations

import dataclasses as dc

import numpy as np
import pandas as pd
from psa_cases import analysed

from nbsmodel.analysis.evppi import COLUMNS
from nbsmodel.analysis.evsi import COLUMNS as EVSI_COLUMNS
from nbsmodel.analysis.evsi import LIMITS
from nbsmodel.config.analyses import Analyses

#: Values of sets per birth at the first threshold, and their errors; the groups last.
VALUES = {
    "costs_a": (2.0, 0.1), "costs_b": (1.5, 0.2), "share": (0.6, 0.1), "rate": (0.05, 0.04), "nothing": (0.0, 0.0),
    "costs": (2.6, 0.1),
}  # fmt: skip
LABELS = {"costs_a": "Care of children who sit, a year", "costs_b": "Care of children who walk, a year"}
YEARS, BIRTHS, CASES = 8.0, 600_000.0, 1e-4


def evppi_case(model="uk", populated=True, **changes):
    """Scenario and tables with EVPPI; `changes` are columns of the rows of a set, by its name."""
    scenario, tables = analysed(model, 300)
    analyses = Analyses.model_validate({"psa": {}, "evppi": {"groups": {"costs": ["costs_a", "costs_b"]}}})
    scenario = dc.replace(scenario, analyses=analyses)
    rows = []
    for t, threshold in enumerate(scenario.settings.thresholds):
        for name, (value, se) in {"all": (4.0, 0.1), **VALUES}.items():
            value, se = value / 2**t, se / 2**t
            row = dict.fromkeys(COLUMNS, np.nan) | {
                "threshold": threshold, "set": name, "label": LABELS.get(name, name.capitalize()), "parameters": name,
                "evppi": value, "se": se, "estimate": value, "adjusted": "", "method": "spline", "remark": "",
                "share_of_evpi": value / (4.0 / 2**t),
            }  # fmt: skip
            if populated:
                row |= {"per_case": value / CASES, "per_year": value * BIRTHS, "population": value * BIRTHS * YEARS,
                        "population_se": se * BIRTHS * YEARS}  # fmt: skip
            rows.append(row | changes.get(name, {}))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["order"] = [scenario.settings.thresholds.index(t) for t in table["threshold"]]
    table = table.sort_values(["order", "evppi"], ascending=[True, False], kind="stable")
    return scenario, tables | {"evppi": table[COLUMNS].reset_index(drop=True)}


SIZES = [(b, c) for b in (100_000.0, 500_000.0, 1_000_000.0, 2_000_000.0) for c in (10.0, 50.0, 150.0)]


def evsi_case(model="uk", populated=True, priced=True, cost=1e6, scale=1.0, sizes=tuple(SIZES), remark=""):
    """Scenario and tables with EVSI of designs of births and children."""
    scenario, tables = analysed(model, 300)
    others = [s for s in scenario.model.strategy_names if s != scenario.model.comparator]
    block = {
        "data": {"cases": {"informs": "p", "kind": "counts", "of": "births"},
                 "care": {"informs": "c", "kind": "mean", "of": "children", "sd": 3}},
        "designs": [{"births": 1, "years": 1}], "meanwhile": {others[-1]: 0.6},
    }  # fmt: skip
    scenario = dc.replace(scenario, analyses=Analyses.model_validate({"psa": {}, "evsi": block}))
    rows, limits = [], []
    for t, threshold in enumerate(scenario.settings.thresholds):
        part = scale / 2**t
        for i, (births, children) in enumerate(sizes, 1):
            years = births / 400_000
            of = {"cases": 0.2 * births / (births + 5e5), "care": 3 * children / (children + 40)}
            of["all"] = 0.9 * sum(of.values())
            for data, value in of.items():
                value, se = value * part, 0.1 * part
                row = dict.fromkeys(EVSI_COLUMNS, np.nan) | {
                    "threshold": threshold, "design": f"ise_{i}", "years": years, "births_screened": births,
                    "children_followed": children, "data": data, "informs": data, "evsi": value, "se": se,
                    "share_of_evppi": value / (3.5 * part) if part else np.nan, "estimate": value, "adjusted": "",
                    "best": False, "r2": 0.5, "remark": remark,
                }  # fmt: skip
                if populated:
                    row |= {"population": value * BIRTHS * (YEARS - years), "population_se": se * BIRTHS * YEARS}
                    if data == "all" and priced:
                        waiting = 1e5 * years
                        row |= {"cost": cost, "delay_cost": waiting, "net_benefit_se": 3e5 * part,
                                "net_benefit": row["population"] - cost - waiting}  # fmt: skip
                rows.append(row)
        rows.append(
            dict.fromkeys(EVSI_COLUMNS, np.nan)
            | {"threshold": threshold, "design": "no study", "years": 0.0, "data": "", "informs": "", "evsi": 0.0,
               "population": 0.0, "net_benefit": 0.0, "cost": 0.0, "delay_cost": 0.0, "best": False, "remark": ""}
        )  # fmt: skip
        known = {"cases": 0.2, "care": 3.0, "all": 3.1, "everything": 5.0}
        for data, value in known.items():
            value, se = value * part, 0.1 * part
            times = BIRTHS * YEARS if populated else np.nan
            label = {"cases": "Cases among the births screened", "care": "Care costs"}.get(data, data)
            limits.append([threshold, data, label, "", value, se, np.nan, np.nan, value * times, se * times, ""])
    table = pd.DataFrame(rows)
    if populated and priced:
        highest = table.groupby("threshold")["net_benefit"].transform("max")
        table["best"] = table["net_benefit"] == highest
    head = ["threshold", "design", "years", "births_screened", "children_followed"]
    return scenario, tables | {
        "evsi": table[[*head, *EVSI_COLUMNS]],
        "evsi_limits": pd.DataFrame(limits, columns=LIMITS),
    }
