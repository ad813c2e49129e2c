"""Broken input through the command line: exit code 2, a message that helps, earlier results untouched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import broken_analyses
import broken_budget
import broken_configs
import broken_files
import broken_names
import broken_numbers
import broken_points
import broken_voi
import pytest
from helpers import FILES, write_complete, write_files

import nbsmodel
from nbsmodel import cli

CASES = (
    *broken_names.CASES,
    *broken_numbers.CASES,
    *broken_files.CASES,
    *broken_configs.CASES,
    *broken_analyses.CASES,
    *broken_budget.CASES,
    *broken_points.CASES,
    *broken_voi.CASES,
)
EARLIER = {
    "out/manifest.json": '{"written by": "an earlier run"}',
    "out/cea.csv": "strategy,cost\nusual,1\n",
    "out/figures/plane.svg": "<svg/>",
}
#: What only a programmer understands.
JARGON = re.compile(
    r"Traceback|pydantic|Error\b|NoneType|<class|object at 0x|Input should|Fraction\(|\.py\b|errno", re.I
)


def write_broken(case, folder):
    write_files(folder, FILES | EARLIER)
    for name, content in case.whole.items():
        (folder / name).unlink(missing_ok=True)
        if content is None:
            (folder / name).mkdir()
        elif content != "-":
            write_files(folder, {name: content})
    for name, old, new in case.edits:
        text = (folder / name).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (folder / name).write_text(text.replace(old, new))


def snapshot(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def run(monkeypatch, *arguments):
    """Exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_broken_input(case, tmp_path, monkeypatch, capsys):
    write_broken(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    sets = [word for text in case.sets for word in ("--set", text)]
    code = run(monkeypatch, "run", "configs/base.yaml", "--out", "out", "--force", *sets)
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert code == 2, printed.err
    assert printed.out == ""
    place = re.compile(rf"\s*{re.escape(case.place.rstrip(': '))}[: ]")
    assert any(place.match(line) for line in lines), f"{case.place}\n{printed.err}"
    for words in case.says:
        assert words in printed.err, f"{words}\n{printed.err}"
    assert not JARGON.search(printed.err), printed.err
    assert snapshot(tmp_path) == before


def test_the_table_is_long_enough_and_its_names_differ():
    assert len(CASES) >= 35
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_unbroken_model_runs(tmp_path, monkeypatch, capsys):
    """Otherwise every test above could pass for the wrong reason."""
    write_complete(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "run", "configs/base.yaml", "--out", "out") == 0
    assert (tmp_path / "out" / "cea.csv").is_file()
    assert "screening" in capsys.readouterr().out


def test_problems_of_several_files_are_reported_in_one_go(tmp_path, monkeypatch, capsys):
    write_complete(
        tmp_path,
        ("configs/base.yaml", "title: Base case", "titel: Base case"),
        ("configs/reference.yaml", "settings:", "setings:"),
        ("model/model.yaml", "case: true", "csae: true"),
        ("model/parameters.csv", "Uptake,0.95", "Uptake,1.95"),
        ("model/parameters.csv", "Utility,0.9,utility,,smith", "Utility,0.9,utility,,smyth"),
        ("model/sources.yaml", 'citation: "Office', 'citatoin: "Office'),
    )
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "run", "configs/base.yaml", "--out", "out") == 2
    printed = capsys.readouterr().err.lstrip()
    for words in (
        "configs/base.yaml:4 titel: unknown key titel. Did you mean title?",
        "model/model.yaml:29 tree.affected.csae: unknown key csae. Did you mean case?",
        "model/parameters.csv:4 p_uptake value: 1.95 is no probability.",
        "model/parameters.csv:14 u_well source: smyth is not in sources.yaml.",
        "model/sources.yaml:2 ons.citatoin: unknown key citatoin. Did you mean citation?",
    ):
        assert words in printed, printed
    assert printed.startswith("5 problems:")


def test_names_wrong_in_tree_cohort_and_derived_values_are_reported_in_one_go(tmp_path, monkeypatch, capsys):
    write_complete(
        tmp_path,
        ("model/model.yaml", "p_found: screened *", "p_found: screend *"),
        ("model/model.yaml", "hazard: h_worse", "hazard: h_wurse"),
        ("model/model.yaml", "start: {well: rest", "start: {wel: rest"),
        ("model/model.yaml", "outcome: admission,", "outcome: admision,"),
        ("model/model.yaml", "file: tables/qx.csv", "file: tables/qy.csv"),
    )
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "validate", "model") == 2
    printed = capsys.readouterr().err.lstrip()
    assert printed.startswith("5 problems:"), printed
    for meant in ("screened", "h_worse", "well", "admission", "qx.csv"):
        assert f"Did you mean {meant}?" in printed, printed


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("misspelt parameter", ["run", "configs/base.yaml", "--out", "out", "--force"]),
        ("binary junk for parameters.csv", ["run", "configs/base.yaml"]),
        ("anchors that explode", ["validate", "model", "configs/base.yaml"]),
    ],
)
def test_as_a_program_of_its_own(name, arguments, tmp_path):
    case = next(case for case in CASES if case.name == name)
    write_broken(case, tmp_path)
    before = snapshot(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "nbsmodel", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(nbsmodel.__file__).parents[1])},
    )
    assert done.returncode == 2
    assert case.place.rstrip(": ") in done.stderr
    assert not JARGON.search(done.stderr)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "config",
    ["configs/bse.yaml", "model/nothing", "configs", "x" * 5000, "configs/base.yaml/deeper", "/dev/null"],
    ids=["misspelt", "no folder", "folder without a model", "very long", "below a file", "device"],
)
def test_a_config_that_cannot_be_read(config, tmp_path, monkeypatch, capsys):
    write_complete(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "run", config, "--out", "out") == 2
    printed = capsys.readouterr().err.lstrip()
    assert printed.startswith("1 problem") and not JARGON.search(printed)
    assert not (tmp_path / "out").exists()
    if config == "configs/bse.yaml":
        assert "configs/bse.yaml: no such file. Did you mean base.yaml?" in printed


@pytest.mark.parametrize(
    "file", ["tables/\\0.csv", "x" * 5000, "loop.csv", "tables/../../configs/base.yaml", "/etc/passwd"]
)
def test_a_table_path_that_leads_nowhere(file, tmp_path, monkeypatch, capsys):
    write_complete(tmp_path, ("model/model.yaml", "file: tables/qx.csv", f'file: "{file}"'))
    (tmp_path / "model" / "loop.csv").symlink_to("loop.csv")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "validate", "model") == 2
    printed = capsys.readouterr().err.lstrip()
    assert printed.startswith("1 problem:\n  model/") and not JARGON.search(printed), printed


def test_a_folder_of_someone_else_is_never_replaced(tmp_path, monkeypatch, capsys):
    """An existing folder that nbsmodel did not write is never replaced, not even with --force."""
    write_complete(tmp_path)
    write_files(tmp_path, {"out/thesis.txt": "mine"})
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    assert run(monkeypatch, "run", "configs/base.yaml", "--out", "out", "--force") == 2
    assert "not written by nbsmodel" in capsys.readouterr().err
    assert snapshot(tmp_path) == before
