"""The example with invented numbers: it says so, compares with nothing, and does what its README says of crises."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nbsmodel.config.scenario import load_scenario
from nbsmodel.run.find import find_models
from nbsmodel.run.published import models_with_published
from nbsmodel.run.run import evaluate_scenario
from nbsmodel.run.tables import make_tables
from nbsmodel.run.validate import validate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "models" / "mcadd" / "invented"
CONFIG = ROOT / "configs" / "mcadd" / "invented.yaml"
CYCLES = """      - {length: 1 month, until: 5 years}
      - {length: 1 year, until: 100 years}
"""


def test_it_says_that_its_numbers_are_invented():
    for path in (FOLDER / "README.md", FOLDER / "model.yaml", CONFIG):
        assert "invented numbers" in path.read_text().splitlines()[0].lower(), path
    scenario = load_scenario(CONFIG)
    assert scenario.title.startswith("Invented numbers")
    rows = scenario.model.parameters.rows.values()
    assert {(row.status, *row.sources) for row in rows} == {("placeholder", "invented")}


def test_it_stands_beside_no_published_result():
    assert FOLDER in find_models(ROOT / "models")
    assert FOLDER not in models_with_published(ROOT / "models")


def test_nothing_is_remarked_on():
    assert validate([FOLDER, CONFIG]) == ([], [])


@pytest.fixture(scope="module")
def by_cycles(tmp_path_factory):
    """Tables with the cycles as written, and with others throughout."""

    def tables(cycles):
        copy = tmp_path_factory.mktemp("cycles") / "invented"
        shutil.copytree(FOLDER, copy)
        text = (copy / "model.yaml").read_text()
        assert text.count(CYCLES) == 1
        (copy / "model.yaml").write_text(text.replace(CYCLES, cycles))
        scenario = load_scenario(copy)
        return make_tables(scenario, evaluate_scenario(scenario))

    whole = "      - {{length: 1 {}, until: 100 years}}\n"
    return {"written": tables(CYCLES), "month": tables(whole.format("month")), "year": tables(whole.format("year"))}


@pytest.mark.parametrize(("cycles", "close"), [("written", 0.002), ("year", 0.008)])
def test_crises_do_not_depend_on_the_length_of_a_cycle(by_cycles, cycles, close):
    """A state for a crisis had a year of cycles count 5% more of them than months, and the ICER fall by a fifth."""

    def read(tables):
        found = tables["outcomes"]
        of = found[found["discounted"] & found["component"].isin(["crises", "total"])]
        return tables["cea"]["icer"].iloc[-1], of.set_index(["strategy", "outcome", "component"])["value"].sort_index()

    icer, amounts = read(by_cycles[cycles])
    icer_months, amounts_months = read(by_cycles["month"])
    assert icer == pytest.approx(icer_months, rel=close)
    assert len(amounts) >= 8
    assert amounts.to_dict() == pytest.approx(amounts_months.to_dict(), rel=2 * close)
