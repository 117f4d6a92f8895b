# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Load Balancing against recorded answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.elbv2 import Elbv2Client, read_rule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import ListenerAccess
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import HealthCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber


def forward(**weights: int) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": name, "Weight": weight} for name, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def rule(priority: int, actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "RuleArn": f"rule {priority}",
        "Priority": str(priority),
        "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}, {"Field": "source-ip"}],
        "Actions": actions,
    }


def described(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [*rules, {"RuleArn": "default", "Priority": "default", "Conditions": [], "Actions": []}]}


BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/9"


@pytest.mark.parametrize(
    ("attached", "listener", "label"),
    [
        ([f"{BALANCER}/app/alb/1"], None, "app/alb/1/targetgroup/blue/9"),
        ([], f"{BALANCER}/app/other/2", "app/other/2/targetgroup/blue/9"),
        ([f"{BALANCER}/net/nlb/1"], None, ""),
        ([], "", ""),
    ],
)
def test_requests_are_called_by_load_balancer_and_target_group(
    stubbed: Callable[[str], tuple[Any, Stubber]], attached: list[str], listener: str | None, label: str
) -> None:
    client, stub = stubbed("elbv2")
    stub.add_response(
        "describe_target_groups", {"TargetGroups": [{"LoadBalancerArns": attached}]}, {"TargetGroupArns": [GROUP]}
    )
    if listener is not None:
        there = [{"ListenerArn": "a", "LoadBalancerArn": listener}] if listener else []
        stub.add_response("describe_listeners", {"Listeners": there}, {"ListenerArns": ["a"]})
    assert Elbv2Client(lambda: client).request_count_label(GROUP, frozenset({"a"})) == label


def test_rules_of_every_listener_of_the_load_balancers_are_listed_with_their_tags(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("elbv2")
    blue = forward(blue=1)
    stub.add_response(
        "describe_target_groups", {"TargetGroups": [{"LoadBalancerArns": ["alb"]}]}, {"TargetGroupArns": ["blue"]}
    )
    stub.add_client_error(
        "describe_target_groups", "TargetGroupNotFound", expected_params={"TargetGroupArns": ["gone"]}
    )
    stub.add_response(
        "describe_listeners", {"Listeners": [{"ListenerArn": "a", "LoadBalancerArn": "alb"}]}, {"ListenerArns": ["a"]}
    )
    listeners = {"Listeners": [{"ListenerArn": "a"}, {"ListenerArn": "b"}]}
    stub.add_response("describe_listeners", listeners, {"LoadBalancerArn": "alb"})
    stub.add_response("describe_rules", {**described(rule(1, blue)), "NextMarker": "m"}, {"ListenerArn": "a"})
    stub.add_response("describe_rules", described(rule(2, blue)), {"ListenerArn": "a", "Marker": "m"})
    stub.add_client_error("describe_rules", "ListenerNotFound", expected_params={"ListenerArn": "b"})
    tags = {"TagDescriptions": [{"ResourceArn": "rule 2", "Tags": [{"Key": "k", "Value": "v"}]}]}
    stub.add_response("describe_tags", tags, {"ResourceArns": ["rule 1", "rule 2"]})
    found = Elbv2Client(lambda: client).list_rules(frozenset({"a"}), frozenset({"blue", "gone"}))
    assert [(known.arn, known.place, dict(known.tags)) for known in found] == [
        ("rule 1", ("a", 1), {}),
        ("rule 2", ("a", 2), {"k": "v"}),
    ]


def test_tags_are_asked_for_rule_by_rule_once_a_rule_has_gone_meanwhile(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("elbv2")
    stub.add_response("describe_listeners", {"Listeners": []}, {"ListenerArns": ["a"]})
    stub.add_response("describe_rules", described(rule(1, forward(blue=1)), rule(2, forward(blue=1))))
    stub.add_client_error("describe_tags", "RuleNotFound")
    stub.add_client_error("describe_tags", "RuleNotFound", expected_params={"ResourceArns": ["rule 1"]})
    tags = {"TagDescriptions": [{"ResourceArn": "rule 2", "Tags": [{"Key": "k"}]}]}
    stub.add_response("describe_tags", tags, {"ResourceArns": ["rule 2"]})
    found = Elbv2Client(lambda: client).list_rules(frozenset({"a"}), frozenset())
    assert [dict(known.tags) for known in found] == [{}, {"k": ""}]


@pytest.mark.parametrize("there", [["rule 1", "rule 2"], ["rule 2"], []])
def test_rules_that_are_there_are_found_though_others_are_gone(
    stubbed: Callable[[str], tuple[Any, Stubber]], there: list[str]
) -> None:
    client, stub = stubbed("elbv2")
    rules = {name: rule(number, forward(blue=1)) for number, name in enumerate(("rule 1", "rule 2"), 1)}
    if len(there) == len(rules):
        stub.add_response("describe_rules", described(*rules.values()), {"RuleArns": list(rules)})
    else:
        stub.add_client_error("describe_rules", "RuleNotFound", expected_params={"RuleArns": list(rules)})
        for arn, known in rules.items():
            if arn in there:
                stub.add_response("describe_rules", described(known), {"RuleArns": [arn]})
            else:
                stub.add_client_error("describe_rules", "RuleNotFound", expected_params={"RuleArns": [arn]})
    balancing = Elbv2Client(lambda: client)
    assert [found.arn for found in balancing.find_rules(tuple(rules))] == there
    assert balancing.find_rules(()) == ()


def test_rule_is_written_back_as_the_api_takes_it(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("elbv2")
    groups = [{"TargetGroupArn": "blue", "Weight": 1}]
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    answer = {
        "RuleArn": "r",
        "Priority": "7",
        "Conditions": [{**path, "Values": ["/*"]}, {"Field": "host-header", "Values": ["a.b"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": "blue", "ForwardConfig": {"TargetGroups": groups}}],
    }
    standing = read_rule("l", answer, {})
    body = {
        "Conditions": [path, {"Field": "host-header", "Values": ["a.b"]}],
        "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    }
    stub.add_response("modify_rule", {"Rules": []}, {"RuleArn": "r", **body})
    created = {"ListenerArn": "l", "Priority": 7, "Tags": [{"Key": "k", "Value": "v"}], **body}
    stub.add_response("create_rule", {"Rules": [{"RuleArn": "new"}]}, created)
    stub.add_response("modify_rule", {"Rules": []}, {"RuleArn": "r", "Conditions": body["Conditions"]})
    elb = Elbv2Client(lambda: client)
    assert elb.put_rule(standing) == standing
    assert elb.put_rule(replace(standing, arn="", tags=frozenset({("k", "v")}))).arn == "new"
    elb.put_rule(replace(standing, actions=()))


def test_tags_of_a_rule_are_made_what_is_wanted(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("elbv2")
    standing = read_rule("l", rule(7, forward(blue=1)), {"a": "1", "b": "2", "aws:x": "y"})
    stub.add_response("remove_tags", {}, {"ResourceArns": ["rule 7"], "TagKeys": ["a"]})
    stub.add_response("add_tags", {}, {"ResourceArns": ["rule 7"], "Tags": [{"Key": "c", "Value": "3"}]})
    elb = Elbv2Client(lambda: client)
    elb.tag_rule(standing, {"b": "2", "c": "3"})
    elb.tag_rule(standing, {"a": "1", "b": "2"})


def test_target_group_that_is_gone_has_no_targets(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("elbv2")
    stub.add_client_error("describe_target_health", "TargetGroupNotFound")
    assert Elbv2Client(lambda: client).describe_targets("blue") is None


@pytest.mark.parametrize(
    ("group", "routed", "said"),
    [
        ({"TargetType": "ip", "VpcId": "vpc-1", "LoadBalancerArns": ["a"]}, False, ""),
        ({"TargetType": "ip", "VpcId": "vpc-1", "LoadBalancerArns": []}, True, ""),
        ({"TargetType": "ip", "VpcId": "vpc-1", "LoadBalancerArns": []}, False, "is attached to no load balancer"),
        ({"TargetType": "ip", "VpcId": "vpc-2", "LoadBalancerArns": ["a"]}, False, "is in vpc-2, where the subnets"),
        ({"TargetType": "instance", "VpcId": "vpc-1"}, True, "is of type instance"),
    ],
)
def test_target_group_that_cannot_take_tasks_is_told(
    stubbed: Callable[[str], tuple[Any, Stubber]], group: dict[str, Any], routed: bool, said: str
) -> None:
    client, stub = stubbed("elbv2")
    stub.add_response("describe_target_groups", {"TargetGroups": [group]}, {"TargetGroupArns": ["blue"]})
    problem = Elbv2Client(lambda: client).target_group_problem("blue", vpc="vpc-1", routed=routed)
    assert said in problem
    assert bool(problem) == bool(said)


def test_health_check_of_a_target_group_is_told(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("elbv2")
    group = {"HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3}
    stub.add_response("describe_target_groups", {"TargetGroups": [group]}, {"TargetGroupArns": [GROUP]})
    stub.add_client_error("describe_target_groups", "TargetGroupNotFound")
    elb = Elbv2Client(lambda: client)
    assert elb.health_check(GROUP) == HealthCheck(5, 2, 3)
    assert elb.health_check(GROUP) is None


@pytest.mark.parametrize(("scheme", "internal"), [("internal", True), ("internet-facing", False)])
def test_where_a_listener_is_and_what_is_before_it_is_told(
    stubbed: Callable[[str], tuple[Any, Stubber]], scheme: str, internal: bool
) -> None:
    client, stub = stubbed("elbv2")
    balancer = f"{BALANCER}/app/alb/1"
    listener = {"ListenerArn": "a", "LoadBalancerArn": balancer, "Port": 9000}
    described_balancer = {"LoadBalancerArn": balancer, "Scheme": scheme, "SecurityGroups": ["sg-1"]}
    stub.add_response("describe_listeners", {"Listeners": [listener]}, {"ListenerArns": ["a"]})
    stub.add_response(
        "describe_load_balancers", {"LoadBalancers": [described_balancer]}, {"LoadBalancerArns": [balancer]}
    )
    stub.add_client_error("describe_listeners", "ListenerNotFound")
    elb = Elbv2Client(lambda: client)
    assert elb.listener_access("a") == ListenerAccess(9000, frozenset({"sg-1"}), internal)
    assert elb.listener_access("a") is None
