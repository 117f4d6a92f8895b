# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a folder can be published, by their names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .media_types import media_type
from .values import ASSETS, INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST_SHOWN = 20
_KEY_BYTES = 1024
#: The most files of a version.
MOST_FILES = 20_000


def shown(path: str) -> str:
    """*path* in a message: whatever it holds, it is one line of plain characters."""
    return ascii(path)[1:-1] if not path.isprintable() or _bytes(path) is None else path


def name_problem(path: str, types: Mapping[str, str]) -> str:
    """Why the file at *path* cannot be published; empty when it can. *types* are the caller's own media types."""
    encoded = _bytes(path)
    if encoded is None:
        return "has a name that is not UTF-8, which no address can name"
    if not path.isprintable():
        return "has a control character or another invisible one in its name"
    if len(encoded) > _KEY_BYTES:
        return f"has a path of {len(encoded)} bytes; S3 takes {_KEY_BYTES}"
    if {"*", "\\"} & set(path):
        return "has a '*' or a backslash in its name, which an invalidation or an address reads as something else"
    return _place_problem(path) or _type_problem(path, types)


def _place_problem(path: str) -> str:
    parts = path.split("/")
    hidden = next((part for part in parts if part.startswith(".") and part != ".well-known"), "")
    if hidden:
        return f"is hidden ({hidden}); such files are often secrets or leftovers. Only .well-known may be published"
    if parts[0] == "api":
        return "lies in api/, where the distribution asks the service and never the site"
    if "." not in parts[-1] and not path.startswith(ASSETS):
        return f"has no dot in its name, and the distribution answers such an address with {INDEX}"
    return ""


def _type_problem(path: str, types: Mapping[str, str]) -> str:
    if media_type(path, types):
        return ""
    return "has an ending whose media type is not known; name it in media_types"


def list_problems(paths: Iterable[str], types: Mapping[str, str]) -> Iterator[str]:
    """Everything that is wrong with a folder that holds these *paths*."""
    every = sorted(paths)
    if not every:
        yield "it holds no file"
        return
    if INDEX not in every:
        yield f"it holds no {INDEX}"
    if len(every) > MOST_FILES:
        yield f"it holds {len(every)} files; at most {MOST_FILES} can be published"
        return
    for path in every:
        if problem := name_problem(path, types):
            yield f"{shown(path)} {problem}"


def in_sentences(problems: Iterable[str]) -> str:
    """*problems* as numbered sentences, the first of many."""
    every = list(problems)
    numbered = [f"({number}) {problem}." for number, problem in enumerate(every[:_MOST_SHOWN], 1)]
    left = len(every) - _MOST_SHOWN
    return " ".join([*numbered, *([f"And {left} more."] if left > 0 else [])])


def _bytes(path: str) -> bytes | None:
    try:
        return path.encode()
    except UnicodeEncodeError:
        return None
