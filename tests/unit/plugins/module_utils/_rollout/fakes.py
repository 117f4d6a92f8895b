# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ECS, load balancer, release table and clock in memory, for the rollout's flows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import botocore.session
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.conform import conform
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import RECORD_PREFIX
from ansible_collections.fastbreak.aws.plugins.module_utils._release.sequence import following_key
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.metrics import periods
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.comparison import starts_deployment
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    ServiceDeployment,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.wildcards import matches
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    Answer,
    CommandResult,
    Condition,
    ContainerState,
    Deployment,
    HealthCheck,
    Service,
    ServiceSettings,
    Target,
    Task,
    TaskDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositoryImage
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer as GivenAnswer
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Question
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import KeptSnapshot, Lock, Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.metrics import MetricQuery
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.change import ScalingChange
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import Ingress, ListenerAccess
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import OneOffTask, ServiceChange
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule
from tests.unit.plugins.module_utils._rollout.definitions import ANSWER_ONLY
from tests.unit.plugins.module_utils._rollout.scheduler import (
    EPOCH,
    Behaviour,
    FakeDeployment,
    FakeTask,
    Scheduler,
)

_ECS = botocore.session.get_session().get_service_model("ecs")
DEFINITION_SHAPE = _ECS.operation_model("RegisterTaskDefinition").input_shape
REPOSITORY_URI = "111111111111.dkr.ecr.us-east-1.amazonaws.com/fastbreak/inference"
GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/1"
LISTENER_ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/alb/1/2"


class World(Scheduler):
    """Everything behind the ports. ``calls`` lists the writing calls in their order."""

    #: The worlds whose records lie in its table; empty: its own.
    street: Sequence[World] = ()

    # Ecs

    def registrable(self, document: Mapping[str, object]) -> Mapping[str, object]:
        return {name: member for name, member in document.items() if name not in ANSWER_ONLY}

    def conform_definition(self, document: Mapping[str, object]) -> tuple[Mapping[str, object], list[str]]:
        return conform(DEFINITION_SHAPE, document, "task_definition")

    def cluster_status(self, cluster: str) -> str:
        return self.cluster

    def cluster_providers(self, cluster: str) -> frozenset[str]:
        return self.providers

    def describe_service(self, cluster: str, name: str) -> Service | None:
        if self.unreachable:
            raise UnavailableError("the network is down")
        if self.service is None:
            return None
        current = self.deployments[-1]
        began = EPOCH + timedelta(seconds=current.created_at)
        primary = Deployment(f"ecs-svc/{current.number}", "PRIMARY", began)
        return replace(self.service, deployments=(primary,), running_count=2, events=tuple(self.events))

    def describe_task_definition(self, name: str) -> TaskDefinition | None:
        if ":" in name:
            known = (arn for arn in self.definitions if name in (arn, arn.rpartition("/")[2]))
            return next((self.definitions[arn] for arn in known), None)
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
        self.definition_tags[arn] = dict(tags)
        return self.definitions[arn]

    def list_task_definitions(self, family: str) -> Iterator[str]:
        self.reads.append("list_task_definitions")
        active = [known for known in self.definitions.values() if known.family == family and known.active]
        return (known.arn for known in sorted(active, key=lambda known: known.revision, reverse=True))

    def task_definition_tags(self, arn: str) -> tuple[tuple[str, str], ...]:
        self.reads.append(f"task_definition_tags({arn.rpartition(':')[2]})")
        return tuple(self.definition_tags.get(arn, {}).items())

    def running_revisions(self, cluster: str, family: str) -> frozenset[str]:
        self.reads.append("running_revisions")
        return frozenset(task.definition_arn for task in self.tasks if not task.stop_code)

    def deregister_task_definition(self, arn: str) -> None:
        self.calls.append("deregister_task_definition")
        self.definitions[arn] = replace(self.definitions[arn], active=False)

    def create_service(
        self, cluster: str, name: str, *, task_definition_arn: str, settings: ServiceSettings, desired_count: int
    ) -> Service:
        self._check_groups(settings)
        self.calls.append("create_service")
        arn = f"arn:aws:ecs:us-east-1:111111111111:service/{cluster}/{name}"
        self.service = Service(arn, name, "ACTIVE", task_definition_arn, desired_count, 0, settings)
        self._deploy(task_definition_arn)
        created = self.describe_service(cluster, name)
        assert created
        return created

    def _check_groups(self, settings: ServiceSettings) -> None:
        """ECS takes only target groups that a load balancer uses."""
        used = {group for rule in self.rules.values() for group in rule.weights}
        for binding in settings.target_bindings:
            if binding.target_group_arn not in used - self.missing:
                raise OperationError(f"{binding.target_group_arn} does not have an associated load balancer.")

    def update_service(self, cluster: str, name: str, change: ServiceChange) -> Service:
        assert self.service
        self.calls.append(f"update_service({','.join(change.changed)})")
        arn = change.task_definition_arn or self.service.task_definition_arn
        taken = {name: getattr(change.settings, name) for name in change.changed if name != "tags"}
        if "target_bindings" in change.changed or change.task_definition_arn:
            self._check_groups(replace(self.service.settings, **taken))
        if change.desired_count is not None:
            self.service = replace(self.service, desired_count=change.desired_count)
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

    def continue_deployment(self, arn: str, hook_id: str) -> bool:
        self.calls.append("continue_deployment")
        return self.answer_hook(arn, hook_id, "CONTINUE")

    def refuse_deployment(self, arn: str, hook_id: str) -> bool:
        self.calls.append("refuse_deployment")
        return self.answer_hook(arn, hook_id, "ROLLBACK")

    def unknown_settings(self, settings: ServiceSettings) -> tuple[str, ...]:
        return self.unknown

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
            started_by=self._started_by(task),
        )

    def _started_by(self, task: FakeTask) -> str:
        started = (known for known in self.deployments if known.arn == task.deployment_arn)
        return next((f"ecs-svc/{known.number}" for known in started), "")

    def run_task(self, asked: OneOffTask) -> Task:
        self.calls.append(f"run_task({' '.join(asked.command)})")
        self.once.append(asked)
        number = self.number()
        task = FakeTask(
            f"arn:aws:ecs:us-east-1:111111111111:task/fastbreak-dev/m{number}",
            asked.task_definition_arn,
            "",
            self.seconds,
            "",
            Behaviour(),
            group=f"family:{number}",
            started_by=asked.started_by,
        )
        assert not self.running_tasks(asked.cluster, asked.started_by), "two migrations at once"
        self.tasks.append(task)
        behaviour = self.behaviour(asked.task_definition_arn)
        self._end_later(task, behaviour.migration_seconds, "EssentialContainerExited", behaviour.migration_exit)
        return self._as_task(task)

    def _end_later(self, task: FakeTask, seconds: float, stop_code: str, exit_code: int) -> None:
        def end() -> None:
            if not task.stop_code:
                self._fail(task, None, stop_code, "exited", exit_code)

        self.at.append((self.seconds + seconds, end))

    def running_tasks(self, cluster: str, started_by: str) -> tuple[Task, ...]:
        return tuple(self._as_task(task) for task in self.tasks if task.started_by == started_by and not task.stop_code)

    def stop_task(self, cluster: str, arn: str, reason: str) -> None:
        self.calls.append("stop_task")
        task = next(task for task in self.tasks if task.arn == arn)
        self._end_later(task, self.behaviour(task.definition_arn).stop_seconds, "UserInitiated", 137)

    def describe_task(self, cluster: str, arn: str) -> Task | None:
        return next((self._as_task(task) for task in self.tasks if task.arn == arn), None)

    # LoadBalancing

    def target_group_problem(self, arn: str, *, vpc: str, routed: bool) -> str:
        return self.target_problem

    def listener_problem(self, arn: str) -> str:
        return f"Listener {arn} does not exist." if arn in self.missing else ""

    def request_count_label(self, target_group_arn: str, listener_arns: frozenset[str]) -> str:
        return f"app/alb/1/{target_group_arn.rpartition(':')[2]}" if listener_arns else ""

    def listener_access(self, arn: str) -> ListenerAccess | None:
        return self.access

    def health_check(self, target_group_arn: str) -> HealthCheck | None:
        return None if target_group_arn in self.missing else self.checked

    def describe_targets(self, target_group_arn: str) -> tuple[Target, ...] | None:
        if target_group_arn in self.missing:
            return None
        return tuple(
            Target(task.address, "healthy" if self._answers(task, target_group_arn) else "initial")
            for task in self.tasks
            if not task.stop_code and task.address and target_group_arn in task.groups
        )

    def _answers(self, task: FakeTask, group: str) -> bool:
        """Targets of a group that no rule forwards to are not checked."""
        return self._healthy(task) and any(group in rule.weights for rule in self.rules.values())

    def list_rules(self, listener_arns: frozenset[str], target_group_arns: frozenset[str]) -> tuple[StandingRule, ...]:
        return tuple(self.rules.values())

    def find_rules(self, arns: tuple[str, ...]) -> tuple[StandingRule, ...]:
        there = (rule for rule in self.rules.values() if rule.arn in arns)
        return tuple(replace(rule, listener_arn="", tags=frozenset()) for rule in there)

    def put_rule(self, rule: StandingRule) -> StandingRule:
        if not set(rule.weights).isdisjoint(self.missing):
            raise OperationError(f"TargetGroupNotFound: {sorted(rule.weights)}")
        there = self.rules.get(rule.place)
        if rule.arn:
            assert there
            assert there.arn == rule.arn
            rule = replace(rule, tags=there.tags, actions=rule.actions or there.actions)
        elif there:
            raise OperationError(f"PriorityInUse: {rule.priority}")
        self.calls.append("put_rule")
        self.rules[rule.place] = replace(rule, arn=rule.arn or f"rule/{rule.priority}/{self.number()}")
        return self.rules[rule.place]

    def tag_rule(self, rule: StandingRule, tags: Mapping[str, str]) -> None:
        self.calls.append("tag_rule")
        self.rules[rule.place] = replace(self.rules[rule.place], tags=frozenset(tags.items()))

    def delete_rule(self, arn: str) -> None:
        self.calls.append("delete_rule")
        self.rules = {key: rule for key, rule in self.rules.items() if rule.arn != arn}

    # ScalingPort

    def describe_scaling(self, cluster: str, service: str) -> Scaling | None:
        return self.scaling

    def service_time(self) -> datetime:
        self.reads.append("service_time")
        return self.told_time or self.now()

    def change_scaling(self, cluster: str, service: str, change: ScalingChange) -> None:
        assert self.service, "Application Auto Scaling refuses a target whose service does not exist"
        assert self.scaling or change.bounded, "a scalable target is registered with its bounds"
        self.calls.append("change_scaling")
        suspended = self.scaling.suspended if self.scaling else change.after.suspended
        self.scaling = replace(change.after, suspended=suspended if change.suspends is None else change.suspends)

    def remove_scaling(self, cluster: str, service: str) -> bool:
        self.calls.append("remove_scaling")
        there, self.scaling = self.scaling is not None, None
        return there

    # Releases

    def table_problem(self) -> str:
        return "Table releases does not exist." if "table" in self.missing else ""

    def history(self, service: str) -> tuple[Release, ...]:
        every = [
            release
            for world in self.street or [self]
            for release in world.records.values()
            if release.service == service
        ]
        return tuple(sorted(every, key=lambda release: release.release_id, reverse=True))

    def start(self, release: Release) -> Release:
        self.calls.append("start")
        newest = max(self.records, default="")
        numbered = replace(release, release_id=following_key(RECORD_PREFIX, newest))
        self.records[numbered.release_id] = numbered
        return numbered

    def note_deployment(self, release: Release) -> None:
        self.records[release.release_id] = release

    def keep_measurements(self, release: Release) -> None:
        assert self.records[release.release_id].in_progress
        self.records[release.release_id] = release

    def finish(self, release: Release) -> None:
        assert self.records[release.release_id].in_progress
        self.calls.append(f"finish({release.outcome.value})")
        self.records[release.release_id] = release

    def kept_snapshot(self, service: str) -> KeptSnapshot | None:
        return self.kept

    def keep_snapshot(self, service: str, snapshot: KeptSnapshot) -> None:
        self.kept = self.kept or snapshot

    def drop_snapshot(self, service: str) -> None:
        self.kept = None

    def definition_key(self, service: str, *, make: bool) -> bytes:
        if make and not self.key:
            self.key = b"a key that stays in the account"
        return self.key

    def read_lock(self, service: str) -> Lock | None:
        return self.lock

    def write_lock(self, service: str, lock: Lock, *, seen: Lock | None) -> bool:
        if self.lock != seen:
            return False
        self.lock = lock
        return True

    def renew_lock(self, service: str, lock: Lock, *, seen: Lock) -> Lock | None:
        return lock if self.write_lock(service, lock, seen=seen) else self.read_lock(service)

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

    def prepare(self) -> None:
        """Nothing is to be made ready."""

    def caller_arn(self) -> str:
        return "arn:aws:iam::111111111111:user/tester"

    def _ask(self) -> None:
        if self.forbidden:
            raise OperationError("these credentials may not", code="AccessDenied")

    def role_problem(self, arn: str) -> str:
        self._ask()
        return "does not exist" if arn in self.missing else ""

    def infrastructure_role_problem(self, arn: str) -> str:
        return "does not exist" if arn in self.missing else ""

    def secret_problem(self, value_from: str) -> str:
        self._ask()
        return "does not exist, or lies in another account or region" if value_from in self.missing else ""

    def named_secret_problem(self, name: str) -> str:
        return self.secret_problem(name)

    def secret_denial(self, role_arn: str, value_from: str) -> str:
        self._ask()
        denied = "secretsmanager:GetSecretValue"
        return f"cannot be read by {role_arn}: no {denied}" if denied in self.denied else ""

    def named_secret_denial(self, role_arn: str, name: str) -> str:
        return self.secret_denial(role_arn, name)

    def denied_actions(self, role_arn: str, actions: tuple[str, ...], resource_arn: str) -> tuple[str, ...]:
        if self.forbidden:
            raise OperationError("these credentials may not", code="AccessDenied")
        return tuple(action for action in actions if action in self.denied)

    def ingress(self, ids: frozenset[str]) -> tuple[Ingress, ...]:
        return self.lets_in

    def subnet_cidrs(self, ids: frozenset[str]) -> Mapping[str, str]:
        return dict.fromkeys(ids, "10.20.1.0/24")

    def own_address(self, url: str) -> str:
        return self.address

    def free_addresses(self, ids: frozenset[str]) -> Mapping[str, int]:
        return dict.fromkeys(ids, self.addresses)

    def fargate_vcpus(self, *, spot: bool) -> float | None:
        return self.vcpus

    def secret_keys(self, value_from: str) -> frozenset[str] | None:
        if self.forbidden:
            raise OperationError("these credentials may not", code="AccessDeniedException")
        return self.keys

    def subnet_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        if self.forbidden:
            raise OperationError("these credentials may not", code="UnauthorizedOperation")
        return dict.fromkeys(ids - self.missing, "vpc-1")

    def security_group_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        return dict.fromkeys(ids - self.missing, self.group_vpc)

    def image_labels(self, repository: str, digest: str) -> Mapping[str, str]:
        return self.labels

    def image_platforms(self, repository: str, digest: str) -> frozenset[str]:
        if self.forbidden:
            raise OperationError("these credentials may not", code="AccessDeniedException")
        return self.platforms

    def ask(self, question: Question) -> None:
        if self.unreachable:
            raise UnavailableError("the network is down")
        if all((known.release, known.gate) != (question.release, question.gate) for known in self.asked):
            self.asked.append(question)

    def questions(self, service: str, release: str) -> tuple[Question, ...]:
        return tuple(question for question in self.asked if question.release == release)

    def answer(self, answer: GivenAnswer) -> None:
        self.answered.append(answer)

    def answers(self, service: str, release: str) -> tuple[GivenAnswer, ...]:
        return tuple(answer for answer in self.answered if answer.release == release)

    def alarm_states(self, names: frozenset[str]) -> Mapping[str, str]:
        return self.alarms

    def metric_series(
        self, queries: tuple[MetricQuery, ...], begin: datetime, end: datetime
    ) -> tuple[dict[datetime, float], ...]:
        if self.forbidden:
            raise OperationError("these credentials may not", code="AccessDenied")
        return tuple(self._series(query, begin, end) for query in queries)

    def file_problem(self, path: str) -> str:
        return "does not exist" if path in self.missing else ""

    def read_file(self, path: str) -> bytes:
        return f"what {path} holds".encode()

    def run_command(
        self, command: tuple[str, ...], variables: Mapping[str, str], *, seconds: float, pass_credentials: bool
    ) -> CommandResult:
        self.ran.append((command, dict(variables), pass_credentials))
        return self.programs.pop(0)

    def end_commands(self) -> None:
        self.ended_commands += 1

    def as_of_now(self) -> World:
        return self

    def _series(self, query: MetricQuery, begin: datetime, end: datetime) -> dict[datetime, float]:
        value = self.metrics.get((query.metric, dict(query.dimensions).get("TargetGroup", "")), lambda _at: None)
        known = ((at, value(at)) for at in periods(begin, end, query.period_seconds))
        return {at: found for at, found in known if found is not None}

    def group_exists(self, name: str) -> bool:
        return name not in self.missing

    def tail(self, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        task = next((known for known in self.tasks if known.arn.endswith(f"/{stream.rpartition('/')[2]}")), None)
        return (task.lines if task.group.startswith("service:") else self.logged or task.lines) if task else ()

    def request(  # noqa: PLR0913 - as the port
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
        if self.unreachable:
            return Answer(0, problem="connection refused", unreachable=True)
        path = "/" + url.partition("://")[2].partition("/")[2]
        sent = {"host": urlsplit(url).hostname or "", **{name.lower(): value for name, value in headers}}
        group = self._route(method, *path.partition("?")[::2], sent)
        healthy = [task for task in self.tasks if group in task.groups and self._answers(task, group)]
        if not healthy:
            return Answer(503)
        task = healthy[self.number() % len(healthy)]
        return Answer(task.behaviour.path_status.get(path, task.behaviour.status), version=task.behaviour.tag)

    def _route(self, method: str, path: str, query: str, sent: dict[str, str]) -> str:
        """The target group that a user's request is sent to; empty for the default action."""
        for _place, rule in sorted(self.rules.items()):
            if not self._takes(rule):
                continue
            seen = self._summary(rule)
            paths = not seen.path_patterns or any(fnmatchcase(path, pattern) for pattern in seen.path_patterns)
            hosts = not seen.host_headers or any(matches(host, sent["host"]) for host in seen.host_headers)
            if paths and hosts and all(self._met(each, method, query, sent) for each in seen.conditions):
                return self._pick(rule)
        return ""

    @cached_property
    def _summaries(self) -> dict[int, tuple[StandingRule, ListenerRule]]:
        return {}

    def _summary(self, rule: StandingRule) -> ListenerRule:
        """The rule's, which is asked for with each request and made once: a rule that is changed is another one."""
        # Kept with its rule, an id is no other's.
        if id(rule) not in self._summaries:
            self._summaries[id(rule)] = (rule, rule.summary())
        return self._summaries[id(rule)][1]

    def _takes(self, rule: StandingRule) -> bool:
        """Whether the request is sent to the rule's listener: there is one."""
        return True

    def _pick(self, rule: StandingRule) -> str:
        """Which of the rule's groups a request is sent to, by their weights."""
        weights = {group: weight for group, weight in sorted(rule.weights.items()) if weight}
        turn = self.number() % (sum(weights.values()) or 1)
        for group, weight in weights.items():
            if turn < weight:
                return group
            turn -= weight
        return ""

    def _met(self, condition: Condition, method: str, query: str, sent: dict[str, str]) -> bool:
        texts = {
            "http-header": [sent[name] for name in sent if name == condition.name.lower()],
            "query-string": [value for key, value in parse_qsl(query) if matches(condition.name or "*", key)],
            "http-request-method": [method],
            "source-ip": [self.sender],
        }[condition.field]
        return any(matches(pattern, text) for pattern in condition.values for text in texts)
