# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""This machine and a task of the service make the same of every answer: one table, asked of both by real sockets."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.task_probe import answer_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe

from tests.unit.service.answers import ANSWERS, TIMEOUT, Given, Time, served
from tools.files import ROOT

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Answer

KEPT = 4096
OWN_NAME = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")


def by_controller(url: str, given: Given, time: Time) -> Answer:
    probe = HttpProbe(clock=time)
    return probe.request(given.method, url, timeout_seconds=TIMEOUT, version_header="x-version", keep_bytes=KEPT)


def by_task(url: str, given: Given, time: Time) -> Answer:
    """As the service's ``probe`` tells it, and the controller reads it."""
    probing: Any = importlib.import_module("fastbreak_service.probing")
    request = probing.ProbeRequest(given.method, url, 1, 0.0, TIMEOUT, "x-version", (), KEPT)
    (line,) = probing.answers(request, sleep=time.sleep, now=time.monotonic)
    told = answer_of(line, KEPT)
    assert told
    return told


@pytest.mark.parametrize("ask", [by_controller, by_task])
@pytest.mark.parametrize("given", ANSWERS, ids=lambda given: given.name)
def test_every_answer_is_told_alike(given: Given, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "service" / "src")
    time = Time()
    with served(given, time) as url:
        found = ask(url, given, time)
    assert given.problem in found.problem
    assert bool(given.problem) is bool(found.problem)
    named = given.request_id == found.request_id or (not given.request_id and OWN_NAME.fullmatch(found.request_id))
    assert named
    assert replace(found, problem="", request_id="") == found.__class__(
        given.status, version=given.version, location=given.location, body=given.body, seconds=given.seconds
    )


def test_both_keep_to_their_time_by_the_same_code() -> None:
    """Neither may be without its own copy: the image has no collection, and the collection no service."""
    texts = [
        path.read_text(encoding="utf-8").partition('"""')[2]
        for path in (
            ROOT / "plugins" / "module_utils" / "_common" / "timely.py",
            ROOT / "service" / "src" / "fastbreak_service" / "timely.py",
        )
    ]
    assert texts[0] == texts[1] != ""


def test_slow_service_is_asked_no_longer_than_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "service" / "src")
    probing: Any = importlib.import_module("fastbreak_service.probing")
    time = Time()
    request = probing.ProbeRequest("GET", "http://127.0.0.1:1/", 120, 7.0, TIMEOUT)
    assert len(list(probing.answers(request, sleep=time.sleep, now=time.monotonic))) == 9


def test_nobody_there_is_no_answer_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "service" / "src")
    for ask in (by_controller, by_task):
        for url in ("http://127.0.0.1:1/", "http://no-such-host.invalid/", f"http://{'a' * 70}.example/"):
            found = ask(url, ANSWERS[0], Time())
            assert (found.status, found.unreachable) == (0, True)
            assert found.problem
