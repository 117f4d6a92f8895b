# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a service has arrived where a failed release goes back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._common.wait import until
from ..._errors import WaitTimeoutError
from ..judge.observation import count_targets, count_tasks, of_revision
from ..strategies.service_events import said_by_ecs
from .meanwhile import DELETED, ask

if TYPE_CHECKING:
    from ..plan.snapshot import Snapshot
    from ..session import Session
    from .destination import WayBack
    from .meanwhile import Meanwhile


def home_groups(session: Session, snapshot: Snapshot) -> tuple[str, ...]:
    """The target groups that the service goes back to: two where traffic shifts between them."""
    bindings = snapshot.settings.target_bindings if snapshot.settings else frozenset()
    homes = sorted((binding.target_group_arns for binding in bindings), key=lambda groups: groups[0])
    ours = [groups for groups in homes if session.request.target_group_arn in groups]
    return next(iter(ours or homes), session.request.target_group_arns)


class UnfinishedError(WaitTimeoutError):
    """ECS was still at the rollback when the time was up."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the service is set to, and whether every desired task of it is healthy and no other task runs.

    ``lost`` says why that can never be seen. ``balanced``: a load balancer says which task is healthy.
    """

    task_definition_arn: str = ""
    healthy: bool = False
    desired: int = 0
    lost: str = ""
    balanced: bool = True

    def __str__(self) -> str:
        return (
            f"all of its {amount(self.desired, 'task')} {'healthy in the target group' if self.balanced else 'running'}"
        )


def await_arrival(
    session: Session, back: WayBack, seconds: float, groups: tuple[str, ...], meanwhile: Meanwhile
) -> Arrival:
    """Wait until the revision of *back* is healthy in the target *groups*, or the service is set to another one.

    A rollback is believed in only then. Raises UnfinishedError after *seconds*.
    """
    return until(
        lambda: _look(session, back, groups, meanwhile),
        lambda seen: seen.healthy or bool(seen.lost) or seen.task_definition_arn not in ("", back.task_definition_arn),
        clock=session,
        seconds=seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, _elapsed: unfinished(session, back, seen.task_definition_arn),
    )


def unfinished(session: Session, back: WayBack, seen: str) -> UnfinishedError:
    """The error of a rollback that takes too long; *seen* is the state or revision that was seen last."""
    return UnfinishedError(
        f"The rollback to {back.version} had not ended after {session.request.timeout_seconds:g} s and "
        f"continues in ECS. Run ecs_rollout_info to see where it stands.{said_by_ecs(session)}",
        last={"going_to": back.task_definition_arn, "seen": seen},
    )


def _look(session: Session, back: WayBack, groups: tuple[str, ...], meanwhile: Meanwhile) -> Arrival:
    request, ports = session.request, session.ports
    service = ask(session, lambda: (ports.ecs.describe_service(request.cluster, request.service),))
    if service is None:
        return Arrival()
    if service[0] is None or service[0].status != "ACTIVE":
        return Arrival(lost=DELETED)
    if service[0].task_definition_arn != back.task_definition_arn:
        return Arrival(service[0].task_definition_arn)
    if service[0].desired_count == 0:
        return Arrival(back.task_definition_arn, lost="its desired count is 0, so that no task runs: scale it up")
    arrival = _look_at_tasks(session, back, groups, service[0].desired_count)
    return arrival if arrival.healthy or arrival.lost else replace(arrival, lost=meanwhile.unreachable())


def _look_at_tasks(session: Session, back: WayBack, groups: tuple[str, ...], desired: int) -> Arrival:
    request, ports = session.request, session.ports
    tasks = ask(session, lambda: ports.ecs.list_tasks(request.cluster, request.service))
    targets = ask(session, lambda: [ports.balancing.describe_targets(group) for group in groups])
    if tasks is None or targets is None:
        return Arrival(back.task_definition_arn)
    if None in targets:
        return Arrival(back.task_definition_arn, lost=f"target group {' or '.join(groups)} was deleted")
    there = tuple(target for group in targets for target in group or ())
    others = [
        task
        for task in tasks
        if task.task_definition_arn != back.task_definition_arn and task.last_status == "RUNNING" and not task.stop_code
    ]
    seen = (count_targets if groups else count_tasks)(desired, of_revision(tasks, back.task_definition_arn), there)
    return Arrival(back.task_definition_arn, seen.whole and not others, desired, balanced=bool(groups))
