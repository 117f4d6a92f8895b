# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release keeps of what it found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.snapshot import (
    SeenAnswer,
    Snapshot,
    decode,
    encode,
    for_record,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    Network,
    ServiceSettings,
    TargetBinding,
)

from tests.unit.plugins.module_utils._rollout.case import scaling

SETTINGS = ServiceSettings(
    capacity_providers=frozenset({CapacityProvider("FARGATE", 1, 2), CapacityProvider("FARGATE_SPOT", 3)}),
    network=Network(frozenset({"a", "b"}), frozenset({"sg"}), assign_public_ip=True),
    target_bindings=frozenset({TargetBinding("blue", "app", 8080), TargetBinding("green", "app", 8080)}),
    deployment=DeploymentSettings(
        minimum_healthy_percent=50, alarms=frozenset({"errors"}), own={"steps": {"percent": 5, "hooks": ["arn"]}}
    ),
    tags=frozenset({("a", "1"), ("b", "")}),
)
RULE = StandingRule(
    "listener",
    7,
    ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x", "Values": ["y"]}},),
    ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "blue", "Weight": 1}]}},),
    frozenset({("k", "v")}),
    "arn",
)
WHOLE = Snapshot(
    SETTINGS,
    "web:1",
    2,
    (RULE, replace(RULE, priority=8)),
    scaling(1, 3, scheduled_actions=[{"name": "night", "schedule": "rate(1 day)", "maximum": 2}]),
    (SeenAnswer("ready", 200, "1.0.0"), SeenAnswer("route", 0, "")),
    "2027-07-01T10:00:00.000Z",
)


@pytest.mark.parametrize(
    "snapshot",
    [
        WHOLE,
        replace(WHOLE, settings=None, rules=(), scaling=None, answers=()),
        replace(WHOLE, settings=replace(SETTINGS, network=None)),
    ],
)
def test_snapshot_survives_the_record(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot)) == snapshot


def test_the_record_keeps_no_condition_of_a_rule_that_is_not_ours_but_paths_and_hosts() -> None:
    owner = Owner("web", "c")
    own = replace(RULE, tags=frozenset(owner.marks.items()))
    paths = replace(RULE, conditions=({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}},))
    kept = for_record(replace(WHOLE, rules=(own, RULE, paths)), owner)
    assert kept == replace(WHOLE, rules=(own, replace(RULE, conditions=()), paths))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rules": 1}', '{"settings": {"network": 3}}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is one
        decode(text)
