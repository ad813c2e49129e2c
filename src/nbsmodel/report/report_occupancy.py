"""State occupancy at chosen times, as the report shows it."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import Branch, Cohort, Formula
from nbsmodel.report.format import fixed, number
from nbsmodel.report.report_tables import Cell, Column, Grid, Group, Row

#: Years at which occupancy is shown; the nearest row of the trace is taken.
YEARS = (0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 100)
FEW_ROWS = 12


def occupancy(scenario: Scenario, cohort: Cohort, trace: pd.DataFrame) -> Grid | None:
    """Shares of a cohort's states over age (or time since entry), by strategy."""
    table = trace[trace["cohort"] == cohort.name]
    if table.empty:
        return None
    per_birth = scenario.model.about["basis"] == "birth"
    scale, what = (1e5, "per 100,000 births") if per_birth else (100.0, "% of patients")
    age = start_age(scenario, cohort)
    shown = _chosen(sorted(table["time"].unique()))
    places = 2 if float(table["occupancy"].max()) * scale >= 1 else 4
    groups = []
    for strategy in scenario.model.strategies:
        rows = []
        for time, part in table[(table["strategy"] == strategy.name) & table["time"].isin(shown)].groupby("time"):
            by_state = dict(zip(part["state"], part["occupancy"], strict=True))
            cells = tuple(Cell(_share(scale * by_state[s.name], places)) for s in cohort.states)
            rows.append(Row(number(float(str(time)) + (age or 0.0), 4), cells))
        groups.append(Group(strategy.label, tuple(rows)))
    first = "Age (years)" if age is not None else "Years since entry"
    columns = (Column(first, False), *(Column(s.label) for s in cohort.states))
    caption = f"{cohort.label}: state occupancy, {what}"
    return Grid(f"table-occupancy-{cohort.name}", caption, columns, tuple(groups), "trace.csv")


def _share(value: float, places: int) -> str:
    """A share with fixed decimals; one too small to show is said to be so."""
    return fixed(value, places) if value == 0 or round(value, places) else f"<{10**-places:.{places}f}"


def start_age(scenario: Scenario, cohort: Cohort) -> float | None:
    """Age at the first row of a cohort's trace; None where it is not one number known beforehand."""
    delays = [b.entry.delay for b in _leaves(scenario.model.tree) if b.entry and b.entry.cohort == cohort.name]
    values = [_constant(scenario, f) for f in (cohort.start_age, *delays)]
    if any(v is None for v in values) or len(set(values[1:])) > 1:
        return None
    return sum(v for v in (values[0], *values[1:2]) if v is not None)


def _constant(scenario: Scenario, formula: Formula) -> float | None:
    row = scenario.model.parameters.rows.get(formula.text)
    if row is not None:
        return scenario.overrides.get(row.name, row.value)
    try:
        return float(formula.text)
    except ValueError:
        return None


def _chosen(times: list[float]) -> set[float]:
    if len(times) <= FEW_ROWS:
        return set(times)
    marks = [y for y in YEARS if y <= times[-1]]
    return {min(times, key=lambda t: abs(t - mark)) for mark in marks} | {times[-1]}


def _leaves(tree: tuple[Branch, ...]) -> list[Branch]:
    return [leaf for b in tree for leaf in (_leaves(b.branches) if b.branches else [b])]
