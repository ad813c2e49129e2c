"""The output folder: written beside its place and moved there whole, or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbsmodel.errors import InputError, Problem
from nbsmodel.model.yamlfile import shown

#: Every finished results folder holds this file; only such a folder is ever replaced.
MARK = "manifest.json"


def check_free(out: Path, force: bool) -> None:
    """Refuse early to write over something.

    Raises
    ------
    InputError
        When the place is taken and may not be replaced.
    """
    if not out.resolve().name:
        raise InputError([Problem(shown(out), "results cannot stand here.", "Give --out the name of a folder.")])
    out = out.resolve()
    _recover(out)
    if not out.exists():
        return
    if not out.is_dir() or not (out / MARK).is_file():
        if out.is_dir() and not any(out.iterdir()):
            return
        found = "this is there already and was not written by nbsmodel."
        raise InputError([Problem(shown(out), found, "Choose another --out.")])
    if not force:
        raise InputError(
            [Problem(shown(out), "these results are there already.", "Use --force to replace them, or --out.")]
        )


@contextmanager
def results_folder(out: Path, force: bool) -> Iterator[Path]:
    """A temporary folder that takes its place when everything has been written.

    Parameters
    ----------
    out : Path
        Final place.
    force : bool
        Replace earlier results there.

    Yields
    ------
    Path
        Folder to write into. It is removed when writing fails, and an earlier result stays.
    """
    check_free(out, force)
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(out)
        temporary = out.with_name(f".{out.name}.writing-{os.getpid()}")
        temporary.mkdir()
    except OSError as error:
        raise InputError(
            [Problem(shown(out), f"cannot be written: {error.strerror}.", "Choose another --out.")]
        ) from None
    try:
        yield temporary
        _move(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move(temporary: Path, out: Path) -> None:
    earlier = out.with_name(f".{out.name}.earlier")
    if out.exists():
        out.rename(earlier)
    temporary.rename(out)
    shutil.rmtree(earlier, ignore_errors=True)


def _recover(out: Path) -> None:
    """Put back an earlier result whose replacement was cut off between two renames."""
    earlier = out.with_name(f".{out.name}.earlier")
    if earlier.is_dir():
        if out.exists():
            shutil.rmtree(earlier, ignore_errors=True)
        else:
            earlier.rename(out)


def _clear_abandoned(out: Path) -> None:
    """Remove what killed runs have left."""
    for folder in out.parent.glob(f".{out.name}.writing-*"):
        if not _running(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _running(folder: Path) -> bool:
    """Whether the run that made a temporary folder still goes on."""
    if os.name != "posix":  # signal 0 only asks on POSIX; elsewhere go by age
        return time.time() - folder.stat().st_mtime < 86_400
    try:
        os.kill(int(folder.name.rpartition("-")[2]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True
    return True
