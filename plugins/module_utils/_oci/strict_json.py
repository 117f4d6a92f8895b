# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as hostile input: strict, unambiguous, bounded; and short, printable quotes of what was seen."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .._common.amount import amount

_QUOTE_CHARACTERS = 80


class MalformedError(ValueError):
    """The content is not what it has to be. Its text goes on after a subject: "is no JSON object"."""


def quote(value: object) -> str:
    """The beginning of *value* as JSON in printable ASCII, at most 80 characters: fit for a message or a terminal."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {amount(len(value), 'entry', 'entries')}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >> 256:
        return "a number of more than 256 bits"
    text = json.dumps(value[: _QUOTE_CHARACTERS + 1] if isinstance(value, str) else value)
    return text if len(text) <= _QUOTE_CHARACTERS else text[: _QUOTE_CHARACTERS - 3] + "..."


def read_object(content: bytes, *, limit_bytes: int) -> dict[str, Any]:
    """The JSON object in *content*. Raises MalformedError; a key that is given twice is malformed, and so is NaN."""
    if len(content) > limit_bytes:
        raise MalformedError(f"is {len(content)} bytes long, where at most {limit_bytes} are taken")
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except MalformedError:
        raise
    except RecursionError as error:
        raise MalformedError("is nested too deeply to be read") from error
    except ValueError as error:
        raise MalformedError("is not JSON in UTF-8") from error
    if not isinstance(document, dict):
        raise MalformedError("is no JSON object")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("gives a key twice, so that two readers may read two things")
    for key, value in pairs:
        if not _is_text(key) or (isinstance(value, str) and not _is_text(value)):
            raise MalformedError("has a text that is no Unicode")
    return found


def _is_text(value: str) -> bool:
    """Half of a surrogate pair can be written in JSON, but neither printed nor sent."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedError(f"has the number {name}")
