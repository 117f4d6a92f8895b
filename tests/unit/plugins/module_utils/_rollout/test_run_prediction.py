# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode says what a run would do, whatever an earlier run left that was killed."""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.fakes import World
from tests.unit.plugins.module_utils._rollout.killed import Witness

COMMANDS: tuple[dict[str, Any], ...] = (
    {"version": "1.0.0"},
    {"version": "1.1.0"},
    {"version": "1.0.0", "force_new_deployment": True},
    {"version": "", "kind": ROLLBACK},
)


def behind(world: World) -> Ports:
    """*world* behind every port."""
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def ended(world: World, command: dict[str, Any], *, check_mode: bool) -> str:
    """What is done in a copy of *world*, or that it is refused."""
    copied = deepcopy(world)
    try:
        return deploy(behind(copied), **command, check_mode=check_mode).plan.action.value
    except RefusedError:
        return "refused"
    except FastbreakError:
        # Check mode cannot tell what the gates will find.
        return "judged"


@pytest.mark.parametrize("command", COMMANDS, ids=str)
@pytest.mark.parametrize("status", [200, 500])
def test_check_mode_after_a_kill_says_what_the_run_does(status: int, command: dict[str, Any]) -> None:
    world = World()
    released(world, behind(world))
    world.push("1.1.0", "b", status=status)
    witness = Witness(world)
    with pytest.raises(FastbreakError) if status == 500 else nullcontext():
        deploy(witness.ports(), "1.1.0")

    differ = []
    for place, left in witness.left:
        left.sleep(1)
        predicted, done = (ended(left, command, check_mode=check_mode) for check_mode in (True, False))
        if predicted != done and not (done == "judged" and predicted in ("deploy", "adopt")):
            differ.append((place, predicted, done))

    assert len(witness.left) > 5
    assert not differ
