# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cron expressions of Application Auto Scaling: what is wrong with one, and when it runs. Pure.

What they may be is from "Schedule recurring scaling actions using cron expressions" in the Application Auto Scaling
user guide.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY_OF_MONTH, _DAY_OF_WEEK = "day of month", "day of week"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


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
    _Field("month", 1, 12, _MONTHS),
    _Field(_DAY_OF_WEEK, 1, 7, _DAYS, other=rf"\?|([1-7]|{'|'.join(_DAYS)})?L|([1-7]|{'|'.join(_DAYS)})#[1-5]"),
    _Field("year", _FIRST_YEAR, _LAST_YEAR),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """When an expression runs, in its time zone. The ``other_`` days are not numbers: L, 15W, MON#2."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days_of_month: frozenset[int]
    other_days_of_month: tuple[str, ...]
    months: frozenset[int]
    days_of_week: frozenset[int]
    other_days_of_week: tuple[str, ...]
    years: frozenset[int]

    @property
    def any_year(self) -> bool:
        """Whether it runs in whichever year."""
        return len(self.years) > _LAST_YEAR - _FIRST_YEAR

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from *first* to *last* on which it runs, in their order."""
        for year in sorted(year for year in self.years if first.year <= year <= last.year):
            for month in sorted(self.months):
                for number in range(1, monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if first <= day <= last and self._takes(day):
                        yield day

    def _takes(self, day: date) -> bool:
        return (day.day in self.days_of_month or any(_is_day(day, part) for part in self.other_days_of_month)) and (
            _weekday(day) in self.days_of_week or any(_is_weekday(day, part) for part in self.other_days_of_week)
        )


def read_cron(inner: str) -> Cron:
    """What stands between the brackets. Raises ValueError with what is wrong, as the end of a sentence."""
    given = inner.split(" ")
    if len(given) != len(_FIELDS):
        raise ValueError(f"has {len(given)} fields, where cron wants six: {', '.join(field.name for field in _FIELDS)}")
    read = {field.name: _read_field(field, text) for field, text in zip(_FIELDS, given, strict=True)}
    days = dict(zip((field.name for field in _FIELDS), given, strict=True))
    if (days[_DAY_OF_MONTH] == "?") == (days[_DAY_OF_WEEK] == "?"):
        raise ValueError(f"wants ? as either {_DAY_OF_MONTH} or {_DAY_OF_WEEK}, and a value as the other")
    cron = Cron(
        read["minutes"][0],
        read["hours"][0],
        *read[_DAY_OF_MONTH],
        read["month"][0],
        *read[_DAY_OF_WEEK],
        read["year"][0],
    )
    if next(cron.days(date(_FIRST_YEAR, 1, 1), date(_LAST_YEAR, 12, 31)), None) is None:
        raise ValueError("names a day that there is in no month and year of it, so that it would never run")
    return cron


def _read_field(field: _Field, text: str) -> tuple[frozenset[int], tuple[str, ...]]:
    """The numbers that *text* names, and what it names beside numbers."""
    numbers: set[int] = set()
    others: list[str] = []
    for part in text.split(","):
        if re.fullmatch(field.other, part):
            others.append(part)
        else:
            numbers.update(_numbers(field, part, text))
    if "?" in others:
        if text != "?":
            raise _misfit(field, text)
        return frozenset(range(field.least, field.most + 1)), ()
    return frozenset(numbers), tuple(others)


def _numbers(field: _Field, part: str, text: str) -> Iterable[int]:
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdecimal() and 0 < int(step) <= field.most):
        raise _misfit(field, text)
    first, dash, last = span.partition("-")
    least = field.least if span == "*" else _number(field, first, text)
    most = _number(field, last, text) if dash else field.most if slash or span == "*" else least
    if most < least:
        raise ValueError(
            f"has {span} as {field.name}, which goes backwards: write it as two, {first}-{field.most},"
            f"{field.least}-{last}"
        )
    return range(least, most + 1, int(step) if slash else 1)


def _number(field: _Field, text: str, whole: str) -> int:
    if text in field.names:
        return field.least + field.names.index(text)
    if text.isascii() and text.isdecimal() and field.least <= int(text) <= field.most:
        return int(text)
    raise _misfit(field, whole)


def _misfit(field: _Field, text: str) -> ValueError:
    return ValueError(f"has {text!r} as {field.name}, which is {field.least} to {field.most}")


def _weekday(day: date) -> int:
    """1 to 7, from Sunday."""
    return day.isoweekday() % 7 + 1


def _is_day(day: date, part: str) -> bool:
    """Whether *day* is the L, LW or 15W that *part* names: the last day, or the nearest day from Monday to Friday."""
    length = monthrange(day.year, day.month)[1]
    number = length if part in ("L", "LW") else int(part.removesuffix("W"))
    if number > length:
        return False
    wanted = day.replace(day=number)
    return day == (_nearest_working_day(wanted) if part.endswith("W") else wanted)


def _nearest_working_day(day: date) -> date:
    """*day*, or the Friday before or Monday after it, in its month."""
    moves = {6: (-1, 2), 7: (1, -2)}.get(day.isoweekday(), (0, 0))
    near, far = (day + timedelta(days=move) for move in moves)
    return near if near.month == day.month else far


def _is_weekday(day: date, part: str) -> bool:
    """Whether *day* is the L (Saturday), MONL (the last Monday) or MON#2 (the second one) that *part* names."""
    name, hash_, count = part.partition("#")
    if part == "L":
        return _weekday(day) == len(_DAYS)
    name = name.removesuffix("L")
    number = _DAYS.index(name) + 1 if name in _DAYS else int(name)
    if _weekday(day) != number:
        return False
    if hash_:
        return (day.day - 1) // 7 + 1 == int(count)
    return day.day + 7 > monthrange(day.year, day.month)[1]
