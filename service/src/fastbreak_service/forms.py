# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The form of a dataclass's JSON, told from its fields: as a schema for others, and as a check of what others say."""

from __future__ import annotations

import sys
import types
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

type Object = dict[str, Any]

_MOST = 2**31 - 1
_LONGEST_TEXT = 1000
_LARGEST = sys.float_info.max


def schema_of(kind: type, where: str) -> Object:
    """The JSON Schema of a dataclass as an object. What it is made of is a reference to `where` and its name."""
    hints = _hints(kind)
    return {
        "type": "object",
        "required": list(hints),
        "properties": {name: _schema(hint, where) for name, hint in hints.items()},
        "additionalProperties": False,
    }


def schemas_of(kinds: tuple[type, ...], where: str) -> Object:
    """The schemas of dataclasses and of all that they are made of, by name."""
    found: Object = {}
    left = list(kinds)
    while left:
        kind = left.pop(0)
        if kind.__name__ not in found:
            found[kind.__name__] = schema_of(kind, where)
            left += [part for hint in _hints(kind).values() for part in _parts(hint)]
    return found


def fits(value: object, hint: Any) -> bool:
    """Whether a value out of JSON has the form of a type: a dataclass's fields and no others, finite numbers.

    Whole numbers are 0 or more. Texts are printable and at most 1000 characters.
    """
    return _check(hint)(value)


@cache
def _check(hint: Any) -> Callable[[object], bool]:
    """The check of a type, made once."""
    if is_dataclass(hint):
        parts = {name: _check(part) for name, part in _hints(hint).items()}  # type: ignore[arg-type]
        return lambda value: (
            isinstance(value, dict)
            and value.keys() == parts.keys()
            and all(check(value[name]) for name, check in parts.items())
        )
    if get_origin(hint) is list:
        item = _check(get_args(hint)[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if get_origin(hint) is dict:
        text, item = _check(str), _check(get_args(hint)[1])
        return lambda value: isinstance(value, dict) and all(map(text, value)) and all(map(item, value.values()))
    if get_origin(hint) in {Union, types.UnionType}:
        checks = [_check(part) for part in get_args(hint)]
        return lambda value: any(check(value) for check in checks)
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        known = frozenset(map(str, get_args(hint) or hint))
        return lambda value: isinstance(value, str) and value in known
    return _PLAIN_CHECKS[hint]


_PLAIN_CHECKS: dict[Any, Callable[[object], bool]] = {
    types.NoneType: lambda value: value is None,
    bool: lambda value: isinstance(value, bool),
    int: lambda value: type(value) is int and 0 <= value <= _MOST,
    float: lambda value: type(value) in {int, float} and abs(value) <= _LARGEST,  # type: ignore[arg-type]
    str: lambda value: isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable(),
}


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _parts(hint: Any) -> list[type]:
    """The dataclasses in a type."""
    return [hint] if is_dataclass(hint) else [part for inner in get_args(hint) for part in _parts(inner)]  # type: ignore[list-item]


_PLAIN: dict[Any, Object] = {
    types.NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number"},
    str: {"type": "string"},
}


def _schema(hint: Any, where: str) -> Object:
    if is_dataclass(hint):
        return {"$ref": f"{where}{hint.__name__}"}  # type: ignore[union-attr]
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema(get_args(hint)[0], where)}
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(hint)[1], where)}
    if get_origin(hint) in {Union, types.UnionType}:
        return {"anyOf": [_schema(part, where) for part in get_args(hint)]}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    return _PLAIN.get(hint) or {"type": "string", "enum": [str(value) for value in hint]}
