"""Panels on the command line, their output folder, and what runs again from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from panel_models import TWO, write_panel
from test_cli import call

import nbsmodel
from nbsmodel.config.panel import load_panel
from nbsmodel.run.panel import run_panel

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "configs" / "joint" / "sma_scid.yaml"
PSA = "analyses: {psa: {draws: 60, ceac_steps: 5}}"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel")
    top = f"note: A note\nseed: 3\n{PSA}\nsettings: {{discount_rate_costs: 0.015}}"
    edits = [
        ("configs/panel.yaml", "tested: p_uptake}", "tested: p_uptake, set_up: {cost: c_marginal, years: 18 months}}")
    ]
    edits += [("configs/panel.yaml", "  shared_test:", "  births: 500000\n  shared_test:")]
    config = write_panel(folder, None, top, *edits, entry=", overrides: {c_late: 70000}")
    return config, nbsmodel.run(config, out=folder / "out")


def test_files(ran):
    _, output = ran
    names = {p.name for p in output.folder.iterdir()}
    assert names >= {f"{name}.csv" for name in output.tables}
    assert names >= {"report.html", "manifest.json", "resolved_config.yaml", "run.log", "models", "scenarios",
                     "panel.csv", "panel_marginal.csv", "panel_screening.csv", "panel_psa.csv", "ceac.csv"}  # fmt: skip
    for name in ("panel_contributions", "panel_adding", "ceac"):
        for ending in ("svg", "png"):
            assert (output.folder / "figures" / f"{name}.{ending}").stat().st_size > 1000
    written = pd.read_csv(output.folder / "panel.csv").set_index("option")
    assert written.loc["all", "inc_cost"] == output.tables["panel"].set_index("option").loc["all", "inc_cost"]


def test_draws_that_were_written_are_those_of_the_tables(ran):
    _, output = ran
    table = pq.read_table(output.folder / "panel_psa_outcomes.parquet").to_pandas()
    assert table["draw"].tolist() == list(range(60))
    together = table["cost_alpha"] + table["cost_beta"] + table["shared_cost"]
    rows = output.tables["panel_psa_marginal"].set_index(["option", "quantity"])
    assert together.mean() == pytest.approx(rows.loc[("all", "cost"), "mean"].item())
    per_birth = table["parameter_c_marginal"] / (500_000 * (1 + 0.5 / 1.015))
    assert (
        table["shared_cost"] - table["parameter_c_shared"] * table["parameter_p_uptake"]
    ).to_numpy() == pytest.approx(per_birth.to_numpy())


def test_the_record(ran):
    config, output = ran
    manifest = json.loads((output.folder / "manifest.json").read_text())
    assert manifest["panel"] == {"alpha": "models/alpha", "beta": "models/beta"}
    assert manifest["seed"] == 3
    assert len(set(manifest["seeds"].values())) == 2
    (own,) = [digest for name, digest in manifest["inputs"].items() if name.endswith("panel.yaml")]
    assert own == hashlib.sha256(config.read_bytes()).hexdigest()
    assert {Path(name).name for name in manifest["inputs"]} >= {
        "alpha.yaml",
        "beta.yaml",
        "model.yaml",
        "parameters.csv",
    }
    for name, digest in manifest["copies"].items():
        assert hashlib.sha256((output.folder / name).read_bytes()).hexdigest() == digest
    log = (output.folder / "run.log").read_text()
    assert "condition beta" in log
    assert "changed overrides.c_test: 3.5 -> 0.5" in log


def test_it_runs_again_from_its_folder_alone(ran, tmp_path, monkeypatch):
    config, output = ran
    moved = tmp_path / "moved"
    output.folder.rename(moved)
    config.rename(config.with_suffix(".gone"))
    try:
        monkeypatch.chdir(moved)
        again = nbsmodel.run("resolved_config.yaml", out=tmp_path / "again")
        for name in output.tables:
            if name != "panel_changes":  # which has the places of what changed
                assert (moved / f"{name}.csv").read_bytes() == (tmp_path / "again" / f"{name}.csv").read_bytes(), name
        assert again.panel.note == "A note"
        alone = nbsmodel.run(moved / "scenarios" / "beta.yaml", write=False).tables["pairwise"].iloc[0]
        mine = output.tables["panel"].set_index("option").loc["own_test_beta"]
        assert (alone["inc_cost"], alone["inc_qaly"]) == (mine["inc_cost"], mine["inc_qaly"])
    finally:
        moved.rename(output.folder)
        config.with_suffix(".gone").rename(config)


def test_the_command_line(tmp_path, monkeypatch, capsys):
    config = str(write_panel(tmp_path))
    out = str(tmp_path / "out")
    code, text, _ = call(monkeypatch, capsys, "run", config, "--out", out, "--draws", "50", "--seed", "5")
    assert code == 0
    for word in ("adding Condition alpha", "all together", "dominant", "Best at 20,000: all conditions", "report.html"):
        assert word in text
    assert len(text.splitlines()) < 20
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["seed"], manifest["analyses"]) == (5, ["psa"])
    code, _, err = call(monkeypatch, capsys, "run", config, "--out", out)
    assert (code, "--force" in err) == (2, True)
    code, text, err = call(monkeypatch, capsys, "run", config, "--out", out, "--force", "--quiet")
    assert (code, text, err) == (0, "", "")
    assert not (tmp_path / "out" / "ceac.csv").exists()  # the earlier result is replaced whole


def test_what_a_panel_cannot_do_is_said(tmp_path, monkeypatch, capsys):
    config = str(write_panel(tmp_path))
    secret = tmp_path / "secret.yaml"
    secret.write_text("prices: {}\n")
    for args, word in (
        (("run", config, "--resume"), "--resume"),
        (("run", config, "--confidential", str(secret)), "--confidential"),
        (("run", config, "--trace-individual", "1"), "a panel of several conditions"),
        (("scenarios", config), "a panel of several conditions"),
        (("run", config, "--set", "panel.conditions.beta.strategy=nothing"), "is no strategy"),
    ):
        code, out, err = call(monkeypatch, capsys, *args)
        assert code == 2, args
        assert word in err, err
        assert "Traceback" not in out + err


def test_validate(tmp_path, monkeypatch, capsys):
    config = write_panel(tmp_path)
    code, out, _ = call(monkeypatch, capsys, "validate", str(config))
    assert (code, "no problem found" in out) == (0, True)
    config.write_text(config.read_text().replace("cost: c_shared", "cost: c_share"))
    code, _, err = call(monkeypatch, capsys, "validate", str(config))
    assert (code, "Did you mean c_shared?" in err) == (2, True)


def test_a_failure_writes_nothing(tmp_path):
    config = write_panel(
        tmp_path, TWO, "", ("models/beta/model.yaml", "value: c_early}", "value: 1 / (p_uptake - p_uptake)}")
    )
    with pytest.raises(nbsmodel.InputError):
        nbsmodel.run(config, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_example_adds_up_its_two_conditions(tmp_path):
    output = run_panel(EXAMPLE, ["analyses.psa=null"], write=False)
    panel = load_panel(EXAMPLE)
    paid = {"sma": 5.0, "scid": 5.0}  # shared plus marginal
    total = {"cost": 0.0, "qaly": 0.0}
    table = output.tables["panel"].set_index("option")
    tests = output.tables["panel_marginal"].set_index("condition")["tests_per_birth"]
    for name, condition in panel.conditions.items():
        factor = condition.own.model.prices.factor("c_test")
        sets = [f"overrides.c_test={paid[name] / factor:.17g}", "overrides.births=567845", "price_year=2024/25"]
        alone = nbsmodel.run(condition.config, sets, write=False).tables["pairwise"].iloc[0]
        repeats = 4 * (tests[name] - 1)  # which pay the marginal cost alone
        assert table.loc[f"only_{name}", "inc_cost"] == pytest.approx(alone["inc_cost"] - repeats, rel=1e-9)
        assert table.loc[f"only_{name}", "inc_qaly"] == pytest.approx(alone["inc_qaly"], rel=1e-12)
        total["cost"] += table.loc[f"only_{name}", "inc_cost"]
        total["qaly"] += table.loc[f"only_{name}", "inc_qaly"]
    assert table.loc["all", "inc_cost"] == pytest.approx(total["cost"] - 4, rel=1e-9)
    assert table.loc["all", "inc_qaly"] == pytest.approx(total["qaly"], rel=1e-12)
    assert table.loc["all", "cost_per_year"] == pytest.approx(567_845 * table.loc["all", "inc_cost"])
    assumed = output.tables["panel_parameters"].set_index("name")["status"]
    assert set(assumed[["c_duplex", "c_target_sma", "c_target_scid"]]) == {"assumption"}
    fitted = output.tables["panel_conditions"].set_index("condition")["calibrated"]
    assert fitted.to_dict() == {"scid": 3, "sma": 0}


def test_the_example_says_what_adding_a_condition_costs_without_its_fitted_saving():
    sets = ["analyses.psa=null", "panel.conditions.scid.overrides.n_residual_found=0"]
    added = run_panel(EXAMPLE, sets, write=False).tables["panel_marginal"].set_index("condition").loc["scid"]
    note = load_panel(EXAMPLE).note
    assert f"{added['inc_cost']:.2f} pounds a birth" in note
    assert f"{round(added['icer'], -2):,.0f} pounds a QALY" in note
