# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the release table as values: every attribute is as the contract says, or what it is instead is told. Pure.

Attributes that are not known are left alone: a newer version may have written them.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from .._common.verdict import Verdict
from .approval import Answer, Question
from .curves import read_course, read_evidence, read_series
from .record import DEPLOY, RECORD_PREFIX, ROLLBACK, Lock, Measurement, Outcome, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Row = Mapping[str, Any]
    Readers = Mapping[str, Callable[[Any], Any]]

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

KEY_BYTES = 32
_KINDS = [DEPLOY, ROLLBACK]
_LONGEST_SHOWN = 60
# A number that the table gave, or the time that keys held before there were numbers.
_RELEASE_ID = re.compile(rf"{RECORD_PREFIX}(seq-\d{{12}}|\d{{4}}-\d{{2}}-\d{{2}}T.+)", re.ASCII)
# The types of plain attributes, by the annotation of the field.
_PLAIN: Mapping[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
}


def read_release(row: Row) -> Release:
    """The release that *row* holds. Raises ValueError with what is wrong with the row, in its own words."""
    readers = {
        "outcome": lambda value: _member(Outcome, value),
        "gates": _measurements,
        "kind": _kind,
        "course": read_course,
        "evidence": read_evidence,
        "services": _names,
        "ended_before": _releases_by_service,
    }
    if "outcome" not in row:
        raise ValueError("it has no outcome")
    release = _read(Release, row, readers)
    if not _RELEASE_ID.fullmatch(release.release_id):
        raise ValueError(f"its release_id is not {RECORD_PREFIX}seq- and 12 digits")
    return release


def read_lock(row: Row) -> Lock:
    """The lock that *row* holds. Raises ValueError with what is wrong with the row."""
    return _read(Lock, {"lease": 0, **row}, {})


def read_question(row: Row) -> Question:
    """The question that *row* holds. Raises ValueError with what is wrong with the row."""
    return _read(Question, row, {})


def read_answer(row: Row) -> Answer:
    """The answer that *row* holds. Raises ValueError with what is wrong with the row."""
    return _read(Answer, row, {})


def read_key(row: Row) -> bytes:
    """The key that *row* holds. Raises ValueError with what is wrong with the row."""
    key = row.get("key")
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        size = f"{len(key)} bytes" if isinstance(key, bytes) else "nothing" if key is None else "not binary"
        raise ValueError(f"its key is {size}, where {KEY_BYTES} random bytes (binary) are expected")
    return key


def _read(kind: type[T], row: Row, readers: Readers) -> T:  # noqa: UP047 - ansible-test takes no PEP 695
    given: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in row:
            reader = readers.get(field.name)
            value = row[field.name]
            given[field.name] = reader(value) if reader else _plain(field.name, str(field.type), value)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"it has no {field.name}")
    return kind(**given)


def _plain(name: str, annotation: str, value: Any) -> Any:
    kind, word = _PLAIN[annotation]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"its {name} is {_shown(value)}, where {word} is expected")
    return value


def _member(kind: type[E], value: Any) -> E:  # noqa: UP047 - ansible-test takes no PEP 695
    known = {str(member.value): member for member in kind}
    if not isinstance(value, str) or value not in known:
        raise ValueError(
            f"its {kind.__name__.lower()} is {_shown(value)}, and this version of fastbreak.aws knows "
            f"{', '.join(known)}"
        )
    return known[value]


def _kind(value: Any) -> str:
    if value not in _KINDS:
        raise ValueError(f"its kind is {_shown(value)}, and this version of fastbreak.aws knows {', '.join(_KINDS)}")
    return str(value)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"its services are {_shown(value)}, where a list of text is expected")
    return tuple(value)


def _releases_by_service(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise ValueError(f"its ended_before is {_shown(value)}, where the releases of other services are expected")
    return dict(value)


def _measurements(value: Any) -> tuple[Measurement, ...]:
    if not isinstance(value, list) or not all(isinstance(gate, dict) for gate in value):
        raise ValueError(f"its gates are {_shown(value)}, where a list of measurements is expected")
    read = []
    for gate in value:
        try:
            readers = {"verdict": lambda given: _member(Verdict, given), "series": read_series}
            read.append(_read(Measurement, gate, readers))
        except ValueError as error:
            raise ValueError(f"one of its gates cannot be read: {error}") from error
    return tuple(read)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
