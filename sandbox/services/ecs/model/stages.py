# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The lifecycle stages of a deployment that shifts traffic, as a pure function: what is seen in, where it stands out.

Follows the ECS API model (`ServiceDeploymentLifecycleStage`, `DeploymentLifecycleHook`) and the developer guide's pages
on blue/green, linear and canary deployments and on lifecycle hooks.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any

MINUTE = 60.0
_LONGEST_HOOK_MINUTES = 1440


class Stage(StrEnum):
    """`DeploymentLifecycleHookStage` and `ServiceDeploymentLifecycleStage` of the API together."""

    RECONCILE_SERVICE = "RECONCILE_SERVICE"
    PRE_SCALE_UP = "PRE_SCALE_UP"
    SCALE_UP = "SCALE_UP"
    POST_SCALE_UP = "POST_SCALE_UP"
    TEST_TRAFFIC_SHIFT = "TEST_TRAFFIC_SHIFT"
    POST_TEST_TRAFFIC_SHIFT = "POST_TEST_TRAFFIC_SHIFT"
    PRE_PRODUCTION_TRAFFIC_SHIFT = "PRE_PRODUCTION_TRAFFIC_SHIFT"
    PRODUCTION_TRAFFIC_SHIFT = "PRODUCTION_TRAFFIC_SHIFT"
    POST_PRODUCTION_TRAFFIC_SHIFT = "POST_PRODUCTION_TRAFFIC_SHIFT"
    BAKE_TIME = "BAKE_TIME"
    CLEAN_UP = "CLEAN_UP"


class HookStatus(StrEnum):
    """`DeploymentLifecycleHookStatus` of the API, as far as a PAUSE hook has it."""

    AWAITING_ACTION = "AWAITING_ACTION"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the way. `weight` is production's share of the new revision from here on, in per cent."""

    stage: Stage
    weight: float
    seconds: float = 0.0
    """How long it is stayed in at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A PAUSE hook that a stage has fired. Times are seconds since the epoch."""

    id: str
    stage: Stage
    expires_at: float
    timeout_action: str = "ROLLBACK"
    status: HookStatus = HookStatus.AWAITING_ACTION

    @property
    def undoes(self) -> bool:
        """Whether it rolls the deployment back."""
        runs_out = self.status is HookStatus.TIMED_OUT and self.timeout_action != "CONTINUE"
        return runs_out or self.status is HookStatus.FAILED


@dataclass(frozen=True, slots=True)
class Course:
    """Where a deployment stands on its way."""

    steps: tuple[Step, ...]
    index: int
    since: float
    deployment: str = ""
    """The ARN of the service deployment: hooks of different ones have different ids."""
    hooks: tuple[Hook, ...] = ()
    """All that fired so far."""
    here: int = 0
    """How many of these fired before the present step."""

    @property
    def step(self) -> Step:
        """The present one."""
        return self.steps[self.index]

    @property
    def tests(self) -> bool:
        """Whether test traffic goes to the new revision."""
        stages = [step.stage for step in self.steps[: self.index + 1]]
        return Stage.TEST_TRAFFIC_SHIFT in stages

    @property
    def waiting(self) -> tuple[Hook, ...]:
        """The hooks that nobody has answered."""
        return tuple(hook for hook in self.hooks if hook.status is HookStatus.AWAITING_ACTION)


class Turn(Enum):
    """What became of a course by looking at it."""

    WAIT = "wait"
    MOVED = "moved"
    ROLL_BACK = "roll back"


def steps(configuration: Mapping[str, Any], *, minute: float = MINUTE, reconciles: bool = False) -> tuple[Step, ...]:
    """The way of a deployment with this `DeploymentConfiguration`; *minute* is how many seconds one takes.

    *reconciles*: more than one revision was ACTIVE when it began.
    """
    before = [Stage.PRE_SCALE_UP, Stage.SCALE_UP, Stage.POST_SCALE_UP]
    before += [Stage.TEST_TRAFFIC_SHIFT, Stage.POST_TEST_TRAFFIC_SHIFT]
    made = [Step(Stage.RECONCILE_SERVICE, 0.0)] if reconciles else []
    made += [Step(stage, 0.0) for stage in before]
    weight = 0.0
    for share, minutes in _shifts(configuration):
        made.append(Step(Stage.PRE_PRODUCTION_TRAFFIC_SHIFT, weight))
        made.append(Step(Stage.PRODUCTION_TRAFFIC_SHIFT, share, minutes * minute))
        weight = share
    made.append(Step(Stage.POST_PRODUCTION_TRAFFIC_SHIFT, weight))
    made.append(Step(Stage.BAKE_TIME, weight, (configuration.get("bakeTimeInMinutes") or 0) * minute))
    return (*made, Step(Stage.CLEAN_UP, weight))


def _shifts(configuration: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """Pairs of the new revision's share in per cent and the minutes that it is kept; the last share is 100."""
    if configuration["strategy"] == "CANARY":
        wanted = configuration.get("canaryConfiguration") or {}
        share = float(wanted.get("canaryPercent", 5.0))
        if share < 100:
            yield share, float(wanted.get("canaryBakeTimeInMinutes", 10))
    elif configuration["strategy"] == "LINEAR":
        wanted = configuration.get("linearConfiguration") or {}
        # In tenths of a per cent, for 3.3 thirty times is no 99 in binary.
        tenths = round(10 * float(wanted.get("stepPercent", 10.0)))
        for share in range(tenths, 1000, tenths):
            yield share / 10, float(wanted.get("stepBakeTimeInMinutes", 6))
    yield 100.0, 0.0


def begin(
    way: tuple[Step, ...],
    hooks: Sequence[Mapping[str, Any]],
    now: float,
    *,
    minute: float = MINUTE,
    deployment: str = "",
) -> Course:
    """The course at its first step. *hooks* is `DeploymentConfiguration.lifecycleHooks`."""
    return _enter(Course(way, 0, now, deployment), hooks, now, minute)


def advance(
    course: Course, hooks: Sequence[Mapping[str, Any]], now: float, *, done: bool, minute: float = MINUTE
) -> tuple[Course, Turn]:
    """The next look at a course: hooks run out, and what is done with its step goes on to the next.

    *done*: what ECS itself does in the present stage is done: of RECONCILE_SERVICE that only two revisions have tasks
    left, of SCALE_UP that all new tasks are healthy. CLEAN_UP has no end here: the deployment completes then.
    """
    course = replace(course, hooks=tuple(_run_out(hook, now) for hook in course.hooks))
    present = course.hooks[course.here :]
    if any(hook.undoes for hook in present):
        return course, Turn.ROLL_BACK
    waits = (
        any(hook.status is HookStatus.AWAITING_ACTION for hook in present) or now < course.since + course.step.seconds
    )
    if waits or not done or course.index == len(course.steps) - 1:
        return course, Turn.WAIT
    return _enter(replace(course, index=course.index + 1), hooks, now, minute), Turn.MOVED


def answer(course: Course, hook_id: str, action: str) -> Course | None:
    """The course with an answer, CONTINUE or ROLLBACK, to a hook; None when none of that id awaits one."""
    if hook_id not in [hook.id for hook in course.waiting]:
        return None
    status = HookStatus.FAILED if action == "ROLLBACK" else HookStatus.SUCCEEDED
    return replace(
        course, hooks=tuple(replace(hook, status=status) if hook.id == hook_id else hook for hook in course.hooks)
    )


def changed(before: Course | None, after: Course) -> list[Hook]:
    """The hooks that fired or came to another status between two looks."""
    known = {hook.id: hook.status for hook in before.hooks} if before else {}
    return [hook for hook in after.hooks if known.get(hook.id) is not hook.status]


def _enter(course: Course, hooks: Sequence[Mapping[str, Any]], now: float, minute: float) -> Course:
    fired = [
        _fire(hook, course.step.stage, _identity(course, number), now, minute)
        for number, hook in enumerate(hooks)
        if course.step.stage in hook["lifecycleStages"]
    ]
    return replace(course, since=now, hooks=(*course.hooks, *fired), here=len(course.hooks))


def _identity(course: Course, number: int) -> str:
    """`hookId` in the form that the developer guide shows; each firing has its own."""
    digest = hashlib.sha256(f"{course.deployment} {course.index} {number}".encode()).digest()
    return f"ecs-pause-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _fire(hook: Mapping[str, Any], stage: Stage, identity: str, now: float, minute: float) -> Hook:
    timeout = hook.get("timeoutConfiguration") or {}
    return Hook(
        id=identity,
        stage=stage,
        expires_at=now + minute * timeout.get("timeoutInMinutes", _LONGEST_HOOK_MINUTES),
        timeout_action=timeout.get("action", "ROLLBACK"),
    )


def _run_out(hook: Hook, now: float) -> Hook:
    if hook.status is HookStatus.AWAITING_ACTION and now >= hook.expires_at:
        return replace(hook, status=HookStatus.TIMED_OUT)
    return hook
