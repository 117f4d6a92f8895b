"""CloudFormation's load balancer types, which write MiniStack's records themselves: weights, addresses, protection."""

from collections.abc import Callable
from typing import Any

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from sandbox.services.elbv2.api import wire
from sandbox.services.elbv2.model import records

Props = dict[str, Any]
_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def install(sync: Callable[[], None]) -> None:
    """Put this module's handling around MiniStack's provisioners."""
    parse_actions, flatten = provisioners._elbv2_listener_actions, provisioners._flatten_listener_rule_conditions

    def actions(props: Props, lb_arn: str | None, prop: str = "DefaultActions") -> list[Props]:
        given = [action for action in props.get(prop) or [] if isinstance(action, dict)]
        parsed: list[Props] = parse_actions(props, lb_arn, prop)
        return [_with_forward(action, source) for action, source in zip(parsed, given, strict=True)]

    def conditions(given: list[Props]) -> list[Props]:
        parsed: list[Props] = flatten(given)
        for condition, source in zip(parsed, given or [], strict=True):
            if query := source.get("QueryStringConfig"):
                condition.update(Values=[], QueryStringConfig={"Values": list(query.get("Values") or [])})
        return parsed

    provisioners._elbv2_listener_actions = actions
    provisioners._flatten_listener_rule_conditions = conditions
    _install_load_balancer()
    handlers = provisioners._RESOURCE_HANDLERS[_LISTENER]
    update = handlers["update"]

    def update_listener(*args: Any, **kwargs: Any) -> Any:
        result = update(*args, **kwargs)
        sync()
        return result

    handlers["update"] = update_listener


def _install_load_balancer() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[_LOAD_BALANCER]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_load_balancer(*args: Any, **kwargs: Any) -> tuple[str, Props]:
        return _with_address(create(*args, **kwargs))

    def update_load_balancer(*args: Any, **kwargs: Any) -> tuple[str, Props]:
        return _with_address(update(*args, **kwargs))

    def delete_load_balancer(physical_id: str, props: Props) -> None:
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


def _with_address(result: tuple[str, Props]) -> tuple[str, Props]:
    arn, returned = result
    return arn, {**returned, "DNSName": alb._lbs[arn]["DNSName"]}


def _with_forward(action: Props, source: Props) -> Props:
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
