# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Accepted means durable: whatever is killed or stopped with uploads queued, none is lost or done twice."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres

type Make = Callable[..., Service]


@pytest.fixture
def make(migrated: dict[str, str], apart: dict[str, dict[str, str]], tmp_path: Path) -> Iterator[Make]:
    """Makes processes that share one folder of videos; their log is named by the first argument.

    Those that do one thing have the rights of it alone.
    """
    made: list[Service] = []
    shared = {
        "FASTBREAK_FOOTAGE": str(tmp_path / "footage"),
        "FASTBREAK_QUEUE_SIZE": "20",
        "FASTBREAK_LEASE_SECONDS": "2",
        # However often a busy machine lets a lease run out, that is no poison.
        "FASTBREAK_MAX_ATTEMPTS": "10",
    }

    def process(name: str, program: str, **more: str) -> Service:
        (tmp_path / name).mkdir()
        alone = program == "work" or "FASTBREAK_WORKER" in more
        login = apart[program] if alone else migrated
        made.append(Service(login | shared | more, tmp_path / name / "log.jsonl", program=program))
        return made[-1]

    yield process
    for service in made:
        service.end()


def frozen_worker(make: Make, name: str) -> tuple[Service, int]:
    """A worker whose process that analyses does nothing any more, so that what it takes stays in the middle."""
    worker = make(name, "work", FASTBREAK_STOP_SECONDS="1")
    worker.launch()
    frozen = int(worker.wait_logged(event="worker started")["worker_pid"])
    os.kill(frozen, signal.SIGSTOP)
    return worker, frozen


def test_kills_and_stops_of_everything_lose_nothing_and_do_nothing_twice(
    make: Make, plain_clip: Path, postgres: Postgres, tmp_path: Path
) -> None:
    api = make("api", "serve", FASTBREAK_WORKER="apart").start()
    killed, frozen = frozen_worker(make, "killed")
    stopped, _ = frozen_worker(make, "stopped")
    accepted = [api.accepted(plain_clip.read_bytes()) for _ in range(9)]
    lost, handed_back = (w.wait_logged(event="analysis started")["analysis_id"] for w in (killed, stopped))
    api.kill()
    killed.kill()
    os.kill(frozen, signal.SIGKILL)
    assert stopped.terminate() == 0
    stopped.wait_logged(event="analysis handed back", analysis_id=handed_back)
    api.start()
    assert api.http.get(f"/v1/analyses/{handed_back}").json()["status"] == "queued"
    last = make("last", "serve").start()
    postgres.stop()
    postgres.start()
    ends = [last.wait_for(identity)["status"] for identity in accepted]
    assert ends == ["succeeded"] * 9
    last.wait_logged(event="analysis started", analysis_id=lost, attempt=2, failures=1)
    last.wait_logged(event="analysis started", analysis_id=handed_back, attempt=2, failures=0)
    assert last.terminate() == 0
    finished = [entry["analysis_id"] for entry in last.logged() if entry["event"] == "analysis finished"]
    assert sorted(finished) == sorted(accepted)
    assert {path.name for path in (tmp_path / "footage").iterdir()} == {".place", "kept"}
    assert {path.stem for path in (tmp_path / "footage" / "kept").iterdir()} == set(accepted)
