# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are sent in parts: accepted once, whatever breaks off between, and nobody else's."""

from __future__ import annotations

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from fastbreak_service.api.cutting import part_sizes
from fastbreak_service.api.uploading import finish_uploads
from fastbreak_service.footage.folder import Folder
from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.store.callers import of_team
from fastbreak_service.store.tables import uploads
from fastbreak_service.store.team_analyses import NewAnalysis
from fastbreak_service.store.team_uploads import LeftUploads, NewUpload, TeamUploads
from support.staff import Staff, code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx
    from psycopg import Connection
    from sqlalchemy import Engine

    from support.issuer import Issuer
    from support.service import Service

MIB = 1 << 20
PART = 8 * MIB


class Sender(Staff):
    """Somebody who sends videos in parts."""

    def begin(self, size: int, filename: str | None = "run.mp4", **headers: str) -> httpx.Response:
        return self.ask("POST", "/v1/uploads", json={"filename": filename, "size_bytes": size}, headers=headers)

    def begun(self, size: int, **headers: str) -> str:
        answer = self.begin(size, **headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def links(self, upload: str, **params: int) -> list[dict[str, Any]]:
        answer = self.ask("POST", f"/v1/uploads/{upload}/part-links", params=params)
        assert answer.status_code == 201, answer.text
        return list(answer.json()["parts"])

    def put(self, upload: str, video: bytes, *numbers: int) -> None:
        """Send these parts, or all of them, the last one first. The links ask for no token."""
        for link in reversed(self.links(upload)):
            if not numbers or link["number"] in numbers:
                begin = (link["number"] - 1) * PART
                answer = self._http.put(link["url"], content=video[begin : begin + link["size_bytes"]])
                assert answer.status_code == 200, answer.text

    def complete(self, upload: str) -> httpx.Response:
        return self.ask("POST", f"/v1/uploads/{upload}/completion")

    def shown(self, upload: str) -> dict[str, Any]:
        return dict(self.get(f"/v1/uploads/{upload}").json())

    def sent(self, video: bytes, **headers: str) -> str:
        """A whole video that waits for its completion."""
        upload = self.begun(len(video), **headers)
        self.put(upload, video)
        return upload


@pytest.fixture
def bob(guarded: Service, issuer: Issuer) -> Sender:
    return Sender(guarded, issuer, "bob", role="uploader")


@pytest.fixture
def video(large_clip: Path) -> bytes:
    """A video of three parts."""
    return large_clip.read_bytes()


def left(footage: Path, upload: str) -> list[str]:
    """What the storage has of an upload."""
    return sorted(path.name for path in footage.rglob(f"{upload}*"))


def kept(database: Connection, upload: str) -> tuple[Any, ...] | None:
    """What the row of an upload says that has ended: its code, and whose it was."""
    said = "SELECT error_code, filename, idempotency_key FROM uploads WHERE id = %s"
    return database.execute(said, [upload]).fetchone()


def until(there: Callable[[], bool]) -> None:
    """Wait for something, for a minute at most."""
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sweep(engine: Engine, folder: Folder) -> None:
    """Clear once what was given up or is late."""

    async def once() -> None:
        turns = iter([None])

        async def sleep(_: float) -> None:
            if next(turns, "over") == "over":
                raise asyncio.CancelledError

        await finish_uploads(LeftUploads(engine, folder.place), folder, sleep)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(once())


def test_a_video_arrives_in_parts_and_goes_on_where_it_broke_off(
    bob: Sender, footage: Path, video: bytes, database: Connection
) -> None:
    begun = bob.begin(len(video))
    upload = begun.json()["id"]
    assert begun.headers["location"] == f"/v1/uploads/{upload}"
    assert [link["size_bytes"] for link in bob.links(upload)] == [PART, PART, len(video) - 2 * PART]
    assert [link["number"] for link in bob.links(upload, after=1, limit=1)] == [2]
    bob.put(upload, video, 3, 1)
    assert (bob.shown(upload)["status"], bob.shown(upload)["arrived"]) == ("open", [1, 3])
    incomplete = bob.complete(upload)
    assert (code(incomplete), "whole: 2." in incomplete.json()["detail"]) == ((409, "upload_incomplete"), True)
    bob.put(upload, video, 2)
    answer = bob.complete(upload)
    assert (answer.status_code, answer.json()) == (202, {"id": upload, "status": "queued"})
    assert answer.headers["location"] == f"/v1/analyses/{upload}"
    assert (footage / f"{upload}.video").read_bytes() == video
    assert left(footage, upload) == [f"{upload}.video"]
    assert bob.complete(upload).json() == answer.json(), "however often"
    assert bob.shown(upload)["status"] == "accepted"
    listed = bob.listed(upload)
    assert listed is not None
    assert (listed["filename"], listed["status"]) == ("run.mp4", "queued")
    count = "SELECT count(*) FROM work WHERE analysis_id = %s"
    assert database.execute(count, [upload]).fetchone() == (1,)
    gone = "SELECT count(*) FROM uploads WHERE id = %s"
    assert database.execute(gone, [upload]).fetchone() == (0,)


def test_completions_at_the_same_time_make_one_analysis(bob: Sender, plain_clip: Path, database: Connection) -> None:
    upload = bob.sent(plain_clip.read_bytes())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: bob.complete(upload), range(4)))
    assert {(answer.status_code, answer.json().get("id")) for answer in answers} == {(202, upload)}
    count = "SELECT (SELECT count(*) FROM work WHERE analysis_id = %s), count(*) FROM audit WHERE analysis_id = %s "
    sent = database.execute(f"{count}AND action = 'analysis.sent'".encode(), [upload, upload]).fetchone()
    assert sent == (1, 1)


def test_a_kill_between_the_storage_and_the_record_loses_nothing(bob: Sender, footage: Path, video: bytes) -> None:
    """What the storage put together is found by whoever completes next."""
    upload = bob.sent(video)
    Folder.lasting(footage).arrivals.join(uuid.UUID(upload), "folder", part_sizes(len(video), PART))
    assert bob.shown(upload)["arrived"] == [1, 2, 3]
    assert bob.complete(upload).status_code == 202
    assert (footage / f"{upload}.video").read_bytes() == video


def test_what_is_no_video_is_refused_as_it_is_when_sent_at_once(bob: Sender, footage: Path) -> None:
    page = b"<html>" * 1000
    upload = bob.sent(page)
    for _ in range(2):
        assert code(bob.complete(upload)) == (415, "not_a_video")
    assert left(footage, upload) == []
    assert (bob.shown(upload)["status"], bob.shown(upload)["error"]["code"]) == ("refused", "not_a_video")
    assert code(bob.ask("POST", f"/v1/uploads/{upload}/part-links")) == (415, "not_a_video")


def test_the_same_key_begins_one_upload(bob: Sender, guarded: Service, issuer: Issuer, plain_clip: Path) -> None:
    clip, key = plain_clip.read_bytes(), {"idempotency-key": str(uuid.uuid4())}
    upload = bob.sent(clip, **key)
    again = bob.begin(len(clip), **key)
    assert (again.status_code, again.json()["id"], again.json()["arrived"]) == (201, upload, [1])
    assert code(bob.begin(len(clip) + 1, **key)) == (422, "idempotency_key_reused")
    assert code(bob.begin(len(clip), "other.mp4", **key)) == (422, "idempotency_key_reused")
    eve = Sender(guarded, issuer, "eve", role="uploader")
    assert code(eve.begin(len(clip), **key)) == (422, "idempotency_key_reused")
    assert bob.complete(upload).status_code == 202
    assert (bob.begin(len(clip), **key).json()["id"], bob.begin(len(clip), **key).json()["status"]) == (
        upload,
        "accepted",
    )
    assert code(bob.send(clip, "run.mp4", **{"idempotency-key": key["idempotency-key"]})) == (
        422,
        "idempotency_key_reused",
    )
    taken = {"idempotency-key": str(uuid.uuid4())}
    late = bob.sent(clip, **taken)
    assert bob.send(clip, "run.mp4", **taken).status_code == 202
    assert code(bob.complete(late)) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("sub", "team", "role", "seen"),
    [
        ("eve", "hawks", "uploader", False),
        ("bob", "bulls", "administrator", False),
        ("root", "hawks", "administrator", True),
    ],
)
def test_an_upload_is_its_senders_and_the_administrators(  # noqa: PLR0913, PLR0917 - who, of whom
    guarded: Service, issuer: Issuer, bob: Sender, plain_clip: Path, sub: str, team: str, role: str, *, seen: bool
) -> None:
    upload = bob.sent(plain_clip.read_bytes())
    other = Sender(guarded, issuer, sub, team, role)
    asked = [
        ("GET", ""),
        ("POST", "/part-links"),
        ("POST", "/completion"),
        ("DELETE", ""),
    ]
    answers = [other.ask(method, f"/v1/uploads/{upload}{path}") for method, path in asked[: 2 if seen else 4]]
    if seen:
        assert [answer.status_code for answer in answers] == [200, 201]
        assert other.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
    else:
        assert [code(answer) for answer in answers] == [(404, "not_found")] * 4
        assert bob.complete(upload).status_code == 202


def test_what_is_given_up_leaves_nothing(
    bob: Sender, guarded: Service, footage: Path, video: bytes, database: Connection
) -> None:
    upload = bob.begun(len(video))
    links = bob.links(upload)
    bob.put(upload, video, 1)
    assert bob.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
    assert left(footage, upload) == []
    assert code(bob.complete(upload)) == (404, "not_found")
    assert code(bob.ask("DELETE", f"/v1/uploads/{upload}")) == (404, "not_found")
    assert code(guarded.http.put(links[1]["url"], content=video[PART : 2 * PART])) == (410, "upload_ended")
    told = database.execute("SELECT action FROM audit WHERE analysis_id = %s ORDER BY id", [upload]).fetchall()
    assert [action for (action,) in told] == ["upload.begun", "upload.given_up"]


def test_a_part_that_arrives_while_its_upload_is_given_up_has_ended(
    bob: Sender, guarded: Service, footage: Path, video: bytes
) -> None:
    upload = bob.begun(len(video))
    link = bob.links(upload)[0]["url"]

    def body() -> Iterator[bytes]:
        yield video[: PART // 2]
        until(lambda: any(len(name.split(".")[1]) == 32 for name in left(footage, upload)))
        assert bob.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
        yield video[PART // 2 : PART]

    assert code(guarded.http.put(link, content=body())) == (410, "upload_ended")
    assert left(footage, upload) == []


def test_what_is_given_up_or_late_is_cleared_by_a_sweep(
    bob: Sender, engine: Engine, footage: Path, plain_clip: Path, database: Connection
) -> None:
    given_up, late, young = (bob.sent(plain_clip.read_bytes()) for _ in range(3))
    database.execute("UPDATE uploads SET error_code = 'given_up' WHERE id = %s", [given_up])
    database.execute("UPDATE uploads SET created_at = now() - interval '25 hours' WHERE id = %s", [late])
    assert code(bob.complete(late)) == (410, "upload_ended")
    folder = Folder.lasting(footage)
    elsewhere = "UPDATE uploads SET place = 'temporary:x', created_at = now() - %s * interval '1 day' WHERE id = %s"
    old, older = bob.begun(5), bob.begun(5)
    database.execute(elsewhere, [6, old])
    database.execute(elsewhere, [8, older])
    sweep(engine, folder)
    assert [left(footage, upload) for upload in (given_up, late)] == [[], []]
    assert [code(bob.complete(upload)) for upload in (given_up, late)] == [(404, "not_found")] * 2
    assert bob.complete(young).status_code == 202
    assert [code(bob.complete(upload))[0] for upload in (old, older)] == [410, 404]
    assert kept(database, old) == ("given_up", None, None)


def test_what_came_while_an_upload_was_given_up_is_cleared_an_hour_later(
    bob: Sender, engine: Engine, footage: Path, plain_clip: Path, database: Connection
) -> None:
    upload, folder = bob.sent(plain_clip.read_bytes()), Folder.lasting(footage)
    assert bob.ask("DELETE", f"/v1/uploads/{upload}").status_code == 204
    assert kept(database, upload) == ("cleared", None, None)
    # By a completion that had begun before.
    late = footage / f"{upload}.video"
    late.write_bytes(b"x")
    sweep(engine, folder)
    assert left(footage, upload) == [late.name]
    database.execute("UPDATE uploads SET created_at = now() - interval '61 minutes' WHERE id = %s", [upload])
    sweep(engine, folder)
    assert (left(footage, upload), kept(database, upload)) == ([], None)


def test_what_was_refused_has_ended_a_day_later(
    bob: Sender, engine: Engine, footage: Path, database: Connection
) -> None:
    upload = bob.sent(b"<html>" * 1000, **{"idempotency-key": str(uuid.uuid4())})
    assert code(bob.complete(upload)) == (415, "not_a_video")
    database.execute("UPDATE uploads SET created_at = now() - interval '25 hours' WHERE id = %s", [upload])
    LeftUploads(engine, Folder.lasting(footage).place).left()
    assert kept(database, upload) == ("given_up", None, None)
    assert code(bob.complete(upload)) == (410, "upload_ended")


def test_nobody_is_told_that_what_lies_in_another_storage_is_erased(bob: Sender, database: Connection) -> None:
    upload = bob.begun(5)
    database.execute("UPDATE uploads SET place = 'temporary:x' WHERE id = %s", [upload])
    for _ in range(2):
        assert code(bob.ask("DELETE", f"/v1/uploads/{upload}")) == (503, "storage_unavailable")
    assert kept(database, upload) == ("given_up", None, None)


def test_a_link_is_for_one_part_of_one_size(bob: Sender, guarded: Service, video: bytes) -> None:
    upload, other = bob.begun(len(video)), bob.begun(len(video))
    first, _, last = (link["url"] for link in bob.links(upload))
    for forged in (
        first.replace("/parts/1?", "/parts/2?"),
        first.replace(upload, other),
        last.replace("size=", "size=1"),
        first.replace("ticket=", "ticket=9"),
        first.partition("?")[0],
    ):
        assert code(guarded.http.put(forged, content=b"x")) == (403, "link_expired")
    part = video[2 * PART :]
    for wrong in (part[1:], part + b"x"):
        for sent in (wrong, iter([wrong])):
            assert code(guarded.http.put(last, content=sent)) == (400, "bad_part")
    assert bob.shown(upload)["arrived"] == []


def test_the_database_shows_a_team_its_own_alone(bob: Sender, engine: Engine) -> None:
    upload = uuid.UUID(bob.begun(5))
    for team, rows in (("bulls", 0), ("hawks", 1)):
        for statement in (sa.update(uploads).values(filename="x"), sa.delete(uploads)):
            with of_team(engine, team) as connection:
                assert connection.execute(statement.where(uploads.c.id == upload)).rowcount == rows


def test_of_accepting_refusing_and_giving_up_one_comes_first(engine: Engine, database: Connection) -> None:
    """Whichever replicas do it at the same moment."""
    for _ in range(10):
        upload, teams = uuid.uuid4(), TeamUploads(engine, ANYBODY)
        teams.add(NewUpload(upload, "run.mp4", 5, 8, "nowhere", "u"))
        new = NewAnalysis(upload, "run.mp4", 5, "nowhere", True, "1")
        with ThreadPoolExecutor(4) as pool:
            accepted = [pool.submit(teams.accept, new) for _ in range(2)]
            refused, given_up = (
                pool.submit(teams.refuse, upload, "truncated", "why"),
                pool.submit(teams.give_up, upload),
            )
            sent = [one.result() for one in accepted]
        counted = "SELECT (SELECT count(*) FROM analyses WHERE id = %s), (SELECT count(*) FROM uploads WHERE id = %s)"
        found = database.execute(counted, [upload, upload]).fetchone()
        if any(sent):
            assert ({one.id for one in sent if one}, found) == ({upload}, (1, 0))
            assert (refused.result(), given_up.result()) == (False, None)
        else:
            assert found == (0, 1)
            assert refused.result() or given_up.result() is not None
        database.execute("DELETE FROM analyses WHERE id = %s", [upload])


def test_a_team_has_so_many_uploads_under_way(bob: Sender, footage: Path, database: Connection) -> None:
    crowd = (
        "INSERT INTO uploads (id, team, sent_by, size_bytes, part_bytes, place, storage_upload, created_at) "
        "SELECT gen_random_uuid(), 'hawks', 'crowd', 1, 8, %s, '', now() - %s * interval '1 hour' "
        "FROM generate_series(1, 100)"
    )
    here = Folder.lasting(footage).place
    try:
        for place, hours in (("elsewhere", 0), (here, 25)):
            database.execute(crowd, [place, hours])
        assert bob.begin(5).status_code == 201
        database.execute(crowd, [here, 23])
        assert code(bob.begin(5)) == (429, "uploads_full")
    finally:
        database.execute("DELETE FROM uploads WHERE sent_by = 'crowd'")
