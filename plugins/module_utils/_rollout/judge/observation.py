# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a release while it is judged: its deployment, its tasks, its targets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ..._errors import OperationError, UnavailableError
from ..gates.model import TargetObservation, TaskFailure
from ..service.causes import target_words
from ..service.deployment import DeploymentState, Progress
from ..service.rules import condition_differences, routing_differences
from .weights import not_moved, strange_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from ..service.rules import StandingRule
    from ..session import Session
    from ..strategies.model import Started
    from ..values import Service, Target, Task

# Stops that say nothing about the release: someone or something asked for them. A scheduler's stop counts only when its
# reason says that the task failed a check (see "Stopped tasks error messages" in the ECS developer guide).
_FAILURE_CODES = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
# What ECS says of a container that has no health check of its own too is UNKNOWN.
_SICK = "UNHEALTHY"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen last. ``settled_at`` is the monotonic time at which the deployment was first seen to be complete.

    ``problem`` says why the latest look failed; everything else is of the look before then. ``unseen``: it failed since
    AWS could not be asked. ``lost`` says what of the release's own is no longer there, so that it cannot succeed any
    more. ``service`` is that of the last look that saw one, and ``began`` when ECS began what was its primary
    deployment at the first. ``changed`` are listener rules that are not as this run left them, or as ECS says.
    ``group`` is the target group that the release's tasks are in; empty before any is. ``strange`` says which live
    weights are not ECS's. ``others`` are the running tasks of the service that are not the release's.
    """

    state: DeploymentState = DeploymentState.PENDING
    reason: str = ""
    superseded: bool = False
    settled_at: float | None = None
    targets: TargetObservation = field(default_factory=TargetObservation)
    problem: str = ""
    unseen: bool = False
    lost: str = ""
    service: Service | None = None
    began: datetime | None = None
    changed: tuple[str, ...] = ()
    progress: Progress = field(default_factory=Progress)
    group: str = ""
    strange: str = ""
    others: int = 0

    @property
    def reachable(self) -> bool:
        """Whether requests may reach the release."""
        return self.targets.healthy > 0 or self.settled_at is not None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a look asks beside the service: each is called for its answer. ``targets`` are by their target group."""

    targets: dict[str, Callable[[], tuple[Target, ...] | None]]
    tasks: Callable[[], tuple[Task, ...]]
    rules: Callable[[], tuple[StandingRule, ...]]


class Observer:
    """Looks at what was *started*.

    Of a deployment that is not known, and with *ended_before* of any, tasks that had stopped before do not count.
    """

    def __init__(self, session: Session, started: Started, *, ended_before: bool = False) -> None:
        self._session = session
        self._started = started
        self._stopped_before: frozenset[str] | None = None if ended_before or not started.arn else frozenset()

    def look(self, last: Look, rules: tuple[StandingRule, ...] = ()) -> Look:
        """The next look after *last*. One that fails says so, and keeps what was seen before.

        *rules* are the listener rules that have to be there, as they have to be.
        """
        seen, asked = last, self._ask(rules)
        try:
            service = self._describe_service()
            if service is None or service.status != "ACTIVE":
                became = f"is {service.status}" if service else "was deleted"
                gone = f"the service {became} while the release was under way"
                return replace(seen, superseded=True, reason=gone, problem=gone)
            began = last.began or (service.primary.created_at if service.primary else None)
            seen = replace(self._follow(seen, service), service=service, began=began)
            targets, listed = _present({group: answer() for group, answer in asked.targets.items()}), asked.tasks()
            tasks, there = self._of_release(listed), asked.rules()
            group = group_of(tasks, targets or {}) or last.group
            changed = (*self._changed(rules, there), *self._not_moved(seen, group, rules, there))
            # A rule is read as it was for a moment after it was written: only what is seen twice was changed.
            lost = self._lost(service, targets, rules, there) or "; ".join(sorted({*changed} & {*last.changed}))
            every = tuple(target for found in (targets or {}).values() for target in found)
            balanced = bool(self._session.request.target_group_arns)
            counted = (count_targets if balanced else count_tasks)(service.desired_count, tasks, every)
            # Where no other tasks are, as in a first release, ECS has nothing to share between.
            shared = any(found for arn, found in (targets or {}).items() if arn != group)
            strange = self._told_weights(seen, group, rules, there) if shared else ""
            seen = replace(seen, targets=counted, problem="", unseen=False, lost=lost, changed=changed)
            return replace(seen, group=group, strange=strange, others=sum(map(_runs, listed)) - sum(map(_runs, tasks)))
        except UnavailableError as error:
            return replace(seen, problem=str(error), unseen=True)
        except OperationError as error:
            # A refused look is like one that could not be made: the next may be allowed.
            return replace(seen, problem=str(error), unseen=False)

    def has_moved(self, last: Look) -> bool:
        """Whether the deployment stands elsewhere than in the *last* look. No, when that cannot be told now."""
        try:
            standing = self._started.strategy.follow(self._session, self._started)
        except (UnavailableError, OperationError):
            # The next look says why.
            return False
        return (standing.state, standing.progress) != (last.state, last.progress)

    def _told_weights(
        self, seen: Look, group: str, rules: tuple[StandingRule, ...], there: tuple[StandingRule, ...]
    ) -> str:
        """Which live weights are not ECS's, said once when two looks in a row saw it: ECS may be at writing them."""
        if not self._started.strategy.shifts_weights:
            return ""
        strange = strange_weights(seen.progress, group, self._session.request.rules, rules, there)
        if strange and strange == seen.strange:
            self._session.warn_once(
                f"{strange}. The release is judged by what reaches it; ECS writes its own when it moves users on"
            )
        return strange

    def _describe_service(self) -> Service | None:
        request = self._session.request
        return self._session.ports.ecs.describe_service(request.cluster, request.service)

    def _ask(self, rules: tuple[StandingRule, ...]) -> _Asked:
        """Have all of it asked at once: a look that takes long is late, and users wait for what follows from it."""
        ports, begin = self._session.ports, self._session.ports.workers.begin
        groups, arns = self._session.request.target_group_arns, tuple(rule.arn for rule in rules)
        return _Asked(
            {group: begin(partial(ports.balancing.describe_targets, group)) for group in groups},
            begin(self._list_tasks),
            begin(lambda: ports.balancing.find_rules(arns)),
        )

    def _changed(self, rules: tuple[StandingRule, ...], there: tuple[StandingRule, ...]) -> tuple[str, ...]:
        """Which of *rules* no longer send users where they should, in words.

        Where ECS shifts users, where they go is its own; who of them a rule takes is not.
        """
        differ = condition_differences if self._started.strategy.shifts_weights else routing_differences
        found = {rule.arn: rule for rule in there}
        pairs = [(rule, found[rule.arn]) for rule in rules if rule.arn in found]
        return tuple(
            f"{rule.name} (listener_rules) was changed by somebody else: {differences}"
            for rule, seen in pairs
            if (differences := differ(rule, seen))
        )

    def _not_moved(
        self, seen: Look, group: str, rules: tuple[StandingRule, ...], there: tuple[StandingRule, ...]
    ) -> tuple[str, ...]:
        """Which rules do not send all users to a release of which ECS says that it has moved them."""
        if seen.settled_at is None or not self._started.strategy.shifts_weights:
            return ()
        return not_moved(group, self._session.request.rules, rules, there)

    def _lost(
        self,
        service: Service,
        targets: Mapping[str, tuple[Target, ...]] | None,
        rules: tuple[StandingRule, ...],
        there: tuple[StandingRule, ...],
    ) -> str:
        if targets is None:
            groups = " or ".join(self._session.request.target_group_arns)
            return f"target group {groups} (load_balancer.target_group_arn) was deleted"
        found = {rule.arn for rule in there}
        if missing := [rule.arn for rule in rules if rule.arn not in found]:
            return f"{', '.join(missing)} (listener_rules) was deleted"
        if service.desired_count == 0:
            return "the desired count of the service was set to 0, so that no task of the release runs"
        return ""

    def _follow(self, last: Look, service: Service) -> Look:
        standing = self._started.strategy.follow(self._session, self._started, service)
        settled_at = last.settled_at
        if settled_at is None and standing.state is DeploymentState.SUCCESSFUL:
            settled_at = self._session.monotonic()
        return replace(
            last,
            state=standing.state,
            reason=standing.reason,
            superseded=last.superseded or standing.superseded,
            settled_at=settled_at,
            progress=standing.progress,
        )

    def _list_tasks(self) -> tuple[Task, ...]:
        request = self._session.request
        return self._session.ports.ecs.list_tasks(request.cluster, request.service)

    def _of_release(self, listed: tuple[Task, ...]) -> tuple[Task, ...]:
        """The tasks of the release that count."""
        started = self._started
        tasks = of_revision(listed, started.task_definition_arn)
        if started.arn:
            tasks = of_deployment(tasks, started.primary_id)
        if self._stopped_before is None:
            self._stopped_before = frozenset(task.arn for task in tasks if task.stop_code)
        return tuple(task for task in tasks if task.arn not in self._stopped_before)


def _present(
    targets: dict[str, tuple[Target, ...] | None],
) -> dict[str, tuple[Target, ...]] | None:
    """The *targets* of every target group that the release may be in; None when one of them is not there."""
    there = {group: found for group, found in targets.items() if found is not None}
    return there if len(there) == len(targets) else None


def _runs(task: Task) -> bool:
    return task.last_status == "RUNNING" and not task.stop_code


def is_failure(task: Task) -> bool:
    """Whether *task* stopped by itself or because it was unhealthy, rather than because it was asked to."""
    if not task.stop_code:
        return False
    return task.stop_code in _FAILURE_CODES or (
        task.stop_code == "ServiceSchedulerInitiated" and "failed" in task.stopped_reason.lower()
    )


def failure_of(task: Task) -> TaskFailure:
    """*task*, which failed, as a gate reports it."""
    reasons = [task.stopped_reason, *(container.reason for container in task.containers if container.reason)]
    return TaskFailure(
        task_id=task.id,
        reason=f"{task.stop_code}: {'; '.join(reason for reason in reasons if reason)}",
        started=task.stop_code != "TaskFailedToStart",
        exit_codes=tuple(
            (container.name, container.exit_code) for container in task.containers if container.exit_code is not None
        ),
    )


def of_revision(tasks: Iterable[Task], task_definition_arn: str) -> tuple[Task, ...]:
    """Those of *tasks* that run the revision."""
    return tuple(task for task in tasks if task.task_definition_arn == task_definition_arn)


def of_deployment(tasks: Iterable[Task], primary_id: str) -> tuple[Task, ...]:
    """Those of *tasks* that no other deployment of the service started. ECS names the deployment on each task."""
    return tuple(task for task in tasks if not primary_id or task.started_by in ("", primary_id))


def group_of(tasks: Iterable[Task], targets: Mapping[str, tuple[Target, ...]]) -> str:
    """The target group that most of *tasks* are in, by the *targets* of each; empty when none is in any."""
    addresses = {task.address for task in tasks if task.last_status == "RUNNING" and task.address}
    counts = {group: sum(target.address in addresses for target in found) for group, found in targets.items()}
    most = max(counts, key=lambda group: counts[group], default="")
    return most if most and counts[most] else ""


def count_targets(desired: int, tasks: tuple[Task, ...], targets: tuple[Target, ...]) -> TargetObservation:
    """One look at the *tasks* of a revision and the *targets* of its target group."""
    running = {task.address for task in tasks if task.last_status == "RUNNING" and task.address}
    ours = [target for target in targets if target.address in running]
    states = Counter(map(target_words, ours))
    return replace(
        _count_failures(tasks),
        desired=desired,
        healthy=sum(target.state == "healthy" for target in ours),
        running=len(running),
        targets=tuple(sorted(states.items())),
        states=tuple(sorted(f"{target.address}: {target_words(target)}" for target in ours)),
    )


def count_tasks(desired: int, tasks: tuple[Task, ...], _targets: tuple[Target, ...] = ()) -> TargetObservation:
    """One look at the *tasks* of a service without a load balancer: healthy is what runs and its own checks pass."""
    running = [task for task in tasks if task.last_status == "RUNNING" and not task.stop_code]
    healthy = sum(all(container.health != _SICK for container in task.containers) for task in running)
    return replace(_count_failures(tasks), desired=desired, healthy=healthy, running=len(running))


def _count_failures(tasks: tuple[Task, ...]) -> TargetObservation:
    return TargetObservation(
        failures=tuple(failure_of(task) for task in tasks if is_failure(task)),
        unhealthy=tuple(
            f"container {container.name} of task {task.id}"
            for task in tasks
            if task.last_status == "RUNNING"
            for container in task.containers
            if container.health == _SICK
        ),
    )
