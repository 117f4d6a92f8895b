# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases on real containers behind a real load balancer: accepted, refused, rolled back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
    SupersededError,
)

from tests.integration.rollout.platform import InBackground, Platform
from tests.sandbox.balancer import eventually


def register(platform: Platform, service: str) -> int:
    """Register a revision of the family that *service* owns; its number."""
    definition = platform.task_definition()
    (container,) = definition["containerDefinitions"]
    tags = {"fastbreak:service": service, "fastbreak:cluster": platform.cluster}
    made = platform.ecs.register_task_definition(
        **{**definition, "cpu": "256", "memory": "512", "containerDefinitions": [{**container, "image": "x"}]},
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    return int(made["taskDefinition"]["revision"])


def test_good_release_is_let_in_and_the_second_run_changes_nothing(platform: Platform) -> None:
    tag = platform.push("1.0.0")
    older = [f"{platform.family}:{register(platform, service)}" for service in ("web", "web-api", "web")]
    predicted = platform.roll_out("1.0.0", check_mode=True, keep_revisions=1)
    assert (predicted["action"], predicted["changes"]["deregistered"]) == ("create", [older[0], older[2]])
    assert platform.records() == []
    assert platform.service() == {}
    done = platform.roll_out("1.0.0", keep_revisions=1)
    assert done["changed"]
    active = platform.ecs.list_task_definitions(familyPrefix=platform.family, status="ACTIVE")["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in sorted(active)] == [older[1], f"{platform.family}:4"]
    assert done["diff"] == predicted["diff"]
    assert set(platform.answers()) == {(200, tag)}
    assert [record["outcome"] for record in platform.records()] == ["SUCCEEDED"]
    for check_mode in (True, False):
        again = platform.roll_out("1.0.0", check_mode=check_mode)
        assert not again["changed"], again["diff"]
    assert len(platform.records()) == 1
    scaling = platform.connect("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert {target["ResourceId"]: (target["MinCapacity"], target["MaxCapacity"]) for target in targets}[
        f"service/{platform.cluster}/web"
    ] == (2, 4)


def test_next_release_keeps_the_count_that_scaling_chose(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    platform.ecs.update_service(cluster=platform.cluster, service="web", desiredCount=3)
    tag = platform.push("1.1.0")
    done = platform.roll_out("1.1.0")
    assert done["action"] == "deploy"
    assert platform.service()["desiredCount"] == 3
    assert set(platform.answers()) == {(200, tag)}
    assert not platform.roll_out("1.1.0")["changed"]


def test_rollback_goes_to_the_same_image_with_other_values_though_that_was_deregistered(platform: Platform) -> None:
    tag = platform.push("1.0.0")
    first = platform.roll_out("1.0.0", task_definition=platform.task_definition(LEVEL="first"))
    second = platform.roll_out("1.0.0", task_definition=platform.task_definition(LEVEL="second"))
    assert second["definition"] != first["definition"]
    platform.ecs.deregister_task_definition(taskDefinition=first["task_definition_arn"])
    back = platform.roll_out(None, state="rolled_back")
    assert (back["changed"], back["version"], back["definition"]) == (True, tag, first["definition"])
    arn = platform.service()["taskDefinition"]
    container = platform.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][0]
    assert container["environment"] == [{"name": "LEVEL", "value": "first"}]
    assert not platform.roll_out(None, state="rolled_back")["changed"]
    assert not platform.roll_out("1.0.0", state="rolled_back")["changed"]
    # A revision that is registered already is a release of its own.
    named = second["task_definition_arn"].rpartition("/")[2]
    again = platform.roll_out(None, revision=named, task_definition=None)
    assert (again["action"], again["definition"], again["version"]) == ("deploy", second["definition"], tag)
    assert platform.records()[-1]["task_definition_arn"] == second["task_definition_arn"]
    assert not platform.roll_out(None, revision=named, task_definition=None)["changed"]


def refused(platform: Platform, version: str, **other: Any) -> RolledBackError:
    """Release 1.0.0, then a version that is rolled back; what the failed run said."""
    good = platform.push("1.0.0")
    platform.roll_out("1.0.0", companions=other.get("companions"))
    before = platform.service()["taskDefinition"]
    with pytest.raises(RolledBackError) as caught:
        platform.roll_out(version, **other)
    service = platform.service()
    assert service["taskDefinition"] == before
    assert service["runningCount"] == 2
    assert set(platform.answers()) == {(200, good)}
    assert platform.records()[-1]["outcome"] == "ROLLED_BACK"
    assert not platform.roll_out("1.0.0")["changed"]
    return caught.value


def worker(platform: Platform) -> dict[str, Any]:
    """A service that takes no requests, which runs another command of the same image."""
    definition = platform.task_definition()
    (container,) = definition["containerDefinitions"]
    own = {name: value for name, value in container.items() if name != "portMappings"}
    family = {"family": f"{platform.family}-worker", "containerDefinitions": [{**own, "command": ["sleep", "3600"]}]}
    return {
        "service": "web-worker",
        "task_definition": {**definition, **family},
        "desired_count": 1,
        "gates": [{"kind": "task_stability", "bake_seconds": 2, "deadline_seconds": 30}],
    }


def test_version_that_is_ready_but_answers_errors_is_rolled_back_with_its_worker(platform: Platform) -> None:
    platform.push("1.1.0", ROUTE_STATUS=500)
    error = refused(platform, "1.1.0", companions=[worker(platform)])
    (service,) = platform.ecs.describe_services(cluster=platform.cluster, services=["web-worker"])["services"]
    revision = platform.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (own,) = (
        record for record in platform.records() if record["service"] == "web" and record["outcome"] == "SUCCEEDED"
    )
    assert revision["containerDefinitions"][0]["image"] == own["image"]
    assert service["runningCount"] == 1
    outcomes = [record["outcome"] for record in platform.records() if record["service"] == "web-worker"]
    assert outcomes == ["SUCCEEDED", "ROLLED_BACK"]
    assert "web, of the same release, failed" in error.message
    platform.roll_out(None, state="absent", companions=[worker(platform)])
    statuses = platform.ecs.describe_services(cluster=platform.cluster, services=["web", "web-worker"])["services"]
    assert {service["status"] for service in statuses} <= {"INACTIVE"}
    assert "gate http /v1/analyses?limit=1 is UNHEALTHY" in error.message
    assert "x 500" in error.message
    assert "back on 1.0.0-" in error.message
    assert error.details["timings"]["to_detect_seconds"] > 0


def test_version_that_never_becomes_ready_is_rolled_back(platform: Platform) -> None:
    platform.push("1.1.0", READY_AFTER_SECONDS=10_000)
    error = refused(platform, "1.1.0", health_check_grace_period_seconds=2)
    assert "UNHEALTHY" in error.message
    assert "failed ELB health checks" in error.message


def test_version_that_dies_after_some_time_is_rolled_back_with_its_last_words(platform: Platform) -> None:
    platform.push("1.1.0", LIFE_SECONDS=15)
    gates = [
        {"kind": "target_health", "bake_seconds": 30, "deadline_seconds": 60},
        {"kind": "http", "path": "/readyz", "bake_seconds": 30, "deadline_seconds": 60, "maximum_failure_ratio": 0.9},
    ]
    error = refused(platform, "1.1.0", gates=gates)
    assert "exit code 3" in error.message
    assert "out of memory, giving up" in error.message


def test_first_release_that_fails_leaves_nothing_behind(platform: Platform) -> None:
    platform.push("1.0.0", ROUTE_STATUS=500)
    with pytest.raises(OperationError) as caught:
        platform.roll_out("1.0.0")
    assert "was stopped" in caught.value.message
    assert platform.service() == {}
    assert set(platform.answers()) == {(503, "")}
    assert platform.records()[-1]["outcome"] == "STOPPED"
    platform.push("1.0.1")
    assert platform.roll_out("1.0.1")["action"] == "create"


def test_missing_version_is_refused_by_name_of_the_nearest(platform: Platform) -> None:
    tag = platform.push("1.0.0")
    with pytest.raises(RefusedError) as caught:
        platform.roll_out("1.0.1")
    assert caught.value.details["nearest_versions"] == [tag]
    assert platform.service() == {}


def test_failed_migration_leaves_the_service_alone(platform: Platform) -> None:
    platform.push("1.0.0")
    migration = {"container": "service", "command": ["fastbreak-service", "migrate"]}
    platform.roll_out("1.0.0", migration=migration)
    before = platform.service()["taskDefinition"]
    platform.push("1.1.0")
    sized = {**migration, "environment": {"MIGRATION_EXIT": 4}, "cpu": 512, "memory_mib": 1024}
    with pytest.raises(OperationError, match=r"exit code 4.*migrating"):
        platform.roll_out("1.1.0", migration=sized)
    assert platform.service()["taskDefinition"] == before
    assert platform.records()[-1]["outcome"] == "FAILED"


def test_rollback_goes_back_and_forth_only_when_told(platform: Platform) -> None:
    first = platform.push("1.0.0")
    platform.roll_out("1.0.0")
    second = platform.push("1.1.0")
    platform.roll_out("1.1.0")
    predicted = platform.roll_out(None, state="rolled_back", check_mode=True)
    done = platform.roll_out(None, state="rolled_back")
    assert predicted["changed"]
    assert done["changed"]
    assert set(platform.answers()) == {(200, first)}
    assert not platform.roll_out(None, state="rolled_back")["changed"]
    assert platform.roll_out("1.1.0", state="rolled_back")["changed"]
    assert set(platform.answers()) == {(200, second)}
    assert [record["kind"] for record in platform.records()] == ["deploy", "deploy", "rollback", "rollback"]


def test_two_rollouts_at_once_do_not_meet(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    tag = platform.push("1.1.0")
    with InBackground(platform, "1.1.0") as first:
        assert eventually(platform.is_locked)
        with InBackground(platform, "1.1.0") as other:
            pass
    results = [first.result, other.result]
    assert isinstance(results[0], dict), results[0]
    assert isinstance(results[1], RefusedError)
    assert "is rolling it out now" in results[1].message
    assert set(platform.answers()) == {(200, tag)}


def test_change_by_another_party_is_said_as_superseded(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    platform.push("1.1.0", READY_AFTER_SECONDS=20)
    first = platform.service()["taskDefinition"]
    with InBackground(platform, "1.1.0") as ours:
        assert eventually(lambda: platform.service()["taskDefinition"] != first)
        time.sleep(1.0)
        platform.ecs.update_service(cluster=platform.cluster, service="web", taskDefinition=first)
    assert isinstance(ours.result, SupersededError), ours.result
    assert "neither judged nor rolled back" in ours.result.message
    assert platform.records()[-1]["outcome"] == "SUPERSEDED"


def test_absent_removes_what_a_rollout_made_and_keeps_the_record(platform: Platform) -> None:
    platform.push("1.0.0")
    platform.roll_out("1.0.0")
    assert platform.roll_out(None, state="absent", check_mode=True)["changed"]
    assert platform.service()["status"] == "ACTIVE"
    assert platform.roll_out(None, state="absent")["changed"]
    assert platform.service() == {}
    assert len(platform.records()) == 1
    assert not platform.roll_out(None, state="absent")["changed"]
