# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What happens when something dies: the worker, the database, the service itself."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.tables import work
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from support.postgres import Postgres
from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def replica(migrated: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    """A replica that does not outlive its test."""
    made = Service(migrated, tmp_path / "log.jsonl")
    try:
        yield made.start()
    finally:
        made.end()


@pytest.fixture
def plain(plain_clip: Path) -> bytes:
    """What is analysed at once."""
    return plain_clip.read_bytes()


def test_a_video_that_takes_its_worker_with_it_is_given_up_and_nothing_else_is(
    migrated: dict[str, str], tmp_path: Path, long_clip: bytes, plain: bytes, store: AnalysisStore
) -> None:
    replica = Service(migrated | {"FASTBREAK_MAX_ATTEMPTS": "2"}, tmp_path / "log.jsonl")
    try:
        poison = replica.start().accepted(long_clip)
        harmless = replica.accepted(plain)
        for attempt in (1, 2):
            replica.wait_logged(event="analysis started", analysis_id=poison, attempt=attempt)
            os.kill(replica.worker_pid(), signal.SIGKILL)
        failed = replica.wait_for(poison)
        assert (failed["status"], failed["error"]["code"]) == ("failed", "worker_died")
        assert "signal 9" in failed["error"]["message"]
        assert failed["error"]["message"].endswith("It was tried 2 times.")
        assert replica.http.get("/healthz").status_code == 200
        assert replica.wait_for(harmless)["status"] == "succeeded"
    finally:
        replica.end()
    with store._engine.connect() as connection:
        buried = connection.execute(sa.select(work.c.reason).where(work.c.dead_at.is_not(None))).scalars().all()
    assert buried == [failed["error"]["message"]]


def test_a_worker_killed_while_idle_is_started_again(service: Service) -> None:
    before = service.worker_pid()
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 90
    while service.worker_pid() == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    service.wait_ready()


def test_a_stopped_service_finishes_and_exits_well(
    replica: Service, long_clip: bytes, plain: bytes, migrated: dict[str, str]
) -> None:
    running, waiting = replica.accepted(long_clip), replica.accepted(plain)
    replica.wait_for(running, "running")
    worker = replica.worker_pid()
    assert replica.terminate() == 0
    assert not _alive(worker)
    with pytest.raises(httpx.TransportError):
        replica.http.get("/healthz")
    assert {_status(migrated, identity) for identity in (running, waiting)} == {"succeeded"}


def test_the_worker_dies_with_its_service(replica: Service) -> None:
    worker = replica.worker_pid()
    assert replica.process is not None
    replica.process.kill()
    replica.process.wait()
    deadline = time.monotonic() + 90
    while _alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("leave", "come_back"), [(Postgres.stop, Postgres.start), (Postgres.hang, Postgres.go_on)])
def test_a_database_that_is_away_for_a_while_costs_no_analysis(
    service: Service,
    long_clip: bytes,
    postgres: Postgres,
    leave: Callable[[Postgres], None],
    come_back: Callable[[Postgres], None],
) -> None:
    said = len(service.log.read_text())
    identity = service.accepted(long_clip)
    service.wait_for(identity, "running")
    leave(postgres)
    try:
        away = service.http.get("/readyz")
        assert (away.status_code, away.json()["error"]["code"]) == (503, "database_unavailable")
        assert service.http.get("/healthz").status_code == 200
        for answer in (
            service.http.get("/v1/analyses"),
            service.http.get(f"/v1/analyses/{identity}"),
            service.send(long_clip),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")
            assert int(answer.headers["retry-after"]) > 0
    finally:
        come_back(postgres)
    service.wait_ready()
    assert service.wait_for(identity)["status"] == "succeeded"
    assert "Traceback" not in service.log.read_text()[said:]


def test_an_upload_that_breaks_off_leaves_nothing(service: Service, long_clip: bytes) -> None:
    def broken() -> Iterator[bytes]:
        yield long_clip[:1000]
        raise RuntimeError("the line broke")

    with pytest.raises(RuntimeError, match="line"):
        service.http.post("/v1/analyses", content=broken(), headers={"content-type": "video/mp4"})
    depth = "fastbreak_queue_depth"
    deadline = time.monotonic() + 90
    while f"{depth} 0.0" not in service.http.get("/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def store(migrated: dict[str, str]) -> Iterator[AnalysisStore]:
    """The database, as a replica sees it."""
    engine = make_engine(database_settings(migrated))
    yield AnalysisStore(engine)
    engine.dispose()


def new_analysis(*, durable: bool = False) -> NewAnalysis:
    """One that was just accepted, in a place of its own."""
    return NewAnalysis(uuid.uuid4(), "x.mp4", 1, f"place:{uuid.uuid4()}", durable, "0")


def test_an_analysis_taken_away_is_not_written_over(store: AnalysisStore, tmp_path: Path) -> None:
    new = new_analysis()
    _of_team(store).add(new)
    assert store.start(new.id, "me", 1)
    assert store.ended(new.id) is None
    assert store.fail(new.id, "me", "interrupted", "gone")
    assert store.ended(new.id) == (DEFAULT_TEAM, "failed")
    rows = tmp_path / "rows.csv"
    rows.write_text("")
    assert not store.finish(new.id, "me", {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}, rows)
    assert not store.start(new.id, "me", 2)
    assert _error(store, new.id) == "interrupted"


def test_a_result_that_cannot_be_stored_leaves_nothing_of_itself(store: AnalysisStore, tmp_path: Path) -> None:
    new = new_analysis()
    _of_team(store).add(new)
    store.start(new.id, "me", 1)
    rows = tmp_path / "rows.csv"
    rows.write_text(f"{new.id},1,0,0.0,trunk_lean,1.5,0.9\n{new.id},7,0,0.0,trunk_lean,1.5,0.9\n")
    person = {"id": 1, "frames": 1, "first_frame": 0, "last_frame": 0, "angles": {}}
    result: dict[str, Any] = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": [person]}
    with pytest.raises(Exception, match="foreign key"):
        store.finish(new.id, "me", result, rows)
    found = _of_team(store).one(new.id)
    assert found is not None
    row, persons = found
    assert (row["status"], list(persons)) == ("running", [])


def _of_team(store: AnalysisStore) -> TeamAnalyses:
    return TeamAnalyses(store._engine, DEFAULT_TEAM)


def _error(store: AnalysisStore, identity: uuid.UUID) -> str | None:
    found = _of_team(store).one(identity)
    assert found is not None
    code: str | None = found[0]["error_code"]
    return code


def _status(environment: dict[str, str], identity: str) -> str:
    engine = make_engine(database_settings(environment))
    found = TeamAnalyses(engine, DEFAULT_TEAM).one(uuid.UUID(identity))
    engine.dispose()
    assert found is not None
    return str(found[0]["status"])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return status.rsplit(")", 1)[1].split()[0] != "Z"
