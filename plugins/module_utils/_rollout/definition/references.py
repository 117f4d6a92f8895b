# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task definition refers to: roles, secrets, log groups and log streams. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .comparison import Document


@dataclass(frozen=True, slots=True)
class References:
    """What must exist for a task to start. ``secrets`` are the ``valueFrom`` of secrets and parameters."""

    roles: tuple[str, ...]
    secrets: tuple[str, ...]
    log_groups: tuple[str, ...]


def references(document: Document) -> References:
    """What *document* refers to."""
    containers = document.get("containerDefinitions", [])
    logs = [container.get("logConfiguration") or {} for container in containers]
    secrets = [
        secret["valueFrom"]
        for holder, key in (
            *((container, "secrets") for container in containers),
            *((log, "secretOptions") for log in logs),
        )
        for secret in holder.get(key) or []
    ]
    credentials = [
        (container.get("repositoryCredentials") or {}).get("credentialsParameter") for container in containers
    ]
    groups = [
        options["awslogs-group"]
        for log in logs
        if log.get("logDriver") == "awslogs" and (options := log.get("options") or {}).get("awslogs-group")
        if str(options.get("awslogs-create-group", "")).lower() != "true"
    ]
    roles = [document.get(key) for key in ("taskRoleArn", "executionRoleArn")]
    return References(
        roles=tuple(sorted({role for role in roles if role})),
        secrets=tuple(sorted({secret for secret in (*secrets, *credentials) if secret})),
        log_groups=tuple(sorted(set(groups))),
    )


def log_stream(document: Document, container: str, task_id: str) -> tuple[str, str] | None:
    """The log group and stream that *container* of the task writes to, or None when it has no such stream."""
    for definition in document.get("containerDefinitions", []):
        log = definition.get("logConfiguration") or {}
        options = log.get("options") or {}
        group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
        if definition.get("name") == container and log.get("logDriver") == "awslogs" and group and prefix:
            return group, f"{prefix}/{container}/{task_id}"
    return None
