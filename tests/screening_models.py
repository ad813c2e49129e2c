"""A small model with a screening programme of three tests and four groups, and the same tree by hand."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from helpers import write_files

HEAD = """\
    title: Screening programme
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
    perspectives: [carer]
    derived:
      p_leaky: p_incidence * share_leaky
"""

SCREENING = """\
    screening:
      offered: screened
      uptake: p_uptake
      tests:
        first:
          label: First assay
          cost: c_first
          at: 5 days
          takes: 7 days
          failure: p_fail
          repeats: 2
          repeat_cost: c_recall
          repeat_takes: 10 days
        again:
          label: Second sample
          only: [preterm]
          cost: c_first
          at: 13 days
        flow:
          label: Flow cytometry
          cost: c_flow
          at: age_at_result_first + 2 / 365.25
          dependence: rho_flow
          family_told: true
          payoffs_if_positive:
            - {outcome: cost, component: clinic, value: c_clinic}
      births:
        typical:
          label: Typical disease
          p: p_incidence - p_leaky
          case: true
          known_before: p_family_history
          positive: {first: p_sens_typical, flow: p_sens_flow}
          known: treated_early
          found: treated_found
          missed: treated_late
        leaky:
          p: p_leaky
          case: true
          positive: {first: p_sens_leaky, flow: p_sens_flow}
          found: treated_found
          missed: treated_late
        preterm:
          p: p_preterm
          class: incidental
          positive: {first: 1 - p_spec_preterm, again: 0.1, flow: 0.01}
        others:
          p: rest
          positive: {first: 1 - p_specificity, flow: 1 - p_spec_flow}
      false_positive:
        disutility: du_family
        weeks: weeks_false_positive
        parent_disutility: du_parent
"""

REST = """\
    subtrees:
      treated_early:
        early: {p: 1, cohort: course, start: well, delay: 0, with: {age_treated: 0.01}}
      treated_found:
        found: {p: 1, cohort: course, start: well, delay: 0, with: {age_treated: age_at_result_flow}}
      treated_late:
        late: {p: 1, cohort: course, start: {ill: 0.5, well: rest}, delay: 0, with: {age_treated: 0.5}}
    cohorts:
      course:
        cycles: {length: 1 year, count: 20}
        states: {well: {}, ill: {}, dead: {dead: true}}
        receives: [age_treated]
        transitions:
          well: {ill: {hazard: 0.1 * age_treated}, dead: {hazard: 0.001}}
          ill: {dead: {hazard: 0.1}}
        payoffs:
          - {in: well, outcome: qaly, value: 1, per: year}
          - {in: ill, outcome: qaly, value: 0.5, per: year}
          - {in: ill, outcome: cost, component: care, value: 1000, per: year}
"""

PARAMETERS = """\
    name,label,value,unit,distribution,source,status,price_year,note
    births,Births a year,600000,count,,ons,published,,
    p_incidence,Birth prevalence,1/40000,probability,"beta(events=10, total=400000)",ons,published,,
    share_leaky,Share leaky,0.2,share,"beta(mean=0.2, se=0.05)",ons,published,,
    p_family_history,Known before,0.3,probability,"beta(mean=0.3, se=0.05)",ons,published,,
    p_uptake,Uptake,0.98,probability,"beta(mean=0.98, se=0.01)",ons,published,,
    p_preterm,Preterm births,0.08,probability,"beta(mean=0.08, se=0.005)",ons,published,,
    p_sens_typical,Sensitivity,0.99,probability,"beta(mean=0.99, se=0.005)",ons,published,,
    p_sens_leaky,Sensitivity,0.6,probability,"beta(mean=0.6, se=0.1)",ons,published,,
    p_sens_flow,Sensitivity,0.98,probability,"beta(mean=0.98, se=0.01)",ons,published,,
    p_spec_preterm,Specificity,0.995,probability,"beta(mean=0.995, se=0.001)",ons,published,,
    p_specificity,Specificity,0.9995,probability,"beta(mean=0.9995, se=0.0001)",ons,published,,
    p_spec_flow,Specificity,0.9,probability,"beta(mean=0.9, se=0.02)",ons,published,,
    p_fail,Failure,0.01,probability,"beta(mean=0.01, se=0.002)",ons,published,,
    rho_flow,Dependence,0.3,share,"uniform(low=0.1, high=0.5)",ons,assumption,,
    c_first,First test,4,GBP,"gamma(mean=4, se=1)",ons,published,2024/25,
    c_recall,Recall,10,GBP,,ons,published,2024/25,
    c_flow,Flow cytometry,200,GBP,,ons,published,2024/25,
    c_clinic,Clinic,500,GBP,,ons,published,2024/25,
    du_family,Disutility,0.1,disutility,,ons,assumption,,
    du_parent,Disutility of a parent,0.05,disutility,,ons,assumption,,
    weeks_false_positive,Weeks,3,weeks,,ons,assumption,,
"""

SOURCES = 'ons: {citation: "Office for National Statistics"}\n'


def write_model(folder: Path, screening: str = SCREENING, *edits: tuple[str, str], rest: str = REST) -> Path:
    """Write the model after edits (old text, new text) of model.yaml; returns its folder."""
    text = dedent(HEAD) + dedent(screening) + dedent(rest)
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    files = {"model.yaml": text, "parameters.csv": dedent(PARAMETERS), "sources.yaml": SOURCES}
    write_files(folder / "disease" / "screened", dict(files))
    return folder / "disease" / "screened"
