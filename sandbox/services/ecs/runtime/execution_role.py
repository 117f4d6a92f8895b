# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What ECS does in the name of a task's execution role before its containers start: log in to ECR, read secrets, log.

AWS: developer guide, task execution IAM role; stopped tasks error messages.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import clients
from sandbox.identity import is_enforced, may, principal_of
from sandbox.ministack import ecs, responses
from sandbox.role_session import session
from sandbox.services.ecs.model.errors import StartFailed
from sandbox.services.ecs.runtime.task_role import Record

_SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
_LOGS = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: "


def role_of(task: Record, family: Record) -> str:
    """The ARN of the role: what RunTask overrode it with, else the task definition's; empty without one."""
    return str((task.get("overrides") or {}).get("executionRoleArn") or family.get("executionRoleArn") or "")


@contextlib.contextmanager
def acting(task: Record, family: Record) -> Iterator[None]:
    """Inside it the emulator's own clients are the role's."""
    role = role_of(task, family)
    with clients.signing_with(session(role, _identifier(task))["AWS_ACCESS_KEY_ID"] if role else ""):
        yield


def check(task: Record, family: Record, definition: Mapping[str, Any]) -> None:
    """StartFailed unless the role may do what the container's start needs. Only under `AUTH=true`."""
    role, name = role_of(task, family), str(definition["name"])
    if not is_enforced() or not role:
        return
    needed = [(_SECRETS, "ecr:GetAuthorizationToken", "*")] if ".dkr.ecr." in definition["image"] else []
    needed += [
        (_SECRETS, "secretsmanager:GetSecretValue", ":".join(secret["valueFrom"].split(":")[:7]))
        for secret in definition.get("secrets") or []
        if ":secretsmanager:" in secret.get("valueFrom", "")
    ]
    needed += [(_LOGS, action, stream) for stream in _streams(definition, task) for action in _LOGGING]
    principal = principal_of(_session_arn(role, task))
    for said, action, resource in needed:
        if not may(principal, action, resource):
            raise StartFailed(
                f"{said}AccessDeniedException: User: {principal.arn} is not authorized to perform: {action} on "
                f"resource: {resource} because no identity-based policy allows the {action} action",
                name,
            )


def _streams(definition: Mapping[str, Any], task: Record) -> list[str]:
    config = ecs._awslogs_config(definition, _identifier(task), "")
    if config is None:
        return []
    place = f"{config['region'] or responses.get_region()}:{responses.get_account_id()}"
    return [f"arn:aws:logs:{place}:log-group:{config['group']}:log-stream:{config['stream']}"]


def _session_arn(role: str, task: Record) -> str:
    account, name = role.split(":")[4], role.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/{_identifier(task)}"


def _identifier(task: Record) -> str:
    return str(task["taskArn"]).rpartition("/")[2]
