# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listener rules as they stand and as they are written: conditions, weights, whose they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..values import ListenerRule
from .conditions import canonical, ordered, patterns, read_condition, write_condition
from .ownership import owner_of
from .wildcards import wildcards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .ownership import Owner

Place = tuple[str, int]

# No request of a user has it: a rule with this condition has its targets health-checked and routes nobody to them.
_WARMING_HEADER = "x-fastbreak-warming"

# What the conditions of a rule hold at most ("Quotas for your Application Load Balancers").
_MOST_VALUES, _MOST_WILDCARDS = 5, 5
_EVERY_PATH = frozenset({"/*"})

_OTHER_CONDITIONS = "its conditions are others"


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A listener rule. *conditions* and *actions* are in the API's shape; ``arn`` is empty for one to be created.

    One that stands is written without its actions when it has none here: they stay what they are.
    """

    listener_arn: str
    priority: int
    conditions: tuple[dict[str, Any], ...]
    actions: tuple[dict[str, Any], ...]
    tags: frozenset[tuple[str, str]] = frozenset()
    arn: str = ""

    @property
    def place(self) -> Place:
        """Listener and priority, which no other rule has."""
        return self.listener_arn, self.priority

    @property
    def name(self) -> str:
        """The rule in messages."""
        return f"rule {self.priority} of listener {self.listener_arn.rpartition('/')[2]}"

    @property
    def weights(self) -> dict[str, int]:
        """The target groups that it forwards to, with their weights; none unless forwarding is all it does."""
        if len(self.actions) != 1 or self.actions[0].get("Type") != "forward":
            return {}
        action = self.actions[0]
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
        return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}

    @property
    def warms(self) -> bool:
        """Whether it only has its targets health-checked, since no request of a user meets it."""
        headers = (condition.get("HttpHeaderConfig", {}) for condition in self.conditions)
        return any(header.get("HttpHeaderName") == _WARMING_HEADER for header in headers)

    @property
    def groups(self) -> frozenset[str]:
        """The target groups that get traffic."""
        return frozenset(arn for arn, weight in self.weights.items() if weight > 0)

    def summary(self) -> ListenerRule:
        """The rule as it is compared and shown."""
        conditions = (read_condition(condition) for condition in self.conditions)
        return ListenerRule(
            listener_arn=self.listener_arn,
            priority=self.priority,
            path_patterns=_values(self.conditions, "path-pattern", "PathPatternConfig"),
            host_headers=_values(self.conditions, "host-header", "HostHeaderConfig"),
            target_group_arn=_forwards_to(self),
            waiting_group_arns=frozenset(self.weights) - self.groups,
            arn=self.arn,
            conditions=frozenset(condition for condition in conditions if condition),
        )

    def same_routing(self, other: StandingRule) -> bool:
        """Whether both send the same requests to the same place."""
        return (compared(self.summary()), self.weights) == (
            replace(compared(other.summary()), arn=self.arn),
            other.weights,
        )


def same_conditions(left: StandingRule, right: StandingRule) -> bool:
    """Whether both let the same requests in, wherever they send them."""
    return _conditions_of(left) == _conditions_of(right)


def _conditions_of(rule: StandingRule) -> ListenerRule:
    bare = replace(compared(rule.summary()), target_group_arn="", waiting_group_arns=frozenset(), arn="")
    return replace(bare, listener_arn="", priority=0)


def _values(conditions: Iterable[Mapping[str, Any]], field: str, member: str) -> frozenset[str]:
    found = (condition for condition in conditions if condition["Field"] == field)
    return frozenset(
        value for condition in found for value in condition.get(member, {}).get("Values") or condition.get("Values", [])
    )


def compared(rule: ListenerRule) -> ListenerRule:
    """*rule* as it is compared: without case that the load balancer ignores, and without a pattern for every path."""
    hosts = frozenset(map(str.lower, rule.host_headers))
    return replace(
        rule,
        path_patterns=_written_paths(rule),
        host_headers=hosts,
        conditions=canonical(rule.conditions),
        is_test=False,
    )


def _written_paths(rule: ListenerRule) -> frozenset[str]:
    """The paths that are written: beside other conditions none for every path, which saves one of the five values."""
    every = rule.path_patterns == _EVERY_PATH and (rule.host_headers or rule.conditions)
    return frozenset() if every else rule.path_patterns


def excess(rule: ListenerRule) -> str:
    """What *rule* has more of than a rule takes; empty when it fits."""
    plain = [*_written_paths(rule), *rule.host_headers]
    count = len(plain) + sum(len(condition.values) for condition in rule.conditions)
    wild = wildcards([*plain, *patterns(rule.conditions)])
    if count > _MOST_VALUES:
        return f"{count} values in its conditions; a rule takes {_MOST_VALUES}"
    return f"{wild} wildcards in its conditions; a rule takes {_MOST_WILDCARDS}" if wild > _MOST_WILDCARDS else ""


def _forwards_to(rule: StandingRule) -> str:
    """The only target group that gets the traffic; anything else in words, so that it counts as different."""
    weights = rule.weights
    if not weights:
        return " then ".join(str(action["Type"]) for action in rule.actions)
    live = sorted(rule.groups)
    if len(live) > 1:
        return ", ".join(f"{weights[arn]} to {arn}" for arn in live)
    return live[0] if live else "nothing"


def written(
    rule: ListenerRule, *, waiting: Iterable[str] = (), tags: Mapping[str, str] | None = None, arn: str = ""
) -> StandingRule:
    """*rule* in the API's shape. The groups of *waiting* are health-checked and get no traffic."""
    conditions: list[dict[str, Any]] = []
    if paths := _written_paths(rule):
        conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": sorted(paths)}})
    if rule.host_headers:
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": sorted(rule.host_headers)}})
    conditions += [write_condition(condition) for condition in ordered(rule.conditions)]
    weights = {rule.target_group_arn: 1, **{group: 0 for group in waiting if group != rule.target_group_arn}}
    return StandingRule(
        rule.listener_arn,
        rule.priority,
        tuple(conditions),
        (_forward(weights),),
        frozenset((tags or {}).items()),
        arn or rule.arn,
    )


def routing_differences(wanted: StandingRule, seen: StandingRule) -> str:
    """How *seen* sends users otherwise than *wanted*, which has the same place, in words; empty when it does not."""
    other = replace(seen, listener_arn=wanted.listener_arn, priority=wanted.priority)
    if wanted.same_routing(other):
        return ""
    left, right = wanted.summary(), other.summary()
    if left.target_group_arn != right.target_group_arn:
        return f"it forwards to {right.target_group_arn}, and not to {left.target_group_arn}"
    if wanted.weights != other.weights:
        return "it forwards to other target groups besides"
    return _OTHER_CONDITIONS


def condition_differences(wanted: StandingRule, seen: StandingRule) -> str:
    """How *seen* takes other requests than *wanted*, in words; empty when it does not."""
    return "" if same_conditions(wanted, seen) else _OTHER_CONDITIONS


def widened(there: StandingRule, wanted: ListenerRule) -> ListenerRule:
    """*wanted* with the paths of *there* as well; *wanted* itself where a rule cannot hold both."""
    seen = there.summary()
    paths = (seen.path_patterns or _EVERY_PATH) | (wanted.path_patterns or _EVERY_PATH)
    both = replace(wanted, path_patterns=_EVERY_PATH if "/*" in paths else paths)
    left, right = compared(seen), compared(wanted)
    same = (left.host_headers, left.conditions) == (right.host_headers, right.conditions)
    return both if same and not excess(both) else wanted


def warming(rule: ListenerRule, *, tags: Mapping[str, str]) -> StandingRule:
    """A rule at the place of *rule* that has its targets health-checked before any user is sent there."""
    header = {"HttpHeaderName": _WARMING_HEADER, "Values": ["only-health-checks"]}
    conditions = ({"Field": "http-header", "HttpHeaderConfig": header},)
    return replace(written(rule, tags=tags), conditions=conditions)


def with_waiting(rule: StandingRule, groups: Iterable[str]) -> StandingRule:
    """*rule* with *groups* health-checked as well, without traffic. Unchanged when it does more than forward."""
    weights = rule.weights
    new = {group: 0 for group in groups if group not in weights}
    if not weights or not new:
        return rule
    config = rule.actions[0].get("ForwardConfig", {})
    kept = {key: value for key, value in config.items() if key != "TargetGroups"}
    return replace(rule, actions=(_forward({**weights, **new}, kept),))


def _forward(weights: Mapping[str, int], config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in sorted(weights.items())]
    return {"Type": "forward", "ForwardConfig": {**(config or {}), "TargetGroups": groups}}


def at(rules: Iterable[StandingRule], place: Place) -> StandingRule | None:
    """The rule that stands at *place*."""
    return next((rule for rule in rules if rule.place == place), None)


def routed_groups(rules: Iterable[StandingRule]) -> frozenset[str]:
    """The target groups that get traffic by any of *rules*."""
    return frozenset(group for rule in rules for group in rule.groups)


def ours_or_there(
    standing: Iterable[StandingRule], wanted: Iterable[ListenerRule], owner: Owner
) -> tuple[StandingRule, ...]:
    """Of *standing* what *owner* owns, and what stands in the place of a *wanted* rule."""
    places = {(rule.listener_arn, rule.priority) for rule in wanted}
    return tuple(rule for rule in standing if owner.owns(rule.tags) or rule.place in places)


def collision(standing: StandingRule | None, wanted: ListenerRule, owner: Owner) -> str:
    """Why *wanted* must not take the place of *standing*; empty when it may.

    A rule without an owner's tags may be taken over only when it forwards to the wanted target group already.
    """
    if standing is None or owner.owns(standing.tags):
        return ""
    where = f"priority {wanted.priority} of listener {wanted.listener_arn} (listener_rules)"
    advice = "Name another priority, or remove that rule first if nothing needs it"
    if owner.excluded_by(standing.tags):
        return f"{where} belongs to {owner_of(standing.tags)} by its tags, where {owner} wants it. {advice}"
    if standing.groups == {wanted.target_group_arn}:
        return ""
    return (
        f"{where} holds a rule that no service is named on, and that forwards to {standing.summary().target_group_arn} "
        f"and not to load_balancer.target_group_arn {wanted.target_group_arn}. {advice}; or, if it is this service's "
        f"own, give it the tags {', '.join(f'{key}={value}' for key, value in owner.marks.items())}"
    )
