# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rollout's world with an ECS that shifts traffic between two target groups and pauses at hooks.

It goes through the stages in the order of the developer guide's pages on blue/green, linear and canary deployments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    Pause,
    Progress,
    ServiceDeployment,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import find_strategy
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ListenerRule, TargetBinding

from tests.unit.plugins.module_utils._rollout.case import make_request
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN, World
from tests.unit.plugins.module_utils._rollout.scheduler import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

    from tests.unit.plugins.module_utils._rollout.scheduler import FakeDeployment

GREEN_ARN = GROUP_ARN.replace("blue/1", "green/2")
TEST_LISTENER_ARN = LISTENER_ARN.replace("alb/1/2", "alb/1/9")
INFRASTRUCTURE = "arn:aws:iam::111111111111:role/infrastructure"
TEST_URL = "http://alb:9000"
QUICK = {"bake_minutes": 1, "canary_bake_minutes": 1, "step_bake_minutes": 1, "step_percent": 25.0}
"""In place of defaults by which a release looks at its gates thousands of times."""


@dataclass
class Hook:
    id: str
    expires_at: float
    answer: str = ""


@dataclass
class Course:
    """Where a deployment stands: its steps of stage, share and seconds, and the hooks that fired."""

    steps: list[tuple[str, float, float]]
    hooked: dict[str, float]
    index: int = 0
    since: float = 0.0
    hooks: list[Hook] = field(default_factory=list)

    @property
    def stage(self) -> str:
        return self.steps[self.index][0]

    @property
    def weight(self) -> float:
        return self.steps[self.index][1]

    @property
    def tested(self) -> bool:
        return "TEST_TRAFFIC_SHIFT" in [step[0] for step in self.steps[: self.index + 1]]

    @property
    def waiting(self) -> list[Hook]:
        return [hook for hook in self.hooks if not hook.answer]


class ShiftingWorld(World):
    """``stage_word`` stands for ECS's word of a stage where it has none that is known here."""

    def __init__(self) -> None:
        super().__init__()
        self.courses: dict[str, Course] = {}
        self.told_weights = True
        self.requests: list[tuple[str, int, str]] = []
        self._port = 0

    def _deploy(self, definition_arn: str) -> None:
        super()._deploy(definition_arn)
        assert self.service
        settings = self.service.settings
        binding, deployment = (
            min(settings.target_bindings, key=lambda each: each.target_group_arn),
            self.deployments[-1],
        )
        if settings.deployment.strategy == "ROLLING":
            return
        assert binding.shift
        assert binding.shift.production_rule_arn
        taken = deployment.previous_groups
        new = next(group for group in binding.target_group_arns if group not in taken)
        deployment.groups = frozenset({new})
        self.courses[deployment.arn] = Course(
            [*self._steps(settings.deployment.own)], self._hooked(settings.deployment.own)
        )

    def _steps(self, own: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
        for stage in ("PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"):
            yield stage, 0.0, 0.0
        before = 0.0
        for weight, minutes in self._shifts(own):
            yield "PRE_PRODUCTION_TRAFFIC_SHIFT", before, 0.0
            yield "PRODUCTION_TRAFFIC_SHIFT", weight, 60.0 * minutes
            before = weight
        yield "POST_PRODUCTION_TRAFFIC_SHIFT", 100.0, 0.0
        yield "BAKE_TIME", 100.0, 60.0 * own["bakeTimeInMinutes"]
        yield "CLEAN_UP", 100.0, 0.0

    def _shifts(self, own: dict[str, Any]) -> Iterator[tuple[float, float]]:
        if canary := own.get("canaryConfiguration"):
            yield canary["canaryPercent"], canary["canaryBakeTimeInMinutes"]
        if linear := own.get("linearConfiguration"):
            step = linear["stepPercent"]
            yield from ((step * count, linear["stepBakeTimeInMinutes"]) for count in range(1, int(99.9 // step) + 1))
        yield 100.0, 0.0

    def _hooked(self, own: dict[str, Any]) -> dict[str, float]:
        return {
            stage: 60.0 * hook["timeoutConfiguration"]["timeoutInMinutes"]
            for hook in own.get("lifecycleHooks", [])
            for stage in hook["lifecycleStages"]
        }

    def _schedule(self) -> None:
        course = self.courses.get(self.deployments[-1].arn) if self.deployments else None
        if course is None or self.service is None or self.service.status != "ACTIVE":
            super()._schedule()
            return
        for task in [task for task in self.tasks if not task.stop_code]:
            self._age(task)
        current = self.deployments[-1]
        if current.state is DeploymentState.ROLLING_BACK:
            self._give_back(current)
        elif current.state in (DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL):
            if course.index:
                for _ in range(self.service.desired_count - len(self._alive_of(current))):
                    self._start_task(current)
            if current.state is DeploymentState.IN_PROGRESS:
                self._go(current, course)

    def _go(self, current: FakeDeployment, course: Course) -> None:
        assert self.service
        overdue = [hook for hook in course.waiting if hook.expires_at <= self.seconds]
        refused = [hook for hook in course.hooks if hook.answer == "ROLLBACK"]
        if overdue or refused or current.failures >= self.breaker_threshold:
            current.reason = (
                "a lifecycle hook failed" if overdue or refused else "the circuit breaker detected failures"
            )
            current.state, current.rollback_at = DeploymentState.ROLLING_BACK, self.seconds
            self._give_back(current)
            return
        whole = sum(self._healthy(task) for task in self._alive_of(current)) >= self.service.desired_count
        scaling_up = course.stage == "SCALE_UP" and not whole
        if course.waiting or scaling_up or self.seconds < course.since + course.steps[course.index][2]:
            return
        if course.stage == "CLEAN_UP":
            current.state = DeploymentState.SUCCESSFUL
            self._stop_others(current.arn)
            return
        before = course.weight, course.tested
        course.index, course.since = course.index + 1, self.seconds
        if course.stage in course.hooked:
            course.hooks.append(Hook(f"hook-{course.index}", self.seconds + course.hooked[course.stage]))
        if (course.weight, course.tested) != before:
            self._write(current, course.weight, tested=course.tested)

    def _write(self, current: FakeDeployment, weight: float, *, tested: bool) -> None:
        """Live weights are never looked at."""
        assert self.service
        (binding,) = self.service.settings.target_bindings
        assert binding.shift
        (new,) = current.groups
        old = next(group for group in binding.target_group_arns if group != new)
        if weight and not current.previous_arn:
            # A first deployment takes nobody from another one.
            weight = 100.0
        shares = {binding.shift.production_rule_arn: {new: round(weight), old: round(100 - weight)}}
        if tested:
            shares[binding.shift.test_rule_arn] = {new: 100}
        for place, rule in list(self.rules.items()):
            if rule.arn in shares and (weight or rule.arn == binding.shift.test_rule_arn or current.rollback_at):
                groups = [{"TargetGroupArn": arn, "Weight": share} for arn, share in shares[rule.arn].items()]
                action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
                self.rules[place] = replace(rule, actions=(action,))

    def _give_back(self, current: FakeDeployment) -> None:
        assert self.service
        if not current.previous_arn:
            current.state = DeploymentState.ROLLBACK_FAILED
            return
        self._write(current, 0.0, tested=False)
        self.service = replace(self.service, task_definition_arn=current.previous_arn)
        if self.seconds - current.rollback_at < 2:
            return
        for task in self._alive_of(current):
            task.stop_code, task.reason = "ServiceSchedulerInitiated", "Scaling activity initiated by rollback"
        current.state = DeploymentState.ROLLED_BACK

    def _as_deployment(self, deployment: FakeDeployment) -> ServiceDeployment:
        seen, course = super()._as_deployment(deployment), self.courses.get(deployment.arn)
        if course is None:
            return seen
        moving = deployment.state is DeploymentState.IN_PROGRESS
        done = 100.0 if deployment.state is DeploymentState.SUCCESSFUL else 0.0
        weight = course.weight if moving else done
        test = 100.0 if moving and course.tested else 0.0
        pauses = [Pause(hook.id, EPOCH + timedelta(seconds=hook.expires_at), "ROLLBACK") for hook in course.waiting]
        # The API's list of stages has no word for this one.
        stage = "" if course.stage == "PRE_PRODUCTION_TRAFFIC_SHIFT" else course.stage
        progress = Progress(stage, weight, test, tuple(pauses if moving else ()))
        if not self.told_weights:
            progress = replace(progress, weight=None, test_weight=None)
        return replace(seen, progress=progress)

    def answer_hook(self, arn: str, hook_id: str, action: str) -> bool:
        for hook in self.courses[arn].waiting:
            if hook.id == hook_id:
                hook.answer = action
                return True
        return False

    def request(self, method: str, url: str, **other: Any) -> Answer:
        self._port = urlsplit(url).port or 80
        answer = super().request(method, url, **other)
        self.requests.append(("test" if self._port != 80 else "user", answer.status, answer.version))
        return answer

    def _takes(self, rule: StandingRule) -> bool:
        return (rule.listener_arn == TEST_LISTENER_ARN) == (self._port != 80)


def by(strategy: str, **other: Any) -> dict[str, Any]:
    """Options of a release by *strategy*, with quick gates and short bakes."""
    found = find_strategy(strategy)
    assert found
    options = {name: QUICK.get(name, option.get("default")) for name, option in found.options.items()}
    shared = {"minimum_healthy_percent": 100, "maximum_percent": 200, "circuit_breaker": True, "alarms": []}
    given = {name: other.pop(name) for name in list(other) if name in options}
    request = make_request("x")
    settings = replace(
        request.settings,
        deployment=found.read({**options, **shared, **given}),
        target_bindings=frozenset({TargetBinding(GROUP_ARN, "service", 8080)}),
    )
    return {
        "settings": settings,
        "rules": (
            ListenerRule(LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN),
            ListenerRule(TEST_LISTENER_ARN, 100, frozenset({"/*"}), GROUP_ARN, is_test=True),
        ),
        "alternate_target_group_arn": GREEN_ARN,
        "infrastructure_role_arn": INFRASTRUCTURE,
        "test_url": TEST_URL,
        **other,
    }
