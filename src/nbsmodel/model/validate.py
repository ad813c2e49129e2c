"""Pydantic's findings turned into problems with file, line and key."""

from __future__ import annotations

import difflib
import re
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from nbsmodel.errors import Problem, Problems, nearest
from nbsmodel.model.yamlfile import Document, KeyPath

#: What is needed where pydantic finds another type.
_NEEDED = {
    "string_type": "text",
    "dict_type": "a block of `key: value` lines",
    "model_type": "a block of `key: value` lines",
    "model_attributes_type": "a block of `key: value` lines",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
}

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}

Schema = TypeVar("Schema", bound=BaseModel)


def check_shape(document: Document, schema: type[Schema], problems: Problems) -> Schema | None:
    """Validate a document.

    Parameters
    ----------
    document : Document
    schema : type of pydantic model
    problems : Problems
        Receives one entry a mistake.

    Returns
    -------
    instance of schema, or None when there were problems
    """
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        problems.items += problems_in(error, document, schema)
        return None


def problems_in(error: ValidationError, document: Document, schema: Any) -> list[Problem]:
    """Every finding of pydantic; a key that is missing because it is misspelt is reported once."""
    found = error.errors(include_url=False)
    unknown = [item["loc"] for item in found if item["type"] == "extra_forbidden"]
    return [
        problem_of(item, document, schema)
        for item in found
        if not (
            item["type"] == "missing"
            and any(
                loc[:-1] == item["loc"][:-1] and difflib.get_close_matches(str(loc[-1]), [str(item["loc"][-1])])
                for loc in unknown
            )
        )
    ]


def _key(loc: tuple[Any, ...], document: Document) -> KeyPath:
    """The location without what pydantic or a validator put in: only keys that are in the file."""
    key: list[str | int] = []
    value: Any = document.data
    for part in loc:
        if isinstance(value, dict) and part in value:
            key.append(part)
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            key.append(part)
            value = value[part]
    return tuple(key)


def problem_of(error: Any, document: Document, schema: Any) -> Problem:
    """One finding of pydantic as a problem with file, line and key."""
    key = _key(error["loc"], document)
    place = document.place(*key)
    kind = error["type"]
    if kind == "extra_forbidden":
        allowed = _fields_at(schema, error["loc"][:-1])
        name = str(error["loc"][-1])
        if name.endswith(")") and error["input"] is None:
            fix = "A formula with a comma inside { } must stand in quotes."
            return Problem(place, f"{name} is read as a key.", fix)
        return Problem(place, f"unknown key {name}.", nearest(name, allowed))
    if kind == "missing":
        name = str(error["loc"][-1])
        return Problem(place, f"the key {name} is missing.", "Add it.")
    if kind == "value_error":
        return Problem(place, f"{error['ctx']['error']}.")
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        found = "nothing" if error["input"] is None else _short(error["input"])
        return Problem(place, f"found {found}.", nearest(str(error["input"]), allowed))
    if kind in _NEEDED:
        found = "nothing" if error["input"] is None else _short(error["input"])
        return Problem(place, f"{_NEEDED[kind]} is needed, found {found}.")
    if kind in ("too_short", "too_long"):
        least = error["ctx"].get("min_length", error["ctx"].get("max_length"))
        word = "least" if kind == "too_short" else "most"
        return Problem(place, f"at {word} {least} {'entry is' if least == 1 else 'entries are'} needed.")
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return Problem(place, f"found {_short(error['input'])}.", f"It must be {word} {error['ctx'][bound]:g}.")
    return Problem(place, f"{error['msg']}, found {_short(error.get('input'))}.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."


def _fields_at(schema: Any, loc: tuple[Any, ...]) -> list[str]:
    """Field names allowed at a location of the schema."""
    models = [schema]
    for part in loc:
        models = [m for model in models for m in _step(model, part)]
    found = [m for model in models for m in _models_in(model)]
    return sorted({f.alias or name for m in found for name, f in m.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation such as ``Model | None`` stands for."""
    if _is_model(annotation):
        return [annotation]
    if get_origin(annotation) is Annotated:
        return _models_in(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [m for a in get_args(annotation) for m in _models_in(a)]
    return []


def _step(model: Any, part: Any) -> list[Any]:
    if _is_model(model):
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return [field.annotation]
        return [model]  # a tag pydantic adds for a union member
    origin, args = get_origin(model), get_args(model)
    if origin is Annotated:
        return _step(args[0], part)
    if origin in (dict, list) and (origin is dict or isinstance(part, int)):
        return [args[-1]]
    members = [m for a in args for m in _step(a, part) if not isinstance(a, type(None))]
    return members or [model]


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
