# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases in which ECS moves the traffic: judged at its pauses, undone by it, gone on with by another run."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Probing
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState, Pause
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Started
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.shifting import HOOKS
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import STRATEGIES

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, Course, ShiftingWorld, by

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Scene
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetTally
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import ServiceDeployment
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.model import Strategy
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Service

    from tests.unit.plugins.module_utils._rollout.scheduler import FakeDeployment

BLUE_GREEN = by("BLUE_GREEN", bake_minutes=1)
CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
LINEAR = by("LINEAR", bake_minutes=0, step_percent=40.0, step_bake_minutes=1)
ROLLING = by("ROLLING")


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def weights(world: ShiftingWorld) -> dict[str, int]:
    rule = world.rules[LISTENER_ARN, 100]
    return {group.split("/")[1]: weight for group, weight in rule.weights.items() if weight}


def released(world: ShiftingWorld, ports: Ports, options: dict[str, Any]) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **options)
    world.calls.clear()
    world.lines.clear()
    world.requests.clear()


@pytest.mark.parametrize("options", [BLUE_GREEN, CANARY, LINEAR], ids=["blue/green", "canary", "linear"])
def test_good_releases_swap_the_target_groups_and_no_user_is_refused(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any]
) -> None:
    released(world, ports, options)
    before = weights(world)
    tag = world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **options)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert {status for _who, status, _version in world.requests} == {200}
    assert weights(world).keys().isdisjoint(before)
    first_user = next(n for n, (who, _status, version) in enumerate(world.requests) if (who, version) == ("user", tag))
    tested = [version for who, _status, version in world.requests[:first_user] if who == "test"]
    assert tested.count(tag) >= 20
    assert not deploy(ports, "1.1.0", **options).changed
    again = world.push("1.2.0", "c")
    deploy(ports, "1.2.0", **options)
    assert weights(world).keys() == before.keys()
    assert world.requests[-1][2] == again


def test_each_share_of_the_users_is_judged_and_recorded(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, LINEAR)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **LINEAR)
    stages = [gate.stage for gate in newest(world).gates if gate.gate == "ready"]
    assert stages == ["before_traffic", "each_step", "each_step", "after_traffic"]
    # Four pauses with a share each, and one before the first step.
    assert world.calls.count("continue_deployment") == 5
    assert "refuse_deployment" not in world.calls


def watched(world: ShiftingWorld) -> tuple[list[float], list[float]]:
    """When ECS was told to go on, and when it was asked where its deployment stands."""
    told: list[float] = []
    looks: list[float] = []
    answer, describe = world.answer_hook, world.describe_service_deployment

    def tell(*given: str) -> bool:
        told.append(world.seconds)
        return answer(*given)

    def look(arn: str) -> ServiceDeployment | None:
        looks.append(world.seconds)
        return describe(arn)

    world.answer_hook, world.describe_service_deployment = tell, look  # type: ignore[method-assign]
    return told, looks


@pytest.mark.parametrize("options", [BLUE_GREEN, CANARY, LINEAR], ids=["blue/green", "canary", "linear"])
def test_what_ecs_does_when_told_to_go_on_is_looked_for_soon(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any]
) -> None:
    released(world, ports, options)
    world.push("1.1.0", "b")
    told, looks = watched(world)
    deploy(ports, "1.1.0", **options, poll_seconds=20.0)
    assert len(told) >= 3
    assert all(any(0 < look - moment <= 0.5 for look in looks) for moment in told)


def test_what_ecs_takes_its_time_for_is_looked_for_less_and_less_often(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, BLUE_GREEN)
    world.push("1.1.0", "b")
    told, looks = watched(world)
    go = world._go
    # Nothing moves for ten minutes after the first answer.
    world._go = lambda *given: None if told and world.seconds < told[0] + 600 else go(*given)  # type: ignore[method-assign]
    deploy(ports, "1.1.0", **BLUE_GREEN, poll_seconds=20.0, timeout_seconds=3600.0)
    meanwhile = [look for look in looks if told[0] < look < told[0] + 600]
    # With each of 30 looks, between them seven times more, and a few times soon after it was told.
    assert 240 <= len(meanwhile) <= 260
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("options", [BLUE_GREEN, CANARY, LINEAR], ids=["blue/green", "canary", "linear"])
def test_stages_that_follow_each_other_by_themselves_are_seen_soon(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any]
) -> None:
    released(world, ports, options)
    world.push("1.1.0", "b")
    told, looks = watched(world)
    go, reached = world._go, dict[str, float]()

    def note(current: FakeDeployment, course: Course) -> None:
        go(current, course)
        if told:
            reached.setdefault(course.stage, world.seconds)

    world._go = note  # type: ignore[method-assign]
    deploy(ports, "1.1.0", **options, poll_seconds=60.0)
    moments = sorted(reached.values())
    assert len(moments) >= 3
    for moment, following in zip(moments, [*moments[1:], moments[-1] + 60], strict=True):
        seen = min(look for look in looks if look >= moment)
        assert seen - moment <= max(0.5, (following - moment) / 3)


@pytest.mark.parametrize(
    ("options", "planned"), [(BLUE_GREEN, 10 + 10 + 60), (CANARY, 10 + 60 + 10 + 60)], ids=["blue/green", "canary"]
)
def test_of_a_good_release_hardly_any_time_is_our_own(
    world: ShiftingWorld, ports: Ports, options: dict[str, Any], planned: float
) -> None:
    released(world, ports, options)
    world.push("1.1.0", "b")
    go, began, tested = world._go, world.seconds, list[float]()

    def note(current: FakeDeployment, course: Course) -> None:
        go(current, course)
        if course.stage == "POST_TEST_TRAFFIC_SHIFT":
            tested.append(world.seconds)

    world._go = note  # type: ignore[method-assign]
    deploy(ports, "1.1.0", **options, poll_seconds=2.0)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert world.seconds - began - (tested[0] - began) - planned < 1.5


def test_a_question_that_is_not_answered_is_asked_again_and_tells_nothing(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, BLUE_GREEN)
    world.push("1.1.0", "b")
    describe, asked = world.describe_service_deployment, list[float]()

    def refuse_some(arn: str) -> ServiceDeployment | None:
        asked.append(world.seconds)
        if len(asked) % 3 == 0:
            raise UnavailableError("Throttling")
        return describe(arn)

    world.describe_service_deployment = refuse_some  # type: ignore[method-assign]
    deploy(ports, "1.1.0", **BLUE_GREEN)
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("options", [BLUE_GREEN, CANARY], ids=["blue/green", "canary"])
def test_a_release_that_answers_errors_has_no_user(world: ShiftingWorld, ports: Ports, options: dict[str, Any]) -> None:
    released(world, ports, options)
    before = weights(world)
    tag = world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    with pytest.raises(RolledBackError, match="gate route is UNHEALTHY") as caught:
        deploy(ports, "1.1.0", **options)
    assert "before_traffic" in str(newest(world).gates)
    assert not [answer for answer in world.requests if answer[0] == "user" and (answer[1] != 200 or answer[2] == tag)]
    assert "refuse_deployment" in world.calls or "stop_service_deployment" in world.calls
    assert newest(world).outcome is Outcome.ROLLED_BACK
    assert weights(world).keys() == before.keys()
    assert caught.value.details["changed"]


@pytest.mark.parametrize("status", [200, 500])
def test_where_the_test_listener_is_out_of_reach_a_task_asks_and_users_are_spared_all_the_same(
    world: ShiftingWorld, ports: Ports, status: int
) -> None:
    released(world, ports, CANARY)
    tag = world.push("1.1.0", "b", path_status={} if status == 200 else {"/v1/analyses": status})
    world.logged = (json.dumps({"status": status, "version": tag}),) * 120
    asked = {**CANARY, "probing": Probing("task_before_traffic", ("probe",), "service")}
    if status == 200:
        deploy(ports, "1.1.0", **asked)
    else:
        with pytest.raises(RolledBackError, match="is UNHEALTHY"):
            deploy(ports, "1.1.0", **asked)
    assert world.once
    assert "test" not in {who for who, _status, _version in world.requests}
    reached = [answer for answer in world.requests if answer[0] == "user" and answer[2] == tag]
    assert bool(reached) == (status == 200)


def test_a_release_that_fails_with_users_only_costs_at_most_the_canary(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, CANARY)
    tag = world.push("1.1.0", "b")

    def break_it() -> None:
        for task in world.tasks:
            if task.behaviour.tag == tag:
                task.behaviour = type(task.behaviour)(tag=tag, status=500)

    # While 20 % of the users are on it.
    world.at.append((world.seconds + 40, break_it))
    with pytest.raises(RolledBackError, match="is UNHEALTHY"):
        deploy(ports, "1.1.0", **CANARY)
    users = [status for who, status, _version in world.requests if who == "user"]
    assert 0 < users.count(500) < len(users) / 2
    assert world.courses[world.deployments[-1].arn].weight == 20.0
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_ecs_goes_on_only_from_pauses_at_which_every_gate_was_healthy(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, BLUE_GREEN)
    world.push("1.1.0", "b")
    real = world.request
    world.request = lambda *args, **named: replace(  # type: ignore[method-assign]
        real(*args, **named), status=0, version="", unreachable=True
    )
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", **BLUE_GREEN)
    assert "continue_deployment" not in world.calls


def test_a_controller_that_dies_at_a_pause_leaves_ecs_to_roll_back(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, BLUE_GREEN)
    before = weights(world)
    world.push("1.1.0", "b")
    kill_after(world, ports, 8, version="1.1.0", **BLUE_GREEN)
    world.sleep(3700)
    assert world.deployments[-1].state is DeploymentState.ROLLED_BACK
    assert weights(world).keys() == before.keys()
    assert newest(world).in_progress


@pytest.mark.parametrize("seconds", [2, 8, 25, 60, 100, 130])
def test_the_next_run_goes_on_with_the_deployment_at_its_stage(
    world: ShiftingWorld, ports: Ports, seconds: float
) -> None:
    released(world, ports, CANARY)
    tag = world.push("1.1.0", "b")
    kill_after(world, ports, seconds, version="1.1.0", **CANARY)
    deployments = len(world.deployments)
    deploy(ports, "1.1.0", owner="next@here:9:cccc", **CANARY)
    assert len(world.deployments) == deployments, "it was begun again"
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert world.requests[-1][2] == tag


def test_stages_that_nobody_knows_and_weights_that_are_not_told_are_no_reason_to_stop(
    world: ShiftingWorld, ports: Ports
) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    world.told_weights = False
    deploy(ports, "1.1.0", **CANARY)
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_the_strategy_of_a_living_service_changes_to_and_fro(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, ROLLING)
    for number, (options, strategy) in enumerate(
        [(BLUE_GREEN, "BLUE_GREEN"), (ROLLING, "ROLLING"), (CANARY, "CANARY"), (ROLLING, "ROLLING")], 1
    ):
        tag = world.push(f"1.{number}.0", "bcde"[number - 1])
        deploy(ports, f"1.{number}.0", **options)
        assert newest(world).outcome is Outcome.SUCCEEDED
        assert world.service
        assert world.service.settings.deployment.strategy == strategy
        hooks = world.service.settings.deployment.own.get("lifecycleHooks")
        assert bool(hooks) is (strategy != "ROLLING")
        assert world.requests[-1][1:] == (200, tag)
        assert not deploy(ports, f"1.{number}.0", **options).changed
    assert {status for who, status, _version in world.requests if who == "user"} == {200}


def test_what_mends_a_service_that_is_down_is_released_by_rolling(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, CANARY)
    running = f"sha256:{'a' * 64}"
    world.behaviours[running] = replace(world.behaviours[running], exits_after=1.0)
    for task in world.tasks:
        task.behaviour = world.behaviours[running]
    world.push("1.1.0", "b")
    world.sleep(60)
    with pytest.raises(RefusedError, match=r"no healthy target.*release what mends them by ROLLING"):
        deploy(ports, "1.1.0", **CANARY)
    assert deploy(ports, "1.1.0", **ROLLING).result.value == "accepted"
    assert newest(world).outcome is Outcome.SUCCEEDED


class KeepingWorld(ShiftingWorld):
    """An ECS for which an empty list of hooks says nothing."""

    def update_service(self, cluster: str, name: str, change: ServiceChange) -> Service:
        assert self.service
        deployment, before = change.settings.deployment, self.service.settings.deployment
        if "deployment" in change.changed and not deployment.own.get(HOOKS):
            kept = replace(deployment, own={**deployment.own, HOOKS: before.own.get(HOOKS, [])})
            change = replace(change, settings=replace(change.settings, deployment=kept))
        return super().update_service(cluster, name, change)


@pytest.mark.parametrize("keeps", [True, False])
def test_hooks_that_ecs_keeps_where_they_were_taken_away_are_told(keeps: bool) -> None:
    world = KeepingWorld() if keeps else ShiftingWorld()
    ports = Ports(*[world] * 13)
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    result = deploy(ports, "1.1.0", **ROLLING)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert any("has kept lifecycle hooks" in warning for warning in result.warnings) is keeps


THROTTLED, DENIED = UnavailableError("Throttling: Rate exceeded"), OperationError("AccessDenied")


@pytest.mark.parametrize(
    ("read", "answers"),
    [
        ("describe_service", [THROTTLED, THROTTLED]),
        ("list_service_deployments", [THROTTLED, THROTTLED]),
        ("describe_service", [None, THROTTLED]),
        ("describe_service", [None, DENIED]),
    ],
)
def test_a_read_that_fails_once_after_the_change_abandons_no_release(
    world: ShiftingWorld, ports: Ports, read: str, answers: list[FastbreakError | None]
) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    update, look, due = world.update_service, getattr(world, read), [*answers]

    def change(*args: Any, **kwargs: Any) -> Service:
        changed = update(*args, **kwargs)
        setattr(world, read, fail)
        return changed

    def fail(*args: Any, **kwargs: Any) -> Any:
        if due and (error := due.pop(0)):
            raise error
        return look(*args, **kwargs)

    world.update_service = change  # type: ignore[method-assign]
    result = deploy(ports, "1.1.0", **ROLLING)
    assert (result.result.value, due) == ("accepted", [])
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert any("could not be seen" in warning for warning in result.warnings) is (answers[0] is None)


@pytest.mark.parametrize("there", STRATEGIES, ids=lambda each: each.name)
def test_hook_of_the_strategy_before_holds_no_deployment_up(there: Strategy) -> None:
    told: list[tuple[str, str]] = []
    ecs = SimpleNamespace(continue_deployment=lambda arn, hook_id: told.append((arn, hook_id)))
    rollout = SimpleNamespace(ports=SimpleNamespace(ecs=ecs))
    there.go_on(rollout, Started(there, "v:1", "arn"), (Pause("left"),))  # type: ignore[arg-type]
    assert told == [("arn", "left")]


def test_a_change_of_strategy_that_fails_leaves_the_old_one(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, ROLLING)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", **BLUE_GREEN)
    assert not [answer for answer in world.requests if answer[0] == "user" and answer[1] != 200]
    assert newest(world).outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize(
    ("until", "weight", "paused"),
    [("paused", 0.0, True), ("before_traffic", 0.0, True), ("each_step", 20.0, True), ("after_traffic", 100.0, False)],
)
def test_a_run_ends_where_it_is_told_to_and_another_one_takes_the_release_up(
    world: ShiftingWorld, ports: Ports, until: str, weight: float, paused: bool
) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    result = deploy(ports, "1.1.0", wait_until=until, **CANARY)
    course = world.courses[world.deployments[-1].arn]
    assert (course.weight, bool(course.waiting)) == (weight, paused)
    assert newest(world).in_progress
    assert result.release
    assert result.release.in_progress
    assert "is not judged to the end: it stands at" in result.warnings[-1]
    assert world.lock is None
    deploy(ports, "1.1.0", owner="next@here:9:cccc", judge_only=True, **CANARY)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert world.deployments[-1].state is DeploymentState.SUCCESSFUL


def test_looks_that_fail_late_in_the_bake_time_refuse_nothing(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = by("BLUE_GREEN", bake_minutes=10)
    released(world, ports, long)
    world.push("1.1.0", "b")
    look, left = world.describe_targets, [2]

    def look_again(arn: str) -> Any:
        course = world.courses[world.deployments[-1].arn]
        if course.stage == "BAKE_TIME" and world.seconds - began > 300 and left[0]:
            left[0] -= 1
            raise UnavailableError("Throttling: Rate exceeded")
        return look(arn)

    monkeypatch.setattr(world, "describe_targets", look_again)
    began = world.seconds
    deploy(ports, "1.1.0", **long)
    assert left == [0]
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("killed", [False, True])
def test_a_release_taken_up_in_its_bake_time_is_handed_over_once(
    world: ShiftingWorld, ports: Ports, *, killed: bool
) -> None:
    long = by("CANARY", bake_minutes=10, canary_percent=20.0)
    released(world, ports, long)
    world.push("1.1.0", "b")
    if killed:
        kill_after(world, ports, 175, version="1.1.0", **long)
        assert world.courses[world.deployments[-1].arn].stage == "BAKE_TIME"
    else:
        deploy(ports, "1.1.0", wait_until="after_traffic", **long)
    again = deploy(ports, "1.1.0", owner="next@here:9:cccc", wait_until="after_traffic", **long)
    assert again.result is (Result.HANDED_OVER if killed else Result.ACCEPTED)


def test_what_is_only_to_be_judged_is_never_deployed_anew(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match="no release of it is under way"):
        deploy(ports, "1.1.0", judge_only=True, **CANARY)
    deploy(ports, "1.1.0", wait_until="paused", **CANARY)
    world.sleep(3700)
    with pytest.raises(RolledBackError, match=r"ECS ended the deployment while nobody judged it"):
        deploy(ports, "1.1.0", judge_only=True, **CANARY)
    assert len(world.deployments) == 2


def test_a_rolling_release_cannot_be_handed_over(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, ROLLING)
    request = make_request("1.1.0", wait_until="paused", **ROLLING)
    (problem,) = problems_of(request)
    assert problem.startswith("wait_until is paused, and ECS does not wait in a deployment by ROLLING")


def test_a_gate_without_a_verdict_may_hold_the_release_for_a_person(world: ShiftingWorld, ports: Ports) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")
    gates = tuple(
        replace(gate, on_inconclusive=AtDeadline.PAUSE, interval_seconds=30.0) if gate.kind == "http" else gate
        for gate in make_request("x").gates
    )
    with pytest.raises(OperationError, match=r"is held: gate \w+ is INCONCLUSIVE.*playbooks/judge\.yml"):
        deploy(ports, "1.1.0", gates=gates, **CANARY)
    assert newest(world).in_progress
    assert world.courses[world.deployments[-1].arn].waiting


def test_gates_are_told_which_of_the_two_groups_is_whose(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, str]] = []
    measure = TargetHealthGate.measure

    def note(gate: TargetHealthGate, tally: TargetTally, scene: Scene) -> TargetTally:
        told.append((scene.version, scene.target_group_arn, scene.baseline_target_group_arn))
        return measure(gate, tally, scene)

    monkeypatch.setattr(TargetHealthGate, "measure", note)
    released(world, ports, CANARY)
    for number, (new, old) in enumerate([(GREEN_ARN, GROUP_ARN), (GROUP_ARN, GREEN_ARN)], 1):
        tag = world.push(f"1.{number}.0", "bc"[number - 1])
        deploy(ports, f"1.{number}.0", **CANARY)
        seen = {(ours, theirs) for version, ours, theirs in told if version == tag}
        # Before a task is there nobody can tell.
        assert seen - {("", "")} == {(new, old)}


def test_a_pause_that_somebody_else_answers_is_told_and_the_release_is_judged_on(
    world: ShiftingWorld, ports: Ports
) -> None:
    released(world, ports, CANARY)
    world.push("1.1.0", "b")

    def by_hand() -> None:
        """As soon as it waits, before any gate can be HEALTHY."""
        course = world.courses[world.deployments[-1].arn]
        for hook in course.waiting if course.weight == 0 else []:
            hook.answer = "CONTINUE"

    for seconds in range(1, 30):
        world.at.append((world.seconds + seconds, by_hand))
    result = deploy(ports, "1.1.0", **CANARY)
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert [warning for warning in result.warnings if "this run did not tell ECS to" in warning]
    stages = {gate.stage: gate.dry_run for gate in newest(world).gates if gate.gate == "ready"}
    assert stages == {"before_traffic": True, "each_step": False, "after_traffic": False}


@pytest.mark.parametrize("error", [OperationError("AccessDenied"), UnavailableError("no answer")])
def test_a_hook_that_cannot_be_answered_is_no_reason_to_leave_users_there(
    world: ShiftingWorld, ports: Ports, error: Exception
) -> None:
    released(world, ports, BLUE_GREEN)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})

    refused: list[str] = []

    def refuse(_arn: str, hook: str) -> bool:
        refused.append(hook)
        raise error

    world.refuse_deployment = refuse  # type: ignore[method-assign]
    # Its gates judge when it waits already.
    gates = tuple(replace(gate, initial_delay_seconds=3.0) for gate in make_request("x").gates)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", gates=gates, **BLUE_GREEN)
    assert refused
    assert "stop_service_deployment" in world.calls
    assert newest(world).outcome is Outcome.ROLLED_BACK
