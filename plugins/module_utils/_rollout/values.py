# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout sees and wants: the service, its tasks, what users reach, and what they should be. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


#: The capacity providers of Fargate.
SPOT = "FARGATE_SPOT"
FARGATE_PROVIDERS = frozenset({"FARGATE", SPOT})


@dataclass(frozen=True, slots=True)
class Deployment:
    """An entry of the service's own list of deployments. The primary one is where the service is going."""

    id: str
    status: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CapacityProvider:
    """A share of a capacity provider strategy."""

    name: str
    weight: int = 1
    base: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """Where tasks get their network interfaces."""

    subnets: frozenset[str]
    security_groups: frozenset[str]
    assign_public_ip: bool = False


@dataclass(frozen=True, slots=True)
class TrafficShift:
    """How ECS moves traffic between a binding's target group and the alternate one, by the role's leave.

    The rules are ARNs; ``test_rule_arn`` is empty without test traffic.
    """

    alternate_target_group_arn: str
    role_arn: str
    production_rule_arn: str = ""
    test_rule_arn: str = ""


@dataclass(frozen=True, slots=True)
class TargetBinding:
    """A target group that the service registers a container's port with. ``shift`` None: ECS moves no traffic."""

    target_group_arn: str
    container_name: str
    container_port: int
    shift: TrafficShift | None = None

    @property
    def target_group_arns(self) -> tuple[str, ...]:
        """Every target group that its tasks may be in."""
        return (self.target_group_arn, *([self.shift.alternate_target_group_arn] if self.shift else []))


#: ECS's name for its circuit breaker. Of a strategy's own members it holds what is beside ``enable`` and ``rollback``.
BREAKER = "deploymentCircuitBreaker"


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    """How ECS replaces tasks. ``alarms`` empty: no alarm guards it.

    ``own`` is what only its strategy has: members of ECS's ``deploymentConfiguration``, in the shape of the API.
    """

    strategy: str = "ROLLING"
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    circuit_breaker: bool = True
    circuit_breaker_rollback: bool = True
    alarms: frozenset[str] = frozenset()
    alarm_rollback: bool = True
    own: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All of a service that a rollout owns, beside its task definition. The desired count is not among it."""

    launch_type: str = "FARGATE"
    capacity_providers: frozenset[CapacityProvider] = frozenset()
    platform_version: str = "LATEST"
    network: Network | None = None
    target_bindings: frozenset[TargetBinding] = frozenset()
    health_check_grace_period_seconds: int = 0
    deployment: DeploymentSettings = field(default_factory=DeploymentSettings)
    enable_execute_command: bool = False
    propagate_tags: str = "NONE"
    enable_ecs_managed_tags: bool = False
    tags: frozenset[tuple[str, str]] = frozenset()

    @property
    def on_fargate(self) -> bool:
        """Whether Fargate runs the tasks: ECS refuses a platform version for any other capacity."""
        if self.capacity_providers:
            return all(provider.name in FARGATE_PROVIDERS for provider in self.capacity_providers)
        return self.launch_type == "FARGATE"

    @property
    def unguarded(self) -> ServiceSettings:
        """The same without alarms, for a way back.

        What is left behind may set them off only once ECS is on its way, and ECS would bring that back.
        """
        return replace(self, deployment=replace(self.deployment, alarms=frozenset()))


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """What ECS says about its work for a service."""

    created_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Service:
    """A living service. ``unmanaged`` is what of it no rollout manages: names, and values as JSON."""

    arn: str
    name: str
    status: str
    task_definition_arn: str
    desired_count: int
    running_count: int
    settings: ServiceSettings
    deployments: tuple[Deployment, ...] = ()
    controller: str = "ECS"
    scheduling: str = "REPLICA"
    unmanaged: frozenset[tuple[str, str]] = frozenset()
    events: tuple[ServiceEvent, ...] = ()

    @property
    def primary(self) -> Deployment | None:
        """The deployment that the service is going to."""
        return next((deployment for deployment in self.deployments if deployment.status == "PRIMARY"), None)


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A registered revision. ``document`` is what was registered, in the shape of the API."""

    arn: str
    family: str
    revision: int
    active: bool
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container of a task. ``health`` is the result of its own health check, or empty without one."""

    name: str
    exit_code: int | None = None
    reason: str = ""
    health: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A task. ``address`` is its private IPv4 address; ``stop_code`` and ``stopped_reason`` are the API's.

    ``started_by`` is the id of the service's deployment that started it.
    """

    arn: str
    group: str
    task_definition_arn: str
    last_status: str
    created_at: datetime
    started: bool = False
    address: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    containers: tuple[ContainerState, ...] = ()
    started_by: str = ""

    @property
    def id(self) -> str:
        """The task's own id: the last part of its ARN."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How a target group checks a target: every so many seconds, and after how many answers it is believed."""

    interval_seconds: float
    healthy_threshold: int
    unhealthy_threshold: int

    @property
    def healthy_after_seconds(self) -> float:
        """How long a target that answers at once takes to be healthy."""
        return self.interval_seconds * self.healthy_threshold


@dataclass(frozen=True, slots=True)
class Target:
    """A target of a target group. ``reason`` is the API's code, ``description`` what it adds."""

    address: str
    state: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a listener rule beside paths and hosts, which any of *values* meets.

    *name* is that of the header or of the query string's key; empty: any key.
    """

    field: str
    values: frozenset[str]
    name: str = ""


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """A listener rule that forwards to one target group. ``arn`` is empty for one that is only wanted.

    The groups of ``waiting_group_arns`` are health-checked by it and get no traffic. ``is_test``: by it a release is
    reached before users reach it, where the strategy shifts traffic.
    """

    listener_arn: str
    priority: int
    path_patterns: frozenset[str]
    target_group_arn: str
    host_headers: frozenset[str] = frozenset()
    arn: str = ""
    waiting_group_arns: frozenset[str] = frozenset()
    conditions: frozenset[Condition] = frozenset()
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one HTTP request.

    ``location`` is where a redirect points to, without its query. ``body`` is its beginning, as far as it was asked
    for, and ``seconds`` how long it took to come from when the connection stood. Of what was asked for,
    ``untold_bytes`` could not be told by who asked.

    ``status`` is 0 when nothing came back. ``unreachable`` says that no connection could be made, so that nothing
    was measured; a connection that was accepted and then not answered is an answer of status 0.

    ``request_id`` is what the service's log, or else the load balancer's access log, knows the request by.
    """

    status: int
    version: str = ""
    problem: str = ""
    unreachable: bool = False
    location: str = ""
    body: bytes = b""
    seconds: float = 0.0
    request_id: str = ""
    untold_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a program ended. ``exit_code`` None: it was not run, or not to its end, and ``problem`` says why."""

    exit_code: int | None
    output: str = ""
    problem: str = ""
