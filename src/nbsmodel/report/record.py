"""What the report says of the run itself: what changed, what departs, what was cited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nbsmodel import reference
from nbsmodel.config.scenario import Scenario
from nbsmodel.model.correlations import Correlation
from nbsmodel.model.parameters import STATUSES, Parameter
from nbsmodel.model.parts import Source
from nbsmodel.report.format import SETTING_LABELS, as_sentence, number, plain, setting

#: What the files of an output folder hold, for those who open the tables.
FILES = {
    "cea": "costs, effects, ICERs and net benefit by strategy, in frontier order",
    "pairwise": "each strategy against the comparator",
    "net_benefit": "net monetary and health benefit at each threshold",
    "outcomes": "every outcome by component and perspective, discounted and undiscounted",
    "simulation": "every mean and increment with its standard error and 95% interval of simulation",
    "simulation_summary": "children simulated, and how many differ between the strategies",
    "distribution": "quantiles of every outcome between simulated children, and of what a strategy changes",
    "events": "outcomes that count events, as they add up with time, per simulated child",
    "distribution_curves": "cumulative distribution of costs and effects between simulated children",
    "children": "simulated children one by one: attributes, route and outcomes",
    "confidential": "verdict at confidential prices, in words",
    "tornado": "one-way analysis: net benefit and ratio with each value at both ends, widest bars first",
    "two_way": "two-way analyses: increments, ratio and net benefit at every point of every grid",
    "two_way_summary": "what each two-way grid holds: lowest and highest net benefit, share that is positive",
    "threshold": "break-even values, with the range looked through and a sentence each",
    "value_based_price": "price at which the ratio equals each threshold, with the discount that it means",
    "price_surface": "net benefit and probability of being cost-effective over two discounts",
    "price_surface_lines": "where on that surface the net benefit is zero and the probability is 50% or 95%",
    "price_surface_sides": "the two sides of that surface",
    "qaly_weights": "QALY shortfall of affected children, severity and HST weights",
    "qaly_weights_results": "results unweighted and with either weight side by side",
    "perspectives": "what every further perspective adds, and the headline with and without each",
    "screening": "births by screening class",
    "tiers": "tests of the screening programme: who has each, is positive, a case, a false positive; what it costs",
    "programme": "annual totals, cases found, predictive value, results per affected birth",
    "trace": "state occupancy by strategy, cohort and cycle",
    "state_table": "every amount by strategy, cohort, cycle and state",
    "paths": "every path of the tree with its probability",
    "parameters": "every parameter with distribution, interval, source and status",
    "derived": "every derived value with its formula",
    "changes": "what the scenario changed",
    "departures": "settings that depart from the reference case",
    "psa_run": "how the draws of the probabilistic analysis were made",
    "psa_summary": "probabilistic analysis: means with errors, spread, 95% intervals, base values beside them",
    "psa_cea": "probabilistic analysis: strategies in frontier order, by their means over the draws",
    "quadrants": "share of the draws in each quadrant of the cost-effectiveness plane",
    "psa_cloud": "centre and spread of the draws on the cost-effectiveness plane",
    "psa_points": "the draws that the figure of the plane shows",
    "ceac": "acceptability curves, their frontier, expected net benefit and expected loss by threshold",
    "evpi": "expected value of perfect information by threshold",
    "evppi": "expected value of partial perfect information: what it is worth to know parameters or groups",
    "evsi": "expected value of sample information and net benefit of designs of a study",
    "evsi_left_out": "designs of a study that cannot be carried out, with the condition that fails",
    "evsi_limits": "what perfect information on the data of the studies would be worth",
    "psa_convergence": "running means of incremental net benefit and of probabilities, with half-widths",
    "psa_precision": "half-widths reached and wanted, and how many draws would do",
    "psa_alternatives": "results within each structural alternative",
    "psa_refused": "draws that the model could not run with, by cause",
    "sobol": "Sobol' indices of incremental net benefit by factor, with half-widths of 95% intervals",
    "sobol_summary": "spread of incremental net benefit, and how much of it parameters explain one at a time",
    "sobol_pairs": "interactions of two factors",
    "morris": "elementary effects on incremental net benefit by factor",
    "pawn": "PAWN indices of incremental net benefit by parameter, with what chance would give",
    "budget_impact": "undiscounted costs by calendar year, world, component and payer",
    "budget_impact_summary": "the same added up by year: without and with the new strategy, difference, cumulative",
    "budget_impact_counts": "births by screening result and events by calendar year",
    "budget_impact_set_up": "set-up and fixed costs of the programme, with their status",
    "budget_impact_psa": "net difference of each year over the draws, with 95% intervals",
    "budget_impact_test": "largest yearly difference against the amount of the budget impact test",
    "panel": "every option of a panel against no screening: each alone, all but each, all",
    "panel_marginal": "what adding each condition to all others costs and gives",
    "panel_best": "the best set of conditions at each threshold",
    "panel_break_even": "costs of the shared test, and of each condition on it, that are just worth it",
    "panel_screening": "births by screening class, condition by condition",
    "panel_costs": "what screening adds to costs, by condition and component",
    "panel_conditions": "where each condition comes from, its costs of a test, and how many inputs are assumptions",
    "panel_parameters": "parameters of the panel, and those that its conditions share",
    "panel_changes": "what the configs and the panel changed in each condition's model",
    "panel_psa_run": "how the draws of the panel were made",
    "panel_psa": "probabilistic analysis of the options: means with errors, spread, 95% intervals",
    "panel_psa_marginal": "what each condition adds, and all together, over the draws",
    "panel_psa_best": "the best set of conditions at each threshold, by means over the draws",
    "panel_psa_refused": "draws that a condition could not be run with, by cause",
    "scenarios": "results of each scenario at base values, per unit and per affected birth",
    "scenario_differences": "what each scenario has otherwise than the reference",
}


@dataclass(frozen=True)
class Changed:
    """A value that differs: from the model (a scenario change) or from a reference case."""

    what: str
    key: str
    old: str
    new: str
    place: str = ""
    reason: str = ""


def departures(scenario: Scenario) -> list[Changed]:
    """Settings that depart from the reference case, with its value as the old one."""
    return [
        Changed(
            SETTING_LABELS.get(key, as_sentence(plain(key))),
            key,
            setting(key, reference),
            setting(key, ours),
            reason=scenario.reasons.get(key, ""),
        )
        for key, reference, ours in scenario.departures()
    ]


def reference_name(scenario: Scenario) -> str:
    """Name of the reference case, empty when none is named."""
    return "" if scenario.reference_case is None else scenario.reference_case[0].stem


def scenario_changes(scenario: Scenario) -> list[Changed]:
    """Everything that the scenario changed in its model, old and new."""
    found = []
    for change in scenario.changes:
        kind, _, name = change.key.partition(".")
        old, new = (_value(kind, name, v) for v in (change.old, change.new))
        found.append(Changed(_what(scenario, kind, name), change.key, old, new, _file(change.place)))
    return found


def legacy_countings(scenario: Scenario) -> list[tuple[str, str]]:
    """Countings that only serve to reproduce a published model: outcomes and the counting's name."""
    labels = {name: o.label for name, o in scenario.model.outcomes.items()}
    every = set(scenario.settings.within_cycle_correction) == {"default"}
    return [
        (labels.get(k, "All outcomes" if every else "All other outcomes"), v)
        for k, v in scenario.settings.legacy.items()
    ]


def cited_sources(scenario: Scenario) -> list[Source]:
    """Sources that a parameter or a table cites, then those named in a note; each once, as first cited."""
    model = scenario.model
    citing: list[Parameter | Correlation] = [*model.parameters.rows.values(), *model.parameters.correlations]
    shipped = [key for table in (*model.tables.values(), *model.prices.tables) for key in table.sources]
    weights = scenario.analyses.qaly_weights
    shipped += [key for name in (weights.references if weights else ()) for key in reference.reference(name).sources]
    budget = scenario.analyses.budget_impact
    set_up = [] if budget is None else [key for cost in budget.set_up for key in cost.sources]
    keys = dict.fromkeys([*(key for entry in citing for key in entry.sources), *shipped, *set_up])
    texts = [entry.note for entry in citing]
    texts += [line for table in model.tables.values() for line in table.comments]
    texts += [derived.note for derived in model.derived.values()]
    # a word such as `assumption` is a key only where it stands as one
    named = [key for key in model.sources if key not in STATUSES]
    known = {k: Source(k, s.citation, s.url, s.note) for k, s in reference.sources().items()} | model.sources
    queue = [*texts, *(_text(known[k]) for k in keys)]
    while queue:
        words = set(re.findall(r"\w+", queue.pop(0)))
        for key in named:
            if key in words and key not in keys:
                keys[key] = None
                queue.append(_text(model.sources[key]))
    return [known[key] for key in keys]


def result_files(tables: dict[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """The tables of the output folder and what they hold."""
    return [(f"{name}.csv", FILES.get(name, plain(name))) for name in tables]


def _text(source: Source) -> str:
    return f"{source.citation} {source.note}"


def _what(scenario: Scenario, kind: str, name: str) -> str:
    if kind == "settings":
        return SETTING_LABELS.get(name, as_sentence(plain(name)))
    if not name:
        return as_sentence(plain(kind))
    row = scenario.model.parameters.rows.get(name)
    return row.label if row is not None and kind == "overrides" else as_sentence(plain(name))


def _value(kind: str, name: str, value: object) -> str:
    if kind == "settings":
        return setting(name, value)
    if kind == "choices":
        return plain(str(value))
    return number(value, 6) if isinstance(value, int | float) else str(value)


def _file(place: str) -> str:
    """The file and line of a place, without the folders."""
    where = place.partition(" ")[0]
    return place if where.startswith("--") else Path(where).name
