# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that no load balancer sends requests to: what may not be asked of it, by the name of the option."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.options import build_request
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import build_argument_spec

from tests.unit.plugins.module_utils._rollout.case import document

WORKER: dict[str, Any] = {
    "cluster": "fastbreak-dev",
    "service": "worker",
    "release_table": "releases",
    "repository": "fastbreak/inference",
    "version": "1.0.0",
    "task_definition": document(),
    "load_balanced": False,
    "network": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
    "gates": [{"kind": "task_stability"}],
}
BALANCER = {"target_group_arn": "arn:blue", "container_name": "service", "container_port": 8080}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "minimum": 0, "maximum": 0}
RULE = {"listener_arn": "arn:listener", "priority": 1}


def problems_of(**options: Any) -> list[str]:
    validated = ArgumentSpecValidator(build_argument_spec()).validate({**WORKER, **options})
    assert not validated.error_messages, validated.error_messages
    try:
        build_request(validated.validated_parameters, owner="me", key=b"k" * 32)
    except RequestError as error:
        return list(error.details["problems"])
    return []


def test_service_without_a_load_balancer_is_a_request_like_any_other() -> None:
    validated = ArgumentSpecValidator(build_argument_spec()).validate(WORKER).validated_parameters
    request = build_request(validated, owner="me", key=b"k" * 32)
    assert request.target_group_arn == ""
    assert request.target_group_arns == ()
    # ECS refuses a grace period without a load balancer.
    assert request.settings.health_check_grace_period_seconds == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"load_balanced": True}, "load_balancer is missing. Give it, or set load_balanced=false"),
        ({"load_balancer": BALANCER}, "load_balanced is false, and load_balancer is given"),
        ({"listener_rules": [RULE]}, "load_balanced is false, and listener_rules is given"),
        ({"url": "https://a", "test_url": "https://b"}, "load_balanced is false, and url, test_url is given"),
        ({"stop_serving": ["path /a"]}, "stop_serving is given"),
        ({"take_requests_from": ["other"]}, "take_requests_from is given"),
        ({"gates": [{"kind": "target_health"}]}, "gate target_health of kind target_health needs a load balancer"),
        ({"gates": [{"kind": "http", "name": "ready"}]}, "gate ready of kind http needs a load balancer"),
        ({"gates": [{"kind": "canary"}]}, "gate canary of kind canary needs a load balancer"),
        (
            {"gates": [{"kind": "metric", "name": "errors", "metric": "HTTPCode_Target_5XX_Count", "maximum": 1}]},
            "gate errors of kind metric needs a load balancer",
        ),
        ({"gates": [{"kind": "alarms", "alarms": ["late"], "dry_run": True}]}, "add one of kind task_stability"),
        ({"deployment": {"strategy": "CANARY"}}, "strategy is CANARY, which moves requests"),
        ({"deployment": {"strategy": "BLUE_GREEN"}}, "strategy is BLUE_GREEN, which moves requests"),
        ({"deployment": {"strategy": "LINEAR"}}, "strategy is LINEAR, which moves requests"),
        (
            {"scaling": {"minimum": 1, "maximum": 2, "requests_per_target": 5}},
            "scaling.requests_per_target counts requests",
        ),
        ({"load_balanced": True, "scaling": {"minimum": 0, "maximum": 2}}, "scaling has minimum 0, and load_balanced"),
        (
            {"load_balanced": True, "scaling": {"minimum": 1, "maximum": 2, "scheduled_actions": [NIGHT]}},
            "scaling has scheduled_actions 'night' minimum 0, and load_balanced is true",
        ),
        ({"wait_until": "paused"}, "wait_until is paused"),
    ],
)
def test_what_needs_requests_is_refused_by_its_name(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems_of(**options)), problems_of(**options)


def test_metric_of_its_own_judges_a_service_without_requests() -> None:
    metric = {
        "kind": "metric",
        "namespace": "Fastbreak",
        "metric": "JobsFailed",
        "dimensions": {"Service": "worker"},
        "maximum": 1,
    }
    assert problems_of(gates=[{"kind": "task_stability"}, metric]) == []
