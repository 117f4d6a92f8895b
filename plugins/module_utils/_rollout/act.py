# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Acting: the migration, the listener rules, the service. Each writes only what the plan says differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._errors import OperationError, WaitTimeoutError
from .plan import Action, RolloutPlan
from .ports import OneOffTask, ServiceChange
from .tasks import log_stream
from .values import DeploymentState, Service, ServiceDeployment, Task

if TYPE_CHECKING:
    from .read import Facts
    from .session import Migration, Session

_FIND_SECONDS = 60.0
_DRAIN_SECONDS = 600.0
_LOG_LINES = 20


@dataclass(frozen=True, slots=True)
class Started:
    """A deployment that was started. ``arn`` empty: what is judged runs already, and no deployment of it is known."""

    task_definition_arn: str
    arn: str = ""
    primary_id: str = ""


def register(session: Session, facts: Facts) -> str:
    """The ARN of the revision to deploy: the one that is there already, or a new one."""
    if facts.plan.reuse_arn:
        return facts.plan.reuse_arn
    tags = {**session.request.tags, "fastbreak:version": facts.target.release.version[:256]}
    definition = session.ports.ecs.register_task_definition(facts.target.document, tags)
    session.say(f"registered {definition.family}:{definition.revision}")
    return definition.arn


def migrate(session: Session, facts: Facts, task_definition_arn: str) -> None:
    """Run the migration with the new revision. Raises OperationError with its last log lines when it fails."""
    migration = session.request.migration
    if migration is None:
        return
    settings = session.request.settings
    task = session.ports.ecs.run_task(
        OneOffTask(
            cluster=session.request.cluster,
            task_definition_arn=task_definition_arn,
            container=migration.container,
            command=migration.command,
            network=settings.network,
            launch_type=settings.launch_type,
            started_by="fastbreak-migration",
        )
    )
    session.say(f"migration {' '.join(migration.command)!r} runs as task {task.id}")
    ended = _await_task(session, migration, task)
    codes = {one.name: one.exit_code for one in ended.containers}
    if codes.get(migration.container) == 0:
        session.say("migration succeeded")
        return
    lines = _tail(session, facts, migration.container, ended)
    raise OperationError(
        f"Releasing {facts.target.release.version} to {session.request.service} was refused: its migration "
        f"{' '.join(migration.command)!r} (task {ended.id}) ended with exit code {codes.get(migration.container)}"
        f"{f' ({ended.stopped_reason})' if ended.stopped_reason else ''}. The service was not touched and runs on as "
        "before. "
        f"Last log lines: {' | '.join(lines) or 'none were written'}. Correct the migration and release again.",
        task_arn=ended.arn,
        log_lines=list(lines),
    )


def _await_task(session: Session, migration: Migration, task: Task) -> Task:
    until = session.clock.monotonic() + migration.timeout_seconds
    while task.last_status != "STOPPED":
        if session.clock.monotonic() >= until:
            raise WaitTimeoutError(
                f"The migration (task {task.arn}) is still {task.last_status} after {migration.timeout_seconds:g} s. "
                "The "
                "service was not touched. The task runs on: look at its log, stop it if it hangs, and release again.",
                last={"task_arn": task.arn, "status": task.last_status},
            )
        session.pause(min(session.request.poll_seconds, 2.0))
        task = session.ports.ecs.describe_task(session.request.cluster, task.arn) or task
    return task


def _tail(session: Session, facts: Facts, container: str, task: Task) -> tuple[str, ...]:
    stream = log_stream(facts.target.document, container, task.id)
    return session.ports.logs.tail(*stream, lines=_LOG_LINES) if stream else ()


def act(session: Session, facts: Facts, task_definition_arn: str) -> Started:
    """Carry the plan out and name the deployment that came of it."""
    _put_rules(session, facts.plan)
    if facts.plan.action is Action.CREATE:
        started = _create(session, facts, task_definition_arn)
    else:
        started = _update(session, facts, task_definition_arn)
    _put_scaling(session, facts.plan)
    return started


def apply_settings(session: Session, facts: Facts) -> Service | None:
    """Carry out what replaces no task: settings, tags, rules, scaling."""
    plan, found = facts.plan, facts.found.service
    _put_rules(session, plan)
    service = found
    if found and set(plan.setting_changes) - {"tags"}:
        service = session.ports.ecs.update_service(
            session.request.cluster,
            session.request.service,
            ServiceChange(session.request.settings, plan.setting_changes),
        )
    if found and "tags" in plan.setting_changes:
        session.ports.ecs.tag_service(found.arn, dict(session.request.settings.tags))
    _put_scaling(session, plan)
    return service


def _put_rules(session: Session, plan: RolloutPlan) -> None:
    for rule in plan.rules:
        there = session.ports.balancing.find_rule(rule.listener_arn, rule.priority)
        tags = {**session.request.tags, "fastbreak:service": session.request.service}
        session.ports.balancing.put_rule(replace(rule, arn=there.arn if there else ""), tags)
        listener = rule.listener_arn.rpartition("/")[2]
        group = rule.target_group_arn.rpartition("targetgroup/")[2]
        session.say(f"rule {rule.priority} of listener {listener} forwards to {group}")


def _put_scaling(session: Session, plan: RolloutPlan) -> None:
    if plan.scaling:
        session.ports.scaling.put_scaling(session.request.cluster, session.request.service, plan.scaling)
        session.say(f"scaling between {plan.scaling.minimum} and {plan.scaling.maximum} tasks")


def _create(session: Session, facts: Facts, task_definition_arn: str) -> Started:
    request, ecs = session.request, session.ports.ecs
    await_gone(session)
    known = frozenset(one.arn for one in facts.deployments)
    service = ecs.create_service(
        request.cluster,
        request.service,
        task_definition_arn=task_definition_arn,
        settings=request.settings,
        desired_count=request.desired_count,
    )
    session.say(f"created the service with {request.desired_count} tasks")
    return find_started(session, known, service, task_definition_arn)


def _update(session: Session, facts: Facts, task_definition_arn: str) -> Started:
    request, ecs = session.request, session.ports.ecs
    changed = facts.plan.setting_changes
    known = frozenset(one.arn for one in ecs.list_service_deployments(request.cluster, request.service))
    service = ecs.update_service(
        request.cluster,
        request.service,
        ServiceChange(
            request.settings, changed, task_definition_arn if task_definition_arn != facts.running_arn else ""
        ),
    )
    if "tags" in changed:
        ecs.tag_service(service.arn, dict(request.settings.tags))
    return find_started(session, known, service, task_definition_arn)


def find_started(session: Session, known: frozenset[str], service: Service, task_definition_arn: str) -> Started:
    """The service deployment that began after *known* were listed and goes to the revision.

    It is looked for, since neither CreateService nor UpdateService names the service deployment it starts.
    """
    request, ecs = session.request, session.ports.ecs
    until = session.clock.monotonic() + _FIND_SECONDS
    primary = service.primary.id if service.primary else ""
    while True:
        for one in ecs.list_service_deployments(request.cluster, request.service):
            if one.arn not in known and ecs.revision_task_definition(one.target_revision_arn) == task_definition_arn:
                session.say(f"deployment {one.arn.rpartition('/')[2]} is {one.state.value}")
                return Started(task_definition_arn, one.arn, primary)
        if session.clock.monotonic() >= until:
            raise WaitTimeoutError(
                f"ECS accepted the change of {request.service} but listed no service deployment for "
                f"{task_definition_arn} "
                f"within {_FIND_SECONDS:g} s. The circuit breaker guards it; run the same command again to judge it.",
                last={"known": sorted(known), "primary": primary},
            )
        session.pause(1.0)


def find_running(session: Session, task_definition_arn: str) -> Started:
    """What runs already, to be judged: with its latest service deployment when that goes to the revision."""
    request, ecs = session.request, session.ports.ecs
    service = ecs.describe_service(request.cluster, request.service)
    primary = service.primary.id if service and service.primary else ""
    latest: ServiceDeployment | None = next(iter(ecs.list_service_deployments(request.cluster, request.service)), None)
    # Only one that moves or completed can be followed; after any other end, the running tasks are judged as they are.
    follows = latest is not None and latest.state in (
        DeploymentState.PENDING,
        DeploymentState.IN_PROGRESS,
        DeploymentState.SUCCESSFUL,
    )
    if latest and follows and ecs.revision_task_definition(latest.target_revision_arn) == task_definition_arn:
        return Started(task_definition_arn, latest.arn, primary)
    return Started(task_definition_arn, "", primary)


def await_gone(session: Session) -> None:
    """Wait until no service of the name is left: ECS refuses to create one while the old one drains."""
    until = session.clock.monotonic() + _DRAIN_SECONDS
    said = False
    while service := session.ports.ecs.describe_service(session.request.cluster, session.request.service):
        if session.clock.monotonic() >= until:
            raise WaitTimeoutError(
                f"Service {session.request.service} is still {service.status} after {_DRAIN_SECONDS:g} s, with "
                f"{service.running_count} tasks running. Look at its events, then run again.",
                last={"status": service.status, "running_count": service.running_count},
            )
        if not said:
            session.say(f"the old service is {service.status}; waiting until it is gone")
            said = True
        session.pause(min(session.request.poll_seconds, 2.0))
