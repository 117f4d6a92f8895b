# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts among a task's options that say two things at once, or that are no text."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .given import GivenOption

#: A key of a mapping that is written as ``key=value, other=value``.
_KEY = re.compile(r"(?:^|[\s,])([^\s,='\"]+)=")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def repeated_problems(every: Iterable[GivenOption]) -> Iterator[str]:
    """What is wrong with texts that stand for a mapping and give a key twice, of which Ansible keeps the last."""
    for given in every:
        if given.kind == "dict" and isinstance(given.value, str) and (key := repeated_key(given.value)):
            yield f"{given.place} gives {key[:80]!r} twice, so that it is not known which is meant; write it once"


def unicode_problems(every: Iterable[GivenOption]) -> Iterator[str]:
    """What is wrong with texts that hold bytes of another encoding, as variables of the environment may, or a NUL.

    No program takes a NUL as an argument, and no file has it in its name.
    """
    for given in every:
        if given.kind == "str" and isinstance(given.value, str) and not _is_unicode(given.value):
            yield f"{given.place} holds bytes that are no UTF-8; write it in UTF-8"
        # What is in a list or has options of its own is given too.
        elif given.kind != "list" and not given.inner and _holds_nul(given.value):
            yield f"{given.place} holds a NUL character; take it out"


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_nul, (*value.keys(), *value.values())))
    return any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def repeated_key(text: str) -> str:
    """A key that the mapping in *text* gives twice, at any depth; empty without one, and for what is no mapping."""
    stripped = text.strip()
    if not stripped.startswith("{"):
        return _first_twice(_KEY.findall(_QUOTED.sub("", stripped)))
    found: list[str] = []
    try:
        json.loads(stripped, object_pairs_hook=lambda pairs: found.append(_first_twice([pair[0] for pair in pairs])))
    except (ValueError, RecursionError):
        found = _repeated_in_literal(stripped)
    return next(filter(None, found), "")


def _repeated_in_literal(text: str) -> list[str]:
    """The same of a mapping as Python writes it, which Ansible reads too."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    mappings = [node.keys for node in nodes if isinstance(node, ast.Dict)]
    return [_first_twice([str(key.value) for key in keys if isinstance(key, ast.Constant)]) for keys in mappings]


def _first_twice(keys: list[str]) -> str:
    return next((key for number, key in enumerate(keys) if key in keys[:number]), "")


def _is_unicode(text: str) -> bool:
    """Whether it can be sent and printed. Python keeps bytes that it cannot read as halves of surrogate pairs."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
