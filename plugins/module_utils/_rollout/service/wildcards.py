# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of listener rules: ``*`` is any text, ``?`` a character, and neither behind a backslash. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WILDCARDS = re.compile(r"\\[*?]|([*?])")


def wildcards(texts: Iterable[str]) -> int:
    """How many wildcards *texts* have; one behind a backslash is none."""
    return sum(bool(match.group(1)) for text in texts for match in _WILDCARDS.finditer(text))


def matches(pattern: str, text: str, *, cased: bool = False) -> bool:
    """Whether *text* is what *pattern* stands for."""
    parts = re.split(r"(\\[*?]|[*?])", pattern)
    known = {"*": ".*", "?": "."}
    plain = (part[1:] if part[:1] == "\\" and part[1:] in known else part for part in parts)
    expression = "".join(known.get(part) or re.escape(text) for part, text in zip(parts, plain, strict=True))
    return re.fullmatch(expression, text, re.DOTALL if cased else re.DOTALL | re.IGNORECASE) is not None


def example(pattern: str) -> str:
    """A text that *pattern* stands for."""
    return _WILDCARDS.sub(lambda match: "x" if match.group(1) else match.group(0)[1:], pattern)
