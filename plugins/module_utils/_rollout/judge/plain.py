# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tallies of gates as what JSON can hold, and back. Pure.

What is no plain value is written with the name of its class, and read by the classes that a tally says it is made of.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = (bool, int, float, str)
_CLASS, _FIELDS, _WORD, _MOMENT = "class", "fields", "word", "moment"
#: What types are called that come back as others: a list as a tuple, a number that is whole as an int.
_COMES_AS = {"Sequence": {"tuple"}, "None": {"NoneType"}, "float": {"float", "int"}}


def to_plain(value: Any) -> Any:
    """*value* as JSON can hold it. Raises TypeError for what cannot be written."""
    if value is None:
        return value
    if isinstance(value, Enum):
        return {_CLASS: type(value).__name__, _WORD: value.value}
    # Ansible gives texts and numbers that know where they were written, as classes of its own.
    if kind := next((kind for kind in _PLAIN if isinstance(value, kind)), None):
        return kind(value)
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if isinstance(value, datetime):
        return {_MOMENT: value.isoformat()}
    if is_dataclass(value):
        return {_CLASS: type(value).__name__, _FIELDS: fields_to_plain(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def fields_to_plain(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, but those that are begun anew. Raises TypeError for one that cannot be written."""
    return {name: to_plain(getattr(value, name)) for name in _kept(type(value))}


def from_plain(plain: Any, parts: Iterable[type]) -> Any:
    """What `to_plain` wrote, of the classes *parts*. Raises KeyError, TypeError or ValueError for anything else."""
    if isinstance(plain, list):
        return tuple(from_plain(each, parts) for each in plain)
    if not isinstance(plain, dict):
        return plain
    if _MOMENT in plain:
        return datetime.fromisoformat(plain[_MOMENT])
    known = {part.__name__: part for part in parts}[plain[_CLASS]]
    if _WORD in plain:
        return known(plain[_WORD])
    return known(**fields_from_plain(known, plain[_FIELDS], parts))


def fields_from_plain(kind: type, plain: dict[str, Any], parts: Iterable[type]) -> dict[str, Any]:
    """The fields of *kind* that `fields_to_plain` wrote.

    Raises KeyError, TypeError or ValueError for one that is missing or mistyped.
    """
    read = {name: from_plain(plain[name], parts) for name in _kept(kind)}
    for name, annotation in _kept(kind).items():
        if not _fits(read[name], annotation):
            raise TypeError(f"{name} is a {type(read[name]).__name__}, where {annotation} is expected")
    return read


def _kept(kind: type) -> dict[str, str]:
    """The fields of *kind* that are written, with what their types are called."""
    return {each.name: str(each.type) for each in fields(kind) if not each.metadata.get("begun_anew")}


def _fits(value: Any, annotation: str) -> bool:
    """Whether *value* is of a type that the *annotation* names. What is inside of a tuple is not looked at."""
    names = (each.partition("[")[0].strip() for each in annotation.split("|"))
    return any(type(value).__name__ in _COMES_AS.get(name, {name}) for name in names)
