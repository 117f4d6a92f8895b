"""Gates: what is counted, and what the counts mean."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import (
    Answer,
    HttpGate,
    HttpTally,
    TargetHealthGate,
    TargetObservation,
    TargetTally,
    TaskFailure,
    assess_http,
    assess_targets,
    describe_http,
)
from hypothesis import given
from hypothesis import strategies as st

GATE = HttpGate("ready", "http://alb/readyz", minimum_samples=10, maximum_failure_ratio=0.1)
GOOD, BAD, OTHER = Answer(200, "v2"), Answer(500, "v2"), Answer(200, "v1")
NONE, BALANCER, DOWN = Answer(0, problem="timed out"), Answer(503), Answer(0, problem="refused", unreachable=True)


def tally(*answers: Answer, gate: HttpGate = GATE) -> HttpTally:
    counted = HttpTally()
    for answer in answers:
        counted = counted.add(answer, gate, "v2")
    return counted


@pytest.mark.parametrize(
    ("answers", "baked", "verdict"),
    [
        ([], True, Verdict.INCONCLUSIVE),
        ([GOOD] * 9, True, Verdict.INCONCLUSIVE),
        ([GOOD] * 10, True, Verdict.HEALTHY),
        ([GOOD] * 10, False, Verdict.INCONCLUSIVE),
        ([OTHER] * 50, True, Verdict.INCONCLUSIVE),
        ([BAD], True, Verdict.INCONCLUSIVE),
        ([BAD] * 2, False, Verdict.UNHEALTHY),
        ([BALANCER] * 2, False, Verdict.UNHEALTHY),
        ([NONE] * 2, False, Verdict.UNHEALTHY),
        ([GOOD] * 9 + [BAD], True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 2, True, Verdict.HEALTHY),
        ([GOOD] * 18 + [BAD] * 3, True, Verdict.UNHEALTHY),
        ([DOWN] * 50, True, Verdict.ERROR),
        ([GOOD] * 20 + [DOWN], True, Verdict.ERROR),
        ([GOOD] * 20 + [DOWN, GOOD], True, Verdict.HEALTHY),
        ([GOOD, DOWN, GOOD], True, Verdict.ERROR),
        ([BAD] * 5 + [DOWN], False, Verdict.UNHEALTHY),
    ],
)
def test_verdict_of_answers(answers: list[Answer], baked: bool, verdict: Verdict) -> None:
    assert assess_http(GATE, tally(*answers), baked=baked) is verdict


def test_without_a_version_header_every_answer_counts() -> None:
    gate = HttpGate("ready", "http://alb/", minimum_samples=2, version_header="")
    assert assess_http(gate, tally(Answer(200), Answer(200), gate=gate), baked=True) is Verdict.HEALTHY


def test_description_says_what_was_counted() -> None:
    said = describe_http(GATE, tally(GOOD, BAD, OTHER, BALANCER, DOWN))
    assert said == (
        "GET http://alb/readyz: 2 of 3 failed (1 x 200, 1 x 500, 1 x 503 without the version header); "
        "1 answered by another release were not counted; 1 could not be sent (refused)"
    )


@given(st.lists(st.sampled_from([GOOD, BAD, OTHER, NONE, BALANCER, DOWN]), max_size=60))
def test_healthy_always_rests_on_enough_good_answers(answers: list[Answer]) -> None:
    counted = tally(*answers)
    assert counted.samples == sum(answer not in (OTHER, DOWN) for answer in answers)
    assert counted.failures == sum(answer in (BAD, NONE, BALANCER) for answer in answers)
    if assess_http(GATE, counted, baked=True) is Verdict.HEALTHY:
        assert counted.samples >= GATE.minimum_samples
        assert counted.failures <= GATE.maximum_failure_ratio * counted.samples
        assert answers[-1] is not DOWN


@given(st.lists(st.sampled_from([GOOD, BAD, OTHER, NONE, DOWN]), max_size=40))
def test_unhealthy_stays_unhealthy_until_good_answers_outweigh(answers: list[Answer]) -> None:
    before, after = tally(*answers), tally(*answers, BAD)
    if assess_http(GATE, before, baked=False) is Verdict.UNHEALTHY:
        assert assess_http(GATE, after, baked=False) is Verdict.UNHEALTHY


TARGETS = TargetHealthGate(consecutive_successes=2, maximum_task_failures=1, maximum_start_failures=2)
WHOLE, HALF, NOTHING = TargetObservation(2, 2, 2), TargetObservation(2, 1, 2), TargetObservation(0, 0, 0)
EXIT = TaskFailure("t1", "EssentialContainerExited: it ended", True, (("app", 3),))
START = TaskFailure("t2", "TaskFailedToStart: no image", False)


def looks(*seen: TargetObservation | str) -> TargetTally:
    counted = TargetTally()
    for one in seen:
        counted = counted.failed_to_look(one) if isinstance(one, str) else counted.add(one)
    return counted


def failing(*failures: TaskFailure) -> TargetObservation:
    return TargetObservation(2, 2, 2, failures=failures)


@pytest.mark.parametrize(
    ("seen", "baked", "verdict"),
    [
        ([], True, Verdict.INCONCLUSIVE),
        ([WHOLE], True, Verdict.INCONCLUSIVE),
        ([WHOLE, WHOLE], True, Verdict.HEALTHY),
        ([WHOLE, WHOLE], False, Verdict.INCONCLUSIVE),
        ([WHOLE, HALF, WHOLE], True, Verdict.INCONCLUSIVE),
        ([NOTHING, NOTHING, NOTHING], True, Verdict.INCONCLUSIVE),
        ([WHOLE, WHOLE, "denied"], True, Verdict.ERROR),
        ([WHOLE, "denied", WHOLE, WHOLE], True, Verdict.HEALTHY),
        ([WHOLE, failing(EXIT)], True, Verdict.HEALTHY),
        ([WHOLE, failing(EXIT, EXIT)], False, Verdict.UNHEALTHY),
        ([WHOLE, failing(START, START)], True, Verdict.HEALTHY),
        ([WHOLE, failing(START, START, START)], False, Verdict.UNHEALTHY),
    ],
)
def test_verdict_of_targets(seen: list[TargetObservation | str], baked: bool, verdict: Verdict) -> None:
    assert assess_targets(TARGETS, looks(*seen), baked=baked) is verdict
