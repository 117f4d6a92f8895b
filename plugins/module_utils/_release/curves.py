# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release went through over time, as text in its row: the table takes no fractions. Pure.

Nothing is decided by it. What cannot be read is therefore shown as if it were not there.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from math import isfinite
from typing import TYPE_CHECKING, Any

from .record import CoursePoint, Series

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_EVIDENCE = 20_000


def write_series(series: Series) -> str:
    """*series* as text; empty when it has no points."""
    return _text(list(astuple(series))) if series.points else ""


def read_series(text: Any) -> Series:
    """The series that *text* holds, without points when it holds none."""
    try:
        measured, lowest, highest, points = _plain(text)
        read = tuple((_number(seconds), _number(value)) for seconds, value in points)
        return Series(str(measured), _bound(lowest), _bound(highest), read)
    except (TypeError, ValueError):
        return Series()


def write_course(course: tuple[CoursePoint, ...]) -> str:
    """*course* as text."""
    return _text([list(astuple(point)) for point in course]) if course else ""


def read_course(text: Any) -> tuple[CoursePoint, ...]:
    """The course that *text* holds."""
    try:
        return tuple(
            CoursePoint(str(at), str(stage), _bound(weight), bool(paused)) for at, stage, weight, paused in _plain(text)
        )
    except (TypeError, ValueError):
        return ()


def write_evidence(evidence: tuple[Mapping[str, Any], ...]) -> str:
    """*evidence* as text, of which the first that fits into a row is kept."""
    kept = list(evidence)
    while kept and len(_text(kept)) > _LONGEST_EVIDENCE:
        kept.pop()
    return _text(kept) if kept else ""


def read_evidence(text: Any) -> tuple[Mapping[str, Any], ...]:
    """The evidence that *text* holds."""
    try:
        found = _plain(text)
    except (TypeError, ValueError):
        return ()
    return tuple(piece for piece in found if isinstance(piece, dict)) if isinstance(found, list) else ()


def _text(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), default=str)


def _plain(text: Any) -> Any:
    return json.loads(text) if text else []


def _bound(value: Any) -> float | None:
    return None if value is None else _number(value)


def _number(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{value!r} is no number that ends")
    return number
