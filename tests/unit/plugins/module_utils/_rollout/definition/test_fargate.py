# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Fargate asks of a task definition."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.fargate import fargate_problems

ROLE = "arn:aws:iam::1:role/x"


def problems(cpu: int | None, memory: int | None, *containers: dict[str, Any], **fields: Any) -> str:
    document = {"executionRoleArn": ROLE, "cpu": cpu and str(cpu), "memory": memory and str(memory), **fields}
    return " ".join(fargate_problems({key: value for key, value in document.items() if value}, list(containers)))


# The table of "Task size" in the ECS developer guide.
@pytest.mark.parametrize(
    ("cpu", "memory", "offered"),
    [
        (256, 512, True),
        (256, 1024, True),
        (256, 2048, True),
        (256, 3072, False),
        (512, 512, False),
        (512, 4096, True),
        (512, 5120, False),
        (1024, 1024, False),
        (1024, 2048, True),
        (1024, 2500, False),
        (1024, 8192, True),
        (2048, 4096, True),
        (2048, 17408, False),
        (4096, 30720, True),
        (4096, 31744, False),
        (8192, 16384, True),
        (8192, 17408, False),
        (8192, 61440, True),
        (16384, 32768, True),
        (16384, 36864, False),
        (16384, 122880, True),
        (300, 1024, False),
        (65536, 1024, True),
    ],
)
def test_cpu_and_memory_go_together(cpu: int, memory: int, offered: bool) -> None:
    assert (problems(cpu, memory) == "") is offered


def test_what_is_missing_is_named() -> None:
    assert "task_definition.cpu and task_definition.memory must be set" in problems(None, None)
    assert "task_definition.memory must be set" in problems(256, None)
    assert "executionRoleArn is missing" in problems(256, 512, executionRoleArn="")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ({"privileged": True}, "is privileged"),
        ({"links": ["a"]}, "has links"),
        ({"logConfiguration": {"logDriver": "syslog"}}, "logs by syslog"),
        ({"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}, "adds capabilities"),
        ({"stopTimeout": 121}, "stopTimeout is 121"),
        ({"resourceRequirements": [{"type": "GPU", "value": "1"}]}, "a GPU"),
    ],
)
def test_what_fargate_lacks_is_refused(container: dict[str, Any], said: str) -> None:
    assert said in problems(256, 512, {"name": "app", **container})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"requiresCompatibilities": ["EC2"]}, "tasks on Fargate need FARGATE"),
        ({"placementConstraints": [{"type": "memberOf"}]}, "does not exist on Fargate"),
        ({"ephemeralStorage": {"sizeInGiB": 201}}, "Fargate takes 21 to 200"),
        ({"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]}, "'v' of task_definition lies on a host"),
        ({"volumes": [{"name": "v", "dockerVolumeConfiguration": {"scope": "shared"}}]}, "lies on a host"),
    ],
)
def test_what_a_task_cannot_have_there_is_refused(fields: dict[str, Any], said: str) -> None:
    assert said in problems(256, 512, **fields)
