# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Companions of the inventory as the module takes them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.filter.companions import FilterModule
from ansible_collections.fastbreak.aws.plugins.modules.ecs_rollout import build_argument_spec

companion_services = FilterModule().filters()["companion_services"]
DEFINITION: dict[str, Any] = {
    "family": "fastbreak-dev-inference",
    "cpu": "1024",
    "memory": "2048",
    "containerDefinitions": [
        {
            "name": "inference",
            "portMappings": [{"containerPort": 8080}],
            "healthCheck": {"command": ["CMD", "true"]},
            "environment": [{"name": "LEVEL", "value": "info"}, {"name": "HOST", "value": "db"}],
            "stopTimeout": 120,
        },
        {"name": "proxy", "image": "proxy:1"},
    ],
}
WORKER = {
    "name": "worker",
    "command": ["fastbreak-service", "work"],
    "environment": {"LEVEL": "debug"},
    "cpu": 512,
    "memory_mib": 1024,
    "tasks_minimum": 1,
    "tasks_maximum": 4,
    "scaling_cpu_percent": 50,
    "gates": [{"kind": "command", "command": ["true"]}],
}


def test_companion_runs_the_same_container_without_requests() -> None:
    (made,) = companion_services([WORKER], DEFINITION, "inference")
    definition = made["task_definition"]
    assert (made["service"], definition["family"]) == ("inference-worker", "fastbreak-dev-inference-worker")
    assert (definition["cpu"], definition["memory"]) == ("512", "1024")
    container, proxy = definition["containerDefinitions"]
    assert proxy == DEFINITION["containerDefinitions"][1]
    assert not {"portMappings", "healthCheck", "image"} & set(container)
    assert container["command"] == WORKER["command"]
    assert {each["name"]: each["value"] for each in container["environment"]} == {"LEVEL": "debug", "HOST": "db"}
    assert made["scaling"] == {"minimum": 1, "maximum": 4, "cpu_percent": 50}
    assert [gate["kind"] for gate in made["gates"]] == ["task_stability", "command"]
    given = {"cluster": "c", "service": "inference", "release_table": "t", "companions": [made], "state": "absent"}
    assert not ArgumentSpecValidator(build_argument_spec()).validate(given).error_messages


def test_a_worker_follows_what_the_service_says_of_its_queue_and_a_schedule() -> None:
    told = [{"name": "FASTBREAK_METRICS_NAMESPACE", "value": "Fastbreak/dev"}]
    definition = {**DEFINITION, "containerDefinitions": [{"name": "inference", "environment": told}]}
    night = {"name": "night", "schedule": "cron(0 20 * * ? *)", "maximum": 1}
    backlog = {"scaling_backlog_per_task": 2, "scaling_backlog_age_seconds": 300, "scheduled_actions": [night]}
    worker = {"name": "worker", "tasks_maximum": 4, **backlog}
    (made,) = companion_services([worker], definition, "inference")
    assert made["scaling"] == {
        "minimum": 1,
        "maximum": 4,
        "cpu_percent": 0,
        "backlog_per_task": 2,
        "backlog_age_seconds": 300,
        "backlog_namespace": "Fastbreak/dev",
        "scheduled_actions": [night],
    }
    (removed,) = companion_services([worker], {"family": "f"}, "inference")
    assert removed["scaling"] == {"minimum": 1, "maximum": 4}
    (resting,) = companion_services([{**worker, "tasks_minimum": 0, "rest_after_seconds": 60}], definition, "inference")
    assert (resting["desired_count"], resting["scaling"]["minimum"]) == (1, 0)
    assert resting["scaling"]["rest_after_seconds"] == 60


@pytest.mark.parametrize(
    ("size", "price"),
    [
        ({"cpu": "2048", "memory": "4096"}, "98740"),
        ({"cpu": "1024", "memory": "2048", "runtimePlatform": {"cpuArchitecture": "ARM64"}}, "39500"),
        ({"cpu": "some", "memory": "2048"}, None),
        ({"cpu": "1024", "memory": "2048", "runtimePlatform": {"cpuArchitecture": "RISCV"}}, None),
        ({}, None),
    ],
)
def test_a_worker_that_tells_metrics_knows_what_its_hour_costs(size: dict[str, object], price: str | None) -> None:
    def told(namespace: str) -> str | None:
        variables = [{"name": "FASTBREAK_METRICS_NAMESPACE", "value": namespace}]
        definition = {"family": "f", **size, "containerDefinitions": [{"name": "inference", "environment": variables}]}
        (made,) = companion_services([{"name": "worker"}], definition, "inference")
        (container,) = made["task_definition"]["containerDefinitions"]
        found = {each["name"]: each["value"] for each in container["environment"]}
        return found.get("FASTBREAK_MICRODOLLARS_PER_HOUR")

    assert told("Fastbreak/dev") == price
    assert told("") is None


def test_definition_of_the_service_is_left_alone() -> None:
    before = repr(DEFINITION)
    companion_services([WORKER, {"name": "mailer", "released": "after"}], DEFINITION, "inference")
    assert repr(DEFINITION) == before


def test_a_companion_has_a_role_and_a_time_of_its_own() -> None:
    definition, outputs = {**DEFINITION, "taskRoleArn": "api"}, {"WorkerRoleArn": "worker"}
    named = {**WORKER, "task_role_output": "WorkerRoleArn", "bake_seconds": 5}
    own, other = companion_services([named, {"name": "mailer"}], definition, "inference", outputs)
    assert (own["task_definition"]["taskRoleArn"], other["task_definition"]["taskRoleArn"]) == ("worker", "api")
    assert own["gates"][0] == {"kind": "task_stability", "bake_seconds": 5}
    (removed,) = companion_services([named], {"family": "f"}, "inference")
    assert removed["task_definition"] == {"family": "f-worker"}


def test_a_companion_has_values_that_the_platform_tells() -> None:
    named = {"name": "a", "environment_outputs": {"HOST": "Host"}, "environment": {"LEVEL": "debug"}}
    (made,) = companion_services([named], DEFINITION, "b", {"Host": "other"})
    container = made["task_definition"]["containerDefinitions"][0]
    assert {each["name"]: each["value"] for each in container["environment"]} == {"LEVEL": "debug", "HOST": "other"}
    with pytest.raises(AnsibleFilterError, match=r"environment_outputs HOST: Host, which .* does not have"):
        companion_services([named], DEFINITION, "b", {"Other": "x"})
    (removed,) = companion_services([named], {"family": "f"}, "b")
    assert removed["task_definition"] == {"family": "f-a"}


def test_a_role_that_the_platform_does_not_have_is_said() -> None:
    with pytest.raises(AnsibleFilterError, match=r"task_role_output Wrong, .* It has WorkerRoleArn\. Correct it"):
        companion_services([{"name": "a", "task_role_output": "Wrong"}], DEFINITION, "b", {"WorkerRoleArn": "worker"})


def test_without_scaling_the_number_of_tasks_stays() -> None:
    (made,) = companion_services([{"name": "a", "tasks_minimum": 3}], DEFINITION, "b")
    assert made["desired_count"] == 3
    assert "scaling" not in made


def test_what_is_left_empty_is_as_left_out() -> None:
    empty = dict.fromkeys(WORKER, None) | {"rest_after_seconds": None, "health_check": None, "name": "a"}
    assert companion_services([empty], DEFINITION, "b") == companion_services([{"name": "a"}], DEFINITION, "b")
    with pytest.raises(AnsibleFilterError, match="is given comand"):
        companion_services([{"name": "a", "comand": None}], DEFINITION, "b")


def test_removal_knows_no_containers() -> None:
    (made,) = companion_services([{"name": "a"}], {"family": "f"}, "b")
    assert made["task_definition"] == {"family": "f-a"}


@pytest.mark.parametrize(
    ("companions", "definition", "said"),
    [
        ("worker", DEFINITION, "no list of dictionaries"),
        ([1], DEFINITION, "no list of dictionaries"),
        ([{}], DEFINITION, "has no name"),
        ([{"name": None}], DEFINITION, "has no name"),
        ([{"name": "a", "comand": ["x"]}], DEFINITION, "is given comand, which it does not have"),
        ([{"name": "a", "tasks_maximum": 4}], DEFINITION, "nothing to scale by"),
        ([{"name": "a", "scheduled_actions": [{}]}], DEFINITION, "has scheduled_actions, and nothing to scale by"),
        (
            [{"name": "a", "tasks_minimum": 0}],
            DEFINITION,
            "Companion a has tasks_minimum 0, and nothing to scale by, .* scaling_cpu_percent or .* tasks_minimum to 1",
        ),
        ([{"name": "a"}], None, "no task definition"),
    ],
)
def test_what_cannot_be_read_is_said(companions: Any, definition: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        companion_services(companions, definition, "inference")
