"""An ECS, load balancer, release table and clock in memory, for the rollout's flows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.deployment import (
    DeploymentState,
    ServiceDeployment,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service import starts_deployment
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    Answer,
    ContainerState,
    Deployment,
    ListenerRule,
    Scaling,
    Service,
    ServiceSettings,
    Target,
    Task,
    TaskDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositoryImage
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock, Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.writes import OneOffTask, ServiceChange
from tests.unit.plugins.module_utils._rollout.definitions import ANSWER_ONLY
from tests.unit.plugins.module_utils._rollout.scheduler import (
    EPOCH,
    Behaviour,
    FakeDeployment,
    FakeTask,
    Scheduler,
)

REPOSITORY_URI = "111111111111.dkr.ecr.us-east-1.amazonaws.com/fastbreak/inference"
GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/1"
LISTENER_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/alb/1/2"


class World(Scheduler):
    """Everything behind the ports. ``calls`` lists the writing calls in their order."""

    # Ecs

    def registrable(self, document: Mapping[str, object]) -> Mapping[str, object]:
        return {name: member for name, member in document.items() if name not in ANSWER_ONLY}

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
        family = [
            definition for definition in self.definitions.values() if definition.family == name and definition.active
        ]
        return family[-1] if family else None

    def register_task_definition(self, document: Mapping[str, object], tags: Mapping[str, str]) -> TaskDefinition:
        self.calls.append("register_task_definition")
        revision = len(self.definitions) + 1
        family = str(document["family"])
        arn = f"arn:aws:ecs:us-east-1:111111111111:task-definition/{family}:{revision}"
        self.definitions[arn] = TaskDefinition(arn, family, revision, True, document)
        return self.definitions[arn]

    def list_task_definitions(self, family: str) -> tuple[str, ...]:
        return tuple(
            definition.arn
            for definition in self.definitions.values()
            if definition.family == family and definition.active
        )

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
        return (
            tuple(self._as_deployment(deployment) for deployment in reversed(self.deployments)) if self.service else ()
        )

    def describe_service_deployment(self, arn: str) -> ServiceDeployment | None:
        return next((self._as_deployment(deployment) for deployment in self.deployments if deployment.arn == arn), None)

    def _as_deployment(self, deployment: FakeDeployment) -> ServiceDeployment:
        created = EPOCH + timedelta(seconds=deployment.created_at)
        return ServiceDeployment(
            deployment.arn, deployment.state, created, f"revision:{deployment.definition_arn}", deployment.reason
        )

    def revision_task_definition(self, revision_arn: str) -> str:
        return revision_arn.partition(":")[2]

    def stop_service_deployment(self, arn: str) -> bool:
        self.calls.append("stop_service_deployment")
        deployment = next(known for known in self.deployments if known.arn == arn)
        if deployment.state is not DeploymentState.IN_PROGRESS:
            return False
        deployment.state, deployment.rollback_at = DeploymentState.ROLLING_BACK, self.seconds
        return True

    def list_tasks(self, cluster: str, service: str) -> tuple[Task, ...]:
        return tuple(self._as_task(task) for task in self.tasks if task.group == f"service:{service}")

    def _as_task(self, task: FakeTask) -> Task:
        return Task(
            arn=task.arn,
            group=task.group,
            task_definition_arn=task.definition_arn,
            last_status="STOPPED" if task.stop_code else "RUNNING",
            created_at=EPOCH + timedelta(seconds=task.started_at),
            started=True,
            address=task.address,
            stop_code=task.stop_code,
            stopped_reason=task.reason,
            containers=(ContainerState("service", task.exit_code),),
        )

    def run_task(self, asked: OneOffTask) -> Task:
        self.calls.append(f"run_task({' '.join(asked.command)})")
        number = self.number()
        task = FakeTask(
            f"arn:aws:ecs:us-east-1:111111111111:task/fastbreak-dev/m{number}",
            asked.task_definition_arn,
            "",
            self.seconds,
            "",
            Behaviour(),
            group=f"family:{number}",
        )
        self.tasks.append(task)
        code = self.behaviour(asked.task_definition_arn).migration_exit
        self.at.append((self.seconds + 2, lambda: self._fail(task, None, "EssentialContainerExited", "exited", code)))
        return self._as_task(task)

    def describe_task(self, cluster: str, arn: str) -> Task | None:
        return next((self._as_task(task) for task in self.tasks if task.arn == arn), None)

    # LoadBalancing

    def target_group_problem(self, arn: str) -> str:
        return self.target_problem

    def listener_problem(self, arn: str) -> str:
        return f"Listener {arn} does not exist." if arn in self.missing else ""

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...]:
        return tuple(
            Target(task.address, "healthy" if self._healthy(task) else "initial")
            for task in self.tasks
            if not task.stop_code and task.address
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
        return tuple(sorted(self.records.values(), key=lambda release: release.release_id, reverse=True))

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

    # PromotionRecord

    def promotions(self, service: str) -> tuple[Promotion, ...]:
        return tuple(reversed(self.promoted))

    def find_promotion(self, service: str, digest: str) -> Promotion | None:
        return next((promotion for promotion in self.promotions(service) if promotion.digest == digest), None)

    # Images, Surroundings, Logs, Probe

    def describe_images(self, repository: str) -> tuple[RepositoryImage, ...] | None:
        return None if repository in self.missing else tuple(self.images)

    def describe_repository(self, repository: str) -> RepositorySettings:
        if repository in self.missing:
            return RepositorySettings(exists=False)
        return RepositorySettings(exists=True, uri=REPOSITORY_URI)

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
        task = next((known for known in self.tasks if known.arn.endswith(f"/{stream.rpartition('/')[2]}")), None)
        return task.lines if task else ()

    def request(self, method: str, url: str, *, timeout_seconds: float, version_header: str) -> Answer:
        if self.unreachable:
            return Answer(0, problem="connection refused", unreachable=True)
        healthy = [task for task in self.tasks if self._healthy(task) and task.group.startswith("service:")]
        if not healthy:
            return Answer(503)
        task = healthy[self.number() % len(healthy)]
        path = url.partition("://")[2].partition("/")[2]
        return Answer(task.behaviour.path_status.get(f"/{path}", task.behaviour.status), version=task.behaviour.tag)
