# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task definitions as they are registered, and as ECS describes them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

ROLE = "arn:aws:iam::111111111111:role/task"

LOG_OPTIONS = {"awslogs-group": "web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}

#: What DescribeTaskDefinition gives and RegisterTaskDefinition does not take.
ANSWER_ONLY: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:111111111111:task-definition/web:3",
    "revision": 3,
    "status": "INACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": datetime(2026, 1, 1, tzinfo=UTC),
    "deregisteredAt": datetime(2026, 1, 2, tzinfo=UTC),
    "deleteRequestedAt": datetime(2026, 1, 3, tzinfo=UTC),
    "registeredBy": "arn:aws:iam::111111111111:user/x",
}


def definition(**other: Any) -> dict[str, Any]:
    return {
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": ROLE,
        "executionRoleArn": ROLE,
        "volumes": [{"name": "tmp"}, {"name": "data"}],
        "containerDefinitions": [container()],
        **other,
    }


def container(**other: Any) -> dict[str, Any]:
    return {
        "name": "app",
        "image": "registry/app@sha256:" + "a" * 64,
        "command": ["serve", "--port", "8080"],
        "entryPoint": ["/bin/app"],
        "portMappings": [{"containerPort": 8080}, {"containerPort": 9090}],
        "environment": [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}],
        "secrets": [{"name": "PASSWORD", "valueFrom": "arn:secret:a"}, {"name": "USER", "valueFrom": "arn:secret:b"}],
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/work"}],
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 10},
        "logConfiguration": {"logDriver": "awslogs", "options": dict(LOG_OPTIONS)},
        **other,
    }


def described(document: dict[str, Any]) -> dict[str, Any]:
    """What can be registered of *document*'s description: defaults filled in, numbers as text, lists in any order."""
    answer = copy.deepcopy(document)
    answer |= {
        "placementConstraints": [],
        "cpu": str(answer["cpu"]),
        "memory": str(answer["memory"]),
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "enableFaultInjection": False,
    }
    for volume in answer["volumes"]:
        volume["host"] = {}
    for shown in answer["containerDefinitions"]:
        shown |= {"cpu": 0, "volumesFrom": [], "systemControls": [], "essential": True, "dockerLabels": {}}
        for key in ("environment", "secrets", "mountPoints", "portMappings", "ulimits"):
            shown.setdefault(key, [])
            shown[key].reverse()
        for mapping in shown["portMappings"]:
            mapping |= {"hostPort": mapping["containerPort"], "protocol": "tcp"}
        for mount in shown["mountPoints"]:
            mount.setdefault("readOnly", False)
        shown["healthCheck"] |= {"timeout": 5, "retries": 3}
        shown["logConfiguration"]["secretOptions"] = []
    return answer


names = st.text("ABCXYZ", min_size=1, max_size=3)
pairs = st.dictionaries(names, st.text(max_size=4), max_size=5)
ports = st.sets(st.integers(1, 65535), max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Task definitions of one container."""
    given_container = container(
        environment=[{"name": key, "value": value} for key, value in draw(pairs).items()],
        secrets=[{"name": key, "valueFrom": f"arn:{value}"} for key, value in draw(pairs).items()],
        portMappings=[{"containerPort": port} for port in draw(ports)],
        command=draw(st.lists(st.text(max_size=3), max_size=3)),
    )
    return definition(cpu=draw(st.sampled_from(["256", 512, "1 vCPU"])), containerDefinitions=[given_container])
