# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS would refuse of a task definition that has the right shape, or would never start. Pure.

Sources: "Amazon ECS task definition parameters" for Fargate and for EC2, and "Task definition differences for Fargate"
in the ECS developer guide.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .container_order import order_problems
from .fargate import fargate_problems
from .log_options import log_option_problems
from .references import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .comparison import Document

    Container = Mapping[str, Any]

_MOST_PORT = 65535
# The range that ECS takes, by the field of a health check.
_HEALTH_CHECK = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}


def definition_problems(document: Document, *, fargate: bool) -> Iterator[str]:
    """What is wrong with *document*, normalised; *fargate* says whether its tasks run there."""
    containers = list(document.get("containerDefinitions", []))
    if not containers:
        yield "task_definition.containerDefinitions is empty; a task needs a container."
        return
    yield from _name_problems(containers)
    if document.get("networkMode") != "awsvpc":
        where = "Fargate runs no task of another" if fargate else "the options network and load_balancer need it"
        yield (
            f"task_definition.networkMode is {document.get('networkMode')}, where awsvpc is needed: {where}. Set "
            "networkMode: awsvpc."
        )
    yield from _volume_problems(document, containers)
    yield from order_problems(containers)
    yield from _port_problems(containers)
    for container in containers:
        yield from _variable_problems(container)
        yield from _health_check_problems(container)
        yield from log_option_problems(container, _place(container), fargate=fargate)
    if fargate:
        yield from fargate_problems(document, containers)
    elif references(document).secrets and not document.get("executionRoleArn"):
        yield "task_definition.executionRoleArn is missing; ECS needs it to fetch the secrets of containers."
    yield from size_problems(document)


def host_port_problems(document: Document) -> list[str]:
    """Host ports of *document*, as the user wrote it, that a network of the task's own cannot have."""
    if document.get("networkMode") not in ("awsvpc", "host"):
        return []
    return [
        f"{_place(container)}.portMappings has hostPort {mapping['hostPort']} for containerPort "
        f"{mapping.get('containerPort')}; with networkMode {document['networkMode']} they are one: leave hostPort out."
        for container in document.get("containerDefinitions", [])
        for mapping in container.get("portMappings", [])
        if mapping.get("hostPort") not in (None, 0, mapping.get("containerPort"))
    ]


def _name_problems(containers: list[Container]) -> Iterator[str]:
    for number, container in enumerate(containers):
        if not container.get("name"):
            yield f"task_definition.containerDefinitions[{number}].name is missing."
    for name in _twice(container.get("name", "") for container in containers):
        yield f"task_definition.containerDefinitions has two containers named {name!r}; give each its own name."
    if not any(container.get("essential", True) for container in containers):
        yield "No container of task_definition is essential, so that ECS refuses it; set essential: true on one."


def _volume_problems(document: Document, containers: list[Container]) -> Iterator[str]:
    volumes = [volume.get("name", "") for volume in document.get("volumes", [])]
    names = {container.get("name") for container in containers}
    for name in _twice(volumes):
        yield f"task_definition.volumes has two volumes named {name!r}; give each its own name."
    for container in containers:
        place = _place(container)
        for mount in container.get("mountPoints", []):
            source = mount.get("sourceVolume", "")
            if source not in volumes:
                there = f"there are: {', '.join(sorted(filter(None, volumes)))}" if volumes else "there are none"
                yield f"{place} mounts volume {source!r}, which task_definition.volumes does not define ({there})."
            if not mount.get("containerPath"):
                yield f"{place}.mountPoints mounts volume {source!r} nowhere; give its containerPath."
        for path in _twice(mount.get("containerPath", "") for mount in container.get("mountPoints", [])):
            yield f"{place}.mountPoints mounts two volumes at {path}."
        for taken in container.get("volumesFrom", []):
            source = taken.get("sourceContainer", "")
            if source not in names or source == container.get("name"):
                yield f"{place}.volumesFrom names container {source!r}, which is no other container of the task."


def _port_problems(containers: list[Container]) -> Iterator[str]:
    mappings = [(container, mapping) for container in containers for mapping in container.get("portMappings", [])]
    ports: list[tuple[int, str]] = []
    for container, mapping in mappings:
        port = mapping.get("containerPort")
        if port is None:
            if not mapping.get("containerPortRange"):
                yield f"{_place(container)}.portMappings has an entry without containerPort."
        elif not 1 <= port <= _MOST_PORT:
            yield f"{_place(container)}.portMappings has port {port}; ports are 1 to {_MOST_PORT}."
        else:
            ports.append((port, mapping.get("protocol", "tcp")))
    for port, protocol in _twice(ports):
        yield f"Port {port}/{protocol} is mapped twice in task_definition; containers of one task share its ports."
    for name in _twice(mapping.get("name", "") for _container, mapping in mappings):
        yield f"task_definition has two portMappings named {name!r}; give each its own name."


def _variable_problems(container: Container) -> Iterator[str]:
    place = _place(container)
    plain = [entry.get("name", "") for entry in container.get("environment", [])]
    secret = [entry.get("name", "") for entry in container.get("secrets", [])]
    if "" in plain or "" in secret:
        yield f"{place} has an entry of environment or secrets without a name."
    for name in _twice([*plain, *secret]):
        where = "environment and secrets" if name in plain and name in secret else "its variables"
        yield f"{place} has {name} twice in {where}, so that it could have either value; leave one out."


def _health_check_problems(container: Container) -> Iterator[str]:
    check, place = container.get("healthCheck"), f"{_place(container)}.healthCheck"
    if not check:
        return
    command = check.get("command") or [""]
    if command[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield f"{place}.command must begin with CMD or CMD-SHELL, which says how the rest is run."
    elif command[0] != "NONE" and not command[1:]:
        yield f"{place}.command has nothing after {command[0]}; write what is to be run."
    for name, (least, most) in _HEALTH_CHECK.items():
        if name in check and not least <= check[name] <= most:
            yield f"{place}.{name} is {check[name]}; ECS takes {least} to {most}."


def size_problems(document: Document) -> Iterator[str]:
    """Why CPU and memory of *document*, normalised, do not suffice for its containers."""
    containers = list(document.get("containerDefinitions", []))
    cpu, memory = int(document.get("cpu", 0)), int(document.get("memory", 0))
    reserved = sum(container.get("cpu", 0) for container in containers)
    if cpu and reserved > cpu:
        yield f"Containers of task_definition reserve {reserved} CPU units together, where the task has {cpu}."
    for container in containers:
        limit, soft = container.get("memory"), container.get("memoryReservation")
        if memory and max(limit or 0, soft or 0) > memory:
            yield f"{_place(container)} asks for more memory than the task's {memory} MiB."
        if limit is not None and soft is not None and soft > limit:
            yield f"{_place(container)}.memoryReservation is above its memory."
        if not (memory or limit or soft):
            yield f"{_place(container)} has no memory, nor has the task; set task_definition.memory."


def _place(container: Container) -> str:
    return f"Container {container.get('name', '')!r} of task_definition"


def _twice(values: Iterable[Any]) -> list[Any]:
    return sorted(value for value, count in Counter(values).items() if count > 1 and value)
