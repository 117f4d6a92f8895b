# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on tasks that crash: what counts as a crash, and that nothing passes while nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation, TaskFailure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.task_stability import (
    TaskStabilityGate,
    is_out_of_memory,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

CRASH = TaskFailure("t1", "EssentialContainerExited: it ended", True, (("app", 1),))
DONE = TaskFailure("t2", "EssentialContainerExited: it ended", True, (("app", 0), ("side", 0)))
KILLED = TaskFailure("t3", "EssentialContainerExited: it ended", True, (("app", 137),))
MEMORY = TaskFailure("t4", "EssentialContainerExited: OutOfMemoryError: Container killed due to memory usage", True)
UNKNOWN = TaskFailure("t5", "ServiceSchedulerInitiated: Task failed ELB health checks", True)
START = TaskFailure("t6", "TaskFailedToStart: no image", False)


@pytest.mark.parametrize(
    ("options", "failures", "running", "verdict"),
    [
        ({}, (), 2, Verdict.HEALTHY),
        ({}, (), 0, Verdict.INCONCLUSIVE),
        ({}, (START,), 2, Verdict.HEALTHY),
        ({}, (CRASH,), 2, Verdict.UNHEALTHY),
        ({}, (DONE,), 2, Verdict.UNHEALTHY),
        ({"allowed_exit_codes": [0]}, (DONE,), 2, Verdict.HEALTHY),
        ({"allowed_exit_codes": [0]}, (UNKNOWN,), 2, Verdict.UNHEALTHY),
        ({"maximum_crashes": 2}, (CRASH, UNKNOWN), 2, Verdict.HEALTHY),
        ({"maximum_crashes": 2}, (CRASH, KILLED), 2, Verdict.UNHEALTHY),
        ({"maximum_crashes": 2}, (MEMORY,), 2, Verdict.UNHEALTHY),
        ({"maximum_crashes": 2, "maximum_out_of_memory": 1}, (MEMORY,), 2, Verdict.HEALTHY),
    ],
)
def test_verdict_of_a_look(
    ports: Ports, options: dict[str, Any], failures: tuple[TaskFailure, ...], running: int, verdict: Verdict
) -> None:
    gate = read("task_stability", **options)
    seen = TargetObservation(2, running, running, failures=failures)
    tally = gate.measure(gate.begin(), scene(ports, targets=seen))
    assert gate.assess(tally, baked=True) is verdict
    assert gate.assess(tally, baked=False) is not Verdict.HEALTHY


def test_nothing_seen_never_passes_and_a_failed_look_is_an_error(ports: Ports) -> None:
    gate = read("task_stability")
    assert gate.assess(gate.begin(), baked=True) is Verdict.INCONCLUSIVE
    with pytest.raises(UnavailableError, match="no network"):
        gate.measure(gate.begin(), scene(ports, problem="no network"))


@pytest.mark.parametrize(("failure", "out"), [(CRASH, False), (DONE, False), (KILLED, True), (MEMORY, True)])
def test_memory_is_told_by_the_exit_code_or_by_ecs(failure: TaskFailure, out: bool) -> None:
    assert is_out_of_memory(failure) is out


def test_words_name_the_first_crash(ports: Ports) -> None:
    gate = TaskStabilityGate()
    tally = gate.measure(gate.begin(), scene(ports, targets=TargetObservation(2, 1, 1, failures=(KILLED, CRASH))))
    assert gate.seen(tally) == (
        "1 task running, 2 crashed after they had started, 1 of them out of memory: task t3: "
        "EssentialContainerExited: it ended (container app exit code 137)"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"maximum_crashes": -1}, "maximum_crashes must be from 0"),
        ({"maximum_crashes": 101}, "maximum_crashes must be from 0"),
        ({"maximum_out_of_memory": 1}, "maximum_out_of_memory is above maximum_crashes"),
        ({"allowed_exit_codes": [256]}, "no exit code"),
        ({"allowed_exit_codes": [-1]}, "no exit code"),
        ({"allowed_exit_codes": [0, 137]}, "run out of memory; take it out"),
    ],
)
def test_limits_that_contradict_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("task_stability", **options), 5.0))


def test_version_that_crashes_after_it_was_healthy_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", exits_after=20.0)
    with pytest.raises(RolledBackError, match="gate task_stability is UNHEALTHY"):
        deploy(ports, "1.1.0", gates=(TaskStabilityGate(bake_seconds=40.0, deadline_seconds=90.0),))


HOUR = {"memory_horizon_minutes": 60}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"memory_horizon_minutes": -1}, "memory_horizon_minutes must be from 0 (not looked at) to 1440"),
        ({"memory_horizon_minutes": 1441}, "memory_horizon_minutes must be from 0 (not looked at) to 1440"),
        ({**HOUR, "stages": ["before_traffic"]}, "memory_horizon_minutes is looked at after_traffic"),
        ({**HOUR, "deadline_seconds": 539}, "deadline_seconds 539 is below the 540 s after which memory_horizon"),
    ],
)
def test_a_horizon_that_cannot_be_judged_is_told(options: dict[str, Any], told: str) -> None:
    (problem,) = gate_problems(read("task_stability", **options), 5)
    assert told in problem
    assert gate_problems(read("task_stability", **HOUR), 5) == []


def test_memory_is_looked_at_once_all_users_are_there_and_in_no_short_look_or_rollback() -> None:
    gate = read("task_stability", **HOUR)
    assert "within 60 minutes" in gate.expected()
    assert gate.at(Phase(Stage.AFTER_TRAFFIC)) == gate
    for other in (gate.at(Phase(Stage.EACH_STEP, 10.0)), gate.short(5.0), gate.in_rollback()):
        assert other is not None
        assert "within 60 minutes" not in other.expected()
