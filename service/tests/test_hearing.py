# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Workers that hear of work by real SQS: whatever is killed, refused or strange, each piece is done, and once."""

from __future__ import annotations

import json
import os
import signal
import uuid
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.messages.content import Message, written
from support.service import Service
from support.sqs import Sqs, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

type Make = Callable[..., Service]
FINISHED, STRANGE = "analysis finished", "message left to others"


@pytest.fixture(scope="module")
def sqs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqs]:
    """The queues."""
    with running(tmp_path_factory.mktemp("sqs")) as made:
        yield made


@pytest.fixture(scope="module")
def shared(sqs: Sqs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What all processes have in common: one folder of videos, and the queues."""
    return {
        **sqs.settings,
        "FASTBREAK_WORKER": "apart",
        "FASTBREAK_FOOTAGE": str(tmp_path_factory.mktemp("hearing") / "footage"),
        "FASTBREAK_LEASE_SECONDS": "2",
        "FASTBREAK_STOP_SECONDS": "1",
        "FASTBREAK_METRICS_NAMESPACE": "Fastbreak/test",
    }


@pytest.fixture(scope="module")
def api(
    apart: dict[str, dict[str, str]], shared: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The server that takes videos in."""
    made = Service(apart["serve"] | shared, tmp_path_factory.mktemp("api") / "log.jsonl", program="serve")
    try:
        yield made.start()
    finally:
        made.end()


@pytest.fixture
def make(apart: dict[str, dict[str, str]], shared: dict[str, str], tmp_path: Path) -> Iterator[Make]:
    """Makes processes, each with the rights of its program alone."""
    made: list[Service] = []

    def process(name: str, program: str = "work", **more: str) -> Service:
        (tmp_path / name).mkdir()
        made.append(Service(apart[program] | shared | more, tmp_path / name / "log.jsonl", program=program))
        return made[-1]

    yield process
    for service in made:
        service.end()


def finished(*workers: Service) -> list[str]:
    """Which analyses workers have finished."""
    return sorted(e["analysis_id"] for worker in workers for e in worker.logged() if e["event"] == FINISHED)


def test_work_of_a_killed_and_of_a_stopped_worker_is_done_once_and_no_message_is_left(
    make: Make, api: Service, sqs: Sqs, plain_clip: Path
) -> None:
    killed, stopped = make("killed"), make("stopped")
    for worker in (killed, stopped):
        worker.launch()
        os.kill(int(worker.wait_logged(event="worker started")["worker_pid"]), signal.SIGSTOP)
    accepted = [api.accepted(plain_clip.read_bytes()) for _ in range(3)]
    for worker in (killed, stopped):
        worker.wait_logged(event="analysis started")
    frozen = int(killed.wait_logged(event="worker started")["worker_pid"])
    killed.kill()
    os.kill(frozen, signal.SIGKILL)
    assert stopped.terminate() == 0
    stopped.wait_logged(event="analysis handed back")
    last = make("last", FASTBREAK_MAX_ATTEMPTS="10")
    last.launch()
    assert [api.wait_for(identity)["status"] for identity in accepted] == ["succeeded"] * 3
    assert finished(killed, stopped, last) == sorted(accepted)
    # That of the killed one is seen again, when its work is done.
    sqs.wait_for(sqs.work, 0)
    assert last.terminate() == 0
    assert sqs.counted(sqs.dead) == 0


def test_a_queue_that_takes_nothing_delays_work_and_loses_none(make: Make, plain_clip: Path) -> None:
    # Nobody listens there.
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    api, worker = make("api", "serve", **away).start(), make("worker", **away)
    worker.launch()
    identity = api.accepted(plain_clip.read_bytes())
    assert api.wait_for(identity)["status"] == "succeeded"
    api.wait_logged(event="message not sent", analysis_id=identity)
    worker.wait_logged(event="no message received")
    assert worker.terminate() == 0
    certificate = api.http.delete(f"/v1/analyses/{identity}").json()
    assert certificate["erased_at"] is not None, "no video stays for a queue"
    assert "dead_letters" not in certificate["erased"]
    erased = make("back", "serve").start().http.delete(f"/v1/analyses/{identity}").json()["erased"]
    assert erased == {**certificate["erased"], "dead_letters": 0}


def test_poison_is_a_dead_letter_until_its_analysis_is_erased(
    make: Make, api: Service, sqs: Sqs, plain_clip: Path
) -> None:
    worker = make("worker", FASTBREAK_MAX_ATTEMPTS="1", FASTBREAK_STOP_SECONDS="60")
    worker.launch()
    analyst = int(worker.wait_logged(event="worker started")["worker_pid"])
    os.kill(analyst, signal.SIGSTOP)
    identity = api.accepted(plain_clip.read_bytes())
    worker.wait_logged(event="analysis started", analysis_id=identity)
    os.kill(analyst, signal.SIGKILL)
    assert api.wait_for(identity)["status"] == "failed"
    sqs.wait_for(sqs.dead, 1)
    assert sqs.letters() == [{"contract": 1, "analysis": identity, "code": "worker_died"}]
    sqs.wait_for(sqs.work, 0)
    certificate = api.http.delete(f"/v1/analyses/{identity}").json()
    assert certificate["erased"]["dead_letters"] == 1
    assert sqs.counted(sqs.dead) == 0


def test_what_is_strange_or_of_a_later_release_is_left_and_keeps_nobody_from_work(
    make: Make, api: Service, sqs: Sqs, plain_clip: Path
) -> None:
    newer, garbage = written(Message(99, uuid.uuid4())), "no message"
    for text in (newer, garbage, json.dumps([1])):
        sqs.send(text)
    worker = make("worker")
    worker.launch()
    for text in (newer, garbage):
        worker.wait_logged(event=STRANGE, characters=len(text))
    identity = api.accepted(plain_clip.read_bytes())
    assert api.wait_for(identity)["status"] == "succeeded"
    sqs.wait_for(sqs.work, 3)
    assert worker.terminate() == 0
    assert worker.wait_logged(event="counted")["AnalysesSucceeded"] == 1
