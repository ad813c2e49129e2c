"""The compiled walk of a cohort: its source written, compiled once, and kept on disk for the next start."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nbsmodel.engine.micro_plan import WalkPlan
from nbsmodel.engine.micro_source import LANES, WalkSource
from nbsmodel.model.parts import Entry
from nbsmodel.model.tables import Table

Array = Any

#: Folder of compiled walks, instead of the user's cache folder.
CACHE_VARIABLE = "NBSMODEL_CACHE"

#: What the compiled code is made of, beside its own source.
_PARTS = (
    "formula/compiled.py", "formula/compiled_functions.py", "numerics/rates.py", "numerics/vector_exp.py",
    "numerics/philox.py",
)  # fmt: skip

#: Bytes of random numbers that are made at once.
_CHUNK_BYTES = 300_000


@dataclass
class Walk:
    """A cohort ready to be walked through.

    Parameters
    ----------
    plan : WalkPlan
    entries : tuple of Entry
        One for each group: leaves that hand over the same numbers.
    source : str
    columns : dict of str to int
        Columns of the numbers by row.
    tables : array
        All tables of the model in one row.
    """

    plan: WalkPlan
    entries: tuple[Entry, ...]
    source: str
    columns: dict[str, int]
    tables: Array

    @property
    def chunk(self) -> int:
        """Children whose random numbers are made at once; a function of the model alone."""
        fit = _CHUNK_BYTES // (8 * (self.plan.grid.n + 2))
        return max(LANES, min(1024, 1 << (max(fit, 1).bit_length() - 1)))

    @cached_property
    def function(self) -> Callable[..., None]:
        """The compiled function."""
        return load_walk(self.source)

    @property
    def is_compiled(self) -> bool:
        """Whether an earlier run has left it compiled on disk."""
        return any(_place(self.source).parent.glob(f"__pycache__/{_place(self.source).stem}.walk-*.nbi"))


def make_walk(
    plan: WalkPlan, entries: Sequence[Entry], tables: Mapping[str, Table], outcomes: Sequence[str]
) -> Walk:  # fmt: skip
    """Write the source of a walk."""
    source = WalkSource(plan, tables, outcomes)
    row = [np.concatenate([t.keys, *t.columns.values()]) for t in tables.values()]
    whole = np.concatenate(row) if row else np.zeros(1)
    return Walk(plan, tuple(entries), source.text, source.columns, whole)


def load_walk(source: str) -> Callable[..., None]:
    """The function of a source, from the cache where an earlier run has left it.

    What is damaged there is thrown away and made again.
    """
    path = _place(source)
    name = f"nbsmodel_{path.stem}"
    if name not in sys.modules:
        try:
            _import(name, path, source)
        except Exception:  # a file cut short can fail in any way
            _remove(path)
            _import(name, path, source)
    return sys.modules[name].walk


def _import(name: str, path: Path, source: str) -> None:
    """Import the module of a source, which compiles the walk, or loads it compiled."""
    if not path.is_file() or path.read_text(encoding="utf-8") != source:
        _remove(path)
        _write(path, source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)  # compiled code looks for its module while it is loaded
    try:
        spec.loader.exec_module(sys.modules[name])
    except BaseException:
        del sys.modules[name]
        raise


def _remove(path: Path) -> None:
    """Remove a source and all that was made of it."""
    for file in (path, *path.parent.glob(f"__pycache__/{path.stem}.*")):
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)


def _write(path: Path, source: str) -> None:
    """Written beside its place and moved there: another process sees all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(source)
    os.replace(name, path)


def _place(source: str) -> Path:
    """File of a source: its name says everything the compiled code depends on."""
    import numba

    package = Path(__file__).resolve().parents[1]
    parts = [source, numba.__version__, platform.python_version(), platform.machine()]
    parts += [(package / part).read_text(encoding="utf-8") for part in _PARTS if (package / part).exists()]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
    return _folder() / f"walk_{digest}.py"


def _folder() -> Path:
    """Where compiled walks are kept; a folder of this run alone when nothing else can be written to."""
    wanted = os.environ.get(CACHE_VARIABLE)
    cache = os.environ.get("XDG_CACHE_HOME")
    folder = Path(wanted) if wanted else (Path(cache) if cache else Path.home() / ".cache") / "nbsmodel"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return _own_folder()


_OWN: list[Path] = []


def _own_folder() -> Path:
    if not _OWN:
        _OWN.append(Path(tempfile.mkdtemp(prefix="nbsmodel-")))
        atexit.register(shutil.rmtree, _OWN[0], ignore_errors=True)
    return _OWN[0]
