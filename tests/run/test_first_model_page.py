"""The page docs/first_model.md: its files are written, its commands run, and its figures checked."""

import csv
import io
import re
import shutil
import sys
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from nbsmodel.cli import main
from nbsmodel.config.scenario import load_scenario
from nbsmodel.run.validate import validate

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "first_model.md").read_text(encoding="utf-8")
REFERENCE = "common/uk_reference_case.yaml"
FILE = re.compile(r"^\*\*`([^`]+)`\*\*[^\n]*\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = dict(FILE.findall(PAGE))
OUTPUT = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FIRST = ("model/model.yaml", "model/parameters.csv", "model/sources.yaml", "model/README.md", "configs/base.yaml")
LATER = ("configs/low_uptake.yaml", "configs/budget.yaml", "model/published.yaml", "model/calibration.yaml")
COMMANDS = re.findall(r"^nbsmodel (.*)$", PAGE, re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with the reference case and the first five files of the page."""
    write(tmp_path, FIRST)
    (tmp_path / REFERENCE).parent.mkdir()
    shutil.copy(ROOT / "configs" / REFERENCE, tmp_path / REFERENCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(FILES[name], encoding="utf-8")


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *args])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    return capsys.readouterr().out


def test_the_page_has_the_files_it_names():
    assert tuple(FILES) == (*FIRST, *LATER)
    lines = [line for name in FIRST for line in FILES[name].splitlines()]
    assert len(lines) < 85 and max(map(len, lines)) < 130
    assert len(COMMANDS) == 7


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).is_file(), target
    for name in re.findall(r"`(models/[^`]+)`", PAGE):
        assert (ROOT / name / "model.yaml").is_file(), name


def test_from_an_empty_folder_to_the_figures_of_the_page(folder, monkeypatch, capsys):
    check, run = COMMANDS[:2]
    assert "no problem found" in call(monkeypatch, capsys, *check.split())
    assert validate(["model", "configs/base.yaml"])[1] == []  # nor a note
    printed = [line.rstrip() for line in call(monkeypatch, capsys, *run.split()).splitlines()]
    assert [line for line in OUTPUT[1].splitlines() if line not in printed] == []

    results = folder / "results" / "base"
    names = ("pairwise", "programme", "tiers", "threshold", "outcomes")
    tables = {name: pd.read_csv(results / f"{name}.csv") for name in names}
    assert f"£{tables['pairwise'].icer[0]:,.0f} per QALY gained" in PAGE
    programme = tables["programme"].set_index("quantity")
    found, births = programme.screening["Cases found by screening"], programme.screening["Births with the condition"]
    assert f"{found:.1f} of {births:.1f} affected births" in PAGE
    positive = tables["tiers"].set_index("group").positive_per_year
    assert f"{positive.affected / positive['(all)']:.0%} of the positives" in PAGE
    low, high = tables["threshold"].value
    assert f"below £{low:.2f} at £20,000 per QALY, below £{high:.2f} at £30,000" in PAGE
    costs = tables["outcomes"].query("outcome == 'cost' and discounted")
    costs = costs.pivot(index="component", columns="strategy", values="value")
    more = costs.screening - costs.no_screening
    said = f"{more.screening:.2f} for the test, {more.confirmation:.2f} for the clinic, {more.diet:.2f} for diet"
    assert f"{said}, {-more.care:.2f} less for care" in PAGE
    net = pd.read_csv(results / "cea.csv").set_index("strategy")
    assert net.nmb_30000.idxmax() == "screening" and net.nmb_20000.idxmax() == "no_screening"

    report = (results / "report.html").read_text(encoding="utf-8")
    section = [s.strip() for s in re.findall(r"^\| ([A-Z][^|]+) \|", PAGE, re.MULTILINE)]
    assert len(section) == 6 and all(f"{name}</h2>" in report for name in section)
    assert "in one point" in report and "13 of 13" in report


def test_the_figures_by_hand():
    """Births, tests and costs that need no life table."""
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(FILES["model/parameters.csv"]))}
    value = {name: float(Fraction(row["value"])) for name, row in rows.items()}
    births = 567_845  # England 2024, see docs/reference_inputs.md
    affected = value["p_birth"] * births
    found = affected * value["p_uptake"] * value["p_sensitivity"]
    false = (births - affected) * value["p_uptake"] * (1 - value["p_specificity"])
    assert f"{found:.1f} of {affected:.1f} affected births a year" in PAGE
    assert f"{found / (found + false):.0%} of the positives" in PAGE
    assert f"{value['p_uptake'] * value['c_test']:.2f} for the test" in PAGE
    assert sum(row["status"] == "placeholder" for row in rows.values()) == 13


def test_a_slip_of_the_pen(folder):
    text = FILES["model/model.yaml"]
    (folder / "model" / "model.yaml").write_text(text.replace("spot: p_sensitivity", "spot: p_sensitivty"))
    problems, _ = validate(["configs/base.yaml"])
    (found,) = (str(problem) for problem in problems)
    assert found.startswith(OUTPUT[0].strip())


def test_what_comes_next_is_valid(folder):
    write(folder, LATER)
    problems, notes = validate(["model", *(str(p.relative_to(folder)) for p in (folder / "configs").iterdir())])
    assert problems == [] and notes == []


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS[2:])
def test_what_comes_next_runs(folder, monkeypatch, capsys, command):
    write(folder, LATER)
    assert call(monkeypatch, capsys, *command.split())


def test_the_reference_case_is_held_against_whoever_extends_it(folder):
    found = load_scenario("configs/base.yaml")
    assert found.reference_case[0] == folder / REFERENCE
    assert [key for key, _, _ in found.departures()] == ["thresholds"]
