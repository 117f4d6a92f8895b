"""The migration, before the service is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, WaitTimeoutError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request import Migration

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

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


def test_migration_that_hangs_is_a_timeout(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    with pytest.raises(WaitTimeoutError, match="The service was not touched"):
        deploy(ports, "1.1.0", migration=Migration("service", ("migrate",), timeout_seconds=0.0))
