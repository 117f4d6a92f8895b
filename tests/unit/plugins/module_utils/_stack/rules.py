# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listeners with their rules, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.fastbreak.aws.plugins.module_utils._stack.listener_rules import Rule

MARKS = {"fastbreak:cluster": "fastbreak-dev"}
TAGS = frozenset({("fastbreak:cluster", "fastbreak-dev"), ("fastbreak:service", "inference")})


def rule(priority: int = 100, listener: str = "plain", group: str = "blue", **fields: Any) -> Rule:
    """A rule of a release, on *listener*."""
    made = Rule(
        arn=f"{listener}/{priority}",
        listener_arn=listener,
        priority=priority,
        conditions=({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}},),
        actions=({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]}},),
        tags=TAGS,
    )
    return replace(made, **fields)


class FakeRules:
    """``calls`` records what wrote, ``standing`` the rules by listener and priority."""

    def __init__(self, *rules: Rule) -> None:
        self.standing = {(each.listener_arn, each.priority): each for each in rules}
        self.calls: list[tuple[str, str, int]] = []

    def list_rules(self, listener_arn: str) -> list[Rule]:
        return sorted(
            (each for (listener, _priority), each in self.standing.items() if listener == listener_arn),
            key=lambda each: each.priority,
        )

    def create_rule(self, listener_arn: str, wanted: Rule) -> None:
        assert (listener_arn, wanted.priority) not in self.standing
        self.calls.append(("create", listener_arn, wanted.priority))
        arn = f"{listener_arn}/{wanted.priority}"
        self.standing[listener_arn, wanted.priority] = replace(wanted, listener_arn=listener_arn, arn=arn)

    def change_rule(self, there: Rule, wanted: Rule) -> None:
        self.calls.append(("change", there.listener_arn, there.priority))
        self.standing[there.listener_arn, there.priority] = replace(
            wanted, listener_arn=there.listener_arn, arn=there.arn, tags=there.tags
        )

    def delete_rule(self, gone: Rule) -> None:
        self.calls.append(("delete", gone.listener_arn, gone.priority))
        del self.standing[gone.listener_arn, gone.priority]
