# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""MiniStack's ECS records: where they are and how they are found. Call within the account's and region's scope."""

import threading
import time
import uuid
from typing import Any

from sandbox.ministack import ecs
from sandbox.services.ecs.model.errors import Refused

Record = dict[str, Any]

# Guards every change of a service, deployment or task record. Never held across a call of the Docker engine.
LOCK = threading.RLock()
_MOST_EVENTS = 100


def cluster_of(reference: str | None) -> Record:
    """The ACTIVE cluster of that name or ARN."""
    name = ecs._resolve_cluster_name(reference or "default")
    cluster = ecs._clusters.get(name) if name else None
    if not cluster or cluster["status"] != "ACTIVE":
        raise Refused("ClusterNotFoundException", "Cluster not found.")
    return cluster  # type: ignore[no-any-return]


def service_key(cluster: Record, reference: str | None) -> str:
    """The store's key of the service with that name or ARN; it need not exist."""
    found = ecs._resolve_service_ref(reference or "")
    if found is None or not found[0] or found[1] not in (None, cluster["clusterName"]):
        raise Refused("ServiceNotFoundException", "Service not found.")
    return f"{cluster['clusterName']}/{found[0]}"


def service_of(data: Record) -> Record:
    """The service that a request names by `cluster` and `service`, in whatever status."""
    service = ecs._services.get(service_key(cluster_of(data.get("cluster")), data.get("service")))
    if service is None:
        raise Refused("ServiceNotFoundException", "Service not found.")
    return service  # type: ignore[no-any-return]


def task_definition_of(reference: str | None) -> Record:
    """The ACTIVE task definition of that family, `family:revision` or ARN."""
    key = ecs._resolve_td_key(reference or "")
    found = ecs._task_defs.get(key) if key else None
    if found is None:
        raise Refused("ClientException", "TaskDefinition not found.")
    if found["status"] != "ACTIVE":
        raise Refused("ClientException", "TaskDefinition is inactive")
    return found  # type: ignore[no-any-return]


def tasks_of(service: Record) -> list[Record]:
    """Every task that the service ever started and that is still on record."""
    group = f"service:{service['serviceName']}"
    return [
        task
        for task in ecs._tasks.values()
        if task.get("group") == group and task.get("clusterArn") == service["clusterArn"]
    ]


def is_current(task: Record) -> bool:
    """Whether the record is still the emulator's: a reset forgets tasks that threads still hold."""
    return ecs._tasks.get(task["taskArn"]) is task


def is_wanted(task: Record) -> bool:
    """Whether the task is meant to run."""
    return is_current(task) and task["desiredStatus"] == "RUNNING" and not task.get("_ecs_resetting")


def account_and_region(arn: str) -> tuple[str, str]:
    """Whose resource an ARN names, and where it is."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return account, region


def cluster_name(record: Record) -> str:
    """The name of the cluster of a service or task."""
    return str(record["clusterArn"]).rsplit("/", 1)[-1]


def short_id(arn: str) -> str:
    """The last part of an ARN."""
    return arn.rsplit("/", 1)[-1]


def say(service: Record, message: str) -> None:
    """Put an event on the service's list, newest first."""
    text = f"(service {service['serviceName']}) {message}"
    with LOCK:
        service["events"].insert(0, {"id": str(uuid.uuid4()), "createdAt": time.time(), "message": text})
        del service["events"][_MOST_EVENTS:]


def service_of_task(task: Record) -> Record | None:
    """The service that started the task; None for a task of its own."""
    kind, _, name = str(task.get("group", "")).partition(":")
    if kind != "service":
        return None
    return ecs._services.get(f"{cluster_name(task)}/{name}")  # type: ignore[no-any-return]


def wire(record: Record) -> Record:
    """The record as the API shows it."""
    with LOCK:
        return ecs._sanitize(record)  # type: ignore[no-any-return]
