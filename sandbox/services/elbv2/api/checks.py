# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What AWS refuses before an action begins: unknown names, bad attributes, what is taken, in use or protected."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.ministack import alb
from sandbox.services.elbv2.api import wire
from sandbox.services.elbv2.model import attributes, records
from sandbox.services.elbv2.model.certificates import certificates
from sandbox.services.elbv2.model.stores import RefusedError

Params = Mapping[str, Any]
Check = Callable[[Params], None]


def _known_load_balancers(params: Params) -> None:
    names = {record["LoadBalancerName"] for record in alb._lbs.values()}
    if any(arn not in alb._lbs for arn in _names(params, "LoadBalancerArns")) or any(
        name not in names and len(name) <= 32 for name in _names(params, "Names")
    ):
        raise RefusedError("LoadBalancerNotFound", "One or more load balancers not found")


def _unprotected(params: Params) -> None:
    arn = wire.member(params, "LoadBalancerArn")
    if arn in alb._lbs and records.load_balancer_attributes(arn)["deletion_protection.enabled"] == "true":
        raise RefusedError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )


def _release_listeners(params: Params) -> None:
    arn = wire.member(params, "LoadBalancerArn")
    for listener_arn in [key for key, record in alb._listeners.items() if record["LoadBalancerArn"] == arn]:
        alb._delete_listener({"ListenerArn": [listener_arn]})


def _changed_attributes(params: Params) -> dict[str, str]:
    keys = wire.members(params, "Attributes")
    return {wire.member(params, f"{key}.Key"): wire.member(params, f"{key}.Value") for key in keys}


def _good_load_balancer_attributes(params: Params) -> None:
    if problem := attributes.problem("Load balancer", attributes.LOAD_BALANCER, _changed_attributes(params)):
        raise RefusedError("InvalidConfigurationRequest", problem)


def _good_target_group_attributes(params: Params) -> None:
    if problem := attributes.problem("Target group", attributes.TARGET_GROUP, _changed_attributes(params)):
        raise RefusedError("InvalidConfigurationRequest", problem)


def _good_health_check(params: Params) -> None:
    record = alb._tgs.get(wire.member(params, "TargetGroupArn"), {})
    interval = int(wire.member(params, "HealthCheckIntervalSeconds") or record.get("HealthCheckIntervalSeconds", 30))
    timeout = int(wire.member(params, "HealthCheckTimeoutSeconds") or record.get("HealthCheckTimeoutSeconds", 5))
    if timeout > interval:
        raise RefusedError(
            "ValidationError",
            f"Health check timeout '{timeout}' must be smaller than or equal to the interval '{interval}'",
        )


def _known_target_groups(params: Params) -> None:
    names = {record["TargetGroupName"] for record in alb._tgs.values()}
    if any(arn not in alb._tgs for arn in _names(params, "TargetGroupArns")) or any(
        name not in names for name in _names(params, "Names")
    ):
        raise RefusedError("TargetGroupNotFound", "One or more target groups not found")
    balancer = wire.member(params, "LoadBalancerArn")
    if balancer and balancer not in alb._lbs:
        raise RefusedError("LoadBalancerNotFound", "One or more load balancers not found")


def _note_load_balancers(_: Params) -> None:
    for arn, record in alb._tgs.items():
        record["LoadBalancerArns"] = records.load_balancers_using(arn)


def _unused_target_group(params: Params) -> None:
    arn = wire.member(params, "TargetGroupArn")
    if arn in alb._tgs and records.load_balancers_using(arn):
        raise RefusedError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")


def _known_forwards(params: Params) -> None:
    owner = _load_balancer_of(params)
    for prefix in ("DefaultActions", "Actions"):
        for action in alb._parse_actions(params, prefix):
            for arn in records.forwarded_groups(action):
                if arn not in alb._tgs:
                    raise RefusedError("TargetGroupNotFound", f"Target groups '{arn}' not found")
                if owner and set(records.load_balancers_using(arn)) - {owner}:
                    raise RefusedError(
                        "TargetGroupAssociationLimit",
                        f"The following target groups cannot be associated with more than one load balancer: {arn}",
                    )


def _load_balancer_of(params: Params) -> str:
    if arn := wire.member(params, "LoadBalancerArn"):
        return arn
    rule = alb._rules.get(wire.member(params, "RuleArn"), {})
    listener = alb._listeners.get(wire.member(params, "ListenerArn") or rule.get("ListenerArn", ""), {})
    return str(listener.get("LoadBalancerArn", ""))


def _known_certificates(params: Params) -> None:
    record = alb._listeners.get(wire.member(params, "ListenerArn"), {})
    protocol = wire.member(params, "Protocol") or record.get("Protocol", "")
    given = [wire.member(params, f"{key}.CertificateArn") for key in wire.members(params, "Certificates")]
    refuse_certificates(protocol, given or record.get("Certificates", []))


def refuse_certificates(protocol: str, arns: Iterable[str]) -> None:
    """Refused: a listener with TLS that has no certificate, or one that does not exist."""
    listed = list(arns)
    if protocol == "HTTPS" and not listed:
        raise RefusedError("ValidationError", "A certificate must be specified for HTTPS listeners")
    for arn in listed:
        if certificates.find(arn, "127.0.0.1") is None:
            raise RefusedError("CertificateNotFound", f"Certificate '{arn}' not found")


def _known_listeners(params: Params) -> None:
    balancer = wire.member(params, "LoadBalancerArn")
    if balancer and balancer not in alb._lbs:
        raise RefusedError("LoadBalancerNotFound", "One or more load balancers not found")
    if any(arn not in alb._listeners for arn in _names(params, "ListenerArns")):
        raise RefusedError("ListenerNotFound", "One or more listeners not found")


def _known_rules(params: Params) -> None:
    listener = wire.member(params, "ListenerArn")
    if listener and listener not in alb._listeners:
        raise RefusedError("ListenerNotFound", "One or more listeners not found")
    if any(arn not in alb._rules for arn in _names(params, "RuleArns")):
        raise RefusedError("RuleNotFound", "One or more rules not found")


def _known_rule(params: Params) -> None:
    if wire.member(params, "RuleArn") not in alb._rules:
        raise RefusedError("RuleNotFound", "One or more rules not found")


def _free_priority(params: Params) -> None:
    _refuse_taken(wire.member(params, "ListenerArn"), wire.member(params, "Priority"), set())


def _free_priorities(params: Params) -> None:
    wanted = {
        wire.member(params, f"{key}.RuleArn"): wire.member(params, f"{key}.Priority")
        for key in wire.members(params, "RulePriorities")
    }
    for arn, priority in wanted.items():
        if arn not in alb._rules:
            raise RefusedError("RuleNotFound", "One or more rules not found")
        _refuse_taken(alb._rules[arn]["ListenerArn"], priority, set(wanted))
    if len(set(wanted.values())) != len(wanted):
        raise RefusedError("PriorityInUse", "A priority is given to more than one rule")


def _refuse_taken(listener_arn: str, priority: str, except_rules: set[str]) -> None:
    for arn, rule in alb._rules.items():
        if arn not in except_rules and rule["ListenerArn"] == listener_arn and str(rule["Priority"]) == priority:
            raise RefusedError("PriorityInUse", f"Priority '{priority}' is currently in use")


def _few_values(params: Params) -> None:
    """A rule has five values and five wildcards in all of its conditions."""
    values = [text for condition in alb._parse_conditions(params) for text in _texts(condition)]
    if len(values) > 5:
        raise RefusedError("ValidationError", "A rule can only have '5' condition values")
    if sum(character in "*?" for value in values for character in value) > 5:
        raise RefusedError("ValidationError", "A rule can only have '5' condition wildcards")


def _texts(condition: Mapping[str, Any]) -> list[str]:
    pairs = condition.get("QueryStringConfig", {}).get("Values", [])
    headers = condition.get("HttpHeaderConfig", {}).get("Values", [])
    return [*condition.get("Values", []), *headers, *(f"{pair['Key']}{pair['Value']}" for pair in pairs)]


def _names(params: Params, prefix: str) -> list[str]:
    return [wire.member(params, key) for key in wire.members(params, prefix)]


BEFORE: dict[str, tuple[Check, ...]] = {
    "DescribeLoadBalancers": (_known_load_balancers,),
    "DeleteLoadBalancer": (_unprotected, _release_listeners),
    "ModifyLoadBalancerAttributes": (_good_load_balancer_attributes,),
    "CreateTargetGroup": (_good_health_check,),
    "ModifyTargetGroup": (_good_health_check,),
    "DescribeTargetGroups": (_known_target_groups, _note_load_balancers),
    "DeleteTargetGroup": (_unused_target_group,),
    "ModifyTargetGroupAttributes": (_good_target_group_attributes,),
    "CreateListener": (_known_certificates, _known_forwards),
    "DescribeListeners": (_known_listeners,),
    "ModifyListener": (_known_certificates, _known_forwards),
    "CreateRule": (_free_priority, _few_values, _known_forwards),
    "ModifyRule": (_few_values, _known_forwards),
    "DescribeRules": (_known_rules,),
    "DeleteRule": (_known_rule,),
    "SetRulePriorities": (_free_priorities,),
}
"""By the name of the action."""
