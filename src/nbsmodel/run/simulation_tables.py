"""Tables of simulated children: means with their errors, what differs, distributions, children one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nbsmodel.analysis.children import curve_table, distribution_table, interval
from nbsmodel.analysis.ties import difference
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.result import Result
from nbsmodel.engine.simulation import Z95, SimulationError
from nbsmodel.model.parts import COST

#: Net monetary benefit among the outcomes of ``simulation.csv``.
NMB = "nmb"


def add_errors(tables: dict[str, pd.DataFrame], result: Result) -> None:
    """Put standard errors of simulation into the tables of means and increments, as further columns."""
    error, effect = _error(result), result.settings.effect
    at = {name: i for i, name in enumerate(result.strategies)}
    cea = tables["cea"]
    own = [at[s] for s in cea["strategy"]]
    against = [at.get(c) for c in cea["comparator"]]
    for outcome in [c for c in cea.columns if c in error.outcomes]:
        cea[f"{outcome}_se"] = [_of(error, outcome, s) for s in own]
    for outcome in (COST, effect):
        steps = zip(own, against, cea[f"inc_{outcome}"], strict=True)
        cea[f"inc_{outcome}_se"] = [
            np.nan if b is None or np.isnan(v) else _of(error, outcome, s, b) for s, b, v in steps
        ]
    for threshold in result.settings.thresholds:
        cea[f"nmb_{threshold:g}_se"] = [_of_nmb(error, effect, threshold, s) for s in own]
    pairwise = tables["pairwise"]
    for outcome in (COST, effect):
        pairwise[f"inc_{outcome}_se"] = [_of(error, outcome, at[s], error.comparator) for s in pairwise["strategy"]]
    benefit = tables["net_benefit"]
    rows = list(zip((at[s] for s in benefit["strategy"]), benefit["threshold"], strict=True))
    benefit["nmb_se"] = [_of_nmb(error, effect, t, s) for s, t in rows]
    benefit["inc_nmb_se"] = [_of_nmb(error, effect, t, s, error.comparator) for s, t in rows]
    for column in ("nhb", "inc_nhb"):
        benefit[f"{column}_se"] = benefit[column.replace("nhb", "nmb") + "_se"] / benefit["threshold"]


def simulation_tables(scenario: Scenario, result: Result) -> dict[str, pd.DataFrame]:
    """Tables that only a run with simulated children has.

    Parameters
    ----------
    scenario : Scenario
    result : Result

    Returns
    -------
    dict of str to DataFrame
        By file name without its ending.
    """
    error = _error(result)
    tables = {"simulation": simulation_table(result), "simulation_summary": summary_table(result)}
    if error.events:
        tables["events"] = events_table(result)
    children = error.children
    if children is None:
        return tables
    used = [o for i, o in enumerate(error.outcomes) if children.totals[:, i].any()]
    totals = {o: children.totals[:, error.outcomes.index(o)] for o in used}
    tables["distribution"] = distribution_table(totals, error.strategies, result.model.comparator)
    drawn = {o: totals[o] for o in dict.fromkeys((COST, result.settings.effect)) if o in totals}
    if drawn:
        tables["distribution_curves"] = curve_table(drawn, error.strategies)
    if scenario.children:
        tables["children"] = children_table(result, totals)
    return tables


def events_table(result: Result) -> pd.DataFrame:
    """Outcomes that count events, as they add up: who has reached a state by a time, per simulated child."""
    error = _error(result)
    parts = []
    for (cohort, outcome), curve in error.events.items():
        times = result.grids[cohort].times
        for s, strategy in enumerate(error.strategies):
            frame = {"strategy": strategy, "cohort": cohort, "outcome": outcome, "cycle": np.arange(len(times))}
            parts.append(pd.DataFrame({**frame, "time": times, "so_far": curve[0, s]}))
    return pd.concat(parts, ignore_index=True)


def simulation_table(result: Result) -> pd.DataFrame:
    """Every discounted mean and increment with its standard error and interval, net benefit included."""
    error, base = _error(result), _error(result).comparator
    effect = result.settings.effect
    rows = []
    for outcome in error.outcomes:
        means = result.by_strategy(outcome)[0]
        for s, strategy in enumerate(error.strategies):
            step = [] if s == base else [difference(means[s], means[base]), _of(error, outcome, s, base)]
            unit = result.model.outcomes[outcome].unit
            rows.append([strategy, outcome, np.nan, *_row(means[s], _of(error, outcome, s), step), unit])
    cost, gained = result.by_strategy(COST)[0], result.by_strategy(effect)[0]
    for threshold in result.settings.thresholds:
        nmb = threshold * gained - cost
        for s, strategy in enumerate(error.strategies):
            own = _of_nmb(error, effect, threshold, s)
            step = [] if s == base else [difference(nmb[s], nmb[base]), _of_nmb(error, effect, threshold, s, base)]
            rows.append([strategy, NMB, threshold, *_row(nmb[s], own, step), result.model.about["currency"]])
    columns = [
        "strategy", "outcome", "threshold", "mean", "se", "low95", "high95", "increment", "increment_se",
        "increment_low95", "increment_high95", "unit",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(basis=result.model.about["basis"])


def summary_table(result: Result) -> pd.DataFrame:
    """What was simulated: a row a strategy, with the children who differ from the comparator."""
    error, settings = _error(result), result.settings
    alone = len(error.strategies) == 1
    rows = []
    for s, strategy in enumerate(error.strategies):
        width = np.nan
        if s != error.comparator or alone:
            against = None if alone else error.comparator
            width = Z95 * _of_nmb(error, settings.effect, settings.thresholds[0], s, against)
        rows.append(
            [
                strategy, error.individuals, error.seed, float(error.mass[0, s]),
                int(error.rerouted[s]), int(error.differ[s]), width, error.asked.half_width or np.nan,
            ]
        )  # fmt: skip
    columns = [
        "strategy", "individuals", "seed", "share_simulated", "rerouted", "differ", "inmb_half_width",
        "half_width_asked",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def children_table(result: Result, totals: dict[str, Any]) -> pd.DataFrame:
    """The kept children one by one: attributes, leaf and discounted totals under every strategy."""
    error = _error(result)
    children = error.children
    assert children is not None
    leaves = np.array(children.leaves, dtype=object)
    columns: dict[str, Any] = {"individual": np.arange(children.leaf.shape[1])} | dict(children.attributes)
    for s, strategy in enumerate(error.strategies):
        columns[f"leaf_{strategy}"] = leaves[children.leaf[s]]
        columns |= {f"{outcome}_{strategy}": own[s] for outcome, own in totals.items()}
    return pd.DataFrame(columns)


def _error(result: Result) -> SimulationError:
    assert result.simulation is not None
    return result.simulation


def _of(error: SimulationError, outcome: str, strategy: int, against: int | None = None) -> float:
    if against is None:
        return float(error.of_mean(outcome, strategy)[0])
    return float(error.of_increment(outcome, strategy, against)[0])


def _of_nmb(
    error: SimulationError, effect: str, threshold: float, strategy: int, against: int | None = None
) -> float:  # fmt: skip
    return float(error.of_net_benefit(effect, threshold, strategy, against)[0])


def _row(mean: float, own: float, step: list[float]) -> list[float]:
    """Mean, error and interval, then the same of the increment; empty for the comparator."""
    change = [*step, *interval(*step)] if step else [np.nan] * 4
    return [mean, own, *interval(mean, own), *change]
