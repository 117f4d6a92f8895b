# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gate's own task: begun, looked at, read when it has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.one_off import Errand, Outcome, begin, look
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import ServiceSettings

from tests.unit.plugins.module_utils._rollout.case import released
from tests.unit.plugins.module_utils._rollout.gates.measuring import scene
from tests.unit.plugins.module_utils._rollout.gates.test_golden import LINE

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Scene
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def there(world: World, ports: Ports) -> Scene:
    """A scene in which 1.0.0 runs."""
    released(world, ports)
    return scene(ports, cluster="fastbreak-dev", settings=ServiceSettings())


def arn_of(world: World) -> str:
    return next(iter(world.definitions))


def ended(world: World, there: Scene, *lines: str, seconds: float = 60.0) -> Errand | Outcome:
    """What becomes of a task that logged *lines*, once it has stopped."""
    errand = begin(there, arn_of(world), "", ("analyse",))
    assert look(there, errand, 60.0) == errand
    world.sleep(3)
    next(task for task in world.tasks if task.arn == errand.arn).lines = lines
    return look(there, errand, seconds)


def test_a_task_that_writes_a_result_is_read(world: World, there: Scene) -> None:
    outcome = ended(world, there, "loading", json.dumps(LINE), "done")
    assert isinstance(outcome, Outcome)
    assert (outcome.ran, outcome.problem, [result.clip for result in outcome.results]) == (True, "", ["demo.mp4"])
    assert (world.once[0].container, world.once[0].started_by) == ("service", "fastbreak-gate/")


def test_logs_that_come_late_are_waited_for_and_no_longer(world: World, there: Scene) -> None:
    waiting = ended(world, there)
    assert isinstance(waiting, Errand)
    world.sleep(61)
    outcome = look(there, waiting, 600.0)
    assert isinstance(outcome, Outcome)
    assert "ended with exit code 0: it logged nothing" in outcome.problem


def test_a_result_that_is_not_whole_is_a_problem(world: World, there: Scene) -> None:
    outcome = ended(world, there, json.dumps({**LINE, "persons": 5}))
    assert isinstance(outcome, Outcome)
    assert outcome.problem.endswith("persons is no list")


def test_the_rest_of_a_line_that_the_log_cut_is_waited_for(world: World, there: Scene) -> None:
    text = json.dumps(LINE)
    waiting = ended(world, there, text[:200])
    assert isinstance(waiting, Errand)
    next(task for task in world.tasks if task.arn == waiting.arn).lines = (text[:200], text[200:])
    outcome = look(there, waiting, 600.0)
    assert isinstance(outcome, Outcome)
    assert [result.clip for result in outcome.results] == ["demo.mp4"]
    never = ended(world, there, text[:200])
    assert isinstance(never, Errand)
    world.sleep(61)
    outcome = look(there, never, 600.0)
    assert isinstance(outcome, Outcome)
    assert outcome.problem.endswith("has no end")


def test_a_task_that_takes_too_long_is_stopped(world: World, there: Scene) -> None:
    errand = begin(there, arn_of(world), "service", ("analyse",))
    world.sleep(1)
    outcome = look(there, errand, 0.5)
    assert isinstance(outcome, Outcome)
    assert "had not ended after 0.5 s and was stopped" in outcome.problem
    assert world.calls[-1] == "stop_task"


def test_a_task_that_ecs_forgot_or_never_ran_says_nothing_of_the_release(world: World, there: Scene) -> None:
    errand = begin(there, arn_of(world), "", ("analyse",))
    task = next(task for task in world.tasks if task.arn == errand.arn)
    task.stop_code, task.reason = "TaskFailedToStart", "no capacity"
    outcome = look(there, errand, 60.0)
    assert isinstance(outcome, Outcome)
    assert (outcome.ran, outcome.results) == (False, ())
    world.tasks.clear()
    gone = look(there, errand, 60.0)
    assert isinstance(gone, Outcome)
    assert (gone.ran, "no longer knows" in gone.told) == (False, True)


def test_what_cannot_be_run_is_an_error(world: World, ports: Ports, there: Scene) -> None:
    with pytest.raises(OperationError, match="There is no container 'x'"):
        begin(there, arn_of(world), "x", ("analyse",))
    with pytest.raises(OperationError, match="Task definition family:99 is not there"):
        begin(there, "family:99", "", ("analyse",))
    with pytest.raises(OperationError, match="It is not known how tasks of the service run"):
        begin(scene(ports, cluster="fastbreak-dev"), arn_of(world), "", ("analyse",))
    assert not world.once
