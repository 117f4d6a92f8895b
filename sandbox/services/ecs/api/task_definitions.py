# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RegisterTaskDefinition: what ECS checks and fills in."""

import json
from typing import Any

from sandbox.ministack import ecs, responses
from sandbox.services.ecs.model.errors import Answer, Refused, Request
from sandbox.services.ecs.model.records import Record

_HEALTH_LIMITS = {"interval": (5, 300, 30), "timeout": (2, 120, 5), "retries": (1, 10, 3)}
_LONGEST_STOP = 120
_DOCKER = "com.amazonaws.ecs.capability.docker-remote-api"
# CPU units: the least and the most memory in MiB, and its step.
_FARGATE_SIZES = {
    "256": (1024, 2048, 1024),
    "512": (1024, 4096, 1024),
    "1024": (2048, 8192, 1024),
    "2048": (4096, 16384, 1024),
    "4096": (8192, 30720, 1024),
    "8192": (16384, 61440, 4096),
    "16384": (32768, 122880, 8192),
}


def registering(register: Any) -> Any:
    """Wrap MiniStack's RegisterTaskDefinition: check, fill in, and leave out what has no value."""

    def register_task_definition(data: Request) -> Answer:
        try:
            answer: Answer = register(filled_in(data))
        except Refused as refusal:
            return responses.error_response_json(refusal.code, str(refusal), 400)  # type: ignore[no-any-return]
        if answer[0] >= 400:
            return answer
        body = json.loads(answer[2])
        stored = ecs._task_defs[ecs._resolve_td_key(body["taskDefinition"]["taskDefinitionArn"])]
        for key in [key for key, value in stored.items() if value in ("", None)]:
            del stored[key]
        stored["requiresAttributes"] = [{"name": name} for name in sorted(_capabilities(stored))]
        return responses.json_response(body | {"taskDefinition": stored})  # type: ignore[no-any-return]

    return register_task_definition


def _capabilities(stored: Record) -> set[str]:
    """What a host needs to run the task, as far as recordings of AWS show it; the order is theirs to choose."""
    containers, executes = stored["containerDefinitions"], "executionRoleArn" in stored
    logs = any((item.get("logConfiguration") or {}).get("logDriver") == "awslogs" for item in containers)
    pulls = any(".dkr.ecr." in item["image"] for item in containers)
    kinds = {
        secret["valueFrom"].split(":")[2:3] == ["secretsmanager"]
        for item in containers
        for secret in item.get("secrets") or []
    }
    needed = {
        f"{_DOCKER}.1.18": True,
        f"{_DOCKER}.1.19": logs,
        f"{_DOCKER}.1.17": any(item.get("readonlyRootFilesystem") for item in containers),
        "ecs.capability.task-eni": stored.get("networkMode") == "awsvpc",
        "com.amazonaws.ecs.capability.task-iam-role": "taskRoleArn" in stored,
        "com.amazonaws.ecs.capability.logging-driver.awslogs": logs,
        "ecs.capability.execution-role-awslogs": logs and executes,
        "com.amazonaws.ecs.capability.ecr-auth": pulls,
        "ecs.capability.execution-role-ecr-pull": pulls and executes,
        "ecs.capability.secrets.asm.environment-variables": True in kinds,
        "ecs.capability.secrets.ssm.environment-variables": False in kinds,
    }
    return {name for name, applies in needed.items() if applies}


def filled_in(data: Request) -> Request:
    """The request of a task definition with the defaults that ECS stores; Refused where ECS refuses."""
    definitions = data.get("containerDefinitions") or []
    names = [item.get("name") for item in definitions]
    if len(set(names)) != len(names):
        raise Refused("ClientException", "Container names must be unique within a task definition.")
    if "FARGATE" in (data.get("requiresCompatibilities") or []):
        _check_fargate(data)
    return data | {
        "containerDefinitions": [_filled_container(item, data.get("networkMode")) for item in definitions],
        "volumes": [
            {"host": {}} | volume if not _elsewhere(volume) else volume for volume in data.get("volumes") or []
        ],
    }


def _elsewhere(volume: Record) -> bool:
    """Whether the volume is no host's."""
    return any(key.endswith("Configuration") or key == "configuredAtLaunch" for key in volume)


def _check_fargate(data: Request) -> None:
    if data.get("networkMode") != "awsvpc":
        raise Refused("ClientException", "Fargate only supports network mode 'awsvpc'.")
    for key in ("cpu", "memory"):
        if not data.get(key):
            raise Refused("ClientException", f"Fargate requires task definition to have a {key} value.")
    _check_fargate_size(str(data["cpu"]), str(data["memory"]))
    for item in data.get("containerDefinitions") or []:
        if item.get("privileged"):
            raise Refused(
                "ClientException", "Tasks using the Fargate launch type do not support privileged containers."
            )
        if item.get("image", "").find(".dkr.ecr.") > 0 and not data.get("executionRoleArn"):
            raise Refused(
                "ClientException", "Fargate requires task definition to have execution role ARN to support ECR images."
            )
        if int(item.get("stopTimeout") or 0) > _LONGEST_STOP:
            raise Refused("ClientException", f"stopTimeout must not be longer than {_LONGEST_STOP} seconds on Fargate.")
    for volume in data.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            raise Refused("ClientException", "Fargate does not support a volume's host.sourcePath.")


def _check_fargate_size(cpu: str, memory: str) -> None:
    least, most, step = _FARGATE_SIZES.get(cpu, (0, 0, 1024))
    figure = int(memory) if memory.isdecimal() else -1
    odd = cpu == "256" and figure == 512
    if not odd and not (least <= figure <= most and figure % step == 0 and figure > 0):
        raise Refused(
            "ClientException",
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values.",
        )


def _filled_container(item: Record, network_mode: str | None) -> Record:
    filled = {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
    }
    ports = [_filled_port(mapping, network_mode) for mapping in item.get("portMappings") or []]
    filled |= {key: value for key, value in item.items() if value is not None} | {"portMappings": ports}
    if item.get("linuxParameters"):
        filled["linuxParameters"] = {"devices": []} | item["linuxParameters"]
    if item.get("healthCheck"):
        filled["healthCheck"] = _filled_health_check(item["healthCheck"])
    return filled


def _filled_port(mapping: Record, network_mode: str | None) -> Record:
    host = mapping["containerPort"] if network_mode in ("awsvpc", "host") else 0
    return {"hostPort": host, "protocol": "tcp"} | mapping


def _filled_health_check(check: Record) -> Record:
    command = check.get("command") or []
    if len(command) < 2 or command[0] not in ("CMD", "CMD-SHELL"):
        raise Refused("ClientException", "A healthCheck command must begin with CMD or CMD-SHELL and name what to run.")
    filled = dict(check)
    for key, (least, most, default) in _HEALTH_LIMITS.items():
        filled.setdefault(key, default)
        if not least <= filled[key] <= most:
            raise Refused("ClientException", f"healthCheck {key} must be between {least} and {most}.")
    if not 0 <= (filled.get("startPeriod") or 0) <= 300:
        raise Refused("ClientException", "healthCheck startPeriod must be between 0 and 300.")
    return filled
