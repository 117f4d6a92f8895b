# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that only judges begins nothing: it says in what a release under way differs from what is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, document
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
