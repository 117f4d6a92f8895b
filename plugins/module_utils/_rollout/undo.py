# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Undoing a release that was judged unfit: the way back, watched until it has really ended, and the evidence.

There are three ways. ECS rolls a deployment that is under way back to the revision before it. One that has completed
is followed by a new deployment of the revision before it. A first release has nothing before it: the service is
deleted, so that the account is as it was and the load balancer answers 503 by its default action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import OperationError, SupersededError, UnavailableError, WaitTimeoutError
from .._release.record import Outcome, Release, newest_first, running_release
from .act import Started, await_gone, find_started
from .judge import Step
from .ports import ServiceChange
from .service import changed_settings, starts_deployment
from .tasks import failure_of, is_failure, log_stream, observe, of_revision
from .values import DeploymentState, Task

if TYPE_CHECKING:
    from .read import Facts
    from .session import Session

_LOG_LINES = 20
_TASKS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Undone:
    """How the undoing ended, and where things stand now."""

    outcome: Outcome
    standing: str


@dataclass(frozen=True, slots=True)
class WayBack:
    """What to go back to. ``stop``: nothing, the service is deleted. Neither: it is left as it is."""

    task_definition_arn: str = ""
    version: str = ""
    stop: bool = False


def way_back(history: tuple[Release, ...], facts: Facts, adopted: bool) -> WayBack:
    """Where a failed release goes back to: to what was judged fit before it.

    *adopted* says that what is judged ran before this run began.
    """
    running = facts.running_arn
    succeeded = [one for one in newest_first(history) if one.succeeded]
    judged = running_release(history, running)
    if judged and not adopted:
        return WayBack(running, judged.version)
    good = next((one for one in succeeded if one.task_definition_arn != running), judged)
    if good:
        return WayBack(good.task_definition_arn, good.version)
    recorded = any(one.task_definition_arn == running for one in history)
    if running and not recorded and not adopted:
        return WayBack(running, "the revision that ran before, which no release recorded")
    return WayBack(stop=not running or recorded)


def undo(session: Session, facts: Facts, started: Started, back: WayBack, step: Step) -> Undone:
    """Undo the release and watch until that has ended. A refusal on the way is an end too, and said."""
    try:
        undone = _undo(session, facts, started, back, step)
        if undone.outcome is Outcome.ROLLED_BACK:
            _restore_settings(session, facts)
    except SupersededError:
        raise
    except (OperationError, WaitTimeoutError) as error:
        return Undone(Outcome.FAILED, f"The way back failed as well: {error}")
    return undone


def _undo(session: Session, facts: Facts, started: Started, back: WayBack, step: Step) -> Undone:
    if back.stop:
        return _stop(session)
    if not back.task_definition_arn:
        return Undone(Outcome.FAILED, "The service was left as it was found: no release of it was ever judged fit.")
    if step is Step.AWAIT_ROLLBACK or _asked_to_stop(session, started):
        return _await_native(session, facts, started, back)
    return _redeploy(session, facts, back)


def _restore_settings(session: Session, facts: Facts) -> None:
    """Put back what the release changed beside its tasks: ECS rolls revisions back, and not the service's settings."""
    request, ecs, before = session.request, session.ports.ecs, facts.found.service
    service = ecs.describe_service(request.cluster, request.service)
    if service is None or before is None:
        return
    changed = tuple(one for one in changed_settings(service.settings, before.settings) if not starts_deployment((one,)))
    if set(changed) - {"tags"}:
        ecs.update_service(request.cluster, request.service, ServiceChange(before.settings, changed))
    if "tags" in changed:
        ecs.tag_service(service.arn, dict(before.settings.tags))


def _asked_to_stop(session: Session, started: Started) -> bool:
    if not started.arn:
        return False
    accepted = session.ports.ecs.stop_service_deployment(started.arn)
    if accepted:
        session.say(f"asked ECS to roll deployment {started.arn.rpartition('/')[2]} back")
    return accepted


def _await_native(session: Session, facts: Facts, started: Started, back: WayBack) -> Undone:
    until = session.clock.monotonic() + session.request.timeout_seconds
    while session.clock.monotonic() < until:
        deployment = _ask(session, lambda: session.ports.ecs.describe_service_deployment(started.arn))
        state = deployment.state if deployment else DeploymentState.UNKNOWN
        if state in (DeploymentState.ROLLED_BACK, DeploymentState.STOPPED):
            return _arrive(session, facts, back, until)
        if state is DeploymentState.SUCCESSFUL:
            return _redeploy(session, facts, back)
        if state is DeploymentState.ROLLBACK_FAILED:
            session.say("ECS could not roll back; deploying the revision before instead")
            return _redeploy(session, facts, back)
        session.pause(session.request.poll_seconds)
    return _unfinished(session, back)


def _arrive(session: Session, facts: Facts, back: WayBack, until: float) -> Undone:
    """Believe in a rollback only when the revision before is what the service is set to and is healthy."""
    request = session.request
    while True:
        service = _ask(session, lambda: session.ports.ecs.describe_service(request.cluster, request.service))
        if service and service.task_definition_arn != back.task_definition_arn:
            session.say(f"the service went to {service.task_definition_arn}, not to {back.version}; deploying that")
            return _redeploy(session, facts, back)
        if service and _is_healthy(session, back, service.desired_count):
            return Undone(
                Outcome.ROLLED_BACK,
                f"The service is back on {back.version} ({_short(back.task_definition_arn)}), all of its "
                f"{service.desired_count} tasks healthy in the target group.",
            )
        if session.clock.monotonic() >= until:
            return _unfinished(session, back)
        session.pause(session.request.poll_seconds)


def _is_healthy(session: Session, back: WayBack, desired: int) -> bool:
    request, ports = session.request, session.ports
    tasks = _ask(session, lambda: ports.ecs.list_tasks(request.cluster, request.service))
    targets = _ask(session, lambda: ports.balancing.describe_targets(request.target_group_arn))
    if tasks is None or targets is None:
        return False
    others = [
        task
        for task in tasks
        if task.task_definition_arn != back.task_definition_arn and task.last_status == "RUNNING" and not task.stop_code
    ]
    seen = observe(desired, of_revision(tasks, back.task_definition_arn), targets)
    return seen.desired > 0 and seen.healthy >= seen.desired and not others


def _redeploy(session: Session, facts: Facts, back: WayBack) -> Undone:
    request, ecs = session.request, session.ports.ecs
    session.say(f"deploying {back.version} again")
    known = frozenset(one.arn for one in ecs.list_service_deployments(request.cluster, request.service))
    service = ecs.describe_service(request.cluster, request.service)
    before = facts.found.service
    same = service is not None and service.task_definition_arn == back.task_definition_arn
    updated = ecs.update_service(
        request.cluster,
        request.service,
        ServiceChange(
            settings=before.settings if before else request.settings,
            changed=facts.plan.setting_changes,
            task_definition_arn="" if same else back.task_definition_arn,
            force=same,
        ),
    )
    again = find_started(session, known, updated, back.task_definition_arn)
    until = session.clock.monotonic() + request.timeout_seconds
    while session.clock.monotonic() < until:
        deployment = _ask(session, lambda: ecs.describe_service_deployment(again.arn))
        if deployment and deployment.state is DeploymentState.SUCCESSFUL:
            return _arrive_redeployed(session, back, until)
        if deployment and not deployment.moving:
            return Undone(
                Outcome.FAILED,
                f"Going back to {back.version} failed as well: service deployment {again.arn} is "
                f"{deployment.state.value}"
                f"{f' ({deployment.reason})' if deployment.reason else ''}. The service may be running a mixture; "
                "look at "
                "its events, then run playbooks/rollback.yml with a version that is known to be good.",
            )
        session.pause(request.poll_seconds)
    return _unfinished(session, back)


def _arrive_redeployed(session: Session, back: WayBack, until: float) -> Undone:
    request = session.request
    while session.clock.monotonic() < until:
        service = _ask(session, lambda: session.ports.ecs.describe_service(request.cluster, request.service))
        if service and service.task_definition_arn != back.task_definition_arn:
            return Undone(
                Outcome.FAILED,
                f"While going back to {back.version}, another change set the service to {service.task_definition_arn}.",
            )
        if service and _is_healthy(session, back, service.desired_count):
            return Undone(
                Outcome.ROLLED_BACK,
                f"A new deployment put the service back on {back.version} ({_short(back.task_definition_arn)}), all "
                "of its "
                f"{service.desired_count} tasks healthy in the target group.",
            )
        session.pause(request.poll_seconds)
    return _unfinished(session, back)


def _unfinished(session: Session, back: WayBack) -> Undone:
    return Undone(
        Outcome.FAILED,
        f"The rollback to {back.version} had not ended after {session.request.timeout_seconds:g} s and goes on in "
        "ECS. Look at "
        "the service's events; run ecs_rollout_info to see where it stands.",
    )


def _stop(session: Session) -> Undone:
    request, ports = session.request, session.ports
    session.say("nothing to go back to: deleting the service")
    if request.scaling:
        ports.scaling.remove_scaling(request.cluster, request.service)
    if ports.ecs.describe_service(request.cluster, request.service):
        ports.ecs.delete_service(request.cluster, request.service)
    for rule in request.rules:
        there = ports.balancing.find_rule(rule.listener_arn, rule.priority)
        if there:
            ports.balancing.delete_rule(there.arn)
    await_gone(session)
    return Undone(
        Outcome.STOPPED,
        "There was nothing to go back to: this was the first release. The service and its listener rules were deleted, "
        "so the load balancer answers by its default action; the failed tasks' logs are kept. Correct the release and "
        "deploy again.",
    )


def _ask(session: Session, question: Any) -> Any:
    """The answer, or None when it could not be had now: a rollback is not given up for one failed look."""
    try:
        return question()
    except UnavailableError as error:
        session.say(f"could not look, trying again: {error}")
        return None


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def gather_evidence(session: Session, facts: Facts, task_definition_arn: str) -> list[dict[str, Any]]:
    """What the tasks of the failed revision left: why they stopped, exit codes, last log lines. Never fails a run."""
    try:
        request = session.request
        tasks = of_revision(session.ports.ecs.list_tasks(request.cluster, request.service), task_definition_arn)
        newest = sorted(tasks, key=lambda task: (is_failure(task), task.created_at), reverse=True)
        return [_evidence(session, facts, task) for task in newest[:_TASKS_SHOWN]]
    except UnavailableError as error:
        session.warn(f"no evidence could be gathered: {error}")
        return []


def _evidence(session: Session, facts: Facts, task: Task) -> dict[str, Any]:
    streams = [
        stream
        for container in facts.target.document["containerDefinitions"]
        if (stream := log_stream(facts.target.document, container["name"], task.id))
    ]
    return {
        "task": task.id,
        "status": task.last_status,
        "stopped": str(failure_of(task)) if task.stop_code else "",
        "log_lines": [line for stream in streams for line in session.ports.logs.tail(*stream, lines=_LOG_LINES)],
    }
