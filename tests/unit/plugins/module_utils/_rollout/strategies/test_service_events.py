# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS says is part of every message about what did not come to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.service_events import (
    said_by_ecs,
    said_of,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ServiceEvent

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

TROUBLE = "(service inference) was unable to place a task because no container instance met its requirements."
TOLD = "ECS said: was unable to place a task because no container instance met its requirements"


def troubled(world: World) -> None:
    world.events.append(ServiceEvent(world.now(), TROUBLE))


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ({"ready_after": None}, "Task failed ELB health checks in (blue)"),
        (
            {"exits_after": 5},
            "EssentialContainerExited: Essential container in task exited (container service exit code 1)",
        ),
        ({"cannot_start": True}, "TaskFailedToStart: ResourceInitializationError: no such secret"),
        ({"ready_after": 1000, "stays": True}, "2 initial"),
    ],
)
@pytest.mark.parametrize("gates", [True, False], ids=["target_health", "http alone"])
def test_a_release_that_fails_or_takes_too_long_says_why(
    behaviour: dict[str, Any], said: str, gates: bool, world: World, ports: Ports
) -> None:
    released(world, ports)
    request = make_request("1.1.0")
    if behaviour.pop("stays", False):
        world.grace_seconds = 10_000.0
    world.push("1.1.0", "b", **behaviour)
    world.at.append((world.seconds + 0.05, lambda: troubled(world)))
    chosen = request.gates if gates else tuple(gate for gate in request.gates if isinstance(gate, HttpGate))
    with pytest.raises(FastbreakError) as caught:
        deploy(ports, "1.1.0", gates=chosen, timeout_seconds=60.0)
    assert said in caught.value.message
    assert caught.value.message.count(said) == 1
    assert TOLD in caught.value.message


def test_what_was_said_before_the_release_is_not_told(world: World, ports: Ports) -> None:
    released(world, ports)
    troubled(world)
    world.sleep(5)
    world.push("1.1.0", "b", status=500)
    with pytest.raises(OperationError) as caught:
        deploy(ports, "1.1.0")
    assert "ECS said" not in caught.value.message


def test_events_explain_another_failure_and_are_none_themselves(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.1.0"), ports)
    assert said_by_ecs(session) == ""
    troubled(world)
    assert said_by_ecs(session) == f" {TOLD}."
    world.unreachable = True
    assert said_by_ecs(session) == " ECS's events could not be read: the network is down"
    assert said_of(None) == ""
    assert said_of(replace(world.service, events=(ServiceEvent(world.now(), TROUBLE),))) if world.service else False
