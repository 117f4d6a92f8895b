# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Members of stacks, events and change sets: what AWS always gives, and what it leaves out rather than empty."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.ministack import cloudformation

Answer = tuple[int, dict[str, str], bytes]
# Nothing of ours sets any of these.
_STACK = "<NotificationARNs/><RollbackConfiguration/>"
_CHANGE_SET = f"{_STACK}<IncludeNestedStacks>false</IncludeNestedStacks>"
_EMPTY = re.compile(rb"<(Description|LastUpdatedTime|ResourceStatusReason|StackStatusReason|StatusReason)></\1>")


def install() -> None:
    """Complete the answers."""
    actions = cloudformation._ACTION_HANDLERS
    for action, more in (("DescribeStacks", _STACK), ("DescribeChangeSet", _CHANGE_SET), ("DescribeStackEvents", "")):
        actions[action] = _whole(actions[action], more)


def _whole(describe: Callable[[Any], Answer], more: str) -> Callable[[Any], Answer]:
    """With *more* before the capabilities, which each stack and each change set has."""

    def described(parameters: Any) -> Answer:
        status, headers, body = describe(parameters)
        return status, headers, _EMPTY.sub(b"", body).replace(b"<Capabilities>", f"{more}<Capabilities>".encode())

    return described
