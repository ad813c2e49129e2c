"""The tree of a declared screening programme, written as a modeller would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbsmodel.model.programme import Programme
from nbsmodel.model.yamlfile import parse_yaml

WIDE = 110
HEAD = """\
# The tree that `screening` of model.yaml stands for, written out for reviewers. It says the same: put `tree` in the
# place of `screening`, and these derived values beside those of the model, and the results are the same.
"""
#: Keys of a branch in the order of a hand-written one.
ORDER = ("label", "p", "case", "class", "note", "payoffs", "cohort", "start", "delay", "with", "then")
_PLAIN = re.compile(r"[A-Za-z0-9_.(][A-Za-z0-9_ .*/+()<>=-]*\Z")


def tree_text(programme: Programme) -> str:
    """``tree.yaml``: derived values and tree of a programme as YAML that a model file can hold.

    Parameters
    ----------
    programme : Programme

    Returns
    -------
    str
    """
    lines = [HEAD, "derived:"]
    for name, given in programme.derived.items():
        short = f"  {name}: {_flow(given)}"
        lines += [short] if len(short) <= WIDE else [f"  {name}:", *(f"    {k}: {_flow(v)}" for k, v in given.items())]
    lines += ["", "tree:", *_branches(programme.tree, 1)]
    return "\n".join(lines) + "\n"


def _branches(branches: dict[str, Any], level: int) -> Iterator[str]:
    indent = "  " * level
    for name, branch in branches.items():
        short = f"{indent}{name}: {_flow(_ordered(branch))}"
        simple = not isinstance(branch.get("then"), dict) and "payoffs" not in branch
        if simple and len(short) <= WIDE:
            yield short
            continue
        yield f"{indent}{name}:"
        for key, value in _ordered(branch).items():
            if key == "then" and isinstance(value, dict):
                yield f"{indent}  then:"
                yield from _branches(value, level + 2)
            elif key == "payoffs":
                yield f"{indent}  payoffs:"
                yield from (f"{indent}    - {_flow(payoff)}" for payoff in value)
            else:
                yield f"{indent}  {key}: {_flow(value)}"


def _ordered(branch: dict[str, Any]) -> dict[str, Any]:
    return {key: branch[key] for key in (*ORDER, *branch) if key in branch}


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return value if _reads_as_itself(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _reads_as_itself(text: str) -> bool:
    """Whether YAML needs no quotes for a text; a number as text may stand as a number."""
    if not _PLAIN.match(text) or text != text.strip():
        return False
    return str(parse_yaml(f"x: {text}\n", Path("x")).data["x"]) == text
