# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic Load Balancing v2 through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..values import ListenerRule, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_GROUP = frozenset({"TargetGroupNotFound", "TargetGroupNotFoundException"})
_NO_LISTENER = frozenset({"ListenerNotFound", "ListenerNotFoundException"})
_USABLE_STATES = frozenset({"active", "active_impaired"})


class Elbv2Client(AwsClient):
    """The load balancers of one account and region."""

    label = "Elastic Load Balancing"

    def target_group_problem(self, arn: str) -> str:
        """Why tasks cannot be registered with the target group, or an empty string."""
        answer = self._find(f"describe target group {arn}", "describe_target_groups", _NO_GROUP, TargetGroupArns=[arn])
        groups = (answer or {}).get("TargetGroups", [])
        if not groups:
            return f"Target group {arn} does not exist; provision component 'ecs', or name another."
        kind = groups[0].get("TargetType")
        if kind != "ip":
            return f"Target group {arn} is of type {kind}; tasks with their own network interface need type ip."
        return ""

    def listener_problem(self, arn: str) -> str:
        """Why the listener cannot take a rule, or an empty string."""
        answer = self._find(f"describe listener {arn}", "describe_listeners", _NO_LISTENER, ListenerArns=[arn])
        listeners = (answer or {}).get("Listeners", [])
        if not listeners:
            return f"Listener {arn} does not exist; provision component 'ecs', or name another."
        balancer = listeners[0]["LoadBalancerArn"]
        answer = self._call(
            f"describe load balancer {balancer}", "describe_load_balancers", LoadBalancerArns=[balancer]
        )
        state = answer["LoadBalancers"][0]["State"]["Code"]
        if state not in _USABLE_STATES:
            return f"Load balancer {balancer} is {state}, where active is needed; wait until it is."
        return ""

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...]:
        """The targets and their health."""
        answer = self._call(
            f"describe the health of target group {target_group_arn}",
            "describe_target_health",
            TargetGroupArn=target_group_arn,
        )
        return tuple(
            Target(
                address=described["Target"]["Id"],
                state=described["TargetHealth"]["State"],
                reason=described["TargetHealth"].get("Reason", ""),
            )
            for described in answer["TargetHealthDescriptions"]
        )

    def find_rule(self, listener_arn: str, priority: int) -> ListenerRule | None:
        """The rule that stands at the priority."""
        pages = self._pages(
            f"describe the rules of listener {listener_arn}", "describe_rules", _NO_LISTENER, ListenerArn=listener_arn
        )
        rules = (rule for page in pages for rule in page["Rules"])
        return next(
            (_read_rule(listener_arn, priority, rule) for rule in rules if rule["Priority"] == str(priority)), None
        )

    def put_rule(self, rule: ListenerRule, tags: Mapping[str, str]) -> None:
        """Create the rule, or change the one with its ARN."""
        body: dict[str, Any] = {
            "Conditions": _write_conditions(rule),
            "Actions": [{"Type": "forward", "TargetGroupArn": rule.target_group_arn}],
        }
        if rule.arn:
            self._call(f"change listener rule {rule.arn}", "modify_rule", RuleArn=rule.arn, **body)
            return
        self._call(
            f"create listener rule {rule.priority}",
            "create_rule",
            ListenerArn=rule.listener_arn,
            Priority=rule.priority,
            Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            **body,
        )

    def delete_rule(self, arn: str) -> None:
        """Delete the rule; no error when there is none."""
        self._find(
            f"delete listener rule {arn}",
            "delete_rule",
            frozenset({"RuleNotFound", "RuleNotFoundException"}),
            RuleArn=arn,
        )


def _write_conditions(rule: ListenerRule) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = []
    if rule.path_patterns:
        conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": sorted(rule.path_patterns)}})
    if rule.host_headers:
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": sorted(rule.host_headers)}})
    return conditions


def _read_rule(listener_arn: str, priority: int, answer: Mapping[str, Any]) -> ListenerRule:
    paths: set[str] = set()
    hosts: set[str] = set()
    for condition in answer["Conditions"]:
        if condition["Field"] == "path-pattern":
            paths |= set(condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values", []))
        elif condition["Field"] == "host-header":
            hosts |= set(condition.get("HostHeaderConfig", {}).get("Values") or condition.get("Values", []))
        else:
            # A condition that a rollout never writes: kept in sight, so that the rule counts as different.
            paths.add(f"and a condition on {condition['Field']}")
    return ListenerRule(
        listener_arn=listener_arn,
        priority=priority,
        path_patterns=frozenset(paths),
        host_headers=frozenset(hosts),
        target_group_arn=_forwards_to(answer["Actions"]),
        arn=answer["RuleArn"],
    )


def _forwards_to(actions: list[Mapping[str, Any]]) -> str:
    """The only target group that gets the traffic; anything else in words, so that it counts as different."""
    last = actions[-1]
    groups = last.get("ForwardConfig", {}).get("TargetGroups", [])
    live = [group for group in groups if group.get("Weight", 1) > 0]
    if last["Type"] != "forward" or len(actions) > 1:
        return " then ".join(str(action["Type"]) for action in actions)
    if len(live) > 1:
        return ", ".join(f"{group.get('Weight', 1)} to {group['TargetGroupArn']}" for group in live)
    return str(live[0]["TargetGroupArn"]) if live else str(last.get("TargetGroupArn", "nothing"))
