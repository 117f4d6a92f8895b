# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which answers count, and which of them are right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.content import Content
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_expectation import Expectation
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

WANTED = Expectation((200, 202), Content(), "x-version")


@pytest.mark.parametrize(
    ("answer", "samples", "failures", "others"),
    [
        (Answer(200, "v2"), 1, 0, 0),
        (Answer(202, "v2"), 1, 0, 0),
        (Answer(201, "v2"), 1, 1, 0),
        (Answer(200, "v1"), 0, 0, 1),
        (Answer(200), 1, 1, 0),
        (Answer(503), 1, 1, 0),
        (Answer(0, problem="reset"), 1, 1, 0),
        (Answer(0, problem="refused", unreachable=True), 0, 0, 0),
    ],
)
def test_an_answer_is_right_wrong_or_none_of_this_release(
    answer: Answer, samples: int, failures: int, others: int
) -> None:
    counted = WANTED.count(HttpTally(), answer, "v2")
    assert (counted.samples, counted.failures, counted.others) == (samples, failures, others)
    assert counted.errors == answer.unreachable


@pytest.mark.parametrize(
    ("answer", "slow"),
    [
        (Answer(200, "v2", seconds=0.5), 0),
        (Answer(200, "v2", seconds=0.6), 1),
        (Answer(200, "v2", seconds=float("nan")), 1),
        (Answer(0, problem="timed out", seconds=0.1), 1),
    ],
)
def test_an_answer_that_did_not_come_is_slow_too(answer: Answer, slow: int) -> None:
    assert replace(WANTED, slowest=0.5).count(HttpTally(), answer, "v2").slow == slow
    assert WANTED.count(HttpTally(), answer, "v2").slow == 0


def test_a_body_that_is_not_as_expected_is_told_with_the_status() -> None:
    wanted = replace(WANTED, content=Content(json=(("status", "ok"),)))
    counted = wanted.count(HttpTally(), Answer(200, "v2", body=b'{"status": "error"}'), "v2")
    assert counted.statuses == (("200 with another status", 1),)
    assert wanted.wanted == '200 or 202 with status "ok"'


def test_a_part_of_a_body_is_not_judged_for_the_whole() -> None:
    part = Answer(200, "v2", body=b'{"sta', untold_bytes=9000)
    wanted = replace(WANTED, content=Content(json=(("status", "ok"),)))
    untold = wanted.count(HttpTally(), part, "v2")
    assert (untold.samples, untold.errors) == (0, 1)
    assert "200 with a body of 9005 bytes, of which the task that asks (probe_from) tells 5" in untold.last_error
    # What fails anyhow fails, and where nothing is expected of bodies nothing is missing.
    assert wanted.count(HttpTally(), replace(part, status=500), "v2").failures == 1
    assert WANTED.count(HttpTally(), part, "v2").failures == 0
