# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Refusals of the ECS API and failures of a task's start."""

import functools
from collections.abc import Callable
from typing import Any

from sandbox.ministack import responses

Request = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


class Refused(Exception):  # noqa: N818 - named after what happens to the request
    """A request is refused; `code` is the API's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StartFailed(Exception):  # noqa: N818 - named after what happens to the task
    """A task cannot start; the message is its `stoppedReason`. `container` names the container at fault, if any."""

    def __init__(self, reason: str, container: str | None = None) -> None:
        super().__init__(reason)
        self.container = container


def invalid(message: str) -> Refused:
    """An InvalidParameterException."""
    return Refused("InvalidParameterException", message)


def handler(work: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Answer]:
    """Make an API handler of a function that returns the answer's body or raises `Refused`."""

    @functools.wraps(work)
    def answer(data: Request) -> Answer:
        try:
            return responses.json_response(work(data))  # type: ignore[no-any-return]
        except Refused as refusal:
            return responses.error_response_json(refusal.code, str(refusal), 400)  # type: ignore[no-any-return]

    return answer
