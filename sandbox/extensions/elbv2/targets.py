"""Targets of target groups."""

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import alb


def register_target(target_group_arn: str, address: str, port: int) -> None:
    """Register `address:port`; registering it twice changes nothing. KeyError when there is no such target group."""
    arn = parse_arn(target_group_arn)
    with request_scope(arn.account_id, arn.region):
        targets = alb._targets[target_group_arn]
        if not any(target["Id"] == address and target.get("Port") == port for target in targets):
            targets.append({"Id": address, "Port": port})


def deregister_target(target_group_arn: str, address: str, port: int) -> None:
    """Deregister `address:port`; one that is not registered is left alone."""
    arn = parse_arn(target_group_arn)
    with request_scope(arn.account_id, arn.region):
        targets = alb._targets.get(target_group_arn, [])
        targets[:] = [target for target in targets if (target["Id"], target.get("Port")) != (address, port)]


def target_state(target_group_arn: str, address: str, port: int) -> str:
    """The target's state as DescribeTargetHealth names it; "unused" for one that is not registered."""
    arn = parse_arn(target_group_arn)
    with request_scope(arn.account_id, arn.region):
        registered = alb._targets.get(target_group_arn, [])
    known = any((target["Id"], target.get("Port")) == (address, port) for target in registered)
    return "healthy" if known else "unused"
