# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate that asks an endpoint for a verdict."""

from __future__ import annotations

import json
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.webhook import WebhookGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

URL = "https://judge.example.com/verdict?key=s3cret"
GATE = WebhookGate(name="hook", webhook_url=URL, webhook_token="t0ken")


def says(verdict: Any, **other: Any) -> bytes:
    return json.dumps({"verdict": verdict, **other}).encode()


@pytest.mark.parametrize("verdict", list(Verdict))
def test_its_verdict_is_the_gates(world: World, ports: Ports, verdict: Verdict) -> None:
    asked: list[tuple[str, str, dict[str, Any]]] = []

    def request(method: str, url: str, **named: Any) -> Answer:
        asked.append((method, url, named))
        return Answer(200, body=says(verdict.value, reason="as\n measured"))

    world.request = request  # type: ignore[method-assign]
    tally = GATE.measure(GATE.begin(), scene(ports))
    assert GATE.assess(tally, baked=True) is verdict
    assert GATE.assess(tally, baked=False) is not Verdict.HEALTHY
    assert GATE.seen(tally) == f"judge.example.com/verdict said {verdict.value}: as measured"
    ((method, url, named),) = asked
    assert (method, url) == ("POST", URL)
    assert ("Authorization", "Bearer t0ken") in named["headers"]
    assert json.loads(named["body"]) == {"gate": "hook", "version": "v2"}
    assert named["keep_bytes"] <= 65536


def test_before_it_was_asked_nothing_passes() -> None:
    assert GATE.assess(GATE.begin(), baked=True) is Verdict.INCONCLUSIVE
    assert GATE.seen(GATE.begin()) == "judge.example.com/verdict has given no verdict yet"


def answered(answer: Answer) -> Verdict:
    verdict, _reason = GATE._read(answer)
    return verdict


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200),
        Answer(200, body=b"HEALTHY"),
        Answer(200, body=b'"HEALTHY"'),
        Answer(200, body=b'["verdict"]'),
        Answer(200, body=says("healthy")),
        Answer(200, body=says(None)),
        Answer(200, body=says([])),
        Answer(200, body=says({})),
        Answer(200, body=b"\xff\xfe"),
        Answer(200, body=b"[" * 60_000),
        Answer(204, body=says("HEALTHY")),
        Answer(500, body=says("HEALTHY")),
        Answer(302, location="https://elsewhere.example.com/", body=says("HEALTHY")),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]!r}",
)
def test_what_is_no_verdict_is_an_error(answer: Answer) -> None:
    with pytest.raises(OperationError):
        answered(answer)


@given(st.binary(max_size=60))
def test_no_bytes_end_in_a_traceback(body: bytes) -> None:
    with pytest.raises(OperationError):
        answered(Answer(200, body=body))


def test_redirect_is_told_and_no_answer_is_no_measurement() -> None:
    with pytest.raises(
        OperationError, match=r"answered 302 and pointed to https://e\.example\.com/, which is not followed"
    ):
        answered(Answer(302, location="https://e.example.com/"))
    with pytest.raises(UnavailableError, match="did not answer: refused"):
        answered(Answer(0, problem="refused", unreachable=True))


def test_no_word_of_its_own_holds_a_secret() -> None:
    secrets = set(GATE.secrets())
    assert {"t0ken", "s3cret"} <= secrets
    words = f"{GATE.seen(GATE.begin())} {GATE.expected()}"
    assert not any(secret in words for secret in secrets)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "must be an https address"),
        ({"webhook_url": "http://judge.example.com/"}, "must be an https address"),
        ({"webhook_url": "ftp://judge.example.com/"}, "must be an https address"),
        ({"webhook_url": "https:///x"}, "has no host"),
        ({"webhook_url": "https://me:pw@judge.example.com/"}, "holds a login"),
        ({"webhook_url": URL, "webhook_token": "a\nb"}, "plain ASCII in one line"),
        ({"webhook_url": URL, "webhook_token": "é"}, "plain ASCII in one line"),
        ({"webhook_url": URL, "webhook_timeout_seconds": 0}, "webhook_timeout_seconds must be"),
        ({"webhook_url": URL, "webhook_timeout_seconds": nan}, "webhook_timeout_seconds must be"),
        ({"webhook_url": URL, "webhook_timeout_seconds": inf}, "webhook_timeout_seconds must be"),
        ({"webhook_url": URL, "webhook_timeout_seconds": 91, "deadline_seconds": 90}, "deadline_seconds 90 is below"),
    ],
)
def test_options_that_cannot_work_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("webhook", **options), 5.0))


@pytest.mark.parametrize("url", [URL, "http://localhost:8080/x", "http://127.0.0.1/"])
def test_usual_options_are_no_problem(url: str) -> None:
    assert gate_problems(read("webhook", webhook_url=url), 5.0) == []
