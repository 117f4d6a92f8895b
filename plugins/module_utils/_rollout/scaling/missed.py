# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled actions whose time came while the schedule was suspended: AWS does not make up for them. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .model import BOUNDS
from .schedule import instants, schedule_problem

if TYPE_CHECKING:
    from datetime import datetime

    from .model import Scaling


def caught_up(scaling: Scaling, since: datetime, until: datetime) -> Scaling:
    """*scaling* with the bounds that its actions would have set after *since*, and at *until* at the latest.

    Those of a rate are left out: when it runs next is not known.
    """
    years = frozenset({since.year, until.year})
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
