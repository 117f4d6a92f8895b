# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate that asks a person, and the answers that others give it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome, Release
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems

from tests.unit.plugins.module_utils._rollout.approving import ASKING, CANARY, GATE, told
from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

ID = "R#seq-000000000002"
RECORD = Release("inference", ID, "1.1.0", "i", "d", "c", "CANARY", "deploy", "arn:new", "t", "me")


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def said(approved: bool, by: str = "arn:aws:sts::1:assumed-role/coach/ann", **other: Any) -> Answer:
    return replace(Answer("inference", ID, "approval", approved, by, "2026-01-01T00:00:00.000Z"), **other)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([said(True)], Verdict.HEALTHY),
        ([said(False)], Verdict.UNHEALTHY),
        ([said(True), said(False)], Verdict.UNHEALTHY),
        ([said(False), said(True)], Verdict.UNHEALTHY),
        ([said(True), said(True, "bob")], Verdict.HEALTHY),
        ([said(True, release="R#seq-000000000001")], Verdict.INCONCLUSIVE),
        ([said(True, gate="another")], Verdict.INCONCLUSIVE),
    ],
)
def test_verdict_of_answers(world: ShiftingWorld, ports: Ports, answers: list[Answer], verdict: Verdict) -> None:
    world.answered = answers
    tally = GATE.measure(GATE.begin(), scene(ports, release=RECORD))
    assert GATE.assess(tally, baked=True) is verdict
    counted = [answer for answer in answers if (answer.release, answer.gate) == (ID, "approval")]
    assert all(str(answer) in GATE.seen(tally) for answer in counted)
    assert ("answer yes or no" in GATE.seen(tally)) is not counted


def test_what_is_judged_without_a_record_can_be_approved_by_nobody(ports: Ports) -> None:
    with pytest.raises(OperationError, match="no record of this release"):
        GATE.measure(GATE.begin(), scene(ports))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "question is empty"),
        ({"question": " \n "}, "question is empty"),
        ({"question": "x" * 501}, "longer than 500"),
        ({"question": "x", "name": "n" * 101}, "at most 100 characters"),
        ({"question": "x", "name": "a\nb"}, "printable"),
    ],
)
def test_questions_that_cannot_be_asked_are_problems(options: dict[str, Any], problem: str) -> None:
    (told,) = gate_problems(read("approval", **options), 5.0)
    assert problem in told
    assert read("approval", question="x").deadline_seconds == 1800


def asking(world: ShiftingWorld, ports: Ports, answer: Callable[[], object], **other: Any) -> None:
    """Release 1.0.0, and begin 1.1.0, about which *answer* is called once it has been asked for 20 seconds."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")

    def once_asked() -> None:
        if world.asked:
            answer()
        else:
            world.at.append((world.seconds + 20, once_asked))

    world.at.append((world.seconds + 20, once_asked))
    deploy(ports, "1.1.0", **{**ASKING, **other})


def test_a_yes_lets_users_in_and_is_on_record(world: ShiftingWorld, ports: Ports) -> None:
    answers: list[dict[str, Any]] = []
    asking(world, ports, lambda: answers.extend([told(ports, check_mode=True), told(ports), told(ports)]))
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert [answer["changed"] for answer in answers] == [True, True, False]
    (given,) = world.answered
    assert given.by == ports.surroundings.caller_arn()
    assert answers[1]["message"] == "Go?"
    (measured,) = [gate for gate in newest(world).gates if gate.gate == "approval"]
    assert (measured.verdict, measured.stage, str(given) in measured.seen) == (Verdict.HEALTHY, "before_traffic", True)


@pytest.mark.parametrize("answers", [[False], [True, False]])
def test_a_no_ends_the_release_before_users_reach_it(world: ShiftingWorld, ports: Ports, answers: list[bool]) -> None:
    # A gate that is asked at every stage, so that a yes does not let the release past the second answer.
    patient = replace(GATE, bake_seconds=60, deadline_seconds=300)
    gates = (*make_request("x").gates, patient)
    with pytest.raises(RolledBackError, match=r"gate approval is UNHEALTHY\. Seen: 'Go\?' was answered .*no by arn"):
        asking(world, ports, lambda: [told(ports, approved=answer) for answer in answers], gates=gates)
    assert not [request for request in world.requests if request[0] == "user" and request[2].startswith("1.1.0")]


def test_without_an_answer_the_deadline_ends_it_and_says_so(world: ShiftingWorld, ports: Ports) -> None:
    with pytest.raises(RolledBackError, match=r"approval is INCONCLUSIVE\. Seen: nobody has answered 'Go\?'") as caught:
        asking(world, ports, lambda: None)
    assert "approve.yml -e version=1.1.0" in caught.value.message
    assert "within 120 s" in caught.value.message
    with pytest.raises(RefusedError, match="it has ended: ROLLED_BACK"):
        told(ports)


def test_a_yes_weakens_no_other_gate(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b", status=500)
    world.at.append((world.seconds + 8, lambda: told(ports) if world.asked else None))
    with pytest.raises(RolledBackError, match=r"gate (ready|route) is UNHEALTHY"):
        deploy(ports, "1.1.0", **ASKING)


def test_a_run_that_hands_over_leaves_the_answer_to_the_next(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **ASKING, wait_until="paused")
    assert newest(world).in_progress
    told(ports)
    deploy(ports, "1.1.0", **ASKING, judge_only=True)
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_nobody_is_asked_about_a_rollback() -> None:
    assert GATE.in_rollback() is None
