# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The stages of a deployment that shifts traffic: their order, their hooks, their times."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.ecs.model.stages import (
    Course,
    HookStatus,
    Stage,
    Turn,
    advance,
    answer,
    begin,
    changed,
    steps,
)
from sandbox.services.ecs.model.weights import forward, kept, resolved

PAUSABLE = sorted(set(Stage) - {Stage.SCALE_UP, Stage.BAKE_TIME, Stage.CLEAN_UP})
BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}


def pause(*stages: Stage, minutes: int = 10, action: str = "ROLLBACK") -> dict[str, Any]:
    timeout = {"timeoutInMinutes": minutes, "action": action}
    return {"targetType": "PAUSE", "lifecycleStages": [*stages], "timeoutConfiguration": timeout}


def run(course: Course, hooks: list[dict[str, Any]], now: float) -> tuple[Course, Turn]:
    """Look again at the same time until nothing moves."""
    turn = Turn.MOVED
    while turn is Turn.MOVED:
        course, turn = advance(course, hooks, now, done=True)
    return course, turn


@pytest.mark.parametrize(
    ("configuration", "shares"),
    [
        (BLUE_GREEN, [(100, 0)]),
        ({"strategy": "CANARY"}, [(5, 600), (100, 0)]),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 100.0}}, [(100, 0)]),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 0}},
            [(0.1, 0), (100, 0)],
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 2}},
            [(40, 120), (80, 120), (100, 0)],
        ),
        ({"strategy": "LINEAR"}, [*[(share, 360) for share in range(10, 100, 10)], (100, 0)]),
    ],
)
def test_shares_and_times(configuration: dict[str, Any], shares: list[tuple[float, float]]) -> None:
    way = steps(configuration)
    shifts = [(step.weight, step.seconds) for step in way if step.stage is Stage.PRODUCTION_TRAFFIC_SHIFT]
    assert shifts == shares
    asked = [index for index, step in enumerate(way) if step.stage is Stage.PRE_PRODUCTION_TRAFFIC_SHIFT]
    assert [way[index + 1].stage for index in asked] == [Stage.PRODUCTION_TRAFFIC_SHIFT] * len(shares)
    weights = [step.weight for step in way]
    assert weights == sorted(weights)
    assert (weights[0], weights[-1]) == (0, 100)


@given(st.integers(30, 1000))
def test_linear_steps_are_equal_but_for_the_last(tenths: int) -> None:
    way = steps({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": tenths / 10}})
    shares = [0.0, *(step.weight for step in way if step.stage is Stage.PRODUCTION_TRAFFIC_SHIFT)]
    gaps = [after - before for before, after in itertools.pairwise(shares)]
    assert shares[-1] == 100
    assert all(gap == pytest.approx(tenths / 10) for gap in gaps[:-1])
    assert 0 < gaps[-1] <= tenths / 10 + 1e-9


def test_the_way_of_a_blue_green_deployment() -> None:
    stages = [step.stage for step in steps(BLUE_GREEN)]
    assert stages == [stage for stage in Stage if stage is not Stage.RECONCILE_SERVICE]
    assert next(step.stage for step in steps(BLUE_GREEN, reconciles=True)) is Stage.RECONCILE_SERVICE


def test_it_waits_for_the_tasks_and_for_the_bake_time() -> None:
    course = begin(steps(BLUE_GREEN), [], 0.0)
    for _ in range(5):
        course, _turn = advance(course, [], 1.0, done=course.step.stage is not Stage.SCALE_UP)
    assert course.step.stage is Stage.SCALE_UP
    course, _turn = run(course, [], 10.0)
    assert (course.step.stage, course.step.weight) == (Stage.BAKE_TIME, 100)
    assert run(course, [], 10.0 + 299.9)[0].step.stage is Stage.BAKE_TIME
    assert run(course, [], 310.0)[0].step.stage is Stage.CLEAN_UP


@pytest.mark.parametrize("stage", [stage for stage in PAUSABLE if stage is not Stage.RECONCILE_SERVICE])
def test_a_hook_holds_its_stage_until_it_is_answered(stage: Stage) -> None:
    hooks = [pause(stage)]
    course, turn = run(begin(steps(BLUE_GREEN), hooks, 0.0), hooks, 1.0)
    assert (course.step.stage, turn) == (stage, Turn.WAIT)
    (hook,) = course.waiting
    assert hook.expires_at == pytest.approx(601.0, abs=1)
    gone_on = answer(course, hook.id, "CONTINUE")
    assert gone_on is not None
    assert run(gone_on, hooks, 2.0)[0].step.stage is Stage.BAKE_TIME
    undone = answer(course, hook.id, "ROLLBACK")
    assert undone is not None
    assert advance(undone, hooks, 2.0, done=True)[1] is Turn.ROLL_BACK
    for answered in (gone_on, undone):
        assert answer(answered, hook.id, "CONTINUE") is None


@pytest.mark.parametrize(("action", "turn"), [("ROLLBACK", Turn.ROLL_BACK), ("CONTINUE", Turn.MOVED)])
def test_a_hook_that_nobody_answers_runs_out(action: str, turn: Turn) -> None:
    hooks = [pause(Stage.POST_TEST_TRAFFIC_SHIFT, minutes=1, action=action)]
    course, _turn = run(begin(steps(BLUE_GREEN), hooks, 0.0), hooks, 0.0)
    assert advance(course, hooks, 59.9, done=True)[1] is Turn.WAIT
    late, became = advance(course, hooks, 60.0, done=True)
    assert became is turn
    assert late.hooks[0].status is HookStatus.TIMED_OUT
    assert answer(late, late.hooks[0].id, "CONTINUE") is None


def test_a_hook_before_production_fires_before_every_step() -> None:
    hooks = [pause(Stage.PRE_PRODUCTION_TRAFFIC_SHIFT)]
    linear = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}}
    course, _turn = run(begin(steps(linear), hooks, 0.0), hooks, 0.0)
    seen = []
    while course.waiting:
        (hook,) = course.waiting
        seen.append((hook.id, course.step.weight))
        after = answer(course, hook.id, "CONTINUE")
        assert after is not None
        course, _turn = run(after, hooks, 0.0)
    assert [weight for _, weight in seen] == [0.0, 50.0]
    assert len({identity for identity, _ in seen}) == 2


def test_all_hooks_of_a_stage_have_to_end() -> None:
    hooks = [pause(Stage.POST_SCALE_UP), pause(Stage.POST_SCALE_UP, Stage.PRE_SCALE_UP)]
    course, _turn = run(begin(steps(BLUE_GREEN), hooks, 0.0), hooks, 0.0)
    assert len(course.waiting) == 1
    after = answer(course, course.waiting[0].id, "CONTINUE")
    assert after is not None
    course, _turn = run(after, hooks, 0.0)
    assert len(course.waiting) == 2
    half = answer(course, course.waiting[1].id, "CONTINUE")
    assert half is not None
    assert run(half, hooks, 0.0)[0].step.stage is Stage.POST_SCALE_UP
    assert answer(half, "hook-of-another", "CONTINUE") is None


def test_test_traffic_goes_to_the_new_revision_from_its_stage_on() -> None:
    course = begin(steps(BLUE_GREEN), [], 0.0)
    while course.step.stage is not Stage.POST_SCALE_UP:
        course, _turn = advance(course, [], 0.0, done=True)
    assert not course.tests
    assert advance(course, [], 0.0, done=True)[0].tests


@pytest.mark.parametrize(
    ("percent", "weights"),
    [(0, (0, 100)), (10, (10, 90)), (100, (100, 0)), (0.1, (1, 999)), (33.3, (333, 667)), (99.9, (999, 1))],
)
def test_weights_of_a_share(percent: float, weights: tuple[int, int]) -> None:
    groups = forward("new", "old", percent)["ForwardConfig"]["TargetGroups"]
    assert [(item["TargetGroupArn"], item["Weight"]) for item in groups] == [("new", weights[0]), ("old", weights[1])]


def test_without_a_running_revision_all_goes_to_the_new_one() -> None:
    assert forward("new", None, 0)["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": "new", "Weight": 100}]


@pytest.mark.parametrize(("taken", "group"), [((), "a"), (("b",), "a"), (("a",), "b")])
def test_a_new_revision_takes_the_target_group_that_is_free(taken: tuple[str, ...], group: str) -> None:
    entry = {"targetGroupArn": "a", "advancedConfiguration": {"alternateTargetGroupArn": "b"}}
    assert resolved(entry, taken)["targetGroupArn"] == group
    assert resolved({"targetGroupArn": "a"}, taken)["targetGroupArn"] == "a"


@pytest.mark.parametrize(("taken", "group"), [((), "a"), (("a",), "a"), (("b",), "b"), (("a", "b"), "a")])
def test_a_rolling_update_stays_in_the_target_group_that_serves(taken: tuple[str, ...], group: str) -> None:
    entry = {"targetGroupArn": "a", "advancedConfiguration": {"alternateTargetGroupArn": "b"}}
    assert kept(entry, taken)["targetGroupArn"] == group
    assert kept({"targetGroupArn": "a"}, taken) == {"targetGroupArn": "a"}


def test_every_firing_of_a_hook_has_an_id_of_its_own() -> None:
    hooks = [pause(Stage.PRE_SCALE_UP), pause(Stage.PRE_SCALE_UP)]
    courses = [begin(steps(BLUE_GREEN), hooks, 0.0, deployment=name) for name in ("first", "second")]
    ids = [hook.id for course in courses for hook in course.waiting]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"ecs-pause-[A-Za-z0-9_-]{43}", each) for each in ids)


def test_what_became_of_hooks_between_two_looks() -> None:
    hooks = [pause(Stage.PRE_SCALE_UP, minutes=1, action="CONTINUE"), pause(Stage.PRE_SCALE_UP)]
    course = begin(steps(BLUE_GREEN), hooks, 0.0)
    assert changed(None, course) == list(course.hooks)
    assert changed(course, course) == []
    answered = answer(course, course.hooks[1].id, "CONTINUE")
    assert answered is not None
    assert [hook.status for hook in changed(course, answered)] == [HookStatus.SUCCEEDED]
    late, _turn = advance(answered, hooks, 60.0, done=True)
    assert [hook.status for hook in changed(answered, late)] == [HookStatus.TIMED_OUT]
