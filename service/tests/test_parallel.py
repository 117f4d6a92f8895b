# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A long video and several workers: whatever is killed, each segment is done once, and what is lost is told."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support import clips
from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg import Connection

type Make = Callable[..., Service]


@pytest.fixture(scope="module")
def six_seconds(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip without anybody that is cut in three."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    pictures = [clips.noise(240, 180, seed) for seed in range(60)]
    return clips.write(path, pictures, clips.Look(rate=10, encoder={"g": "5"})).read_bytes()


@pytest.fixture
def make(apart: dict[str, dict[str, str]], tmp_path: Path) -> Iterator[Make]:
    """Makes processes that share one folder of videos, each with the rights of its program alone."""
    made: list[Service] = []
    shared = {
        "FASTBREAK_FOOTAGE": str(tmp_path / "footage"),
        "FASTBREAK_LEASE_SECONDS": "2",
        "FASTBREAK_SEGMENT_SECONDS": "2",
        "FASTBREAK_STOP_SECONDS": "1",
    }

    def process(name: str, program: str = "work", **more: str) -> Service:
        (tmp_path / name).mkdir()
        alone = {"FASTBREAK_WORKER": "apart"} if program == "serve" else {}
        made.append(Service(apart[program] | shared | alone | more, tmp_path / name / "log.jsonl", program=program))
        return made[-1]

    yield process
    for service in made:
        service.end()


def logged(event: str, *workers: Service) -> list[dict[str, Any]]:
    """What workers have said of something."""
    return [entry for worker in workers for entry in worker.logged() if entry["event"] == event]


def test_segments_of_killed_and_stopped_workers_are_done_by_others_and_none_twice(
    make: Make, six_seconds: bytes, tmp_path: Path
) -> None:
    api = make("api", "serve").start()
    # However often a busy machine lets a lease run out, that is no poison.
    killed, stopped, last = (make(name, FASTBREAK_MAX_ATTEMPTS="10") for name in ("killed", "stopped", "last"))
    killed.launch()
    killed.wait_logged(event="worker started")
    identity = api.accepted(six_seconds)
    killed.wait_logged(event="segment finished", segment=0)
    os.kill(killed.worker_pid(), signal.SIGSTOP)
    stopped.launch()
    stopped.wait_logged(event="segment started")
    os.kill(stopped.worker_pid(), signal.SIGSTOP)
    killed.kill()
    os.kill(killed.worker_pid(), signal.SIGKILL)
    assert stopped.terminate() == 0
    last.launch()
    told = api.wait_for(identity)
    assert (told["status"], told["segments"], told["missing"]) == ("succeeded", {"count": 3, "ended": 3}, [])
    assert (told["video"]["frames"], told["video"]["duration_seconds"]) == pytest.approx((60, 6))
    assert last.terminate() == 0
    workers = (killed, stopped, last)
    assert Counter(entry["segment"] for entry in logged("segment finished", *workers)) == {0: 1, 1: 1, 2: 1}
    assert len(logged("analysis cut", *workers)) == len(logged("analysis finished", *workers)) == 1
    assert {path.name for path in (tmp_path / "footage").iterdir()} == {".place", "kept"}


def test_a_service_whose_videos_end_with_it_ends_all_segments_before_it_stops(
    migrated: dict[str, str], six_seconds: bytes, database: Connection, tmp_path: Path
) -> None:
    alone = Service(migrated | {"FASTBREAK_SEGMENT_SECONDS": "2"}, tmp_path / "log.jsonl")
    try:
        identity = alone.start().accepted(six_seconds)
        alone.wait_logged(event="segment started", segment=0)
        assert alone.terminate() == 0
    finally:
        alone.end()
    found = database.execute("SELECT status, segments_ended FROM analyses WHERE id = %s", [identity]).fetchone()
    assert found == ("succeeded", 3)


def test_of_a_poison_segment_the_part_is_missing_and_the_rest_is_told(
    make: Make, six_seconds: bytes, database: Connection
) -> None:
    api, worker = make("api", "serve").start(), make("worker", FASTBREAK_MAX_ATTEMPTS="2")
    worker.launch()
    worker.wait_logged(event="worker started")
    identity = api.accepted(six_seconds)
    for failures in range(2):
        worker.wait_logged(event="segment started", segment=0, failures=failures)
        os.kill(worker.worker_pid(), signal.SIGKILL)
        worker.wait_logged(event="segment put back" if failures == 0 else "segment missing", segment=0)
    told = api.wait_for(identity)
    assert told["status"] == "succeeded"
    assert told["video"]["frames"] == 40
    (part,) = told["missing"]
    assert (part["from_seconds"], part["to_seconds"], part["code"]) == (0.0, 2.0, "worker_died")
    assert "tried 2 times" in part["message"]
    found = database.execute(
        "SELECT reason, dead_at IS NOT NULL, (SELECT count(*) FROM segments) FROM work WHERE analysis_id = %s",
        [identity],
    ).fetchone()
    assert found is not None
    assert "worker_died" in found[0]
    assert found[1:] == (True, 0)
