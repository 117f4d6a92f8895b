# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled actions whose time came while the schedule was suspended: AWS does not make up for them. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .model import BOUNDS
from .schedule import instants, schedule_problem

if TYPE_CHECKING:
    from .model import Scaling


# Longer than between two actions of any schedule that comes back every year.
_LOOKED_BACK = timedelta(days=370)


def suspended_since(since: str, before: Scaling | None, now: datetime) -> datetime:
    """The moment after which actions may have been missed, when *since* a release keeps the schedule suspended.

    Nobody knows it of a schedule that was suspended *before* that already: what it would have set last then counts.
    """
    unknown = not since or (before is not None and before.suspended)
    return now - _LOOKED_BACK if unknown else datetime.fromisoformat(since)


def caught_up(scaling: Scaling, since: datetime, until: datetime) -> Scaling:
    """*scaling* with the bounds that its actions would have set after *since*, and at *until* at the latest.

    Those of a rate are left out: when it runs next is not known.
    """
    years = frozenset(range(since.year, until.year + 1))
    due = [
        (moment, name)
        for name, body in scaling.actions.items()
        if not schedule_problem(body["Schedule"])
        for moment in instants(body["Schedule"], body.get("Timezone", "UTC"), years)
        if since < moment <= until
    ]
    for _moment, name in sorted(due):
        sets = scaling.actions[name]["ScalableTargetAction"]
        bounds = {bound: sets[key] for bound, key in BOUNDS.items() if key in sets}
        scaling = replace(scaling, **bounds)
    return scaling
