# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Stopping a task: out of its target groups, connections drained, SIGTERM, SIGKILL, nothing left behind."""

import logging
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from sandbox.ministack import ecs, ecs_metadata, responses
from sandbox.namespaces import namespaces
from sandbox.services.ecs.model import state
from sandbox.services.ecs.model.pace import scaled
from sandbox.services.ecs.model.records import (
    LOCK,
    Record,
    cluster_name,
    is_current,
    is_wanted,
    service_of_task,
    short_id,
)
from sandbox.services.ecs.runtime import containers, engine, targets
from sandbox.services.ecs.runtime.engine_pace import PACE

logger = logging.getLogger("sandbox.ecs")
_POLL_SECONDS = 0.2
_DEFAULT_STOP_SECONDS = 30
_LOG_SECONDS = 5.0
# The threads that forward a container's output, by container id: its last words are awaited before it is removed.
LOGS: dict[str, threading.Thread | None] = {}


def begin(task: Record, reason: str, code: str, *, failed: bool = False) -> bool:
    """Mark the task as to be stopped and stop it in the background; False when that was already under way.

    `failed` says that the task, not somebody's wish, ended it: its deployment counts that.
    """
    with LOCK:
        if not is_wanted(task):
            return False
        now = time.time()
        ecs._bump_task_version(task)
        task.update(desiredStatus="STOPPED", stoppingAt=now, stoppedReason=reason, stopCode=code)
        state.of_task(task).failed = failed
        if task["lastStatus"] == "RUNNING":
            task["lastStatus"] = "DEACTIVATING"
    ecs_metadata.set_task_status(task["taskArn"], desired_status="STOPPED")
    engine.in_background(task, responses.get_account_id(), responses.get_region(), lambda: _stop(task))
    return True


def sweep(task: Record) -> None:
    """Remove what a task has in the engine, at once."""
    _remove_all(task, grace={})


def remove(container: Any) -> None:
    """Remove a container with its anonymous volumes; that it is gone already is fine."""
    try:
        with PACE.alone():
            container.remove(v=True, force=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:
            raise
    finally:
        LOGS.pop(container.id, None)
        namespaces.leave(container.id)


def _stop(task: Record) -> None:
    waiting = targets.deregister(task)
    if waiting and _anything_runs(task):
        _drain(task)
    _enter(task, "STOPPING")
    try:
        _remove_all(task, _grace(task))
    finally:
        _enter(task, "DEPROVISIONING")
        _finish(task)


def _drain(task: Record) -> None:
    while is_current(task) and targets.draining(task) and _anything_runs(task):
        time.sleep(_POLL_SECONDS)


def _anything_runs(task: Record) -> bool:
    with LOCK:
        return any(record["lastStatus"] == "RUNNING" for record in task["containers"])


def _grace(task: Record) -> dict[str, int]:
    """Seconds between SIGTERM and SIGKILL by container name."""
    family = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    return {
        definition["name"]: math.ceil(scaled(int(definition.get("stopTimeout") or _DEFAULT_STOP_SECONDS)))
        for definition in family.get("containerDefinitions", [])
    }


def _remove_all(task: Record, grace: dict[str, int]) -> None:
    with LOCK:
        known = state.of_task(task)
        records = [record for record in task["containers"] if known.container(record).engine_id]
        tokens = task.pop("_metadata_tokens", [])
    if records:
        with ThreadPoolExecutor(len(records)) as pool:
            list(pool.map(lambda record: _end(task, record, grace.get(record["name"], 0)), records))
    for token in tokens:
        ecs_metadata.unregister_token(token)
    _remove_volumes(task)
    with LOCK:
        task["_docker_ids"] = []


def _end(task: Record, record: Record, grace: int) -> None:
    """Stop one container, keep its exit code and its last output, remove it in any case."""
    engine_id = str(state.of_task(task).container(record).engine_id)
    PACE.after_start(engine_id)
    try:
        container = engine.client().containers.get(engine_id)
    except NotFound:
        note_exit(task, record, None, "")
        return
    try:
        PACE.turn()
        container.stop(timeout=grace)
        container.reload()
        note_exit(task, record, container.attrs["State"]["ExitCode"], container.attrs["State"].get("Error") or "")
    except NotFound:
        note_exit(task, record, None, "")
    except DockerException as error:
        logger.warning("container %s did not stop: %s; removing it by force", container.name, error)
        note_exit(task, record, None, f"The engine could not stop the container: {error}")
    forwarder = LOGS.get(engine_id)
    if forwarder is not None:
        forwarder.join(_LOG_SECONDS)
    remove(container)


def note_exit(task: Record, record: Record, exit_code: int | None, reason: str) -> None:
    """Put the end of a container on record; what is known already stays."""
    with LOCK:
        record["lastStatus"] = "STOPPED"
        if exit_code is not None and record.get("exitCode") is None and state.of_task(task).container(record).watched:
            record["exitCode"] = exit_code
        if reason and not record.get("reason"):
            record["reason"] = reason[:1024]


def _remove_volumes(task: Record) -> None:
    family = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    for volume in family.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            continue
        try:
            engine.client().volumes.get(containers.volume_name(short_id(task["taskArn"]), volume["name"])).remove()
        except NotFound:
            continue
        except DockerException as error:
            logger.warning("volume %s of task %s stays behind: %s", volume["name"], task["taskArn"], error)


def _enter(task: Record, status: str) -> None:
    with LOCK:
        task["lastStatus"] = status
        if status == "DEPROVISIONING":
            ecs._bump_task_version(task)
            task["executionStoppedAt"] = time.time()


def _finish(task: Record) -> None:
    with LOCK:
        ecs._bump_task_version(task)
        task["lastStatus"] = "STOPPED"
        task["stoppedAt"] = time.time()
        for record in task["containers"]:
            record["lastStatus"] = "STOPPED"
    ecs_metadata.set_task_status(task["taskArn"], known_status="STOPPED")
    if is_current(task):
        ecs._recount_cluster(cluster_name(task))
    service = service_of_task(task)
    logger.info("task %s stopped (%s): %s", task["taskArn"], task["stopCode"], task["stoppedReason"])
    if service is not None:
        ecs._refresh_service_state(cluster_name(task), task["group"])
