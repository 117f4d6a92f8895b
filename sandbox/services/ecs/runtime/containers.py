# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a container definition asks of the Docker engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.types import Ulimit

from sandbox.ministack import container_reaper
from sandbox.services.ecs.model.errors import StartFailed
from sandbox.services.ecs.model.health import engine_health_check

Definition = Mapping[str, Any]
AUTHORITY = "/run/fastbreak-sandbox/authority.pem"
"""Whom tasks trust, since what load balancers show here is of no authority that images know."""
_MEBIBYTE = 1024 * 1024


def options(
    task: Mapping[str, Any], family: Definition, definition: Definition, environment: dict[str, str]
) -> dict[str, Any]:
    """Keyword arguments of docker-py's `containers.create`, network and image apart.

    `task` is the task's record, `family` its task definition, `definition` one of its container definitions with the
    overrides applied. CPU figures become shares and never a quota: the sandbox's tasks share one machine.
    """
    identity = str(task["taskArn"]).rsplit("/", 1)[-1]
    linux = definition.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    memory = definition.get("memory") or family.get("memory")
    wanted = {
        "name": f"ministack-ecs-{identity}-{definition['name']}",
        "environment": environment,
        "labels": {**container_reaper.own_labels("ecs"), **_labels(task, family, definition)},
        "command": definition.get("command"),
        "entrypoint": definition.get("entryPoint"),
        "working_dir": definition.get("workingDirectory"),
        "user": definition.get("user"),
        "read_only": bool(definition.get("readonlyRootFilesystem")),
        "init": True if linux.get("initProcessEnabled") else None,
        "cap_add": capabilities.get("add"),
        "cap_drop": capabilities.get("drop"),
        "ulimits": [
            Ulimit(name=limit["name"], soft=limit["softLimit"], hard=limit["hardLimit"])
            for limit in definition.get("ulimits") or []
        ],
        "mem_limit": int(memory) * _MEBIBYTE if memory else None,
        "cpu_shares": max(2, int(definition.get("cpu") or 0)) if definition.get("cpu") else None,
        "healthcheck": engine_health_check(definition.get("healthCheck")),
        "volumes": volumes(identity, family, definition),
    }
    return {key: value for key, value in wanted.items() if value not in (None, [], {})}


def volume_name(identity: str, name: str) -> str:
    """The engine's volume that is the task's volume `name`."""
    return f"ministack-ecs-{identity}-{name}"


def volumes(identity: str, family: Definition, definition: Definition) -> dict[str, dict[str, str]]:
    """The mounts of a container.

    A volume without a host path is an empty engine volume of the task's own; the engine gives it the content, owner and
    mode of the image's directory at the first mount, as Fargate does.
    """
    declared = {volume["name"]: volume for volume in family.get("volumes") or []}
    mounts: dict[str, dict[str, str]] = {}
    for point in definition.get("mountPoints") or []:
        volume = declared.get(point["sourceVolume"])
        if volume is None:
            raise StartFailed(f"ResourceInitializationError: unknown volume '{point['sourceVolume']}'")
        foreign = sorted(set(volume) - {"name", "host", "configuredAtLaunch"})
        if foreign and any(volume[key] for key in foreign):
            raise StartFailed(f"ResourceInitializationError: the sandbox does not emulate {foreign[0]} of a volume")
        source = (volume.get("host") or {}).get("sourcePath") or volume_name(identity, volume["name"])
        mounts[source] = {"bind": point["containerPath"], "mode": "ro" if point.get("readOnly") else "rw"}
    return mounts


def with_authority(mounts: Mapping[str, dict[str, str]], authority: Path) -> dict[str, dict[str, str]]:
    """`mounts`, and the certificate of the sandbox's own authority."""
    return {**mounts, str(authority): {"bind": AUTHORITY, "mode": "ro"}}


def network(family: Definition, definition: Definition, owner: str | None) -> dict[str, Any]:
    """The network arguments; `owner` is the container whose network an awsvpc task shares, once it runs."""
    mode = family.get("networkMode")
    if mode == "host":
        return {"network_mode": "host"}
    if mode == "awsvpc":
        return {"network_mode": f"container:{owner}"} if owner else {}
    ports = {
        f"{mapping['containerPort']}/{mapping.get('protocol', 'tcp')}": mapping.get("hostPort") or None
        for mapping in definition.get("portMappings") or []
    }
    return {"ports": ports} if ports else {}


def overridden(definition: Definition, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The container definition with a task's `containerOverrides` entry applied."""
    environment = {item["name"]: item["value"] for item in definition.get("environment") or []}
    environment |= {item["name"]: item["value"] for item in overrides.get("environment") or []}
    changed = {key: overrides[key] for key in ("command", "cpu", "memory", "memoryReservation") if key in overrides}
    return {
        **definition,
        **changed,
        "environment": [{"name": key, "value": value} for key, value in environment.items()],
    }


def _labels(task: Mapping[str, Any], family: Definition, definition: Definition) -> dict[str, str]:
    return {
        **(definition.get("dockerLabels") or {}),
        "com.amazonaws.ecs.cluster": str(task["clusterArn"]),
        "com.amazonaws.ecs.container-name": str(definition["name"]),
        "com.amazonaws.ecs.task-arn": str(task["taskArn"]),
        "com.amazonaws.ecs.task-definition-family": str(family["family"]),
        "com.amazonaws.ecs.task-definition-version": str(family["revision"]),
    }
