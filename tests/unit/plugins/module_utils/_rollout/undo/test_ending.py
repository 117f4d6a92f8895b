# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a deployment that pauses: hooks on the way back are answered, and what was refused is not let go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    Pause,
    Progress,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.canary import Canary
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Standing, Started
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.arrival import UnfinishedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.destination import WayBack
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.ending import await_end
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.meanwhile import Meanwhile
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.restore import Restoration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.take_snapshot import take_snapshot

from tests.unit.plugins.module_utils._rollout.case import make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.mark.parametrize(
    ("state", "forward", "answered"),
    [
        (DeploymentState.ROLLING_BACK, False, True),
        (DeploymentState.IN_PROGRESS, True, True),
        (DeploymentState.IN_PROGRESS, False, False),
    ],
)
def test_a_hook_is_answered_on_the_way_back_and_not_before(
    world: World, ports: Ports, state: DeploymentState, forward: bool, answered: bool
) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0", timeout_seconds=20.0), ports)
    meanwhile = Meanwhile(session, Restoration(session, take_snapshot(session, read(session))), (GROUP_ARN,))
    asked: list[str] = []

    class Paused(Canary):
        def follow(self, *_: object) -> Standing:
            ended = DeploymentState.ROLLED_BACK if asked else state
            return Standing(ended, progress=Progress("", 0.0, 0.0, () if asked else (Pause("hook-7"),)))

    world.answer_hook = lambda _arn, hook, action: asked.append(f"{hook} {action}") or True  # type: ignore[attr-defined]
    started = Started(Paused(), "td:1", "arn:deployment")
    if answered:
        assert (
            await_end(session, started, WayBack("td:1", "1"), meanwhile, forward=forward).state.value == "ROLLED_BACK"
        )
    else:
        with pytest.raises(UnfinishedError):
            await_end(session, started, WayBack("td:1", "1"), meanwhile, forward=forward)
    assert asked == ["hook-7 CONTINUE"] * answered
