"""A model with three states, cycles of two lengths and a delay, and its budget worked out the slow way."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import dedent

from helpers import write_files

MODEL = """\
    title: Budgets
    condition: None
    decision_problem: Screening or none
    population: Newborns
    perspective: Health service
    currency: GBP
    price_year: 2024/25
    basis: birth
    births_per_year: births
    perspectives: [education]
    strategies:
      usual: {label: No screening, screened: 0}
      first: {label: Screening once, screened: 1}
      twice: {label: Screening twice, screened: 2}
    comparator: usual
    outcomes:
      admission: {label: Admissions, unit: admissions, discounted_as: none}
    tree:
      affected:
        p: p_birth
        case: true
        payoffs:
          - {outcome: cost, component: test, value: screened * c_test}
          - {outcome: cost, component: recall, value: screened * 40, at: 1.25}
        then:
          found: {p: 1 if screened > 0 else 0, class: true_positive, cohort: course, start: well, delay: 0.5,
                  with: {treated: screened}}
          missed: {p: rest, class: not_screened, cohort: course, start: well, delay: 0.5, with: {treated: 0}}
      unaffected:
        p: rest
        class: true_negative
        payoffs:
          - {outcome: cost, component: test, value: screened * c_test}
    cohorts:
      course:
        receives: [treated]
        cycles:
          - {length: 1 month, count: 24}
          - {length: 1 year, until: 12 years}
        states: {well: {}, ill: {}, dead: {dead: true}}
        transitions:
          well: {ill: {hazard: (0.3 + 0.1 * age) / (1 + treated)}}
          ill: {dead: {hazard: 0.2 * age}}
        payoffs:
          - {in: ill, outcome: cost, component: care, value: 1000 * (1 + age), per: year}
          - {in: alive, outcome: cost, component: drug, value: 300 * treated, per: year}
          - {in: alive, outcome: cost, component: school, perspective: education, value: 50, per: year}
          - {starting_in: well, outcome: cost, component: drug, value: 70 * treated}
          - {entering: ill, outcome: admission, value: 1}
          - {entering: ill, outcome: cost, component: care, value: 500}
    settings:
      within_cycle_correction: life_table
      discount_timing: end
"""

PARAMETERS = """\
    name,label,value,unit,distribution,source,status,price_year,note
    births,Births a year,1000,count,,ours,assumption,,
    p_birth,Birth prevalence,0.01,probability,,ours,assumption,,
    c_test,Test,5,GBP,,ours,assumption,2024/25,
"""

FILES = {
    "model/model.yaml": dedent(MODEL),
    "model/parameters.csv": dedent(PARAMETERS),
    "model/sources.yaml": 'ours: {citation: "A test"}\n',
}
SCREENED = {"usual": 0, "first": 1, "twice": 2}
YEARS = 6


def write_budget(folder: Path, block: str, more: str = "", *edits: tuple[str, str, str]) -> Path:
    """Write the model and a config with a block ``budget_impact``; returns the path of the config."""
    files = dict(FILES)
    for name, old, new in edits:
        assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
        files[name] = files[name].replace(old, new)
    files["config.yaml"] = f"model: model\ntitle: Budget\n{more}analyses:\n  budget_impact: {block}\n"
    write_files(folder, files)  # type: ignore[arg-type]
    return folder / "config.yaml"


def slowly(strategy: str) -> dict[str, list[float]]:
    """Amount per birth in each year of age by component (and admissions), step by step."""
    screened, found = SCREENED[strategy], {}

    def book(name: str, begin: float, end: float, amount: float) -> None:
        """Spread an amount over a stretch of time; an instant when both ends are one."""
        line = found.setdefault(name, [0.0] * YEARS)
        for year in range(YEARS):
            if begin == end:
                line[year] += amount if year <= begin < year + 1 else 0.0
            else:
                line[year] += amount * max(0.0, min(end, year + 1) - max(begin, year)) / (end - begin)

    affected = 0.01
    book("test", 0, 0, screened * 5)
    book("recall", 1.25, 1.25, affected * screened * 40)
    book("drug", 0.5, 0.5, affected * 70 * screened)
    well, ill, age = affected, 0.0, 0.5
    for length in [1 / 12] * 24 + [1.0] * 10:
        falls_ill = well * (1 - math.exp(-(0.3 + 0.1 * age) / (1 + screened) * length))
        dies = ill * (1 - math.exp(-0.2 * age * length))
        next_well, next_ill = well - falls_ill, ill + falls_ill - dies
        in_ill, alive = (ill + next_ill) / 2 * length, (well + next_well + ill + next_ill) / 2 * length
        book("care", age, age + length, in_ill * 1000 * (1 + age) + falls_ill * 500)
        book("drug", age, age + length, alive * 300 * screened)
        book("school", age, age + length, alive * 50)
        book("admission", age, age + length, falls_ill)
        well, ill, age = next_well, next_ill, age + length
    return found
