"""The tables of a run, as its output folder holds them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nbsmodel.analysis.incremental import incremental_table, net_benefit_table, pairwise_table
from nbsmodel.analysis.screening import CLASSES, detection_table, programme_table
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.ledger import BOTH
from nbsmodel.engine.result import Result
from nbsmodel.model.parts import LIFE_YEARS
from nbsmodel.run.perspective_tables import perspectives_table
from nbsmodel.run.simulation_tables import add_errors, simulation_tables
from nbsmodel.run.tiers import cleared_shares, tiers_table

TREE_ROW = "(tree)"


def make_tables(scenario: Scenario, result: Result) -> dict[str, pd.DataFrame]:
    """All tables of a run at base values.

    Parameters
    ----------
    scenario : Scenario
    result : Result
        Evaluated with traces, and with detail where the engine has it.

    Returns
    -------
    dict of str to DataFrame
        By file name without its ending.
    """
    tables = {
        "cea": cea_table(result),
        "pairwise": _pairwise(result),
        "net_benefit": _net_benefit(result),
        "outcomes": outcomes_table(result),
        "trace": trace_table(result),
        "paths": result.paths(),
        "parameters": parameter_table(scenario),
        "derived": derived_table(result),
        "changes": pd.DataFrame(
            [[c.key, c.old, c.new, c.place] for c in scenario.changes], columns=["key", "old", "new", "place"]
        ),
        "departures": pd.DataFrame(
            [[*departure, scenario.reasons.get(departure[0], "")] for departure in scenario.departures()],
            columns=["setting", "reference_case", "used", "reason"],
        ),
    }
    perspectives = perspectives_table(scenario, result)
    if perspectives is not None:
        tables["perspectives"] = perspectives
    if result.simulation is None:
        tables["state_table"] = state_table(result)
    else:
        add_errors(tables, result)
        tables |= simulation_tables(scenario, result)
    classes = {name: result.class_probability(name)[0] for name in CLASSES}
    if any(p.any() for p in classes.values()):
        births = None if result.births is None else float(result.births[0])
        tables["screening"] = detection_table(result.strategies, classes, births)
        tables["programme"] = programme_table(
            result.strategies, classes, result.case_probability()[0], births, _totals(result), result.model.comparator,
            cleared_shares(result),
        )  # fmt: skip
    tiers = tiers_table(result)
    if tiers is not None:
        tables["tiers"] = tiers
    return tables


def cea_table(result: Result) -> pd.DataFrame:
    """A row a strategy in frontier order; costs and effects discounted, per unit of the basis."""
    effect = result.settings.effect
    cost, gained = result.by_strategy("cost")[0], result.by_strategy(effect)[0]
    table = incremental_table(result.strategies, cost, gained)
    table = table.rename(columns={"effect": effect, "inc_effect": f"inc_{effect}"})
    index = [result.strategies.index(s) for s in table["strategy"]]
    front = ["strategy", "cost"]
    for outcome in dict.fromkeys(("qaly", LIFE_YEARS, effect)):
        table[outcome] = result.by_strategy(outcome)[0][index]
        front.append(outcome)
    table = table[[*front, "inc_cost", f"inc_{effect}", "icer", "status", "comparator"]]
    for threshold in result.settings.thresholds:
        table[f"nmb_{threshold:g}"] = threshold * table[effect] - table["cost"]
    return table


def _pairwise(result: Result) -> pd.DataFrame:
    cost, gained = result.by_strategy("cost")[0], result.by_strategy(result.settings.effect)[0]
    table = pairwise_table(result.strategies, cost, gained, result.model.comparator)
    return table.rename(columns={"inc_effect": f"inc_{result.settings.effect}"})


def _net_benefit(result: Result) -> pd.DataFrame:
    cost, gained = result.by_strategy("cost")[0], result.by_strategy(result.settings.effect)[0]
    return net_benefit_table(result.strategies, cost, gained, result.model.comparator, result.settings.thresholds)


def outcomes_table(result: Result) -> pd.DataFrame:
    """Tidy: every outcome by component and perspective, discounted and undiscounted."""
    everything = sorted({account.perspective for account, _ in result.sums})
    rows = []
    for s, strategy in enumerate(result.strategies):
        for account in result.accounts(everything):
            for discounted in (True, False):
                value = result.sums[account, discounted][0, s]
                unit = result.model.outcomes[account.outcome].unit
                row = [strategy, account.outcome, account.component, account.perspective, discounted, value, unit]
                rows.append([*row, result.model.about["basis"]])
    columns = ["strategy", "outcome", "component", "perspective", "discounted", "value", "unit", "basis"]
    return pd.DataFrame(rows, columns=columns)


def trace_table(result: Result) -> pd.DataFrame:
    """Occupancy as a share of all births (or patients); time in years since entry to the cohort."""
    parts = []
    for name, trace in result.traces.items():
        states, times = result.states(name), result.grids[name].times
        for s, strategy in enumerate(result.strategies):
            rows, k = trace[0, s].shape
            parts.append(
                pd.DataFrame(
                    {
                        "strategy": strategy,
                        "cohort": name,
                        "cycle": np.repeat(np.arange(rows), k),
                        "time": np.repeat(times, k),
                        "state": np.tile(states, rows),
                        "occupancy": trace[0, s].ravel(),
                    }
                )
            )
    columns = ["strategy", "cohort", "cycle", "time", "state", "occupancy"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def state_table(result: Result) -> pd.DataFrame:
    """Every amount by strategy, cohort, cycle and state; columns add up to the headline.

    Branch payoffs of the tree stand in rows of the cohort ``(tree)``.
    """
    outcomes = [o for o in result.model.outcomes if any((o, d) in _all_keys(result) for d in BOTH)]
    columns = [o if d else f"{o}_undiscounted" for o in outcomes for d in (True, False)]
    parts = []
    for name, detail in result.details.items():
        states, times = result.states(name), result.grids[name].times
        for s, strategy in enumerate(result.strategies):
            amounts = {
                c: detail.amounts.get((o, d), np.zeros(detail.shape))[:, :, s].ravel()
                for c, (o, d) in zip(columns, [(o, d) for o in outcomes for d in (True, False)], strict=True)
            }
            rows, k = detail.shape[:2]
            frame = pd.DataFrame(
                {
                    "strategy": strategy,
                    "cohort": name,
                    "cycle": np.repeat(np.arange(rows), k),
                    "time": np.repeat(times, k),
                    "state": np.tile(states, rows),
                    **amounts,
                }
            )
            parts.append(frame[(frame[columns] != 0).any(axis=1)])
    tree = _tree_rows(result, outcomes, columns)
    return pd.concat([*parts, tree], ignore_index=True)


def _all_keys(result: Result) -> set[tuple[str, bool]]:
    return {(a.outcome, d) for a, d in result.sums if a in result.accounts()}


def _tree_rows(result: Result, outcomes: list[str], columns: list[str]) -> pd.DataFrame:
    """What the tree paid: the totals booked on its branches."""
    rows = []
    for strategy in result.strategies:
        row: dict[str, object] = {"strategy": strategy, "cohort": TREE_ROW, "cycle": 0, "time": 0.0, "state": TREE_ROW}
        s = result.strategies.index(strategy)
        for column, (o, d) in zip(columns, [(o, d) for o in outcomes for d in (True, False)], strict=True):
            row[column] = float(result.tree_sums.get((o, d), np.zeros((1, len(result.strategies))))[0, s])
        rows.append(row)
    return pd.DataFrame(rows)


def parameter_table(scenario: Scenario) -> pd.DataFrame:
    """Every parameter in its own price year: value used, distribution, source, status, and how it is uprated.

    ``factor`` is what formulas multiply it by and ``uprated`` the product; both are empty without an index.
    """
    table = scenario.model.parameters
    groups = {name: (g, i) for g in table.groups for i, name in enumerate(g.members)}
    rows = []
    for name, p in table.rows.items():
        used = scenario.overrides.get(name, p.value)
        mean = low = high = np.nan
        if p.distribution is not None:
            mean = float(p.distribution.mean())
        elif name in groups:
            group, i = groups[name]
            mean = float(np.ravel(group.mean())[i])
        if p.uncertain:
            low, high = map(float, table.quantile(name, np.array([0.025, 0.975])))
        status = "scenario" if name in scenario.overrides and used != p.value else p.status
        one = scenario.model.prices.uprated.get(name)
        factor = np.nan if one is None else one.factor
        rows.append(
            [name, p.label, used, p.value, p.unit, p.distribution_text, mean, low, high, "; ".join(p.sources), status,
             p.price_year, p.index, "" if one is None else one.vintage, factor, used * factor, p.note]
        )  # fmt: skip
    columns = [
        "name", "label", "value", "base_value", "unit", "distribution", "mean", "low95", "high95", "source", "status",
        "price_year", "index", "vintage", "factor", "uprated", "note",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def derived_table(result: Result) -> pd.DataFrame:
    """Derived values: formula, what they vary over, and the value where it is one number."""
    rows = []
    for name, d in result.model.derived.items():
        plain = not d.axes - {"draw", "strategy"} and not result.needs_cohort(name)
        if plain:
            value = np.ravel(np.asarray(result.values[name], dtype=float))
            text = ", ".join(dict.fromkeys(f"{v:.6g}" for v in value))
        else:
            text = ""
        varies = ", ".join(sorted(d.axes - {"draw"}))
        rows.append([name, d.formula.text, varies, text, d.unit, d.note])
    return pd.DataFrame(rows, columns=["name", "formula", "varies_over", "value", "unit", "note"])


def _totals(result: Result) -> dict[str, np.ndarray]:
    found = {}
    for name, outcome in result.model.outcomes.items():
        values = result.by_strategy(name)[0]
        if values.any():
            found[f"{outcome.label} ({outcome.unit})"] = values
    return found
