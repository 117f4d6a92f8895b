# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Judging containers and tasks, as pure functions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.services.ecs.model import wording
from sandbox.services.ecs.model.pace import scaled
from sandbox.services.ecs.model.values import Health

UNKNOWN, HEALTHY, UNHEALTHY = "UNKNOWN", "HEALTHY", "UNHEALTHY"
_ENGINE_STATES = {"healthy": HEALTHY, "unhealthy": UNHEALTHY}
_SECOND = 1_000_000_000
_LEAST_INTERVAL_SECONDS = 1.0
"""However fast waits pass: a check starts a program, and a few containers' would keep a core busy."""


def engine_health_check(definition: Mapping[str, Any] | None) -> dict[str, Any]:
    """ECS's `healthCheck` as the engine's; none at all when the definition has none, whatever the image says."""
    if not definition or not definition.get("command"):
        return {"test": ["NONE"]}
    return {
        "test": list(definition["command"]),
        "interval": round(max(scaled(int(definition.get("interval", 30))), _LEAST_INTERVAL_SECONDS) * _SECOND),
        "timeout": int(definition.get("timeout", 5)) * _SECOND,
        "retries": int(definition.get("retries", 3)),
        "start_period": round(scaled(int(definition.get("startPeriod") or 0)) * _SECOND),
    }


def from_engine_status(status: str) -> str:
    """`healthStatus` out of the engine's listing, such as `Up 5 seconds (healthy)`."""
    found = re.search(r"\((healthy|unhealthy)\)", status)
    return _ENGINE_STATES[found.group(1)] if found else UNKNOWN


def of_task(checked_containers: Iterable[str]) -> str:
    """A task's `healthStatus` from those of its essential containers that have a health check."""
    states = set(checked_containers)
    if UNHEALTHY in states:
        return UNHEALTHY
    return HEALTHY if states == {HEALTHY} else UNKNOWN


def judge(
    *,
    running_for: float,
    grace_seconds: float,
    settle_seconds: float,
    container_health: str | None,
    targets: Sequence[tuple[str, str]],
) -> tuple[Health, str]:
    """Whether a running task counts, and the stop reason when it is unhealthy.

    `container_health` is the task's `healthStatus`, None when no essential container has a check. `targets` are pairs
    of target group ARN and target state. A task without any check counts once it has run for `settle_seconds`.
    """
    bad = [wording.target_health(arn) for arn, state in targets if state == "unhealthy"]
    if container_health == UNHEALTHY:
        bad.insert(0, wording.CONTAINER_HEALTH)
    if bad:
        return (Health.PENDING, "") if running_for < grace_seconds else (Health.UNHEALTHY, bad[0])
    if container_health == UNKNOWN or any(state != "healthy" for _, state in targets):
        return Health.PENDING, ""
    unchecked = container_health is None and not targets
    return (Health.PENDING if unchecked and running_for < settle_seconds else Health.HEALTHY), ""
