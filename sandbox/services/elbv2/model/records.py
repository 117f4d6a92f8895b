# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Load balancers, listeners, rules and target groups, read from MiniStack's records across all accounts.

The records are MiniStack's own: what CreateTargetGroup or a CloudFormation stack wrote is what the data plane reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.ministack import alb, arns
from sandbox.services.elbv2.model import attributes

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """How a target group checks its targets; times in seconds of AWS."""

    protocol: str
    port: str
    path: str
    interval_seconds: float
    timeout_seconds: float
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """A target group; `attributes` holds every attribute, defaults included."""

    arn: str
    protocol: str
    port: int
    target_type: str
    check: HealthCheck
    attributes: Mapping[str, str]

    @property
    def deregistration_delay_seconds(self) -> float:
        """How long a deregistered target drains."""
        return float(self.attributes["deregistration_delay.timeout_seconds"])

    @property
    def slow_start_seconds(self) -> float:
        """How long a target that became healthy gets a growing share; 0 when slow start is off."""
        return float(self.attributes["slow_start.duration_seconds"])

    @property
    def algorithm(self) -> str:
        """`round_robin`, `least_outstanding_requests` or `weighted_random`."""
        return self.attributes["load_balancing.algorithm.type"]


def _scope(arn: str) -> tuple[str, str]:
    parsed = arns.parse_arn(arn)
    return parsed.account_id, parsed.region


def target_group(arn: str) -> TargetGroup | None:
    """The target group of any account; None when there is none."""
    account, region = _scope(arn)
    record = alb._tgs.get_scoped(account, region, arn)
    if record is None:
        return None
    return TargetGroup(
        arn=arn,
        protocol=record.get("Protocol", "HTTP"),
        port=int(record.get("Port", 80)),
        target_type=record.get("TargetType", "instance"),
        check=HealthCheck(
            protocol=record.get("HealthCheckProtocol", "HTTP"),
            port=str(record.get("HealthCheckPort", "traffic-port")),
            path=record.get("HealthCheckPath", "/"),
            interval_seconds=float(record.get("HealthCheckIntervalSeconds", 30)),
            timeout_seconds=float(record.get("HealthCheckTimeoutSeconds", 5)),
            healthy_threshold=int(record.get("HealthyThresholdCount", 5)),
            unhealthy_threshold=int(record.get("UnhealthyThresholdCount", 2)),
            matcher=str(record.get("Matcher", {}).get("HttpCode", "200")),
        ),
        attributes=attributes.of_target_group(alb._tg_attrs.get_scoped(account, region, arn, [])),
    )


def load_balancer(arn: str) -> Record | None:
    """MiniStack's record of the load balancer of any account."""
    found: Record | None = alb._lbs.get_scoped(*_scope(arn), arn)
    return found


def load_balancer_attributes(arn: str) -> dict[str, str]:
    """Every attribute of the load balancer, defaults included."""
    return attributes.of_load_balancer(alb._lb_attrs.get_scoped(*_scope(arn), arn, []))


def listeners() -> list[Record]:
    """The listeners of all accounts."""
    return list(alb._listeners.to_dict().values())


def listener(arn: str) -> Record | None:
    """MiniStack's record of the listener of any account."""
    found: Record | None = alb._listeners.get_scoped(*_scope(arn), arn)
    return found


def certificate_arns(listener_arn: str) -> list[str]:
    """The certificates that the listener serves, the default one first."""
    return list((listener(listener_arn) or {}).get("Certificates", []))


def listener_attributes(arn: str) -> dict[str, str]:
    """The listener's attributes that were set."""
    return {item["Key"]: item["Value"] for item in alb._listener_attrs.get_scoped(*_scope(arn), arn, [])}


def rules(listener_arn: str) -> list[Record]:
    """The listener's rules in the order in which they are tried: by priority, the default rule last."""
    own = [rule for rule in list(alb._rules.to_dict().values()) if rule.get("ListenerArn") == listener_arn]
    return sorted(own, key=lambda rule: (bool(rule.get("IsDefault")), _priority(rule)))


def _priority(rule: Record) -> int:
    priority = str(rule.get("Priority", ""))
    return int(priority) if priority.isdigit() else 0


def load_balancers_using(target_group_arn: str) -> list[str]:
    """The load balancers with a rule that forwards to the target group, whatever its weight."""
    found: dict[str, None] = {}
    for rule in list(alb._rules.to_dict().values()):
        if any(target_group_arn in forwarded_groups(action) for action in rule.get("Actions", [])):
            owner = listener(rule["ListenerArn"])
            if owner is not None:
                found[owner["LoadBalancerArn"]] = None
    return list(found)


def forwarded_groups(action: Record) -> dict[str, int]:
    """The target groups a forward action names, with their weights; a group without a weight has 1."""
    if action.get("Type") != "forward":
        return {}
    if groups := action.get("ForwardConfig", {}).get("TargetGroups"):
        return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}
    return {action["TargetGroupArn"]: 1} if action.get("TargetGroupArn") else {}
