# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduler and clock of the rollout's fakes.

The scheduler behaves as ECS documents a ROLLING deployment with 100/200 percent: all new tasks are started at once, a
task counts when its target is healthy, old tasks stop only then. What a revision does is said by image digest.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositoryImage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import HealthCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Board
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer, Question
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import KeptSnapshot, Lock, Release
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import Ingress, ListenerAccess
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import OneOffTask
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
        CommandResult,
        Service,
        ServiceEvent,
        ServiceSettings,
        TaskDefinition,
    )

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


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
    migration_seconds: float = 2.0
    stop_seconds: float = 1.0


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
    groups: frozenset[str] = frozenset()
    started_by: str = ""


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
    groups: frozenset[str] = frozenset()
    started_by: str = ""
    previous_groups: frozenset[str] = frozenset()


@dataclass
class Tick:
    """What is done again and again, beside a run."""

    seconds: float
    work: Callable[[], None]
    due: float


class Ticks(list[Tick]):
    """They end with the process that is at them: the copy of a world that a killed run leaves has none."""

    def __deepcopy__(self, _memo: object) -> Ticks:
        return Ticks()


class Scheduler:
    """What the account holds, and how it moves on as time passes."""

    asked: list[Question]
    answered: list[Answer]
    lock: Lock | None
    live = False
    ended_commands = 0

    def __init__(self, name: str = "inference") -> None:
        #: The only service of this account.
        self.name = name
        self.seconds = 0.0
        self.calls: list[str] = []
        #: Reading calls that cost something.
        self.reads: list[str] = []
        #: What AWS says the time is, where that is not the clock's.
        self.told_time: datetime | None = None
        self.lines: list[str] = []
        #: What was shown of how the release stands, where `live` says that it is.
        self.boards: list[Board] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.images: list[RepositoryImage] = []
        self.definitions: dict[str, TaskDefinition] = {}
        self.service: Service | None = None
        self.deployments: list[FakeDeployment] = []
        self.tasks: list[FakeTask] = []
        self.rules: dict[tuple[str, int], StandingRule] = {}
        self.definition_tags: dict[str, dict[str, str]] = {}
        self.scaling: Scaling | None = None
        #: Where requests come from.
        self.sender = "192.0.2.1/32"
        self.records: dict[str, Release] = {}
        self.promoted: list[Promotion] = []
        self.labels: dict[str, str] = {}
        self.asked, self.answered, self.lock = [], [], None
        self.kept: KeptSnapshot | None = None
        self.missing: set[str] = set()
        #: What was run once, and what that logged.
        self.once: list[OneOffTask] = []
        self.logged: tuple[str, ...] = ()
        self.alarms: dict[str, str] = {}
        #: How programs end, the next first; and what was run, with what variables, and whether with credentials.
        self.programs: list[CommandResult] = []
        self.ran: list[tuple[tuple[str, ...], dict[str, str], bool]] = []
        #: The values of metrics by their name and target group, minute by minute; a minute that is not there has none.
        self.metrics: dict[tuple[str, str], Callable[[datetime], float | None]] = {}
        self.forbidden = False
        self.keys: frozenset[str] | None = frozenset({"password"})
        self.platforms: frozenset[str] = frozenset({"linux/amd64"})
        self.group_vpc = "vpc-1"
        self.cluster = "ACTIVE"
        self.providers: frozenset[str] = frozenset({"FARGATE", "FARGATE_SPOT"})
        self.breaker_threshold, self.grace_seconds = 3, 30.0
        self.unreachable = False
        self.target_problem = ""
        #: What no role's policies allow.
        self.denied: set[str] = set()
        #: How many addresses each subnet has left; and that of this machine.
        self.addresses, self.address, self.vcpus = 251, "192.0.2.1", 1000.0
        self.checked = HealthCheck(5, 2, 3)
        #: Where listeners are, and who gets there.
        self.access: ListenerAccess | None = None
        self.lets_in: tuple[Ingress, ...] = ()
        #: What the loaded API model does not know.
        self.unknown: tuple[str, ...] = ()
        self.key = b""
        self.events: list[ServiceEvent] = []
        self.at: list[tuple[float, Callable[[], None]]] = []
        self.ticks = Ticks()
        self._ticking = False
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
            for due in [planned for planned in self.at if planned[0] <= self.seconds]:
                self.at.remove(due)
                due[1]()
            self._tick()
            self._schedule()

    @contextmanager
    def every(self, seconds: float, work: Callable[[], None]) -> Iterator[None]:
        tick = Tick(seconds, work, self.seconds + seconds)
        self.ticks.append(tick)
        try:
            yield
        finally:
            self.ticks[:] = [other for other in self.ticks if other is not tick]

    def _tick(self) -> None:
        """Work that takes a while is not begun a second time before it ends."""
        if self._ticking:
            return
        self._ticking = True
        try:
            for tick in [tick for tick in self.ticks if tick.due <= self.seconds]:
                tick.work()
                tick.due = self.seconds + tick.seconds
        finally:
            self._ticking = False

    def say(self, text: str) -> None:
        self.lines.append(text)

    def draw(self, board: Board) -> None:
        self.boards.append(board)

    # The scheduler

    def behaviour(self, definition_arn: str) -> Behaviour:
        image = self.definitions[definition_arn].document["containerDefinitions"][0]["image"]
        return self.behaviours[image.rpartition("@")[2]]

    def _healthy(self, task: FakeTask) -> bool:
        ready = task.behaviour.ready_after
        return not task.stop_code and ready is not None and self.seconds - task.started_at >= ready

    def _alive(self, definition_arn: str) -> list[FakeTask]:
        return [
            task
            for task in self.tasks
            if not task.stop_code and task.definition_arn == definition_arn and task.group.startswith("service:")
        ]

    def _alive_of(self, deployment: FakeDeployment) -> list[FakeTask]:
        """A deployment replaces every task, those of the same revision too."""
        return [task for task in self._alive(deployment.definition_arn) if task.deployment_arn == deployment.arn]

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
            group=f"service:{self.name}",
            groups=deployment.groups,
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
        for task in [task for task in self.tasks if not task.stop_code]:
            self._age(task)
        if self.service is None or self.service.status != "ACTIVE" or not self.deployments:
            return
        current = self.deployments[-1]
        if current.state is DeploymentState.ROLLING_BACK:
            self._roll_back(current)
            return
        if current.state in (DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL):
            for _ in range(self.service.desired_count - len(self._alive_of(current))):
                self._start_task(current)
        if current.state is DeploymentState.IN_PROGRESS:
            self._progress(current)

    def _age(self, task: FakeTask) -> None:
        age = self.seconds - task.started_at
        deployment = next(
            (deployment for deployment in self.deployments if deployment.arn == task.deployment_arn), None
        )
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
        if sum(self._healthy(task) for task in self._alive_of(current)) >= self.service.desired_count:
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
        self.service = replace(
            self.service, task_definition_arn=current.previous_arn, settings=self._rolled_back(current)
        )
        if self.seconds - current.rollback_at < 2:
            return
        for task in self._alive_of(current):
            task.stop_code, task.reason = "ServiceSchedulerInitiated", "Scaling activity initiated by rollback"
        back = FakeDeployment(
            current.arn, current.previous_arn, current.number, current.created_at, groups=current.previous_groups
        )
        for _ in range(self.service.desired_count - len(self._alive(current.previous_arn))):
            self._start_task(back)
        if all(self._healthy(task) for task in self._alive(current.previous_arn)):
            current.state, current.reason = DeploymentState.ROLLED_BACK, current.reason or "stopped with ROLLBACK"

    def _rolled_back(self, current: FakeDeployment) -> ServiceSettings:
        """ECS goes back to the target groups of the revision before; other settings stay."""
        assert self.service
        bindings = self.service.settings.target_bindings
        if not bindings:
            return self.service.settings
        served = min(bindings, key=lambda binding: binding.target_group_arn)
        groups = (replace(served, target_group_arn=group) for group in current.previous_groups)
        return replace(self.service.settings, target_bindings=frozenset(groups))

    def _deploy(self, definition_arn: str) -> None:
        number = self.number()
        assert self.service
        previous, previous_groups = "", frozenset[str]()
        for deployment in self.deployments:
            if deployment.state is DeploymentState.SUCCESSFUL:
                previous, previous_groups = deployment.definition_arn, deployment.groups
            if deployment.state is DeploymentState.IN_PROGRESS:
                deployment.state, deployment.reason = DeploymentState.STOPPED, "a newer deployment replaced it"
        arn = f"arn:aws:ecs:us-east-1:111111111111:service-deployment/fastbreak-dev/{self.name}/d{number}"
        self.deployments.append(
            FakeDeployment(
                arn,
                definition_arn,
                number,
                self.seconds + number / 1000,
                previous_arn=previous,
                groups=frozenset(binding.target_group_arn for binding in self.service.settings.target_bindings),
                previous_groups=previous_groups,
            )
        )
