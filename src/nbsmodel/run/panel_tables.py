"""The tables of a panel, as its output folder holds them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nbsmodel.analysis import acceptability, convergence, psa_summary
from nbsmodel.analysis.panel import (
    ALL,
    ONLY,
    WITHOUT,
    Reading,
    best_table,
    break_even_table,
    marginal_draws_table,
    option_sample,
    options_of,
    reading_columns,
    sum_in_order,
)
from nbsmodel.analysis.screening import detection_table
from nbsmodel.config.panel_parts import Panel
from nbsmodel.config.reference_case import departures
from nbsmodel.report.assumptions import count_unsupported
from nbsmodel.run.analysis_psa import BEYOND
from nbsmodel.run.panel_base import PanelBase
from nbsmodel.run.panel_psa import PanelPsa

OWN_TEST, NOT_SCREENED, SCREENED = "own_test_", "no_screening", "screening"
#: Component of the shared cost.
SHARED = "shared test"


def base_tables(panel: Panel, base: PanelBase) -> dict[str, pd.DataFrame]:
    """Tables at base values, by file name without its ending.

    Parameters
    ----------
    panel : Panel
    base : PanelBase
    """
    thresholds, test = panel.settings.thresholds, panel.asked.shared_test
    results = list(base.results.values())
    return {
        "panel": _options(panel, base),
        "panel_marginal": _marginal(panel, base),
        "panel_best": best_table(base.sample, thresholds),
        "panel_break_even": break_even_table(
            base.sample, thresholds, base.tested, panel.value(test.cost), base.set_up,
            [r.tests for r in results], [r.marginal for r in results],
        ),
        "panel_screening": _screening(base),
        "panel_costs": _costs(base),
        "panel_conditions": _conditions(panel, base),
        "panel_parameters": _parameters(panel),
        "panel_changes": _changes(panel),
        "departures": _departures(panel),
    }  # fmt: skip


def psa_tables(panel: Panel, base: PanelBase, psa: PanelPsa) -> dict[str, pd.DataFrame]:
    """Tables of the probabilistic analysis.

    Parameters
    ----------
    panel : Panel
    base : PanelBase
    psa : PanelPsa
    """
    asked, thresholds, effect = panel.analyses.psa, panel.settings.thresholds, panel.settings.effect
    assert asked is not None
    options = options_of(psa.sample.names)
    sample, at_base = (option_sample(s, options, effect) for s in (psa.sample, base.sample))
    to = BEYOND * max(thresholds) if asked.ceac_to is None else asked.ceac_to
    grid = acceptability.threshold_grid(thresholds, to, asked.ceac_steps)
    run = {"asked": psa.asked, "draws": len(sample), "sampling": asked.sampling, "seed": panel.seed}
    return {
        "panel_psa_run": pd.DataFrame([run]),
        "panel_psa": psa_summary.summary_table(sample, at_base, thresholds, panel.about["basis"]),
        "panel_psa_marginal": marginal_draws_table(psa.sample, base.sample, thresholds),
        "panel_psa_best": best_table(psa.sample, thresholds),
        "ceac": acceptability.acceptability_table(sample, grid),
        "psa_precision": convergence.precision_table(sample, thresholds, None, asked.probability_within),
        "panel_psa_refused": psa.refused,
    }


def write_outcomes(psa: PanelPsa, path: str) -> None:
    """Write what each condition gives in each draw, and what was drawn once for all, as Parquet.

    Columns ``draw, shared_cost``, ``cost_<condition>``, ``effect_<condition>``, and the shared parameters.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sample = psa.sample
    columns = {"draw": sample.draws, "shared_cost": sample.shared}
    for i, name in enumerate(sample.names):
        columns |= {f"cost_{name}": sample.cost[i], f"effect_{name}": sample.effect[i]}
    columns |= {f"parameter_{name}": column for name, column in psa.drawn.items()}
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    pq.write_table(table, path, row_group_size=100_000, write_page_checksum=True)


def _options(panel: Panel, base: PanelBase) -> pd.DataFrame:
    """Every option against no screening: each alone (with its own test, and on the shared one), without each, all."""
    sample, results, shared = base.sample, base.results, float(base.sample.shared[0])
    rows: list[list[object]] = []

    def add(option: str, kind: str, name: str, reading: Reading, found: float) -> None:
        label = results[name].condition.label if name else ""
        rows.append([option, kind, name, label, *reading.row(panel.settings.thresholds),
                     *_yearly(base.births, reading, found)])  # fmt: skip

    every = [results[name].found for name in sample.names]
    total = float(sum_in_order(np.array(every)[:, None])[0])
    for name, result in results.items():
        reading = Reading(result.own_cost, result.own_effect)
        add(f"{OWN_TEST}{name}", "alone, own test", name, reading, result.found)
    for name, result in results.items():
        add(f"{ONLY}{name}", "alone on the shared test", name, Reading(result.cost + shared, result.effect),
            result.found)  # fmt: skip
    for name, result in results.items():
        cost, effect = (float(v[0]) for v in sample.option(f"{WITHOUT}{name}"))
        found = total - result.found if len(results) > 1 else 0.0
        add(f"{WITHOUT}{name}", "all but this", name, Reading(cost, effect), found)
    cost, effect = (float(v[0]) for v in sample.option(ALL))
    add(ALL, "all", "", Reading(cost, effect), total)
    readings = reading_columns(panel.settings.effect, panel.settings.thresholds)
    return pd.DataFrame(rows, columns=["option", "kind", "condition", "label", *readings, *_YEARLY])


_YEARLY = ["cost_per_year", "effect_per_year", "cases_found_per_year"]


def _yearly(births: float | None, reading: Reading, found: float) -> list[float]:
    if births is None:
        return [np.nan] * 3
    return [births * reading.cost, births * reading.effect, births * found]


def _marginal(panel: Panel, base: PanelBase) -> pd.DataFrame:
    """What adding each condition to all others costs and gives."""
    rows: list[list[object]] = []
    for i, (name, r) in enumerate(base.results.items()):
        cost, effect = (float(v[0]) for v in base.sample.marginal(i))
        reading = Reading(cost, effect)
        rows.append(
            [name, r.condition.label, *reading.row(panel.settings.thresholds), *_yearly(base.births, reading, r.found),
             r.marginal, r.own_test, r.tests]
        )  # fmt: skip
    columns = ["condition", "label", *reading_columns(panel.settings.effect, panel.settings.thresholds), *_YEARLY]
    return pd.DataFrame(rows, columns=[*columns, "marginal_test_cost", "own_test_cost", "tests_per_birth"])


def _screening(base: PanelBase) -> pd.DataFrame:
    """Births by class, condition by condition."""
    parts = []
    for name, result in base.results.items():
        table = detection_table((NOT_SCREENED, SCREENED), result.classes, base.births)
        parts.append(table.assign(condition=name)[["condition", *table.columns]])
    return pd.concat(parts, ignore_index=True)


def _costs(base: PanelBase) -> pd.DataFrame:
    """Cost by condition and component, screening less no screening; the shared test in a row of its own."""
    rows: list[list[object]] = []
    births = np.nan if base.births is None else base.births
    for name, result in base.results.items():
        rows += [[name, component, cost, births * cost] for component, cost in result.components.items()]
    shared = float(base.sample.shared[0])
    if base.set_up:
        rows.append(["", "set-up", base.set_up, births * base.set_up])
    test = shared - base.set_up if base.set_up else shared
    rows.append(["", SHARED, test, births * test])
    return pd.DataFrame(rows, columns=["condition", "component", "inc_cost", "cost_per_year"])


def _conditions(panel: Panel, base: PanelBase) -> pd.DataFrame:
    """Where each condition comes from, and how well its inputs are known."""
    rows: list[list[object]] = []
    births = np.nan if base.births is None else base.births
    for name, result in base.results.items():
        condition, own = result.condition, result.condition.own
        unsupported = count_unsupported(own)
        rows.append(
            [name, condition.label, own.name, own.model.name, own.title, condition.strategy, condition.comparator,
             condition.test_cost, result.own_test, result.marginal, births, result.tested, result.cases,
             unsupported.parameters, unsupported.assumptions, unsupported.placeholders, unsupported.calibrated]
        )  # fmt: skip
    columns = ["condition", "label", "config", "model", "title", "strategy", "comparator", "test_cost",
               "own_test_cost", "marginal_test_cost", "births_per_year", "share_tested", "share_with_condition",
               "parameters", "assumptions", "placeholders", "calibrated"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _parameters(panel: Panel) -> pd.DataFrame:
    """Parameters of the panel, and those that the conditions share."""
    table, test = panel.drawn(), panel.asked.shared_test
    names = dict.fromkeys([*panel.parameters.rows, *panel.asked.shared_parameters])
    rows: list[list[object]] = []
    for name in names:
        have = [c.name for c in panel.conditions.values() if name in c.own.model.parameters.rows]
        row = panel.parameters.rows.get(name) or panel.conditions[have[0]].own.model.parameters.rows[name]
        low = high = np.nan
        if name in table.rows and table.rows[name].uncertain:
            low, high = map(float, table.quantile(name, np.array([0.025, 0.975])))
        uses = ["cost of the shared test"] if name == test.cost else []
        uses += ["births tested"] if name == test.tested else []
        uses += ["set-up cost"] if test.set_up is not None and name == test.set_up.cost else []
        uses += [f"marginal cost of {c.name}" for c in panel.conditions.values() if c.marginal_cost == name]
        uses += [f"shared by {', '.join(have)}"] if name in panel.asked.shared_parameters else []
        rows.append([name, row.label, panel.value(name), row.unit, row.distribution_text, low, high,
                     "; ".join(row.sources), row.status, row.price_year, row.note, "; ".join(uses)])  # fmt: skip
    columns = ["name", "label", "value", "unit", "distribution", "low95", "high95", "source", "status", "price_year",
               "note", "use"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _changes(panel: Panel) -> pd.DataFrame:
    """What the configs and the panel changed in each condition's model."""
    rows = [[name, c.key, c.old, c.new, c.place] for name, condition in sorted(panel.conditions.items())
            for c in condition.assay.changes]  # fmt: skip
    return pd.DataFrame(rows, columns=["condition", "key", "old", "new", "place"])


def _departures(panel: Panel) -> pd.DataFrame:
    found = [] if panel.reference_case is None else departures(panel.reference_case[1], panel.settings)
    rows = [[*departure, panel.reasons.get(departure[0], "")] for departure in found]
    return pd.DataFrame(rows, columns=["setting", "reference_case", "used", "reason"])
