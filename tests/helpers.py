"""A small model that uses most of the language, with two configs, to be copied and broken."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

MODEL = """\
    title: Small complete model
    condition: Example disease
    decision_problem: Screening or none
    population: Newborns
    perspective: Health service
    currency: GBP
    price_year: 2024/25
    basis: birth
    births_per_year: births
    strategies:
      usual: {label: No screening, screened: 0}
      screening: {label: Screening, screened: 1}
    comparator: usual
    choices:
      outlook: [observed, cautious]
    tables:
      qx: {file: tables/qx.csv, by: age}
      weight: {file: tables/weight.csv, by: age, between: linear, beyond: last}
    derived:
      p_found: screened * p_uptake * p_sensitivity
      h_worse: {value: h_ill * (hr_treated if treated else 1), unit: rate}
      u_now: {value: "max(0, u_well - 0.01 * age)", unit: utility}
      c_drug_year: c_drug * weight(age, "female") / 10
    outcomes:
      admission: {label: Admissions, unit: admissions, discounted_as: none}
    tree:
      affected:
        p: p_birth
        case: true
        then:
          found:
            p: p_found
            class: true_positive
            payoffs:
              - {outcome: cost, component: confirmation, value: c_confirm, at: 1/12}
            cohort: course
            start: {well: rest, ill: p_late}
            with: {treated: 1}
          missed: {p: rest, class: false_negative, cohort: course, start: well, delay: 0, with: {treated: 0}}
      unaffected:
        p: rest
        then: tested
    subtrees:
      tested:
        false_positive: {p: screened * p_uptake * (1 - p_specificity), class: false_positive}
        true_negative: {p: rest, class: true_negative}
    cohorts:
      course:
        start_age: 0
        cycles:
          - {length: 1 month, count: 12}
          - {length: 1 year, until: 10 years}
        states: {well: {}, ill: {}, crisis: {tunnel: {lasts: 1 year, then: ill}}, dead: {dead: true}}
        receives: [treated]
        clocks:
          sick: {runs_in: [ill, crisis]}
        transitions:
          well:
            ill: {hazard: h_worse}
            dead: {hazard: qx(age)}
          ill:
            crisis: {hazard: h_crisis * exp(-0.1 * sick)}
            dead: {probability: p_death_ill if outlook == observed else 2 * p_death_ill, per: year}
          crisis:
            dead: {probability: p_death_crisis, per: year}
        payoffs:
          - {in: alive, outcome: qaly, value: u_now, per: year}
          - {in: [ill, crisis], outcome: cost, component: care, value: c_ill, per: month}
          - {in: well, outcome: cost, component: drug, value: c_drug_year * treated, per: year}
          - {entering: crisis, outcome: admission, value: 1}
          - {moving: {from: alive, to: dead}, outcome: cost, component: end of life, value: c_death}
    settings:
      discount_rate_outcomes: 0.015
      horizon: 8 years
"""

PARAMETERS = """\
    name,label,value,unit,distribution,source,status,price_year,note
    births,Births a year,600000,count,,ons,published,,
    p_birth,Birth prevalence,1/10000,probability,"beta(events=10, total=100000)",smith,published,,
    p_uptake,Uptake,0.95,probability,,ons,published,,
    p_sensitivity,Sensitivity,0.9,probability,"beta(mean=0.9, se=0.02)",smith,published,,
    p_specificity,Specificity,0.999,probability,,smith,published,,
    p_late,Late although found,0.1,probability,"dirichlet(group=timing, count=1)",smith; ons,derived,,
    p_early,Found early,0.9,probability,"dirichlet(group=timing, count=9)",smith,derived,,
    h_ill,Hazard of illness,0.5,rate,"gamma(mean=0.5, se=0.1)",smith,published,,
    hr_treated,Hazard ratio,0.3,ratio,"lognormal(mean=0.3, se=0.05)",smith,published,,
    h_crisis,Hazard of a crisis,0.2,rate,,smith,assumption,,
    p_death_ill,Death in illness,0.05,probability,,smith,assumption,,
    p_death_crisis,Death in a crisis,0.3,probability,,smith,assumption,,
    u_well,Utility,0.9,utility,,smith,published,,
    c_confirm,Confirmation,150,GBP,,smith,published,2024/25,
    c_drug,Drug for 10 kg,2000,GBP,,smith,published,2024/25,
    c_ill,Care,300,GBP,,smith,published,2024/25,
    c_death,End of life,4000,GBP,,smith,placeholder,2024/25,
"""

SOURCES = """\
    smith: {citation: "Smith 2020", url: "https://example.org"}
    ons: {citation: "Office for National Statistics"}
"""

QX = "# Invented\nage,qx\n" + "".join(f"{age},{0.001 + 0.0001 * age:g}\n" for age in range(10))
WEIGHT = "age,male,female\n0,3.5,3.4\n1,10,9.5\n10,32,31\n"

BASE = """\
    extends: reference.yaml
    reference_case: reference.yaml
    model: ../model
    title: Base case
    settings:
      thresholds: [20000, 30000]
    overrides:
      p_uptake: 0.99
    choices: {outlook: observed}
"""

REFERENCE = """\
    settings:
      discount_rate_costs: 0.035
      discount_rate_outcomes: 0.035
      within_cycle_correction: life_table
"""

FILES = {
    "model/model.yaml": dedent(MODEL),
    "model/parameters.csv": dedent(PARAMETERS),
    "model/sources.yaml": dedent(SOURCES),
    "model/tables/qx.csv": QX,
    "model/tables/weight.csv": WEIGHT,
    "configs/base.yaml": dedent(BASE),
    "configs/reference.yaml": dedent(REFERENCE),
}


def write_files(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write files below a folder, by path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_complete(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Write the small complete model and its configs, after edits (file, old text, new text).

    The old text must stand in the file exactly once. Returns the path of the base config.
    """
    files: dict[str, str] = dict(FILES)
    for name, old, new in edits:
        assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
        files[name] = files[name].replace(old, new)
    write_files(folder, files)
    return folder / "configs" / "base.yaml"
