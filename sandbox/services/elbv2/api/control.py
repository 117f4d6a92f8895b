# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""API actions that MiniStack answers differently from AWS: attributes, a moved listener, target health."""

import functools
from collections.abc import Callable

from sandbox.ministack import alb
from sandbox.services.elbv2.api import wire
from sandbox.services.elbv2.api.checks import BEFORE, Check, Params
from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.health import Health
from sandbox.services.elbv2.model.stores import Listeners, RefusedError
from sandbox.services.elbv2.model.targets import registry

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Params], Answer]


def install() -> None:
    """Put the checks and answers of this module around MiniStack's handlers."""
    for action, checks in BEFORE.items():
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
