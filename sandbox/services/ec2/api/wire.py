# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""EC2's query protocol as MiniStack's handlers speak it."""

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.ministack import ec2

Parameters = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Parameters], Answer]


def value(parameters: Parameters, name: str) -> str:
    """The parameter's text; empty when it was not sent."""
    return str(ec2._p(parameters, name))


def error(code: str, message: str) -> Answer:
    """An error answer."""
    return ec2._error(code, message, 400)  # type: ignore[no-any-return]


def identifier(prefix: str) -> str:
    """A new id as EC2 makes them."""
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def text_of(answer: Answer) -> str:
    """The body of an answer."""
    return answer[2].decode() if isinstance(answer[2], bytes) else str(answer[2])
