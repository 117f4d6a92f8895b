# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The migration, before the service is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    UnavailableError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.migration import KIND
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.one_off import started_by
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.killed import Killed, Mortal

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_migration_runs_with_the_new_revision_before_the_service_is_touched(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    migration = Migration("service", ("fastbreak-service", "migrate"))
    deploy(ports, "1.1.0", migration=migration)
    assert world.calls[:4] == [
        "register_task_definition",
        "start",
        "run_task(fastbreak-service migrate)",
        "update_service()",
    ]


def test_migration_acts_as_a_role_of_its_own_which_has_to_exist(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    role = "arn:aws:iam::111111111111:role/migrates"
    migration = Migration("service", ("migrate",), task_role_arn=role)
    world.missing.add(role)
    with pytest.raises(RefusedError, match=f"Role {role} does not exist"):
        deploy(ports, "1.1.0", migration=migration)
    assert not world.once
    world.missing.clear()
    deploy(ports, "1.1.0", migration=migration)
    assert [task.task_role_arn for task in world.once] == [role]


def test_the_end_of_a_short_migration_is_seen_soon(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=3.0)
    began = world.seconds
    update, updated = world.update_service, list[float]()

    def note(*given: Any) -> Any:
        updated.append(world.seconds)
        return update(*given)

    world.update_service = note  # type: ignore[method-assign]
    deploy(ports, "1.1.0", migration=Migration("service", ("migrate",)), poll_seconds=20.0)
    assert updated[0] - began <= 3.5


def test_failed_migration_refuses_the_release(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_exit=3)
    migration = Migration("service", ("fastbreak-service", "migrate"))
    running = world.service.task_definition_arn
    with pytest.raises(OperationError, match=r"exit code 3.*it broke here") as caught:
        deploy(ports, "1.1.0", migration=migration)
    assert "The service was not touched" in caught.value.message
    assert world.service.task_definition_arn == running
    assert newest(world).outcome is Outcome.FAILED


SLOW = Migration("service", ("migrate",), timeout_seconds=30.0)


def test_migration_that_hangs_is_stopped_and_seen_stopped(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=1e6)
    with pytest.raises(WaitTimeoutError, match=r"was stopped \(exited; container service exit code 137\)\. The ser"):
        deploy(ports, "1.1.0", migration=SLOW)
    assert world.calls[-2:] == ["stop_task", "finish(FAILED)"]
    assert world.running_tasks("fastbreak-dev", started_by(KIND, "inference")) == ()


def test_migration_that_does_not_stop_keeps_others_from_starting(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=1e6, stop_seconds=1e6)
    for _attempt in range(2):
        with pytest.raises(WaitTimeoutError, match=r"was not seen to stop.*aws ecs stop-task"):
            deploy(ports, "1.1.0", migration=SLOW)
    assert sum(call.startswith("run_task") for call in world.calls) == 1


@pytest.mark.parametrize(("seconds", "stopped"), [(20.0, 0), (1e6, 1)])
def test_migration_that_a_dead_run_left_is_waited_for_or_stopped_first(
    world: World, ports: Ports, seconds: float, stopped: int
) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=seconds)
    with pytest.raises(Killed):
        deploy(Mortal(world, 4).ports(), "1.1.0", migration=SLOW, owner="dead@here:1:dddd")
    assert world.calls[-1] == "run_task(migrate)"
    world.lock = None
    (left,) = world.running_tasks("fastbreak-dev", started_by(KIND, "inference"))
    digest = "sha256:" + "b" * 64
    world.behaviours[digest] = replace(world.behaviours[digest], migration_seconds=2.0)
    deploy(ports, "1.1.0", migration=SLOW)
    assert world.calls.count("stop_task") == stopped
    assert sum(call.startswith("run_task") for call in world.calls) == 2
    assert f"an earlier migration still runs as task {left.id}" in " ".join(world.lines)


def test_a_look_that_fails_does_not_end_the_wait(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=10.0)
    describe, looks = world.describe_task, iter(range(100))

    def sometimes(cluster: str, arn: str) -> Any:
        if next(looks) % 2:
            raise UnavailableError("the network is down")
        return describe(cluster, arn)

    world.describe_task = sometimes
    assert deploy(ports, "1.1.0", migration=SLOW).changed
