"""Rules on the source itself: imports point down only, no condition is named, files stay short."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "nbsmodel"
MAX_LINES = 400

# What each part may import, besides itself. A new part is added here, with its place.
BASE = {"errors"}
LANGUAGE = BASE | {"formula", "numerics"}
SHIPPED = {"reference"}  # shipped inputs: a list and paths
DOMAIN = LANGUAGE | {"model", "config"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "numerics": BASE,
    "reference": BASE,
    "formula": BASE | {"numerics"},  # its functions are array functions
    "model": LANGUAGE | SHIPPED,
    "config": LANGUAGE | SHIPPED | {"model"},
    "engine": DOMAIN,
    "analysis": DOMAIN | SHIPPED,  # handed a function where it needs runs
    "report": (DOMAIN | SHIPPED) - {"numerics"},  # computes nothing
    "run": DOMAIN | SHIPPED | {"engine", "analysis", "report"},
    "cli": DOMAIN | SHIPPED | {"engine", "analysis", "report", "run"},
}
TOP = {"__init__", "__main__"}  # the front door: may import anything, nothing may import it
ROOT_NAMES = {"__version__"}  # may be taken from the front door

CONDITION_WORDS = ("sma", "scid", "mld", "spinal", "onasemnogene", "nusinersen", "risdiplam")
CONDITION = re.compile(rf"(?<![a-z])(?:{'|'.join(CONDITION_WORDS)})(?![a-z])", re.IGNORECASE)
SOURCE_SUFFIXES = {".py", ".html", ".j2", ".jinja", ".css", ".js"}


def files_under(src: Path) -> list[Path]:
    """Every file a person wrote: no caches, no installation leftovers."""

    def generated(path: Path) -> bool:
        return any(p == "__pycache__" or p.endswith(".egg-info") for p in path.relative_to(src).parts)

    return sorted(p for p in src.rglob("*") if p.is_file() and not generated(p))


def imported_modules(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported anywhere in a module of `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{stem}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in {"import_module", "__import__"} and isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def import_problems(src: Path) -> list[str]:
    """One line for each import that does not point down."""
    root = src / PACKAGE
    problems = []
    for path in files_under(root):
        if path.suffix != ".py":
            continue
        place = path.relative_to(src)
        part = path.relative_to(root).with_suffix("").parts[0]
        if part in TOP:
            continue
        if part not in MAY_IMPORT:
            problems.append(f"{place}: {part} has no place in MAY_IMPORT")
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for line, module in imported_modules(tree, place.parent.parts):
            names = module.split(".")
            if names[0] != PACKAGE:
                continue
            target = names[1] if len(names) > 1 else ""
            if target in ROOT_NAMES or target == part or target in MAY_IMPORT[part]:
                continue
            problems.append(f"{place}:{line}: {part} must not import {module}")
    return problems


def condition_problems(src: Path) -> list[str]:
    """One line for each place, file names included, that names a condition or its treatment."""
    problems = []
    for path in files_under(src):
        place = path.relative_to(src)
        if match := CONDITION.search(str(place)):
            problems.append(f"{place}: the file's name has '{match[0]}'")
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := CONDITION.search(line):
                problems.append(f"{place}:{number}: names '{match[0]}'; conditions belong in models/")
    return problems


def length_problems(src: Path) -> list[str]:
    """One line for each source file that is too long to read at a sitting."""
    problems = []
    for path in files_under(src):
        if path.suffix not in SOURCE_SUFFIXES:
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            problems.append(f"{path.relative_to(src)}: {lines} lines, more than {MAX_LINES}")
    return problems


# --- the source as it is


def test_the_source_is_found():
    assert SRC / PACKAGE / "__init__.py" in files_under(SRC)


@pytest.mark.parametrize("problems", [import_problems, condition_problems, length_problems])
def test_source_keeps_the_rules(problems):
    found = problems(SRC)
    assert not found, "\n" + "\n".join(found)


def test_the_order_of_the_parts_has_no_loop():
    below = {part: set(allowed) for part, allowed in MAY_IMPORT.items()}
    while below:
        lowest = {part for part, allowed in below.items() if not allowed & below.keys()}
        assert lowest, f"these may import each other: {sorted(below)}"
        below = {part: allowed for part, allowed in below.items() if part not in lowest}


# --- the checker itself, on made-up trees


def write(src: Path, name: str, text: str) -> Path:
    path = src / PACKAGE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return src


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("analysis/psa.py", "from nbsmodel.engine import evaluate"),
        ("analysis/psa.py", "from nbsmodel import engine"),
        ("analysis/psa.py", "import nbsmodel.engine.cohort as c"),
        ("analysis/psa.py", "from ..engine.cohort import run_cohort"),
        ("analysis/psa.py", "from .. import engine"),
        ("analysis/psa.py", "def f():\n    from nbsmodel.engine import evaluate"),
        ("analysis/psa.py", "import importlib\nimportlib.import_module('nbsmodel.engine')"),
        ("analysis/deep/er.py", "from ...engine import evaluate"),
        ("analysis/deep/__init__.py", "from ...report import html"),
        ("engine/tree.py", "from nbsmodel.analysis import icer"),
        ("engine/tree.py", "from nbsmodel.report import tables"),
        ("report/html.py", "from nbsmodel.engine import evaluate"),
        ("report/html.py", "from nbsmodel.analysis import icer"),
        ("report/html.py", "from nbsmodel.numerics import discount"),
        ("config/scenario.py", "from nbsmodel.engine import evaluate"),
        ("model/loader.py", "from nbsmodel.config import settings"),
        ("formula/parse.py", "from nbsmodel.model import parameters"),
        ("numerics/kernels.py", "from nbsmodel.formula import parse"),
        ("errors.py", "from nbsmodel import numerics"),
        ("errors.py", "from . import numerics"),
        ("run.py", "from nbsmodel.cli import main"),
        ("engine/tree.py", "import nbsmodel"),
        ("engine/tree.py", "from nbsmodel import evaluate"),
        ("engine/tree.py", "from nbsmodel import *"),
        ("helpers.py", ""),
    ],
)
def test_an_import_that_points_up_or_sideways_is_found(tmp_path, name, text):
    found = import_problems(write(tmp_path, name, text))
    assert len(found) == 1
    assert name in found[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("__init__.py", "from nbsmodel.run import run"),
        ("__main__.py", "from nbsmodel.cli import main"),
        ("cli.py", "from nbsmodel.run import run\nfrom nbsmodel.errors import InputError"),
        ("run/__init__.py", "from .. import analysis, config, engine, report"),
        ("report/html.py", "import engine\nfrom ..model.tree import Tree\nfrom . import tables"),
        ("analysis/psa.py", "from nbsmodel.numerics import discount\nfrom nbsmodel.config import settings"),
        ("analysis/deep/__init__.py", "from . import inner\nfrom .. import psa"),
        ("formula/parse.py", "import numpy as np\nfrom nbsmodel.errors import InputError"),
        ("report/manifest.py", "from nbsmodel import __version__"),
        ("engine/tree.py", "note = 'nbsmodel.analysis'  # import nbsmodel.analysis"),
        ("report/templates/report.html", "from nbsmodel import engine"),
    ],
)
def test_an_import_that_points_down_is_allowed(tmp_path, name, text):
    assert import_problems(write(tmp_path, name, text)) == []


@pytest.mark.parametrize(
    "text", ["# for SMA", "p_sma = 1", "'configs/scid/x.yaml'", "sma1", "Spinal", "MLD.", "nusinersen's"]
)
def test_a_condition_is_found_in_any_file(tmp_path, text):
    assert len(condition_problems(write(tmp_path, "model/a.py", f"\n{text}\n"))) == 1
    assert len(condition_problems(write(tmp_path, "report/templates/a.html", text))) == 2


def test_a_condition_is_found_in_a_file_name(tmp_path):
    assert len(condition_problems(write(tmp_path, "model/sma_states.py", ""))) == 1


@pytest.mark.parametrize("text", ["small", "plasma", "smallest mldx", "discid", "prismatic"])
def test_a_condition_inside_another_word_is_not_meant(tmp_path, text):
    assert condition_problems(write(tmp_path, "model/a.py", text)) == []


def test_generated_files_are_left_out(tmp_path):
    write(tmp_path, "__pycache__/a.py", "sma")
    write(tmp_path, "../nbsmodel.egg-info/PKG-INFO", "sma")
    assert files_under(tmp_path) == []


@pytest.mark.parametrize(("lines", "problems"), [(MAX_LINES, 0), (MAX_LINES + 1, 1)])
def test_a_long_file_is_found(tmp_path, lines, problems):
    assert len(length_problems(write(tmp_path, "model/a.py", "x = 1\n" * lines))) == problems
