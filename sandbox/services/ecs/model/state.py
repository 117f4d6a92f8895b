# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the sandbox knows of MiniStack's services, deployments and tasks beyond their records.

`records.LOCK` guards every change.
"""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sandbox.ministack import ecs
from sandbox.services.ecs.model.records import Record, account_and_region, cluster_name
from sandbox.side_table import SideTable

Target = tuple[str, str, int]
"""Target group ARN, address and port."""


@dataclass
class Container:
    """One container of a task."""

    essential: bool = True
    checked: bool = False
    """Whether it has a health check."""
    watched: bool = False
    """Whether it was started, so that the engine tells its end."""
    engine_id: str | None = None


@dataclass
class Task:
    """Times are seconds since the epoch."""

    containers: dict[str, Container] = field(default_factory=dict)
    """By the container's name."""
    targets: list[Target] | None = None
    """Where it is registered; None before it is."""
    leaving: list[Target] = field(default_factory=list)
    created_at: float | None = None
    running_since: float | None = None
    was_healthy: bool = False
    failed: bool = False
    """Whether the task, not somebody's wish, ended it."""
    counted: bool = False
    """Whether its deployment counted that it failed."""

    def container(self, record: Record) -> Container:
        """What is known of a container of the task."""
        return self.containers.setdefault(record["name"], Container())

    def is_checked(self) -> bool:
        """Whether an essential container has a health check."""
        return any(item.checked and item.essential for item in self.containers.values())


@dataclass
class Deployment:
    """A deployment of a service."""

    revision: str = ""
    service_deployment: str = ""
    """The ARN of the service deployment that it belongs to."""
    load_balancers: list[Record] = field(default_factory=list)
    configuration: Record = field(default_factory=dict)
    draining: int = 0
    """Tasks that are being stopped and have not stopped yet."""
    consecutive_failures: int = 0
    retry_at: float = 0.0
    baking_since: float | None = None
    throttled: bool = False
    blocked: bool = False


@dataclass
class Service:
    """A service."""

    request: dict[str, Any] = field(default_factory=dict)
    """What CreateService was asked for."""
    completed_revision: str | None = None
    is_steady: bool = False
    complaint: str = ""
    """What the scheduler last failed with; empty when it did not."""
    traffic: dict[str, Record] = field(default_factory=dict)
    """What was last written to listener rules, by their ARN."""
    turns: int = 0
    """How many tasks were spread over the subnets."""


def _holds_task(task: Record) -> bool:
    return ecs._tasks.get_scoped(*account_and_region(task["taskArn"]), task["taskArn"]) is task


def _holds_service(service: Record) -> bool:
    key = f"{cluster_name(service)}/{service['serviceName']}"
    return ecs._services.get_scoped(*account_and_region(service["serviceArn"]), key) is service


def _holds_deployment(deployment: Record) -> bool:
    return any(item is deployment for _, service in ecs._services.all_items() for item in service["deployments"])


_TASKS = SideTable(itemgetter("taskArn"), _holds_task, Task)
_DEPLOYMENTS = SideTable(itemgetter("id"), _holds_deployment, Deployment)
_SERVICES = SideTable(itemgetter("serviceArn"), _holds_service, Service)
of_task = _TASKS.of
of_deployment = _DEPLOYMENTS.of
of_service = _SERVICES.of


def forget() -> None:
    """Forget everything."""
    for table in (_TASKS, _DEPLOYMENTS, _SERVICES):
        table.clear()
