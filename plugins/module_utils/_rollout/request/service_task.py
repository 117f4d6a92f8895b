# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that is run once as a task of a service, out of the module's options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..._errors import RequestError
from .variables import variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What ECS takes in a task's startedBy, which it stands in.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class ServiceTaskRequest:
    """What to run. ``name`` is how it is called in messages, and only one of a name runs at a time."""

    cluster: str
    service: str
    name: str
    container: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    task_role_arn: str = ""
    timeout_seconds: float = 600.0
    poll_seconds: float = 5.0


def build_service_task(options: Mapping[str, Any]) -> ServiceTaskRequest:
    """The request that *options* stand for. Raises RequestError, saying which option is wrong and why."""
    environment, problems = variables("environment", options["environment"] or {})
    request = ServiceTaskRequest(
        cluster=options["cluster"],
        service=options["service"],
        name=options["name"],
        container=options["container"],
        command=tuple(options["command"]),
        environment=environment,
        task_role_arn=options["task_role_arn"] or "",
        timeout_seconds=options["timeout_seconds"],
        poll_seconds=options["poll_interval_seconds"],
    )
    problems = [*problems, *_problems(request)]
    if problems:
        raise RequestError(
            f"Running a command of {request.service} was refused, and nothing was run: " + " ".join(problems),
            problems=problems,
        )
    return request


def _problems(request: ServiceTaskRequest) -> Iterator[str]:
    if not _NAME.fullmatch(request.name):
        yield f"name is {request.name!r}; write at most 32 lower-case letters, digits and hyphens, a letter first."
    if not request.command:
        yield "command is empty; write the command."
    for option in ("cluster", "service", "container"):
        if not getattr(request, option).strip():
            yield f"{option} is empty; name the {option}."
    times = {"timeout_seconds": request.timeout_seconds, "poll_interval_seconds": request.poll_seconds}
    for option, seconds in times.items():
        # A number that is no number compares as false with everything.
        if not (isfinite(seconds) and seconds > 0):
            yield f"{option} must be a number of seconds above 0 that ends."
