"""Numbers that people can read: ticks, probabilities, small amounts, and rows that hold nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from figure_checks import _run
from test_report import rows_of
from voi_cases import evppi_case

from nbsmodel.report.figures.evppi import draw_evppi
from nbsmodel.report.figures.style import written_out
from nbsmodel.report.figures.tornado import _at, _names
from nbsmodel.report.format import MINUS, in_proportion, probability, rounded_away
from nbsmodel.report.report_tables import ResultTables
from nbsmodel.report.sections.budget_impact import _amount
from nbsmodel.report.sections.evppi import evppi_section

NOTHING = {"evppi": 0.0, "se": 0.0, "population": 0.0, "population_se": 0.0}


@pytest.mark.parametrize(
    ("x", "text"),
    [(5e-05, "0.00005"), (-5e-05, f"{MINUS}0.00005"), (0.0003, "0.0003"), (0, "0"), (1234.5, "1,234.5"),
     (2.5e-7, "0.00000025"), (1e-17, "1e\N{MINUS SIGN}17")],
)  # fmt: skip
def test_ticks_are_written_out(x, text):
    assert written_out(x) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0000814, "8.14 per 100,000"), (0.99974, "99.974%"), (0.9999, "99.99%"), (0.0289, "2.89%"), (1, "100%"),
     (0, "0%"), (0.999, "99.9%"), (0.12725, "12.72%")],
)  # fmt: skip
def test_probabilities_near_0_and_1(p, text):
    assert probability(p) == text


def test_the_tornado_says_what_moves_along():
    assert in_proportion("Dead", "p_ill=0.1") == "Dead (others in proportion)"
    assert in_proportion("Dead", "") == "Dead" == in_proportion("Dead", float("nan"))
    part = pd.DataFrame({"label": ["Dead", "Care"], "unit": ["probability", "GBP"], "with_low": ["p_ill=0.1", ""]})
    assert _names(part) == ["Dead (others in proportion)", "Care (GBP)"]
    assert [_at(0.99974, "probability"), _at(0.9998, "ratio"), _at(1e-4, "share")] == ["99.974%", "1", "10 per 100,000"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(4000.0, "<0.01"), (-4000.0, f">{MINUS}0.01"), (6000.0, "0.01"), (0.0, "0.00"), (1e-8, "0.00"), (2.5e6, "2.50")],
)
def test_small_amounts_of_a_budget_are_not_nothing(value, text):
    assert _amount(value, 1e6, 2).text == text


def test_what_is_rounding_beside_its_row_is_0():
    assert rounded_away([56.8, 56.8, 7.1e-15]) == [56.8, 56.8, 0.0]
    assert rounded_away([1e-15, 2e-15]) == [1e-15, 2e-15]
    assert rounded_away([1e6, 1e-5]) == [1e6, 1e-5]
    found = rounded_away([float("nan"), 3.0])
    assert found[0] != found[0] and found[1] == 3.0


# --- value of knowing parameters


def grid(section):
    return next(item for item in section.items if not isinstance(item, str) and item.id == "table-evppi")


def test_rows_of_nothing_are_one_row():
    """The case has one such row already; two more make three."""
    rows = grid(evppi_section(*evppi_case())).groups[0].rows
    assert [c.text for c in rows[-1].cells] == ["0", "0%", "0", "0", "0", "0"] and rows[-1].head == "1 other"
    rows = grid(evppi_section(*evppi_case(share=NOTHING, rate=NOTHING))).groups[0].rows
    assert rows[-1].head == "3 others, each"
    assert [r.head for r in rows[:-1]][0] == "All" and not {"Share", "Rate", "Nothing"} & {r.head for r in rows}


def test_an_interval_ends_at_the_value_of_everything():
    """2 with an error of 3 would reach 7.9, all is 4: 19.2 million."""
    case = evppi_case(costs_a={"se": 3.0, "population_se": 3.0 * 600_000 * 8})
    text = " ".join(evppi_section(*case).paragraphs).replace("\N{NO-BREAK SPACE}", " ")
    assert "£9.6 million (£0.00 to £19.2 million)" in text
    assert "end at 0 and at the value of knowing everything" in text
    sketch = draw_evppi(*case)
    (bar, *_) = [x for x in (line.get_xdata() for line in sketch.figure.axes[0].lines) if len(x) == 2 and x[0] != x[1]]
    assert list(bar) == pytest.approx([0.0, 19.2])
    assert "Intervals end at 0 and at the value of knowing everything." in sketch.caption


def test_a_single_bar_is_not_drawn():
    names = ("costs_b", "share", "rate", "costs")
    assert draw_evppi(*evppi_case(**dict.fromkeys(names, NOTHING))) is None
    assert draw_evppi(*evppi_case(**dict.fromkeys(names[1:], NOTHING))) is not None


def test_money_says_for_which_births():
    scenario, tables = evppi_case()
    text = " ".join(evppi_section(scenario, tables).paragraphs).replace("\N{NO-BREAK SPACE}", " ")
    births = f"{tables['psa_run']['births'].iloc[0]:,.0f}"
    assert f"Amounts for the births of 10 years are sums over 10 years of {births} births each" in text
    assert "Known together, at £20,000 per QALY and for the births of 10 years: " in text
    per_patient = evppi_section(*evppi_case("sumatriptan", populated=False))
    assert "births" not in " ".join(per_patient.paragraphs)


def test_thresholds_without_a_value_share_a_sentence():
    alone = ("costs_a", "costs_b", "share", "rate")
    text = " ".join(evppi_section(*evppi_case(**dict.fromkeys(alone, NOTHING))).paragraphs)
    assert text.count("no single parameter would change the decision") == 1
    assert "At £20,000, £25,000, £30,000 and £35,000 per QALY no single parameter" in text
    assert "Knowing everything would be worth £" in text


# --- results per birth


def test_births_without_a_cohort_are_said_and_tiny_effects_are_also_per_100_000():
    output = _run("uk")
    tables = ResultTables(output.scenario, output.tables)
    note = "Only part of the births enter a cohort"
    assert note in tables.cea().note
    heads = [c.text for c in tables.pairwise().columns]
    assert heads[3:5] == ["Incr. cost per 100,000 births", "Incr. QALYs per 100,000 births"]
    other = _run("sumatriptan")
    assert note not in ResultTables(other.scenario, other.tables).cea().note
    assert not any("100,000" in c.text for c in ResultTables(other.scenario, other.tables).pairwise().columns)


def test_levers_and_options_have_spaces():
    html = rows_of("configs/sma/uk_base_case.yaml", "table-choices")
    assert html and not any("_" in cell for row in html.values() for cell in row)
