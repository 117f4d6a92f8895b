# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expressions that say when a scheduled action runs: at, rate and cron, and the names of time zones. Pure.

What they may be is from PutScheduledAction in the API reference of Application Auto Scaling.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from .cron import read_cron

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXPRESSION = re.compile(r"(at|rate|cron)\((.*)\)", re.DOTALL)
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", re.ASCII)
_RATE = re.compile(r"[1-9]\d* (minutes?|hours?|days?)", re.ASCII)
_ZONE = re.compile(r"[A-Za-z]+([/_+-]?[A-Za-z0-9]+)*")
# What a machine without the data of time zones takes for any: nowhere is it earlier.
_LATEST = timezone(timedelta(hours=-12))


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


def ends(schedule: str) -> bool:
    """Whether *schedule*, which has no problem, comes to an end: it runs once, or in some years only."""
    kind, inner = _parts(schedule)
    return kind == "at" or (kind == "cron" and not read_cron(inner).any_year)


def is_over(schedule: str, zone: str, now: datetime) -> bool:
    """Whether *schedule*, which has no problem, does not run any more after *now*."""
    kind, inner = _parts(schedule)
    if kind == "rate":
        return False
    place = _place(zone)
    if kind == "at":
        return _instant(datetime.fromisoformat(inner), place) <= now
    cron, today = read_cron(inner), now.astimezone(place).date()
    if cron.any_year:
        return False
    last = time(max(cron.hours), max(cron.minutes))
    return all(
        day <= today and _instant(datetime.combine(day, last), place) <= now
        for day in cron.days(today, date(max(cron.years), 12, 31))
    )


def instants(schedule: str, zone: str, years: frozenset[int]) -> Iterator[datetime]:
    """When *schedule*, which has no problem, runs in *years*, in UTC and in their order. A rate has no set times."""
    kind, inner = _parts(schedule)
    place = _place(zone)
    if kind == "at":
        yield _instant(datetime.fromisoformat(inner), place)
    elif kind == "cron":
        cron = read_cron(inner)
        for year in sorted(years):
            for day in cron.days(date(year, 1, 1), date(year, 12, 31)):
                for hour in sorted(cron.hours):
                    for minute in sorted(cron.minutes):
                        yield _instant(datetime.combine(day, time(hour, minute)), place)


def years_named(schedule: str) -> frozenset[int]:
    """The years that *schedule*, which has no problem, is about; none when it is about all."""
    kind, inner = _parts(schedule)
    if kind == "at":
        return frozenset({datetime.fromisoformat(inner).year})
    return read_cron(inner).years if ends(schedule) else frozenset()


def _parts(schedule: str) -> tuple[str, str]:
    kind, _bracket, inner = normal_schedule(schedule).partition("(")
    return kind, inner.removesuffix(")")


def _instant(local: datetime, place: tzinfo) -> datetime:
    return local.replace(tzinfo=place).astimezone(UTC)


def _place(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    return ZoneInfo(name) if name in _timezones() else _LATEST


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _at_problem(inner: str) -> str:
    if not _AT.fullmatch(inner):
        return "names no moment as yyyy-mm-ddThh:mm:ss"
    try:
        moment = datetime.fromisoformat(inner)
    except ValueError as error:
        return f"names no moment that there is ({error})"
    # The first and last days of the calendar have no instant in every time zone.
    return "" if 1970 <= moment.year <= 9000 else "names a year that is not 1970 to 9000"


def _rate_problem(inner: str) -> str:
    return "" if _RATE.fullmatch(inner) else "wants a whole number above 0 and minutes, hours or days: rate(5 minutes)"


def _cron_problem(inner: str) -> str:
    try:
        read_cron(inner)
    except ValueError as error:
        return str(error)
    return ""
