# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that is run once as a task of a living service: its revision, its network, its image. Releases nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import OperationError, RefusedError
from .act.one_off import Errand, Stage, exit_code_of, last_lines, run_once, started_by, told
from .service.writes import OneOffTask

if TYPE_CHECKING:
    from .._common.clock import Clock
    from .._common.progress import Progress
    from .ports import Ecs, Logs, Surroundings
    from .request.service_task import ServiceTaskRequest
    from .values import Service, Task, TaskDefinition

KIND = "command"


@dataclass(frozen=True, slots=True)
class ServiceTaskPorts:
    """What it needs of the ports of a rollout."""

    ecs: Ecs
    logs: Logs
    surroundings: Surroundings
    clock: Clock
    progress: Progress


def run_service_task(request: ServiceTaskRequest, ports: ServiceTaskPorts, *, check_mode: bool) -> dict[str, Any]:
    """The task's end as the module returns it. Raises RefusedError, OperationError with its last log lines."""
    service, definition = _service(request, ports)
    result = {"changed": True, "task_definition_arn": definition.arn, "task_arn": "", "exit_code": None, "output": []}
    if check_mode:
        return result

    def say(text: str) -> None:
        ports.progress.say(f"{request.service}: {text}")

    stage = Stage(ports, request.cluster, ports.clock, say, request.poll_seconds)
    errand = Errand(request.name, "timeout_seconds", request.timeout_seconds, "run it again")
    task = OneOffTask(
        cluster=request.cluster,
        task_definition_arn=definition.arn,
        container=request.container,
        command=request.command,
        settings=service.settings,
        started_by=started_by(KIND, f"{request.service}/{request.name}"),
        environment=request.environment,
        task_role_arn=request.task_role_arn,
    )
    ended = run_once(stage, errand, task)
    lines = last_lines(stage, definition.document, request.container, ended)
    exit_code = exit_code_of(ended, request.container)
    if exit_code != 0:
        raise _failed(request, ended, exit_code, lines)
    say(f"{request.name} ended well")
    return {**result, "task_arn": ended.arn, "exit_code": exit_code, "output": list(lines)}


def _service(request: ServiceTaskRequest, ports: ServiceTaskPorts) -> tuple[Service, TaskDefinition]:
    """The service and the revision that it runs."""
    ecs = ports.ecs
    service = ecs.describe_service(request.cluster, request.service) if ecs.cluster_status(request.cluster) else None
    definition = ecs.describe_task_definition(service.task_definition_arn) if service else None
    if service is None or definition is None:
        raise RefusedError(
            f"The {request.name} of {request.service} was refused: cluster {request.cluster} has no such service, so "
            "nothing was run. Deploy the service first, or correct the names."
        )
    containers = [container["name"] for container in definition.document.get("containerDefinitions", [])]
    if request.container not in containers:
        raise RefusedError(
            f"The {request.name} of {request.service} was refused: it is to run in container {request.container}, but "
            f"{definition.arn} has {', '.join(containers)}. Nothing was run."
        )
    role = request.task_role_arn
    if role and (problem := ports.surroundings.role_problem(role)):
        raise RefusedError(
            f"The {request.name} of {request.service} was refused: role {role} {problem}. "
            "Nothing was run. Provision what makes it, or correct it or task_role_arn."
        )
    return service, definition


def _failed(request: ServiceTaskRequest, ended: Task, exit_code: int | None, lines: tuple[str, ...]) -> OperationError:
    ending = "before its container ran" if exit_code is None else f"with exit code {exit_code}"
    return OperationError(
        f"The {request.name} of {request.service} (task {ended.id}) ended {ending}{told(ended)}. Last log lines: "
        f"{' | '.join(lines).rstrip('.') or 'none were written'}. Correct what it says, and run it again.",
        task_arn=ended.arn,
        exit_code=exit_code,
        output=list(lines),
    )
