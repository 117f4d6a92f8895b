# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS would refuse of a task definition of the right shape."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.comparison import normalise
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.problems import (
    definition_problems,
    host_port_problems,
)

from tests.unit.plugins.module_utils._rollout.definitions import container, definition


def problems(document: dict[str, Any], *, fargate: bool = True) -> str:
    return " ".join(definition_problems(normalise(document), fargate=fargate))


def test_right_definition_has_no_problem() -> None:
    assert problems(definition()) == problems(definition(), fargate=False) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"containerDefinitions": []}, "containerDefinitions is empty"),
        ({"networkMode": "bridge"}, "networkMode is bridge, where awsvpc is needed: Fargate"),
        ({"networkMode": None}, "networkMode is bridge, where awsvpc is needed"),
        ({"memory": "4096"}, "does not offer task_definition.memory 4096"),
        ({"volumes": []}, "mounts volume 'tmp', which task_definition.volumes does not define (there are none)"),
        ({"volumes": [{"name": "data"}]}, "(there are: data)"),
        ({"volumes": [{"name": "tmp"}, {"name": "tmp"}]}, "two volumes named 'tmp'"),
        ({"containerDefinitions": [container(), container()]}, "two containers named 'app'"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(change: dict[str, Any], said: str) -> None:
    assert said in problems({key: value for key, value in definition(**change).items() if value is not None})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": None}, "containerDefinitions[0].name is missing"),
        ({"essential": False}, "No container of task_definition is essential"),
        ({"mountPoints": [{"sourceVolume": "tmp"}]}, "give its containerPath"),
        ({"mountPoints": [{"sourceVolume": "tmp", "containerPath": "/a"}] * 2}, "mounts two volumes at /a"),
        ({"volumesFrom": [{"sourceContainer": "app"}]}, "which is no other container"),
        ({"dependsOn": [{"containerName": "db", "condition": "START"}]}, "depends on 'db'"),
        ({"portMappings": [{"containerPort": 80}, {"containerPort": 80}]}, "Port 80/tcp is mapped twice"),
        ({"portMappings": [{"containerPort": 70000}]}, "has port 70000"),
        ({"portMappings": [{"protocol": "udp"}]}, "without containerPort"),
        ({"portMappings": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]}, "named 'a'"),
        ({"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "1"}]}, "has A twice in its variables"),
        ({"environment": [{"name": "USER", "value": "1"}]}, "has USER twice in environment and secrets"),
        ({"environment": [{"value": "1"}]}, "without a name"),
        ({"healthCheck": {"command": ["true"]}}, "must begin with CMD"),
        ({"healthCheck": {"command": ["CMD"]}}, "has nothing after CMD"),
        ({"healthCheck": {"command": ["CMD", "true"], "interval": 4}}, "interval is 4; ECS takes 5 to 300"),
        ({"cpu": 512}, "reserve 512 CPU units together, where the task has 256"),
        ({"memory": 1024}, "asks for more memory than the task's 512 MiB"),
        ({"memory": 128, "memoryReservation": 256}, "memoryReservation is above its memory"),
    ],
)
def test_what_is_wrong_with_a_container_is_said(change: dict[str, Any], said: str) -> None:
    made = {key: value for key, value in container(**change).items() if value is not None}
    assert said in problems(definition(containerDefinitions=[made]))


def test_task_off_fargate_needs_memory_somewhere() -> None:
    made = {key: value for key, value in definition().items() if key not in ("cpu", "memory")}
    assert "has no memory, nor has the task" in problems(made, fargate=False)


def test_host_port_of_a_network_of_its_own_is_the_containers() -> None:
    made = definition(containerDefinitions=[container(portMappings=[{"containerPort": 80, "hostPort": 8080}])])
    assert "hostPort 8080 for containerPort 80" in " ".join(host_port_problems(made))
    assert host_port_problems({**made, "networkMode": "bridge"}) == host_port_problems(definition()) == []


def test_secrets_need_a_role_that_fetches_them_on_every_capacity() -> None:
    change = {"executionRoleArn": None, "requiresCompatibilities": ["EC2"]}
    assert "executionRoleArn is missing; ECS needs it to fetch the secrets" in problems(
        definition(**change), fargate=False
    )
    plain = container(secrets=[])
    assert problems(definition(**change, containerDefinitions=[plain]), fargate=False) == ""
