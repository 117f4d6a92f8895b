# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's load balancer types, which write MiniStack's records themselves: weights, addresses, protection."""

from typing import Any

from sandbox.clients import client
from sandbox.ministack import alb, provisioners
from sandbox.services.cloudformation.model.types import DriftReader, Properties, Resources
from sandbox.services.elbv2.api import checks, wire
from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.stores import RefusedError

_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
_HEALTH = (
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath", "HealthCheckEnabled", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount",
)  # fmt: skip


def complete() -> None:
    """Put this module's handling around MiniStack's provisioners."""
    parse_actions, flatten = provisioners._elbv2_listener_actions, provisioners._flatten_listener_rule_conditions

    def actions(props: Properties, lb_arn: str | None, prop: str = "DefaultActions") -> list[Properties]:
        given = [action for action in props.get(prop) or [] if isinstance(action, dict)]
        parsed: list[Properties] = parse_actions(props, lb_arn, prop)
        return [_with_forward(action, source) for action, source in zip(parsed, given, strict=True)]

    def conditions(given: list[Properties]) -> list[Properties]:
        parsed: list[Properties] = flatten(given)
        for condition, source in zip(parsed, given or [], strict=True):
            if query := source.get("QueryStringConfig"):
                condition.update(Values=[], QueryStringConfig={"Values": list(query.get("Values") or [])})
        return parsed

    provisioners._elbv2_listener_actions = actions
    provisioners._flatten_listener_rule_conditions = conditions
    _install_load_balancer()
    _install_listener()


def _install_listener() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[_LISTENER]
    create, update = handlers["create"], handlers["update"]

    def create_listener(logical_id: str, props: Properties, *args: Any, **kwargs: Any) -> Any:
        _refuse_certificates(props)
        return create(logical_id, props, *args, **kwargs)

    def update_listener(physical_id: str, before: Properties, props: Properties, *args: Any, **kwargs: Any) -> Any:
        _refuse_certificates(props)
        result = update(physical_id, before, props, *args, **kwargs)
        alb._listeners.sync()
        return result

    handlers.update(create=create_listener, update=update_listener)


def _refuse_certificates(props: Properties) -> None:
    given = [str(one.get("CertificateArn", "")) for one in props.get("Certificates") or []]
    try:
        checks.refuse_certificates(str(props.get("Protocol", "")), given)
    except RefusedError as refusal:
        raise ValueError(f"{refusal} (Service: ElasticLoadBalancingV2, Status Code: 400)") from refusal


def _install_load_balancer() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[_LOAD_BALANCER]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_load_balancer(*args: Any, **kwargs: Any) -> tuple[str, Properties]:
        return _with_address(create(*args, **kwargs))

    def update_load_balancer(*args: Any, **kwargs: Any) -> tuple[str, Properties]:
        return _with_address(update(*args, **kwargs))

    def delete_load_balancer(physical_id: str, props: Properties) -> None:
        if (
            records.load_balancer(physical_id)
            and records.load_balancer_attributes(physical_id)["deletion_protection.enabled"] == "true"
        ):
            raise ValueError(
                f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled "
                "(Service: ElasticLoadBalancingV2, Status Code: 400)"
            )
        delete(physical_id, props)

    handlers.update(create=create_load_balancer, update=update_load_balancer, delete=delete_load_balancer)


def _with_address(result: tuple[str, Properties]) -> tuple[str, Properties]:
    arn, returned = result
    return arn, {**returned, "DNSName": alb._lbs[arn]["DNSName"]}


def _with_forward(action: Properties, source: Properties) -> Properties:
    if action.get("Type") != "forward":
        return action
    config = source.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
    sticky = config.get("TargetGroupStickinessConfig") or {}
    action.pop("TargetGroupArn", None)
    return {
        **action,
        **wire.forward(groups, str(sticky.get("Enabled", "")), str(sticky.get("DurationSeconds", "") or "")),
    }


def _elbv2() -> Any:
    return client("elbv2")


def _tags(arn: str) -> list[Properties]:
    found: list[Properties] = _elbv2().describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return found[0]["Tags"] if found else []


def _named(attributes: list[Properties], wanted: list[Properties]) -> list[Properties]:
    """The attributes that the template sets; all others have defaults of their own."""
    keys = {attribute["Key"] for attribute in wanted}
    return [attribute for attribute in attributes if attribute["Key"] in keys]


def _load_balancer(arn: str, properties: Properties) -> Properties | None:
    found = _elbv2().describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    if not found:
        return None
    attributes = _elbv2().describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {
        "Name": found[0]["LoadBalancerName"],
        "Type": found[0]["Type"],
        "Scheme": found[0]["Scheme"],
        "Subnets": [zone["SubnetId"] for zone in found[0]["AvailabilityZones"] if zone.get("SubnetId")],
        "SecurityGroups": found[0].get("SecurityGroups", []),
        "LoadBalancerAttributes": _named(attributes, properties.get("LoadBalancerAttributes") or []),
        "Tags": _tags(arn),
    }


def _target_group(arn: str, properties: Properties) -> Properties | None:
    found = _elbv2().describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    if not found:
        return None
    group = found[0]
    attributes = _elbv2().describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {
        "Name": group["TargetGroupName"],
        **{name: group.get(name) for name in ("Protocol", "Port", "VpcId", "TargetType", "Matcher", *_HEALTH)},
        "TargetGroupAttributes": _named(attributes, properties.get("TargetGroupAttributes") or []),
        "Tags": _tags(arn),
    }


def _listener(arn: str, _properties: Properties) -> Properties | None:
    found: list[Properties] = _elbv2().describe_listeners(ListenerArns=[arn])["Listeners"]
    return found[0] if found else None


RESOURCES = Resources(
    completions=(complete,),
    drift_readers={
        _LOAD_BALANCER: DriftReader(
            _load_balancer,
            frozenset({
                "Name", "Type", "Scheme", "Subnets", "SecurityGroups", "LoadBalancerAttributes", "Tags",
            }),
        ),
        _TARGET_GROUP: DriftReader(
            _target_group,
            frozenset({
                "Name", "Protocol", "Port", "VpcId", "TargetType", "Matcher", "TargetGroupAttributes", "Tags",
                *_HEALTH,
            }),
        ),
        _LISTENER: DriftReader(
            _listener, frozenset({"LoadBalancerArn", "Port", "Protocol", "SslPolicy", "DefaultActions"})
        ),
    },
    create_only={_LISTENER: ("LoadBalancerArn",)},
)  # fmt: skip
