"""An ECS, load balancer, release table and clock in memory, for the rollout's flows.

The scheduler behaves as ECS documents a ROLLING deployment with 100/200 percent: all new tasks are started at once, a
task counts when its target is healthy, old tasks stop only then. What a revision does is said by image digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._core.gate import Answer
from ansible_collections.fastbreak.aws.plugins.module_utils._core.image_ref import RepositoryImage
from ansible_collections.fastbreak.aws.plugins.module_utils._core.rollout import (
    ContainerState,
    Deployment,
    DeploymentState,
    ListenerRule,
    Scaling,
    Service,
    ServiceDeployment,
    ServiceSettings,
    Target,
    Task,
    TaskDefinition,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._core.rollout_service import starts_deployment
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._core.release import Lock, Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._flows.ports import OneOffTask, ServiceChange

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY_URI = "111111111111.dkr.ecr.us-east-1.amazonaws.com/fastbreak/inference"
GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/1"
LISTENER_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/alb/1/2"


class Killed(BaseException):
    """The controller was killed: nothing may run after it."""


@dataclass(frozen=True)
class Behaviour:
    """What tasks of an image do. Seconds count from a task's start; None is never."""

    tag: str = ""
    ready_after: float | None = 3.0
    exits_after: float | None = None
    cannot_start: bool = False
    status: int = 200
    path_status: Mapping[str, int] = field(default_factory=dict)
    migration_exit: int = 0


@dataclass
class FakeTask:
    arn: str
    definition_arn: str
    deployment_arn: str
    started_at: float
    address: str
    behaviour: Behaviour
    stop_code: str = ""
    reason: str = ""
    exit_code: int | None = None
    group: str = "service:inference"
    lines: tuple[str, ...] = ()


@dataclass
class FakeDeployment:
    arn: str
    definition_arn: str
    number: int
    created_at: float
    state: DeploymentState = DeploymentState.IN_PROGRESS
    reason: str = ""
    failures: int = 0
    previous_arn: str = ""
    rollback_at: float = 0.0


class World:
    """Everything behind the ports. ``calls`` lists the writing calls in their order."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls: list[str] = []
        self.lines: list[str] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.images: list[RepositoryImage] = []
        self.definitions: dict[str, TaskDefinition] = {}
        self.service: Service | None = None
        self.deployments: list[FakeDeployment] = []
        self.tasks: list[FakeTask] = []
        self.rules: dict[tuple[str, int], ListenerRule] = {}
        self.scaling: Scaling | None = None
        self.records: dict[str, Release] = {}
        self.lock: Lock | None = None
        self.missing: set[str] = set()
        self.alarms: dict[str, str] = {}
        self.cluster = "ACTIVE"
        self.breaker_threshold = 3
        self.grace_seconds = 30.0
        self.unreachable = False
        self.target_problem = ""
        self.at: list[tuple[float, Callable[[], None]]] = []
        self._number = 0

    def number(self) -> int:
        self._number += 1
        return self._number

    def push(self, version: str, digit: str, **behaviour: object) -> str:
        """Put an image in the repository; its release tag."""
        tag, digest = f"{version}-{digit * 40}", f"sha256:{digit * 64}"
        self.images.append(RepositoryImage(digest, (tag,), self.now()))
        self.behaviours[digest] = Behaviour(tag=tag, **behaviour)  # type: ignore[arg-type]
        return tag

    # The clock

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + 0.5)
            for due in [one for one in self.at if one[0] <= self.seconds]:
                self.at.remove(due)
                due[1]()
            self._schedule()

    def say(self, text: str) -> None:
        self.lines.append(text)

    # The scheduler

    def behaviour(self, definition_arn: str) -> Behaviour:
        image = self.definitions[definition_arn].document["containerDefinitions"][0]["image"]
        return self.behaviours[image.rpartition("@")[2]]

    def _healthy(self, task: FakeTask) -> bool:
        ready = task.behaviour.ready_after
        return not task.stop_code and ready is not None and self.seconds - task.started_at >= ready

    def _alive(self, definition_arn: str) -> list[FakeTask]:
        return [
            one
            for one in self.tasks
            if not one.stop_code and one.definition_arn == definition_arn and one.group.startswith("service:")
        ]

    def _start_task(self, deployment: FakeDeployment) -> None:
        number = self.number()
        behaviour = self.behaviour(deployment.definition_arn)
        task = FakeTask(
            f"arn:aws:ecs:us-east-1:111111111111:task/fastbreak-dev/t{number}",
            deployment.definition_arn,
            deployment.arn,
            self.seconds,
            f"10.0.0.{number}",
            behaviour,
        )
        self.tasks.append(task)
        if behaviour.cannot_start:
            self._fail(task, deployment, "TaskFailedToStart", "ResourceInitializationError: no such secret", None)

    def _fail(
        self, task: FakeTask, deployment: FakeDeployment | None, code: str, reason: str, exit_code: int | None
    ) -> None:
        task.stop_code, task.reason, task.exit_code = code, reason, exit_code
        task.lines = ("starting", "it broke here")
        if deployment:
            deployment.failures += 1

    def _schedule(self) -> None:
        for task in [one for one in self.tasks if not one.stop_code]:
            self._age(task)
        if self.service is None or self.service.status != "ACTIVE" or not self.deployments:
            return
        current = self.deployments[-1]
        if current.state is DeploymentState.ROLLING_BACK:
            self._roll_back(current)
            return
        if current.state in (DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL):
            for _ in range(self.service.desired_count - len(self._alive(current.definition_arn))):
                self._start_task(current)
        if current.state is DeploymentState.IN_PROGRESS:
            self._progress(current)

    def _age(self, task: FakeTask) -> None:
        age = self.seconds - task.started_at
        deployment = next((one for one in self.deployments if one.arn == task.deployment_arn), None)
        counted = deployment if deployment and deployment.state is DeploymentState.IN_PROGRESS else None
        if task.behaviour.exits_after is not None and age >= task.behaviour.exits_after:
            self._fail(task, counted, "EssentialContainerExited", "Essential container in task exited", 1)
        elif task.behaviour.ready_after is None and age >= self.grace_seconds:
            self._fail(task, counted, "ServiceSchedulerInitiated", "Task failed ELB health checks in (blue)", 137)

    def _progress(self, current: FakeDeployment) -> None:
        assert self.service
        if current.failures >= self.breaker_threshold and self.service.settings.deployment.circuit_breaker:
            current.state, current.reason = DeploymentState.ROLLING_BACK, "the circuit breaker detected failures"
            current.rollback_at = self.seconds
            return
        if sum(self._healthy(one) for one in self._alive(current.definition_arn)) >= self.service.desired_count:
            current.state = DeploymentState.SUCCESSFUL
            self._stop_others(current.arn)

    def _stop_others(self, deployment_arn: str) -> None:
        for task in self.tasks:
            if not task.stop_code and task.deployment_arn != deployment_arn and task.group.startswith("service:"):
                task.stop_code = "ServiceSchedulerInitiated"
                task.reason = "Scaling activity initiated by deployment"

    def _roll_back(self, current: FakeDeployment) -> None:
        assert self.service
        if not current.previous_arn:
            current.state = DeploymentState.ROLLBACK_FAILED
            return
        self.service = replace(self.service, task_definition_arn=current.previous_arn)
        if self.seconds - current.rollback_at < 2:
            return
        for task in self._alive(current.definition_arn):
            task.stop_code, task.reason = "ServiceSchedulerInitiated", "Scaling activity initiated by rollback"
        back = FakeDeployment(current.arn, current.previous_arn, current.number, current.created_at)
        for _ in range(self.service.desired_count - len(self._alive(current.previous_arn))):
            self._start_task(back)
        if all(self._healthy(one) for one in self._alive(current.previous_arn)):
            current.state, current.reason = DeploymentState.ROLLED_BACK, current.reason or "stopped with ROLLBACK"

    def _deploy(self, definition_arn: str) -> None:
        number = self.number()
        previous = ""
        for one in self.deployments:
            if one.state is DeploymentState.SUCCESSFUL:
                previous = one.definition_arn
            if one.state is DeploymentState.IN_PROGRESS:
                one.state, one.reason = DeploymentState.STOPPED, "a newer deployment replaced it"
        arn = f"arn:aws:ecs:us-east-1:111111111111:service-deployment/fastbreak-dev/inference/d{number}"
        self.deployments.append(
            FakeDeployment(arn, definition_arn, number, self.seconds + number / 1000, previous_arn=previous)
        )

    # Ecs

    def check_definition(self, document: Mapping[str, object]) -> tuple[str, ...]:
        return () if document.get("family") else ("family is missing.",)

    def cluster_status(self, cluster: str) -> str:
        return self.cluster

    def describe_service(self, cluster: str, name: str) -> Service | None:
        if self.unreachable:
            raise UnavailableError("the network is down")
        if self.service is None:
            return None
        current = self.deployments[-1]
        primary = Deployment(f"ecs-svc/{current.number}", "PRIMARY", self.service.task_definition_arn, self.now())
        return replace(self.service, deployments=(primary,), running_count=2)

    def describe_task_definition(self, name: str) -> TaskDefinition | None:
        if name.startswith("arn:"):
            return self.definitions.get(name)
        family = [one for one in self.definitions.values() if one.family == name and one.active]
        return family[-1] if family else None

    def register_task_definition(self, document: Mapping[str, object], tags: Mapping[str, str]) -> TaskDefinition:
        self.calls.append("register_task_definition")
        revision = len(self.definitions) + 1
        family = str(document["family"])
        arn = f"arn:aws:ecs:us-east-1:111111111111:task-definition/{family}:{revision}"
        self.definitions[arn] = TaskDefinition(arn, family, revision, True, document)
        return self.definitions[arn]

    def list_task_definitions(self, family: str) -> tuple[str, ...]:
        return tuple(one.arn for one in self.definitions.values() if one.family == family and one.active)

    def deregister_task_definition(self, arn: str) -> None:
        self.calls.append("deregister_task_definition")
        self.definitions[arn] = replace(self.definitions[arn], active=False)

    def create_service(
        self, cluster: str, name: str, *, task_definition_arn: str, settings: ServiceSettings, desired_count: int
    ) -> Service:
        if not self.rules:
            raise OperationError("The target group does not have an associated load balancer.")
        self.calls.append("create_service")
        arn = f"arn:aws:ecs:us-east-1:111111111111:service/{cluster}/{name}"
        self.service = Service(arn, name, "ACTIVE", task_definition_arn, desired_count, 0, settings)
        self._deploy(task_definition_arn)
        created = self.describe_service(cluster, name)
        assert created
        return created

    def update_service(self, cluster: str, name: str, change: ServiceChange) -> Service:
        assert self.service
        self.calls.append(f"update_service({','.join(change.changed)})")
        arn = change.task_definition_arn or self.service.task_definition_arn
        taken = {name: getattr(change.settings, name) for name in change.changed if name != "tags"}
        deploys = bool(change.task_definition_arn) or change.force or starts_deployment(change.changed)
        self.service = replace(self.service, task_definition_arn=arn, settings=replace(self.service.settings, **taken))
        if deploys:
            self._deploy(arn)
        updated = self.describe_service(cluster, name)
        assert updated
        return updated

    def tag_service(self, arn: str, tags: Mapping[str, str]) -> None:
        assert self.service
        self.calls.append("tag_service")
        settings = replace(self.service.settings, tags=frozenset(tags.items()))
        self.service = replace(self.service, settings=settings)

    def delete_service(self, cluster: str, name: str) -> None:
        self.calls.append("delete_service")
        self.service = None
        for task in self.tasks:
            task.stop_code = task.stop_code or "ServiceSchedulerInitiated"

    def list_service_deployments(self, cluster: str, name: str) -> tuple[ServiceDeployment, ...]:
        return tuple(self._as_deployment(one) for one in reversed(self.deployments)) if self.service else ()

    def describe_service_deployment(self, arn: str) -> ServiceDeployment | None:
        return next((self._as_deployment(one) for one in self.deployments if one.arn == arn), None)

    def _as_deployment(self, one: FakeDeployment) -> ServiceDeployment:
        created = EPOCH + timedelta(seconds=one.created_at)
        return ServiceDeployment(one.arn, one.state, created, f"revision:{one.definition_arn}", one.reason)

    def revision_task_definition(self, revision_arn: str) -> str:
        return revision_arn.partition(":")[2]

    def stop_service_deployment(self, arn: str) -> bool:
        self.calls.append("stop_service_deployment")
        deployment = next(one for one in self.deployments if one.arn == arn)
        if deployment.state is not DeploymentState.IN_PROGRESS:
            return False
        deployment.state, deployment.rollback_at = DeploymentState.ROLLING_BACK, self.seconds
        return True

    def list_tasks(self, cluster: str, service: str) -> tuple[Task, ...]:
        return tuple(self._as_task(one) for one in self.tasks if one.group == f"service:{service}")

    def _as_task(self, one: FakeTask) -> Task:
        return Task(
            arn=one.arn,
            group=one.group,
            task_definition_arn=one.definition_arn,
            last_status="STOPPED" if one.stop_code else "RUNNING",
            created_at=EPOCH + timedelta(seconds=one.started_at),
            started=True,
            address=one.address,
            stop_code=one.stop_code,
            stopped_reason=one.reason,
            containers=(ContainerState("service", one.exit_code),),
        )

    def run_task(self, task: OneOffTask) -> Task:
        self.calls.append(f"run_task({' '.join(task.command)})")
        number = self.number()
        one = FakeTask(
            f"arn:aws:ecs:us-east-1:111111111111:task/fastbreak-dev/m{number}",
            task.task_definition_arn,
            "",
            self.seconds,
            "",
            Behaviour(),
            group=f"family:{number}",
        )
        self.tasks.append(one)
        code = self.behaviour(task.task_definition_arn).migration_exit
        self.at.append((self.seconds + 2, lambda: self._fail(one, None, "EssentialContainerExited", "exited", code)))
        return self._as_task(one)

    def describe_task(self, cluster: str, arn: str) -> Task | None:
        return next((self._as_task(one) for one in self.tasks if one.arn == arn), None)

    # LoadBalancing

    def target_group_problem(self, arn: str) -> str:
        return self.target_problem

    def listener_problem(self, arn: str) -> str:
        return f"Listener {arn} does not exist." if arn in self.missing else ""

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...]:
        return tuple(
            Target(one.address, "healthy" if self._healthy(one) else "initial")
            for one in self.tasks
            if not one.stop_code and one.address
        )

    def find_rule(self, listener_arn: str, priority: int) -> ListenerRule | None:
        return self.rules.get((listener_arn, priority))

    def put_rule(self, rule: ListenerRule, tags: Mapping[str, str]) -> None:
        self.calls.append("put_rule")
        self.rules[rule.listener_arn, rule.priority] = replace(rule, arn=f"rule/{rule.priority}")

    def delete_rule(self, arn: str) -> None:
        self.calls.append("delete_rule")
        self.rules = {key: rule for key, rule in self.rules.items() if rule.arn != arn}

    # ScalingPort

    def describe_scaling(self, cluster: str, service: str) -> Scaling | None:
        return self.scaling

    def put_scaling(self, cluster: str, service: str, scaling: Scaling) -> None:
        assert self.service, "Application Auto Scaling refuses a target whose service does not exist"
        self.calls.append("put_scaling")
        self.scaling = scaling

    def remove_scaling(self, cluster: str, service: str) -> bool:
        self.calls.append("remove_scaling")
        there, self.scaling = self.scaling is not None, None
        return there

    # Releases

    def table_problem(self) -> str:
        return "Table releases does not exist." if "table" in self.missing else ""

    def history(self, service: str) -> tuple[Release, ...]:
        return tuple(sorted(self.records.values(), key=lambda one: one.release_id, reverse=True))

    def start(self, release: Release) -> None:
        assert release.release_id not in self.records
        self.calls.append("start")
        self.records[release.release_id] = release

    def note_deployment(self, release: Release) -> None:
        self.records[release.release_id] = release

    def finish(self, release: Release) -> None:
        assert self.records[release.release_id].in_progress
        self.calls.append(f"finish({release.outcome.value})")
        self.records[release.release_id] = release

    def read_lock(self, service: str) -> Lock | None:
        return self.lock

    def take_lock(self, service: str, lock: Lock, *, now: datetime) -> bool:
        if self.lock and self.lock.owner != lock.owner and self.lock.held_at(now):
            return False
        self.lock = lock
        return True

    def drop_lock(self, service: str, owner: str) -> None:
        if self.lock and self.lock.owner == owner:
            self.lock = None

    # Images, Surroundings, Logs, Probe

    def list_images(self, repository: str, *, account: str = "") -> tuple[RepositoryImage, ...] | None:
        return None if repository in self.missing else tuple(self.images)

    def repository_uri(self, repository: str, *, account: str = "") -> str:
        return "" if repository in self.missing else REPOSITORY_URI

    def caller_arn(self) -> str:
        return "arn:aws:iam::111111111111:user/tester"

    def role_exists(self, arn: str) -> bool:
        return arn not in self.missing

    def secret_exists(self, value_from: str) -> bool:
        return value_from not in self.missing

    def alarm_states(self, names: frozenset[str]) -> Mapping[str, str]:
        return self.alarms

    def group_exists(self, name: str) -> bool:
        return name not in self.missing

    def tail(self, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        task = next((one for one in self.tasks if one.arn.endswith(f"/{stream.rpartition('/')[2]}")), None)
        return task.lines if task else ()

    def request(self, method: str, url: str, *, timeout_seconds: float, version_header: str) -> Answer:
        if self.unreachable:
            return Answer(0, problem="connection refused", unreachable=True)
        healthy = [one for one in self.tasks if self._healthy(one) and one.group.startswith("service:")]
        if not healthy:
            return Answer(503)
        one = healthy[self.number() % len(healthy)]
        path = url.partition("://")[2].partition("/")[2]
        return Answer(one.behaviour.path_status.get(f"/{path}", one.behaviour.status), version=one.behaviour.tag)
