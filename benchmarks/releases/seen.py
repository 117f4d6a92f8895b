# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS and the release record tell of a deployment, beside what users saw. Times are seconds since the epoch."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

from boto3.dynamodb.conditions import Key
from botocore.exceptions import BotoCoreError, ClientError

_LOOK_SECONDS = 0.2
_LONGEST_LOOK_SECONDS = 1.0
"""Of a longer time between two looks nobody knows what ECS did in it."""
_SHIFTED, _CLEANS_UP = "POST_TEST_TRAFFIC_SHIFT", "CLEAN_UP"
_BETWEEN = (_SHIFTED, "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT")
"""Stages in which nothing is to be waited for but a verdict."""
_SHIFTS, _ALL = "PRODUCTION_TRAFFIC_SHIFT", 100.0
"""In the stage of the shift an earlier share bakes; of all of the traffic nothing is waited for there."""
_AWAITS = "AWAITING_ACTION"
_MIGRATION = "fastbreak-migration/"


@dataclass(frozen=True)
class Seen:
    """None: that did not happen.

    `started`: when ECS's deployment was made; `judged`: when its tasks were there, so that it could be judged;
    `undone`: when ECS began to go back to the old version, or gave the new one up; `verdict`: when ours was found;
    `migration`, `cleaning`: how long the migration's task took, and ECS to drain and stop the old tasks, in seconds;
    `moving`: how long ECS took from stage to stage while no verdict was waited for.
    """

    started: float | None = None
    judged: float | None = None
    undone: float | None = None
    verdict: float | None = None
    migration: float = 0.0
    cleaning: float = 0.0
    moving: float = 0.0


@dataclass(frozen=True)
class Standing:
    """Where a deployment was *seen* to be: at some stage, with a *share* of the traffic, in percent.

    It *waits* for a verdict there.
    """

    seen: float
    stage: str
    waits: bool
    share: float = 0.0

    @property
    def moves(self) -> bool:
        """ECS goes on by itself."""
        return not self.waits and (self.stage in _BETWEEN or (self.stage == _SHIFTS and self.share == _ALL))


def moving_seconds(course: Sequence[Standing]) -> float:
    """How long ECS was between two stages by itself: it had its verdict, or did not ask for it yet."""
    moves = (pair for pair in pairwise(course) if pair[0].moves)
    return sum(min(after.seen - before.seen, _LONGEST_LOOK_SECONDS) for before, after in moves)


def _standing(now: float, deployment: Mapping[str, Any]) -> Standing:
    waits = any(hook.get("status") == _AWAITS for hook in deployment.get("lifecycleHookDetails") or ())
    share = deployment.get("targetServiceRevision", {}).get("requestedProductionTrafficWeight") or 0.0
    return Standing(now, str(deployment["lifecycleStage"]), waits, float(share))


class Watcher:
    """Looks at the deployments of a service until the `with` block ends."""

    def __init__(self, ecs: Any, cluster: str, service: str, since: float) -> None:
        self._ecs, self._names, self._since = ecs, {"cluster": cluster, "service": service}, since
        self._course: list[Standing] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                found = self._first()
            except (ClientError, BotoCoreError):
                # The next look may succeed.
                continue
            if found and found.get("lifecycleStage"):
                self._course.append(_standing(time.time(), found))

    def _first(self) -> dict[str, Any] | None:
        """The first deployment since; an undo may be another one."""
        listed = self._ecs.list_service_deployments(**self._names)["serviceDeployments"]
        newer = [each for each in listed if each["createdAt"].timestamp() >= self._since]
        if not newer:
            return None
        arn = min(newer, key=lambda each: each["createdAt"])["serviceDeploymentArn"]
        (found,) = self._ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        return dict(found)

    def seen(self, record: Mapping[str, Any] | None, migration: float) -> Seen:
        """All of it, once the deployment has ended; *record* is the release's."""
        verdict = verdict_of(record) if record else None
        found = self._first()
        if found is None:
            return Seen(verdict=verdict, migration=migration)
        undone = found.get("rollback", {}).get("startedAt") or found.get("stoppedAt")
        finished = found["finishedAt"].timestamp() if found.get("finishedAt") else None
        return Seen(
            started=found["createdAt"].timestamp(),
            judged=self._reached(_SHIFTED, finished),
            undone=undone.timestamp() if undone else None,
            verdict=verdict,
            migration=migration,
            cleaning=max(0.0, finished - (self._reached(_CLEANS_UP) or finished)) if finished else 0.0,
            moving=moving_seconds(self._course),
        )

    def _reached(self, stage: str, otherwise: float | None = None) -> float | None:
        return next((standing.seen for standing in self._course if standing.stage == stage), otherwise)


def newest_record(table: Any, service: str, since: float) -> dict[str, Any] | None:
    """The newest release's record in the release table, a resource of boto3; None when it is older than *since*."""
    wanted = Key("service").eq(service) & Key("release_id").begins_with("R#")
    found = table.query(KeyConditionExpression=wanted, ScanIndexForward=False, Limit=1)["Items"]
    return dict(found[0]) if found and _moment(found[0]["started_at"]) >= since else None


def verdict_of(record: Mapping[str, Any]) -> float | None:
    """When the gates were assessed for the last time; None when no gate was."""
    return max(_assessed(record), default=None)


def _assessed(record: Mapping[str, Any]) -> Iterator[float]:
    for gate in record.get("gates") or []:
        if gate.get("finished_at"):
            yield _moment(gate["finished_at"])


def migration_seconds(ecs: Any, cluster: str, family: str, since: float) -> float:
    """How long the migration's tasks of *family* ran that began since then. A gate's run while it measures."""
    arns = ecs.list_tasks(cluster=cluster, family=family, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    ran = (
        float((task["stoppedAt"] - task["createdAt"]).total_seconds())
        for task in tasks
        if str(task.get("startedBy", "")).startswith(_MIGRATION)
        and task["createdAt"].timestamp() >= since
        and task.get("stoppedAt")
    )
    return sum(ran)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
