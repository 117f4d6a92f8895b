# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on target health: what a look adds, and what the looks mean."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation, TaskFailure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import (
    TargetHealthGate,
    TargetTally,
)

GATE = TargetHealthGate(maximum_task_failures=1, maximum_start_failures=2)
WHOLE, HALF, NOTHING = TargetObservation(2, 2, 2), TargetObservation(2, 1, 2), TargetObservation(0, 0, 0)
EXIT = TaskFailure("t1", "EssentialContainerExited: it ended", True, (("app", 3),))
START = TaskFailure("t2", "TaskFailedToStart: no image", False)


def looks(*seen: TargetObservation) -> TargetTally:
    tally = GATE.begin()
    for look in seen:
        tally = tally.see(look)
    return tally


def failing(*failures: TaskFailure) -> TargetObservation:
    return TargetObservation(2, 2, 2, failures=failures)


@pytest.mark.parametrize(
    ("seen", "baked", "verdict"),
    [
        ([], True, Verdict.INCONCLUSIVE),
        ([WHOLE], True, Verdict.HEALTHY),
        ([WHOLE, WHOLE], False, Verdict.INCONCLUSIVE),
        ([WHOLE, HALF], True, Verdict.INCONCLUSIVE),
        ([HALF, WHOLE], True, Verdict.HEALTHY),
        ([NOTHING, NOTHING, NOTHING], True, Verdict.INCONCLUSIVE),
        ([WHOLE, failing(EXIT)], True, Verdict.HEALTHY),
        ([WHOLE, failing(EXIT, EXIT)], False, Verdict.UNHEALTHY),
        ([WHOLE, failing(START, START)], True, Verdict.HEALTHY),
        ([WHOLE, failing(START, START, START)], False, Verdict.UNHEALTHY),
    ],
)
def test_verdict_of_looks(seen: list[TargetObservation], baked: bool, verdict: Verdict) -> None:
    assert GATE.assess(looks(*seen), baked=baked) is verdict


def test_description_says_what_the_latest_look_saw() -> None:
    latest = TargetObservation(2, 1, 2, (("healthy", 1), ("initial", 1)), (EXIT, START))
    assert GATE.seen(looks(WHOLE, latest)) == (
        "1 of 2 desired tasks healthy in the target group, 2 running; targets: 1 healthy, 1 initial, stopped: task t1: "
        "EssentialContainerExited: it ended (container app exit code 3), and 1 more"
    )


def test_container_that_fails_its_own_health_check_is_named() -> None:
    latest = TargetObservation(1, 1, 1, (("healthy", 1),), unhealthy=("container app of task t1",))
    assert "container app of task t1 UNHEALTHY by its own healthCheck" in GATE.seen(looks(latest))


@pytest.mark.parametrize(("desired", "healthy", "whole"), [(2, 2, True), (2, 3, True), (2, 1, False), (0, 0, False)])
def test_service_is_whole_when_every_desired_task_is_healthy(desired: int, healthy: int, whole: bool) -> None:
    assert TargetObservation(desired, healthy).whole is whole
