# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of answers, and told of them."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally


def test_answers_are_told_by_their_status() -> None:
    assert HttpTally().told == "0 of 0 failed (no answer that counts)"
    counted = HttpTally().answered("200", passed=True).answered("500", passed=False).answered("200", passed=True)
    assert counted.told == "1 of 3 failed (2 x 200, 1 x 500)"
    assert [*counted.beside] == []


def test_what_came_beside_answers_is_told() -> None:
    odd = HttpTally(others=2, redirect="http://elsewhere").not_sent("refused")
    redirect, others, unsent = odd.beside
    assert "redirected to http://elsewhere" in redirect
    assert (others, unsent) == ("2 from another release not counted", "1 could not be sent (refused)")
    assert odd.answered("200", passed=True).errors_in_a_row == 0 < odd.errors_in_a_row


def test_the_latest_requests_that_failed_are_named() -> None:
    tally = HttpTally().answered("200", passed=True, request_id="good")
    assert tally.bad == ()
    for number in range(5):
        tally = tally.answered("500", passed=False, request_id=f"Root=1-{number}")
    tally = tally.answered("200", passed=True, slow=True, request_id="late").answered("500", passed=False)
    assert [*tally.beside] == [
        "requests that failed last, by their ids in the logs: Root=1-3 (500), Root=1-4 (500), late (200)"
    ]
