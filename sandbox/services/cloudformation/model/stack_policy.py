# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a stack policy forbids.

AWS: CloudFormation User Guide, "Prevent updates to stack resources". Once a stack has a policy, what no statement
allows is denied, and a denial beats an allowance.
"""

import fnmatch
import json
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sandbox.ministack import cloudformation
from sandbox.side_table import Record, SideTable

Statement = dict[str, Any]


@dataclass
class Override:
    """A policy for one update alone."""

    moment: str | None = None
    """`LastUpdatedTime` of the stack during the update that it is for."""
    policy: str = ""


def holds_stack(stack: Record) -> bool:
    """Whether MiniStack still has the record."""
    return any(held is stack for held in cloudformation._stacks.all_values())


_OVERRIDES = SideTable(itemgetter("StackId"), holds_stack, Override)
override_of = _OVERRIDES.of
forget = _OVERRIDES.clear


def policy_of(stack: Record) -> str:
    """The policy in force: that for this update alone, else the stack's; empty when there is none."""
    override = override_of(stack)
    if override.moment is not None and override.moment == stack.get("LastUpdatedTime"):
        return override.policy
    return str(stack.get("_stack_policy") or "")


def refusal(policy: str, action: str, logical_id: str, resource_type: str) -> str | None:
    """Why the policy's text forbids `action` (`Update:Modify`, ...) on a resource; None when it does not."""
    statements = _listed(json.loads(policy).get("Statement") or []) if policy else []
    if not policy:
        return None
    applying = [statement for statement in statements if _applies(statement, action, logical_id, resource_type)]
    denied = [statement for statement in applying if statement.get("Effect") == "Deny"]
    if denied or not applying:
        number = statements.index(denied[0]) + 1 if denied else 1
        return (
            f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource "
            f"[LogicalResourceId/{logical_id}]"
        )
    return None


def _applies(statement: Statement, action: str, logical_id: str, resource_type: str) -> bool:
    return (
        _matches(statement, "Action", action)
        and _matches(statement, "Resource", f"LogicalResourceId/{logical_id}")
        and all(
            any(fnmatch.fnmatchcase(resource_type, pattern) for pattern in _listed(test.get("ResourceType", "*")))
            for test in (statement.get("Condition") or {}).values()
        )
    )


def _matches(statement: Statement, member: str, text: str) -> bool:
    if f"Not{member}" in statement:
        return not any(fnmatch.fnmatchcase(text, pattern) for pattern in _listed(statement[f"Not{member}"]))
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in _listed(statement.get(member, [])))


def _listed(thing: Any) -> list[Any]:
    return thing if isinstance(thing, list) else [thing]
