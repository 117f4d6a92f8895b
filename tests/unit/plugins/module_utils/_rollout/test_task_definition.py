"""Task definitions: compared whole, never different from their own description, secrets never shown."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.task_definition import (
    changes,
    is_same,
    normalise,
    view,
    views,
    with_image,
)
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    import random

ROLE = "arn:aws:iam::111111111111:role/task"


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
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web"}},
        **other,
    }


def described(document: dict[str, Any]) -> dict[str, Any]:
    """*document* as DescribeTaskDefinition gives it back: defaults filled in, numbers as text, lists in any order."""
    answer = copy.deepcopy(document)
    answer |= {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:111111111111:task-definition/web:3",
        "revision": 3,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": "2026-01-01",
        "registeredBy": "arn:aws:iam::111111111111:user/x",
        "placementConstraints": [],
        "cpu": str(answer["cpu"]),
        "memory": str(answer["memory"]),
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "enableFaultInjection": False,
    }
    for volume in answer["volumes"]:
        volume["host"] = {}
    for one in answer["containerDefinitions"]:
        one |= {"cpu": 0, "volumesFrom": [], "systemControls": [], "essential": True, "dockerLabels": {}}
        for key in ("environment", "secrets", "mountPoints", "portMappings", "ulimits"):
            one.setdefault(key, [])
            one[key].reverse()
        for mapping in one["portMappings"]:
            mapping |= {"hostPort": mapping["containerPort"], "protocol": "tcp"}
        for mount in one["mountPoints"]:
            mount.setdefault("readOnly", False)
        one["healthCheck"] |= {"timeout": 5, "retries": 3}
        one["logConfiguration"]["secretOptions"] = []
    return answer


def test_what_is_described_is_what_was_registered() -> None:
    assert is_same(described(definition()), definition())
    assert changes(described(definition()), definition()) == ()


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
    assert [one.split(".")[0] for one in changes(described(definition()), wanted)] == [path]


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
    named = {one.split(".")[2] for one in changes(described(definition()), wanted)}
    assert named == set(change)


@pytest.mark.parametrize(
    ("written", "stored"), [(256, "256"), ("256", "256"), ("1 vCPU", "1024"), ("0.25 vcpu", "256"), (".5 vCPU", None)]
)
def test_cpu_is_read_as_ecs_reads_it(written: Any, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match="cpu is"):
            normalise(definition(cpu=written))
    else:
        assert normalise(definition(cpu=written))["cpu"] == stored


@pytest.mark.parametrize(("written", "stored"), [(512, "512"), ("0.5 GB", "512"), ("2GB", "2048"), ("2.5", None)])
def test_memory_is_read_as_ecs_reads_it(written: Any, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match="memory is"):
            normalise(definition(memory=written))
    else:
        assert normalise(definition(memory=written))["memory"] == stored


def test_bare_role_name_is_the_role_of_that_name() -> None:
    assert is_same(described(definition()), definition(taskRoleArn="task"))
    assert not is_same(described(definition()), definition(taskRoleArn="tasks"))


def test_truth_value_in_the_environment_is_refused_since_its_text_is_ambiguous() -> None:
    wanted = definition(containerDefinitions=[container(environment=[{"name": "ON", "value": True}])])
    with pytest.raises(ValueError, match="in quotes"):
        normalise(wanted)


def test_numbers_in_the_environment_are_text() -> None:
    number = definition(containerDefinitions=[container(environment=[{"name": "N", "value": 8080}])])
    text = definition(containerDefinitions=[container(environment=[{"name": "N", "value": "8080"}])])
    assert is_same(number, text)


def test_default_inside_a_free_map_is_kept() -> None:
    log = {"logDriver": "awslogs", "options": {"mode": "blocking", "essential": "true"}}
    assert normalise(definition(containerDefinitions=[container(logConfiguration=log)]))["containerDefinitions"][0][
        "logConfiguration"
    ] == {"logDriver": "awslogs", "options": {"mode": "blocking", "essential": "true"}}


def test_host_port_of_the_bridge_network_counts() -> None:
    fixed = definition(
        networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80, "hostPort": 8000}])]
    )
    dynamic = definition(
        networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80, "hostPort": 0}])]
    )
    omitted = definition(networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80}])])
    assert is_same(dynamic, omitted)
    assert not is_same(fixed, omitted)


def test_only_containers_without_an_image_run_the_release() -> None:
    sidecar = {"name": "proxy", "image": "proxy:1"}
    document = with_image(definition(containerDefinitions=[{"name": "app"}, sidecar]), "registry/app@sha256:x")
    assert [one["image"] for one in document["containerDefinitions"]] == ["registry/app@sha256:x", "proxy:1"]


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


@given(documents())
def test_normalising_twice_is_normalising_once(document: dict[str, Any]) -> None:
    assert normalise(normalise(document)) == normalise(document)


@given(documents(), st.randoms())
def test_order_of_what_has_none_never_counts(document: dict[str, Any], chance: random.Random) -> None:
    shuffled = copy.deepcopy(document)
    for key in ("environment", "secrets", "portMappings"):
        chance.shuffle(shuffled["containerDefinitions"][0][key])
    assert is_same(document, shuffled)


@given(documents(), documents())
def test_difference_is_said_exactly_when_there_is_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert is_same(one, other) == (normalise(one) == normalise(other))
    assert bool(changes(one, other)) == (not is_same(one, other))
    assert is_same(one, other) == is_same(other, one)
