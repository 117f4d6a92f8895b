# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody else deploys while a release migrates: theirs is not replaced unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

MIGRATION = Migration("service", ("migrate",))


@pytest.fixture
def theirs(world: World, ports: Ports) -> str:
    """1.0.0 runs, and somebody deploys this revision while 1.1.0 migrates."""
    released(world, ports)
    world.push("1.1.0", "b", migration_seconds=30.0)
    assert world.service
    other = world.register_task_definition(world.definitions[world.service.task_definition_arn].document, {})

    def deploy_theirs() -> None:
        assert world.service
        world.service = replace(world.service, task_definition_arn=other.arn)
        world._deploy(other.arn)

    world.at.append((world.seconds + 10, deploy_theirs))
    world.calls.clear()
    return other.arn


def test_what_somebody_deployed_meanwhile_is_left_alone(world: World, ports: Ports, theirs: str) -> None:
    with pytest.raises(OperationError, match=r"begun by somebody else after this run had looked.*supersede=true"):
        deploy(ports, "1.1.0", migration=MIGRATION)
    assert world.service
    assert world.service.task_definition_arn == theirs
    assert not [call for call in world.calls if call.startswith("update_service")]
    assert newest(world).outcome is Outcome.FAILED


def test_it_is_replaced_where_that_is_meant(world: World, ports: Ports, theirs: str) -> None:
    deploy(ports, "1.1.0", migration=MIGRATION, supersede=True)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert world.service
    assert world.service.task_definition_arn != theirs
