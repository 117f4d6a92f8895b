# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that may have no task: kept awake while a release of it is judged, and handed back to its scaling."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import OperationError
from ..plan.differences import Action
from ..scaling.change import change_exactly, change_to
from ..scaling.missed import caught_up, suspended_since
from ..scaling.rest import awake
from ..service.writes import ServiceChange

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..plan.snapshot import Snapshot
    from ..scaling.model import Scaling
    from ..session import Session


def is_asleep(facts: Facts) -> bool:
    """Whether it has no task, as it may."""
    service = facts.found.service
    return facts.plan.rests and service is not None and service.desired_count == 0


def _sleeps_on(facts: Facts) -> bool:
    """Whether it has no task, and needs none: nothing is released."""
    return is_asleep(facts) and facts.plan.action is Action.SETTINGS


def keep_awake(session: Session, facts: Facts) -> None:
    """Let nothing take its last task, before anything is changed: as it stands now, which may be minutes later."""
    if not facts.plan.rests or _sleeps_on(facts):
        return
    request, scaling = session.request, session.ports.scaling
    found = scaling.describe_scaling(request.cluster, request.service)
    if found and (change := change_exactly(found, awake(found))):
        scaling.change_scaling(request.cluster, request.service, change)
        session.say("scaling keeps 1 task at least, and its schedule waits, until the release has ended")


def tasks_to_wake(session: Session, facts: Facts) -> int | None:
    """How many tasks it has to be set to: 1 where it has none now, as it may; None where its count is left."""
    if not facts.plan.rests or _sleeps_on(facts):
        return None
    service = session.ports.ecs.describe_service(session.request.cluster, session.request.service)
    if service is None or service.desired_count:
        return None
    session.say("no task runs, since there was nothing to do: waking one")
    return 1


def wake(session: Session, facts: Facts) -> None:
    """Have a task of what it is set to."""
    service, request = facts.found.service, session.request
    if service and (tasks := tasks_to_wake(session, facts)):
        change = ServiceChange(service.settings, (), desired_count=tasks)
        session.ports.ecs.update_service(request.cluster, request.service, change)


def put_awake(session: Session, facts: Facts, before: Scaling | None) -> None:
    """Put the wanted scaling so that a task stays: what it was *before* says which bounds are in force."""
    wanted = _wanted(facts, before)
    if wanted is None or _sleeps_on(facts):
        return
    request, scaling = session.request, session.ports.scaling
    if change := change_exactly(scaling.describe_scaling(request.cluster, request.service), awake(wanted)):
        scaling.change_scaling(request.cluster, request.service, change)


def hand_back(session: Session, facts: Facts, snapshot: Snapshot) -> None:
    """Put the wanted scaling, which may take every task. What cannot be put is said: the next run puts it."""
    wanted = _wanted(facts, snapshot.scaling)
    if not facts.plan.rests or wanted is None:
        return
    try:
        put_exactly(session, wanted, snapshot)
    except OperationError as error:
        session.warn(
            f"scaling keeps 1 task of {session.request.service} at least, and its schedule is suspended: "
            f"{error.message} The next run puts that back."
        )


def put_exactly(session: Session, wanted: Scaling, snapshot: Snapshot) -> Scaling | None:
    """Put the *wanted* scaling, with what its schedule would have set since the *snapshot*; None: it was that."""
    request, scaling, now = session.request, session.ports.scaling, session.clock.now()
    if not wanted.suspended:
        wanted = caught_up(wanted, suspended_since(snapshot.since, snapshot.scaling, now), now)
    change = change_exactly(scaling.describe_scaling(request.cluster, request.service), wanted)
    if change:
        scaling.change_scaling(request.cluster, request.service, change)
        session.say(f"scaling between {wanted.minimum} and {amount(wanted.maximum, 'task')}")
    _lower(session, wanted.maximum)
    return wanted if change else None


def _lower(session: Session, maximum: int) -> None:
    """Take what is above the *maximum*: scaling itself may not come to it before an alarm calls a policy."""
    request, ecs = session.request, session.ports.ecs
    service = ecs.describe_service(request.cluster, request.service)
    if service and service.desired_count > maximum:
        ecs.update_service(request.cluster, request.service, ServiceChange(service.settings, (), desired_count=maximum))


def _wanted(facts: Facts, before: Scaling | None) -> Scaling | None:
    """What the plan leads to, from what there was *before* the release."""
    wanted = facts.plan.wanted_scaling
    if wanted is None:
        return None
    change = change_to(before, wanted)
    after = change.after if change else before
    # Whoever suspends its schedule for the time of a release takes it up again.
    return after and replace(after, suspended=wanted.suspended)
