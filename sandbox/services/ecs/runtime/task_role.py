# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The credentials that a task has of its role.

On AWS they are asked for at 169.254.170.2, an address that no container of the sandbox reaches. Here they stand in the
environment, where the SDKs look first, and hold for as long as a sandbox lives.
"""

from typing import Any

from sandbox.role_session import session

Record = dict[str, Any]

# MiniStack's own way to credentials, which are nobody's; and SDKs refuse its address.
_ELSEWHERE = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN")


def role_of(task: Record, family: Record) -> str:
    """The ARN of the role: what RunTask overrode it with, else the task definition's; empty without one."""
    return str((task.get("overrides") or {}).get("taskRoleArn") or family.get("taskRoleArn") or "")


def give(environment: dict[str, str], task: Record, family: Record) -> None:
    """Put the role's credentials into a container's environment, unless its definition brings credentials itself."""
    for name in _ELSEWHERE:
        environment.pop(name, None)
    role = role_of(task, family)
    if role and "AWS_ACCESS_KEY_ID" not in environment:
        environment |= session(role, str(task["taskArn"]).rsplit("/", 1)[-1])
