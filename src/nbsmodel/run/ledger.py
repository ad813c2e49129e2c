"""The ledger: published results beside ours for many models, as one table and as a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from nbsmodel.analysis.verdict import MEANING
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.schema import Name, Strict, Text
from nbsmodel.model.validate import check_shape
from nbsmodel.model.yamlfile import read_yaml, shown
from nbsmodel.report.reproductions import MARK, NotReproduced, Part, reproductions_page
from nbsmodel.run.find import FOLDER_FILE, MODEL_FILE
from nbsmodel.run.published import FILE, models_with_published
from nbsmodel.run.reproduce import COLUMNS, reproduce

if TYPE_CHECKING:
    import pandas as pd

Step = Callable[[str], None]


class NotReproducedSchema(Strict):
    """Results of one study that are left out."""

    study: Text
    source: Text
    results: Annotated[list[Text], Field(min_length=1)]
    why: Text


class FolderSchema(Strict):
    """``reproductions.yaml``."""

    title: Text
    about: Text = ""
    own: list[Name] = []
    not_reproduced: list[NotReproducedSchema] = []


def make_ledger(paths: Sequence[Path], on_step: Step | None = None) -> list[Part]:
    """Reproduce models, or all models of folders.

    Parameters
    ----------
    paths : sequence of Path
        Model folders, and folders that hold models with ``published.yaml`` at any depth.
    on_step : callable, optional
        Told what is being done.

    Returns
    -------
    list of Part
        One for each path. A model that stands under two of them is in the first.

    Raises
    ------
    InputError
        With every problem found.
    """
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    problems, parts, seen = Problems(), [], set()
    for path in paths:
        with problems.gather():
            about = _about(path)
            tables = []
            for folder in _models(path):
                if folder.resolve() in seen:
                    continue
                seen.add(folder.resolve())
                if on_step is not None:
                    on_step(f"reproducing {folder}")
                with problems.gather():
                    tables.append(reproduce(folder))
            table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
            left_out = tuple(NotReproduced(n.study, n.source, tuple(n.results), n.why) for n in about.not_reproduced)
            for name in about.own:
                if name not in set(table["source"]):
                    place = f"{shown(path / FOLDER_FILE)} own"
                    problems.add(place, f"no result here has the source {name}.", nearest(name, set(table["source"])))
            parts.append(Part(about.title, about.about.strip(), table, left_out, tuple(about.own)))
    problems.raise_if_any()
    return parts


def _models(path: Path) -> list[Path]:
    """A model folder itself, or the models below a folder."""
    if (path / MODEL_FILE).is_file() or not path.is_dir():
        return [path]
    found = models_with_published(path)
    if not found:
        fix = "Name a model folder, or a folder that holds some."
        raise InputError([Problem(shown(path), f"no model with a {FILE} was found.", fix)])
    return found


def _about(path: Path) -> FolderSchema:
    file = path / FOLDER_FILE
    if not file.is_file():
        return FolderSchema(title=shown(path))
    problems = Problems()
    schema = check_shape(read_yaml(file), FolderSchema, problems)
    problems.raise_if_any()
    assert schema is not None
    return schema


def ledger_page(parts: Sequence[Part], paths: Sequence[Path], page: Path) -> str:
    """The ledger as Markdown, with the command that makes it."""
    named = " ".join(p.as_posix() for p in paths)
    return reproductions_page(parts, MEANING, f"nbsmodel reproduce {named} --markdown {page.as_posix()} --force")


def reproduce_all(
    models: Sequence[Path] | None,
    out: Path,
    force: bool,
    on_step: Step | None = None,
    markdown: Path | None = None,
) -> pd.DataFrame:
    """Reproduce several models and write ``reproduction.csv``, and a page of Markdown when asked.

    Parameters
    ----------
    models : sequence of Path or None
        Model folders, or folders that hold models; None for ``models``.
    out : Path
        Folder to write to.
    force : bool
        Replace an earlier table there.
    on_step : callable, optional
        Told what is being done.
    markdown : Path, optional
        The page. An earlier one is replaced if this command wrote it, and no other file ever is.

    Returns
    -------
    DataFrame
        As from `reproduce`, all models one after another.
    """
    target = out / "reproduction.csv"
    problems = Problems()
    if target.exists() and not force:
        problems.add(shown(target), "this table is there already.", "Use --force to replace it, or --out.")
    if markdown is not None and not _ours(markdown):
        problems.add(shown(markdown), "this file was not written by nbsmodel reproduce.", "Choose another name.")
    problems.raise_if_any()
    paths = list(models) if models else [Path("models")]
    parts = make_ledger(paths, on_step)
    import pandas as pd  # takes a third of a second to load, which importing nbsmodel need not spend

    table = pd.concat([part.table for part in parts if len(part.table)], ignore_index=True)
    _write(target, table.to_csv(index=False, lineterminator="\n"))
    if markdown is not None:
        _write(markdown, ledger_page(parts, paths, markdown))
    return table


def _ours(page: Path) -> bool:
    return not page.exists() or (page.is_file() and page.read_bytes().startswith(MARK.encode()))


def _write(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = target.with_name(f".{target.name}.writing")
    written.write_text(text, encoding="utf-8", newline="\n")
    written.replace(target)
