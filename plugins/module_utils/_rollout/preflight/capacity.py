# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is room for the tasks that run beside those of now while a release is under way."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..plan.differences import Action
from ..strategies.table import strategy_named
from .allowed import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..request.model import RolloutRequest
    from ..session import Session

# "Amazon ECS service quotas": it cannot be raised beyond.
_MOST_TASKS = 5000


def capacity_problems(session: Session, facts: Facts) -> Iterator[str]:
    """Why not all tasks of the release could start: addresses of the subnets, and ECS's own limit for a service."""
    request = session.request
    if facts.plan.action in (Action.UNCHANGED, Action.SETTINGS, Action.ADOPT):
        return
    service = facts.found.service
    now = service.desired_count if service else 0
    more = tasks_beside(request, now)
    if now + more > _MOST_TASKS:
        yield (
            f"beside {amount(now, 'task')} {more} would be started, where ECS lets a service have {_MOST_TASKS}. "
            "Lower deployment.maximum_percent, or the number of tasks."
        )
    if request.settings.network is None:
        return
    subnets = request.settings.network.subnets
    look = session.ports.surroundings
    free = allowed(session, "the free addresses of network.subnets", lambda: look.free_addresses(subnets))
    needed = more + (1 if request.migration and not now else 0)
    if free and sum(free.values()) < needed:
        there = ", ".join(f"{name}: {count}" for name, count in sorted(free.items()))
        yield (
            f"network.subnets have {amount(sum(free.values()), 'free address', 'free addresses')} ({there}), where "
            f"{amount(needed, 'task')} will be started beside those that run, each with an address of its own. Name "
            "more or larger subnets, or lower deployment.maximum_percent or the number of tasks."
        )


def tasks_beside(request: RolloutRequest, running: int) -> int:
    """How many tasks the strategy starts beside *running* ones: all of a new service."""
    if not running:
        return request.desired_count
    deployment = request.settings.deployment
    if strategy_named(deployment.strategy).shifts_weights:
        return running
    # It may also stop tasks first, and then needs no address more.
    spare = running * (deployment.maximum_percent - 100) // 100
    return max(0, spare) if ceil(running * deployment.minimum_healthy_percent / 100) >= running else 0
