# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate ``http`` sends as a body, and what it expects of an answer's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

try:
    import regex

    HAS_REGEX = True
except ImportError:
    HAS_REGEX = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST_PATTERN = 500
# A search may take ever longer with each letter of a body, such as that for (a+)+$, and nothing else runs meanwhile.
_SEARCH_SECONDS = 0.5
_PLAIN = (str, bool, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Content:
    """``file`` is what is sent. An answer has to match *pattern* and to hold *json*: values by their dotted path."""

    file: str = ""
    pattern: str = ""
    json: tuple[tuple[str, Any], ...] = ()

    @property
    def expects(self) -> bool:
        """Whether bodies are looked at."""
        return bool(self.pattern or self.json)

    @property
    def wanted(self) -> str:
        """What it expects, in words."""
        parts = [f"body_pattern {self.pattern!r}"] if self.pattern else []
        parts += [f"{path} {json.dumps(value)}" for path, value in self.json]
        return f" with {', '.join(parts)}" if parts else ""

    def problems(self, method: str) -> Iterator[str]:
        """What cannot be sent by *method*, or could never be found."""
        if self.file and method != "POST":
            yield f"body_file is given, and method {method} sends no body; set method to POST."
        if method == "HEAD" and self.expects:
            yield "body_pattern or body_json is given, and answers to HEAD have no body; set method to GET."
        if len(self.pattern) > _LONGEST_PATTERN:
            yield f"body_pattern is longer than {_LONGEST_PATTERN} characters."
        yield from self._pattern_problems()
        for path, value in self.json:
            if not path or not all(path.split(".")):
                yield f"body_json holds the path {path!r}; write names and positions, joined by single dots."
            if not isinstance(value, _PLAIN) or (isinstance(value, float) and isnan(value)):
                yield f"body_json.{path} is no text, number, true, false or null."

    def _pattern_problems(self) -> Iterator[str]:
        if not self.pattern:
            return
        if not HAS_REGEX:
            yield (
                "body_pattern needs the Python package regex where Ansible runs, which bounds how long a search may "
                "take: pip install regex, or use body_json."
            )
            return
        try:
            regex.compile(self.pattern)
        except (regex.error, RecursionError, OverflowError) as error:
            yield f"body_pattern is no regular expression: {error}."
        if not self.mismatch_of_pattern(b""):
            yield "body_pattern is found in an empty body, so that nothing could fail."

    def mismatch(self, body: bytes) -> str:
        """In what *body* differs from what is expected, in words; empty when it does not."""
        return self.mismatch_of_pattern(body) or self._mismatch_of_json(body)

    def mismatch_of_pattern(self, body: bytes) -> str:
        """That the pattern is not found, or not in time; empty when it is."""
        if not self.pattern:
            return ""
        try:
            text = body.decode(errors="replace")
            found = regex.search(self.pattern, text, timeout=_SEARCH_SECONDS, concurrent=True)
        except TimeoutError:
            return f"with a body that body_pattern takes more than {_SEARCH_SECONDS:g} s to search"
        except (regex.error, RecursionError, OverflowError, MemoryError):
            return "with a body that cannot be matched"
        return "" if found else "without body_pattern"

    def _mismatch_of_json(self, body: bytes) -> str:
        if not self.json:
            return ""
        try:
            held = json.loads(body)
        except (ValueError, RecursionError):
            return "with a body that is no JSON"
        wrong = [path for path, value in self.json if not _is_same(_at(held, path), value)]
        return f"with another {', '.join(wrong)}" if wrong else ""


_NOTHING = object()


def read_content(options: Mapping[str, Any]) -> Content:
    """What validated *options* stand for."""
    expected = tuple((str(path), value) for path, value in options["body_json"].items())
    return Content(options["body_file"] or "", options["body_pattern"] or "", expected)


def _at(held: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(held, dict) and name in held:
            held = held[name]
        elif isinstance(held, list) and name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(held):
            held = held[int(name)]
        else:
            return _NOTHING
    return held


def _is_same(held: Any, wanted: Any) -> bool:
    """Whether they are equal and of one type: in JSON, 1 is not true."""
    return isinstance(held, bool) is isinstance(wanted, bool) and bool(held == wanted)
