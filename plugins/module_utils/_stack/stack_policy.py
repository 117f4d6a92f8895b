# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack policy allows an update to do.

AWS: CloudFormation User Guide, "Prevent updates to stack resources". Once a stack has a policy, what no statement
allows is denied, and a denial beats an allowance.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def denies(policy: Mapping[str, Any] | None, action: str, logical_id: str, resource_type: str) -> bool:
    """Whether the policy (None: there is none) denies ``Update:Modify``, ``Update:Replace`` or ``Update:Delete``."""
    if policy is None:
        return False
    applying = [
        statement
        for statement in _listed(policy.get("Statement", []))
        if _matches(statement, "Action", action)
        and _matches(statement, "Resource", f"LogicalResourceId/{logical_id}")
        and _holds(statement.get("Condition") or {}, resource_type)
    ]
    effects = {statement.get("Effect") for statement in applying}
    return "Deny" in effects or "Allow" not in effects


def _holds(condition: Mapping[str, Any], resource_type: str) -> bool:
    return all(
        any(fnmatchcase(resource_type, pattern) for pattern in _listed(test.get("ResourceType", "*")))
        for test in condition.values()
    )


def _matches(statement: Mapping[str, Any], member: str, text: str) -> bool:
    if f"Not{member}" in statement:
        return not any(fnmatchcase(text, pattern) for pattern in _listed(statement[f"Not{member}"]))
    return any(fnmatchcase(text, pattern) for pattern in _listed(statement.get(member, [])))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
