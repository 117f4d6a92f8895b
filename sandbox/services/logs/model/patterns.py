# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Filter patterns of metric filters: terms, and comparisons of JSON members joined by && or ||. Follows the CloudWatch
Logs user guide, "Filter pattern syntax for metric filters".
"""

import fnmatch
import json
import re
from typing import Any

_COMPARISON = re.compile(
    r"^\(?\s*\$\.(?P<path>[\w.\[\]\-]+)\s*(?:(?P<operator>=|!=|<=|>=|<|>)\s*(?P<value>\"(?:[^\"\\]|\\.)*\"|\S+?)"
    r"|IS\s+(?P<is>NULL|TRUE|FALSE)|(?P<exists>NOT\s+EXISTS|EXISTS))\s*\)?$"
)
_TERM = re.compile(r'-?"(?:[^"\\]|\\.)*"|[?]?\S+')


class PatternError(ValueError):
    """A pattern that is none, or that the sandbox does not know."""


def check(pattern: str) -> None:
    """PatternError when `pattern` is none that is known here."""
    matches(pattern, "{}")


def matches(pattern: str, message: str) -> bool:
    """Whether a log event has what the pattern asks for."""
    text = pattern.strip()
    if not text.startswith("{"):
        return _has_terms(text, message)
    if not text.endswith("}"):
        raise PatternError(f"Invalid character(s) in term: {pattern!r}")
    try:
        event = json.loads(message)
    except ValueError:
        event = None
    alternatives = [part.split("&&") for part in text[1:-1].split("||")]
    results = [[_holds(condition.strip(), event) for condition in every] for every in alternatives]
    return isinstance(event, dict) and any(all(every) for every in results)


def member(path: str, event: Any) -> Any:
    """What stands at `$.a.b[0]` of an event; None when nothing does."""
    for step in re.findall(r"[\w\-]+", path):
        if isinstance(event, dict):
            event = event.get(step)
        elif isinstance(event, list) and step.isdigit() and int(step) < len(event):
            event = event[int(step)]
        else:
            return None
    return event


def _has_terms(text: str, message: str) -> bool:
    terms = _TERM.findall(text)
    if any(term.startswith("[") for term in terms):
        raise PatternError("The sandbox knows no patterns of space-delimited events")
    optional = [_plain(term[1:]) for term in terms if term.startswith("?")]
    excluded = [_plain(term[1:]) for term in terms if term.startswith("-")]
    required = [_plain(term) for term in terms if term[0] not in "?-"]
    return (
        all(term in message for term in required)
        and not any(term in message for term in excluded)
        and (not optional or any(term in message for term in optional))
    )


def _plain(term: str) -> str:
    return term[1:-1].replace('\\"', '"') if term.startswith('"') else term


def _holds(condition: str, event: Any) -> bool:
    found = _COMPARISON.match(condition)
    if not found:
        raise PatternError(f"Invalid metric filter pattern: {condition!r}")
    value = member(found["path"], event)
    if found["is"]:
        return value is {"NULL": None, "TRUE": True, "FALSE": False}[found["is"]]
    if found["exists"]:
        return (value is None) == found["exists"].startswith("NOT")
    return _compared(value, found["operator"], found["value"])


def _compared(value: Any, operator: str, wanted: str) -> bool:
    number = re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", wanted)
    if number and not isinstance(value, bool) and isinstance(value, int | float):
        asked = float(wanted)
        return {
            "=": value == asked, "!=": value != asked, "<": value < asked,
            ">": value > asked, "<=": value <= asked, ">=": value >= asked,
        }[operator]  # fmt: skip
    if value is None or operator not in {"=", "!="}:
        return False
    same = fnmatch.fnmatchcase(str(value), _plain(wanted))
    return same == (operator == "=")
