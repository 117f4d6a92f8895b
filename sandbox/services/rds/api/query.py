# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS's query protocol as MiniStack's RDS handlers speak it: parameters are lists of strings, answers are XML."""

from typing import Any

from sandbox.ministack import rds

Parameters = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


def value(parameters: Parameters, name: str) -> str:
    """The parameter's text; empty when it was not sent."""
    return str(rds._p(parameters, name))


def flag(parameters: Parameters, name: str) -> bool | None:
    """A boolean parameter; None when it was not sent."""
    text = value(parameters, name)
    return text.lower() == "true" if text else None


def members(parameters: Parameters, name: str) -> list[str]:
    """A list parameter, whichever way the client numbered it."""
    return [str(item) for item in rds._parse_member_list(parameters, name)]


def error(code: str, message: str, status: int = 400) -> Answer:
    """An error answer."""
    return rds._error(code, message, status)  # type: ignore[no-any-return]


def refused(answer: Answer) -> bool:
    """Whether the emulator answered with an error."""
    return answer[0] >= 400
