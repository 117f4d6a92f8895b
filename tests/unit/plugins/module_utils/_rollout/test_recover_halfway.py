# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that a killed run left with some of the users, where nobody ever judged what has the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Network

from tests.unit.plugins.module_utils._rollout.case import deploy
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
NEXT = "next@here:9:cccc"
ELSEWHERE = replace(CANARY["settings"], network=Network(frozenset({"subnet-2"}), frozenset({"sg-1"})))


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def leave_halfway(world: ShiftingWorld, ports: Ports) -> None:
    """1.0.0 has all users and no record that says it is fit; a killed run left 1.1.0 with a share of them."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    world.push("1.2.0", "c")
    kill_after(world, ports, 40, version="1.1.0", **CANARY)
    judged = next(release for release in world.records.values() if release.succeeded)
    world.records = {name: release for name, release in world.records.items() if release is not judged}
    assert 0 < world.courses[world.deployments[-1].arn].weight < 100
    world.calls.clear()


def shares_at_the_start(world: ShiftingWorld) -> list[dict[str, int]]:
    """How users were shared when the last deployment began; filled when it begins."""
    seen: list[dict[str, int]] = []
    started = world.update_service

    def note(*args: Any, **kwargs: Any) -> Any:
        weights = world.rules[LISTENER_ARN, 100].weights
        seen.append({group: weight for group, weight in weights.items() if weight})
        return started(*args, **kwargs)

    world.update_service = note  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("command", [{"version": "1.2.0"}, {"version": "1.1.0", "settings": ELSEWHERE}], ids=str)
def test_ecs_takes_it_back_before_anything_is_deployed(
    world: ShiftingWorld, ports: Ports, command: dict[str, Any]
) -> None:
    leave_halfway(world, ports)
    shares = shares_at_the_start(world)
    planned = deploy(ports, **{**CANARY, **command}, owner=NEXT, check_mode=True)
    assert planned.action == "deploy"
    assert any("would be rolled back first" in warning for warning in planned.warnings)
    result = deploy(ports, **{**CANARY, **command}, owner=NEXT)
    assert result.action == "deploy"
    assert len(shares[0]) == 1
    outcomes = [release.outcome for release in world.history("inference")]
    assert outcomes == [Outcome.SUCCEEDED, Outcome.ROLLED_BACK]


def test_the_same_release_is_gone_on_with(world: ShiftingWorld, ports: Ports) -> None:
    leave_halfway(world, ports)
    result = deploy(ports, "1.1.0", **CANARY, owner=NEXT)
    assert (result.action, result.result.value) == ("adopt", "accepted")
    assert not any(call.startswith("update_service") for call in world.calls)


def test_what_ecs_cannot_take_back_is_said_and_nothing_is_deployed(world: ShiftingWorld, ports: Ports) -> None:
    """A first release: there is nothing that users could go back to."""
    leave_halfway(world, ports)
    current = world.deployments[-1]
    current.previous_arn = ""
    with pytest.raises(OperationError, match="which an interrupted run left and nobody judged, was given up"):
        deploy(ports, "1.2.0", **CANARY, owner=NEXT)
    assert current.state is DeploymentState.ROLLBACK_FAILED
    assert not any(call.startswith("update_service") for call in world.calls)
