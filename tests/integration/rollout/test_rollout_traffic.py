# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users are moved only to what answers, and an undo takes them back: target groups, listener rules, scaling, tags."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe

from tests.integration.rollout.load import Load
from tests.integration.rollout.platform import QUICK, InBackground, Platform
from tests.sandbox.balancer import eventually


def green(platform: Platform) -> str:
    """Another target group."""
    return platform.make_group(f"{platform.name}-g")


def to(group: str, **other: Any) -> dict[str, Any]:
    """Options of a release to *group*."""
    balancer = {"target_group_arn": group, "container_name": "service", "container_port": 8080}
    return {"load_balancer": balancer, **other}


def standing(platform: Platform) -> tuple[Any, ...]:
    """All that an undo has to restore, as AWS describes it."""
    service = platform.service()
    rules = platform.elb.describe_rules(ListenerArn=platform.listener)["Rules"]
    tags = platform.elb.describe_tags(ResourceArns=[rule["RuleArn"] for rule in rules])["TagDescriptions"]
    scaling, resource = platform.connect("application-autoscaling"), f"service/{platform.cluster}/web"
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)["ScalingPolicies"]
    actions = scaling.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=resource)["ScheduledActions"]
    keys = ("taskDefinition", "loadBalancers", "healthCheckGracePeriodSeconds", "deploymentConfiguration")
    return (
        {key: service[key] for key in keys},
        platform.ecs.list_tags_for_resource(resourceArn=service["serviceArn"])["tags"],
        sorted((rule["Priority"], str(rule["Conditions"]), str(rule["Actions"])) for rule in rules),
        sorted(str(sorted(tag.items())) for described in tags for tag in described["Tags"]),
        (target["MinCapacity"], target["MaxCapacity"]),
        {policy["PolicyName"]: policy["TargetTrackingScalingPolicyConfiguration"] for policy in policies},
        {
            action["ScheduledActionName"]: (action["Schedule"], action.get("Timezone"), action["ScalableTargetAction"])
            for action in actions
        },
    )


HASTY = {**QUICK, "bake_seconds": 1, "deadline_seconds": 3}
NIGHT = {"name": "night", "schedule": "cron(0 22 * * ? *)", "timezone": "Europe/Berlin", "maximum": 2}
DAY = {"name": "day", "schedule": "rate(1 day)", "maximum": 9}


def add_scaling_of_others(platform: Platform) -> None:
    """A policy and a scheduled action that no rollout made."""
    scaling = platform.connect("application-autoscaling")
    resource = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{platform.cluster}/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}}
    scaling.put_scaling_policy(
        **resource,
        PolicyName="theirs",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, **metric},
    )
    scaling.put_scheduled_action(
        **resource, ScheduledActionName="theirs", Schedule="rate(1 day)", ScalableTargetAction={"MaxCapacity": 5}
    )


def test_release_to_another_target_group_loses_no_request(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    tag = platform.push("1.1.0")
    group = green(platform)
    with Load(f"{platform.url}/v1/analyses") as load:
        platform.roll_out("1.1.0", **to(group))
        time.sleep(2.0)
    assert set(load.answers) == {200}, load.answers
    assert sum(load.answers.values()) > 100
    assert set(platform.answers()) == {(200, tag)}
    assert [entry["targetGroupArn"] for entry in platform.service()["loadBalancers"]] == [group]
    assert not platform.roll_out("1.1.0", **to(group))["changed"]


@pytest.mark.parametrize(("route", "bake_seconds"), [({"ROUTE_STATUS": 500}, 3), ({"LIFE_SECONDS": 25}, 30)])
def test_release_that_changes_everything_and_fails_is_undone_whole(
    platform: Platform, route: dict[str, Any], bake_seconds: float
) -> None:
    good = platform.push("1.0.0")
    scaled = {"scaling": {"minimum": 2, "maximum": 4, "memory_percent": 70, "scheduled_actions": [NIGHT, DAY]}}
    platform.roll_out("1.0.0", **scaled)
    add_scaling_of_others(platform)
    before = standing(platform)
    platform.push("1.1.0", **route)
    changes = {
        "tags": {"Project": "other", "New": "1"},
        "scaling": {
            "minimum": 1,
            "maximum": 9,
            "cpu_percent": 30,
            "requests_per_target": 500,
            "scheduled_actions": [{**NIGHT, "maximum": 3}],
        },
        "health_check_grace_period_seconds": 60,
        "listener_rules": [
            {"listener_arn": platform.listener, "priority": 100, "path_patterns": ["/v1/*", "/readyz"]},
            {"listener_arn": platform.listener, "priority": 50, "path_patterns": ["/new/*"]},
        ],
        "stop_serving": ["path /*"],
        "gates": [
            {"kind": "target_health", "bake_seconds": bake_seconds, "deadline_seconds": 60},
            {"kind": "http", "path": "/v1/analyses", **QUICK},
        ],
    }
    with Load(f"{platform.url}/readyz") as load, pytest.raises(RolledBackError) as caught:
        platform.roll_out("1.1.0", **to(green(platform), **changes))
    # Tasks that die lose requests of their own.
    assert set(load.answers) == {200} or "LIFE_SECONDS" in route, (load.answers, caught.value.message)
    assert standing(platform) == before
    assert set(platform.answers()) == {(200, good)}
    assert not platform.roll_out("1.0.0", **scaled)["changed"]


def test_scaling_and_conditions_of_rules_are_changed_alone(platform: Platform) -> None:
    tag = platform.push("1.0.0")
    platform.roll_out("1.0.0")
    add_scaling_of_others(platform)
    wanted = {"minimum": 2, "maximum": 4, "cpu_percent": 0, "requests_per_target": 500, "scheduled_actions": [DAY]}
    for check_mode in (True, False):
        result = platform.roll_out("1.0.0", scaling=wanted, check_mode=check_mode)
        assert (result["action"], result["changes"]["scaling"]) == ("settings", True)
        assert list(result["diff"]["after"]["scaling"]["policies"]) == ["requests_per_target"]
    policies, actions = standing(platform)[-2:]
    assert sorted(policies) == ["fastbreak-requests", "theirs"]
    label = policies["fastbreak-requests"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert re.fullmatch(rf"app/{platform.name}/\w+/{platform.group.rpartition(':')[2]}", label)
    assert sorted(actions) == ["fastbreak-day", "theirs"]
    # As the scheduled action does when its time has come.
    platform.connect("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{platform.cluster}/web",
        ScalableDimension="ecs:service:DesiredCount",
        MaxCapacity=9,
    )
    assert not platform.roll_out("1.0.0", scaling=wanted)["changed"]
    rule = {
        "listener_arn": platform.listener,
        "priority": 100,
        "http_headers": [{"name": "X-Team", "values": ["Physio", "medical"]}],
        "query_strings": [{"key": "v", "values": ["2"]}],
        "request_methods": ["GET"],
        "source_ips": ["127.0.0.0/8"],
    }
    given_up = ["header X-Team", "query v", "method *", "source *"]
    platform.roll_out("1.0.0", listener_rules=[rule], stop_serving=given_up)
    assert sorted(standing(platform)[-1]) == ["theirs"]
    assert set(platform.answers()) == {(503, "")}
    answer = HttpProbe(clock=SystemClock()).request(
        "GET",
        f"{platform.url}/v1/analyses?v=2",
        timeout_seconds=5,
        version_header="x-fastbreak-version",
        headers=(("x-team", "PHYSIO"),),
    )
    assert (answer.status, answer.version) == (200, tag)
    again = {**rule, "http_headers": [{"name": "x-team", "values": ["Medical", "physio"]}]}
    assert not platform.roll_out("1.0.0", listener_rules=[again])["changed"]
    before = standing(platform)
    elsewhere = {**rule, "source_ips": ["192.0.2.0/24"]}
    with pytest.raises(RolledBackError, match=r"is ERROR.*takes requests from 192\.0\.2\.0/24 only"):
        platform.roll_out(
            "1.0.0",
            listener_rules=[elsewhere],
            stop_serving=["source 127.0.0.0/8"],
            gates=[{"kind": "http", "path": "/readyz", **HASTY}],
        )
    assert standing(platform) == before


def test_settings_that_take_users_away_are_put_back(platform: Platform) -> None:
    good = platform.push("1.0.0")
    platform.roll_out("1.0.0")
    before = standing(platform)
    typo = [{"listener_arn": platform.listener, "priority": 100, "path_patterns": ["/typo/*"]}]
    host = [{"listener_arn": platform.listener, "priority": 100, "host_headers": ["api.exmaple.com"]}]
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=r"by path /\* now.*the listener's default action would"):
            platform.roll_out("1.0.0", listener_rules=typo, check_mode=check_mode)
        with pytest.raises(RefusedError, match=r"by host \* now.*Correct host_headers"):
            platform.roll_out("1.0.0", listener_rules=host, check_mode=check_mode)
    with pytest.raises(RolledBackError, match="Put back: rule 100"):
        platform.roll_out("1.0.0", listener_rules=typo, stop_serving=["path /*"], tags={"Project": "other"})
    # A gate that names the host that users know passes by no other.
    known = [{"kind": "http", "path": "/readyz", "headers": {"Host": "api.example.com"}, **HASTY}]
    with pytest.raises(RolledBackError, match="Put back: rule 100"):
        platform.roll_out("1.0.0", listener_rules=host, stop_serving=["host *"], gates=known)
    assert standing(platform) == before
    assert set(platform.answers()) == {(200, good)}
    wider = {"listener_rules": [{"listener_arn": platform.listener, "priority": 90, "path_patterns": ["/*"]}]}
    with Load(f"{platform.url}/v1/analyses") as load:
        assert platform.roll_out("1.0.0", **wider)["action"] == "settings"
    assert set(load.answers) == {200}
    priorities = {rule["Priority"] for rule in platform.elb.describe_rules(ListenerArn=platform.listener)["Rules"]}
    assert priorities == {"90", "default"}
    assert not platform.roll_out("1.0.0", **wider)["changed"]


def test_unchanged_release_is_asked_as_users_ask_it(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    (rule,) = [
        rule
        for rule in platform.elb.describe_rules(ListenerArn=platform.listener)["Rules"]
        if rule["Priority"] == "100"
    ]
    refuse = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    platform.elb.create_rule(
        ListenerArn=platform.listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/readyz"]}],
        Actions=[refuse],
    )
    with pytest.raises(OperationError, match=r"runs already.*not healthy: gate http /readyz is UNHEALTHY"):
        platform.roll_out("1.0.0")
    platform.elb.delete_rule(RuleArn=rule["RuleArn"])
    assert platform.roll_out("1.0.0", check_mode=True)["action"] == "settings"


def test_version_that_dies_after_it_was_let_in_is_not_called_healthy(platform: Platform) -> None:
    platform.push("1.0.0", LIFE_SECONDS=40)
    platform.roll_out("1.0.0")
    stopped = {"cluster": platform.cluster, "desiredStatus": "STOPPED"}
    assert eventually(lambda: platform.ecs.list_tasks(**stopped)["taskArns"], seconds=120)
    with pytest.raises(OperationError, match=r"runs already.*exit code 3"):
        platform.roll_out("1.0.0")


def test_rule_of_another_service_is_neither_taken_over_nor_deleted(platform: Platform) -> None:
    platform.push("1.0.0")
    rules = [{"listener_arn": platform.listener, "priority": 100}]
    platform.roll_out("1.0.0")
    other = {"service": "web-api", "listener_rules": rules}
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=f"belongs to service web of cluster {platform.cluster}"):
            platform.roll_out("1.0.0", check_mode=check_mode, **other)
    definitions = platform.ecs.list_task_definitions(familyPrefix=platform.family)["taskDefinitionArns"]
    assert not platform.roll_out(None, state="absent", **other)["changed"]
    assert platform.ecs.list_task_definitions(familyPrefix=platform.family)["taskDefinitionArns"] == definitions
    assert not platform.roll_out("1.0.0")["changed"]


def test_rule_that_is_deleted_meanwhile_is_named_at_once(platform: Platform) -> None:
    good = platform.push("1.0.0")
    platform.roll_out("1.0.0")
    before = standing(platform)
    platform.push("1.1.0", READY_AFTER_SECONDS=10_000)
    began = time.monotonic()
    with InBackground(platform, "1.1.0", timeout_seconds=1800) as ours:
        assert eventually(lambda: len(platform.service()["deployments"]) == 2)
        time.sleep(2.0)
        for rule in platform.elb.describe_rules(ListenerArn=platform.listener)["Rules"]:
            if rule["Priority"] == "100":
                platform.elb.delete_rule(RuleArn=rule["RuleArn"])
    assert isinstance(ours.result, RolledBackError), ours.result
    assert "(listener_rules) was deleted" in ours.result.message
    assert time.monotonic() - began < 900, "it was found by a timeout"
    assert standing(platform) == before
    assert set(platform.answers()) == {(200, good)}
