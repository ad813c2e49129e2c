"""What the report says of the value of information: the numbers of the tables, in plain and honest sentences."""

import re
from collections import Counter

import pandas as pd
import pytest
from test_report import parsed, plain_text
from voi_cases import SIZES, evppi_case, evsi_case

from nbsmodel.report.format import NO_BREAK
from nbsmodel.report.report_page import page
from nbsmodel.report.sections.evppi import evppi_section
from nbsmodel.report.sections.evsi import evsi_section


def said(section):
    return " ".join(section.paragraphs).replace(NO_BREAK, " ")


def grid(section, name):
    (found,) = [g for g in section.items if not isinstance(g, str) and g.id == name]
    return found


def cells(found):
    return {row.head: [c.text for c in row.cells] for group in found.groups for row in group.rows}


def test_no_section_without_the_analysis():
    scenario, tables = evppi_case()
    assert evsi_section(scenario, tables) is None
    assert evppi_section(scenario, {k: v for k, v in tables.items() if k != "evppi"}) is None


def test_what_drives_the_uncertainty_of_the_decision():
    section = evppi_section(*evppi_case())
    text = said(section)
    named = re.search(
        r"At £20,000 per QALY the uncertainty of the decision comes first of all from these.*?: (.*?)\. Knowing", text
    )[1]
    order = [
        named.index(label)
        for label in ("Care of children who sit", "Care of children who walk", "\N{LEFT DOUBLE QUOTATION MARK}Share")
    ]
    assert order == sorted(order)
    assert "£9.6 million (£8.66 million to £10.5 million)" in named  # 2 x 600,000 x 8, give or take 1.96 x 0.1 x ...
    assert "Knowing everything would be worth £19.2 million" in text
    assert "Costs £12.5 million" in text
    assert "For two parameters of 5" in text  # the rate is within its error of nothing, the last is nothing
    assert "At £25,000 per QALY it is" in text and "At £35,000 per QALY it is" in text
    assert "None came out below that of a part of its set" in text
    assert section.warnings == ()


def test_the_table_holds_every_threshold():
    section = evppi_section(*evppi_case())
    found = grid(section, "table-evppi")
    assert [c.text for c in found.columns[-4:]] == ["£20,000", "£25,000", "£30,000", "£35,000"]
    rows = cells(found)
    assert rows["Care of children who sit, a year"] == [
        "2.00", "50.0%", "9,600,000", "4,800,000", "2,400,000", "1,200,000",
    ]  # fmt: skip
    assert list(rows)[0] == "All"
    assert section.items[0] == "evppi"
    error = next(r for g in found.groups for r in g.rows if r.head == "Share").cells[0].error
    assert error == "0.10"


def test_results_per_patient_have_no_population():
    section = evppi_section(*evppi_case("sumatriptan", populated=False))
    text = said(section)
    assert "of knowing each per patient" in text and "births" not in text
    assert "2.00 (" in text and "million" not in text


def test_remarks_and_corrections_are_told():
    remark = "The fit leaves a pattern in the residuals, so the value may be too low."
    section = evppi_section(*evppi_case(share={"remark": remark}, rate={"adjusted": "raised", "estimate": 0.01}))
    assert section.warnings == (f"Value of knowing Share. {remark}",)
    assert re.search(r"Four estimates came out below that of a part of the set.*were moved", said(section))


def test_the_nested_check_is_told():
    near = evppi_section(*evppi_case(share={"nested": 0.65, "nested_se": 0.1}))
    assert "As a check, nested simulation gives, per birth at £20,000 per QALY: Share £0.65" in said(near)
    assert "They agree within their errors." in said(near)
    far = evppi_section(*evppi_case(share={"nested": 1.6, "nested_se": 0.1}))
    assert "They disagree by more than chance explains for Share: do not rely on the regression there." in said(far)


def test_nothing_worth_knowing():
    names = ("all", "costs_a", "costs_b", "share", "rate", "nothing", "costs")
    section = evppi_section(*evppi_case(**{n: {"evppi": 0.0, "population": 0.0} for n in names}))
    assert "every value of partial perfect information is 0" in said(section)
    assert section.items == ()


def test_the_best_design_and_what_it_should_measure():
    section = evsi_section(*evsi_case())
    text = said(section)
    assert (
        "At £20,000 per QALY the design with the highest net benefit has 100,000 births screened and 150 children "
        "followed, reporting after 0.25 years. Its data are worth £"
    ) in text
    assert "it costs £1 million, and waiting for it £25,000" in text
    assert re.search(r"What is left is £\S+ million \(95% interval £\S+ million to £\S+ million\)", text)
    assert "What the study should measure: in the design with 100,000 births screened" in text
    assert text.index("Care costs £2.37 per birth") < text.index("Cases among the births screened £0.03 per birth")
    assert "until it reports, births get 60% Universal screening and the rest No screening" in text
    assert "the decision stands for 10 years from now" in text
    assert section.warnings == ()


def test_the_table_of_designs_marks_the_best():
    section = evsi_section(*evsi_case())
    found = grid(section, "table-evsi")
    assert len(found.groups[0].rows) == len(SIZES)
    strong = [row.head for row in found.groups[0].rows if any(c.strong for c in row.cells)]
    assert strong == ["ise_3"]
    assert [c.text for c in found.columns] == [
        "Design", "Births screened", "Children followed", "Years", "EVSI per birth", "EVSI, births after it", "Cost",
        "Cost of waiting", "Net benefit",
    ]  # fmt: skip
    assert cells(found)["ise_1"][:3] == ["100,000", "10", "0.25"]
    data = cells(grid(section, "table-evsi-data"))
    assert list(data) == ["All data", "Care costs", "Cases among the births screened"]


def test_no_study_is_worth_its_cost():
    text = said(evsi_section(*evsi_case(cost=1e9)))
    assert "no design is worth its cost and the wait" in text
    assert re.search(r"would lose £9\S\S million \(95% interval .*It is better to decide now", text)


def test_designs_that_cannot_be_told_apart():
    text = said(evsi_section(*evsi_case(sizes=((1e5, 150.0), (1e5, 148.0), (1e5, 10.0)))))
    assert "Another design is within one standard error of it and should not be called worse." in text


def test_studies_without_a_cost_or_a_population():
    text = said(evsi_section(*evsi_case(priced=False)))
    assert "the data of 2,000,000 births screened and 150 children followed" in text
    assert "paid for" not in text and "it costs" not in text
    text = said(evsi_section(*evsi_case("sumatriptan", populated=False, priced=False)))
    assert "per patient" in text and "births before the study" not in text


def test_data_that_are_worth_nothing():
    text = said(evsi_section(*evsi_case(scale=0.0)))
    assert "No design would change the decision" in text
    assert "nan" not in text


def test_a_poor_fit_is_a_warning():
    section = evsi_section(*evsi_case(remark="The fit leaves a pattern."))
    assert section.warnings == (
        "Value of Cases among the births screened, Care costs and all: The fit leaves a pattern.",
    )


@pytest.mark.parametrize("case", [evppi_case, evsi_case])
@pytest.mark.parametrize(("model", "populated"), [("uk", True), ("sumatriptan", False)])
def test_the_page_is_well_formed(case, model, populated):
    scenario, tables = case(model, populated=populated)
    text = page(scenario, tables, {})
    found = parsed(text)
    assert found.wrong == [] and found.open == [] and found.unscoped == 0
    assert [i for i, n in Counter(found.ids).items() if n > 1] == []
    assert ("table-evppi" if case is evppi_case else "table-evsi") in found.ids
    assert not re.search(r"\b(nan|NaN|inf|Undefined)\b", plain_text(text))


def test_data_worth_nothing_are_not_called_worth_most():
    text = said(evsi_section(*evsi_case(priced=False, scale=0.0)))
    assert "their data are worth nothing" in text
    assert "worth most" not in text and "£0.00 per birth" not in text


def test_what_values_are_per_and_where_sizes_come_from():
    text = said(evsi_section(*evsi_case()))
    assert "Values per birth are averages over all births, screened or not." in text
    assert "sizes of the data that depend on parameters are worked out from their base values" in text


def test_designs_left_out_are_told():
    scenario, tables = evsi_case()
    row = {"design": "ise_13", "years": 1.0, "babies": 5.0, "condition": "babies > 9", "found": "5 > 9"}
    rows = [row | {"design": f"ise_{i}"} for i in range(13, 18)]
    text = said(evsi_section(scenario, tables | {"evsi_left_out": pd.DataFrame(rows)}))
    assert (
        "Five designs were left out, since they cannot be carried out: ise_13 (babies > 9 is 5 > 9), "
        "ise_14 (babies > 9 is 5 > 9) and ise_15 (babies > 9 is 5 > 9); the others are in evsi_left_out.csv."
    ) in text
    assert "left out" not in said(evsi_section(scenario, tables))
