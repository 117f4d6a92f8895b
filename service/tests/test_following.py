# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Following an analysis: every state once, a beat between, an end, and no more callers than there are places."""

from __future__ import annotations

import asyncio
import socket
import uuid
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.api.errors import ApiError, database_away
from fastbreak_service.api.following import BEAT_SECONDS, LIFE_SECONDS, MOST, MOST_OF_TEAM, Places, Timing, told
from fastbreak_service.store.team_analyses import State
from support.staff import Staff, code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from psycopg import Connection

    from support.issuer import Issuer
    from support.service import Service


def events(
    states: list[tuple[str, int] | State | ApiError | None],
    seen: str = "",
    stopping: Callable[[], bool] = lambda: False,
    read_seconds: float = 0,
) -> list[str]:
    """What is told while an analysis goes through these states, without its first line; the last one stays."""
    now = 0.0
    met = [State(*state) if isinstance(state, tuple) else state for state in states]
    coming = iter(met[1:])
    last = met[0]

    async def read() -> State | None:
        nonlocal last, now
        now += read_seconds
        last = next(coming, last)
        if isinstance(last, ApiError):
            raise last
        return last

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def whole() -> list[str]:
        assert not isinstance(met[0], ApiError)
        return [text async for text in told(read, met[0], seen, stopping, Timing(lambda: now, sleep))]

    return asyncio.run(whole())[1:]


def event(status: str, attempt: int) -> str:
    return f'id: {status}.{attempt}\nevent: status\ndata: {{"status": "{status}", "attempt": {attempt}}}\n\n'


def test_every_state_is_told_once_until_it_ends() -> None:
    states = [("queued", 0), ("queued", 0), ("running", 1), ("queued", 1), ("running", 2), ("succeeded", 2)]
    found = [text for text in events([*states]) if not text.startswith(":")]
    assert found == [event(*state) for state in dict.fromkeys(states)]
    assert events([("queued", 0), ("failed", 1)], seen="queued.0") == [event("failed", 1)]


def test_of_a_long_video_each_segment_that_ends_is_told() -> None:
    states = [State("running", 1), *(State("running", 1, 2, ended) for ended in (0, 1, 1, 2)), State("failed", 1, 2, 2)]
    found = events([*states])
    assert [text.split("\n")[0] for text in found] == [
        *("id: running.1", "id: running.1.0", "id: running.1.1", "id: running.1.2", "id: failed.1.2")
    ]
    assert '"segments": 2, "segments_ended": 1}' in found[2]


def test_it_ends_when_the_analysis_is_erased_the_service_stops_or_the_database_is_away() -> None:
    assert events([("queued", 0), None])[1:] == ["event: erased\ndata: {}\n\n"]
    assert events([("queued", 0)], stopping=lambda: True) == [event("queued", 0)]
    assert events([("queued", 0), database_away()]) == [event("queued", 0)]


def test_it_beats_and_does_not_last_for_ever() -> None:
    assert events([("queued", 0)], seen="queued.0") == [": still there\n\n"] * (LIFE_SECONDS // BEAT_SECONDS)


def test_it_ends_in_time_though_every_look_takes_long() -> None:
    # A beat with each look: there are as many as fit.
    assert len(events([("queued", 0)], seen="queued.0", read_seconds=20)) <= LIFE_SECONDS // 20


def test_a_team_and_all_of_them_have_so_many_places() -> None:
    places = Places()
    for number in range(MOST):
        places.take(f"team-{number // MOST_OF_TEAM}")
    for team in ("team-0", "another"):
        with pytest.raises(ApiError) as caught:
            places.take(team)
        assert (caught.value.status, caught.value.headers) == (429, {"retry-after": "60"})
    places.leave("team-0")
    places.take("team-0")


def test_over_http(guarded: Service, issuer: Issuer, plain_clip: Path, database: Connection) -> None:
    ada, bob = Staff(guarded, issuer, "ada"), Staff(guarded, issuer, "bob", role="uploader")
    analysis = bob.send(plain_clip.read_bytes()).json()["id"]
    path = f"/v1/analyses/{analysis}/progress"
    assert code(Staff(guarded, issuer, "eve", "bulls").get(path)) == (404, "not_found")
    assert (code(bob.get(path))[0], guarded.http.get(path).status_code) == (403, 401)
    assert code(ada.get(f"/v1/analyses/{uuid.uuid4()}/progress"))[0] == 404
    with guarded.http.stream("GET", path, headers=ada._headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        coming = answer.iter_lines()
        assert "id: queued.0" in [next(coming) for _ in range(4)]
        database.execute(
            "UPDATE analyses SET status = 'failed', attempt = 1, finished_at = now(), error_code = 'x', "
            "error_message = 'x' WHERE id = %s",
            [analysis],
        )
        database.commit()
        assert "id: failed.1" in list(coming)
    assert ada.ask("GET", path, headers={"last-event-id": "failed.1"}).status_code == 204
    assert "id: failed.1" in ada.ask("GET", path, headers={"last-event-id": "queued.0"}).text


def test_a_caller_that_sends_no_more_keeps_no_place(guarded: Service, issuer: Issuer, plain_clip: Path) -> None:
    ada, bob = Staff(guarded, issuer, "ada"), Staff(guarded, issuer, "bob", role="uploader")
    url, analysis = guarded.http.base_url, bob.send(plain_clip.read_bytes()).json()["id"]
    lines = [f"GET /v1/analyses/{analysis}/progress HTTP/1.1", "host: x"]
    asked = "\r\n".join([*lines, f"authorization: {ada._headers['authorization']}", "", ""])
    with socket.create_connection((url.host, url.port), timeout=20) as caller:
        caller.sendall(asked.encode())
        caller.shutdown(socket.SHUT_WR)
        heard = b"".join(iter(lambda: caller.recv(65_536), b""))
    assert b"id: queued.0" in heard
    assert heard.endswith(b"\r\n0\r\n\r\n")
    assert b"still there" not in heard
