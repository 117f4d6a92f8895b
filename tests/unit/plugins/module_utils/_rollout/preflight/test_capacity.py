# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room for the tasks that are started beside those that run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.amount import amount
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released
from tests.unit.plugins.module_utils._rollout.preflight.test_checks_list import attempt
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(
    ("running", "shares", "beside"),
    [(2, (100, 200), 2), (2, (100, 150), 1), (2, (50, 100), 0), (2, (50, 200), 0), (10, (100, 110), 1)],
)
def test_rolling_release_needs_room_for_what_it_starts_beside(
    world: ShiftingWorld, ports: Ports, running: int, shares: tuple[int, int], beside: int
) -> None:
    released(world, ports)
    world.service = replace(world.service, desired_count=running)
    world.push("1.1.0", "b")
    least, most = shares
    deployment = replace(make_request("").settings.deployment, minimum_healthy_percent=least, maximum_percent=most)
    settings = replace(make_request("").settings, deployment=deployment)
    # Two subnets have this many together.
    world.addresses = (beside + 1) // 2
    deploy(ports, "1.1.0", settings=settings, check_mode=True)
    if beside:
        world.addresses = 0
        assert f"where {amount(beside, 'task')} will be" in attempt(world, ports, {"settings": settings}).message


def test_first_release_needs_room_for_its_tasks_and_its_migration(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.1.0", "b")
    world.addresses = 1
    asked = {"migration": Migration("service", ("migrate",)), "desired_count": 2}
    assert "have 2 free addresses" in attempt(world, ports, asked).message
    deploy(ports, "1.1.0", desired_count=2, check_mode=True)
