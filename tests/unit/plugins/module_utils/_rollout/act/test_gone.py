# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until a service is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import WaitTimeoutError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.gone import await_gone
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_service_that_drains_is_waited_for_and_said_once(world: World, ports: Ports) -> None:
    released(world, ports)
    world.service = replace(world.service, status="DRAINING")
    world.at.append((world.seconds + 30, lambda: world.delete_service("c", "s")))
    began, said = world.seconds, len(world.lines)
    await_gone(Session(make_request("1.0.0"), ports))
    assert world.seconds == began + 30
    assert [line.partition(": ")[2] for line in world.lines[said:]] == [
        "the old service is DRAINING; waiting until it is gone"
    ]


def test_service_that_never_goes_is_a_timeout_with_its_last_state(world: World, ports: Ports) -> None:
    released(world, ports)
    with pytest.raises(WaitTimeoutError, match="still ACTIVE after 600 s, with 2 tasks running") as caught:
        await_gone(Session(make_request("1.0.0"), ports))
    assert caught.value.details["last"] == {"status": "ACTIVE", "running_count": 2}


def test_nothing_is_waited_for_where_nothing_is(world: World, ports: Ports) -> None:
    await_gone(Session(make_request("1.0.0"), ports))
    assert (world.seconds, world.lines) == (0.0, [])
