# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled actions that would be put though their time is over. Pure: AWS's time comes in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .metrics import MARK
from .schedule import ends, is_over

if TYPE_CHECKING:
    from datetime import datetime

    from .model import Scaling


def asks_the_time(found: Scaling | None, wanted: Scaling) -> bool:
    """Whether an action would be put that comes to an end, so that the time decides about it."""
    return any(ends(wanted.actions[name]["Schedule"]) for name in _put(found, wanted))


def past_actions(found: Scaling | None, wanted: Scaling, now: datetime) -> dict[str, str]:
    """By the names of actions that would be put and are over at *now*: what is wrong with them, in a sentence.

    An action that is there as it is wanted is left, over or not.
    """
    bodies = {name: wanted.actions[name] for name in _put(found, wanted)}
    return {
        name: (
            f"scaling.scheduled_actions {name.removeprefix(MARK)!r}: {body['Schedule']} in "
            f"{body.get('Timezone', 'UTC')} is over, since it is {now:%Y-%m-%dT%H:%M:%SZ} by AWS's time: it would "
            "never run. Take it out, or give it a later time"
        )
        for name, body in bodies.items()
        if is_over(body["Schedule"], body.get("Timezone", "UTC"), now)
    }


def without(scaling: Scaling, names: dict[str, str]) -> Scaling:
    """*scaling* without the actions of *names*."""
    return replace(scaling, actions={name: body for name, body in scaling.actions.items() if name not in names})


def _put(found: Scaling | None, wanted: Scaling) -> list[str]:
    there = found.actions if found else {}
    return sorted(name for name, body in wanted.actions.items() if there.get(name) != body)
