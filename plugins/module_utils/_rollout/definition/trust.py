# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the trust policy of a role lets tasks of ECS assume it. Pure.

Only what is certain is told: a policy of another shape, and one with conditions, is taken to let them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

#: Who assumes roles of tasks, and the infrastructure role.
TASKS = "ecs-tasks.amazonaws.com"
INFRASTRUCTURE = "ecs.amazonaws.com"
_ACTION = "sts:assumerole"


def trusts(policy: Any, service: str) -> bool:
    """Whether *policy*, as IAM answers or as its text, may let the *service* assume the role."""
    document = _read(policy) if isinstance(policy, str) else policy
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list):
        return True
    return any(_may_allow(statement, service) for statement in statements)


def _read(text: str) -> Any:
    try:
        return json.loads(unquote(text))
    except (ValueError, RecursionError):
        return None


def _may_allow(statement: Any, service: str) -> bool:
    if not isinstance(statement, Mapping):
        return True
    if statement.get("Effect") == "Deny":
        return False
    return _may_act(statement) and _may_be(service, statement)


def _may_act(statement: Mapping[str, Any]) -> bool:
    if "Action" not in statement:
        return True
    return any(fnmatchcase(_ACTION, action.lower()) for action in _listed(statement["Action"]))


def _may_be(service: str, statement: Mapping[str, Any]) -> bool:
    """Whether the principal may be the *service*. Everybody is it too, and so may be whoever is not listed."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping):
        return True
    everybody = "*" in _listed(principal.get("AWS"))
    return everybody or any(name in ("*", service) for name in _listed(principal.get("Service")))


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
