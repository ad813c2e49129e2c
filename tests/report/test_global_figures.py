"""Figures and reading of global sensitivity and of scenarios: legible whatever the labels, true to the tables."""

import math
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from figure_checks import one_line, outside, overlapping, run, texts, words

from nbsmodel.analysis.global_sensitivity import MORRIS_RANGE
from nbsmodel.report.figures.morris import draw_morris
from nbsmodel.report.figures.pawn import draw_pawn
from nbsmodel.report.figures.scenarios import MOST, draw_scenarios
from nbsmodel.report.figures.sobol import draw_sobol
from nbsmodel.report.figures.style import finish, house_style
from nbsmodel.report.report_scenarios import comparison, differences, short_titles
from nbsmodel.report.sections.global_sensitivity import global_section
from nbsmodel.report.sections.scenarios import scenario_section

LABELS = [
    "Walking, a month", "Born with the condition", "Share of children who sit among those found by symptoms (registry)",
    "Type 1 after symptoms (3 parameters)", "x", "A label that goes on and on and will not come to an end before two "
    "lines are more than full of its words", "An_unbroken_name_of_a_parameter_that_nobody_gave_a_proper_label_to",
    "Utility, sitting", "Utility, walking", "Cost of a test", "Cost of a visit", "Uptake", "Sensitivity", "Specificity",
    "Hazard ratio",
]  # fmt: skip


def sobol(strategies, n=15, sd=2.5):
    st = np.linspace(0.4, 0.0, n)
    rows = [
        {
            "strategy": s, "threshold": 20000.0, "factor": f"p{i}", "label": LABELS[i % len(LABELS)],
            "parameters": f"p{i}", "s1": st[i] - 0.05, "s1_half_width": 0.05, "st": st[i], "st_half_width": 0.03,
            "base_samples": 1024, "evaluations": 1024 * (n + 2),
        }
        for s in strategies for i in range(n)
    ]  # fmt: skip
    summary = [
        {
            "strategy": s, "threshold": 20000.0, "factors": n, "mean": 12.5, "sd": sd, "s1_sum": 0.7,
            "s1_sum_half_width": 0.1, "base_samples": 1024, "evaluations": 1024 * (n + 2),
        }
        for s in strategies
    ]  # fmt: skip
    return {"sobol": pd.DataFrame(rows), "sobol_summary": pd.DataFrame(summary)}


def morris(strategies, n=15, groups=(1, 4)):
    rows = [
        {
            "strategy": s, "threshold": 20000.0, "factor": f"p{i}", "label": LABELS[i % len(LABELS)],
            "parameters": f"p{i}", "mu_star": 5000.0 / (i + 1) ** 2, "mu_star_half_width": 300.0 / (i + 1),
            "mu": math.nan if i in groups else -(5000.0 / (i + 1) ** 2),
            "sigma": math.nan if i in groups else 4000.0 / (i + 1) ** 1.5,
            "trajectories": 100, "levels": 4, "evaluations": 1600,
        }
        for s in strategies for i in range(n)
    ]  # fmt: skip
    return {"morris": pd.DataFrame(rows)}


def pawn(strategies, n=15):
    rows = [
        {
            "strategy": s, "threshold": 20000.0, "factor": f"p{i}", "label": LABELS[i % len(LABELS)],
            "median": 0.3 / (i + 1), "maximum": 0.6 / (i + 1), "cv": 0.5, "noise": 0.06, "draws": 1000,
        }
        for s in strategies for i in range(n)
    ]  # fmt: skip
    return {"pawn": pd.DataFrame(rows)}


def scenarios(model, count=6, spread=3e5, per=("birth", "affected birth"), **more):
    """Scenarios of a model, with net benefits on both sides of zero."""
    rows = []
    for i in range(count):
        for strategy in model.strategies:
            if strategy.name == model.comparator:
                continue
            for size, unit in enumerate(per):
                value = spread * (0.4 - i / count) / (1 if size else 1e4)
                rows.append(
                    {
                        "scenario": "reference" if i == 0 else f"s{i}", "is_reference": i == 0,
                        "title": f"Newborn screening, somewhere, {'base case' if i == 0 else LABELS[i % len(LABELS)]}",
                        "model": "m", "engine": "cohort", "currency": model.about["currency"],
                        "price_year": model.about["price_year"], "measure": "qaly", "strategy": strategy.name,
                        "label": strategy.label, "against": model.comparator, "per": unit, "cost": 1.0, "effect": 1.0,
                        "inc_cost": -value, "inc_effect": 0.001, "icer": math.nan if value > 0 else 15_000.0,
                        "quadrant": "dominant" if value > 0 else "north-east", "inmb_20000": value,
                        "inmb_30000": value + 1,
                    } | more
                )  # fmt: skip
    different = [[f"s{i}", "settings.discount_rate_costs", "0.035", "0.015"] for i in range(1, count)]
    columns = ["scenario", "key", "reference", "value"]
    return {"scenarios": pd.DataFrame(rows), "scenario_differences": pd.DataFrame(different, columns=columns)}


def others(scenario):
    return [s.name for s in scenario.model.strategies if s.name != scenario.model.comparator]


def check(draw, name, scenario, tables):
    with house_style():
        sketch = draw(scenario, tables)
    assert sketch is not None
    drawing, found = finish(name, sketch), texts(sketch)
    assert outside(sketch, found) == [] and overlapping(found) == []
    assert min(t.get_fontsize() for t in sketch.figure.findobj(matplotlib.text.Text) if t.get_text()) >= 7
    assert sketch.figure.get_figwidth() <= 7.5 and sketch.figure.get_figheight() <= 10.5
    assert drawing.caption.endswith(".") and drawing.alt.endswith(".") and "nan" not in drawing.alt
    labels = {s.name: s.label for s in scenario.model.strategies}
    assert all(labels[s] in drawing.alt for s in others(scenario))
    assert drawing.svg == finish(name, sketch).svg
    return one_line(words(drawing.svg)), drawing


MAKERS = {"sobol": (draw_sobol, sobol), "morris": (draw_morris, morris), "pawn": (draw_pawn, pawn)}


@pytest.mark.parametrize("model", ["uk", "nl"])
@pytest.mark.parametrize("name", list(MAKERS))
@pytest.mark.parametrize("n", [1, 3, 15])
def test_figures_of_global_sensitivity(model, name, n):
    scenario, tables = run(model)
    draw, make = MAKERS[name]
    text, drawing = check(draw, name, scenario, tables | make(others(scenario), n))
    assert one_line(LABELS[0]) in text and f"20,000 {scenario.model.about['currency']} per QALY" in drawing.caption
    strategies = {s.label for s in scenario.model.strategies if s.name != scenario.model.comparator}
    if len(strategies) > 1:
        assert all(one_line(s) in text for s in strategies)
    for number in ("1", "2", "8") if name == "morris" and n == 15 else ():
        assert number in text


@pytest.mark.parametrize("name", list(MAKERS))
def test_no_figure_of_nothing(name):
    scenario, tables = run("uk")
    draw, make = MAKERS[name]
    assert draw(scenario, tables) is None
    still = make(others(scenario))
    still[name][["s1", "st", "mu_star", "median"]] = 0.0
    if name == "sobol":
        still["sobol_summary"]["sd"] = 0.0
    assert draw(scenario, tables | still) is None


def test_only_groups_in_morris():
    scenario, tables = run("uk")
    check(draw_morris, "morris", scenario, tables | morris(others(scenario), 3, groups=(0, 1, 2)))
    check(draw_morris, "morris", scenario, tables | morris(others(scenario), 3, groups=()))


def reading(section):
    return " ".join(section.paragraphs)


def test_the_reading_of_global_sensitivity():
    scenario, tables = run("uk")
    tables |= sobol(others(scenario)) | morris(others(scenario)) | pawn(others(scenario))
    section = global_section(scenario, tables)
    text = reading(section)
    assert section.items[0] == "sobol" and section.items[2:] == ("morris", "pawn")
    assert "40% (37% to 43%)" in text and "the remaining 30% are interactions" in text
    assert "One at a time the parameters explain 70% of the variance (60% to 80%)" in text
    assert "the intervals are wide" not in text.lower()
    assert f"the {100 * MORRIS_RANGE[0]:g}th and {100 * MORRIS_RANGE[1]:g}th percentile" in text
    assert "\N{PLUS-MINUS SIGN}" in text and "Eight factors of 15 have less than a hundredth" not in text
    small = int(sum(5000 / (i + 1) ** 2 < 50 for i in range(15)))
    assert small == 5 and "Five factors of 15 have less than a hundredth of the largest effect" in text
    above = sum(0.3 / (i + 1) > 0.06 for i in range(15))
    assert above == 4 and "Four parameters of 15 stand out above 0.060" in text
    assert "value of information" in section.paragraphs[-1]
    rows = section.items[1].groups[0].rows
    assert len(rows) == 12 and [c.text for c in rows[0].cells] == ["0.400", "0.370 to 0.430", "0.350", "0.300 to 0.400"]
    assert rows[-1].cells[2].text.startswith("0.03") and section.items[1].file == "sobol.csv"


def test_wide_intervals_are_said_to_be():
    scenario, tables = run("uk")
    made = sobol(others(scenario))
    made["sobol"]["s1_half_width"] = 0.15
    made["sobol_summary"]["s1_sum_half_width"] = 0.5
    text = reading(global_section(scenario, tables | made))
    assert "raise base_samples from 1,024 to 4,096" in text and "cannot be told from nothing" in text
    assert global_section(scenario, tables) is None


# --- scenarios


@pytest.mark.parametrize("model", ["uk", "nl"])
@pytest.mark.parametrize(("count", "spread"), [(2, 10.0), (6, 3e5), (40, 2e7)])
def test_figure_of_scenarios(model, count, spread):
    scenario, tables = run(model)
    per = ("birth", "affected birth") if model == "uk" else ("patient",)
    text, drawing = check(draw_scenarios, "scenarios", scenario, tables | scenarios(scenario.model, count, spread, per))
    assert "Basecase" in text and f"per {per[-1]}" in drawing.caption
    assert ("Only the scenarios that move most" in drawing.caption) == (count * len(others(scenario)) > MOST)


def test_figure_with_errors_of_simulation():
    scenario, tables = run("uk")
    made = scenarios(scenario.model)
    made["scenarios"]["inmb_20000_se"] = np.where(made["scenarios"]["scenario"] == "s2", 2e4, math.nan)
    _, drawing = check(draw_scenarios, "scenarios", scenario, tables | made)
    assert "Thick lines: 95% intervals of simulation." in drawing.caption
    section = scenario_section(scenario, tables | made)
    assert [c.error for r in section.items[1].groups[0].rows for c in r.cells if c.error] == ["20,000"]


def test_the_reading_of_scenarios():
    scenario, tables = run("uk")
    tables |= scenarios(scenario.model)
    section = scenario_section(scenario, tables)
    text = reading(section)
    assert "Five scenarios stand beside the one that this report is about" in text
    assert "\N{POUND SIGN}20,000 per QALY, per affected birth" in text and "120,000 in the reference" in text
    turned = re.search(r"The sign changes.*? in (.*?)\. It moves", text)[1]
    below = [LABELS[i] for i in range(1, 6) if 0.4 - i / 6 < 0]
    assert len(below) == 3 and all(f"\N{LEFT DOUBLE QUOTATION MARK}{_short(t)}" in turned for t in below)
    assert "down by" in text and " up by" not in text
    rows = section.items[1].groups[0].rows
    assert rows[0].cells[0].text == "reference" and rows[0].total
    assert rows[1].cells[0].text == "Discount rate, costs: 1.5% (reference 3.5%)"
    assert rows[1].cells[3].text == "costs less, does more: dominant" and rows[5].cells[3].text.startswith("15,000")
    flat = scenarios(scenario.model, spread=0.0)
    flat["scenarios"]["inmb_20000"] = 7.0
    text = reading(scenario_section(scenario, tables | flat))
    assert "No scenario changes its sign. No scenario moves it." in text
    assert scenario_section(scenario, run("uk")[1]) is None


def _short(label):
    return label[:1].upper() + label[1:]


def test_titles_lose_what_they_share():
    def shortened(*titles):
        table = pd.DataFrame({"scenario": [f"s{i}" for i in range(len(titles))], "title": titles})
        return list(short_titles(table).values())

    assert shortened("A in B, base case", "A in B, half price, low uptake") == ["Base case", "Half price, low uptake"]
    assert shortened("A in B", "A in B, x") == ["A in B", "X"]
    assert shortened("A", "A") == ["A (s0)", "A (s1)"]
    assert shortened("A, b") == ["A, b"]


def test_scenarios_in_other_money_or_per_other_units_stand_apart():
    model = run("uk")[0].model
    table = scenarios(model, 3)["scenarios"]
    far = table["scenario"] == "s1"
    found = comparison(table.assign(currency=np.where(far, "EUR", table["currency"])))
    assert set(found.apart["scenario"]) == {"s1"} and set(found.rows["scenario"]) == {"reference", "s2"}
    assert found.per == "affected birth" and set(found.apart["per"]) == {"affected birth"}
    found = comparison(table[~(far & (table["per"] == "affected birth"))])
    assert found.per == "birth" and set(found.rows["scenario"]) == {"reference", "s1", "s2"}
    assert comparison(table.iloc[:0]) is None


def test_differences_in_words():
    scenario, _ = run("uk")
    name, row = next(iter(scenario.model.parameters.rows.items()))
    table = pd.DataFrame(
        [
            ["a", "model", "one", "another"],
            ["a", "engine", "cohort", "microsimulation"],
            ["a", "settings.thresholds", "20000, 30000", "25000"],
            ["a", "settings.horizon", "none", "10 years"],
            ["b", f"overrides.{name}", "0.0001", "0.00007"],
            ["b", "overrides.some_formula", "p * q", "0.5"],
            ["b", "choices.utility_set", "icer", "lloyd2019"],
        ],
        columns=["scenario", "key", "reference", "value"],
    )
    assert differences(scenario, table) == {
        "a": [
            "another model: another", "Engine: microsimulation (reference cohort)",
            "Thresholds: 25,000 (reference 20,000, 30,000)", "Horizon: 10 years (reference none)",
        ],
        "b": [
            f"{row.label}: 0.00007 (reference 0.0001)", "Some formula: 0.5 (reference p * q)",
            "Utility set: lloyd2019 (reference icer)",
        ],
    }  # fmt: skip
