"""The command line: exit codes, what it prints, --help with an example."""

import subprocess
import sys
from pathlib import Path

import pytest

import nbsmodel
from nbsmodel.cli import main

ROOT = Path(__file__).resolve().parents[2]
BASE = str(ROOT / "configs" / "sma" / "uk_base_case.yaml")


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *args])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def test_run_prints_the_table_and_where_the_report_lies(monkeypatch, capsys, tmp_path):
    code, out, _ = call(monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "uk"))
    assert code == 0
    assert "Universal screening" in out
    assert "ICER" in out
    assert str(tmp_path / "uk" / "report.html") in out
    assert (tmp_path / "uk" / "report.html").is_file()
    code, _, err = call(monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "uk"))
    assert code == 2
    assert "--force" in err
    code, out, err = call(monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "uk"), "--force", "--quiet")
    assert (code, out, err) == (0, "", "")


def test_set_changes_the_result(monkeypatch, capsys, tmp_path):
    _, one, _ = call(monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "a"))
    _, two, _ = call(monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "b"), "--set", "overrides.c_test=50")
    assert one.splitlines()[5] != two.splitlines()[5]


def test_wrong_input_is_a_message_and_exit_code_2(monkeypatch, capsys, tmp_path):
    code, out, err = call(
        monkeypatch, capsys, "run", BASE, "--out", str(tmp_path / "x"), "--set", "overrides.p_uptke=1"
    )
    assert code == 2
    assert "Did you mean p_uptake?" in err
    assert "Traceback" not in out + err
    assert not (tmp_path / "x").exists()


def test_validate(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "validate", BASE, str(ROOT / "models" / "sma" / "broekhoff2021_nl"))
    assert code == 0
    assert "no problem found" in out
    code, _, err = call(monkeypatch, capsys, "validate", str(ROOT / "models" / "sma" / "ukk"), "nowhere.yaml")
    assert code == 2
    assert "2 problems" in err


def test_reference(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "reference")
    assert code == 0
    assert "uk_life_table_2018_2020" in out and "nhs_cost_indices" in out
    code, out, _ = call(monkeypatch, capsys, "reference", "uk_utility_norms")
    assert code == 0
    assert "hse2014_eq5d3l_mixed" in out and "CHILDREN" in out
    code, out, err = call(monkeypatch, capsys, "reference", "uk_norms")
    assert (code, out) == (2, "")
    assert "there is no reference table uk_norms" in err and "uk_utility_norms" in err


def test_reproduce(monkeypatch, capsys, tmp_path):
    model = str(ROOT / "models" / "sma" / "ecrd2020_us")
    code, out, _ = call(monkeypatch, capsys, "reproduce", model, "--out", str(tmp_path))
    assert code == 0
    assert "Published" in out
    header = (tmp_path / "reproduction.csv").read_text().splitlines()[0]
    assert header == "study,quantity,published,ours,difference,tolerance,verdict,reason,model,source,where"


def test_reproduction_that_falls_short_is_exit_code_1(monkeypatch, capsys, tmp_path):
    import shutil

    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "sma" / "ecrd2020_us", model)
    text = (model / "parameters.csv").read_text()
    changed = text.replace("9.4", "9.9", 1)
    assert changed != text
    (model / "parameters.csv").write_text(changed)
    code, out, _ = call(monkeypatch, capsys, "reproduce", str(model), "--out", str(tmp_path / "r"))
    assert code == 1
    assert "differs" in out


@pytest.mark.parametrize("command", ["run", "validate", "reproduce"])
def test_help_has_an_example(monkeypatch, capsys, command):
    code, out, _ = call(monkeypatch, capsys, command, "--help")
    assert code == 0
    assert f"Example: nbsmodel {command}" in " ".join(out.split())


def test_as_a_program_in_another_folder(tmp_path):
    found = subprocess.run(
        [sys.executable, "-m", "nbsmodel", "run", BASE, "--set", "engine=discrete_events"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == 2
    assert "--set engine=discrete_events: found 'discrete_events'. Allowed: cohort, microsimulation." in found.stderr
    assert "Traceback" not in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_everything_public_is_documented():
    for name in nbsmodel.__all__:
        assert getattr(nbsmodel, name).__doc__
