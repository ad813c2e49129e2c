"""Shipped tables in a report: provenance, sources, how they are read and closed; results folders run again."""

from __future__ import annotations

import hashlib
import json
from functools import cache

import pytest
from helpers import FILES, write_files

import nbsmodel
from nbsmodel import reference as shipped
from nbsmodel.config.scenario import load_scenario
from nbsmodel.report.methods import methods_sentences
from nbsmodel.report.record import cited_sources
from nbsmodel.report.report_inputs import table_rows

DECLARED = "qx: {file: tables/qx.csv, by: age}"
USED = {
    "shipped": "qx: {reference: england_life_table_2018_2020, column: qx_mixed}",
    "hazard": "qx: {reference: england_life_table_2018_2020, column: qx_male, closing: hazard}",
    "dies": "qx: {reference: england_life_table_2018_2020, column: qx_male, closing: dies}",
    "years": DECLARED + "\n  born: {reference: uk_births, between: exact}",
}


@cache
def folder(tmp, kind):
    model = FILES["model/model.yaml"]
    assert model.count(DECLARED) == 1
    changed = model.replace(DECLARED, USED[kind])
    if kind == "years":
        changed = changed.replace("births_per_year: births", 'births_per_year: born(2023, "england") + 0 * births')
    write_files(tmp / kind, FILES | {"model/model.yaml": changed})
    return tmp / kind


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("models")
    return lambda kind: load_scenario(folder(tmp, kind) / "configs" / "base.yaml", ())


def test_a_shipped_table_is_named_with_its_provenance(scenario):
    row = next(r for r in table_rows(scenario("shipped")) if r.name == "qx")
    assert row.file == "shipped with nbsmodel: england_life_table_2018_2020"
    assert row.extent == "age 0 to 100 (101 rows)"
    assert "Open Government Licence v3.0" in row.note and "0.513 boys at birth" in row.note
    assert row.status == ""
    born = next(r for r in table_rows(scenario("years")) if r.name == "born")
    assert born.extent == "year 2021 to 2025 (5 rows)" and born.reading == "at its rows only"


def test_its_sources_are_in_the_reference_list_once(scenario):
    cited = [s.key for s in cited_sources(scenario("shipped"))]
    assert {"ons_life_tables_england", "sex_at_birth"} <= set(cited)
    assert len(cited) == len(set(cited))
    assert "pssru2025" not in cited


def test_an_entry_of_the_model_goes_before_the_shipped_one(tmp_path):
    own = FILES["model/sources.yaml"] + "ons_life_tables_england: {citation: Ours}\n"
    model = FILES["model/model.yaml"].replace(DECLARED, USED["shipped"])
    write_files(tmp_path, FILES | {"model/model.yaml": model, "model/sources.yaml": own})
    assert nbsmodel.load_model(tmp_path / "model").sources["ons_life_tables_england"].citation == "Ours"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("hazard", "from age 100 on a constant hazard, 1 / years of life expected at that age"),
        ("dies", "nobody lives past age 100: death is certain in that year"),
    ],
)
def test_how_a_table_is_closed_is_said(scenario, kind, words):
    row = next(r for r in table_rows(scenario(kind)) if r.name == "qx")
    assert row.reading == f"row at or below; {words}"
    said = " ".join(methods_sentences(scenario(kind)))
    assert f"Probabilities of death in the table qx are closed: {words}." in said
    assert "Reference inputs shipped with nbsmodel: qx (england_life_table_2018_2020, qx_male)." in said
    assert "are closed" not in " ".join(methods_sentences(scenario("shipped")))


def test_a_model_without_shipped_tables_says_nothing_of_them(tmp_path):
    write_files(tmp_path, FILES)
    said = " ".join(methods_sentences(load_scenario(tmp_path / "configs" / "base.yaml", ())))
    assert "shipped with nbsmodel" not in said


def test_a_results_folder_runs_again_with_the_installed_table(scenario, tmp_path):
    base = scenario("years").files[0]
    first = nbsmodel.run(base, out=tmp_path / "first")
    manifest = json.loads((first.folder / "manifest.json").read_text())
    path = shipped.reference("uk_births").path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["inputs"]["nbsmodel/reference/uk_births.csv"] == digest
    assert not any("births" in name for name in manifest["model_copy"])
    assert not list((first.folder / "model").rglob("uk_births.csv"))
    moved = tmp_path / "moved"
    first.folder.rename(moved)
    again = nbsmodel.run(moved / "resolved_config.yaml", out=tmp_path / "again")
    for name in ("cea", "net_benefit", "outcomes", "programme", "trace"):
        assert first.tables[name].equals(again.tables[name]), name
    html = (again.folder / "report.html").read_text()
    assert "shipped with nbsmodel: uk_births" in html
    assert "Office for National Statistics (England and Wales" in html
