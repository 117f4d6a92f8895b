# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listener rules through boto3, kept whole: conditions, weights, stickiness, transforms and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..listener_rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_LISTENER = frozenset({"ListenerNotFound", "ListenerNotFoundException"})
_NO_RULE = frozenset({"RuleNotFound", "RuleNotFoundException"})
# What DescribeTags takes at most.
_TAG_BATCH = 20


class ListenerRulesClient(AwsClient):
    """The rules of the listeners of one account and region."""

    label = "Elastic Load Balancing"

    def list_rules(self, listener_arn: str) -> tuple[Rule, ...]:
        """All but the default one, by priority; none when there is no such listener."""
        pages = self._pages(
            f"describe the rules of listener {listener_arn}", "describe_rules", _NO_LISTENER, ListenerArn=listener_arn
        )
        found = [rule for page in pages for rule in page["Rules"] if rule["Priority"].isdigit()]
        tags = self._tags([rule["RuleArn"] for rule in found])
        rules = (_rule(listener_arn, rule, tags.get(rule["RuleArn"], {})) for rule in found)
        return tuple(sorted(rules, key=lambda rule: rule.priority))

    def create_rule(self, listener_arn: str, rule: Rule) -> None:
        """Make a rule like *rule*, with its tags, on a listener."""
        tags = [{"Key": key, "Value": value} for key, value in sorted(rule.tags) if not key.startswith("aws:")]
        self._call(
            f"create rule {rule.priority} on listener {listener_arn}",
            "create_rule",
            ListenerArn=listener_arn,
            Priority=rule.priority,
            **_body(rule),
            **({"Tags": tags} if tags else {}),
        )

    def change_rule(self, there: Rule, rule: Rule) -> None:
        """Have the rule that is *there* do what *rule* does."""
        body = _body(rule)
        if there.transforms and not rule.transforms:
            body["ResetTransforms"] = True
        self._call(f"change {there}", "modify_rule", RuleArn=there.arn, **body)

    def delete_rule(self, rule: Rule) -> None:
        """Delete it; no error when it is gone."""
        self._find(f"delete {rule}", "delete_rule", _NO_RULE, RuleArn=rule.arn)

    def _tags(self, arns: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for start in range(0, len(arns), _TAG_BATCH):
            batch = list(arns[start : start + _TAG_BATCH])
            answer = self._call("read the tags of listener rules", "describe_tags", ResourceArns=batch)
            for described in answer["TagDescriptions"]:
                found[described["ResourceArn"]] = {tag["Key"]: tag.get("Value", "") for tag in described["Tags"]}
        return found


def _rule(listener_arn: str, answer: Mapping[str, Any], tags: Mapping[str, str]) -> Rule:
    return Rule(
        arn=answer["RuleArn"],
        listener_arn=listener_arn,
        priority=int(answer["Priority"]),
        conditions=tuple(_condition(condition) for condition in answer["Conditions"]),
        actions=tuple(_action(action) for action in answer["Actions"]),
        transforms=tuple(answer.get("Transforms") or ()),
        tags=frozenset(tags.items()),
    )


def _condition(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The condition, without the plain values that the API repeats beside their structure and does not take twice."""
    structured = any(key.endswith("Config") and value for key, value in answer.items())
    return {key: value for key, value in answer.items() if value and not (structured and key == "Values")}


def _action(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The action, without the only target group that the API repeats beside the forward's groups."""
    weighted = bool(answer.get("ForwardConfig", {}).get("TargetGroups"))
    return {key: value for key, value in answer.items() if not (weighted and key == "TargetGroupArn")}


def _body(rule: Rule) -> dict[str, Any]:
    body: dict[str, Any] = {"Conditions": list(rule.conditions), "Actions": list(rule.actions)}
    return {**body, "Transforms": list(rule.transforms)} if rule.transforms else body
