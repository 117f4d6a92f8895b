# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""When a scheduled action runs. Follows the API reference, PutScheduledAction.

Clock times are the machine's own. Only a rate goes by the sandbox's pace.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.ministack import eventbridge

Data = dict[str, Any]
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def is_due(action: Data, since: float, until: float, scaled: Callable[[float], float]) -> bool:
    """Whether the action runs after `since` and at `until` at the latest, both in seconds since the epoch."""
    made = float(action["CreationTime"])
    begin = max(since, made)
    if not _moment(action.get("StartTime"), -math.inf) <= until <= _moment(action.get("EndTime"), math.inf):
        return False
    schedule, zone = action["Schedule"], ZoneInfo(action.get("Timezone") or "UTC")
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        length = scaled(int(rate[1]) * _SECONDS[rate[2]])
        passed = [math.floor((moment - made) / length) for moment in (begin, until)]
        return passed[1] > passed[0]
    if at := re.fullmatch(r"at\((.+)\)", schedule):
        return begin < datetime.fromisoformat(at[1]).replace(tzinfo=zone).timestamp() <= until
    due = _next(schedule, datetime.fromtimestamp(begin, zone))
    return due is not None and due.timestamp() <= until


def _next(schedule: str, after: datetime) -> datetime | None:
    """The first time that a cron expression names after `after`, in its time zone."""
    fields = eventbridge._parse_cron_fields(schedule)
    found: datetime | None = fields and eventbridge._cron_next_fire(fields, after.replace(tzinfo=UTC))
    return found.replace(tzinfo=after.tzinfo) if found else None


def _moment(given: object, otherwise: float) -> float:
    return otherwise if given is None else float(str(given))
