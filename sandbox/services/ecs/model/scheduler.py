# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The ECS service scheduler for rolling updates, as a pure function: what is seen in, what to do out.

Follows the ECS API model (`DeploymentConfiguration`, `DeploymentCircuitBreaker`, `Deployment`) and the developer
guide's pages on rolling updates and on replacing unhealthy tasks. Two bounds hold after every plan: tasks starting
or running never pass `upper` by a start, and a healthy task is only stopped while at least `lower` healthy ones stay.
"""

from collections.abc import Iterable

from sandbox.services.ecs.model.values import (
    Action,
    Bake,
    Blocked,
    Complete,
    Fail,
    FailureCause,
    Health,
    RolloutState,
    Service,
    Start,
    Stop,
    Task,
)


def plan(service: Service, now: float) -> tuple[Action, ...]:
    """The next actions; an empty tuple when there is nothing to do but wait. `now`: seconds since the epoch."""
    cause = _failure(service)
    if cause is not None:
        return (Fail(cause),)
    if _begins_to_bake(service):
        return (Bake(),)
    kept = list(service.tasks)
    stops: list[Task] = []
    for chosen in (_sick, _surplus, _in_the_way, _left_over):
        for task in chosen(service, tuple(kept), now):
            kept.remove(task)
            stops.append(task)
    count = _to_start(service, kept, now)
    actions: list[Action] = [Stop(task.id, task.problem if _is_sick(task) else "") for task in stops]
    if count:
        actions.append(Start(count))
    return tuple(actions or _conclusion(service, now))


def steady(service: Service) -> bool:
    """Whether the service runs just what it should, all of it healthy, and nothing else."""
    ours = _ours(service, service.tasks)
    return (
        len(ours) == len(service.tasks) == service.desired
        and all(task.health is Health.HEALTHY for task in ours)
        and service.draining == 0
    )


def _failure(service: Service) -> FailureCause | None:
    if service.primary.rollout_state is not RolloutState.IN_PROGRESS:
        return None
    if service.breaker.alarmed:
        return FailureCause.ALARM
    threshold = service.breaker.threshold
    if threshold is not None and service.primary.failed_tasks >= threshold:
        return FailureCause.CIRCUIT_BREAKER
    return None


def _sick(service: Service, tasks: tuple[Task, ...], _now: float) -> Iterable[Task]:
    """Unhealthy tasks to stop at once.

    A deployment that is not complete stops its own right away when they never were healthy. Otherwise replacements come
    first (`_surplus` stops the sick ones then), except where the maximum leaves no room: then one by one, never below
    the minimum of running tasks. So a rollback does not take the tasks away that users were given back to.
    """
    ours = [task for task in _ours(service, tasks) if _is_sick(task)]
    if service.primary.rollout_state is RolloutState.FAILED:
        return ours
    if _under_way(service) and (unfit := [task for task in ours if not task.was_healthy]):
        return unfit
    running = sum(task.running for task in tasks)
    no_room = len(tasks) >= service.upper and _missing(service, tasks)
    if ours and no_room and running - 1 >= service.lower:
        return [min(ours, key=_age)]
    return []


def _surplus(service: Service, tasks: tuple[Task, ...], _now: float) -> Iterable[Task]:
    """Tasks that nobody needs any more: scaled in, or replaced by healthy ones.

    A failed deployment replaces nothing: whatever serves best stays, up to the desired count.
    """
    if service.primary.rollout_state is RolloutState.FAILED:
        return sorted(tasks, key=_newest_last)[service.desired :]
    ours = _ours(service, tasks)
    usable = [task for task in ours if not _is_sick(task)]
    excess = sorted(usable, key=_newest_last)[service.desired :]
    left = [task for task in tasks if task not in excess]
    healthy = [task for task in left if task.health is Health.HEALTHY]
    spare = len(healthy) - max(service.desired, service.lower)
    replaced = [task for task in left if task not in healthy] if spare >= 0 else []
    idle = [task for task in replaced if task not in ours or _is_sick(task)]
    theirs = sorted((task for task in healthy if task not in ours), key=_age)
    unborn = [task for task in left if task not in ours and not task.running and task not in idle]
    return [*excess, *idle, *unborn, *theirs[: max(0, spare)]]


def _in_the_way(service: Service, tasks: tuple[Task, ...], _now: float) -> Iterable[Task]:
    """Old tasks to stop so that new ones fit under the maximum, as far as the minimum allows."""
    need = min(_missing(service, tasks), service.upper) - (service.upper - len(tasks))
    healthy = sum(task.health is Health.HEALTHY for task in tasks)
    running = sum(task.running for task in tasks)
    candidates = sorted((task for task in tasks if task.deployment != service.primary.id), key=_least_useful_first)
    for task in candidates[:]:
        if need <= 0:
            return
        is_healthy = task.health is Health.HEALTHY
        if (is_healthy and healthy - 1 < service.lower) or (task.running and running - 1 < service.lower):
            continue
        healthy -= is_healthy
        running -= task.running
        need -= 1
        yield task


def _left_over(service: Service, tasks: tuple[Task, ...], now: float) -> Iterable[Task]:
    """Every old task, once enough new ones are healthy for an early success that waits for the clean-up."""
    blocks = service.early is not None and not service.early.deferred
    if blocks and _under_way(service) and _is_enough(service) and _has_baked(service, now):
        return [task for task in tasks if task.deployment != service.primary.id]
    return []


def _to_start(service: Service, kept: list[Task], now: float) -> int:
    if now < service.primary.retry_at:
        return 0
    return max(0, min(_missing(service, kept), service.upper - len(kept)))


def _missing(service: Service, tasks: Iterable[Task]) -> int:
    """How many tasks the PRIMARY deployment still has to start, sick ones to be replaced included."""
    if service.primary.rollout_state is RolloutState.FAILED:
        return 0
    return max(0, service.desired - sum(not _is_sick(task) for task in _ours(service, tasks)))


def _conclusion(service: Service, now: float) -> list[Action]:
    if not _under_way(service):
        return []
    if _is_reached(service):
        return [Complete()] if _has_baked(service, now) and _is_cleaned_up(service) else []
    in_flight = any(task.health is Health.PENDING for task in _ours(service, service.tasks)) or service.draining
    waiting = now < service.primary.retry_at
    return [Blocked()] if _missing(service, service.tasks) and not in_flight and not waiting else []


def _under_way(service: Service) -> bool:
    return service.primary.rollout_state is RolloutState.IN_PROGRESS


def _is_enough(service: Service) -> bool:
    return sum(task.health is Health.HEALTHY for task in _ours(service, service.tasks)) >= service.enough


def _is_reached(service: Service) -> bool:
    """Whether what the deployment is to reach stands: by default a steady state, else enough healthy tasks."""
    return _is_enough(service) if service.early else steady(service)


def _begins_to_bake(service: Service) -> bool:
    primary = service.primary
    if not primary.bake_seconds or primary.baking_since is not None:
        return False
    return _under_way(service) and _is_reached(service)


def _has_baked(service: Service, now: float) -> bool:
    primary = service.primary
    if not primary.bake_seconds:
        return True
    return primary.baking_since is not None and now - primary.baking_since >= primary.bake_seconds


def _is_cleaned_up(service: Service) -> bool:
    if service.early is None or service.early.deferred:
        return True
    return len(_ours(service, service.tasks)) == len(service.tasks) and service.draining == 0


def _ours(service: Service, tasks: Iterable[Task]) -> list[Task]:
    return [task for task in tasks if task.deployment == service.primary.id]


def _is_sick(task: Task) -> bool:
    return task.health is Health.UNHEALTHY


def _age(task: Task) -> tuple[float, str]:
    return (task.created_at, task.id)


def _newest_last(task: Task) -> tuple[bool, bool, float, str]:
    """What to keep first when scaling in: healthy before running before starting, old before new."""
    return (task.health is not Health.HEALTHY, not task.running, *_age(task))


def _least_useful_first(task: Task) -> tuple[bool, bool, bool, float, str]:
    return (task.running, task.health is Health.HEALTHY, not _is_sick(task), *_age(task))
