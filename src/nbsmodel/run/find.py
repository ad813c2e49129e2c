"""Configs and models in folders: what counts as one, and which of them a command takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbsmodel.config.merge import Merged, merge_file
from nbsmodel.errors import Problems
from nbsmodel.model.yamlfile import shown

ENDINGS = (".yaml", ".yml")
#: Makes a folder a model.
MODEL_FILE = "model.yaml"
#: A folder with this and no `MODEL_FILE` was meant as a model; its files are no configs.
MEANT_AS_MODEL = "sources.yaml"
#: In a folder that holds models: its title, and the published results that none of them speaks to.
FOLDER_FILE = "reproductions.yaml"


def find_configs(paths: Sequence[str | Path], problems: Problems, place: str = "") -> list[Path]:
    """Config files, from files and folders, each once.

    Parameters
    ----------
    paths : sequence of str or Path
        Config files, folders of them (without the folders below), or model folders, which count as a
        config that changes nothing.
    problems : Problems
        Receives what is not there, and folders without configs.
    place : str
        Where the paths are named.
    """
    lead = f"{place} > " if place else ""
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not os.path.exists(path):
            problems.add(f"{lead}{shown(path)}", "there is no such file or folder.", "Name a config, or a folder.")
        elif not os.path.isdir(path) or (path / MODEL_FILE).is_file():
            found[Path(os.path.abspath(path))] = None
        else:
            inside = _configs_in(path)
            if not inside:
                problems.add(f"{lead}{shown(path)}", "the folder holds no config.", "A config ends in .yaml.")
            found |= dict.fromkeys(Path(os.path.abspath(p)) for p in inside)
    return list(found)


def find_models(folder: str | Path) -> list[Path]:
    """Model folders below a folder, at any depth, in the order of their names."""
    return [path for path in _below(Path(folder)) if (path / MODEL_FILE).is_file()]


def find_all(paths: Sequence[str | Path], problems: Problems) -> list[Path]:
    """All configs and models that paths stand for, each once.

    Parameters
    ----------
    paths : sequence of str or Path
        Config files and model folders, which are taken as they are, and folders that hold some at any depth.
        In these a config that names no model is passed over where another one found there extends it.
    problems : Problems
        Receives folders that hold neither.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        if not os.path.isdir(path) or _meant_as_model(path):
            found.setdefault(os.path.abspath(path), path)
            continue
        inside = list(_below(path))
        if not inside:
            fix = "A config ends in .yaml; a model folder holds model.yaml, parameters.csv and sources.yaml."
            problems.add(shown(path), "the folder holds no config and no model, nor does any folder below it.", fix)
        parts = _parts(inside)
        for one in inside:
            if one not in parts:
                found.setdefault(os.path.abspath(one), one)
    return list(found.values())


def _configs_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in ENDINGS and p.name != FOLDER_FILE and p.is_file())


def _meant_as_model(folder: Path) -> bool:
    return (folder / MODEL_FILE).is_file() or (folder / MEANT_AS_MODEL).is_file()


def _below(folder: Path) -> Iterator[Path]:
    """Configs and models of a folder and those below it: not of models, nor of hidden or linked folders."""
    if _meant_as_model(folder):
        yield folder
        return
    yield from _configs_in(folder)
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from _below(path)


def _parts(found: Sequence[Path]) -> set[Path]:
    """Configs without a model that others extend: they are checked there, and cannot be run alone."""
    alone, extended = set(), set()
    for path in found:
        if path.is_dir():
            continue
        merged, files = Merged(), list[Path]()
        merge_file(path, merged, files, Problems())
        extended |= {os.path.abspath(f) for f in files} - {os.path.abspath(path)}
        if "model" not in merged.single and not merged.panel:
            alone.add(path)
    return {path for path in alone if os.path.abspath(path) in extended}
