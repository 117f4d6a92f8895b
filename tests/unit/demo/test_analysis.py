# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for an analysis, against a service that answers from a list."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import sandbox.wait
from demo.analysis import LIMIT_SECONDS, wait
from demo.console import Console, DemoError


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    made = SimpleNamespace(now=0.0)
    made.monotonic = lambda: made.now
    made.sleep = lambda seconds: setattr(made, "now", made.now + seconds)
    monkeypatch.setattr(sandbox.wait, "time", made)
    return made


def waited(*statuses: str) -> Any:
    """What comes of waiting for an analysis with these statuses, the last for ever."""
    left = list(statuses)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/analyses/a1"
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == "503":
            return httpx.Response(503)
        return httpx.Response(200, json={"id": "a1", "status": status, "error": "no frames"})

    with httpx.Client(base_url="http://service", transport=httpx.MockTransport(answer)) as http:
        return wait(http, "a1", Console())


def test_each_status_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert waited("queued", "queued", "running", "running", "succeeded")["status"] == "succeeded"
    told = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert told == ["queued", "running", "succeeded"]


def test_a_service_that_is_not_there_for_a_moment_is_asked_again(clock: SimpleNamespace) -> None:
    assert waited("queued", "503", "503", "succeeded")["status"] == "succeeded"
    with pytest.raises(DemoError, match="a1 is still unknown after 300 s"):
        waited("503")


def test_a_failure_says_why() -> None:
    with pytest.raises(DemoError, match="analysis a1 failed: no frames"):
        waited("queued", "failed")


def test_what_does_not_end_is_given_up(clock: SimpleNamespace) -> None:
    with pytest.raises(DemoError, match="a1 is still 'running' after 300 s"):
        waited("running")
    assert clock.now >= LIMIT_SECONDS
