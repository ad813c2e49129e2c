"""A run from config to folder: the contract of its files, and that the record alone repeats it."""

import hashlib
import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

import nbsmodel
from nbsmodel import reference
from nbsmodel.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "configs" / "sma" / "uk_base_case.yaml"


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return nbsmodel.run(BASE, out=tmp_path_factory.mktemp("run") / "uk")


def test_files_of_the_contract(output):
    names = {p.name for p in output.folder.iterdir()}
    assert names >= {
        "cea.csv", "outcomes.csv", "screening.csv", "trace.csv", "figures", "report.html",
        "manifest.json", "resolved_config.yaml", "run.log", "model",
    }  # fmt: skip
    assert not [n for n in names if n.startswith(".")]


def test_columns_of_the_contract(output):
    cea = pd.read_csv(output.folder / "cea.csv")
    assert list(cea.columns[:9]) == [
        "strategy", "cost", "qaly", "life_years", "inc_cost", "inc_qaly", "icer", "status", "comparator",
    ]  # fmt: skip
    assert [c for c in cea.columns if c.startswith("nmb_")] == ["nmb_20000", "nmb_25000", "nmb_30000", "nmb_35000"]
    assert list(pd.read_csv(output.folder / "outcomes.csv").columns) == [
        "strategy", "outcome", "component", "perspective", "discounted", "value", "unit", "basis",
    ]  # fmt: skip
    assert list(pd.read_csv(output.folder / "screening.csv").columns) == ["strategy", "class", "per_100000", "per_year"]
    assert list(pd.read_csv(output.folder / "trace.csv").columns) == [
        "strategy", "cohort", "cycle", "time", "state", "occupancy",
    ]  # fmt: skip


def test_csv_holds_every_digit(output):
    written = pd.read_csv(output.folder / "cea.csv").set_index("strategy")
    for row in output.tables["cea"].to_dict("records"):
        assert written.loc[row["strategy"], "cost"] == row["cost"]
        assert written.loc[row["strategy"], "qaly"] == row["qaly"]


def in_headline(tables):
    """Rows of the outcomes that the headline counts; further perspectives are booked beside it."""
    return tables["outcomes"][tables["outcomes"]["perspective"].isin(["health_system", "all"])]


@pytest.mark.parametrize("config", ["uk_base_case", "broekhoff2021_nl", "ecrd2020_us"])
def test_components_and_states_add_up_to_the_headline(config):
    tables = nbsmodel.run(ROOT / "configs" / "sma" / f"{config}.yaml", write=False).tables
    cea = tables["cea"].set_index("strategy")
    discounted = in_headline(tables)[lambda t: t["discounted"]]
    by_component = discounted.pivot_table(index="strategy", columns="outcome", values="value", aggfunc="sum")
    by_state = tables["state_table"].groupby("strategy")[["cost", "qaly"]].sum()
    for strategy in cea.index:
        for outcome in ("cost", "qaly"):
            assert by_component.loc[strategy, outcome] == pytest.approx(cea.loc[strategy, outcome], rel=1e-9)
            assert by_state.loc[strategy, outcome] == pytest.approx(cea.loc[strategy, outcome], rel=1e-9)


def test_undiscounted_states_add_up_too(output):
    tables = output.tables
    plain = in_headline(tables)[lambda t: ~t["discounted"]]
    expected = plain.groupby(["strategy", "outcome"])["value"].sum()
    found = tables["state_table"].groupby("strategy")[["cost_undiscounted", "qaly_undiscounted"]].sum()
    for strategy in found.index:
        assert found.loc[strategy, "cost_undiscounted"] == pytest.approx(expected[strategy, "cost"], rel=1e-9)
        assert found.loc[strategy, "qaly_undiscounted"] == pytest.approx(expected[strategy, "qaly"], rel=1e-9)


def test_detection_table_adds_up_to_births(output):
    table = output.tables["screening"].groupby("strategy")["per_year"].sum()
    assert table.to_numpy() == pytest.approx([585_195, 585_195], rel=1e-12)


def test_manifest_holds_what_is_needed(output):
    manifest = json.loads((output.folder / "manifest.json").read_text())
    for key in ("nbsmodel", "python", "libraries", "basis", "seed", "settings", "conventions", "inputs", "seconds"):
        assert key in manifest
    assert manifest["basis"] == "birth"
    for path, digest in manifest["inputs"].items():
        shipped = path.startswith("nbsmodel/reference/")  # by its place in the package
        where = reference.FOLDER / Path(path).name if shipped else Path.cwd() / path
        assert hashlib.sha256(where.read_bytes()).hexdigest() == digest
    for name, digest in manifest["model_copy"].items():
        assert hashlib.sha256((output.folder / "model" / name).read_bytes()).hexdigest() == digest


def test_the_record_alone_gives_the_same_results(tmp_path):
    first = nbsmodel.run(
        BASE, ["overrides.p_uptake=0.9", "settings.discount_rate_costs=0.015", "choices.utility_set=lloyd2019"],
        out=tmp_path / "first",
    )  # fmt: skip
    moved = tmp_path / "elsewhere"
    os.rename(first.folder, moved)
    again = nbsmodel.run(moved / "resolved_config.yaml", out=tmp_path / "again")
    for name in ("cea.csv", "outcomes.csv", "screening.csv", "state_table.csv", "trace.csv", "parameters.csv"):
        if name != "parameters.csv":
            assert (moved / name).read_bytes() == (again.folder / name).read_bytes()


def test_same_bytes_twice(output, tmp_path):
    again = nbsmodel.run(BASE, out=tmp_path / "uk")
    for path in sorted(output.folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":  # it holds the times
            assert path.read_bytes() == (again.folder / path.relative_to(output.folder)).read_bytes(), path.name


def test_changes_are_logged_old_to_new(tmp_path):
    out = nbsmodel.run(BASE, ["overrides.p_uptake=0.9"], out=tmp_path / "x").folder
    assert re.search(r"changed overrides\.p_uptake: 1\.0 -> 0\.9 \(--set", (out / "run.log").read_text())


def test_bad_input_leaves_earlier_results_untouched(tmp_path):
    first = nbsmodel.run(BASE, out=tmp_path / "x").folder
    before = {p: p.read_bytes() for p in first.rglob("*") if p.is_file()}
    with pytest.raises(InputError):
        nbsmodel.run(BASE, ["overrides.p_specificity=1.2"], out=first, force=True)
    with pytest.raises(InputError):
        nbsmodel.run(BASE, ["overrides.p_copies_2=0.9"], out=first, force=True)
    assert {p: p.read_bytes() for p in first.rglob("*") if p.is_file()} == before


def test_effect_other_than_qalys(tmp_path):
    tables = nbsmodel.run(ROOT / "tests" / "models" / "hiv_lamivudine", write=False).tables
    assert "inc_life_years" in tables["cea"].columns
    assert tables["cea"]["icer"].dropna().iloc[0] == pytest.approx(6275.956, rel=1e-6)


def test_parameter_table_has_no_empty_source(output):
    table = output.tables["parameters"]
    assert (table["source"].str.len() > 0).all()
    assert (table["status"].str.len() > 0).all()
    assert (table["unit"].str.len() > 0).all()
