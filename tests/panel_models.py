"""Toy conditions with closed forms, and panels of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from helpers import write_files

#: A tree without a cohort: cost ``tested * c_test + p_case * tested * c_early - ...`` is arithmetic.
MODEL = """\
    title: Toy {name}
    condition: Condition {name}
    decision_problem: Screening or none
    population: Newborns
    perspective: Health service
    currency: GBP
    price_year: 2024/25
    basis: birth
    births_per_year: births
    strategies:
      no_screening: {{label: No screening, screened: 0}}
      screening: {{label: Screening, screened: 1}}
    comparator: no_screening
    tree:
      affected:
        p: p_birth_prevalence
        case: true
        then:
          found:
            p: screened * p_uptake * p_sensitivity
            class: true_positive
            payoffs:
              - {{outcome: cost, component: screening, value: c_test}}
              - {{outcome: cost, component: treatment, value: c_early}}
              - {{outcome: qaly, value: u_early}}
          missed:
            p: screened * p_uptake * (1 - p_sensitivity)
            class: false_negative
            payoffs:
              - {{outcome: cost, component: screening, value: c_test}}
              - {{outcome: cost, component: treatment, value: c_late}}
              - {{outcome: qaly, value: u_late}}
          not_screened:
            p: rest
            class: not_screened
            payoffs:
              - {{outcome: cost, component: treatment, value: c_late}}
              - {{outcome: qaly, value: u_late}}
      unaffected:
        p: rest
        then:
          tested:
            p: screened * p_uptake
            class: true_negative
            payoffs:
              - {{outcome: cost, component: screening, value: c_test}}
          untested: {{p: rest, class: not_screened}}
    settings:
      discount_rate_costs: 0.035
      discount_rate_outcomes: 0.035
      thresholds: [20000, 30000]
"""

PARAMETERS = """\
    name,label,value,unit,distribution,source,status,price_year,note
    births,Births a year,{births},count,,smith,published,,
    p_birth_prevalence,Prevalence,{p},probability,"{p_drawn}",smith,published,,
    p_uptake,Uptake,{uptake},probability,"{uptake_drawn}",smith,published,,
    p_sensitivity,Sensitivity,0.9,probability,,smith,published,,
    c_test,Own test,{c_test},GBP,,smith,assumption,2024/25,
    c_early,Treated early,{c_early},GBP,"{c_drawn}",smith,published,2024/25,
    c_late,Treated late,{c_late},GBP,,smith,published,2024/25,
    u_early,QALYs when found,{u_early},number,,smith,published,,
    u_late,QALYs when late,{u_late},number,,smith,published,,
"""

#: What a toy has when nothing is said.
TOY = {
    "births": 600000, "p": "1/10000", "p_drawn": "beta(mean={p}, se=0.00001)", "uptake": 0.9,
    "uptake_drawn": "beta(mean=0.9, se=0.01)", "c_test": 6.0, "c_early": 50000.0,
    "c_drawn": "gamma(mean={c_early}, se=5000)", "c_late": 80000.0, "u_early": 20.0, "u_late": 10.0,
}  # fmt: skip

PANEL = """\
    title: Two conditions on one test
    {top}
    panel:
      shared_test: {{label: Duplex test, cost: c_shared, tested: p_uptake}}
      parameters:
        c_shared: {{label: Shared test, value: 4, unit: GBP, distribution: "gamma(mean=4, se=0.5)", source: smith,
                    status: assumption, price_year: 2024/25}}
        c_marginal: {{label: Marginal cost, value: 0.5, unit: GBP, distribution: "gamma(mean=0.5, se=0.1)",
                      source: smith, status: assumption, price_year: 2024/25}}
      shared_parameters: [p_uptake]
      conditions:
"""

#: Two toys that differ in prevalence and in what early treatment gives.
TWO = {"alpha": {}, "beta": {"p": "1/50000", "u_early": 25.0, "c_late": 60000.0, "c_test": 3.5}}


def toy_files(name: str, **values: object) -> dict[str, str]:
    """Files of a toy condition: its model folder and its config."""
    given = {**TOY, **values}
    for key in ("c_drawn", "p_drawn"):
        given[key] = str(given[key]).format(**given)
    return {
        f"models/{name}/model.yaml": dedent(MODEL).format(name=name),
        f"models/{name}/parameters.csv": dedent(PARAMETERS).format(**given),
        f"models/{name}/sources.yaml": 'smith: {citation: "Smith 2020"}\n',
        f"configs/{name}.yaml": f"model: ../models/{name}\ntitle: Toy {name}\n",
    }


def panel_text(names: list[str], top: str = "", entry: str = "") -> str:
    """A panel of toys by name; `entry` is added to every condition."""
    lines = "".join(f"    {name}: {{config: {name}.yaml, marginal_cost: c_marginal{entry}}}\n" for name in names)
    return dedent(PANEL).format(top=top) + lines


def write_panel(
    folder: Path,
    toys: dict[str, dict[str, object]] | None = None,
    top: str = "",
    *edits: tuple[str, str, str],
    entry: str = "",
    names: list[str] | None = None,
) -> Path:
    """Write toys and a panel of them, after edits (file, old text, new text); returns the panel's config."""
    toys = TWO if toys is None else toys
    files: dict[str, str | bytes] = {}
    for name, values in toys.items():
        files |= toy_files(name, **values)
    files["configs/panel.yaml"] = panel_text(list(toys) if names is None else names, top, entry)
    for name, old, new in edits:
        assert str(files[name]).count(old) == 1, f"{old!r} stands {str(files[name]).count(old)} times in {name}"
        files[name] = str(files[name]).replace(old, new)
    write_files(folder, files)
    return folder / "configs" / "panel.yaml"
