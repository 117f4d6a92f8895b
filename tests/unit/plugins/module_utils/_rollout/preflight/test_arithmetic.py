# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times that fit one another, and times that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import HealthCheck

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released
from tests.unit.plugins.module_utils._rollout.preflight.test_checks_list import attempt, with_container
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(
    ("check", "fits"), [((5, 2), True), ((149, 2), True), ((150, 2), False), ((300, 1), False), ((0, 0), True)]
)
def test_target_has_to_be_believed_before_the_run_gives_up(
    world: ShiftingWorld, ports: Ports, check: tuple[int, int], fits: bool
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.checked = HealthCheck(check[0], check[1], 2)
    if fits:
        assert deploy(ports, "1.1.0", check_mode=True).changed
    else:
        assert "no deployment could complete" in attempt(world, ports, {}).message


@pytest.mark.parametrize(
    ("health", "grace", "said"),
    [
        ({}, 0, ""),
        ({"startPeriod": 30}, 30, ""),
        ({"startPeriod": 31}, 30, "gives a task 31 s to start (startPeriod), where health_check_grace_period"),
        ({"interval": 60, "retries": 4}, 30, ""),
        ({"interval": 60, "retries": 5}, 30, "after startPeriod 0 and 300 s of failed checks"),
        ({"startPeriod": 210}, 210, "after startPeriod 210 and 90 s of failed checks"),
    ],
)
def test_container_is_found_sick_in_time_and_not_replaced_while_it_starts(
    world: ShiftingWorld, ports: Ports, health: dict[str, Any], grace: int, said: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    settings = replace(make_request("").settings, health_check_grace_period_seconds=grace)
    checked = {"healthCheck": {"command": ["CMD", "true"], **health}} if health else {}
    asked = {"document": with_container(**checked), "settings": settings}
    if said:
        assert said in attempt(world, ports, asked).message
    else:
        assert deploy(ports, "1.1.0", **asked, check_mode=True).changed
