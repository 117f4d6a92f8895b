# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command that is run once as a task of a living service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.one_off import started_by
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.service_task import ServiceTaskRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service_task import (
    KIND,
    ServiceTaskPorts,
    run_service_task,
)

from tests.unit.plugins.module_utils._rollout.case import released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

ROLE = "arn:aws:iam::111111111111:role/migrates"
REQUEST = ServiceTaskRequest(
    "fastbreak-dev",
    "inference",
    "rotation",
    "service",
    ("fastbreak-service", "rotate"),
    (("A", "1"),),
    ROLE,
    timeout_seconds=30.0,
)
DIGEST = "sha256:" + "a" * 64


def run(ports: Ports, request: ServiceTaskRequest = REQUEST, *, check_mode: bool = False) -> dict[str, Any]:
    """Run it."""
    needed = ServiceTaskPorts(ports.ecs, ports.logs, ports.surroundings, ports.clock, ports.progress)
    return run_service_task(request, needed, check_mode=check_mode)


def behave(world: World, **other: Any) -> None:
    """How a task of the running release behaves from now on."""
    world.behaviours[DIGEST] = replace(world.behaviours[DIGEST], **other)


def test_it_runs_as_the_service_runs_and_touches_nothing(world: World, ports: Ports) -> None:
    released(world, ports)
    result = run(ports)
    assert world.calls == ["run_task(fastbreak-service rotate)"]
    (task,) = world.once
    assert task.task_definition_arn == world.service.task_definition_arn == result["task_definition_arn"]
    assert task.settings == world.service.settings
    assert (task.task_role_arn, task.environment) == (ROLE, (("A", "1"),))
    assert (result["changed"], result["exit_code"]) == (True, 0)
    assert result["task_arn"]


def test_check_mode_runs_nothing_and_refuses_what_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    assert run(ports, check_mode=True)["task_arn"] == ""
    world.missing.add(ROLE)
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=f"role {ROLE} does not exist"):
            run(ports, check_mode=check_mode)
    assert world.calls == []


def test_without_a_service_there_is_nothing_to_run_it_in(world: World, ports: Ports) -> None:
    with pytest.raises(RefusedError, match="Deploy the service first"):
        run(ports)
    released(world, ports)
    with pytest.raises(RefusedError, match=r"to run in container other, but .* has service"):
        run(ports, replace(REQUEST, container="other"))
    assert world.calls == []


def test_a_failure_says_why_and_what_was_logged(world: World, ports: Ports) -> None:
    released(world, ports)
    behave(world, migration_exit=1)
    with pytest.raises(OperationError, match=r"rotation of inference .* exit code 1.*it broke here") as caught:
        run(ports)
    assert caught.value.details["exit_code"] == 1
    assert caught.value.details["output"]


def test_one_that_hangs_is_stopped_and_no_other_starts_beside_it(world: World, ports: Ports) -> None:
    released(world, ports)
    behave(world, migration_seconds=1e6)
    with pytest.raises(
        WaitTimeoutError, match=r"The rotation \(task .*was stopped .* \(timeout_seconds\), and run it again"
    ):
        run(ports)
    assert world.running_tasks("fastbreak-dev", started_by(KIND, "inference/rotation")) == ()
    behave(world, stop_seconds=1e6)
    for _attempt in range(2):
        with pytest.raises(WaitTimeoutError, match="was not seen to stop"):
            run(ports)
    assert sum(call.startswith("run_task") for call in world.calls) == 2


def test_an_earlier_one_is_waited_for(world: World, ports: Ports) -> None:
    released(world, ports)
    run(ports)
    earlier = world.once[0]
    behave(world, migration_seconds=5.0)
    left = world.run_task(earlier)
    run(ports)
    assert f"an earlier rotation still runs as task {left.id}; waiting for its end" in " ".join(world.lines)
    assert "stop_task" not in world.calls
