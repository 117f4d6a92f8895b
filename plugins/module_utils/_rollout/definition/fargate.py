# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fargate asks of a task definition. Pure.

Sources: "Task size" and "Task definition differences for Fargate" in the ECS developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .comparison import Document

_GIB = 1024
# Memory in MiB that goes with CPU units: least, most, step.
_SIZES: Mapping[int, tuple[int, int, int]] = {
    512: (_GIB, 4 * _GIB, _GIB),
    1024: (2 * _GIB, 8 * _GIB, _GIB),
    2048: (4 * _GIB, 16 * _GIB, _GIB),
    4096: (8 * _GIB, 30 * _GIB, _GIB),
    8192: (16 * _GIB, 60 * _GIB, 4 * _GIB),
    16384: (32 * _GIB, 120 * _GIB, 8 * _GIB),
}
_QUARTER, _QUARTER_MEMORY = 256, (512, _GIB, 2 * _GIB)
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_LONGEST_STOP, _DISK = 120, (20, 200)


def fargate_problems(document: Document, containers: list[Mapping[str, Any]]) -> Iterator[str]:
    """Why Fargate would refuse *document*, normalised."""
    yield from fargate_size_problems(document)
    wanted = document.get("requiresCompatibilities", [])
    if wanted and "FARGATE" not in wanted:
        yield f"task_definition.requiresCompatibilities is {', '.join(wanted)}; tasks on Fargate need FARGATE there."
    if not document.get("executionRoleArn"):
        yield "task_definition.executionRoleArn is missing; Fargate needs it to fetch the image from ECR."
    if document.get("placementConstraints"):
        yield "task_definition.placementConstraints does not exist on Fargate; take it out."
    disk = document.get("ephemeralStorage", {}).get("sizeInGiB", _DISK[0])
    if not _DISK[0] <= disk <= _DISK[1]:
        yield f"task_definition.ephemeralStorage.sizeInGiB is {disk}; Fargate takes 21 to {_DISK[1]}."
    for volume in document.get("volumes", []):
        if volume.get("host", {}).get("sourcePath") or volume.get("dockerVolumeConfiguration"):
            yield f"Volume {volume.get('name', '')!r} of task_definition lies on a host, and Fargate has none to offer."
    for container in containers:
        yield from _container_problems(container)


def fargate_size_problems(document: Document) -> Iterator[str]:
    """Why Fargate has no task with the CPU and memory of *document*, normalised."""
    missing = [name for name in ("cpu", "memory") if name not in document]
    if missing:
        yield f"task_definition.{' and task_definition.'.join(missing)} must be set for Fargate."
        return
    cpu, memory = int(document["cpu"]), int(document["memory"])
    if cpu == _QUARTER:
        if memory not in _QUARTER_MEMORY:
            yield _misfit(cpu, memory, " or ".join(map(str, _QUARTER_MEMORY)))
    elif cpu > max(_SIZES):
        # Larger sizes came and may come; ECS itself judges them.
        return
    elif cpu not in _SIZES:
        known = ", ".join(map(str, (_QUARTER, *_SIZES)))
        yield f"task_definition.cpu is {cpu}, which Fargate does not offer; it has {known}."
    else:
        least, most, step = _SIZES[cpu]
        if not least <= memory <= most or (memory - least) % step:
            yield _misfit(cpu, memory, f"{least} to {most} in steps of {step}")


def _misfit(cpu: int, memory: int, offered: str) -> str:
    return (
        f"Fargate does not offer task_definition.memory {memory} with task_definition.cpu {cpu}; with {cpu} CPU units "
        f"go {offered} MiB."
    )


def _container_problems(container: Mapping[str, Any]) -> Iterator[str]:
    place = f"Container {container.get('name', '')!r} of task_definition"
    if container.get("privileged"):
        yield f"{place} is privileged, which Fargate does not allow."
    unknown = [name for name in ("links", "dockerSecurityOptions", "extraHosts") if container.get(name)]
    if unknown:
        yield f"{place} has {' and '.join(unknown)}, which Fargate does not know."
    driver = container.get("logConfiguration", {}).get("logDriver")
    if driver and driver not in _LOG_DRIVERS:
        yield f"{place} logs by {driver}; Fargate has {', '.join(_LOG_DRIVERS)}."
    added = set(container.get("linuxParameters", {}).get("capabilities", {}).get("add", [])) - {"SYS_PTRACE"}
    if added:
        yield f"{place} adds capabilities; Fargate allows SYS_PTRACE alone."
    if container.get("stopTimeout", 0) > _LONGEST_STOP:
        yield f"{place}.stopTimeout is {container['stopTimeout']}; Fargate waits {_LONGEST_STOP} s at most."
    if any(asked.get("type") == "GPU" for asked in container.get("resourceRequirements", [])):
        yield f"{place} asks for a GPU, which Fargate does not have."
