# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be right in the options, beside the task definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    ListenerRule,
    Network,
)

from tests.unit.plugins.module_utils._rollout.case import make_request

SETTINGS = make_request("1.0.0").settings
NETWORK = SETTINGS.network or Network(frozenset(), frozenset())


def provided(*providers: CapacityProvider) -> dict[str, Any]:
    return {"settings": replace(SETTINGS, capacity_providers=frozenset(providers))}


def ruled(**fields: Any) -> dict[str, Any]:
    rule = {"listener_arn": "l", "priority": 1, "path_patterns": frozenset({"/*"}), "target_group_arn": "g"}
    return {"rules": (ListenerRule(**{**rule, **fields}),)}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"settings": replace(SETTINGS, network=replace(NETWORK, subnets=frozenset()))}, "network.subnets is empty"),
        ({"settings": replace(SETTINGS, network=replace(NETWORK, security_groups=frozenset({""})))}, "an empty entry"),
        (
            {"settings": replace(SETTINGS, network=replace(NETWORK, security_groups=frozenset("abcdef")))},
            "security_groups has 6 entries; ECS takes 5",
        ),
        ({"settings": replace(SETTINGS, health_check_grace_period_seconds=-1)}, "must not be below 0"),
        ({"settings": replace(SETTINGS, deployment=DeploymentSettings(alarms=frozenset({""})))}, "deployment.alarms"),
        (provided(CapacityProvider("A", 0)), "no weight above 0"),
        (provided(CapacityProvider("A", 1, 1), CapacityProvider("B", 1, 1)), "more than one base"),
        (provided(CapacityProvider("A", 1), CapacityProvider("A", 2)), "names A twice"),
        (provided(CapacityProvider("A", -1)), "a weight beyond 0 to 1000"),
        (provided(CapacityProvider("A", 1001)), "a weight beyond 0 to 1000"),
        (provided(CapacityProvider("A", 1, 100_001)), "a base beyond 0 to 100000"),
        (provided(CapacityProvider(" ")), "an entry whose capacity_provider is empty"),
        (provided(*(CapacityProvider(f"A{number}") for number in range(21))), "has 21 entries; ECS takes 20"),
        (provided(CapacityProvider("A"), CapacityProvider("FARGATE")), "mixes FARGATE and FARGATE_SPOT with others"),
        (ruled(priority=0), "a priority is 1 to 50000"),
        (ruled(path_patterns=frozenset({""})), "an empty entry in path_patterns"),
        (ruled(path_patterns=frozenset({" "})), "an empty entry in path_patterns"),
        (ruled(host_headers=frozenset({""})), "an empty entry in host_headers"),
        (ruled(path_patterns=frozenset(["", "a", "b", "c", "d", "e", "f"])), "a rule takes 5"),
        (
            ruled(host_headers=frozenset({"api.example.com:8443"})),
            "'api.example.com:8443' in host_headers, which has a",
        ),
        (ruled(host_headers=frozenset({"localhost"})), "'localhost' in host_headers, which does not end in"),
        (ruled(path_patterns=frozenset({"/my path/*"})), "'/my path/*' in path_patterns, which has a character"),
        ({"stop_serving": ("api.example.com",)}, "stop_serving has 'api.example.com', where host, path,"),
        (ruled(listener_arn=""), "listener_arn is empty"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds must be a number"),
        ({"timeout_seconds": float("inf")}, "timeout_seconds must be a number"),
        ({"poll_seconds": float("nan")}, "poll_interval_seconds must be a number"),
        ({"migration": Migration("service", ())}, "migration.command is empty"),
        ({"migration": Migration("service", ("x",), 0)}, "migration.timeout_seconds"),
        ({"migration": Migration("service", ("x",), cpu=-1)}, "migration.cpu"),
        ({"revision": "web"}, "names no revision"),
        ({"revision": "web:latest"}, "names no revision"),
        ({"revision": "arn:aws:ecs:us-east-1:111111111111:task-definition/web"}, "names no revision"),
        ({"revision": "web:3", "kind": "rollback"}, "revision is for state=present"),
        ({"service": " "}, "service is empty"),
        ({"keep_revisions": 0}, "keep_revisions must be 1 or more"),
        ({"keep_revisions": -3}, "keep_revisions must be 1 or more"),
    ],
)
def test_options_that_cannot_be_right_are_named(other: dict[str, Any], said: str) -> None:
    assert said in " ".join(problems_of(make_request("1.0.0", **other)))


def test_right_options_have_no_problem() -> None:
    assert problems_of(make_request("1.0.0")) == []
    for revision in ("web-1_a:12", "arn:aws-cn:ecs:cn-north-1:111111111111:task-definition/web:3"):
        assert problems_of(make_request("", revision=revision)) == []


@pytest.mark.parametrize("names", [("FARGATE", "FARGATE_SPOT"), ("A", "B"), ("A",)])
def test_providers_of_one_kind_are_right(names: tuple[str, ...]) -> None:
    assert problems_of(make_request("1.0.0", **provided(*map(CapacityProvider, names)))) == []
