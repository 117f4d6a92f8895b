# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expressions that say when a scheduled action runs: at, rate and cron, and the names of time zones. Pure.

What they may be is from PutScheduledAction and from "Schedule recurring scaling actions using cron expressions" in the
Application Auto Scaling user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

_EXPRESSION = re.compile(r"(at|rate|cron)\((.*)\)", re.DOTALL)
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_RATE = re.compile(r"[1-9]\d* (minutes?|hours?|days?)")
_ZONE = re.compile(r"[A-Za-z]+([/_+-]?[A-Za-z0-9]+)*")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_DAY_OF_MONTH, _DAY_OF_WEEK = "day of month", "day of week"


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a cron expression: its least and most number, names for these, and a pattern of what else it takes."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    other: str = r"(?!)"


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field(_DAY_OF_MONTH, 1, 31, other=r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field(_DAY_OF_WEEK, 1, 7, tuple(_DAYS), other=rf"\?|([1-7]|{'|'.join(_DAYS)})?L|([1-7]|{'|'.join(_DAYS)})#[1-5]"),
    _Field("year", 1970, 2199),
)


def normal_schedule(text: str) -> str:
    """*text* as it is compared and sent: with single spaces."""
    return re.sub(r"\s+", " ", text.strip()).replace("( ", "(").replace(" )", ")")


def has_timezone(schedule: str) -> bool:
    """Whether the time zone matters to *schedule*: a rate is the same everywhere."""
    return not schedule.startswith("rate(")


def schedule_problem(text: str) -> str:
    """Why *text* is no schedule, as the end of a sentence; empty when it is one."""
    match = _EXPRESSION.fullmatch(normal_schedule(text))
    if match is None:
        return "is neither at(yyyy-mm-ddThh:mm:ss), rate(value unit) nor cron(six fields)"
    kind, inner = match.groups()
    return {"at": _at_problem, "rate": _rate_problem, "cron": _cron_problem}[kind](inner)


def timezone_problem(name: str, schedule: str) -> str:
    """Why *name* cannot be the time zone of *schedule*, as the end of a sentence; empty when it can."""
    if not has_timezone(normal_schedule(schedule)):
        return "" if name == "UTC" else "has no meaning for a rate, which is the same everywhere; leave it out"
    known = _timezones()
    # A machine without the data of time zones leaves the name to AWS.
    if name in known or (not known and _ZONE.fullmatch(name)):
        return ""
    near = get_close_matches(name, known, n=1)
    return "is no name of an IANA time zone, such as Europe/Berlin" + (f"; did you mean {near[0]}?" if near else "")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _at_problem(inner: str) -> str:
    if not _AT.fullmatch(inner):
        return "names no moment as yyyy-mm-ddThh:mm:ss"
    try:
        datetime.fromisoformat(inner)
    except ValueError as error:
        return f"names no moment that there is ({error})"
    return ""


def _rate_problem(inner: str) -> str:
    return "" if _RATE.fullmatch(inner) else "wants a whole number above 0 and minutes, hours or days: rate(5 minutes)"


def _cron_problem(inner: str) -> str:
    given = inner.split(" ")
    if len(given) != len(_FIELDS):
        return f"has {len(given)} fields, where cron wants six: {', '.join(field.name for field in _FIELDS)}"
    for field, text in zip(_FIELDS, given, strict=True):
        if not all(_fits(field, part) for part in text.split(",")) or ("?" in text and text != "?"):
            return f"has {text!r} as {field.name}, which is {field.least} to {field.most}"
    days = dict(zip((field.name for field in _FIELDS), given, strict=True))
    if (days[_DAY_OF_MONTH] == "?") == (days[_DAY_OF_WEEK] == "?"):
        return f"wants ? as either {_DAY_OF_MONTH} or {_DAY_OF_WEEK}, and a value as the other"
    return ""


def _fits(field: _Field, part: str) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and 0 < int(step) <= field.most):
        return False
    if re.fullmatch(field.other, span):
        return not slash
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    numbers = [_number(field, text) for text in ([first, last] if dash else [first])]
    return all(number is not None for number in numbers)


def _number(field: _Field, text: str) -> int | None:
    if text in field.names:
        return field.least + field.names.index(text)
    return int(text) if text.isdecimal() and field.least <= int(text) <= field.most else None
