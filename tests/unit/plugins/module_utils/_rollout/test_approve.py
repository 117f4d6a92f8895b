# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers to what a release asks: which are taken, and which are refused because they are to nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome

from tests.unit.plugins.module_utils._rollout.approving import ASKING, CANARY, told
from tests.unit.plugins.module_utils._rollout.case import deploy, newest
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.approval import Answer
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def test_answers_to_nothing_are_refused(world: ShiftingWorld, ports: Ports) -> None:
    with pytest.raises(RefusedError, match="was never released"):
        told(ports)
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    with pytest.raises(RefusedError, match=r"the newest release is 1\.0\.0-a+ \(SUCCEEDED\), and not that one"):
        told(ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **ASKING, wait_until="paused")
    for other, why in (
        ({"version": "1.0.0"}, "the newest release is 1.1.0"),
        ({"version": ""}, "the newest release is 1.1.0"),
        ({"gate": "x"}, r"no gate 'x' of the release asks for an approval; it asks approval: Go\?"),
    ):
        with pytest.raises(RefusedError, match=why):
            told(ports, **other)
    assert not world.answered
    world.asked.clear()
    with pytest.raises(RefusedError, match="it asks nothing yet"):
        told(ports)


def test_a_yes_after_a_no_and_a_comment_without_end_are_refused(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **ASKING, wait_until="paused")
    told(ports, approved=False)
    with pytest.raises(RefusedError, match="A no is final"):
        told(ports)
    with pytest.raises(RequestError, match="longer than 500"):
        told(ports, comment="x" * 501)
    assert [answer.approved for answer in world.answered] == [False]


def test_an_answer_that_comes_too_late_says_so(world: ShiftingWorld, ports: Ports) -> None:
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", **ASKING, wait_until="paused")
    given = world.answer

    def late(answer: Answer) -> None:
        given(answer)
        world.records[answer.release] = replace(newest(world), outcome=Outcome.ROLLED_BACK)

    world.answer = late  # type: ignore[method-assign]
    with pytest.raises(RefusedError, match="it came too late: the release has ended as ROLLED_BACK"):
        told(ports)
