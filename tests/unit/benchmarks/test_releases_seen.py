# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of a deployment from ECS and from the release record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.one_off import started_by
from botocore.exceptions import ClientError

from benchmarks.releases.seen import (
    Seen,
    Standing,
    Watcher,
    migration_seconds,
    moving_seconds,
    newest_record,
    verdict_of,
)
from tests.sandbox.balancer import eventually

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def deployment(number: int, **more: Any) -> dict[str, Any]:
    return {"serviceDeploymentArn": f"d/{number}", "createdAt": at(number), **more}


class FakeEcs:
    """Lists these deployments; the first `failures` looks fail."""

    def __init__(self, *deployments: dict[str, Any], failures: int = 0, tasks: list[dict[str, Any]] | None = None):
        self.deployments = {each["serviceDeploymentArn"]: each for each in deployments}
        self.failures, self.looks = failures, 0
        self.tasks = {str(number): task for number, task in enumerate(tasks or [])}

    def list_service_deployments(self, **_: str) -> dict[str, Any]:
        self.looks += 1
        if self.looks <= self.failures:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "ListServiceDeployments")
        return {"serviceDeployments": list(self.deployments.values())}

    def describe_service_deployments(self, *, serviceDeploymentArns: list[str]) -> dict[str, Any]:  # noqa: N803
        return {"serviceDeployments": [self.deployments[arn] for arn in serviceDeploymentArns]}

    def list_tasks(self, **_: str) -> dict[str, Any]:
        return {"taskArns": list(self.tasks)}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        return {"tasks": [self.tasks[arn] for arn in tasks]}


class FakeTable:
    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": list(self.items[:1])}


def watch(ecs: FakeEcs) -> Watcher:
    return Watcher(ecs, "prod", "inference", BEGAN.timestamp())


def test_the_first_deployment_counts_and_not_its_undoing() -> None:
    undone = deployment(5, finishedAt=at(40), rollback={"startedAt": at(30)}, lifecycleStage="POST_TEST_TRAFFIC_SHIFT")
    ecs = FakeEcs(deployment(-9), deployment(30), undone, failures=1)
    with watch(ecs) as watcher:
        assert eventually(lambda: ecs.looks >= 2)
    found = watcher.seen({"gates": [{"finished_at": "2026-01-01T00:00:29.500Z"}]}, 4.0)
    assert found.judged is not None
    assert found.judged > at(0).timestamp()
    began = BEGAN.timestamp()
    assert (found.started, found.undone, found.verdict) == (began + 5, began + 30, began + 29.5)
    assert found.migration == 4.0


def test_how_long_old_tasks_took_to_stop() -> None:
    now = datetime.now(UTC)
    ecs = FakeEcs(deployment(5, lifecycleStage="CLEAN_UP"))
    with watch(ecs) as watcher:
        assert eventually(lambda: ecs.looks >= 2)
    ecs.deployments["d/5"]["finishedAt"] = now + timedelta(hours=1)
    assert 3000 < watcher.seen(None, 0.0).cleaning < 3600


def test_ecs_moves_by_itself_where_nobody_is_asked_and_nothing_bakes() -> None:
    course = [
        Standing(0.0, "SCALE_UP", waits=False),
        Standing(10.0, "POST_TEST_TRAFFIC_SHIFT", waits=False),
        Standing(10.5, "POST_TEST_TRAFFIC_SHIFT", waits=True),
        Standing(25.0, "POST_TEST_TRAFFIC_SHIFT", waits=False),
        Standing(25.25, "PRE_PRODUCTION_TRAFFIC_SHIFT", waits=True),
        Standing(26.0, "PRODUCTION_TRAFFIC_SHIFT", waits=False, share=10.0),
        Standing(30.75, "PRODUCTION_TRAFFIC_SHIFT", waits=False, share=100.0),
        Standing(31.0, "POST_PRODUCTION_TRAFFIC_SHIFT", waits=True),
        Standing(46.0, "POST_PRODUCTION_TRAFFIC_SHIFT", waits=False),
        Standing(46.125, "BAKE_TIME", waits=False),
        Standing(51.0, "CLEAN_UP", waits=False),
    ]
    assert moving_seconds(course) == 0.5 + 0.25 + 0.25 + 0.125
    assert moving_seconds(course[:1]) == moving_seconds([]) == 0.0
    # Looks between failed.
    assert moving_seconds([course[3], replace(course[4], seen=40.0)]) == 1.0


def test_the_share_of_the_traffic_is_read_from_the_revision_that_takes_it() -> None:
    ecs = FakeEcs(deployment(5, lifecycleStage="PRODUCTION_TRAFFIC_SHIFT"))
    ecs.deployments["d/5"]["targetServiceRevision"] = {"requestedProductionTrafficWeight": 100.0}
    with watch(ecs) as watcher:
        assert eventually(lambda: ecs.looks >= 3)
    ecs.deployments["d/5"].update(lifecycleStage="CLEAN_UP", finishedAt=datetime.now(UTC))
    assert watcher.seen(None, 0.0).moving > 0


def test_where_nothing_paused_it_is_judged_when_it_has_completed() -> None:
    with watch(FakeEcs(deployment(5, finishedAt=at(40)))) as watcher:
        pass
    assert watcher.seen(None, 0.0) == Seen(at(5).timestamp(), at(40).timestamp())


@pytest.mark.parametrize("deployments", [[], [deployment(-1)]])
def test_no_deployment_since(deployments: list[dict[str, Any]]) -> None:
    with watch(FakeEcs(*deployments)) as watcher:
        pass
    assert watcher.seen(None, 3.0) == Seen(migration=3.0)


@pytest.mark.parametrize(
    ("record", "seconds"),
    [
        ({}, None),
        ({"gates": []}, None),
        ({"gates": [{"finished_at": ""}]}, None),
        ({"gates": [{"finished_at": "2026-01-01T00:00:02Z"}, {"finished_at": "2026-01-01T00:00:01Z"}]}, 2.0),
    ],
)
def test_when_our_verdict_was_found(record: dict[str, Any], seconds: float | None) -> None:
    assert verdict_of(record) == (None if seconds is None else BEGAN.timestamp() + seconds)


def test_a_record_of_before_is_of_another_release() -> None:
    since = BEGAN.timestamp()
    newer, older = {"started_at": "2026-01-01T00:00:01Z"}, {"started_at": "2025-12-31T23:59:59Z"}
    assert newest_record(FakeTable(newer, older), "inference", since) == newer
    assert newest_record(FakeTable(older), "inference", since) is None
    assert newest_record(FakeTable(), "inference", since) is None


def test_a_migration_is_a_task_that_was_started_for_it_now() -> None:
    def task(mark: str, created: float, stopped: float | None) -> dict[str, Any]:
        return {"startedBy": mark, "createdAt": at(created), **({"stoppedAt": at(stopped)} if stopped else {})}

    ours = started_by("migration", "inference")
    tasks = [
        task(ours, 1, 4.5),
        task(ours, -100, -90),
        task(ours, 2, None),
        task("ecs-svc/1", 1, 60),
        task("fastbreak-gate/R#seq-000000000001", 5, 9),
    ]
    assert migration_seconds(FakeEcs(tasks=tasks), "prod", "f", BEGAN.timestamp()) == 3.5
    assert migration_seconds(FakeEcs(), "prod", "f", BEGAN.timestamp()) == 0
