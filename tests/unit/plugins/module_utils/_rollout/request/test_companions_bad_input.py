# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that can never be right is refused without asking the world, and the field is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.companions import build_requests
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import build_argument_spec

from tests.unit.plugins.module_utils._rollout.case import document

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/1"
BALANCER = {
    "target_group_arn": GROUP,
    "alternate_target_group_arn": GROUP.replace("blue/1", "green/2"),
    "infrastructure_role_arn": "arn:aws:iam::111111111111:role/infrastructure",
    "container_name": "service",
    "container_port": 8080,
}
GOOD: dict[str, Any] = {
    "cluster": "fastbreak-dev",
    "service": "inference",
    "release_table": "releases",
    "repository": "fastbreak/inference",
    "version": "1.0.0",
    "task_definition": document(),
    "network": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
    "load_balancer": BALANCER,
    "listener_rules": [{"listener_arn": "arn:listener", "priority": 1}],
    "url": "https://alb",
    "gates": [{"kind": "target_health"}],
    "deployment": {"strategy": "CANARY"},
}


def problems_of(options: Mapping[str, Any]) -> str:
    validated = ArgumentSpecValidator(build_argument_spec()).validate({**GOOD, **options})
    if validated.error_messages:
        return " ".join(validated.error_messages)
    try:
        build_requests(validated.validated_parameters, owner="me", key=b"k" * 32)
    except RequestError as error:
        return error.message
    return ""


def deployment(strategy: str, **other: Any) -> dict[str, Any]:
    return {"deployment": {"strategy": strategy, **other}}


def gate(kind: str, **other: Any) -> dict[str, Any]:
    return {"gates": [{"kind": "target_health"}, {"kind": kind, "name": "mine", **other}]}


def balancer(**other: Any) -> dict[str, Any]:
    return {"load_balancer": {name: value for name, value in {**BALANCER, **other}.items() if value is not None}}


LIST = [
    (deployment("PURPLE"), "value of strategy must be one of"),
    (deployment("canary"), "value of strategy must be one of"),
    (deployment(""), "value of strategy must be one of"),
    (gate("magic"), "value of kind must be one of"),
    (gate("http", stages=["at_noon"]), "Gate mine: stages names at_noon"),
    (gate("canary", stages=["after_traffic"]), "gate mine: stages names after_traffic"),
    ({"wait_until": "noon"}, "value of wait_until must be one of"),
    *((deployment("CANARY", canary_percent=share), "deployment.canary_percent is") for share in (0, 100, -1, 101)),
    *((deployment("CANARY", canary_percent=share), "deployment.canary_percent is") for share in (0.05, 99.95)),
    *((deployment("LINEAR", step_percent=share), "deployment.step_percent is") for share in (0, 2.9, 100)),
    (deployment("CANARY", bake_minutes=61), "deployment.bake_minutes is 61, longer than deployment.pause_timeout"),
    (deployment("CANARY", canary_bake_minutes=61), "deployment.canary_bake_minutes is 61, longer than"),
    (deployment("LINEAR", step_bake_minutes=61), "deployment.step_bake_minutes is 61, longer than"),
    (deployment("BLUE_GREEN", bake_minutes=-1), "deployment.bake_minutes is -1"),
    (deployment("BLUE_GREEN", pause_timeout_minutes=0), "deployment.pause_timeout_minutes is 0"),
    (deployment("BLUE_GREEN", canary_percent=7), "given canary_percent, which it does not have"),
    (deployment("ROLLING", bake_minutes=7), "given bake_minutes, which it does not have"),
    (deployment("ROLLING", minimum_healthy_percent=100, maximum_percent=100), "deployment.maximum_percent 100"),
    (deployment("ROLLING", minimum_healthy_percent=150, maximum_percent=100), "leave no room"),
    (balancer(alternate_target_group_arn=None), "load_balancer.alternate_target_group_arn"),
    (balancer(alternate_target_group_arn=GROUP), "load_balancer.alternate_target_group_arn is load_balancer.target"),
    (balancer(infrastructure_role_arn=None), "load_balancer.infrastructure_role_arn"),
    ({"load_balancer": None}, "load_balancer is missing"),
    (gate("http", deadline_seconds=3600), "gate mine may take 3600 s (deadline_seconds)"),
    (gate("http", bake_seconds=300, deadline_seconds=60), "gate mine: deadline_seconds is below bake_seconds"),
    (gate("http", minimum_samples=1000, interval_seconds=1, deadline_seconds=60), "do not fit into its deadline"),
    (gate("http", maximum_failure_ratio=1.5), "gate mine: maximum_failure_ratio"),
    (gate("http", maximum_latency_seconds=60, request_timeout_seconds=5), "gate mine: maximum_latency_seconds"),
    (gate("http", path="", expected_status=[]), "gate mine: expected_status is empty"),
    (gate("task_stability", maximum_out_of_memory=2, maximum_crashes=1), "maximum_out_of_memory is above"),
    (gate("task_stability", path="/readyz"), "is given path, which it does not have"),
    (gate("canary", maximum_increase=0), "gate mine: maximum_increase"),
    (gate("canary", false_alarm=1), "gate mine: false_alarm"),
    (gate("alarms", alarms=[]), "gate mine: alarms is empty"),
    ({"gates": []}, "gates is empty"),
    ({"gates": [{"kind": "http", "dry_run": True}]}, "gates has none that decides"),
    ({"timeout_seconds": float("nan")}, "timeout_seconds must be a number"),
    ({"desired_count": 0}, "desired_count is below 1"),
]


def test_what_the_list_starts_from_is_right() -> None:
    assert problems_of({}) == ""


@pytest.mark.parametrize(("options", "said"), LIST)
def test_field_is_named(options: dict[str, Any], said: str) -> None:
    assert said in problems_of(options)


def test_everything_wrong_is_said_at_once() -> None:
    told = problems_of(
        {
            **deployment("CANARY", canary_percent=100, bake_minutes=61),
            **balancer(alternate_target_group_arn=None),
            **gate("http", maximum_failure_ratio=2),
            "desired_count": 0,
        }
    )
    for field in ("canary_percent", "bake_minutes", "alternate_target_group_arn", "maximum_failure_ratio", "desired_"):
        assert field in told
