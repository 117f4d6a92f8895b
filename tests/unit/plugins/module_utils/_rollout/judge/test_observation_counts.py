# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks and targets counted for a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.observation import (
    count_targets,
    count_tasks,
    failure_of,
    is_failure,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ContainerState, Target, Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)

SICK = "unhealthy (Target.ResponseCodeMismatch: its health check answered another status than the target group expects)"


def task(**other: object) -> Task:
    made = Task("arn:task/c/t1", "service:web", "web:2", "RUNNING", NOW, started=True, address="10.0.0.1")
    return replace(made, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "reason", "failed"),
    [
        ("", "", False),
        ("EssentialContainerExited", "Essential container in task exited", True),
        ("TaskFailedToStart", "CannotPullContainerError", True),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", True),
        ("ServiceSchedulerInitiated", "Task failed container health checks", True),
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", False),
        ("UserInitiated", "Task stopped by user", False),
        ("SpotInterruption", "Your Spot Task was interrupted.", False),
    ],
)
def test_only_what_stopped_by_itself_or_was_unhealthy_is_a_failure(code: str, reason: str, failed: bool) -> None:
    assert is_failure(task(stop_code=code, stopped_reason=reason)) is failed


def test_failure_says_reason_and_exit_code() -> None:
    failed = task(
        stop_code="EssentialContainerExited",
        stopped_reason="it ended",
        containers=(ContainerState("app", 137, "OutOfMemoryError"), ContainerState("side", None)),
    )
    assert str(failure_of(failed)) == (
        "task t1: EssentialContainerExited: it ended; OutOfMemoryError (container app exit code 137)"
    )


def test_only_targets_of_the_revision_count() -> None:
    tasks = (task(), task(address="10.0.0.2"), task(address="10.0.0.3", last_status="STOPPED"))
    targets = (
        Target("10.0.0.1", "healthy"),
        Target("10.0.0.2", "unhealthy", "Target.ResponseCodeMismatch"),
        Target("10.0.0.3", "draining"),
        Target("10.0.0.9", "healthy"),
    )
    seen = count_targets(2, tasks, targets)
    assert (seen.desired, seen.healthy, seen.running) == (2, 1, 2)
    assert seen.targets == (("healthy", 1), (SICK, 1))


def test_container_that_fails_its_own_check_is_told_while_it_runs() -> None:
    sick = (ContainerState("app", health="UNHEALTHY"), ContainerState("proxy", health="HEALTHY"))
    tasks = (task(containers=sick), task(arn="arn:task/c/t2", containers=sick, last_status="STOPPED"))
    assert count_targets(1, tasks, ()).unhealthy == ("container app of task t1",)


@pytest.mark.parametrize(("health", "healthy"), [("", 1), ("UNKNOWN", 1), ("HEALTHY", 1), ("UNHEALTHY", 0)])
def test_without_a_load_balancer_a_task_is_healthy_that_runs_and_fails_no_check_of_its_own(
    health: str, healthy: int
) -> None:
    alone = task(containers=(ContainerState("app", health=health),), address="")
    seen = count_tasks(1, (alone,))
    assert (seen.running, seen.healthy, seen.whole) == (1, healthy, bool(healthy))
    stopped = replace(alone, last_status="STOPPED", stop_code="EssentialContainerExited")
    assert count_tasks(1, (stopped,)).healthy == 0
    assert len(count_tasks(1, (stopped,)).failures) == 1
