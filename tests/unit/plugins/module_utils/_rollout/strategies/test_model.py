# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS's own strategies share: which deployment is followed, and when none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Standing, Started
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def session(world: World, ports: Ports) -> Session:
    released(world, ports)
    return Session(make_request("1.0.0"), ports)


@pytest.mark.parametrize(
    ("state", "followed"),
    [
        (DeploymentState.IN_PROGRESS, True),
        (DeploymentState.SUCCESSFUL, True),
        (DeploymentState.ROLLED_BACK, False),
        (DeploymentState.STOPPED, False),
    ],
)
def test_what_runs_is_followed_by_a_deployment_that_moves_or_completed(
    world: World, session: Session, state: DeploymentState, followed: bool
) -> None:
    world.deployments[-1].state = state
    started = Rolling().adopt(session, world.service.task_definition_arn)
    assert started.arn == (world.deployments[-1].arn if followed else "")
    assert Rolling().adopt(session, "another").arn == ""


def test_what_runs_without_a_known_deployment_stands_completed_and_cannot_be_rolled_back(
    world: World, session: Session
) -> None:
    started = Started(Rolling(), "arn")
    assert Rolling().follow(session, started, world.service) == Standing(DeploymentState.SUCCESSFUL)
    assert not Rolling().roll_back(session, started)
    assert world.calls == []


def test_deployment_that_ecs_no_longer_lists_cannot_be_told(world: World, session: Session) -> None:
    with pytest.raises(UnavailableError, match="no longer lists service deployment gone"):
        Rolling().follow(session, Started(Rolling(), "arn", "gone"), world.service)
