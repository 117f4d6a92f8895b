"""Task definitions shown to a person: every difference is named, secrets never are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition_view import changes, view, views
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.task_definition import is_same, normalise
from hypothesis import given

from tests.unit.plugins.module_utils._rollout.definitions import ROLE, container, definition, described, documents

SECRETS = [("DB_PASSWORD", "a"), ("API_KEY", "b"), ("AuthToken", "c"), ("URL", "postgres://user:hunter2@host/db")]


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_values_that_look_secret_are_never_shown_but_their_change_is(name: str, value: str) -> None:
    def made(text: str) -> dict[str, Any]:
        return definition(containerDefinitions=[container(environment=[{"name": name, "value": text}])])

    other = value + "x" if "://" not in value else value.replace("hunter2", "hunter3")
    before, after = views(made(value), made(other))
    shown = [side["containerDefinitions"]["app"]["environment"][name] for side in (before, after)]
    assert "hidden" in shown[0]
    assert "hidden, changed" in shown[1]
    assert "hunter" not in str(shown)
    assert changes(made(value), made(other)) == (f"containerDefinitions.app.environment.{name}",)


def test_harmless_value_is_shown() -> None:
    assert view(definition())["containerDefinitions"]["app"]["environment"] == {"ONE": "1", "TWO": "2"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"cpu": "512"}, "cpu"),
        ({"memory": "1024"}, "memory"),
        ({"taskRoleArn": ROLE + "2"}, "taskRoleArn"),
        ({"executionRoleArn": ROLE + "2"}, "executionRoleArn"),
        ({"volumes": [{"name": "tmp"}]}, "volumes"),
        ({"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "runtimePlatform"),
        ({"ephemeralStorage": {"sizeInGiB": 30}}, "ephemeralStorage"),
        ({"pidMode": "task"}, "pidMode"),
        ({"somethingNew": {"that": "ECS grows"}}, "somethingNew"),
    ],
)
def test_every_change_of_the_task_is_seen(change: dict[str, Any], path: str) -> None:
    wanted = definition(**change)
    assert not is_same(described(definition()), wanted)
    assert [path.split(".")[0] for path in changes(described(definition()), wanted)] == [path]


@pytest.mark.parametrize(
    "change",
    [
        {"image": "registry/app@sha256:" + "b" * 64},
        {"command": ["serve", "--port", "9090"]},
        {"command": ["--port", "8080", "serve"]},
        {"entryPoint": ["/bin/other"]},
        {"environment": [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "3"}]},
        {"environment": [{"name": "ONE", "value": "1"}, {"name": "THREE", "value": "2"}]},
        {"secrets": [{"name": "PASSWORD", "valueFrom": "arn:secret:c"}, {"name": "USER", "valueFrom": "arn:secret:b"}]},
        {"portMappings": [{"containerPort": 8080}, {"containerPort": 9091}]},
        {"portMappings": [{"containerPort": 8080, "protocol": "udp"}, {"containerPort": 9090}]},
        {"mountPoints": [{"sourceVolume": "tmp", "containerPath": "/work", "readOnly": True}]},
        {"ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}]},
        {"healthCheck": {"command": ["CMD", "true"], "interval": 10, "retries": 4}},
        {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "other"}}},
        {"readonlyRootFilesystem": True},
        {"user": "10001"},
        {"stopTimeout": 30},
        {"linuxParameters": {"capabilities": {"drop": ["ALL"]}}},
        {"dependsOn": [{"containerName": "x", "condition": "START"}]},
        {"dockerLabels": {"essential": "true"}},
    ],
)
def test_every_change_of_a_container_is_seen(change: dict[str, Any]) -> None:
    wanted = definition(containerDefinitions=[container(**change)])
    assert not is_same(described(definition()), wanted)
    named = {path.split(".")[2] for path in changes(described(definition()), wanted)}
    assert named == set(change)


@given(documents(), documents())
def test_difference_is_said_exactly_when_there_is_one(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert is_same(left, right) == (normalise(left) == normalise(right))
    assert bool(changes(left, right)) == (not is_same(left, right))
    assert is_same(left, right) == is_same(right, left)
