# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What ECS refuses about deployments that shift traffic."""

import re
from typing import Any

import pytest

from sandbox.services.ecs.model import networking, strategies
from sandbox.services.ecs.model.errors import Refused
from sandbox.services.ecs.model.validation import check_deployment_configuration

PRODUCTION, TEST, OTHER = (f"arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/{name}/1/2/3" for name in "pto")
ENTRY: dict[str, Any] = {
    "targetGroupArn": "a",
    "advancedConfiguration": {
        "alternateTargetGroupArn": "b",
        "productionListenerRule": PRODUCTION,
        "testListenerRule": TEST,
        "roleArn": "arn:aws:iam::111111111111:role/infrastructure",
    },
}


def forwarding(**weights: int) -> dict[str, Any]:
    """A rule that forwards to those groups."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}


RULES = {PRODUCTION: forwarding(a=100, b=0), TEST: forwarding(a=100)}


def check(configuration: dict[str, Any], *balancers: dict[str, Any]) -> None:
    strategies.check(configuration, list(balancers), RULES.get)


def advanced(**changes: Any) -> dict[str, Any]:
    return ENTRY | {"advancedConfiguration": ENTRY["advancedConfiguration"] | changes}


def pause(*stages: str, **timeout: Any) -> dict[str, Any]:
    return {"targetType": "PAUSE", "lifecycleStages": [*stages], "timeoutConfiguration": timeout}


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440},
        {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 0}},
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 3.0}},
        {"strategy": "LINEAR", "lifecycleHooks": [pause("PRE_PRODUCTION_TRAFFIC_SHIFT", timeoutInMinutes=20160)]},
    ],
)
def test_what_ecs_takes(configuration: dict[str, Any]) -> None:
    check(configuration, ENTRY)


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"strategy": "SUDDEN"}, "strategy must be one of ROLLING"),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441}, "bakeTimeInMinutes must be between 0 and 1440"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.0}}, "multiple of 0.1 between 0.1 and 100"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.05}}, "multiple of 0.1"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.0}}, "between 3.0 and 100.0"),
        ({"strategy": "LINEAR", "canaryConfiguration": {"canaryPercent": 5.0}}, "only valid with the deployment str"),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [pause("TEST_TRAFFIC_SHIFT")]},
            "Invalid lifecycle stage provided for Pause Hook",
        ),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [pause("BAKE_TIME")]}, "lifecycleStages must name stages"),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [pause("PRE_SCALE_UP", timeoutInMinutes=20161)]},
            "timeoutInMinutes",
        ),
    ],
)
def test_what_ecs_refuses(configuration: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check(configuration, ENTRY)


def test_a_share_of_traffic_needs_a_load_balancer() -> None:
    check({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0})
    for strategy in ("LINEAR", "CANARY"):
        with pytest.raises(Refused, match="needs a load balancer"):
            check({"strategy": strategy})


def test_hooks_that_call_a_function_are_not_here() -> None:
    with pytest.raises(Refused, match="no Lambda") as caught:
        check({"strategy": "BLUE_GREEN", "lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]}, ENTRY)
    assert caught.value.code == "UnsupportedFeatureException"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"testListenerRule": ""}, "testListenerRule must not be empty"),
        ({"alternateTargetGroupArn": ""}, "alternateTargetGroupArn must be specified"),
        ({"productionListenerRule": OTHER}, "does not exist"),
        ({"productionListenerRule": "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/p/1/2"}, "RuleArn for ALB"),
        ({"testListenerRule": PRODUCTION}, "cannot be used as both production and test listener rules"),
        ({"roleArn": ""}, "roleArn must be specified"),
        ({"alternateTargetGroupArn": "a"}, "Duplicate targetGroupArn found: a"),
    ],
)
def test_load_balancers_have_what_shifting_needs(change: dict[str, str], said: str) -> None:
    wrong = advanced(**change)
    with pytest.raises(Refused, match=said):
        check({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}, wrong)
    check({"strategy": "ROLLING"}, wrong)


def test_all_load_balancers_of_a_service_are_alike() -> None:
    plain = {"targetGroupArn": "c"}
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    with pytest.raises(Refused, match="Either all or none of the provided loadBalancers"):
        check(shifting, ENTRY, plain)
    with pytest.raises(Refused, match="advancedConfiguration field is required for all loadBalancers"):
        check(shifting, plain)
    with pytest.raises(Refused, match="Duplicate targetGroupArn found: b"):
        check(shifting, ENTRY, advanced(alternateTargetGroupArn="c") | {"targetGroupArn": "b"})
    check({"strategy": "ROLLING"}, ENTRY, plain)


def test_a_test_rule_may_be_left_out_where_the_production_rule_names_both_groups() -> None:
    entry = {name: value for name, value in ENTRY["advancedConfiguration"].items() if name != "testListenerRule"}
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    check(shifting, ENTRY | {"advancedConfiguration": entry})
    with pytest.raises(Refused, match="testListenerRule is required when productionListenerRule"):
        check(shifting, ENTRY | {"advancedConfiguration": entry | {"alternateTargetGroupArn": "c"}})


@pytest.mark.parametrize(
    ("production", "test", "said"),
    [
        (forwarding(a=1, b=0), forwarding(a=1), ""),
        (forwarding(a=0, b=999), None, ""),
        (forwarding(a=1), forwarding(b=1), ""),
        (forwarding(a=1), forwarding(a=1), "Target group b is not associated with either productionListenerRule"),
        (forwarding(a=90, b=10), None, "exactly one target group serving traffic but found 2"),
        (forwarding(a=0, b=0), None, "exactly one target group serving traffic but found 0"),
        (forwarding(a=1, b=0, c=1), None, "unexpected target group c. Expected .* targetGroupArn: a or alternate.* b"),
        (None, forwarding(a=1, b=0), "found 0 target groups"),
    ],
)
def test_what_the_rules_must_be_when_a_deployment_begins(production: Any, test: Any, said: str) -> None:
    found = networking.problem([ENTRY], {PRODUCTION: production, TEST: test}.get)
    assert re.search(said, found) if said else found == ""


def test_without_a_load_balancer_there_is_nothing_to_be_wrong() -> None:
    assert networking.problem([], RULES.get) == ""
    assert networking.problem([{"targetGroupArn": "a"}], RULES.get) == ""


BOUNDS = {"minimumHealthyPercent": 50, "maximumPercent": 200}


@pytest.mark.parametrize(
    ("section", "wanted", "said"),
    [
        ("thresholdConfiguration", {"type": "COUNT", "value": 500}, ""),
        ("thresholdConfiguration", {"type": "UNBOUNDED_PERCENT", "value": 100}, ""),
        ("thresholdConfiguration", {"type": "SHARE", "value": 5}, "must be one of COUNT, BOUNDED_PERCENT"),
        ("thresholdConfiguration", {"value": 5}, "must be one of COUNT"),
        ("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 101}, "at most 100 for a percentage"),
        ("thresholdConfiguration", {"type": "COUNT", "value": 0}, "must be 1 or greater"),
        ("thresholdConfiguration", {"type": "COUNT"}, "must be 1 or greater"),
        ("earlySuccessCriteria", {"healthyPercent": 90, "sourceServiceRevisionCleanup": "DEFERRED"}, ""),
        ("earlySuccessCriteria", {"healthyPercent": 49, "sourceServiceRevisionCleanup": "DEFERRED"}, "between minimum"),
        ("earlySuccessCriteria", {"healthyPercent": 101, "sourceServiceRevisionCleanup": "BLOCKING"}, "between minim"),
        ("earlySuccessCriteria", {"sourceServiceRevisionCleanup": "BLOCKING"}, "healthyPercent must be between"),
        ("earlySuccessCriteria", {"healthyPercent": 90}, "must be BLOCKING or DEFERRED"),
        ("earlySuccessCriteria", {"enable": False}, ""),
    ],
)
def test_what_ecs_wants_of_thresholds_and_of_early_success(section: str, wanted: dict[str, Any], said: str) -> None:
    breaker = {"enable": True, "thresholdConfiguration": wanted}
    early = {"enable": True} | wanted
    changed = {"deploymentCircuitBreaker": breaker} if section == "thresholdConfiguration" else {section: early}
    if not said:
        check_deployment_configuration(BOUNDS | changed)
        return
    with pytest.raises(Refused, match=said):
        check_deployment_configuration(BOUNDS | changed)


def test_early_success_is_of_rolling_updates() -> None:
    early = {"enable": True, "healthyPercent": 90, "sourceServiceRevisionCleanup": "BLOCKING"}
    with pytest.raises(Refused, match="only valid with the deployment strategy ROLLING"):
        check_deployment_configuration(BOUNDS | {"strategy": "CANARY", "earlySuccessCriteria": early})


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"strategy": "BLUE_GREEN"}, {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}),
        ({"bakeTimeInMinutes": 6}, {"strategy": "CANARY", "bakeTimeInMinutes": 6, "canaryConfiguration": {}}),
        (
            {"strategy": "ROLLING", "canaryConfiguration": {"canaryPercent": 5.0}},
            {"strategy": "ROLLING", "bakeTimeInMinutes": 5, "canaryConfiguration": {"canaryPercent": 5.0}},
        ),
    ],
)
def test_a_new_strategy_leaves_what_only_the_former_had(given: dict[str, Any], left: dict[str, Any]) -> None:
    """What a request itself says stays, and is refused."""
    stored = {"strategy": "CANARY", "bakeTimeInMinutes": 5, "canaryConfiguration": {}}
    assert strategies.merged(stored, given) == left
