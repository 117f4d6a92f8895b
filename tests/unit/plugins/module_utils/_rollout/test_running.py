"""A release that runs already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError

from tests.unit.plugins.module_utils._rollout.case import deploy, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_running_release_that_is_not_healthy_is_said_and_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=10_000.0)
    with pytest.raises(OperationError, match="runs already, so there was nothing to change, but it is not healthy"):
        deploy(ports, "1.0.0")
    assert world.calls == []
