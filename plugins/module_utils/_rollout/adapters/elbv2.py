# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing v2 through boto3."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..service.access import ListenerAccess
from ..service.rules import StandingRule
from ..values import HealthCheck, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_GROUP = frozenset({"TargetGroupNotFound", "TargetGroupNotFoundException"})
_NO_LISTENER = frozenset({"ListenerNotFound", "ListenerNotFoundException"})
_NO_BALANCER = frozenset({"LoadBalancerNotFound", "LoadBalancerNotFoundException"})
_NO_RULE = frozenset({"RuleNotFound", "RuleNotFoundException"})
# What DescribeTags takes at most.
_TAG_BATCH = 20
_USABLE_STATES = frozenset({"active", "active_impaired"})


class Elbv2Client(AwsClient):
    """The load balancers of one account and region."""

    label = "Elastic Load Balancing"

    def target_group_problem(self, arn: str, *, vpc: str, routed: bool) -> str:
        """Why tasks in *vpc* (empty: not known) cannot be registered with the target group, or an empty string."""
        answer = self._find(f"describe target group {arn}", "describe_target_groups", _NO_GROUP, TargetGroupArns=[arn])
        groups = (answer or {}).get("TargetGroups", [])
        if not groups:
            return f"Target group {arn} does not exist; provision component 'ecs', or name another."
        kind = groups[0].get("TargetType")
        if kind != "ip":
            return f"Target group {arn} is of type {kind}; tasks with their own network interface need type ip."
        there = groups[0].get("VpcId", "")
        if vpc and there and vpc != there:
            return f"Target group {arn} is in {there}, where the subnets of the option network are in {vpc}."
        if not routed and not groups[0].get("LoadBalancerArns"):
            return (
                f"Target group {arn} is attached to no load balancer, so that ECS refuses it; name a rule in "
                "listener_rules, or let a listener forward to it."
            )
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

    def listener_access(self, arn: str) -> ListenerAccess | None:
        """Where the listener is, or None when there is none. Without groups anybody gets there."""
        answer = self._find(f"describe listener {arn}", "describe_listeners", _NO_LISTENER, ListenerArns=[arn])
        for listener in (answer or {}).get("Listeners", []):
            balancers = [listener["LoadBalancerArn"]]
            described = self._find(
                f"describe load balancer {balancers[0]}",
                "describe_load_balancers",
                _NO_BALANCER,
                LoadBalancerArns=balancers,
            )
            for balancer in (described or {}).get("LoadBalancers", []):
                groups = frozenset(balancer.get("SecurityGroups", []))
                return ListenerAccess(listener.get("Port", 0), groups, balancer.get("Scheme") == "internal")
        return None

    def health_check(self, target_group_arn: str) -> HealthCheck | None:
        """How the target group checks its targets, or None when there is no such target group."""
        arns = [target_group_arn]
        answer = self._find(
            f"describe target group {target_group_arn}", "describe_target_groups", _NO_GROUP, TargetGroupArns=arns
        )
        for group in (answer or {}).get("TargetGroups", []):
            return HealthCheck(
                interval_seconds=group.get("HealthCheckIntervalSeconds", 0),
                healthy_threshold=group.get("HealthyThresholdCount", 0),
                unhealthy_threshold=group.get("UnhealthyThresholdCount", 0),
            )
        return None

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...] | None:
        """The targets and their health, or None when there is no such target group."""
        answer = self._find(
            f"describe the health of target group {target_group_arn}",
            "describe_target_health",
            _NO_GROUP,
            TargetGroupArn=target_group_arn,
        )
        if answer is None:
            return None
        return tuple(
            Target(
                address=described["Target"]["Id"],
                state=described["TargetHealth"]["State"],
                reason=described["TargetHealth"].get("Reason", ""),
                description=described["TargetHealth"].get("Description", ""),
            )
            for described in answer["TargetHealthDescriptions"]
        )

    def list_rules(self, listener_arns: frozenset[str], target_group_arns: frozenset[str]) -> tuple[StandingRule, ...]:
        """Every rule, but the default ones, of the load balancers that these listeners and groups belong to."""
        listeners = self._listeners(self._balancers(listener_arns, target_group_arns)) | listener_arns
        found = [rule for listener in sorted(listeners) for rule in self._rules(listener)]
        tags = self._tags([rule["RuleArn"] for _listener, rule in found])
        return tuple(read_rule(listener, rule, tags.get(rule["RuleArn"], {})) for listener, rule in found)

    def request_count_label(self, target_group_arn: str, listener_arns: frozenset[str]) -> str:
        """What a scaling policy calls the target group's requests; empty when no Application Load Balancer has them."""
        attached = self._balancers(frozenset(), frozenset({target_group_arn}))
        balancers = attached or self._balancers(listener_arns, frozenset())
        names = sorted(arn.partition(":loadbalancer/")[2] for arn in balancers)
        application = [name for name in names if name.startswith("app/")]
        return f"{application[0]}/{target_group_arn.rpartition(':')[2]}" if application else ""

    def _balancers(self, listener_arns: frozenset[str], target_group_arns: frozenset[str]) -> set[str]:
        balancers: set[str] = set()
        for arn in sorted(target_group_arns):
            answer = self._find(
                f"describe target group {arn}", "describe_target_groups", _NO_GROUP, TargetGroupArns=[arn]
            )
            for group in (answer or {}).get("TargetGroups", []):
                balancers |= set(group.get("LoadBalancerArns", []))
        for arn in sorted(listener_arns):
            answer = self._find(f"describe listener {arn}", "describe_listeners", _NO_LISTENER, ListenerArns=[arn])
            balancers |= {listener["LoadBalancerArn"] for listener in (answer or {}).get("Listeners", [])}
        return balancers

    def _listeners(self, balancers: set[str]) -> set[str]:
        return {
            listener["ListenerArn"]
            for balancer in sorted(balancers)
            for page in self._pages(
                f"list the listeners of load balancer {balancer}",
                "describe_listeners",
                _NO_BALANCER,
                LoadBalancerArn=balancer,
            )
            for listener in page["Listeners"]
        }

    def _rules(self, listener_arn: str) -> list[tuple[str, dict[str, Any]]]:
        pages = self._pages(
            f"describe the rules of listener {listener_arn}", "describe_rules", _NO_LISTENER, ListenerArn=listener_arn
        )
        return [(listener_arn, rule) for page in pages for rule in page["Rules"] if rule["Priority"].isdigit()]

    def _tags(self, arns: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for start in range(0, len(arns), _TAG_BATCH):
            batch = list(arns[start : start + _TAG_BATCH])
            # A rule that was deleted meanwhile makes the whole batch unknown: each is then asked for by itself.
            answer = self._find("read the tags of listener rules", "describe_tags", _NO_RULE, ResourceArns=batch)
            answers = [answer] if answer or len(batch) == 1 else [self._tags_of(arn) for arn in batch]
            for described in (found_tags for given in answers if given for found_tags in given["TagDescriptions"]):
                found[described["ResourceArn"]] = {tag["Key"]: tag.get("Value", "") for tag in described["Tags"]}
        return found

    def _tags_of(self, arn: str) -> Any:
        return self._find("read the tags of a listener rule", "describe_tags", _NO_RULE, ResourceArns=[arn])

    def find_rules(self, arns: tuple[str, ...]) -> tuple[StandingRule, ...]:
        """The rules of *arns* that are there, without their tags and listeners."""
        if not arns:
            return ()
        found = self._described_rules(arns)
        if not found and len(arns) > 1:
            # A rule that is gone makes the whole question unknown: each is then asked for by itself.
            found = [rule for arn in arns for rule in self._described_rules((arn,))]
        return tuple(read_rule("", rule, {}) for rule in found)

    def _described_rules(self, arns: tuple[str, ...]) -> list[dict[str, Any]]:
        pages = self._pages("look for our listener rules", "describe_rules", _NO_RULE, RuleArns=list(arns))
        return [rule for page in pages for rule in page["Rules"] if rule["Priority"].isdigit()]

    def put_rule(self, rule: StandingRule) -> StandingRule:
        """Create the rule with its tags, or change conditions, and actions if it has any, of the rule of its ARN."""
        body: dict[str, Any] = {"Conditions": list(rule.conditions)}
        if rule.actions:
            body["Actions"] = list(rule.actions)
        if rule.arn:
            self._call(f"change listener rule {rule.arn}", "modify_rule", RuleArn=rule.arn, **body)
            return rule
        tags = {"Tags": _write_tags(dict(rule.tags))} if rule.tags else {}
        answer = self._call(
            f"create listener rule {rule.priority}",
            "create_rule",
            ListenerArn=rule.listener_arn,
            Priority=rule.priority,
            **tags,
            **body,
        )
        return replace(rule, arn=answer["Rules"][0]["RuleArn"])

    def tag_rule(self, rule: StandingRule, tags: Mapping[str, str]) -> None:
        """Make *tags* the whole of the tags of *rule*, which says what it has."""
        before = {key: value for key, value in rule.tags if not key.startswith("aws:")}
        if gone := sorted(set(before) - set(tags)):
            self._call(f"untag listener rule {rule.arn}", "remove_tags", ResourceArns=[rule.arn], TagKeys=gone)
        if new := {key: value for key, value in tags.items() if before.get(key) != value}:
            self._call(f"tag listener rule {rule.arn}", "add_tags", ResourceArns=[rule.arn], Tags=_write_tags(new))

    def delete_rule(self, arn: str) -> None:
        """Delete the rule; no error when there is none."""
        self._find(
            f"delete listener rule {arn}",
            "delete_rule",
            _NO_RULE,
            RuleArn=arn,
        )


def _write_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def read_rule(listener_arn: str, answer: Mapping[str, Any], tags: Mapping[str, str]) -> StandingRule:
    """A `Rule` of the API, in a form that CreateRule and ModifyRule take."""
    return StandingRule(
        listener_arn=listener_arn,
        priority=int(answer["Priority"]),
        conditions=tuple(_condition(condition) for condition in answer["Conditions"]),
        actions=tuple(_action(action) for action in answer["Actions"]),
        tags=frozenset(tags.items()),
        arn=answer["RuleArn"],
    )


def _condition(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The condition, without the plain values that the API repeats beside their structure and does not take twice."""
    structured = any(key.endswith("Config") and value for key, value in answer.items())
    return {key: value for key, value in answer.items() if value and not (structured and key == "Values")}


def _action(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The action, without the only target group that the API repeats beside the forward's groups."""
    weighted = bool(answer.get("ForwardConfig", {}).get("TargetGroups"))
    return {key: value for key, value in answer.items() if not (weighted and key == "TargetGroupArn")}
