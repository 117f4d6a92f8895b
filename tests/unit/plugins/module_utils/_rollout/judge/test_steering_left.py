# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same command again and again brings a release to its end, with ``wait_until`` in the inventory, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

BY: dict[str, dict[str, Any]] = {
    "BLUE_GREEN": by("BLUE_GREEN"),
    "CANARY": by("CANARY", canary_percent=20.0),
    "LINEAR": by("LINEAR", step_percent=40.0),
}
OTHERS = {"owner": "next@here:9:cccc"}
# Where each run ends: the share of the users and ECS's stage.
BEFORE = (0.0, "POST_TEST_TRAFFIC_SHIFT")
FIRST = (0.0, "PRE_PRODUCTION_TRAFFIC_SHIFT")
ENDS = {
    ("BLUE_GREEN", "before_traffic"): [BEFORE],
    ("CANARY", "before_traffic"): [BEFORE],
    ("CANARY", "each_step"): [(20.0, "PRE_PRODUCTION_TRAFFIC_SHIFT")],
    ("LINEAR", "each_step"): [(share, "PRE_PRODUCTION_TRAFFIC_SHIFT") for share in (40.0, 80.0)],
    ("CANARY", "after_traffic"): [(100.0, "BAKE_TIME")],
    ("BLUE_GREEN", "paused"): [BEFORE, FIRST, (100.0, "POST_PRODUCTION_TRAFFIC_SHIFT")],
}


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(("how", "ends"), ENDS.items(), ids=map(" ".join, ENDS))
def test_each_run_ends_further_on(
    world: ShiftingWorld, ports: Ports, how: tuple[str, str], ends: list[tuple[float, str]]
) -> None:
    options: dict[str, Any] = {**BY[how[0]], "wait_until": how[1]}
    released(world, ports, **BY[how[0]])
    world.push("1.1.0", "b")
    found, result = [], deploy(ports, "1.1.0", **options)
    while result.result is Result.HANDED_OVER and len(found) < 9:
        course = world.courses[world.deployments[-1].arn]
        found.append((course.weight, course.stage))
        world.sleep(30)
        result = deploy(ports, "1.1.0", judge_only=True, **OTHERS, **options)
    assert result.result is Result.ACCEPTED
    assert found == ends


def test_one_that_is_killed_where_another_ended_is_followed_by_one_that_goes_on(
    world: ShiftingWorld, ports: Ports
) -> None:
    options: dict[str, Any] = {**BY["CANARY"], "wait_until": "before_traffic"}
    released(world, ports, **BY["CANARY"])
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **options)
    kill_after(world, ports, 1, version="1.1.0", **OTHERS, **options)
    assert newest(world).in_progress
    assert deploy(ports, "1.1.0", **OTHERS, **options).result is Result.ACCEPTED


def test_one_that_was_killed_before_its_end_is_followed_by_one_that_ends_there(
    world: ShiftingWorld, ports: Ports
) -> None:
    options: dict[str, Any] = {**BY["CANARY"], "wait_until": "before_traffic"}
    released(world, ports, **BY["CANARY"])
    world.push("1.1.0", "b")
    kill_after(world, ports, 8, version="1.1.0", **options)
    assert deploy(ports, "1.1.0", **OTHERS, **options).result is Result.HANDED_OVER
