# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records of other services belong to the same release: each service has a record of its own. Pure.

They name the same services and the same image, and of several such, that one is meant that began nearest in time. This
is for people who read a history; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from .timeline import seconds_between

_SAME = ("digest", "kind")


def names_of_others(release: Mapping[str, Any]) -> list[str]:
    """The other services of *release*, in their order."""
    named = release.get("services")
    names = [str(name) for name in named] if isinstance(named, Sequence) and not isinstance(named, str) else []
    return [name for name in names if name != str(release.get("service"))]


def siblings(info: Mapping[str, Any], release: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The record of each other service of *release* among those of *info*; an empty one where there is none."""
    known = info.get("companions")
    histories = known if isinstance(known, Mapping) else {}
    return {name: _nearest(histories.get(name), release) for name in names_of_others(release)}


def _nearest(history: Any, release: Mapping[str, Any]) -> Mapping[str, Any]:
    records = history if isinstance(history, Sequence) and not isinstance(history, str) else ()
    same = [
        record
        for record in records
        if isinstance(record, Mapping) and all(record.get(name) == release.get(name) for name in _SAME)
    ]
    return min(same, key=lambda record: _apart(release, record), default={})


def _apart(release: Mapping[str, Any], record: Mapping[str, Any]) -> float:
    """Seconds between the beginnings of the two, whichever began first."""
    ours, theirs = release.get("started_at"), record.get("started_at")
    found = (seconds_between(*pair) for pair in ((ours, theirs), (theirs, ours)))
    return next((seconds for seconds in found if seconds is not None), inf)
