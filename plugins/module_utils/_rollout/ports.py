# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of a rollout: what it asks of the world. The adapters answer with AWS, the tests with fakes.

Every method raises `UnavailableError` when the other side could not be asked, and `OperationError` when it refused.
Looking for what does not exist is no error: it is answered with None or an empty tuple.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .._common.workers import AtOnce, OneByOne
from .notices import Nobody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from .._common.clock import TickingClock
    from .._common.progress import LiveProgress
    from .._common.workers import Aside, Workers
    from .._release.ports import Approvals, Images, PromotionRecord, Releases
    from .definition.comparison import Document
    from .metrics import MetricQuery
    from .notices import Notice
    from .scaling.change import ScalingChange
    from .scaling.model import Scaling
    from .service.access import Ingress, ListenerAccess
    from .service.deployment import ServiceDeployment
    from .service.rules import StandingRule
    from .service.writes import OneOffTask, ServiceChange
    from .values import (
        Answer,
        CommandResult,
        HealthCheck,
        Service,
        ServiceSettings,
        Target,
        Task,
        TaskDefinition,
    )


class Ecs(Protocol):
    """Elastic Container Service."""

    def registrable(self, document: Document) -> Document:
        """*document* without what only an answer of the API holds, such as its revision."""

    def conform_definition(self, document: Document) -> tuple[Document, list[str]]:
        """*document*, of any shape, as the API's own model takes it, and what is wrong with it. Asks nobody."""

    def cluster_status(self, cluster: str) -> str:
        """The cluster's status, or an empty string when there is none."""

    def cluster_providers(self, cluster: str) -> frozenset[str]:
        """The names of the capacity providers that are associated with the cluster."""

    def describe_service(self, cluster: str, name: str) -> Service | None:
        """The service, unless it was never there or is gone (INACTIVE)."""

    def describe_task_definition(self, name: str) -> TaskDefinition | None:
        """A revision by its ARN, or a family's newest active one."""

    def register_task_definition(self, document: Document, tags: Mapping[str, str]) -> TaskDefinition:
        """Register a revision."""

    def list_task_definitions(self, family: str) -> Iterator[str]:
        """The ARNs of the family's active revisions, the newest first. A family may have thousands: stop early."""

    def task_definition_tags(self, arn: str) -> tuple[tuple[str, str], ...]:
        """The tags of a revision; none when it does not exist."""

    def running_revisions(self, cluster: str, family: str) -> frozenset[str]:
        """The ARNs of the family's revisions that a task of the cluster runs, whichever service's."""

    def deregister_task_definition(self, arn: str) -> None:
        """Make a revision inactive."""

    def create_service(
        self, cluster: str, name: str, *, task_definition_arn: str, settings: ServiceSettings, desired_count: int
    ) -> Service:
        """Create the service."""

    def update_service(self, cluster: str, name: str, change: ServiceChange) -> Service:
        """Send what differs, and nothing else."""

    def tag_service(self, arn: str, tags: Mapping[str, str]) -> None:
        """Make *tags* the whole of the service's own tags."""

    def delete_service(self, cluster: str, name: str) -> None:
        """Delete the service and stop its tasks."""

    def list_service_deployments(self, cluster: str, name: str) -> tuple[ServiceDeployment, ...]:
        """The service deployments that ECS remembers, the newest first."""

    def describe_service_deployment(self, arn: str) -> ServiceDeployment | None:
        """A service deployment by its own ARN."""

    def revision_task_definition(self, revision_arn: str) -> str:
        """The task definition's ARN of a service revision, or an empty string."""

    def stop_service_deployment(self, arn: str) -> bool:
        """Ask ECS to roll the deployment back. False when it is past being stopped."""

    def continue_deployment(self, arn: str, hook_id: str) -> bool:
        """Have the deployment go on from a hook. False when that hook awaits nothing any more."""

    def refuse_deployment(self, arn: str, hook_id: str) -> bool:
        """Have the deployment roll back from a hook. False when that hook awaits nothing any more."""

    def unknown_settings(self, settings: ServiceSettings) -> tuple[str, ...]:
        """What of *settings* the loaded API model does not know, each as a sentence. Asks nobody."""

    def list_tasks(self, cluster: str, service: str) -> tuple[Task, ...]:
        """The tasks of the service, running and lately stopped."""

    def run_task(self, task: OneOffTask) -> Task:
        """Run a task once."""

    def running_tasks(self, cluster: str, started_by: str) -> tuple[Task, ...]:
        """The tasks with this ``startedBy`` that have not stopped yet."""

    def stop_task(self, cluster: str, arn: str, reason: str) -> None:
        """Ask ECS to stop a task."""

    def describe_task(self, cluster: str, arn: str) -> Task | None:
        """A task by its ARN."""


class LoadBalancing(Protocol):
    """Elastic Load Balancing."""

    def target_group_problem(self, arn: str, *, vpc: str, routed: bool) -> str:
        """Why tasks in *vpc* (empty: not known) cannot be registered with the target group, or an empty string.

        *routed* says that a rule of this release attaches it to a load balancer.
        """

    def listener_problem(self, arn: str) -> str:
        """Why the listener cannot take a rule, or an empty string."""

    def request_count_label(self, target_group_arn: str, listener_arns: frozenset[str]) -> str:
        """What a scaling policy calls the target group's requests; empty when no Application Load Balancer has them.

        A group that is not attached yet is taken to get the requests of the *listener_arns*.
        """

    def listener_access(self, arn: str) -> ListenerAccess | None:
        """Where the listener is, or None when there is none. Without groups anybody gets there."""

    def health_check(self, target_group_arn: str) -> HealthCheck | None:
        """How the target group checks its targets, or None when there is no such target group."""

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...] | None:
        """The targets and their health, or None when there is no such target group."""

    def list_rules(self, listener_arns: frozenset[str], target_group_arns: frozenset[str]) -> tuple[StandingRule, ...]:
        """Every rule, but the default ones, of the load balancers that these listeners and groups belong to."""

    def find_rules(self, arns: tuple[str, ...]) -> tuple[StandingRule, ...]:
        """The rules of *arns* that are there, without their tags and listeners."""

    def put_rule(self, rule: StandingRule) -> StandingRule:
        """Create the rule with its tags, or change conditions, and actions if it has any, of the rule of its ARN."""

    def tag_rule(self, rule: StandingRule, tags: Mapping[str, str]) -> None:
        """Make *tags* the whole of the tags of *rule*, which says what it has."""

    def delete_rule(self, arn: str) -> None:
        """Delete the rule."""


class ScalingPort(Protocol):
    """Application Auto Scaling."""

    def describe_scaling(self, cluster: str, service: str) -> Scaling | None:
        """The service's scalable target, with those of its policies and scheduled actions that are ours."""

    def service_time(self) -> datetime:
        """The time by the service's own clock, with its time zone."""

    def change_scaling(self, cluster: str, service: str, change: ScalingChange) -> None:
        """Write what *change* says, and nothing else."""

    def remove_scaling(self, cluster: str, service: str) -> bool:
        """Deregister the scalable target. False when there was none."""


class Surroundings(Protocol):
    """What a task definition refers to."""

    def prepare(self) -> None:
        """Get ready to be asked. Raises nothing."""

    def caller_arn(self) -> str:
        """Who we are."""

    def role_problem(self, arn: str) -> str:
        """Why no task can have the IAM role, as a sentence ends; empty when one can."""

    def infrastructure_role_problem(self, arn: str) -> str:
        """Why ECS cannot have the IAM role, as a sentence ends; empty when it can."""

    def secret_problem(self, value_from: str) -> str:
        """Why the secret or parameter of a ``valueFrom`` cannot be read, as a sentence ends; empty when it can."""

    def named_secret_problem(self, name: str) -> str:
        """Why the secret of a name or ARN has no value to be read, as a sentence ends; empty when it has."""

    def secret_keys(self, value_from: str) -> frozenset[str] | None:
        """The JSON keys of the secret of a ``valueFrom``; None when it holds no JSON object."""

    def secret_denial(self, role_arn: str, value_from: str) -> str:
        """Why the role may not read the secret or parameter of a ``valueFrom``, as a sentence ends; empty when it may.

        Only what policies say for certain is told.
        """

    def named_secret_denial(self, role_arn: str, name: str) -> str:
        """Why the role may not read the secret of a name or ARN, as a sentence ends; empty when it may, or is none."""

    def denied_actions(self, role_arn: str, actions: tuple[str, ...], resource_arn: str) -> tuple[str, ...]:
        """Those of *actions* on the resource that the role's policies do not allow, whatever the circumstances."""

    def free_addresses(self, ids: frozenset[str]) -> Mapping[str, int]:
        """How many addresses each subnet that exists has left, by its id."""

    def fargate_vcpus(self, *, spot: bool) -> float | None:
        """How many vCPUs Fargate lets the account have in this region, on demand or *spot*; None: not known."""

    def ingress(self, ids: frozenset[str]) -> tuple[Ingress, ...]:
        """What the security groups let in."""

    def subnet_cidrs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The addresses of each subnet that exists, by its id."""

    def subnet_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each subnet that exists, by its id."""

    def security_group_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each security group that exists, by its id."""

    def image_platforms(self, repository: str, digest: str) -> frozenset[str]:
        """The platforms of an image, as ``linux/amd64``; empty when they cannot be told."""

    def image_labels(self, repository: str, digest: str) -> Mapping[str, str]:
        """The labels of an image; none when they cannot be told."""

    def alarm_states(self, names: frozenset[str]) -> Mapping[str, str]:
        """The state of each alarm that exists, by name."""


class Logs(Protocol):
    """CloudWatch Logs."""

    def group_exists(self, name: str) -> bool:
        """Whether the log group exists."""

    def tail(self, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        """The last lines of a stream; none when it does not exist."""


class Probe(Protocol):
    """HTTP requests."""

    def request(  # noqa: PLR0913 - a request of HTTP has as many parts
        self,
        method: str,
        url: str,
        *,
        timeout_seconds: float,
        version_header: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        keep_bytes: int = 0,
    ) -> Answer:
        """Send one request on a new connection. Never raises for what the network or the server does.

        Of the answer's body, at most *keep_bytes* are kept.
        """

    def own_address(self, url: str) -> str:
        """The address of this machine by which it would reach *url*; empty when it cannot be told."""


class Instruments(Protocol):
    """What gates measure with beside requests."""

    def metric_series(
        self, queries: tuple[MetricQuery, ...], begin: datetime, end: datetime
    ) -> tuple[Mapping[datetime, float], ...]:
        """The values of each query from *begin* until before *end*, by the beginning of their period, in UTC.

        A period without data is not among them.
        """

    def file_problem(self, path: str) -> str:
        """Why a file cannot be sent, as a sentence ends; empty when it can."""

    def read_file(self, path: str) -> bytes:
        """What a file holds. Raises OperationError when it cannot be read, or is too large."""

    def run_command(
        self, command: tuple[str, ...], variables: Mapping[str, str], *, seconds: float, pass_credentials: bool
    ) -> CommandResult:
        """Run a program for *seconds* at most, with *variables* and, if wanted, this process's AWS credentials."""

    def end_commands(self) -> None:
        """End all that `run_command` runs still, and what of `as_of_now` was about to run."""

    def as_of_now(self) -> Instruments:
        """The same, but once commands are ended it begins no other: for a thread that may come to it only then."""


class Announcements(Protocol):
    """Who is told of releases. The release waits for none of it."""

    def topic_problem(self) -> str:
        """Why nobody can be told by the topic; empty when somebody can, or there is none."""

    def tell(self, notice: Notice) -> None:
        """Have it told, after those before it. It returns at once and raises nothing."""

    def untold(self) -> tuple[str, ...]:
        """Why some of it could not be told. It waits some seconds for what is still to be told."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them."""

    ecs: Ecs
    balancing: LoadBalancing
    scaling: ScalingPort
    releases: Releases
    images: Images
    surroundings: Surroundings
    logs: Logs
    probe: Probe
    clock: TickingClock
    progress: LiveProgress
    promotions: PromotionRecord
    instruments: Instruments
    approvals: Approvals
    announcements: Announcements = field(default_factory=Nobody)
    workers: Workers = field(default_factory=OneByOne)
    aside: Aside = field(default_factory=AtOnce)
