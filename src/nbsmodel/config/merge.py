"""Merging of configs: the file, all it extends, and ``--set``, with the place of each value.

Order of priority, from weakest to strongest: the files a config extends (first to last), the config
itself, ``--set`` from left to right. A file that is extended along two ways counts once, at its first
place: two variants of one base case add up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from nbsmodel.config.settings import PrecisionSchema
from nbsmodel.errors import InputError, Problem, Problems
from nbsmodel.model.schema import Flag, Name, Num, Strict, Text, Whole
from nbsmodel.model.validate import check_shape, problems_in
from nbsmodel.model.yamlfile import Document, parse_yaml, read_yaml, shown

Shape = TypeVar("Shape", bound=BaseModel)

#: Keys with one value, the last of which counts; the second row is for simulated children only.
SIMULATED = ("individuals", "precision", "children")
SINGLE = ("model", "title", "note", "price_year", "engine", "seed", "reference_case", *SIMULATED)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


#: What YAML reads as nothing: `--set analyses=null` takes all analyses away.
NOTHING = ("null", "~")


class ConfigSchema(Strict):
    """A config file."""

    extends: Annotated[list[str], BeforeValidator(_as_list)] = []
    model: str | None = None
    title: Text | None = None
    note: Text | None = None
    price_year: Text | None = None
    settings: dict[str, Any] = {}
    overrides: dict[Name, Num] = {}
    choices: dict[Name, Name] = {}
    engine: Literal["cohort", "microsimulation"] = "cohort"
    seed: Annotated[int, Field(ge=0, strict=True)] = 1
    individuals: Annotated[Whole, Field(ge=1)] | None = None
    precision: PrecisionSchema | None = None
    children: Flag = False
    reference_case: str | None = None
    departures: dict[Name, Text] = {}
    analyses: dict[Name, Any] = {}
    panel: dict[Name, Any] = {}


@dataclass
class Merged:
    """Values merged so far, and where each was last set."""

    settings: dict[str, tuple[Any, str]] = field(default_factory=dict)
    overrides: dict[str, tuple[float, str]] = field(default_factory=dict)
    choices: dict[str, tuple[str, str]] = field(default_factory=dict)
    departures: dict[str, tuple[str, str]] = field(default_factory=dict)
    single: dict[str, tuple[Any, str, Path]] = field(default_factory=dict)
    analyses: dict[str, tuple[Any, str]] = field(default_factory=dict)
    panel: dict[str, tuple[Any, str]] = field(default_factory=dict)
    panel_places: dict[tuple[str, ...], str] = field(default_factory=dict)


def merge_file(
    path: Path,
    merged: Merged,
    files: list[Path],
    problems: Problems,
    inside: tuple[Path, ...] = (),
    named_at: str = "",
) -> None:
    """Merge a config file and, before it, the files it extends; mistakes are noted in `problems`."""
    path = Path(os.path.abspath(path))
    if path in inside:
        circle = " extends ".join(shown(p) for p in (*inside[inside.index(path) :], path))
        problems.add(named_at, f"a config extends itself: {circle}.", "Break the circle.")
        return
    if path in files:
        return
    try:
        document = read_yaml(path)
    except InputError as error:
        lead = "" if path.is_file() or not named_at else f"{named_at} > "
        problems.items += [Problem(f"{lead}{p.place}", p.found, p.fix) for p in error.problems]
        return
    files.append(path)
    schema = check_shape(document, ConfigSchema, problems)
    if schema is None:
        if isinstance(document.data.get("model"), str):  # its problems are reported together with these
            merged.single["model"] = (document.data["model"], document.place("model"), path.parent)
        return
    for base in schema.extends:
        merge_file(path.parent / base, merged, files, problems, (*inside, path), document.place("extends"))
    merge_document(document, schema, merged)


def merge_document(document: Document, schema: ConfigSchema, merged: Merged, place: str = "") -> None:
    """Put the values of one checked document over those merged so far."""

    def where(*key: str) -> str:
        return place or document.place(*key)

    for key, value in schema.settings.items():
        merged.settings[key] = (value, where("settings", key))
    for key, number in schema.overrides.items():
        merged.overrides[key] = (float(number), where("overrides", key))
    for key, option in schema.choices.items():
        merged.choices[key] = (option, where("choices", key))
    for key, reason in schema.departures.items():
        merged.departures[key] = (" ".join(reason.split()), where("departures", key))
    for key, block in schema.analyses.items():
        merged.analyses[key] = (_block_onto(merged.analyses.get(key, (None, ""))[0], _with_paths(key, block, document)),
                                where("analyses", key))  # fmt: skip
    for key, block in schema.panel.items():
        old = merged.panel.get(key, (None, ""))[0]
        merged.panel[key] = (_block_onto(old, _with_configs(key, block, document)), where("panel", key))
        merged.panel_places |= {path: where("panel", *path) for path in _key_paths({key: block})}
    for key in SINGLE:
        if getattr(schema, key) is not None and key in document.data:
            merged.single[key] = (getattr(schema, key), where(key), document.path.parent)


def merge_set(text: str, merged: Merged, problems: Problems) -> None:
    """Merge one ``key=value`` change; a key may go down to one outcome of a setting."""
    place = f"--set {text}"
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        problems.add(place, "not of the form key=value.", "For example --set settings.discount_rate_costs=0.015.")
        return
    if parts == ["analyses"] and value.strip() in NOTHING:
        merged.analyses.clear()
        return
    if parts[0] in ("extends", "reference_case"):
        problems.add(place, f"{parts[0]} cannot be set here.", "Write it into a config.")
        return
    lines = "".join(f"{'  ' * i}{part}:{'' if i < len(parts) - 1 else ' ' + value}\n" for i, part in enumerate(parts))
    found = Problems()
    try:
        document = parse_yaml(lines, Path("--set"))
        schema = check_shape(document, ConfigSchema, found)
    except InputError as error:
        found.items += error.problems
    problems.items += [Problem(place, p.found, p.fix) for p in found.items]
    if found.items or schema is None:
        return
    if parts[0] == "settings" and len(parts) > 2:
        old, _ = merged.settings.get(parts[1], (Part(), ""))
        schema.settings[parts[1]] = onto(old, Part(schema.settings[parts[1]]))
    merge_document(Document(Path.cwd() / "--set", document.data), schema, merged, place)


def _with_paths(key: str, block: Any, document: Document) -> Any:
    """Files that an analysis names, seen from the folder of the config that names them."""
    folder = document.path.parent
    if key == "scenarios" and block is not None:
        names = block if isinstance(block, list) else [block]
        return [str(folder / name) if isinstance(name, str) else name for name in names]
    if isinstance(block, dict) and isinstance(block.get("file"), str):
        return block | {"file": str(folder / block["file"])}
    return block


def _with_configs(key: str, block: Any, document: Document) -> Any:
    """Configs of the conditions of a panel, seen from the folder of the config that names them."""
    if key != "conditions" or not isinstance(block, dict):
        return block
    folder = document.path.parent
    return {
        name: given | {"config": str(folder / given["config"])}
        if isinstance(given, dict) and isinstance(given.get("config"), str)
        else given
        for name, given in block.items()
    }


def _key_paths(block: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every key of nested blocks, with the keys above it."""
    for key, value in block.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *below) for below in _key_paths(value))


def _block_onto(old: Any, new: Any) -> Any:
    """An analysis put over what a weaker config says of it, key by key at every depth; ``null`` takes a key away."""
    old, new = ({} if value is True else value for value in (old, new))
    return _deep(old, new)


def _deep(old: Any, new: Any) -> Any:
    if not isinstance(new, dict):
        return new
    whole = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            whole.pop(key, None)
        else:
            whole[key] = _deep(whole.get(key), value)
    return whole


class Part(dict[str, Any]):
    """One outcome of a setting by outcome; the others stay as the model file or the defaults have them."""


def onto(old: Any, part: Part) -> Any:
    """One outcome of a setting put over what stood there before."""
    if isinstance(old, Part):
        return Part(old | part)
    return (old if isinstance(old, dict) else {"default": old}) | part


def validated(
    schema: type[Shape], name: str, merged: Mapping[str, tuple[Any, str]], problems: Problems
) -> Shape | None:
    """A block put together from several files, checked; its mistakes are placed where each key was last set."""
    data = {key: value for key, (value, _) in merged.items()}
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        for problem in problems_in(error, Document(Path(name), data), schema):
            dotted = problem.place.partition(" ")[2]
            key = next((k for k in merged if re.match(rf"{re.escape(k)}(?![^.\[])", dotted)), "")
            place = merged[key][1] if key else name
            problems.add(place + dotted[len(key) :], problem.found, problem.fix)
        return None
