# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The service role stays the stack's: later operations use it without passing it, and DescribeStacks tells it.

An operation is refused whose role, passed or kept, is not there or does not trust CloudFormation.
"""

import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.identity import trusts
from sandbox.ministack import cloudformation, handlers
from sandbox.services.cloudformation.model.service_role import role_of

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Any], Answer]
OPERATIONS = (
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "CreateStack",
    "DeleteStack",
    "RollbackStack",
    "UpdateStack",
)
_SERVICE = "cloudformation.amazonaws.com"
_STACK = re.compile(r"<StackId>([^<]+)</StackId>")


def install() -> None:
    """Ask for the role of each operation, keep it, and tell it."""
    actions = cloudformation._ACTION_HANDLERS
    for action in OPERATIONS:
        actions[action] = _assuming(_keeping(actions[action]), new=action == "CreateStack")
    actions["DescribeStacks"] = _telling(actions["DescribeStacks"])


def _assuming(operate: Handler, *, new: bool) -> Handler:
    def operated(parameters: Any) -> Answer:
        stack = None if new else handlers._resolve_stack(handlers._p(parameters, "StackName"))
        role = handlers._p(parameters, "RoleARN") or (role_of(stack).arn if stack else "")
        if role and not trusts(role, _SERVICE):
            refused: Answer = handlers._error("ValidationError", f"Role {role} is invalid or cannot be assumed")
            return refused
        return operate(parameters)

    return operated


def _keeping(operate: Handler) -> Handler:
    def operated(parameters: Any) -> Answer:
        answer = operate(parameters)
        role = handlers._p(parameters, "RoleARN")
        stack = handlers._resolve_stack(handlers._p(parameters, "StackName")) if role and answer[0] < 400 else None
        if stack:
            role_of(stack).arn = role
        return answer

    return operated


def _telling(describe: Handler) -> Handler:
    def described(parameters: Any) -> Answer:
        status, headers, body = describe(parameters)
        return status, headers, _STACK.sub(_with_role, body.decode()).encode()

    return described


def _with_role(member: re.Match[str]) -> str:
    stack = handlers._resolve_stack(member[1])
    role = role_of(stack).arn if stack else ""
    return member[0] + (f"<RoleARN>{escape(role)}</RoleARN>" if role else "")
