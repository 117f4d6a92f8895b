# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live weights that are not those that ECS has set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.weights import not_moved, strange_weights
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import Progress
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.neighbours import ports
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, Course, ShiftingWorld, by

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.scheduler import FakeDeployment

CANARY = by("CANARY", canary_percent=10, canary_bake_minutes=2, bake_minutes=1)
WANTED = ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN)


def standing(weights: dict[str, int], arn: str = "rule/1") -> StandingRule:
    groups = [{"TargetGroupArn": group, "Weight": weight} for group, weight in weights.items()]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    return StandingRule(LISTENER_ARN, 100, (), (action,), frozenset(), arn)


@pytest.mark.parametrize(
    ("told", "weights", "said"),
    [
        (10.0, {GROUP_ARN: 90, GREEN_ARN: 10}, ""),
        (10.0, {GROUP_ARN: 899, GREEN_ARN: 100}, ""),
        (10.0, {GROUP_ARN: 50, GREEN_ARN: 50}, "send 50 % to the release, where ECS has set 10 %"),
        (10.0, {GROUP_ARN: 1}, "send 0 % to the release, where ECS has set 10 %"),
        (100.0, {GROUP_ARN: 1, GREEN_ARN: 0}, "send 0 % to the release, where ECS has set 100 %"),
        (0.0, {GROUP_ARN: 0, GREEN_ARN: 0}, ""),
        (None, {GROUP_ARN: 50, GREEN_ARN: 50}, ""),
    ],
)
def test_share_by_the_rules_is_held_against_that_of_ecs(told: float | None, weights: dict[str, int], said: str) -> None:
    rule = standing(weights)
    seen = strange_weights(Progress("x", told), GREEN_ARN, [WANTED], [rule], [rule])
    assert (said in seen) if said else seen == ""


def test_rule_that_is_gone_or_a_release_without_tasks_says_nothing() -> None:
    rule = standing({GROUP_ARN: 1})
    assert strange_weights(Progress("x", 10.0), GREEN_ARN, [WANTED], [rule], []) == ""
    assert strange_weights(Progress("x", 10.0), "", [WANTED], [rule], [rule]) == ""


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({GREEN_ARN: 1}, ""),
        ({GROUP_ARN: 0, GREEN_ARN: 100}, ""),
        ({GROUP_ARN: 1, GREEN_ARN: 99}, "sends 99 % of the users to the release"),
        ({GROUP_ARN: 100, GREEN_ARN: 0}, "sends 0 % of the users to the release"),
        ({GROUP_ARN: 0, GREEN_ARN: 0}, "sends 0 % of the users to the release"),
    ],
)
def test_users_who_were_not_moved_are_told_once_ecs_has_ended(weights: dict[str, int], said: str) -> None:
    rule = standing(weights)
    seen = not_moved(GREEN_ARN, [WANTED, replace(WANTED, is_test=True)], [rule], [rule])
    assert len(seen) == bool(said)
    assert said in "".join(seen)
    assert not not_moved("", [WANTED], [rule], [rule])
    assert not not_moved(GREEN_ARN, [WANTED], [rule], [])


def test_the_first_release_warns_of_no_weights() -> None:
    world = ShiftingWorld()
    world.push("1.0.0", "a")
    assert deploy(ports(world), "1.0.0", **CANARY).warnings == ()


class MeddledWorld(ShiftingWorld):
    """Somebody sends more users to the release than ECS does, as long as ECS sends it a few."""

    def find_rules(self, arns: tuple[str, ...]) -> tuple[StandingRule, ...]:
        found = super().find_rules(arns)
        more = standing({GROUP_ARN: 40, GREEN_ARN: 60}).actions
        return tuple(replace(rule, actions=more) if rule.weights.get(GREEN_ARN) == 10 else rule for rule in found)


@pytest.mark.parametrize("bake", [0, 14, 120])
@pytest.mark.parametrize("later", [5.0, 59.0])
@pytest.mark.parametrize("share", [0, 50, 100])
@pytest.mark.parametrize("strategy", ["CANARY", "BLUE_GREEN"])
def test_users_whom_somebody_sends_back_in_the_bake_are_not_on_the_release(
    strategy: str, share: int, later: float, bake: int
) -> None:
    world = ShiftingWorld()
    gate = TargetHealthGate(consecutive_successes=2, bake_seconds=bake, deadline_seconds=bake + 60)
    options = {**by(strategy), "gates": (gate,), "timeout_seconds": 600.0}
    released(world, ports(world), **options)
    world.push("1.1.0", "b")
    go, touched = world._go, []

    def touch(current: FakeDeployment, course: Course) -> None:
        go(current, course)
        if course.stage == "BAKE_TIME" and world.seconds >= course.since + later and not touched:
            touched.append(course.stage)
            (new,) = current.groups
            found = standing({new: share, next(iter(current.previous_groups)): 100 - share}).actions
            for place, rule in list(world.rules.items()):
                world.rules[place] = replace(rule, actions=found) if place[0] == LISTENER_ARN else rule

    world._go = touch  # type: ignore[method-assign]
    if share == 100:
        deploy(ports(world), "1.1.0", **options)
    else:
        with pytest.raises(RolledBackError, match=f"SUCCESSFUL, but .* sends {share} % of the users to the release"):
            deploy(ports(world), "1.1.0", **options)
    assert touched
    assert newest(world).succeeded == (share == 100)


@pytest.mark.parametrize("kind", [ShiftingWorld, MeddledWorld])
def test_weights_changed_by_hand_while_ecs_shifts_are_told(kind: type[ShiftingWorld]) -> None:
    world = kind()
    released(world, ports(world), **CANARY)
    world.push("1.1.0", "b")
    result = deploy(ports(world), "1.1.0", **CANARY)
    assert newest(world).succeeded
    told = [warning for warning in result.warnings if "where ECS has set 10 %: somebody else changed them" in warning]
    assert len(told) == (kind is MeddledWorld)
    assert len(result.warnings) == len(told)
