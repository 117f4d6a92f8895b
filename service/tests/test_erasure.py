# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing an analysis: whose, what of it is left, and what is on record."""

from __future__ import annotations

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy import event
from structlog.testing import capture_logs

from fastbreak_service.api.dead_letters import DeadLetters
from fastbreak_service.api.erasing import erase_video, finish_erasures
from fastbreak_service.api.storing import move
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.identity.caller import ANYBODY, DEFAULT_TEAM
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.person_erasures import PersonErasures
from fastbreak_service.store.tables import persons, players
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.work import WorkQueue
from support.seeds import figure, put_movement
from support.staff import Staff, code

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection
    from sqlalchemy import Engine

    from support.issuer import Issuer
    from support.service import Service


@pytest.fixture
def root(guarded: Service, issuer: Issuer) -> Staff:
    return Staff(guarded, issuer, "root", role="administrator")


@pytest.fixture
def analysis(root: Staff, database: Connection, plain_clip: Path) -> str:
    """An analysis with a video in the storage, everything that can be found, and a review."""
    answer = root.send(plain_clip.read_bytes(), "jane-doe.mp4", **{"idempotency-key": str(uuid.uuid4())})
    identity = str(answer.json()["id"])
    database.execute("INSERT INTO persons VALUES (%s, 1, 9, 0, 9, '{}')", [identity])
    put_movement(database, identity, figure())
    database.execute(
        "INSERT INTO measures (analysis_id, person, frame, time_seconds, angle, value_degrees, confidence) "
        "SELECT %s, 1, n, n, 'trunk_lean', 1, 1 FROM generate_series(1, 5) n",
        [identity],
    )
    database.execute(
        "INSERT INTO poses (analysis_id, number, person, frame, time_seconds, points) "
        "SELECT %s, n, 1, n, n, array_fill(0, ARRAY[34]) FROM generate_series(1, 4) n",
        [identity],
    )
    assert root.say(identity, 1, 0, "accepted", note="Jane Doe, left knee").status_code == 201
    return identity


def left_in(database: Connection, text: str) -> dict[str, int]:
    """How many rows of which tables hold a text."""
    tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = {}
    for (table,) in tables:
        rows = sql.SQL("SELECT count(*) FROM {0} WHERE {0}::text ILIKE %s").format(sql.Identifier(table))
        (count,) = database.execute(rows, [f"%{text}%"]).fetchone() or (0,)
        if count:
            found[table] = count
    return found


def test_nothing_is_left(root: Staff, analysis: str, database: Connection, footage: Path) -> None:
    before = left_in(database, analysis)
    assert {"analyses", "persons", "measures", "poses", "events", "findings", "reviews", "work"} <= before.keys()
    assert set(left_in(database, "jane")) == {"analyses", "reviews"}
    assert [path.name for path in footage.rglob(f"*{analysis}*")] == [f"{analysis}.video"]
    answer = root.erase(analysis)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    moved = figure()
    assert told["erased"] == {
        "persons": 1,
        "measures": 5,
        "poses": 4,
        "reviews": 1,
        "footage": 1,
        **{kind: len(moved[kind]) for kind in ("events", "findings")},
    }
    lasting = datetime.fromisoformat(told["backups_expire_at"]) - datetime.fromisoformat(told["erased_at"])
    assert lasting == timedelta(days=35)
    assert set(left_in(database, analysis)) == {"audit", "erasures"}
    assert left_in(database, "jane") == {}
    assert list(footage.rglob(f"*{analysis}*")) == []
    assert code(root.get(f"/v1/analyses/{analysis}")) == (404, "not_found")
    assert root.erase(analysis).json() == told, "twice is no error"
    assert told in root.get("/v1/erasures", limit=1000).json()["erasures"]
    trail = root.get("/v1/audit", analysis=analysis).json()["entries"]
    assert [one["action"] for one in trail].count("analysis.erased") == 1


def test_its_key_is_free_again(root: Staff, plain_clip: Path) -> None:
    video, headers = plain_clip.read_bytes(), {"idempotency-key": str(uuid.uuid4())}
    first = root.send(video, **headers).json()["id"]
    assert root.send(video, **headers).json()["id"] == first
    assert root.erase(first).status_code == 200
    again = root.send(video, **headers)
    assert (again.status_code, again.json()["id"] == first) == (202, False)


@pytest.mark.parametrize(
    ("team", "role", "status"),
    [
        ("hawks", "reviewer", 403),
        ("hawks", "uploader", 403),
        ("bulls", "administrator", 404),
        ("bulls", "reviewer", 403),
    ],
)
def test_nobody_else_erases_it(  # noqa: PLR0913, PLR0917 - who, and what
    guarded: Service, issuer: Issuer, root: Staff, analysis: str, team: str, role: str, status: int
) -> None:
    eve = Staff(guarded, issuer, "eve", team, role)
    assert eve.erase(analysis).status_code == status
    seen = eve.get(f"/v1/analyses/{analysis}")
    assert seen.status_code != 200 or seen.json()["erasable"] is False
    assert root.get(f"/v1/analyses/{analysis}").json()["erasable"] is True
    assert root.erase(analysis).status_code == 200
    assert eve.erase(analysis).status_code == status, "nor is its certificate anybody else's"
    if role == "administrator":
        assert eve.get("/v1/erasures").json() == {"erasures": [], "next": None}


def test_pages_of_certificates_make_up_the_whole(guarded: Service, issuer: Issuer, database: Connection) -> None:
    database.execute(
        "INSERT INTO erasures (analysis_id, team, place, erased, requested_at) "
        "SELECT gen_random_uuid(), 'owls', 'p', '{}', timestamptz '2020-01-01' + (n / 3) * interval '1 us' "
        "FROM generate_series(1, 8) n"
    )
    owl = Staff(guarded, issuer, "owl", "owls", "administrator")
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        page = owl.get("/v1/erasures", limit=3, **more).json()
        found += page["erasures"]
        if page["next"] is None:
            break
        more = {"after": page["next"]}
    assert len({one["analysis"] for one in found}) == len(found) == 8
    assert {(one["erased_at"], one["backups_expire_at"]) for one in found} == {(None, None)}


def test_a_storage_that_does_not_delete_is_tried_again(root: Staff, analysis: str, footage: Path) -> None:
    video = footage / f"{analysis}.video"
    video.unlink()
    video.mkdir()
    assert code(root.erase(analysis)) == (503, "storage_unavailable")
    assert code(root.get(f"/v1/analyses/{analysis}")) == (404, "not_found")
    listed = root.get("/v1/erasures").json()["erasures"][0]
    assert (listed["analysis"], listed["erased_at"], listed["backups_expire_at"]) == (analysis, None, None)
    video.rmdir()
    assert root.erase(analysis).json()["erased"]["footage"] == 0


# Of a storage that ends with its process only the work says where the video is.
ONLY_WORK = "WITH none AS (UPDATE analyses SET footage_place = NULL) UPDATE work SET place = 's3://older/'"


@pytest.mark.parametrize(
    "away",
    [
        "UPDATE analyses SET footage_place = 's3://older/' WHERE id = %s",
        f"{ONLY_WORK} WHERE analysis_id = %s",
    ],
)
def test_a_video_in_another_storage_is_erased_by_whoever_uses_that(  # noqa: PLR0913, PLR0917 - two storages
    root: Staff, analysis: str, database: Connection, engine: Engine, footage: Path, away: str
) -> None:
    database.execute(away.encode(), [analysis])
    for _ in range(2):
        answer = root.erase(analysis)
        assert code(answer) == (503, "storage_unavailable")
        assert "s3://older/" in answer.json()["detail"]
    assert (footage / f"{analysis}.video").exists()
    other = Erasures(engine, "s3://older/", None)
    assert uuid.UUID(analysis) in other.left()
    other.complete(uuid.UUID(analysis), 2)
    assert root.erase(analysis).json()["erased"]["footage"] == 2


def test_many_rows_have_time_to_go_and_a_lock_does_not(engine: Engine) -> None:
    new = NewAnalysis(uuid.uuid4(), None, 1, "p", durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    seen: list[tuple[Any, ...]] = []

    def look(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        if "erase_analysis" in statement:
            with connection.connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
                seen.append((*cursor.fetchone(), connection.connection.driver_connection.answer_seconds))

    event.listen(engine, "before_cursor_execute", look)
    assert Erasures(engine, "p", None).erase(ANYBODY, new.id) is not None
    assert seen == [("5min", "10s", 305)]


def test_what_is_being_analysed_ends_in_nothing(engine: Engine, tmp_path: Path) -> None:
    place = f"folder:{uuid.uuid4()}"
    mine, store, queue = TeamAnalyses(engine, DEFAULT_TEAM), AnalysisStore(engine), WorkQueue(engine, place, 30)
    new = NewAnalysis(uuid.uuid4(), "run.mp4", 1, place, durable=True, service_version="1")
    mine.add(new)
    taken = queue.take(abandoned=False)
    assert taken is not None
    assert store.start(new.id, taken.owner, taken.attempt)
    erasures = Erasures(engine, place, None)
    assert erasures.erase(ANYBODY, new.id) is not None
    rows = tmp_path / "rows.csv"
    rows.write_text("")
    result = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}
    assert not store.finish(new.id, taken.owner, result, rows)
    assert not store.fail(new.id, taken.owner, "x", "x")
    assert not queue.extend(taken)
    assert not queue.done(taken)
    assert (mine.one(new.id), queue.left(), erasures.left()) == (None, 0, [new.id])


def test_what_is_left_is_erased_later(engine: Engine) -> None:
    """Also what a process left that was killed between the rows and the video."""
    place = f"folder:{uuid.uuid4()}"
    new = NewAnalysis(uuid.uuid4(), None, 1, place, durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    erasures, tried = Erasures(engine, place, None), []
    assert erasures.erase(ANYBODY, new.id) is not None

    def erase(analysis: uuid.UUID) -> int:
        tried.append(analysis)
        if len(tried) == 1:
            raise FootageError("away")
        return 3

    async def pause(_: float) -> None:
        if len(tried) == 2:
            raise asyncio.CancelledError

    wanted: list[uuid.UUID] = []

    async def sweep() -> None:
        letters = DeadLetters(lambda _: {}, lambda *_: None)
        with suppress(asyncio.CancelledError):
            await finish_erasures(erasures, persons, storage, letters, sleep=pause)
        wanted.extend(letters._wanted)

    persons, storage = PersonErasures(engine, place, None), SimpleNamespace(erase=erase, versions=lambda _: 3)
    asyncio.run(sweep())
    assert (tried, erasures.left(), wanted) == ([new.id] * 2, [], [new.id])
    found = erasures.erase(ANYBODY, new.id)
    assert found is not None
    assert found["erased"]["footage"] == 3


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def wait_for_waiting(database: Connection, count: int) -> None:
    """Wait until so many wait for a lock."""
    deadline = time.monotonic() + 60
    while (seen := database.execute(_WAITING).fetchone()) != (count,):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)


def test_two_recordings_of_a_player_are_erased_at_once(engine: Engine, database: Connection) -> None:
    """Each erasure forgets what was told by its recording of the next: of the other's, and of a third both want."""
    mine, erasures = TeamAnalyses(engine, DEFAULT_TEAM), Erasures(engine, "p", None)
    first, other, third = (
        mine.add(NewAnalysis(uuid.uuid4(), None, 1, "p", durable=True, service_version="1")).id for _ in range(3)
    )
    with engine.begin() as connection:
        # In this order rows are found: the third before the other.
        for analysis, basis in ((third, [first, other]), (other, [first]), (first, [])):
            connection.execute(sa.insert(persons), _person(analysis))
            named = {"analysis_id": analysis, "person": 1, "player": "p7", "named_by": "x", "basis": basis}
            connection.execute(sa.insert(players), named)
    held = sa.select(players.c.person).where(players.c.analysis_id == third).with_for_update()
    erased = []
    with ThreadPoolExecutor(2) as pool, capture_logs() as logged:
        with engine.connect() as holding:
            holding.execute(held)
            for count, analysis in enumerate((first, other), 1):
                erased.append(pool.submit(erasures.erase, ANYBODY, analysis))
                wait_for_waiting(database, count)
        assert [one.result(60) is not None for one in erased] == [True, True]
    assert [entry["event"] for entry in logged] == ["database deadlock, asked again"]
    with engine.begin() as connection:
        left = connection.execute(sa.select(players).where(players.c.player == "p7")).all()
        assert [(row.analysis_id, row.basis) for row in left] == [(third, [])]
    assert erasures.erase(ANYBODY, third) is not None


def _person(analysis: uuid.UUID) -> dict[str, Any]:
    return {"analysis_id": analysis, "person": 1, "frames": 1, "first_frame": 0, "last_frame": 0, "angles": {}}


def test_of_two_who_erase_a_video_at_once_the_one_who_found_it_is_believed(engine: Engine) -> None:
    place = f"place:{uuid.uuid4()}"
    new = NewAnalysis(uuid.uuid4(), None, 1, place, durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    erasures = Erasures(engine, place, None)
    assert erasures.erase(ANYBODY, new.id) is not None
    ended = {erasures.complete(new.id, 0)["erased_at"]}
    for versions in (3, 0):
        found = erasures.complete(new.id, versions)
        ended.add(found["erased_at"])
        assert found["erased"]["footage"] == 3
    assert len(ended) == 1


def test_who_is_killed_once_the_video_went_leaves_it_to_the_next_to_say_so(engine: Engine) -> None:
    place = f"place:{uuid.uuid4()}"
    new = NewAnalysis(uuid.uuid4(), None, 1, place, durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    erasures, there = Erasures(engine, place, None), [1, 2, 3]
    assert erasures.erase(ANYBODY, new.id) is not None

    def erase(_: uuid.UUID) -> int:
        gone = len(there)
        there.clear()
        return gone

    storage: Any = SimpleNamespace(erase=erase, versions=lambda _: len(there))
    # Nobody puts on record what this gives.
    assert asyncio.run(erase_video(move, storage, new.id, erasures)) == 3
    assert asyncio.run(erase_video(move, storage, new.id, erasures)) == 0
    begun = erasures.erase(ANYBODY, new.id)
    assert begun is not None
    assert begun["erased_at"] is None
    assert erasures.complete(new.id, 0)["erased"]["footage"] == 3


def test_dead_letters_are_told_of_however_often_they_are_looked_for(engine: Engine) -> None:
    place = f"place:{uuid.uuid4()}"
    new = NewAnalysis(uuid.uuid4(), None, 1, place, durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    erasures = Erasures(engine, place, None)
    assert erasures.erase(ANYBODY, new.id) is not None
    assert "dead_letters" not in erasures.complete(new.id, 3)["erased"], "nobody has looked for any"
    for letters, told in ((0, 0), (2, 2), (1, 3)):
        erasures.add_letters(new.id, letters)
        found = erasures.erase(ANYBODY, new.id)
        assert found is not None
        assert (found["erased"]["footage"], found["erased"]["dead_letters"]) == (3, told)
