"""YAML with positions: plain data beside the line each key stands on.

A strict subset: no anchors or aliases (they can explode and hide what a line means), no tags,
no duplicate keys, one document. YAML 1.2, so ``no`` is text and ``1e-5`` is a number.
"""

from __future__ import annotations

import difflib
import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from nbsmodel.errors import InputError, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 60

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NULL = {"", "null", "Null", "NULL", "~"}

KeyPath = tuple[str | int, ...]
Event = Any  # of ruamel.yaml


@dataclass
class Document:
    """Content of a YAML file.

    Parameters
    ----------
    path : Path
    data : dict
        Plain dictionaries, lists, numbers, booleans, text.
    lines : dict of key path to int
        Line (from 1) of every key and list item.
    """

    path: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)

    @cached_property
    def name(self) -> str:
        """The file as messages call it; asked for once, as following links takes longer than reading a line."""
        return shown(self.path)

    def place(self, *key: str | int) -> str:
        """``file:line key.path`` of a key, or of the nearest key above it that exists."""
        known = key
        while known and known not in self.lines:
            known = known[:-1]
        line = f":{self.lines[known]}" if known else ""
        dotted = "".join(f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in key).lstrip(".")
        return f"{self.name}{line}" + (f" {dotted}" if dotted else "")


def shown(path: Path) -> str:
    """A path as shown to people: relative to the current folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # outside, not a path at all, or links in a circle
        return str(path).replace("\0", "?")


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """Text of a file, or an `InputError` that says why it cannot be read."""
    place = shown(path)
    try:
        kind = path.stat()
        if stat.S_ISDIR(kind.st_mode):
            raise InputError([Problem(place, "this is a folder, a file is needed.")])
        if not stat.S_ISREG(kind.st_mode):
            raise InputError([Problem(place, "this is no regular file.", "Give a text file.")])
        if kind.st_size > limit:
            raise InputError([Problem(place, f"the file has {kind.st_size:,} bytes, at most {limit:,} are read.")])
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError([Problem(place, "no such file.", _siblings(path))]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = f"{error.object[error.start]:#x}"
        problem = Problem(f"{place}:{line}", f"this is not UTF-8 text (byte {byte}).", "Save the file as UTF-8.")
        raise InputError([problem]) from None
    except OSError as error:
        raise InputError([Problem(place, f"cannot be read: {error.strerror}.")]) from None
    except ValueError:
        raise InputError([Problem(place, "this cannot be the name of a file.")]) from None
    if "\0" in text:
        raise InputError([Problem(place, "not a text file (it holds zero bytes).")])
    hidden = _HIDDEN.search(text.replace("\r", " "))
    if hidden is not None:
        line = text.count("\n", 0, hidden.start()) + 1
        found = f"{hidden.group()!a} is a character that cannot be shown."
        raise InputError([Problem(f"{place}:{line}", found, "Remove it.")])
    return text


def _siblings(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {shown(path.parent)} does not exist."
    files = sorted(p.name for p in path.parent.iterdir() if p.is_file())
    same = [name for name in files if name.endswith(path.suffix)]
    near = difflib.get_close_matches(path.name, files, n=1, cutoff=0.8)
    if near:
        return f"Did you mean {near[0]}?"
    return f"That folder holds: {', '.join(same[:12])}." if same else ""


def read_yaml(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    InputError
        Unreadable file, bad syntax, anchors, tags, duplicate keys (all of them at once).
    """
    return parse_yaml(read_text(path), path)


def parse_yaml(text: str, path: Path) -> Document:
    """Parse YAML text; `path` is what messages call it."""
    document = Document(path, {})
    problems: list[Problem] = []
    try:
        events = _checked_events(text, document.name)
        first = next(events, None)
        if first is None:
            raise InputError([Problem(document.name, "the file is empty.")])
        if not isinstance(first, MappingStartEvent):
            raise InputError([Problem(document.name, "the file must hold `key: value` lines.")])
        document.data = _value(first, events, (), document, problems)
        for _ in events:  # to the end of the file, which must be well formed too
            pass
    except MarkedYAMLError as error:
        problems.append(_syntax_problem(error, document.name))
    except (YAMLError, RecursionError, ValueError) as error:
        what = (str(error).splitlines() or ["nested too deeply"])[0]
        problems.append(Problem(document.name, f"not valid YAML: {what}."))
    if problems:
        raise InputError(problems)
    return document


def _syntax_problem(error: MarkedYAMLError, name: str) -> Problem:
    mark, begin = error.problem_mark or error.context_mark, error.context_mark
    place = name + (f":{mark.line + 1}" if mark else "")
    what = " ".join(str(error.problem or error.context).split())
    if mark and begin and begin.line != mark.line:
        what += f" (in what begins on line {begin.line + 1})"
    if "'\\t'" in what:
        return Problem(place, f"not valid YAML: {what}.", "Indent with spaces; tabs are not allowed.")
    return Problem(place, f"not valid YAML: {what}.", "Check indentation, colons, quotes and brackets.")


def _checked_events(text: str, name: str) -> Iterator[Event]:
    """Keys, values, beginnings and ends; refuses what could explode or hide its meaning as it comes by."""
    depth = documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        place = f"{name}:{event.start_mark.line + 1}"
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            fix = "Write the value out, or make it a derived value."
            raise InputError([Problem(place, "YAML anchors and aliases (& and *) are not allowed.", fix)])
        if getattr(event, "tag", None) is not None and str(event.tag) != "!":
            raise InputError([Problem(place, f"the YAML tag {event.tag} is not allowed.", "Remove it.")])
        documents += isinstance(event, DocumentStartEvent)
        if documents > 1:
            fix = "Keep one, and remove the line `---`."
            raise InputError([Problem(place, "a second YAML document begins here.", fix)])
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InputError([Problem(place, f"nested deeper than {MAX_DEPTH} levels.")])
        if isinstance(event, ScalarEvent) and _HIDDEN.search(str(event.value)):
            found = f"{str(event.value)[:40]!a} holds a character that cannot be shown."
            raise InputError([Problem(place, found, "Remove it.")])
        if isinstance(event, NodeEvent | CollectionEndEvent):
            yield event


def _value(event: Event, events: Iterator[Event], key: KeyPath, document: Document, problems: list[Problem]) -> Any:
    """The value that begins with an event; takes its other events."""
    document.lines.setdefault(key, event.start_mark.line + 1)
    if isinstance(event, MappingStartEvent):
        return _mapping(events, key, document, problems)
    if isinstance(event, SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(item := next(events), CollectionEndEvent):
            items.append(_value(item, events, (*key, len(items)), document, problems))
        return items
    return _scalar(str(event.value), event.style)


def _mapping(events: Iterator[Event], key: KeyPath, document: Document, problems: list[Problem]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    while not isinstance(event := next(events), CollectionEndEvent):
        line = event.start_mark.line + 1
        place = f"{document.name}:{line}"
        if not isinstance(event, ScalarEvent) or not event.value:
            problems.append(Problem(place, "a key must be plain text."))
            nowhere = Document(document.path, {})
            _value(event, events, (), nowhere, [])
            _value(next(events), events, (), nowhere, [])
            continue
        name = str(event.value)
        if name in data:
            first = document.lines[(*key, name)]
            found = f"this key stands already on line {first}."
            problems.append(Problem(f"{place} {name}", found, "Keep one of them."))
            _value(next(events), events, (), Document(document.path, {}), [])
            continue
        document.lines[(*key, name)] = line
        data[name] = _value(next(events), events, (*key, name), document, problems)
    return data


def _scalar(text: str, style: str | None) -> Any:
    if style is not None:  # quoted or block text stays text
        return text
    if text in _NULL:
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.match(text) and len(text) < 300:
        return int(text)
    if _FLOAT.match(text) and math.isfinite(float(text)):
        return float(text)
    return text
