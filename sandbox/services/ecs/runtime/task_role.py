# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The credentials that a task has of its role.

On AWS they are asked for at 169.254.170.2, an address that no container of the sandbox reaches. Here they stand in the
environment, where the SDKs look first, and hold for as long as a sandbox lives.
"""

import secrets
import time
from typing import Any

from sandbox.ministack import sts

Record = dict[str, Any]

_LIFETIME_SECONDS = 30 * 24 * 3600.0
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
        environment |= _session(role, str(task["taskArn"]).rsplit("/", 1)[-1])


def _session(role: str, name: str) -> dict[str, str]:
    account, role_name = role.split(":")[4], role.rsplit("/", 1)[-1]
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(96)
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
            "UserId": f"AROA{role_name}:{name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": time.time() + _LIFETIME_SECONDS,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
