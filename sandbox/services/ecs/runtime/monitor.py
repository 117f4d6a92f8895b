# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Watches every container of every task: one listing of the engine at a time, whatever their number."""

import logging
import threading
from typing import Any

from docker.errors import DockerException, NotFound

from sandbox.ministack import container_reaper, ecs, responses
from sandbox.services.ecs.model import health, state, wording
from sandbox.services.ecs.model.records import LOCK, Record
from sandbox.services.ecs.runtime import engine, stopping

logger = logging.getLogger("sandbox.ecs")
_INTERVAL_SECONDS = 0.4
_KILLED = 137
Watched = tuple[str, str, Record, Record]


def watch(ended: threading.Event) -> None:
    """Look again and again until `ended`; an engine that does not answer is logged and asked again."""
    silent = False
    while not ended.wait(_INTERVAL_SECONDS):
        try:
            look()
            silent = False
        except DockerException as error:
            if not silent:
                logger.warning("the Docker engine does not answer; tasks are not watched until it does: %s", error)
            silent = True
        except Exception:
            logger.exception("watching tasks failed; trying again")


def look() -> None:
    """Compare the engine's containers with the records, once."""
    expected = _expected()
    if not expected:
        return
    labels = ["ministack=ecs", f"{container_reaper.INSTANCE_LABEL}={container_reaper.instance_id()}"]
    listed = engine.client().containers.list(all=True, sparse=True, filters={"label": labels})
    found = {container.id: container.attrs for container in listed}
    for account, region, task, record in expected:
        with responses.request_scope(account, region):
            _compare(task, record, found.get(str(state.of_task(task).container(record).engine_id)))


def _expected() -> list[Watched]:
    with LOCK:
        return [
            (account, region, task, record)
            for (account, region, _), task in ecs._tasks.all_items()
            if task["desiredStatus"] == "RUNNING"
            for record in task["containers"]
            if state.of_task(task).container(record).watched and record["lastStatus"] != "STOPPED"
        ]


def _compare(task: Record, record: Record, seen: dict[str, Any] | None) -> None:
    if seen is None:
        stopping.note_exit(task, record, _KILLED, "The container was removed from outside.")
        _ended(task, record)
    elif seen["State"] in ("exited", "dead"):
        _note_end(task, record)
        _ended(task, record)
    elif state.of_task(task).container(record).checked:
        known = state.of_task(task)
        with LOCK:
            record["healthStatus"] = health.from_engine_status(seen["Status"])
            task["healthStatus"] = health.of_task(
                item["healthStatus"]
                for item in task["containers"]
                if known.container(item).checked and known.container(item).essential
            )


def _note_end(task: Record, record: Record) -> None:
    engine_id = str(state.of_task(task).container(record).engine_id)
    try:
        ended = engine.client().containers.get(engine_id).attrs["State"]
    except NotFound:
        stopping.note_exit(task, record, _KILLED, "The container was removed from outside.")
        return
    out_of_memory = "OutOfMemoryError: Container killed due to memory usage" if ended.get("OOMKilled") else ""
    stopping.note_exit(task, record, ended["ExitCode"], out_of_memory or ended.get("Error") or "")


def _ended(task: Record, record: Record) -> None:
    is_essential = state.of_task(task).container(record).essential
    if is_essential or all(item["lastStatus"] == "STOPPED" for item in task["containers"]):
        stopping.begin(task, wording.ESSENTIAL_EXITED, "EssentialContainerExited", failed=True)
