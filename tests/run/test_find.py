"""Configs and models found in folders: which are taken, which belong to another, and folders with none."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from helpers import write_complete, write_files
from panel_models import write_panel

from nbsmodel.cli import main
from nbsmodel.errors import Problems
from nbsmodel.run.find import find_all, find_configs, find_models
from nbsmodel.run.validate import validate

ROOT = Path(__file__).resolve().parents[2]


def all_in(folder: Path, *paths: Path) -> list[str]:
    """What is found without a problem, seen from a folder."""
    problems = Problems()
    found = find_all(paths or [folder], problems)
    assert not problems.items
    return [p.relative_to(folder).as_posix() for p in found]


@pytest.fixture
def project(tmp_path):
    """A model, a part without a model, and configs at two depths."""
    write_complete(tmp_path)
    shutil.rmtree(tmp_path / "configs")
    write_files(tmp_path, {
        "configs/common/settings.yaml": "settings: {discount_rate_costs: 0.02}\n",
        "configs/ill/base.yaml": "extends: ../common/settings.yaml\nmodel: ../../model\n",
        "configs/ill/deeper/changed.yml": "extends: ../base.yaml\n",
        "configs/notes.txt": "not a config\n",
        "configs/.hidden/old.yaml": "nonsense: true\n",
    })  # fmt: skip
    return tmp_path


# --- what is found


def test_configs_and_models_at_any_depth(project):
    """The part is checked in what extends it; what lies in a model, is hidden, or has another ending is no config."""
    (project / "model" / "copy.yaml").write_text("nonsense: true\n")
    assert all_in(project) == ["configs/ill/base.yaml", "configs/ill/deeper/changed.yml", "model"]
    assert all_in(project, project / "model", project / "configs") == [
        "model", "configs/ill/base.yaml", "configs/ill/deeper/changed.yml",
    ]  # fmt: skip


def test_each_counts_once(project):
    base = project / "configs" / "ill" / "base.yaml"
    there_and_back = project / "configs" / "common" / ".." / "ill"
    assert all_in(project, base, project, there_and_back, base) == [
        "configs/ill/base.yaml", "configs/ill/deeper/changed.yml", "model",
    ]  # fmt: skip


def test_a_part_that_nothing_extends_is_taken(project):
    """Its missing model may be a slip of the pen."""
    assert all_in(project, project / "configs" / "common") == ["configs/common/settings.yaml"]
    write_files(project, {"configs/ill/alone.yaml": "settings: {discount_rate_costs: 0.02}\n"})
    assert "configs/ill/alone.yaml" in all_in(project)


def test_a_panel_names_no_model_and_is_no_part(tmp_path):
    panel = write_panel(tmp_path)
    (panel.parent / "dearer.yaml").write_text("extends: panel.yaml\n")
    assert all_in(tmp_path, tmp_path / "configs") == [
        f"configs/{name}.yaml" for name in ("alpha", "beta", "dearer", "panel")
    ]


def test_a_model_without_its_main_file_is_still_meant_as_one(project):
    (project / "model" / "model.yaml").rename(project / "model" / "modell.yaml")
    assert all_in(project)[-1] == "model"
    problems, _ = validate([project / "model"])
    assert "model.yaml: no such file" in str(problems[0])


def test_models_below_a_folder(project):
    shutil.copytree(project / "model", project / "a" / "b" / "other")
    (project / "a" / "loop").symlink_to(project, target_is_directory=True)
    assert [p.relative_to(project).as_posix() for p in find_models(project)] == ["a/b/other", "model"]
    assert find_models(project / "configs") == []


def test_a_description_of_models_is_no_config(project):
    write_files(project, {"reproductions.yaml": "title: Ours\n", "configs/ill/reproductions.yaml": "title: Ours\n"})
    assert not any("reproductions" in name for name in all_in(project))
    problems = Problems()
    assert [p.name for p in find_configs([project / "configs" / "ill"], problems)] == ["base.yaml"]


@pytest.mark.parametrize("inside", [{}, {"x/notes.txt": "nothing\n"}, {"x/.hidden/a.yaml": "model: b\n"}])
def test_a_folder_with_neither_is_refused(tmp_path, inside):
    (tmp_path / "x").mkdir()
    write_files(tmp_path, inside)
    problems, _ = validate([tmp_path / "x", tmp_path / "nowhere"])
    assert "the folder holds no config and no model, nor does any folder below it" in str(problems[0])
    assert "model folder holds model.yaml" in problems[0].fix
    assert "nowhere" in str(problems[1]) and len(problems) == 2


# --- what `validate` does with it


def test_problems_of_all_that_is_found_at_once(project):
    write_files(project, {
        "configs/ill/a.yaml": "extends: base.yaml\nsettings: {discount_rate_csts: 0.02}\n",
        "configs/b.yaml": "model: ../modle\n",
    })  # fmt: skip
    told = []
    problems, _ = validate([project], step=lambda *said: told.append(said))
    texts = [str(p) for p in problems]
    assert len(texts) == 2 and "b.yaml" in texts[0] and "discount_rate_csts" in texts[1]
    assert told == [("checking", n, 5) for n in range(5)]


def test_a_mistake_in_a_part_is_found_through_what_extends_it(project):
    file = project / "configs" / "common" / "settings.yaml"
    file.write_text("settings: {discount_rate_csts: 0.02}\n")
    problems, _ = validate([project / "configs"])
    assert len(problems) == 1 and "settings.yaml:1" in problems[0].place


def command(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def test_the_command_counts_what_it_checked(project, monkeypatch, capsys):
    code, out, err = command(monkeypatch, capsys, "validate", project / "configs", project / "model")
    assert (code, err) == (0, "") and out.endswith("3 checked, no problem found.\n")
    (project / "empty").mkdir()
    code, out, err = command(monkeypatch, capsys, "validate", project / "empty", project / "model")
    assert code == 2 and "the folder holds no config and no model" in err and "checked" not in out


@pytest.mark.slow
def test_all_configs_and_models_of_this_repository(monkeypatch, capsys):
    configs, models = find_all([ROOT / "configs"], Problems()), find_models(ROOT / "models")
    assert len(configs) > 40 and len(models) > 6 and not any("common" in p.parts for p in configs)
    code, out, err = command(monkeypatch, capsys, "validate", ROOT / "configs", ROOT / "models")
    assert (code, err) == (0, "")
    assert f"{len(configs) + len(models)} checked, no problem found." in out
