# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What services use and run, in CloudWatch. Follows the developer guide, "Amazon ECS CloudWatch metrics" and "Container
Insights metrics": the units that tasks use of those that their definition reserves.
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
            reserved_cpu = sum(float(task.get("cpu") or 0) for task in tasks)
            reserved_memory = sum(float(task.get("memory") or 0) for task in tasks)
            ids = [
                str(engine_id) for task in tasks for record in task["containers"]
                if (engine_id := state.of_task(task).container(record).engine_id)
            ]  # fmt: skip
        dimensions = {"ClusterName": service["clusterArn"].rsplit("/", 1)[-1], "ServiceName": service["serviceName"]}
        _put("ECS/ContainerInsights", "RunningTaskCount", dimensions, "Count", float(len(tasks)))
        _put("ECS/ContainerInsights", "DesiredTaskCount", dimensions, "Count", float(service["desiredCount"]))
        cpus, memory = self._use(ids)
        if cpus is not None and reserved_cpu:
            _put("AWS/ECS", "CPUUtilization", dimensions, "Percent", 100 * cpus * _UNITS_OF_A_CPU / reserved_cpu)
        if ids and reserved_memory:
            _put("AWS/ECS", "MemoryUtilization", dimensions, "Percent", 100 * memory / _MIB / reserved_memory)
        return set(ids)

    def _use(self, ids: list[str]) -> tuple[float | None, float]:
        """CPUs used since the last time (None until there was one) and bytes of memory, of all these containers."""
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


def _put(namespace: str, name: str, dimensions: dict[str, str], unit: str, value: float) -> None:
    cloudwatch._store_datum(namespace, name, dimensions, time.time(), unit, value, None, None, None)


def publish_forever(ended: threading.Event, seconds: float) -> None:
    """Publish every `seconds` until `ended`; a failure is logged, and the next time comes."""
    meter = Meter()
    while not ended.wait(seconds):
        try:
            meter.publish()
        except Exception:
            logger.exception("the use of services could not be published; trying again")
