# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the running databases use, in CloudWatch. Follows the RDS user guide, "CloudWatch instance-level metrics"."""

import logging
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from docker.errors import DockerException

from sandbox.ministack import cloudwatch, rds, responses
from sandbox.services.rds.runtime import database

logger = logging.getLogger("sandbox.rds")
Instance = dict[str, Any]
_GIB = 1024**3
_VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
_USE = (
    "SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database)"
    " + coalesce((SELECT sum(size) FROM pg_ls_waldir()), 0), "
    "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
)


@dataclass
class Meter:
    """CPU seconds of each container when they were last read, and when that was."""

    _before: dict[str, tuple[float, float]] = field(default_factory=dict)

    def publish(self) -> None:
        """Put the use of every account's databases into CloudWatch, once."""
        for (account, region, _), instance in list(rds._instances.all_items()):
            if not database.running(instance):
                continue
            with responses.request_scope(account, region):
                self._publish(instance)

    def _publish(self, instance: Instance) -> None:
        if (cpu := self._cpu_percent(instance)) is not None:
            _put(instance, "CPUUtilization", "Percent", cpu)
        try:
            used, connections = _use(instance)
        except psycopg.Error as error:
            # A database that takes no connection has no figures of its own, as on AWS.
            logger.debug("no figures of %s: %s", instance["DBInstanceIdentifier"], error)
            return
        free = max(int(instance["AllocatedStorage"]) * _GIB - used, 0)
        _put(instance, "FreeStorageSpace", "Bytes", float(free))
        _put(instance, "DatabaseConnections", "Count", float(connections))

    def _cpu_percent(self, instance: Instance) -> float | None:
        """Of the vCPUs of the instance's class; None the first time."""
        engine_id = instance["_docker_container_id"]
        try:
            read = rds._get_docker().api.stats(engine_id, stream=False, one_shot=True)
            seconds = read["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
        except (DockerException, KeyError) as error:
            logger.debug("no CPU figures of %s: %s", instance["DBInstanceIdentifier"], error)
            return None
        now, before = time.monotonic(), self._before.get(engine_id)
        self._before[engine_id] = (seconds, now)
        if before is None:
            return None
        vcpus = _VCPUS.get(instance["DBInstanceClass"].rsplit(".", 1)[-1], 2)
        percent: float = 100 * max(seconds - before[0], 0) / max(now - before[1], 0.001) / vcpus
        return min(percent, 100.0)


def _use(instance: Instance) -> tuple[int, int]:
    """Bytes on disk, and connections of clients."""
    with database.connected(instance) as connection:
        row = connection.execute(_USE).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _put(instance: Instance, name: str, unit: str, value: float) -> None:
    dimensions = {"DBInstanceIdentifier": instance["DBInstanceIdentifier"]}
    cloudwatch._store_datum("AWS/RDS", name, dimensions, time.time(), unit, value, None, None, None)
