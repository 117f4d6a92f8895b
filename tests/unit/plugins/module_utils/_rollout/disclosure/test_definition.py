# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task definitions shown to a person: every difference is named, secrets never are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.comparison import is_same, normalise
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.definition import (
    changes,
    hidden_texts,
    view,
    views,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from hypothesis import given

from tests.unit.plugins.module_utils._rollout.definitions import (
    LOG_OPTIONS,
    ROLE,
    container,
    definition,
    described,
    documents,
)

HIDDEN, SHOWN = Disclosure(b"a key of this run"), Disclosure(b"a key of this run", show_values=True)
SECRET = "hunter2"


@pytest.mark.parametrize(
    "change",
    [
        {"environment": [{"name": name, "value": SECRET}]}
        for name in ("DB_PWD", "JWT", "image", "name", "family", "LOG_LEVEL", "containerPath")
    ]
    + [
        {"command": ["serve", f"--password={SECRET}"]},
        {"entryPoint": ["sh", "-c", f"exec app {SECRET}"]},
        {"dockerLabels": {"image": SECRET}},
        {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}}},
        {"firelensConfiguration": {"type": "fluentbit", "options": {"name": SECRET}}},
        {"healthCheck": {"command": ["CMD-SHELL", f"curl -u a:{SECRET} localhost"]}},
        {"environmentFiles": [{"type": "s3", "value": SECRET}]},
        {"secrets": [{"name": "A", "valueFrom": SECRET}]},
        {"extraHosts": [{"hostname": SECRET, "ipAddress": SECRET}]},
        {"somethingNew": {"that": [SECRET]}},
        {"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": SECRET}]},
    ],
)
def test_value_is_shown_only_when_asked_for_but_its_change_always_is(change: dict[str, Any]) -> None:
    made = definition(containerDefinitions=[container(**change)])
    other = json.loads(json.dumps(made).replace(SECRET, "hunter3"))
    before, after = views(made, other, HIDDEN)
    assert before != after
    assert "hunter" not in str(before) + str(after)
    assert changes(made, other)
    assert SECRET in str(views(made, other, SHOWN)[0])
    assert SECRET in " ".join(text for _place, text in hidden_texts(made))


def test_names_sizes_and_references_are_shown() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:rds-AbCdEf:password::"
    shown = view(definition(containerDefinitions=[container(secrets=[{"name": "A", "valueFrom": arn}])]), HIDDEN)
    app = shown["containerDefinitions"]["app"]
    assert (shown["family"], shown["cpu"], shown["taskRoleArn"]) == ("web", "256", ROLE)
    assert (app["secrets"], list(app["environment"])) == ({"A": arn}, ["ONE", "TWO"])
    assert app["logConfiguration"] == {"logDriver": "awslogs", "options": LOG_OPTIONS}
    assert app["mountPoints"] == [{"sourceVolume": "tmp", "containerPath": "/work"}]


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
    before, after = views(left, right, HIDDEN)
    assert (before == after) == is_same(left, right)
    assert bool(changes(left, right)) == (not is_same(left, right))
    assert is_same(left, right) == is_same(right, left)
