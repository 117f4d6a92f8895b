# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of listener rules: ``*`` is any text, ``?`` a character, and neither behind a backslash. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A character that no pattern of a rule may have, so that only a wildcard can stand for it.
STRANGE = "\ue000"
# More of them than the single wildcards of a rule stand for.
_LONG = 20
_FILLS = {"*": ("", STRANGE, STRANGE * _LONG), "?": (STRANGE,)}
_WILDCARDS = re.compile(r"\\[*?]|([*?])")


def wildcards(texts: Iterable[str]) -> int:
    """How many wildcards *texts* have; one behind a backslash is none."""
    return sum(bool(match.group(1)) for text in texts for match in _WILDCARDS.finditer(text))


def matches(pattern: str, text: str, *, cased: bool = False) -> bool:
    """Whether *text* is what *pattern* stands for."""
    return _expression(pattern, cased=cased).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str, *, cased: bool) -> re.Pattern[str]:
    parts = re.split(r"(\\[*?]|[*?])", pattern)
    known = {"*": ".*", "?": "."}
    plain = (part[1:] if part[:1] == "\\" and part[1:] in known else part for part in parts)
    expression = "".join(known.get(part) or re.escape(text) for part, text in zip(parts, plain, strict=True))
    return re.compile(expression, re.DOTALL if cased else re.DOTALL | re.IGNORECASE)


def example(pattern: str) -> str:
    """A text that *pattern* stands for."""
    return _WILDCARDS.sub(lambda match: "x" if match.group(1) else match.group(0)[1:], pattern)


def filled(pattern: str) -> tuple[str, ...]:
    """Texts that *pattern* stands for, so that what stands for all of them stands for whatever it stands for.

    Wildcards are filled in with a character that no pattern has, each ``*`` with none, a single one and many.
    """
    parts = re.split(r"(\\[*?]|[*?])", pattern)
    choices = [_FILLS.get(part) or (part[1:] if part in ("\\*", "\\?") else part,) for part in parts]
    return tuple(map("".join, product(*choices)))
