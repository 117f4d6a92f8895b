"""API actions that MiniStack answers differently from AWS: unknown names, attributes, protection, target health."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import alb
from sandbox.services.elbv2.api import wire
from sandbox.services.elbv2.model import attributes, records
from sandbox.services.elbv2.model.health import Health
from sandbox.services.elbv2.model.stores import Listeners, RefusedError
from sandbox.services.elbv2.model.targets import registry

Params = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Params], Answer]
Check = Callable[[Params], None]


def install() -> None:
    """Put the checks and answers of this module around MiniStack's handlers."""
    before: dict[str, tuple[Check, ...]] = {
        "DescribeLoadBalancers": (_known_load_balancers,),
        "DeleteLoadBalancer": (_unprotected, _release_listeners),
        "ModifyLoadBalancerAttributes": (_good_load_balancer_attributes,),
        "CreateTargetGroup": (_good_health_check,),
        "ModifyTargetGroup": (_good_health_check,),
        "DescribeTargetGroups": (_known_target_groups, _note_load_balancers),
        "DeleteTargetGroup": (_unused_target_group,),
        "ModifyTargetGroupAttributes": (_good_target_group_attributes,),
        "CreateListener": (_known_forwards,),
        "DescribeListeners": (_known_listeners,),
        "ModifyListener": (_known_forwards,),
        "CreateRule": (_free_priority, _known_forwards),
        "ModifyRule": (_known_forwards,),
        "DescribeRules": (_known_rules,),
        "DeleteRule": (_known_rule,),
        "SetRulePriorities": (_free_priorities,),
    }
    for action, checks in before.items():
        alb._ACTION_MAP[action] = functools.partial(_checked, checks, alb._ACTION_MAP[action])
    alb._ACTION_MAP["ModifyListener"] = functools.partial(_rebound, alb._ACTION_MAP["ModifyListener"])
    alb._ACTION_MAP.update(
        DescribeLoadBalancerAttributes=_describe_load_balancer_attributes,
        DescribeTargetGroupAttributes=_describe_target_group_attributes,
        RegisterTargets=_register_targets,
        DeregisterTargets=_deregister_targets,
        DescribeTargetHealth=_describe_target_health,
    )
    _install_wire()


def _install_wire() -> None:
    parse_actions, parse_conditions = alb._parse_actions, alb._parse_conditions
    alb._parse_actions = lambda params, prefix="DefaultActions": wire.with_forward_config(
        params, prefix, parse_actions(params, prefix)
    )
    alb._parse_conditions = lambda params, prefix="Conditions": wire.with_conditions(
        params, prefix, parse_conditions(params, prefix)
    )
    alb._action_xml = functools.partial(wire.action_xml, alb._action_xml)
    alb._condition_xml = functools.partial(wire.condition_xml, alb._condition_xml)
    alb._lb_xml = functools.partial(wire.load_balancer_xml, alb._lb_xml)
    group_xml = alb._tg_xml
    alb._tg_xml = lambda group: (
        group_xml(group).removesuffix("</member>")
        + (
            f"<ProtocolVersion>{group.get('ProtocolVersion', 'HTTP1')}</ProtocolVersion>"
            f"<IpAddressType>{group.get('IpAddressType', 'ipv4')}</IpAddressType></member>"
        )
    )


def _checked(checks: tuple[Check, ...], handler: Handler, params: Params) -> Answer:
    try:
        for check in checks:
            check(params)
        return handler(params)
    except RefusedError as refusal:
        answer: Answer = alb._error(refusal.code, str(refusal))
        return answer


def _names(params: Params, prefix: str) -> list[str]:
    return [wire.member(params, key) for key in wire.members(params, prefix)]


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


def _rebound(handler: Handler, params: Params) -> Answer:
    """ModifyListener changes its record in place: check the port first, move the socket after."""
    store: Listeners = alb._listeners
    arn = wire.member(params, "ListenerArn")
    record = store.get(arn)
    if record is None:
        return handler(params)
    before = dict(record)
    try:
        if port := wire.member(params, "Port"):
            store.refuse_duplicate(arn, record["LoadBalancerArn"], int(port))
        answer = handler(params)
        store.bind(lambda: record.update(before), int(record["Port"]))
    except RefusedError as refusal:
        answer = alb._error(refusal.code, str(refusal))
    return answer


def _describe_load_balancer_attributes(params: Params) -> Answer:
    arn = wire.member(params, "LoadBalancerArn")
    if arn not in alb._lbs:
        return _error("LoadBalancerNotFound", "One or more load balancers not found")
    xml = wire.attributes_xml(records.load_balancer_attributes(arn))
    return _xml("DescribeLoadBalancerAttributes", f"<Attributes>{xml}</Attributes>")


def _describe_target_group_attributes(params: Params) -> Answer:
    group = records.target_group(arn) if (arn := wire.member(params, "TargetGroupArn")) in alb._tgs else None
    if group is None:
        return _error("TargetGroupNotFound", "One or more target groups not found")
    xml = wire.attributes_xml(group.attributes)
    return _xml("DescribeTargetGroupAttributes", f"<Attributes>{xml}</Attributes>")


def _register_targets(params: Params) -> Answer:
    arn = wire.member(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return _error("TargetGroupNotFound", "One or more target groups not found")
    for target in alb._parse_targets_param(params):
        registry.register(arn, target["Id"], int(target.get("Port") or alb._tgs[arn].get("Port", 80)))
    return _empty("RegisterTargets")


def _deregister_targets(params: Params) -> Answer:
    arn = wire.member(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return _error("TargetGroupNotFound", "One or more target groups not found")
    for target in alb._parse_targets_param(params):
        if "Port" in target:
            registry.deregister(arn, target["Id"], int(target["Port"]))
        else:
            registry.deregister_address(arn, target["Id"])
    return _empty("DeregisterTargets")


def _describe_target_health(params: Params) -> Answer:
    arn = wire.member(params, "TargetGroupArn")
    group = records.target_group(arn) if arn in alb._tgs else None
    if group is None:
        return _error("TargetGroupNotFound", "One or more target groups not found")
    registry.settle()
    asked = [(item["Id"], int(item.get("Port") or group.port)) for item in alb._parse_targets_param(params)]
    listed = asked or [(target.address, target.port) for target in registry.of_group(arn)]
    described = "".join(
        _health_xml(address, port, group.check.port, registry.health(arn, address, port)) for address, port in listed
    )
    return _xml("DescribeTargetHealth", f"<TargetHealthDescriptions>{described}</TargetHealthDescriptions>")


def _health_xml(address: str, port: int, check_port: str, health: Health) -> str:
    why = f"<Reason>{health.reason}</Reason><Description>{health.description}</Description>" if health.reason else ""
    return (
        f"<member><Target><Id>{address}</Id><Port>{port}</Port></Target>"
        f"<HealthCheckPort>{port if check_port == 'traffic-port' else check_port}</HealthCheckPort>"
        f"<TargetHealth><State>{health.state}</State>{why}</TargetHealth></member>"
    )


def _xml(action: str, inner: str) -> Answer:
    answer: Answer = alb._xml(200, action, inner)
    return answer


def _empty(action: str) -> Answer:
    answer: Answer = alb._empty(action)
    return answer


def _error(code: str, message: str) -> Answer:
    answer: Answer = alb._error(code, message)
    return answer
