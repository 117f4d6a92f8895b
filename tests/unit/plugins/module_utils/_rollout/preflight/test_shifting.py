# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS would not look at before it moves traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

BLUE_GREEN = by("BLUE_GREEN", bake_minutes=1)


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda world: world.missing.add(BLUE_GREEN["infrastructure_role_arn"]),
            "infrastructure_role_arn does not exist",
        ),
        (lambda world: setattr(world, "unknown", ("needs botocore 1.43.10",)), "needs botocore 1.43.10"),
        (lambda world: turn(world, {"blue/1": 60, "green/2": 40}), "splits traffic"),
        (lambda world: turn(world, {"blue/1": 0, "green/2": 100}), "has no healthy target"),
        (lambda world: turn(world, {"other/3": 100}), "Release by ROLLING once"),
    ],
)
def test_what_ecs_would_not_look_at_is_refused_before_anything_changes(
    world: ShiftingWorld, ports: Ports, spoil: Any, told: str
) -> None:
    released(world, ports, **BLUE_GREEN)
    world.push("1.1.0", "b")
    spoil(world)
    with pytest.raises(RefusedError, match=told):
        deploy(ports, "1.1.0", **BLUE_GREEN)
    assert not [call for call in world.calls if call != "start"]


def turn(world: ShiftingWorld, shares: dict[str, int]) -> None:
    """Change the live weights by hand."""
    rule = world.rules[LISTENER_ARN, 100]
    groups = [
        {"TargetGroupArn": GREEN_ARN.replace("green/2", group), "Weight": weight} for group, weight in shares.items()
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    world.rules[LISTENER_ARN, 100] = type(rule)(
        rule.listener_arn, rule.priority, rule.conditions, (action,), rule.tags, rule.arn
    )


@pytest.mark.parametrize("supersede", [False, True])
def test_weights_that_somebody_changed_are_refused_while_others_replace_tasks(
    world: ShiftingWorld, ports: Ports, supersede: bool
) -> None:
    released(world, ports, **by("ROLLING"))
    world.push("1.1.0", "b")
    turn(world, {"blue/1": 50, "green/2": 50})
    assert world.service
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))
    world.calls.clear()
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match="splits traffic"):
            deploy(ports, "1.1.0", supersede=supersede, check_mode=check_mode, **BLUE_GREEN)
    assert not {*world.calls} - {"write_lock", "drop_lock"}
