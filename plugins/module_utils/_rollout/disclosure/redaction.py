# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking values that are not shown out of texts that others wrote: log lines, answers of AWS, reasons. Pure.

What AWS or a container writes may hold a value of the task definition, whole or in part. Whatever leaves a run as text
passes here. A value that is too short or too common to mean anything in a sentence is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .definition import hidden_texts, public_text

_SHORTEST = 6
_TELLING = 8
_SEPARATORS = re.compile(r"[\s\"'`=&;,|<>(){}\[\]@:]+")
# Words of messages and settings: one of these as a value tells nobody anything.
_ORDINARY = re.compile(
    r"container|database|default|deployment|development|disabled|enabled|endpoint|environment|exception|inference"
    r"|instance|localhost|message|production|readiness|repository|required|response|revision|rollback|security|service"
    r"|staging|superseded|unhealthy|warning",
    re.IGNORECASE,
)


class Redaction:
    """The values that must not be read in a text. It grows as documents are met."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}
        self._public: list[str] = []
        self._pattern: re.Pattern[str] | None = None

    def allow(self, texts: Iterable[str]) -> None:
        """Take *texts* for public: a value that is part of one is no secret."""
        self._public += texts
        self._pattern = None

    def learn(self, document: Mapping[str, Any]) -> None:
        """Hide the values of the task definition *document* that are not shown. It may be of any shape."""
        self.allow([public_text(document)])
        for place, text in hidden_texts(document):
            self.hide(place, text)

    def hide(self, place: str, text: str) -> None:
        """Hide *text*, which is the value at *place*, and its telling parts."""
        for piece in _pieces(text):
            self._places[piece] = place
        self._pattern = None

    def text(self, text: str) -> str:
        """*text* without them: the place of each stands there instead."""
        pattern = self._pattern = self._pattern or self._compiled()
        return pattern.sub(lambda match: f"(hidden, {self._places[match[0]]})", text)

    def data(self, data: Any) -> Any:
        """Plain *data* without them."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {key: self.data(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return type(data)(self.data(value) for value in data)
        return data

    def _compiled(self) -> re.Pattern[str]:
        public = "\n".join(self._public)
        hidden = sorted((piece for piece in self._places if piece not in public), key=len, reverse=True)
        return re.compile("|".join(_bounded(piece) for piece in hidden) or r"(?!)")


def _bounded(piece: str) -> str:
    """A pattern for *piece*; a short one is met only as a word of its own."""
    written = re.escape(piece)
    return written if len(piece) >= _TELLING else rf"(?<![A-Za-z0-9]){written}(?![A-Za-z0-9])"


def _pieces(text: str) -> Iterator[str]:
    """*text* and its telling parts: lines and words. Each also comes as JSON and Python write it."""
    for part in {text, text.strip(), *text.splitlines(), *_SEPARATORS.split(text)}:
        if _is_telling(part):
            yield from {part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], repr(part)[1:-1]}


def _is_telling(part: str) -> bool:
    if _ORDINARY.fullmatch(part) or not any(map(str.isalnum, part)):
        return False
    kinds = sum(any(test(letter) for letter in part) for test in (str.islower, str.isupper, str.isdigit))
    return len(part) >= _TELLING or (len(part) >= _SHORTEST and kinds > 1)
