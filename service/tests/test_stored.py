# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a team may keep: counted from the moment it is announced, never passed, and free again when it goes."""

from __future__ import annotations

import json
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.quotas import GIB, Quota
from fastbreak_service.store import usage
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.tables import analyses, person_erasures
from fastbreak_service.store.tables import uploads as rows
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.team_uploads import NewUpload, TeamUploads
from fastbreak_service.store.usage import QuotaError, TeamUsage, Usage, refuse
from support.service import Service
from support.staff import Staff, code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from support.issuer import Issuer

NOW = datetime(2026, 1, 30, 23, tzinfo=UTC)
DAYS = 3
MOST = Quota(stored_bytes=100)
UPLOAD_BYTES = 256 << 20


def used(stored: int, frees: datetime | None = None, waiting: int = 0) -> Usage:
    return Usage(NOW, waiting, 0, NOW + timedelta(hours=1), 0, NOW + timedelta(hours=25), stored, frees)


@pytest.mark.parametrize(
    ("found", "size", "said"),
    [
        (used(99), 1, None),
        (used(100, NOW + timedelta(hours=2)), 1, ("quota_stored", 7200)),
        (used(100, NOW - timedelta(seconds=1)), 1, ("quota_stored", 1)),
        (used(100), 1, ("quota_stored", 30)),
        (used(0), 101, ("over_quota", None)),
        # What takes longer is said.
        (used(100, NOW + timedelta(seconds=5), 1000), 1, ("quota_waiting", 30)),
    ],
)
def test_what_is_kept_has_a_limit(found: Usage, size: int, said: tuple[str, int | None] | None) -> None:
    if said is None:
        refuse(found, MOST, size)
        return
    with pytest.raises(QuotaError) as caught:
        refuse(found, MOST, size)
    assert (caught.value.code, caught.value.heals_seconds) == said


def test_the_limit_what_is_used_and_what_frees_it_are_named() -> None:
    with pytest.raises(QuotaError) as caught:
        refuse(used(3 * GIB, NOW + timedelta(hours=2)), Quota(stored_bytes=3 * GIB + (200 << 20)), GIB + (1 << 29))
    assert str(caught.value) == (
        "The team's videos, with what its uploads under way have announced, have 3 GiB of the 3.2 GiB that it may "
        "keep, and this video has 1.5 GiB. Erase analyses that are needed no more, or give uploads up "
        "(GET /v1/uploads lists yours, and administrators all of them; DELETE /v1/uploads/{id}); the first of "
        "them goes by itself at 2026-01-31T01:00:00Z. Then send it again."
    )


class Team:
    """One that may keep 100 bytes."""

    def __init__(self, engine: Engine) -> None:
        self.name = f"team-{uuid.uuid4().hex[:8]}"
        self.caller = Caller(self.name, frozenset(Role), "ada")
        self.analyses = TeamAnalyses(engine, self.name, "ada", MOST, DAYS)
        self.uploads = TeamUploads(engine, self.caller, MOST, DAYS)
        self.usage = TeamUsage(engine, self.name, MOST, DAYS)
        self._engine = engine

    def send(self, size: int, *, durable: bool = True) -> uuid.UUID:
        new = NewAnalysis(uuid.uuid4(), "a.mp4", size, "/nowhere", durable, "1")
        return self.analyses.add(new).id

    def begin(self, size: int) -> uuid.UUID:
        row = self.uploads.add(NewUpload(uuid.uuid4(), "a.mp4", size, size, "/nowhere", "u"))
        assert row is not None
        return uuid.UUID(str(row["id"]))

    def complete(self, upload: uuid.UUID, size: int) -> bool:
        return (
            self.uploads.accept(NewAnalysis(upload, "a.mp4", size, "/nowhere", durable=True, service_version="1"))
            is not None
        )

    def end(self, analysis: uuid.UUID) -> None:
        with self._engine.begin() as connection:
            ended = sa.update(analyses).where(analyses.c.id == analysis)
            connection.execute(ended.values(finished_at=sa.func.now()))

    def ages(self, table: sa.Table, identity: uuid.UUID, hours: int) -> None:
        with self._engine.begin() as connection:
            since = sa.func.now() - sa.text(f"interval '{hours} hours'")
            connection.execute(sa.update(table).where(table.c.id == identity).values(created_at=since))

    @property
    def stored(self) -> int:
        return self.usage.now().stored_bytes


def at_once(*ways: Callable[[int], object]) -> int:
    """How many bytes the team may keep in the end, when ways in are tried at the same moment with 40 bytes each."""

    def tried(way: Callable[[int], object]) -> int:
        try:
            way(40)
        except QuotaError:
            return 0
        return 40

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(tried, ways))


def test_of_many_at_once_no_more_are_taken_than_may_be_kept(engine: Engine) -> None:
    team = Team(engine)
    assert at_once(*(team.begin, team.send) * 4) == team.stored == 80
    # Twenty are left, whichever way.
    team.begin(10)
    team.send(10)
    for way in (team.begin, team.send):
        with pytest.raises(QuotaError, match="have 100 bytes of the 100 bytes"):
            way(1)
    # Another team has its own.
    Team(engine).send(100)


def test_a_service_that_forgets_uploads_under_way_is_noticed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = usage._announced
    monkeypatch.setattr(usage, "_announced", lambda team, but: counted(team, but).where(sa.false()))
    assert at_once(*(Team(engine).begin,) * 4) == 160


def test_an_upload_has_its_room_until_it_is_an_analysis(engine: Engine) -> None:
    team = Team(engine)
    upload = team.begin(100)
    new = NewAnalysis(upload, "a.mp4", 100, "/nowhere", durable=True, service_version="1")
    team.uploads.expect(new)
    assert team.complete(upload, 100)
    assert (team.stored, team.usage.now().day_bytes) == (100, 100)
    # Once more is the same.
    assert team.complete(upload, 100)
    assert team.stored == 100


def test_what_goes_is_free_again(engine: Engine) -> None:
    team = Team(engine)
    late, given_up, refused = (team.begin(10) for _ in range(3))
    old, waits, erased = (team.send(20) for _ in range(3))
    assert team.stored == 90
    team.ages(rows, late, 25)
    assert team.stored == 80
    team.uploads.give_up(given_up)
    team.uploads.refuse(refused, "undecodable", "why")
    assert team.stored == 60
    # What waits is in the storage, however long that takes; what has ended is until its days are over.
    for one in (old, waits):
        team.ages(analyses, one, 24 * DAYS + 1)
    team.end(old)
    assert team.stored == 40
    Erasures(engine, "/nowhere", None).erase(team.caller, erased)
    assert team.stored == 20
    team.end(waits)
    assert (team.stored, team.usage.now().stored_frees) == (0, None)


def test_a_video_that_is_not_kept_counts_until_its_analysis_has_ended(engine: Engine) -> None:
    team = Team(engine)
    passing, lost = team.send(10, durable=False), team.send(20)
    assert team.stored == 30
    team.end(passing)
    assert team.stored == 20
    team.end(lost)
    AnalysisStore(engine).lose(lost)
    assert team.stored == 0


@pytest.mark.parametrize(("how", "left"), [("blurred", 10), ("deleted", 0)])
def test_a_video_counts_while_somebody_in_it_is_being_covered(engine: Engine, how: str, left: int) -> None:
    team = Team(engine)
    video = team.send(10)
    team.end(video)
    # What the database's function does to the video of whom it erases.
    AnalysisStore(engine).lose(video)
    told = {"analysis_id": video, "team": team.name, "place": "/nowhere", "how": how, "erased": {}}
    with engine.begin() as connection:
        connection.execute(sa.insert(person_erasures), [{**told, "person": person} for person in (1, 2)])
    assert team.stored == left
    with pytest.raises(QuotaError) if left else nullcontext():
        team.begin(95)
    team.ages(analyses, video, 24 * DAYS + 1)
    assert team.stored == (0 if left else 95)


def test_the_first_that_goes_by_itself_is_told(engine: Engine) -> None:
    team = Team(engine)
    video = team.send(10)
    ends = team.usage.now().stored_frees
    assert ends is not None
    assert timedelta(days=DAYS) - timedelta(minutes=5) < ends - datetime.now(UTC) <= timedelta(days=DAYS, minutes=5)
    team.begin(10)
    sooner = team.usage.now().stored_frees
    assert sooner is not None
    assert sooner < ends
    team.ages(analyses, video, 24 * DAYS - 1)
    soonest = team.usage.now().stored_frees
    assert soonest is not None
    assert soonest < sooner


@pytest.fixture(scope="module")
def bounded(
    apart: dict[str, dict[str, str]], issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A replica whose teams may keep 1 GiB, with the rights of the API alone."""
    folder = tmp_path_factory.mktemp("bounded")
    settings = {
        "FASTBREAK_WORKER": "apart",
        "FASTBREAK_FOOTAGE": str(folder / "footage"),
        "FASTBREAK_STORED_QUOTAS": json.dumps({"each": {"gib_stored": 1}}),
    }
    replica = Service({**apart["serve"], **issuer.settings, **settings}, folder / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


def told_before_a_byte(service: Service, token: str, length: int) -> bytes:
    """What the service says to whoever has sent the head of a video alone, and waits."""
    address = urlsplit(str(service.http.base_url))
    head = f"POST /v1/analyses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: video/mp4\r\n"
    with socket.create_connection((address.hostname, address.port), 60) as line:
        line.sendall(f"{head}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n".encode())
        told = b""
        while b"quota_stored" not in told and (more := line.recv(65536)):
            told += more
        return told


def test_both_ways_in_are_refused_before_a_byte_and_opened_by_what_is_given_up(
    bounded: Service, issuer: Issuer, plain_clip: Path
) -> None:
    bob = Staff(bounded, issuer, "bob", "hawks", "uploader")
    begun = [bob.ask("POST", "/v1/uploads", json={"size_bytes": UPLOAD_BYTES}) for _ in range(4)]
    assert [answer.status_code for answer in begun] == [201] * 4
    refused = bob.ask("POST", "/v1/uploads", json={"size_bytes": 1})
    assert code(refused) == (429, "quota_stored")
    assert refused.headers["content-type"] == "application/problem+json"
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
    assert "have 1 GiB of the 1 GiB that it may keep, and this video has 1 byte." in refused.json()["detail"]
    token = issuer.token(sub="bob", team="hawks", roles=["uploader"])
    head = told_before_a_byte(bounded, token, plain_clip.stat().st_size)
    assert head.startswith(b"HTTP/1.1 429 ")
    assert b"quota_stored" in head
    usage = bob.get("/v1/usage").json()["stored_bytes"]
    assert (usage["used"], usage["quota"]) == (GIB, GIB)
    assert usage["frees_at"] is not None
    # Another team has its own.
    assert Staff(bounded, issuer, "eve", "bulls", "uploader").send(plain_clip.read_bytes()).status_code == 202
    assert bob.ask("DELETE", f"/v1/uploads/{begun[0].json()['id']}").status_code == 204
    assert bob.send(plain_clip.read_bytes()).status_code == 202
    assert bob.get("/v1/usage").json()["stored_bytes"]["used"] == GIB - UPLOAD_BYTES + plain_clip.stat().st_size


def test_who_repeats_what_took_the_last_room_gets_it(bounded: Service, issuer: Issuer) -> None:
    bob = Staff(bounded, issuer, "bob", f"team-{uuid.uuid4().hex[:8]}", "uploader")
    for _ in range(3):
        assert bob.ask("POST", "/v1/uploads", json={"size_bytes": UPLOAD_BYTES}).status_code == 201

    def begin(_: int) -> tuple[int, str]:
        headers = {"idempotency-key": "k"}
        answer = bob.ask("POST", "/v1/uploads", json={"size_bytes": UPLOAD_BYTES}, headers=headers)
        return answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(begin, range(8)))
    ((status, identity),) = found
    assert (status, identity is not None) == (201, True)
