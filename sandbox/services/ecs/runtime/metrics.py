# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What services use and run, in CloudWatch. Follows the developer guide, "Amazon ECS CloudWatch metrics" and "Container
Insights metrics": the units that a task uses of those that its definition reserves, a sample for each task.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from docker.errors import DockerException

from sandbox.ministack import cloudwatch, ecs, responses
from sandbox.services.ecs.model import state
from sandbox.services.ecs.model.records import LOCK, Record, tasks_of
from sandbox.services.ecs.runtime import engine

logger = logging.getLogger("sandbox.ecs")
_UNITS_OF_A_CPU = 1024
_MIB = 1024 * 1024


@dataclass
class Meter:
    """CPU seconds of each container when they were last read, and when that was."""

    _before: dict[str, tuple[float, float]] = field(default_factory=dict)

    def publish(self) -> None:
        """Put the use of every service of every account into CloudWatch, once."""
        with LOCK:
            services = [
                (account, region, service) for (account, region, _), service in ecs._services.all_items()
                if service["status"] == "ACTIVE"
            ]  # fmt: skip
        alive: set[str] = set()
        for account, region, service in services:
            with responses.request_scope(account, region):
                alive |= self._publish_service(service)
        for gone in set(self._before) - alive:
            del self._before[gone]

    def _publish_service(self, service: Record) -> set[str]:
        with LOCK:
            tasks = [task for task in tasks_of(service) if task["lastStatus"] == "RUNNING"]
            ids = {task["taskArn"]: _containers_of(task) for task in tasks}
        dimensions = {"ClusterName": service["clusterArn"].rsplit("/", 1)[-1], "ServiceName": service["serviceName"]}
        _put("ECS/ContainerInsights", "RunningTaskCount", dimensions, "Count", [float(len(tasks))])
        _put("ECS/ContainerInsights", "DesiredTaskCount", dimensions, "Count", [float(service["desiredCount"])])
        used = [(task, *self._use(ids[task["taskArn"]])) for task in tasks if ids[task["taskArn"]]]
        # Each task is a sample of its own: the largest is that of the task which uses most.
        cpu = [
            100 * cpus * _UNITS_OF_A_CPU / reserved
            for task, cpus, _memory in used
            if cpus is not None and (reserved := float(task.get("cpu") or 0))
        ]
        memory = [
            100 * taken / _MIB / reserved for task, _cpus, taken in used if (reserved := float(task.get("memory") or 0))
        ]
        _put("AWS/ECS", "CPUUtilization", dimensions, "Percent", cpu)
        _put("AWS/ECS", "MemoryUtilization", dimensions, "Percent", memory)
        return {engine_id for found in ids.values() for engine_id in found}

    def _use(self, ids: list[str]) -> tuple[float | None, float]:
        """CPUs used since the last time (None until there was one) and bytes of memory, of a task's containers."""
        cpus, known, memory = 0.0, False, 0
        for engine_id in ids:
            read = _stats(engine_id)
            if read is None:
                continue
            seconds, used = read
            now = time.monotonic()
            memory += used
            if before := self._before.get(engine_id):
                cpus += max(seconds - before[0], 0) / max(now - before[1], 0.001)
                known = True
            self._before[engine_id] = (seconds, now)
        return (cpus if known else None), float(memory)


def _stats(engine_id: str) -> tuple[float, int] | None:
    """CPU seconds and bytes of memory of a container; None when it has ended."""
    try:
        read: dict[str, Any] = engine.client().api.stats(engine_id, stream=False, one_shot=True)
    except DockerException as error:
        logger.debug("no figures of container %s: %s", engine_id, error)
        return None
    memory = read.get("memory_stats") or {}
    cache = (memory.get("stats") or {}).get("inactive_file", 0)
    if "usage" not in memory:
        return None
    return read["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, max(memory["usage"] - cache, 0)


def _containers_of(task: Record) -> list[str]:
    """The ids in the engine of the task's containers."""
    known = state.of_task(task)
    return [str(found) for record in task["containers"] if (found := known.container(record).engine_id)]


def _put(namespace: str, name: str, dimensions: dict[str, str], unit: str, values: list[float]) -> None:
    """Put each of *values* there as a sample of its own; nothing where there is none."""
    if values:
        cloudwatch._store_datum(namespace, name, dimensions, time.time(), unit, None, values, None, None)


def publish_forever(ended: threading.Event, seconds: float) -> None:
    """Publish every `seconds` until `ended`; a failure is logged, and the next time comes."""
    meter = Meter()
    while not ended.wait(seconds):
        try:
            meter.publish()
        except Exception:
            logger.exception("the use of services could not be published; trying again")
