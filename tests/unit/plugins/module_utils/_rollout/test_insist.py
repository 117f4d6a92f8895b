# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that only judges begins nothing: it says in what a release under way differs from what is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.approval import ApprovalGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, document, gates, newest
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by
from tests.unit.plugins.module_utils._rollout.test_recover_strategy import (
    CANARY,
    NEXT,
    OTHER_NETWORK,
    left_at_its_canary,
)

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"settings": replace(CANARY["settings"], network=OTHER_NETWORK)}, "another network than"),
        ({"document": document(FASTBREAK_LOG_LEVEL="debug")}, "another task definition than"),
        (by("ROLLING"), r"under way by CANARY, and deployment\.strategy is ROLLING now"),
    ],
    ids=["network", "definition", "strategy"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_one_that_began_otherwise_is_not_judged_and_not_begun_anew(
    world: ShiftingWorld, ports: Ports, asked: dict[str, Any], seen: str, *, is_first: bool
) -> None:
    if is_first:
        world.push("1.1.0", "b")
        kill_after(world, ports, 25, version="1.1.0", **CANARY)
        assert world.deployments[-1].state.moving
        world.calls.clear()
    else:
        left_at_its_canary(world, ports)
    with pytest.raises(RefusedError, match=seen) as refused:
        deploy(ports, "1.1.0", owner=NEXT, judge_only=True, **{**CANARY, **asked})
    assert ("which rolls it back first" in refused.value.message) is not is_first
    assert world.calls == []


def test_one_in_a_state_that_is_not_known_here_is_not_said_to_be_over(world: ShiftingWorld, ports: Ports) -> None:
    left_at_its_canary(world, ports)
    world.deployments[-1].state = DeploymentState.UNKNOWN
    with pytest.raises(RefusedError, match=r"does not say of its deployment .* whether it is under way or over"):
        deploy(ports, "1.1.0", owner=NEXT, judge_only=True, **CANARY)
    assert world.calls == []


def left_on_its_way_back(world: ShiftingWorld, ports: Ports, *, killed: bool = False, **options: Any) -> None:
    """1.1.0 was accepted, and a rollback to 1.0.0 is under way. *options* give it another definition."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **CANARY, **options)
    if killed:
        kill_after(world, ports, 8, version="", kind=ROLLBACK, **CANARY, **options)
        return
    handed = deploy(ports, "", kind=ROLLBACK, wait_until="paused", **CANARY, **options)
    assert f"rollback.yml -e version={newest(world).version} to go on with it" in handed.warnings[-1]


DEFINITIONS = pytest.mark.parametrize(
    "options", [{}, {"document": document(FASTBREAK_LOG_LEVEL="debug")}], ids=["same definition", "another definition"]
)


@DEFINITIONS
@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_rollback_is_not_judged_as_a_deploy(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any], *, killed: bool, check_mode: bool
) -> None:
    left_on_its_way_back(world, ports, killed=killed, **options)
    world.calls.clear()
    version, asks = newest(world).version, (*gates(), ApprovalGate(question="May it?"))
    with pytest.raises(RefusedError, match=rf"a rollback that is under way.*rollback\.yml -e version={version}"):
        deploy(ports, version, owner=NEXT, judge_only=True, gates=asks, check_mode=check_mode, **{**CANARY, **options})
    assert world.calls == []


@DEFINITIONS
@pytest.mark.parametrize("killed", [False, True])
def test_a_rollback_is_gone_on_with_as_one(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any], *, killed: bool
) -> None:
    left_on_its_way_back(world, ports, killed=killed, **options)
    back = newest(world)
    deployments, began = len(world.deployments), world.seconds
    judged = deploy(ports, back.version, owner=NEXT, kind=ROLLBACK, judge_only=True, **{**CANARY, **options})
    assert judged.result is Result.ACCEPTED
    assert len(world.deployments) == deployments, "users went to what was fled from, and back again"
    ended = newest(world)
    assert (ended.release_id, ended.kind, ended.outcome) == (back.release_id, ROLLBACK, Outcome.SUCCEEDED)
    assert world.seconds - began < 300


def test_a_rollback_under_way_is_not_told_to_be_deployed(world: ShiftingWorld, ports: Ports) -> None:
    left_on_its_way_back(world, ports)
    other = replace(CANARY["settings"], network=OTHER_NETWORK)
    version = newest(world).version
    with pytest.raises(
        RefusedError, match=rf"another network than.*run ansible.*-e version={version}, which"
    ) as refused:
        deploy(ports, version, owner=NEXT, kind=ROLLBACK, judge_only=True, **{**CANARY, "settings": other})
    assert "deploy it" not in refused.value.message
