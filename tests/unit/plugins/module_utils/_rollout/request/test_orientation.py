# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of two target groups is whose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.orientation import oriented
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    DeploymentSettings,
    Service,
    TargetBinding,
    TrafficShift,
)

from tests.unit.plugins.module_utils._rollout.case import make_request
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, INFRASTRUCTURE, TEST_LISTENER_ARN, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import RolloutRequest

ARNS = {"blue": GROUP_ARN, "green": GREEN_ARN, "other": GROUP_ARN.replace("blue/1", "other/3")}


def rule(listener: str = LISTENER_ARN, **weights: int) -> StandingRule:
    groups = [{"TargetGroupArn": ARNS[name], "Weight": weight} for name, weight in weights.items()]
    conditions = ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}},)
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    return StandingRule(listener, 100, conditions, (action,), arn=f"rule/{listener[-1]}")


def request(strategy: str) -> RolloutRequest:
    return make_request("1.0.0", **by(strategy))


def service(bound: str, strategy: str = "ROLLING") -> Service:
    deployment = DeploymentSettings(strategy=strategy, own={"lifecycleHooks": [{"targetType": "PAUSE"}]})
    binding = TargetBinding(ARNS[bound], "service", 8080)
    settings = replace(request("ROLLING").settings, target_bindings=frozenset({binding}), deployment=deployment)
    return Service("arn", "inference", "ACTIVE", "td:1", 2, 2, settings)


@pytest.mark.parametrize(
    ("bound", "weights", "first"),
    [
        ("", {}, "blue"),
        ("blue", {"blue": 1}, "blue"),
        # After a shift the service still names blue, and users are at green: a rolling release stays with them.
        ("blue", {"blue": 0, "green": 100}, "green"),
        ("green", {"green": 1}, "green"),
        ("green", {"other": 1}, "green"),
        ("blue", {"blue": 10, "green": 90}, "green"),
    ],
)
def test_a_rolling_release_stays_where_the_users_are(bound: str, weights: dict[str, int], first: str) -> None:
    made = oriented(request("ROLLING"), service(bound) if bound else None, [rule(**weights)] if weights else [])
    (binding,) = made.settings.target_bindings
    assert (binding.target_group_arn, binding.shift) == (ARNS[first], None)
    assert {wanted.target_group_arn for wanted in made.rules} == {ARNS[first]}


@pytest.mark.parametrize(
    ("bound", "weights", "pair"),
    [
        ("", {}, ("blue", "green")),
        ("blue", {"blue": 0, "green": 100}, ("blue", "green")),
        ("green", {"green": 1}, ("green", "blue")),
    ],
)
def test_a_shift_keeps_the_order_of_the_service(bound: str, weights: dict[str, int], pair: tuple[str, str]) -> None:
    standing = [rule(**weights), rule(TEST_LISTENER_ARN, green=1)] if weights else []
    made = oriented(request("CANARY"), service(bound) if bound else None, standing)
    (binding,) = made.settings.target_bindings
    arns = ("rule/2", "rule/9") if weights else ("", "")
    assert binding.target_group_arn == ARNS[pair[0]]
    assert binding.shift == TrafficShift(ARNS[pair[1]], INFRASTRUCTURE, *arns)


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN"])
def test_what_was_found_out_once_is_found_out_again(strategy: str) -> None:
    found = service("blue", "CANARY"), [rule(blue=0, green=100)]
    made = oriented(request(strategy), *found)
    assert oriented(made, *found) == made


def test_hooks_of_the_strategy_before_are_taken_back() -> None:
    assert oriented(request("ROLLING"), service("blue", "CANARY"), []).settings.deployment.own == {"lifecycleHooks": []}
    assert oriented(request("ROLLING"), service("blue", "ROLLING"), []).settings.deployment.own == {}


def test_without_a_second_group_nothing_changes() -> None:
    plain = make_request("1.0.0")
    assert oriented(plain, service("green"), [rule(green=1)]) == plain
